"""Every operation of the registry, through every way that a rule can take."""

from __future__ import annotations

import dataclasses
import json

import pytest

import privkit as pk
from privkit import events as ev
from privkit.events import operations
from privkit.events.operations.operation import OPERATIONS, ValueOperation
from privkit.values.kinds import read_all

read_all(operations)  # those, too, that privkit/events/__init__.py forgets

KEY = ev.Key(bytes(range(32)))
#: One rule of each operation, that changes the events below.
RULES = {
    "drop": lambda: ev.drop("mail"),
    "keep": lambda: ev.keep("city", "price", "day", "who", "items[].sku", "items[].price"),
    "erase": lambda: ev.erase("mail"),
    "pseudonymize": lambda: ev.pseudonymize("who", key=KEY),
    "number": lambda: ev.number("who"),
    "coarsen": lambda: ev.coarsen("price", round=10),
    "truncate_time": lambda: ev.truncate_time("day", unit="month"),
    "shift_dates": lambda: ev.shift_dates("day", by="who", days=30, key=KEY),
    "perturb": lambda: ev.perturb("price", within=0.5, by="who", key=KEY),
    "rename": lambda: ev.rename("city", to="town"),
    "encode": lambda: ev.encode("city", book={"Bern": "A", "Basel": "B"}),
    "substitute": lambda: ev.substitute("items[].sku", book={"x": "y"}, other="keep"),
    "scale": lambda: ev.scale("price", low=0.5, high=2.0, key=KEY),
    "mask": lambda: ev.mask("mail", shown=5),
    "merge": lambda: ev.merge(by=["city"], sum={"total": "price"}, at_least=1),
    "sample": lambda: ev.sample(0.5, by="who", key=KEY),
}
EVENTS = [
    {"who": f"p{n}", "mail": f"p{n}@x.ch", "city": city, "price": 12.0 + n, "day": "2026-11-03", "items": items}
    for n, (city, items) in enumerate([("Bern", [{"sku": "x", "price": 1}]), ("Basel", []), ("Bern", [])])
]
#: Types of parameters that a recipe file can hold as they are, or that its reader knows.
IN_FILES = {"int", "float", "str", "bool", "Book", "MappingStore", "Key | KeySource"}
IN_FILES |= {"tuple[str, ...]", "tuple[float, ...]", "tuple[tuple[str, str], ...]"}


def test_each_operation_has_a_rule_here_and_a_function_of_its_name():
    assert not set(OPERATIONS) - set(RULES), f"give a rule here for {set(OPERATIONS) - set(RULES)}"
    assert not set(RULES) - set(OPERATIONS), f"{set(RULES) - set(OPERATIONS)} has a rule here and is no operation"
    lacking = [name for name in OPERATIONS if name not in ev.__all__ or not callable(getattr(ev, name))]
    assert not lacking, f"privkit/events/__init__.py lacks {lacking}, as an import or in __all__"


def test_an_operation_that_leaves_out_what_it_must_say_is_refused_where_it_is_defined():
    known = dict(OPERATIONS)
    whole = {"phrase": lambda self: "", "compile": lambda self, run, count: []}
    for base, more, lacking in [
        (ev.Operation, {"op": "x"}, "'compile', 'phrase'"),
        (ValueOperation, {"op": "x"}, "'change', 'phrase'"),
        (ev.Operation, whole, "'op'"),
    ]:
        with pytest.raises(TypeError, match=f"New is no whole operation: it lacks {lacking}"):
            type("New", (base,), more)
    with pytest.raises(TypeError, match="the class New cannot be the operation 'drop'"):
        type("New", (ev.Operation,), {**whole, "op": "drop"})
    assert known == OPERATIONS


@pytest.mark.parametrize("name", RULES)
def test_parameters_are_of_types_that_files_hold(name):
    types = {str(field.type).removesuffix(" | None") for field in dataclasses.fields(OPERATIONS[name])}
    assert types <= IN_FILES


@pytest.mark.parametrize("name", RULES)
def test_each_rule_is_told_runs_and_comes_back_from_a_file_the_same(name, tmp_path):
    rule = RULES[name]()
    assert type(rule) is OPERATIONS[name]
    assert not list(rule.problems())
    recipe = ev.Recipe([rule], name=name)
    out = recipe.apply(EVENTS, unmatched="keep")
    assert isinstance(out.events, list)
    for shown in (repr(recipe), recipe._repr_html_(), repr(out), out._repr_html_()):
        assert "p0@x.ch" not in shown
    assert rule.phrase()
    if name == "encode":
        with pytest.raises(pk.errors.SecretLeakError, match="private code book"):
            recipe.to_dict()
        return
    for suffix in ("toml", "yaml", "json"):
        recipe.save(tmp_path / f"recipe.{suffix}")
        again = ev.Recipe.load(tmp_path / f"recipe.{suffix}", keys={KEY.id: KEY})
        assert again.to_dict() == recipe.to_dict() == json.loads(json.dumps(recipe.to_dict()))
        if name != "number":  # numbers run on in their mapping
            assert again.apply(EVENTS, unmatched="keep").events == out.events
