"""Rows never pass through Python objects: what makes such of columns is banned, outside a list with reasons.

Only what stands below the public functions is looked at: the rooms that read rows, or what came of them. The list
says where a banned call is made of something else than rows: public keys, distinct values of an owner's report.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from door_allowed import ALLOWED

import privkit

ROOT = Path(privkit.__file__).parent
ROOMS = ("tally", "dp", "project", "anonymity", "risk", "transform", "inventory", "attacks", "disclosure", "study")

#: What turns a column, an array or a frame into Python objects, cell by cell or by what a library infers of all cells.
OBJECTS = {
    "tolist",
    "to_list",
    "to_pylist",
    "to_pydict",
    "to_dicts",
    "to_pydatetime",
    "to_pandas",
    "iterrows",
    "itertuples",
    "iter_rows",
    "map_elements",
    "fetchall",
    "fetchone",
    "fetchmany",
    "fetchdf",
}
#: What tells values apart by Python's equality where they are objects.
EQUALITY = {"factorize", "infer_dtype", "infer_objects", "convert_dtypes"}


def banned(tree: ast.AST, inside: str = "") -> Iterator[tuple[str, str]]:
    """Yield the function around each banned call, and what it calls."""
    for node in ast.iter_child_nodes(tree):
        name = node.name if isinstance(node, ast.FunctionDef | ast.ClassDef) else ""
        within = ".".join(filter(None, (inside, name)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_banned(node, node.func.attr):
            yield within, node.func.attr
        yield from banned(node, within)


def _is_banned(call: ast.Call, called: str) -> bool:
    if called in OBJECTS or called in EQUALITY:
        return not _of_names(call.func.value)
    literals = [arg.value for arg in (*call.args, *(k.value for k in call.keywords)) if isinstance(arg, ast.Constant)]
    return called == "collect" and "pandas" in literals


def _of_names(of: ast.expr) -> bool:
    """Whether a call is made of a frame's ``columns``: of their names."""
    return isinstance(of, ast.Attribute) and of.attr == "columns"


def calls() -> set[tuple[str, str]]:
    """Return (file, function) of every banned call."""
    found = set()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            where = path.relative_to(ROOT).as_posix()
            found |= {(where, inside) for inside, _ in banned(ast.parse(path.read_text(encoding="utf-8")))}
    return found


def test_no_rows_become_python_objects():
    assert sorted(calls() - ALLOWED.keys()) == []


def test_every_exception_still_stands_and_has_a_reason():
    assert sorted(ALLOWED.keys() - calls()) == []
    assert all(reason.strip() for reason in ALLOWED.values())


@pytest.mark.parametrize(
    "code", ["x.tolist()", "frame.collect('pandas')", "frame.collect(backend='pandas')", "pd.factorize(x)"]
)
def test_the_ban_finds_what_it_bans(code):
    found = banned(ast.parse(f"class A:\n    def f(self):\n        return [{code} for x in y]"))
    assert next(found)[0] == "A.f"
    assert not list(banned(ast.parse("frame.collect('pyarrow')")))
