"""Names of files made of names of anything: models, layers, phones, groupings."""

from __future__ import annotations

__all__ = ["file_name"]


def file_name(*parts: str) -> str:
    """Join words with underscores, and put one in the place of each character that a file's name should not have."""
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in "_".join(parts))
