"""A report: the figures and tables of a folder of results, with the commands that made them, as one file.

In goes a folder of results and its journal; out comes one HTML file that needs nothing else.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
