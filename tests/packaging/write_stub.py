"""Write what follows from the lines of ``privkit/__init__.pyi`` that end in ``# df.privacy``.

``privkit/accessor.pyi``, the methods of ``df.privacy`` as type checkers see them, and ``privkit/project/dp/plan.py``,
which is ``pk.plan``. ``python tests/packaging/write_stub.py`` writes both; a test keeps them equal to what this makes.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import privkit.accessor as accessor

STUB = Path(accessor.__file__).with_suffix(".pyi")
PLAN = Path(accessor.__file__).parent / "project" / "dp" / "plan.py"
_HEAD = '"""The methods of ``df.privacy``, for type checkers: made by tests/packaging/write_stub.py."""\n'


def _imports(function: Callable[..., Any]) -> dict[str, str]:
    """Return where the names of a function's module come from: name → line of import."""
    found: dict[str, str] = {}
    for one in (function, _asking()):
        module = inspect.getmodule(inspect.unwrap(one))
        tree = ast.parse(inspect.getsource(module))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    kept = alias.asname or alias.name
                    line = f"from {node.module} import {alias.name}" + (f" as {kept}" if alias.asname else "")
                    found.setdefault(kept, line)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    kept = alias.asname or alias.name
                    found.setdefault(kept, f"import {alias.name}" + (f" as {kept}" if alias.asname else ""))
        for node in tree.body:
            if isinstance(node, ast.ClassDef | ast.Assign | ast.AnnAssign | ast.FunctionDef):
                targets = [node.name] if isinstance(node, ast.ClassDef | ast.FunctionDef) else _targets(node)
                for name in targets:
                    found.setdefault(name, f"from {module.__name__} import {name}")
    return found


def _targets(node: ast.Assign | ast.AnnAssign) -> Iterator[str]:
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        if isinstance(target, ast.Name):
            yield target.id


def _asking() -> Any:
    from privkit.project.asking import asks

    return asks


def _names(annotation: str) -> list[str]:
    tree = ast.parse(annotation, mode="eval")
    literal = {
        part for node in ast.walk(tree) if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal"
        for part in ast.walk(node.slice)
    }  # fmt: skip
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node not in literal]


def _method(name: str, function: Callable[..., Any], lines: set[str]) -> str:
    """Return one method, and enter the imports that it needs."""
    signature = inspect.signature(function)
    known = _imports(function)
    parts, by_name = ["self"], False
    for parameter in list(signature.parameters.values())[1:]:
        annotation = str(parameter.annotation)
        for used in _names(annotation):
            if not hasattr(builtins, used):
                lines.add(known[used])
        if parameter.kind is parameter.KEYWORD_ONLY and not by_name:
            parts.append("*")
            by_name = True
        default = "" if parameter.default is parameter.empty else " = ..."
        parts.append(f"{parameter.name}: {annotation}{default}")
    returned = str(signature.return_annotation)
    for used in _names(returned):
        if not hasattr(builtins, used):
            lines.add(known[used])
    return f"    def {name}({', '.join(parts)}) -> {returned}: ..."


def stub() -> str:
    """Return the stub's text."""
    lines: set[str] = {"from typing import Any"}
    classes = []
    for kind in (accessor.PlanAccessor, accessor.PrivacyAccessor):
        body = ["    def __init__(self, data: Any) -> None: ..."]
        for name, member in sorted(vars(kind).items()):
            if isinstance(member, accessor.Delegate):
                body.append(_method(name, getattr(kind, name), lines))
            elif isinstance(member, property):
                body += ["    @property", f"    def {name}(self) -> PlanAccessor: ..."]
        classes.append(f"class {kind.__name__}:\n" + "\n".join(body))
    functions = "def register_on(library: str) -> None: ..."
    return "\n".join([_HEAD, *sorted(lines), "", *classes, "", functions, ""])


def plan() -> str:
    """Return the text of the module of all plans."""
    homes = {
        name: member.home.removeprefix("privkit.project.dp.")
        for name, member in sorted(vars(accessor.PlanAccessor).items())
        if isinstance(member, accessor.Delegate)
    }
    head = '"""``pk.plan``: the price of each ``dp_*`` function, without touching rows."""\n'
    head += "# Made by tests/packaging/write_stub.py, as `make stub` does.\n"
    imports = f"from privkit.project.dp import {', '.join(sorted(set(homes.values())))}\n"
    lines = [f"{name} = {home}.{name}.plan" for name, home in homes.items()]
    names = [f"    {name!r}," for name in homes]
    return "\n".join([head, imports, *lines, "", "__all__ = [", *names, "]", ""])


#: What is made: the file, and its text.
MADE = {STUB: stub, PLAN: plan}


def write(path: Path, text: str) -> None:
    """Write a text, in the house's style."""
    path.write_text(text, encoding="utf-8")
    for command in (["check", "--fix", "-q", "--select", "I,F401"], ["format", "-q"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, str(path)], check=True, cwd=STUB.parents[1])


if __name__ == "__main__":
    for path, text in MADE.items():
        write(path, text())
