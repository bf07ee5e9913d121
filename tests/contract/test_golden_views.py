"""Text, HTML and plot of every value are those of ``golden/``; ``make pins`` writes them anew."""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil

import pytest
from pinned_views import GOLDEN

import privkit as pk

PINNED = sorted(path.name for path in GOLDEN.iterdir())
#: What other classes are made from: no value is one of these and no more.
BASES = {"ClassReport", "Explorable", "Panel", "Paneled", "Plotted", "Shown", "Simulated"}
#: Where it is shown: only if a library is missing, so that a test of its own (tests/view) shows it.
ELSEWHERE = {"StillPanel"}


@pytest.mark.parametrize("name", PINNED)
def test_a_view_is_as_pinned(shown, name):
    now = shown[0].get(name)
    assert now is not None, f"nothing makes {name} any more (make pins)"
    before = (GOLDEN / name).read_bytes().decode()
    changed = list(difflib.unified_diff(before.splitlines(), now.splitlines(), "pinned", "now", lineterm="", n=1))
    assert now == before, "\n".join([f"{name} changed (make pins, then read the diff):", *changed[:60]])


def test_every_view_is_pinned(shown):
    assert not sorted(set(shown[0]) - set(PINNED)), "these views have no golden file: make pins"


def test_every_value_can_be_made_and_shown(shown):
    failed = {name: text for name, text in shown[0].items() if text.startswith("FAILED")}
    assert not failed


def shown_classes() -> dict[str, type]:
    """Return each class of ours that has HTML or a picture of its own, wherever its module lies."""
    found: dict[str, type] = {}
    for module in pkgutil.walk_packages(pk.__path__, "privkit."):
        if not module.name.endswith("__main__"):
            for name, one in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                if one.__module__.startswith("privkit.") and any(_shows(base) for base in one.__mro__):
                    found[f"{one.__module__}.{name}"] = one
    return found


def _shows(base: type) -> bool:
    own = base.__module__.startswith("privkit.")
    return own and any(form in vars(base) for form in ("_repr_html_", "_repr_mimebundle_"))


def test_no_class_that_shows_itself_is_forgotten(shown):
    classes = set(shown_classes().values())
    assert {pk.Release, pk.Plan, pk.KAnonymityReport, pk.Project, pk.Inventory} <= classes
    made = {type(value) for value in shown[1].values()}
    forgotten = {one.__name__ for one in classes - made} - BASES - ELSEWHERE
    assert not forgotten, f"pinned_values.py has no instance of {sorted(forgotten)}"
