"""What both command lines share: parse arguments, run one function, report mistakes of the user with exit code 2."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from wavegan_tf.errors import UserError
from wavegan_tf.files.claims import claim_all
from wavegan_tf.files.outputs import check_inputs_stay
from wavegan_tf.files.signals import end_on_signals, exit_code
from wavegan_tf.printing import harmless_output, is_text, one_line

__all__ = ["run_command"]

_LONGEST = 2000
"""Letters of an error message."""


def run_command(parser: argparse.ArgumentParser, argv: Sequence[str] | None = None) -> int:
    """Run a command line: parse `argv`, call the `run` function of its command, and return the exit code.

    A command that writes files sets `writes`, a function from the arguments to what it is going to write: this is
    claimed before the work begins (see `wavegan_tf.files.claims`).

    Returns:
        0 on success, 2 on bad input or a failed read or write, 128 and its number after a signal (130 after Ctrl-C).
    """
    # TensorFlow reports its CPU features and missing CUDA on every start; errors still come through
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with harmless_output():
        return _run(parser, argv)


def _run(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> int:
    for word in sys.argv[1:] if argv is None else argv:
        if not is_text(word):
            return _refuse(parser, f"argument (={word}) must be UTF-8; rename the file, or the folder that it is in")
    args = parser.parse_args(argv)
    if not hasattr(args, "run"):
        parser.print_help()
        return 2
    try:
        outputs = list(args.writes(args)) if hasattr(args, "writes") else []
        check_inputs_stay(vars(args), outputs)
        with end_on_signals(), claim_all(outputs):
            args.run(args)
            sys.stdout.flush()
    except UserError as error:
        return _refuse(parser, str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            full = "disk" if error.errno == errno.ENOSPC else "share of the disk (its quota)"
            return _refuse(parser, f"the {full} is full ({error.filename or 'no space left'}); free some space and run "
                                   "the same command again")
        return _refuse(parser, str(error))
    except UnicodeEncodeError as error:  # of a name that came from elsewhere
        return _refuse(parser, f"name (={error.object[:200]}) must be UTF-8; rename the file")
    except KeyboardInterrupt as interrupt:
        with suppress(OSError):  # the terminal may be gone
            print(f"{parser.prog}: interrupted", file=sys.stderr)
        return exit_code(interrupt)
    return 0


def _refuse(parser: argparse.ArgumentParser, message: str) -> int:
    line = one_line(message)
    if len(line) > _LONGEST:  # a cell of a damaged table may have a million letters; the advice is at the end
        line = f"{line[:_LONGEST // 2]} [...] {line[-_LONGEST // 4:]}"
    print(f"{parser.prog}: error: {line}", file=sys.stderr)
    return 2
