"""Public names are those of ``public_api.json``, views those of ``golden/``; ``make pins`` writes them anew.

Both stand in one file since they need an instance of everything, which takes some seconds to make.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import json
import pkgutil
import re
from pathlib import Path

import pandas as pd
import pinned_api
import pytest
from pinned_views import GOLDEN

import privkit as pk

NAMES = json.loads((Path(__file__).parent / "public_api.json").read_text(encoding="utf-8"))
VIEWS = sorted(path.name for path in GOLDEN.iterdir())
#: What other classes are made from: no value is one of these and no more.
BASES = {
    "Attacks",
    "Chosen",
    "TableAttacks",
    "ClassReport",
    "Explorable",
    "Panel",
    "Paneled",
    "Plotted",
    "ReportPanel",
    "Register",
    "Released",
    "Shown",
    "Simulated",
    "Spending",
}
#: Where it is shown: only if a library is missing, or made of rows that are drawn, so that a test of its own shows it
#: (tests/view, tests/dp/synthesis/test_dp_persons.py).
ELSEWHERE = {"StillPanel", "RelatedRows"}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_as_pinned(shown, name):
    now = shown[0].get(name)
    assert now is not None, f"nothing makes {name} any more (make pins)"
    before = (GOLDEN / name).read_bytes().decode()
    changed = list(difflib.unified_diff(before.splitlines(), now.splitlines(), "pinned", "now", lineterm="", n=1))
    assert now == before, "\n".join([f"{name} changed (make pins, then read the diff):", *changed[:60]])


def test_every_view_is_pinned(shown):
    assert not sorted(set(shown[0]) - set(VIEWS)), "these views have no golden file: make pins"


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


def test_public_names_signatures_and_docstrings_are_as_pinned(shown):
    now = json.loads(pinned_api.as_lines(pinned_api.public_api(shown[1])))
    changed = list(pinned_api.differences(NAMES, now))
    assert not changed, "\n".join([f"{len(changed)} public names changed (make pins, then read the diff):", *changed])


def test_differences_are_named():
    before = {"pk": {"a": {"signature": "()"}, "b": {}}}
    now = {"pk": {"a": {"signature": "(x)"}, "c": {}}}
    told = list(pinned_api.differences(before, now))
    assert told == ["pk.a.signature: was '()', is '(x)'", "pk.b is gone", "pk.c is new"]


def test_where_a_name_lives_is_not_pinned():
    assert not re.findall(r"privkit(\.[a-z_]+)+", json.dumps(NAMES))


@pytest.mark.parametrize("name", ["dp_count", "kanon", "anonymize"])
def test_the_pins_are_of_what_is_called(name):
    accessor = inspect.signature(getattr(pd.DataFrame().privacy, name))
    assert NAMES["df.privacy"][name]["signature"] == pinned_api.signature_of(getattr(pd.DataFrame().privacy, name))
    assert len(accessor.parameters) == len(inspect.signature(getattr(pk, name)).parameters) - 1
