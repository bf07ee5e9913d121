"""What tables of the pages show as calls can be called: each name is there, and takes the arguments that are named.

A table with a column headed "privkit" is run whole (`test_examples.py`). Others show what a call looks like, such as
`dp_histogram(column, bins=)`: here its name and the names of its arguments are looked up.
"""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

import privkit as pk
from privkit.accessor import PlanAccessor, PrivacyAccessor

PAGES = sorted((Path(__file__).parents[2] / "docs").glob("*.md"))
CALL = re.compile(r"\.?\w[\w.]*\(.*\)", re.DOTALL)
CLASSES = [value for space in (pk, pk.events, pk.models, pk.teach) for name in space.__all__
           if inspect.isclass(value := getattr(space, name))]  # fmt: skip
CLASSES.append(type(pk.when("age > 0", 1)))
SPACES: dict[str, list[Any]] = {
    "pk": [pk],
    "ev": [pk.events],
    "": [pk, pk.events, pk.models, pk.teach, PrivacyAccessor, PlanAccessor, *CLASSES],
}


def shown(text: str) -> list[str]:
    """Return the calls in tables that are not run."""
    found: list[str] = []
    ran = inside = False
    for line in text.splitlines():
        row = line.startswith("|")
        if row and not inside:
            ran = "privkit" in [cell.strip() for cell in line.strip("|").split("|")]
        inside = row
        if row and not ran:
            found += [code for code in re.findall(r"`([^`]+)`", line) if CALL.fullmatch(code)]
    return found


def wrong_with(code: str) -> list[str]:
    """Return what of a call, and of the calls inside it, is not there."""
    text = re.sub(r"(\w=)(?=\s*[,)])", r"\1...", code)
    calls = [node for node in ast.walk(ast.parse("_" * text.startswith(".") + text)) if isinstance(node, ast.Call)]
    return [ast.unparse(call) for call in calls if not any(takes(one, call) for one in named(call.func))]


def named(node: ast.expr) -> list[Any]:
    """Return all that a dotted name may mean."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call):  # a method of what a call gives
        return [getattr(one, node.attr) for one in CLASSES if hasattr(one, node.attr)]
    first, _, last = ast.unparse(node).rpartition(".")
    return [getattr(one, last) for one in SPACES.get(first, SPACES[""]) if hasattr(one, last)]


def takes(called: Any, call: ast.Call) -> bool:
    """Whether it can be called with arguments of these names."""
    try:
        parameters = inspect.signature(called).parameters
    except (TypeError, ValueError):
        return False
    free = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values())
    return free or {word.arg for word in call.keywords} <= set(parameters)


@pytest.mark.parametrize("page", [page for page in PAGES if shown(page.read_text("utf-8"))], ids=lambda page: page.stem)
def test_a_call_in_a_table_can_be_made(page):
    calls = shown(page.read_text(encoding="utf-8"))
    assert [wrong for code in calls for wrong in wrong_with(code)] == []


def test_what_cannot_be_called_is_seen():
    assert wrong_with("dp_count(by, epsilom=)") == ["dp_count(by, epsilom=...)"]
    assert wrong_with("ev.dropp(*paths)") == ["ev.dropp(*paths)"]
    assert wrong_with("pk.when('a', 1).otherwhise(2)") == ["pk.when('a', 1).otherwhise(2)"]
    assert wrong_with("dp_histogram(column, bins=)") == wrong_with(".panel()") == []
    assert len([code for page in PAGES for code in shown(page.read_text(encoding="utf-8"))]) > 50
