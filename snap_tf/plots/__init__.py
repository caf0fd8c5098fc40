"""Figures, one module per family; the only place that imports matplotlib. Every figure is drawn without a display."""
