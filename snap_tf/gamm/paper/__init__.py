"""What a paper takes from a fit: its table in Markdown and LaTeX, a methods sentence, the same model for mgcv.

In goes a `GammFit`; out comes text.
"""
