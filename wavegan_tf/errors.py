"""Exceptions for mistakes that the user can correct: settings, data, exported models, training.

Every message reads: `name` (=value) must be RULE; what exists; do X.
The command lines print it on one line and end with exit code 2.
"""

__all__ = ["ConfigError", "DataError", "ExportError", "TrainingError", "UserError"]


class UserError(ValueError):
    """Base class of all exceptions for mistakes that the caller can correct; never raised itself."""


class ConfigError(UserError):
    """A setting has a value that is not allowed, or that does not fit another setting."""


class DataError(UserError):
    """A corpus, an audio file or a table cannot be used as it is."""


class ExportError(UserError):
    """A run, a checkpoint or an exported model cannot be read or written."""


class TrainingError(UserError):
    """Training cannot go on: it diverged, or a loss or a weight is NaN or infinite."""
