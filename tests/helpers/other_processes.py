"""Commands of a few lines in processes of their own, which write, wait to be told, and end or are ended."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import argparse, sys
from wavegan_tf.atomic import atomic_file, atomic_files, atomic_folder
from wavegan_tf.command_line import run_command
from wavegan_tf.files.outputs import files_in, new_folder, one_file
def run(args):
    with {block} as place:
        {write}
        print("begun", flush=True)
        sys.stdin.readline()
parser = argparse.ArgumentParser(prog="command")
parser.add_argument("out")
parser.set_defaults(run=run, writes=lambda args: [{output}])
sys.exit(run_command(parser))
"""
KINDS = {
    "folder": ("atomic_folder(args.out)", "(place / 'table').write_text('ours')", "new_folder(args.out)"),
    "replace": ("atomic_folder(args.out, replace=True)", "(place / 'table').write_text('ours')",
                "new_folder(args.out, replace=True)"),
    "file": ("atomic_file(args.out)", "place.write_text('ours')", "one_file(args.out)"),
    "files": ("atomic_files(args.out)", "(place / 'table').write_text('ours')", "files_in(args.out)"),
}


def start(kind: str, out: Path | str, cwd: Path | None = None) -> subprocess.Popen:
    """Start a command that writes to `out`, and wait until it has begun or ended."""
    block, write, output = KINDS[kind]
    program = PROGRAM.format(block=block, write=write, output=output)
    process = subprocess.Popen([sys.executable, "-c", program, str(out)], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=cwd)
    assert process.stdout.readline() in ("begun\n", "")
    return process


def finish(process: subprocess.Popen, expected: int = 0) -> str:
    """Let a command go on to its end; return what it says on stderr."""
    _, said = process.communicate("\n", timeout=60)
    assert process.returncode == expected, said
    return said


def die(code: str, *arguments: str | Path) -> None:
    """Run Python code that ends itself as a kill would, with `os._exit(9)`; its arguments are in `sys.argv`."""
    code = "import os, sys\nfrom pathlib import Path\n" + code
    assert subprocess.run([sys.executable, "-c", code, *map(str, arguments)], check=False).returncode == 9


def names(folder: Path) -> list[str]:
    """List everything below a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
