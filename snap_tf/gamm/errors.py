"""Errors and warnings about tables, formulas and fits."""

__all__ = ["GammError", "GammWarning", "MissingRowsError", "name_some"]


class GammError(ValueError):
    """Error: a table, a formula or an option cannot be used.

    Every message reads: name (=value) must be RULE; what exists; do X.
    """


class MissingRowsError(GammError):
    """Error: every row of a table has a missing value in a column that the model needs."""


class GammWarning(UserWarning):
    """Warning: a fit differs from what was asked, for example rows were left out or a negative rho was set to 0."""


def name_some(items: object, limit: int = 8) -> str:
    """Write the first `limit` of several names or row numbers, and how many more there are."""
    names = [str(item) for item in items]  # type: ignore[attr-defined]
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")
