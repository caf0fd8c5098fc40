"""Figures of all analyses, one module per family; the only package that imports matplotlib. No display is needed.

In go results of the analyses (layers, interpolations, fits, profiles); out come matplotlib figures, which
`write_figure` writes as PNG and PDF, or `write_images` as TensorBoard summaries.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
