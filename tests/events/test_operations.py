"""Each operation does what it says, and nothing to what it does not name."""

from __future__ import annotations

import datetime
import zoneinfo

import pytest
from chance import FAR

import privkit as pk
from privkit import events as ev
from privkit.errors.events import EventError

KEY = bytes(range(32))


def run(*operations, events, **options):
    return ev.Recipe(operations).apply(events, **{"unmatched": "keep"} | options).events


def one(*operations, event, **options):
    return run(*operations, events=[event], **options)[0]


def test_drop_takes_out_branches_fields_and_elements():
    event = {"a": {"b": 1, "c": 2}, "l": [{"x": 1, "y": 2}, {"y": 3}, None, 7], "t": [1, 2]}
    out = one(ev.drop("a.b", "l[].x", "t[]", "no.such"), event=event)
    assert out == {"a": {"c": 2}, "l": [{"y": 2}, {"y": 3}, None, 7], "t": []}


def test_rules_reach_through_lists_of_lists():
    out = one(
        ev.coarsen("m[][]", round=10),
        ev.erase("d.l[].e[].n"),
        event={"m": [[14, 16], []], "d": {"l": [{"e": [{"n": 1}]}]}},
    )
    assert out == {"m": [[10, 20], []], "d": {"l": [{"e": [{"n": None}]}]}}


def test_names_with_dots_are_written_with_a_backslash():
    assert one(ev.drop(r"unit\.price"), event={"unit.price": 1, "unit": {"price": 2}}) == {"unit": {"price": 2}}


@pytest.mark.parametrize("path", ["", ".a", "a..b", "a[0]", "a[]b", "a]", 7, None, "a."])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(ValueError, match=r"operations\[0\].paths"):
        ev.Recipe([ev.drop(path)])


def test_null_and_missing_branches_are_left_alone(key):
    events = [{"s": None}, {}, {"s": {}}, {"s": {"to": None}}, {"l": []}, {"l": None}]
    rules = [
        ev.pseudonymize("s.to", key=key),
        ev.perturb("l[].p", within=1),
        ev.shift_dates("s.t", by="s.to", days=1, key=key),
    ]
    assert run(*rules, events=events, unmatched="refuse") == events


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("second", "2024-05-16T13:47:59Z"),
        ("minute", "2024-05-16T13:47:00Z"),
        ("hour", "2024-05-16T13:00:00Z"),
        ("day", "2024-05-16T00:00:00Z"),
        ("week", "2024-05-13T00:00:00Z"),
        ("month", "2024-05-01T00:00:00Z"),
        ("quarter", "2024-04-01T00:00:00Z"),
        ("year", "2024-01-01T00:00:00Z"),
    ],
)
def test_times_are_truncated(unit, expected):
    assert one(ev.truncate_time("t", unit), event={"t": "2024-05-16T13:47:59.123Z"}) == {"t": expected}


def test_times_keep_their_form():
    forms = {
        "2024-05-16T13:47:59": "2024-05-16T00:00:00",
        "2024-05-16 13:47:59+02:00": "2024-05-16 00:00:00+02:00",
        "2024-05-16": "2024-05-16",
    }
    for given, expected in forms.items():
        assert one(ev.truncate_time("t", "day"), event={"t": given}) == {"t": expected}
    assert one(ev.truncate_time("t", "hour", epoch="ms"), event={"t": 1715867279123}) == {"t": 1715864400000}


def test_hours_of_a_zone_are_told_apart_when_the_clock_goes_back():
    events = [{"t": "2024-10-27T00:30:00Z"}, {"t": "2024-10-27T01:30:00Z"}]
    out = run(ev.truncate_time("t", "hour", tz="Europe/Berlin"), events=events)
    assert [event["t"] for event in out] == ["2024-10-27T02:00:00+02:00", "2024-10-27T02:00:00+01:00"]


def test_shifts_by_week_keep_the_day_of_the_week(key):
    from datetime import date

    days = [{"who": who, "on": "2024-05-16"} for who in "ABCDEFGH"]
    out = run(ev.shift_dates("on", by="who", days=70, step="week", key=key), events=days)
    assert {date.fromisoformat(event["on"]).weekday() for event in out} == {3}
    assert len({event["on"] for event in out}) > 3


def test_offsets_are_spread_over_all_steps(key):
    from datetime import date

    days = [{"who": who, "on": "2024-05-16"} for who in range(4000)]
    out = run(ev.shift_dates("on", by="who", days=3, key=key), events=days)
    counts = {}
    for event in out:
        moved = (date.fromisoformat(event["on"]) - date(2024, 5, 16)).days
        counts[moved] = counts.get(moved, 0) + 1
    assert set(counts) == {-3, -2, -1, 1, 2, 3}
    assert all(540 < count < 800 for count in counts.values())  # 667 expected, 5 standard deviations


def test_events_without_a_subject_are_moved_each_by_its_own_offset(key):
    out = run(ev.shift_dates("on", by="who", days=300, key=key), events=[{"on": "2024-05-16"}] * 20)
    assert len({event["on"] for event in out}) > 10


def test_noise_leaves_sums_unbiased(key):
    events = [{"id": number, "n": 1000, "p": 10.0} for number in range(4000)]
    out = run(ev.perturb("n", within=5, by="id", key=key), ev.perturb("p", within=0.5), events=events)
    spread = (5 * 6 / 3) ** 0.5 * 4000**0.5
    assert abs(sum(event["n"] for event in out) - 4_000_000) < FAR * spread
    assert abs(sum(event["p"] for event in out) - 40_000) < FAR * 0.01 * (50 * 51 / 3) ** 0.5 * 4000**0.5
    assert {event["n"] for event in out} == set(range(995, 1006))


def test_noise_differs_by_place_and_subject(key):
    events = [{"id": number, "l": [{"p": 0}] * 3} for number in range(30)]
    out = run(ev.perturb("l[].p", within=10**6, by="id", key=key), events=events)
    drawn = [item["p"] for event in out for item in event["l"]]
    assert len(set(drawn)) == len(drawn)


def test_coarsening():
    events = [{"a": 17, "b": 2.5, "c": "12345", "d": -3, "e": 15}]
    rules = [
        ev.coarsen("a", bins=[0, 10, 20]),
        ev.coarsen("b", round=5),
        ev.coarsen("c", prefix=2),
        ev.coarsen("d", bottom=0),
        ev.coarsen("e", round=10),
    ]
    assert run(*rules, events=events) == [{"a": "[10, 20)", "b": 0.0, "c": "12", "d": 0, "e": 20}]
    assert [one(ev.coarsen("a", bins=[0, 10]), event={"a": a})["a"] for a in (-1, 0, 10)] == ["< 0", "[0, 10)", ">= 10"]


def test_renaming_moves_values_and_refuses_a_taken_name():
    assert one(ev.rename("a.b", "c"), event={"a": {"b": 1}, "b": 2}) == {"a": {"c": 1}, "b": 2}
    with pytest.raises(EventError, match="taken"):
        one(ev.rename("a", "b"), event={"a": 1, "b": 2})


def test_rules_after_a_renaming_use_the_new_name(key):
    rules = [ev.rename("products", "group"), ev.rename("group[].id", "ref"), ev.number("group[].ref")]
    assert run(*rules, events=[{"products": [{"id": "x"}]}], unmatched="refuse") == [{"group": [{"ref": 1}]}]


def test_values_outside_a_book_are_refused_kept_or_become_null():
    with pytest.raises(EventError, match="not in the book") as caught:
        one(ev.rename("s", values={"a": 1}), event={"s": "CANARY"})
    assert "CANARY" not in str(caught.value)
    assert one(ev.rename("s", values={"a": 1}, other="keep"), event={"s": "b"}) == {"s": "b"}
    assert one(ev.encode("s", {"a": 1}, other="null"), event={"s": "b"}) == {"s": None}


def test_code_books_are_random_and_kept_in_private_files(tmp_path):
    path = tmp_path / "book.json"
    book = ev.code_book([f"name {number}" for number in range(50)], file=path)
    assert sorted(book.values(), key=lambda code: int(code[1:])) == [f"c{number}" for number in range(1, 51)]
    assert list(book.values()) != [f"c{number}" for number in range(1, 51)]
    assert path.stat().st_mode & 0o077 == 0
    assert one(ev.encode("a", path), event={"a": "name 7"}) == {"a": book["name 7"]}


def test_items_are_substituted_by_others():
    book = {"Nexus 5": [(1, "luxury phone"), (3, "post cards")]}
    event = {"products": [{"name": "Nexus 5", "price": 2}, {"name": None}]}
    items = one(ev.substitute("products[].name", book), event=event)["products"]
    assert [item.get("name") for item in items] == ["luxury phone", "post cards", "post cards", "post cards", None]
    assert items[1]["price"] == 2


def test_scaling_keeps_ratios_within_a_category(key):
    events = [{"l": [{"k": "tea", "p": 100}, {"k": "rice", "p": 100}]}, {"l": [{"k": "tea", "p": 300}]}]
    out = run(ev.scale("l[].p", by="l[].k", key=key, digits=6), events=events)
    tea, rice, more_tea = out[0]["l"][0]["p"], out[0]["l"][1]["p"], out[1]["l"][0]["p"]
    assert more_tea == pytest.approx(3 * tea)
    assert tea != rice
    assert all(50 <= price <= 200 for price in (tea, rice))


def test_merging_counts_persons_where_they_are_named():
    events = [
        {"d": "Mo", "who": "A", "l": [{"n": 0.1}, {"n": 0.2}]},
        {"d": "Mo", "who": "A"},
        {"d": "Tu", "who": "A"},
        {"d": "Tu", "who": "B"},
    ]
    merge = ev.merge(by="d", sum={"sold": "l[].n"}, at_least=2, unit="who")
    result = ev.Recipe([merge]).apply(events)
    assert result.events == [{"d": "Tu", "sold": 0, "events": 2}]
    assert result.account.n_groups_left_out == 1
    assert ev.Recipe([ev.merge(sum={"sold": "l[].n"}, count=None, at_least=1)]).apply(events).events == [{"sold": 0.3}]


def test_rules_after_merging_see_the_merged_events():
    rules = [ev.merge(by="d", sum="n", at_least=1), ev.coarsen("n", round=10), ev.rename("events", "orders")]
    assert run(*rules, events=[{"d": 1, "n": 14}], unmatched="refuse") == [{"d": 1, "n": 10, "orders": 1}]


def test_sampling_keeps_about_the_share_and_whole_subjects(key):
    events = [{"who": number % 500} for number in range(2000)]
    kept = run(ev.sample(0.3, by="who", key=key), events=events)
    persons = {event["who"] for event in kept}
    assert len(kept) == 4 * len(persons)
    assert 100 < len(persons) < 200
    assert 450 < len(run(ev.sample(0.3), events=events)) < 750


@pytest.mark.parametrize(
    ("operation", "value", "kind"),
    [
        (ev.perturb("x", within=1), "CANARY", "a text"),
        (ev.perturb("x", within=1), True, "true or false"),
        (ev.coarsen("x", round=1), {"a": "CANARY"}, "an object"),
        (ev.coarsen("x", prefix=1), 12345, "a number"),
        (ev.truncate_time("x", "day"), "CANARY", "another text"),
        (ev.truncate_time("x", "day"), 17, "a number"),
        (ev.pseudonymize("x", key=KEY), ["CANARY"], "a list"),
        (ev.pseudonymize("x", key=KEY), float("nan"), "NaN"),
        (ev.shift_dates("x", by="w", days=9, key=KEY), "9999-12-31", "leaves the years"),
    ],
)
def test_a_value_of_another_type_is_told_by_position_path_and_kind(operation, value, kind):
    with pytest.raises(EventError, match=r"event 2: \w+\('x'\): .*" + kind) as caught:
        run(operation, events=[{}, *[{"x": value, "w": who} for who in range(9)]])
    assert "CANARY" not in str(caught.value)
    assert caught.value.position >= 2
    assert caught.value.path == "x"
    assert caught.value.__context__ is None


def test_masked_texts_show_one_end_and_short_ones_nothing():
    events = [{"a": "1234567890"}, {"a": "1234"}, {"a": ""}, {"a": None}, {}]

    def masked(**options):
        return [event.get("a") for event in ev.Recipe([ev.mask("a", **options)]).apply(events).events]

    assert masked() == ["****7890", "****", "****", None, None]
    assert masked(length=True) == ["******7890", "****", "", None, None]
    assert masked(side="start", shown=2, mark="x") == ["12xxxx", "12xxxx", "xxxx", None, None]
    assert masked(shown=0) == ["****"] * 3 + [None] * 2
    with pytest.raises(pk.errors.EventError, match="a text"):
        ev.Recipe([ev.mask("a")]).apply([{"a": 1234567890}])


@pytest.mark.parametrize("wrong", [{"shown": -1}, {"side": "left"}, {"mark": "**"}, {"mark": ""}])
def test_what_masking_cannot_be_is_told(wrong):
    with pytest.raises(pk.errors.RecipeError, match=next(iter(wrong))):
        ev.Recipe([ev.mask("a", **wrong)])


def test_shifted_times_do_not_tell_their_season_by_the_offset():
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    start = datetime.datetime(2024, 1, 1, 9, tzinfo=zone)
    true = [start + datetime.timedelta(days=7 * week) for week in range(104)]
    events = [{"who": week, "at": moment.isoformat()} for week, moment in enumerate(true)]

    def shifted(**options):
        rule = ev.shift_dates("at", by="who", days=182, key=KEY, **options)
        found = run(rule, ev.keep("who"), events=events)
        return [datetime.datetime.fromisoformat(event["at"]) for event in found]

    assert {moment.utcoffset() for moment in shifted()} == {datetime.timedelta()}
    there = shifted(tz="Europe/Berlin")
    assert all(moment.utcoffset() == moment.replace(tzinfo=zone).utcoffset() for moment in there)
    assert {moment.hour for moment in there} == {9}
    same = sum(one.utcoffset() == other.utcoffset() for one, other in zip(true, there, strict=True))
    assert 30 <= same <= 74  # a guess: 52, with a standard deviation of 5
    with pytest.raises(pk.errors.RecipeError, match="tz"):
        ev.Recipe([ev.shift_dates("at", by="who", days=2, key=KEY, tz="Berlin")])


def test_times_in_utc_and_without_a_zone_keep_their_form():
    out = one(
        ev.shift_dates(["a", "b"], by="who", days=9, key=KEY),
        event={"who": 1, "a": "2024-07-01T12:00:00Z", "b": "2024-07-01T12:00:00"},
    )
    assert out["a"].endswith("T12:00:00Z")
    assert out["b"].endswith("T12:00:00")
