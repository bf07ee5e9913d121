"""Drafted recipes: every field is named, they run as they stand, and nothing that they hand out identifies directly."""

from __future__ import annotations

import copy
import json
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit import events as ev
from privkit.events.run.exposure import residual_identifiers

CANARY = "CaNaRy"
NAMES = ["id", "mail", "time", "ts", "age", "zip", "note", "to", "a.b", "x[]", "tags", "count", "", "9 %"]
VALUES = {
    "text": st.sampled_from([f"{CANARY}{n}" for n in range(40)]),
    "few": st.sampled_from(["a", "b"]),
    "mail": st.integers(0, 99).map(lambda n: f"{CANARY}{n}@x.org"),
    "day": st.dates().map(str),
    "whole": st.integers(),
    "epoch": st.integers(1_500_000_000_000, 1_600_000_000_000),
    "number": st.floats(),
    "yes": st.booleans(),
    "null": st.none(),
}
TREES = st.recursive(
    st.sampled_from(list(VALUES)),
    lambda deeper: (
        st.dictionaries(st.sampled_from(NAMES), deeper, max_size=4) | st.lists(deeper, min_size=1, max_size=2)
    ),
    max_leaves=8,
)
SCHEMAS = st.dictionaries(st.sampled_from([name for name in NAMES if name]), TREES, min_size=1, max_size=5)


def event_of(schema):
    """Return a strategy for what a schema describes; parts may be null, missing, or of another kind."""
    if isinstance(schema, str):
        return VALUES[schema]
    if isinstance(schema, list):
        return st.none() | st.lists(st.one_of(*map(event_of, schema)), max_size=3)
    return st.fixed_dictionaries({}, optional={name: event_of(part) for name, part in schema.items()})


@given(SCHEMAS.flatmap(lambda schema: st.lists(event_of(schema), max_size=30)))
@settings(max_examples=150)
def test_a_draft_names_every_field_runs_and_hands_out_no_direct_identifier(events):
    before = copy.deepcopy(events)
    if not any(events):
        with pytest.raises(pk.EventsInputError, match="propose"):
            ev.propose(events)
        return
    draft = ev.propose(events)
    assert repr(events) == repr(before)
    assert draft.recipe.describe(events).unmatched == ()
    assert {one.path for one in draft.fields} == set(draft.recipe.describe().fields)
    out = draft.recipe.apply(events)
    flat = ev.flatten(out.events)
    assert residual_identifiers(flat) == []
    assert not len(flat.columns) or pk.audit(flat).direct == []
    assert draft.n_dropped + draft.n_coarser + draft.n_kept == len(draft.fields)
    for text in (repr(draft), draft._repr_html_(), draft.to_frame().to_csv(), json.dumps(draft.recipe.to_dict())):
        assert CANARY not in text


def test_the_law_has_power():
    """Without its last look at the result, a draft would keep what only the whole list tells."""
    events = [{"items": [{"sku": f"s{n % 10}"}, {"sku": f"t{n // 10}"}]} for n in range(100)]
    draft = ev.propose(events)
    assert [one.op for one in draft.fields] == ["drop"]
    kept = ev.Recipe([ev.keep("items[].sku")]).apply(events)
    assert residual_identifiers(ev.flatten(kept.events))


def test_the_shops_orders(orders):
    draft = ev.propose(orders, name="shop")
    ops = {one.path: one.op for one in draft.fields}
    assert {"id", "shipping.to", "shipping.line1"} <= {path for path, op in ops.items() if op == "drop"}
    assert (ops["time"], ops["shipping.zip"], ops["status"]) == ("truncate_time", "coarsen", "keep")
    assert all(one.why for one in draft.fields)
    assert draft.recipe.name == "shop"
    assert draft.n_events == 3000
    report = draft.recipe.apply(orders).report(["time", "shipping.zip"])
    assert not report.warnings


def test_a_file_and_a_frame_give_the_same_draft(orders, write_lines):
    drafts = [ev.propose(orders), ev.propose(write_lines(orders)), ev.propose(str(write_lines(orders)))]
    assert len({repr(draft) for draft in drafts}) == 1
    flat = pd.DataFrame({"mail": [f"p{n}@x.org" for n in range(30)], "ward": ["A", "B"] * 15})
    assert repr(ev.propose(flat)) == repr(ev.propose(flat.to_dict("records")))
    assert ev.propose(flat).recipe.apply(flat).events.columns.tolist() == ["ward"]


def test_a_draft_is_saved_and_comes_back(orders, tmp_path):
    draft = ev.propose(orders)
    draft.save(tmp_path / "draft.toml")
    assert ev.Recipe.load(tmp_path / "draft.toml").apply(orders).events == draft.recipe.apply(orders).events


@pytest.mark.parametrize(("epoch", "ticks"), [("s", 1), ("ms", 1000), ("us", 1_000_000)])
def test_numbers_as_epochs_are_named(epoch, ticks):
    events = [{"seen_at": (1_700_000_000 + 9_000 * n) * ticks, "x": (1_700_000_000 + n * n) * ticks} for n in range(50)]
    seen, other = ev.propose(events).fields
    assert (seen.op, other.op) == ("truncate_time", "drop")
    assert f"in {epoch}" in seen.why
    assert f"ev.truncate_time('x', 'month', epoch='{epoch}')" in other.why
    assert len({event["seen_at"] for event in ev.propose(events).recipe.apply(events).events}) == 1


def test_births_and_times_without_a_name_that_says_so():
    day = date(1950, 1, 1)
    events = [
        {"dob": str(day + timedelta(99 * n)), "happened": f"2026-01-{1 + n % 28:02d}T0{n % 10}:00:00Z"}
        for n in range(60)
    ]
    birth, time = ev.propose(events).fields
    assert birth.what == "truncated to the year"
    assert time.what == "truncated to the month"


def test_mixed_values_fall_to_dropping_and_are_told():
    events = [{"time": f"2026-01-{1 + n % 28:02d}", "a": 1 if n % 2 else {"b": n}} for n in range(40)]
    events += [{"time": "yesterday", "a": [1]}]
    fields = {one.path: one for one in ev.propose(events).fields}
    assert (fields["time"].op, fields["a"].op) == ("drop", "drop")
    assert "several kinds" in fields["a"].why


def test_names_that_are_data_are_not_told():
    events = [{"by_user": {f"{CANARY}{n}": n, f"{CANARY}{n + 1}": n}, "kind": "a"} for n in range(60)]
    draft = ev.propose(events)
    assert {one.path: one.op for one in draft.fields} == {"by_user": "drop", "kind": "keep"}
    assert CANARY not in repr(draft) + str(draft.recipe.to_dict())


@pytest.mark.parametrize("events", [[], [{}], iter([{"a": 1}]), 5, [{"": 1}]], ids=["none", "empty", "once", "5", "''"])
def test_what_no_recipe_can_be_drafted_from_is_told(events):
    with pytest.raises(pk.EventsInputError, match="propose"):
        ev.propose(events)


def test_an_epoch_is_named_where_a_rule_meets_a_number():
    with pytest.raises(pk.EventError, match="epoch="):
        ev.Recipe([ev.truncate_time("t", "day")]).apply([{"t": 1_700_000_000}])
