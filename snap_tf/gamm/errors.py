"""What can be wrong with a table or a model, and what is only worth saying."""

__all__ = ["GammError", "GammWarning", "MissingRowsError", "name_some"]


class GammError(ValueError):
    """A table or a formula cannot be fitted as it is.

    Every message reads: name (=value) must be RULE; what exists; do X.
    """


class MissingRowsError(GammError):
    """Every row of a table lacks something that the model needs."""


class GammWarning(UserWarning):
    """Something was decided for the user: rows were left out or sorted, a negative rho was set to 0."""


def name_some(items: object, limit: int = 8) -> str:
    """Write the first `limit` of several names or row numbers, and how many more there are."""
    names = [str(item) for item in items]  # type: ignore[attr-defined]
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")
