"""Errors of parsing a file, turned into one `DataError` that names the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wavegan_tf.errors import DataError, UserError

__all__ = ["told_as_damage"]


@contextmanager
def told_as_damage(path: str | Path, what: str, made_by: str = "", *, rule: str = "be whole") -> Iterator[None]:
    """Turn exceptions about a file's content into a `DataError`; one that names the file already is not changed.

    Args:
        path: the file, or the folder.
        what: what it is called in messages.
        made_by: the command that writes such files.
        rule: what they must be, where no command of ours writes them.

    Raises:
        DataError: something is missing in the file, of another type, or out of range.
    """
    try:
        yield
    except Exception as error:  # formats and libraries report damage in many ways
        if isinstance(error, UserError) and str(path) in str(error):
            raise
        rule = f"be one that `{made_by}` wrote" if made_by else rule
        advice = "; make it again" if made_by else ""
        raise DataError(f"{what} (={path}) must {rule}; {_reason(error)}{advice}") from error


def _reason(error: Exception) -> str:
    """Say in one line what an exception of another library means."""
    if isinstance(error, MemoryError):
        return "it promises more than fits into memory"
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, KeyError):
        return f"it lacks {error}"
    text = " ".join(str(error).split()) or type(error).__name__
    return f"it cannot be read: {text[:300]}"
