"""A class that a person makes, and each method that a person calls: what does not fit is told in our words."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import pytest
from test_every_criterion import ALL

import privkit as pk
from privkit.values.bounds import ONE_ROW

NAMES = json.loads((Path(__file__).parent / "public_api.json").read_text(encoding="utf-8"))
UNHEARD_OF = "unheard_of"
#: What privkit makes and hands out as plain records, with what Python gives a mapping or a tuple: nobody calls them.
RECORDS = {
    "AttackerRisk", "ColumnEntry", "Headroom", "Interval", "KeySource", "Odometer", "PersonUniqueness", "Progress",
    "Provenance", "Rate", "Seat", "UniquenessEstimates", "ValueTree", "Verification",
}  # fmt: skip
#: Of expressions, operations and panels a person calls the functions and methods that make them.
MADE_BY_FUNCTIONS = {"Coarsen", "Cut", "IsIn", "Operation"} | {
    "BudgetPanel", "FoundPanel", "KPanel", "LatticeExplorer", "ModelPanel", "PlanPanel", "QuestionPanel", "RiskPanel",
}  # fmt: skip
CLASSES = [
    name
    for name in NAMES["classes"]
    if not name.endswith("Error") and name not in {*RECORDS, *MADE_BY_FUNCTIONS, "PlanAccessor"}
]
#: What Python gives every mapping.
OF_A_MAPPING = {"get", "items", "keys", "values"}
METHODS = [
    (name, method, told["kind"])
    for name in CLASSES
    for method, told in NAMES["classes"][name]["members"].items()
    if told["kind"] in ("function", "classmethod") and not method.startswith("_")
    if not (name in ("AttackReport", "ReleaseAttackReport", "ModelAttackReport", "Papers") and method in OF_A_MAPPING)
]
#: May be told to have spent nothing, since they can spend.
SPENDING = {"Project", "Plan", "Release", "SimulatedProject", "SimulatedRelease"}


@pytest.fixture(scope="module")
def instances(shown):
    """Return one value of each class by its name; classes of pk and pk.events by theirs."""
    made = [ALL[0] & ALL[-1], pk.ROW, ONE_ROW]
    found = {}
    for value in [*shown[1].values(), *ALL, *made]:
        found.setdefault(type(value).__name__, value)
    return found


def class_of(name, instances):
    for space in (pk, pk.events):
        if inspect.isclass(one := getattr(space, name, None)):
            return one
    return type(instances[name])


@pytest.mark.parametrize("name", CLASSES)
def test_what_makes_a_class_tells_its_name_and_a_close_one(name, instances):
    made = class_of(name, instances)
    parameters = [one.name for one in inspect.signature(made).parameters.values() if one.kind is not one.VAR_POSITIONAL]
    asked = f"{parameters[0]}x" if parameters else UNHEARD_OF
    with pytest.raises(pk.CallError) as caught:
        made(**{asked: 1})
    told = caught.value
    assert isinstance(told, TypeError)
    assert str(told).startswith(f"{name}() has no parameter {asked!r}.")
    assert not parameters or repr(parameters[0]) in str(told)
    assert (told.budget is not None) == (name in SPENDING)


@pytest.mark.parametrize(("name", "method", "kind"), METHODS)
@pytest.mark.sample(0.3)
def test_a_method_tells_its_name(name, method, kind, instances):
    owner = class_of(name, instances)
    if kind == "classmethod":
        bound, called = getattr(owner, method), f"{owner.__name__}.{method}"
    else:
        if name not in instances:
            pytest.skip("no instance of it is at hand, and it inherits or mirrors what others have")
        bound, called = getattr(instances[name], method), method
    if any(one.kind is one.VAR_KEYWORD for one in inspect.signature(bound).parameters.values()):
        pytest.skip("takes any name")
    with pytest.raises(pk.CallError) as caught:
        bound(**{UNHEARD_OF: 1})
    assert str(caught.value).startswith(f"{called}() has no parameter {UNHEARD_OF!r}.")
    if not any(one.kind is one.VAR_POSITIONAL for one in inspect.signature(bound).parameters.values()):
        with pytest.raises(pk.CallError, match=rf"^{called}\(\) got 30 arguments without a name, but takes \d at most"):
            bound(*range(30))
