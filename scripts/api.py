#!/usr/bin/env python3
"""Write docs/API.md: every public name, with the first sentence of its docstring.

    python scripts/api.py
"""

from __future__ import annotations

import ast
from pathlib import Path

__all__ = ["DOCUMENT", "MODULES", "exported", "listed", "packages", "source", "text"]

PROJECT = Path(__file__).resolve().parent.parent
DOCUMENT = PROJECT / "docs" / "API.md"
# public modules beside the packages: short, and used by name (`from snap_tf.probe import probe`)
MODULES = ("wavegan_tf.config", "wavegan_tf.errors", "wavegan_tf.latent", "wavegan_tf.losses", "snap_tf.probe",
           "snap_tf.reduction")
HEAD = """# API

The names that Python programs may rely on. A name is imported from its package (`from wavegan_tf.data import
open_corpus`); packages load a module when one of its names is first used. What is not listed here may move. Former
names of modules (before version 0.2) go on working, with a `DeprecationWarning` that names the new one.

Every function has an example in its docstring (`help(open_corpus)`), and all examples are run as tests, in a folder
with the project's `saved_models`, a small synthetic corpus and a run of one step:

```bash
wavegan-tf corpus synth corpus --speakers 4 --sentences 2 --seed 0
wavegan-tf train small --data corpus --run run --code binary --code-dim 3 --dim 1 --kernel-len 5 \\
    --batch-size 2 --disc-nupdates 1 --max-steps 1 --summary-secs 0
```

Written by `scripts/api.py`.
"""


def source(module: str) -> Path:
    """Give the file of a module."""
    return PROJECT.joinpath(*module.split(".")).with_suffix(".py")


def listed(module: str) -> list[str]:
    """Give `__all__` of a module."""
    tree = ast.parse(source(module).read_text(encoding="utf-8"))
    return next(ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign)
                and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__")


def packages() -> list[str]:
    """Give the packages that have public names; rooms that only keep former imports alive are left out."""
    stubs = [path for name in ("wavegan_tf", "snap_tf") for path in sorted(PROJECT.glob(f"{name}/*/__init__.pyi"))]
    return [path.parent.relative_to(PROJECT).as_posix().replace("/", ".") for path in stubs]


def exported(package: str) -> dict[str, str]:
    """Give the public names of a package and the module that defines each."""
    stub = PROJECT.joinpath(*package.split("."), "__init__.pyi")
    return {alias.name: f"{package}.{node.module}" for node in ast.parse(stub.read_text(encoding="utf-8")).body
            if isinstance(node, ast.ImportFrom) for alias in node.names}


def first_sentence(module: str, name: str) -> str:
    """Give the first sentence of a docstring, or of the text under a constant."""
    body = ast.parse(source(module).read_text(encoding="utf-8")).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return one_line(ast.get_docstring(node) or "")
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        if name in [target.id for target in targets if isinstance(target, ast.Name)]:
            text = after.value if isinstance(after, ast.Expr) else None
            return one_line(text.value) if isinstance(text, ast.Constant) and isinstance(text.value, str) else ""
    return ""


def one_line(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split()).replace("|", "\\|")


def text() -> str:
    """Write the whole document."""
    lines = [HEAD]
    names = {module: dict.fromkeys(listed(module), module) for module in MODULES}
    names |= {package: exported(package) for package in packages()}
    for package in sorted(names, key=lambda name: (name.startswith("snap_tf"), name)):
        lines += [f"## {package}", "", "| name | what it is |", "|---|---|"]
        for name, module in sorted(names[package].items(), key=lambda item: item[0].lower()):
            link = f"../{source(module).relative_to(PROJECT).as_posix()}"
            lines.append(f"| [`{name}`]({link}) | {first_sentence(module, name)} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    DOCUMENT.write_text(text(), encoding="utf-8")
