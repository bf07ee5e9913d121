"""A hierarchy drawn as a tree of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from privkit.transform.table import text
from privkit.values.printable import printable


def drawn(rows: Sequence[Sequence[Any]], limit: int) -> str:
    """Return the tree of rows ``(value, level 1, ..., top)``, at most `limit` lines.

    Examples
    --------
    >>> print(drawn([("a", "x", "*"), ("b", "x", "*"), ("c", "y", "*")], 10))
    *
    ├── x
    │   ├── a
    │   └── b
    └── y
        └── c
    """
    tree: dict[Any, Any] = {}
    for row in rows:
        node = tree
        for label in reversed(row):
            node = node.setdefault("missing" if label is None else printable(text(label)), {})
    lines: list[str] = []
    _draw(tree, "", lines, top=True)
    more = [f"... and {len(lines) - limit} more lines: .show(limit={len(lines)})"] if len(lines) > limit else []
    return "\n".join([*lines[:limit], *more])


def _draw(node: dict[Any, Any], indent: str, lines: list[str], *, top: bool = False) -> None:
    for place, (label, children) in enumerate(node.items()):
        last = place == len(node) - 1
        lines.append(label if top else f"{indent}{'└── ' if last else '├── '}{label}")
        _draw(children, indent if top else indent + ("    " if last else "│   "), lines)
