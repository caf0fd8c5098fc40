"""The errors a user can cause, and the one shape of their messages.

Every message reads: `name` (=value) must be RULE; what exists; do X.
The command lines print them on one line and leave with exit code 2.
"""

__all__ = ["ConfigError", "DataError", "ExportError", "TrainingError", "UserError"]


class UserError(ValueError):
    """Base of everything that the caller can put right; never raised itself."""


class ConfigError(UserError):
    """An option has a value that cannot work, or does not fit another option."""


class DataError(UserError):
    """A corpus, an audio file or a table cannot be used as it is."""


class ExportError(UserError):
    """A run, a checkpoint or an exported model cannot be read or written."""


class TrainingError(UserError):
    """Training cannot go on: it diverged, or its numbers are no numbers any more."""
