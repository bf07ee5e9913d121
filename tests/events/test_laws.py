"""Laws that hold for all events."""

from __future__ import annotations

import copy
import json
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from privkit import events as ev

KEY = ev.Key(bytes(range(32)))
few = settings(max_examples=60)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.text(max_size=12)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
)
names = st.sampled_from(["a", "b", "zip", "to", "unit.price", "x y", "é"])
nested = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
events = st.dictionaries(names, nested, max_size=4)
ids = st.text(max_size=8) | st.integers(-(2**52), 2**52) | st.floats(-1e9, 1e9) | st.booleans()


def same(left, right):
    """Whether two ids are one value: text and truth by themselves, numbers by what they are worth."""
    kinds = [(isinstance(one, str), isinstance(one, bool)) for one in (left, right)]
    return kinds[0] == kinds[1] and left == right


@few
@given(st.lists(ids, max_size=12))
def test_pseudonyms_are_consistent_and_injective_per_scope(values):
    rows = [{"a": value} for value in values]
    tokens = [event["a"] for event in ev.Recipe([ev.pseudonymize("a", key=KEY)]).apply(rows).events]
    for value, token in zip(values, tokens, strict=True):
        for other, its in zip(values, tokens, strict=True):
            assert (token == its) == same(value, other)


@few
@given(ids)
def test_scopes_share_tokens_and_fields_without_one_do_not(value):
    shared = ev.Recipe([ev.pseudonymize("a", "b", key=KEY, scope="person")]).apply([{"a": value, "b": value}]).events[0]
    apart = ev.Recipe([ev.pseudonymize("a", "b", key=KEY)]).apply([{"a": value, "b": value}]).events[0]
    assert shared["a"] == shared["b"]
    assert apart["a"] != apart["b"]


@few
@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1))), max_size=12)
)
def test_shifting_keeps_order_and_spacing_within_a_subject(visits):
    rows = [{"who": who, "at": at.isoformat()} for who, at in visits]
    recipe = ev.Recipe([ev.shift_dates("at", by="who", days=400, key=KEY), ev.keep("who")])
    moved = [datetime.fromisoformat(event["at"]) for event in recipe.apply(rows).events]
    offsets = {}
    for (who, before), after in zip(visits, moved, strict=True):
        offset = after - before
        assert offsets.setdefault(who, offset) == offset
        assert timedelta(0) != offset
        assert abs(offset) <= timedelta(days=400)


@few
@given(st.datetimes(), st.sampled_from(["second", "minute", "hour", "day", "week", "month", "quarter", "year"]))
def test_every_form_of_a_time_is_truncated_alike(moment, unit):
    moment = moment.replace(microsecond=0)
    forms = [f"{moment.isoformat()}{end}" for end in ("Z", "+00:00", ".000Z", "")]
    recipe = ev.Recipe([ev.truncate_time("t", unit)])
    zulu, zone, fraction, local = (event["t"] for event in recipe.apply([{"t": form} for form in forms]).events)
    assert zulu == fraction == zone.replace("+00:00", "Z") == f"{local}Z"
    assert recipe.apply([{"t": zulu}]).events == [{"t": zulu}]
    assert datetime.fromisoformat(local) <= moment


@few
@given(st.lists(events, max_size=5))
def test_a_recipe_applied_to_nothing_changes_nothing(rows):
    recipe = ev.Recipe([ev.pseudonymize("no.such[].field", key=KEY), ev.drop("nor.this")])
    before = copy.deepcopy(rows)
    assert recipe.apply(rows, unmatched="keep").events == before
    assert recipe.apply([]).events == []


@few
@given(st.lists(events, max_size=5))
def test_what_is_given_stays_as_it_is(rows):
    before = copy.deepcopy(rows)
    ev.Recipe([ev.drop("a"), ev.erase("b", replacement="-"), ev.rename("zip", "area")]).apply(rows, unmatched="drop")
    assert rows == before


@few
@given(events)
def test_dropping_what_no_rule_covers_leaves_only_what_rules_name(event):
    out = ev.Recipe([ev.keep("a"), ev.erase("to")]).apply([event], unmatched="drop").events[0]
    assert set(out) <= {"a", "to"}
    assert out.get("to") is None
    assert out.get("a") == event.get("a")


@few
@given(events)
def test_refusal_names_every_field_without_a_rule_and_keeping_them_all_covers(event):
    found = ev.Recipe([ev.keep("a")]).describe([event]).unmatched
    again = ev.Recipe([ev.keep("a", *found)]).describe([event]) if found else None
    assert again is None or again.unmatched == ()


canary = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789@", min_size=6, max_size=14).map(
    lambda text: f"CANARY{text}"
)


@few
@given(st.lists(canary, min_size=1, max_size=5, unique=True))
def test_no_token_and_no_erased_or_renamed_field_shows_an_identifier(people):
    rows = [{"to": who, "note": f"call {who}", "kind": who, "by": {"who": [who]}} for who in people]
    recipe = ev.Recipe(
        [
            ev.pseudonymize("to", key=KEY),
            ev.erase("note"),
            ev.rename("kind", "sort", values=dict.fromkeys(people, "x")),
            ev.number("by.who[]"),
        ]
    )
    result = recipe.apply(rows)
    told = json.dumps(result.events) + repr(result) + repr(recipe) + repr(result.report()) + repr(recipe.describe(rows))
    assert "CANARY" not in told


@few
@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=20), st.integers(1, 9))
def test_noise_is_bounded_and_repeats_with_its_key(amounts, within):
    rows = [{"id": position, "n": amount} for position, amount in enumerate(amounts)]
    recipe = ev.Recipe([ev.keep("id"), ev.perturb("n", within=within, by="id", key=KEY)])
    first, second = recipe.apply(rows).events, recipe.apply(rows).events
    assert first == second
    assert all(abs(event["n"] - amount) <= within for event, amount in zip(first, amounts, strict=True))
    assert all(isinstance(event["n"], int) for event in first)


@few
@given(st.lists(st.decimals(-1000, 1000, places=2).map(float), min_size=1, max_size=20))
def test_noise_on_cents_stays_on_cents_exactly(amounts):
    from decimal import Decimal

    rows = [{"id": position, "n": amount} for position, amount in enumerate(amounts)]
    noisy = ev.Recipe([ev.keep("id"), ev.perturb("n", within=0.25, by="id", key=KEY)]).apply(rows).events
    for event, amount in zip(noisy, amounts, strict=True):
        noise = Decimal(repr(event["n"])) - Decimal(repr(amount))
        assert abs(noise) <= Decimal("0.25")
        assert noise % Decimal("0.01") == 0


@few
@given(st.lists(st.tuples(st.sampled_from("XYZ"), st.integers(-50, 50)), max_size=15), st.integers(1, 4))
def test_merging_gives_the_sums_of_the_groups_that_are_large_enough(rows, at_least):
    recipe = ev.Recipe([ev.merge(by="g", sum="n", count="events", at_least=at_least)])
    merged = recipe.apply([{"g": group, "n": value} for group, value in rows]).events
    expected = {}
    for group, value in rows:
        expected.setdefault(group, []).append(value)
    large = [{"g": g, "n": sum(v), "events": len(v)} for g, v in sorted(expected.items()) if len(v) >= at_least]
    assert merged == large


@few
@given(st.lists(events, max_size=5))
def test_a_file_and_a_list_give_the_same(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("law")
    source = folder / "in.ndjson"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    recipe = ev.Recipe([ev.drop("a"), ev.keep("to")])
    result = recipe.apply(source, output=folder / "out.ndjson", unmatched="drop")
    lines = [json.loads(line) for line in result.events.read_bytes().splitlines()]
    assert lines == recipe.apply(rows, unmatched="drop").events
