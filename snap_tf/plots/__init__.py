"""Figures, one module per family; the only place that imports matplotlib. Every figure is drawn without a display.

In go results of the analyses; out come matplotlib figures, written as PNG and PDF by `write_figure`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
