"""Recipes tell all their problems at once, describe themselves, and go into files without secrets."""

from __future__ import annotations

import json

import pytest

from privkit import events as ev
from privkit.errors import ParameterError
from privkit.errors.events import EventsInputError, RecipeError, SecretKeyError, SecretLeakError, UnmatchedFieldsError

SECRET = bytes(range(32))


def test_all_problems_come_at_once_with_their_places(key):
    with pytest.raises(RecipeError) as caught:
        ev.Recipe(
            [
                ev.truncate_time("time", "fortnight", tz="Nowhere/Town"),
                ev.shift_dates("time", by="lines[].who", days=0, key=key),
                ev.coarsen("x", round=-1),
                "drop",
                ev.drop(),
                ev.perturb("x", within=0.001),
                ev.perturb("x", within=2, key=key),
                ev.merge(by="a[].b", at_least=0),
                ev.pseudonymize("x", key=key, bits=64, form="uuid"),
                ev.substitute("name", {"a": []}),
                ev.scale("x", key=key, low=3, high=2),
            ],
            name="",
        )
    places = [problem.split(":")[0] for problem in caught.value.problems]
    assert places == [
        "name",
        "operations[0].unit",
        "operations[0].tz",
        "operations[1].by",
        "operations[1].days",
        "operations[2].round",
        "operations[3]",
        "operations[4].paths",
        "operations[5].within",
        "operations[6].by",
        "operations[7].by",
        "operations[7].at_least",
        "operations[8].bits",
        "operations[8].form",
        "operations[9].path",
        "operations[9].book",
        "operations[10].high",
    ]


def test_rules_that_come_too_late_are_problems(key):
    with pytest.raises(RecipeError) as caught:
        ev.Recipe(
            [
                ev.drop("shipping"),
                ev.shift_dates("time", by="shipping.to", days=9, key=key),
                ev.rename("time", "date"),
                ev.truncate_time("time", "day"),
                ev.erase("who"),
                ev.sample(0.5, by="who", key=key),
                ev.merge(by="date"),
                ev.keep("status"),
            ]
        )
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "operations[1].by",
        "operations[3].paths",
        "operations[5].by",
        "operations[7].paths",
    ]


def test_a_recipe_is_immutable_and_accepts_any_sequence():
    recipe = ev.Recipe((operation for operation in [ev.keep("a")]), version=2)
    assert recipe.version == "2"
    with pytest.raises(AttributeError):
        recipe.name = "other"
    with pytest.raises(RecipeError, match="is empty"):
        ev.Recipe([])


def test_fields_without_a_rule_are_refused_and_all_listed():
    events = [{"a": 1, "b": {"c": 1, "d": None}}, {"l": [{"x": 1}, {"y": [2]}]}, {"a": {"deep": 1}, "e": [], "f\n": 1}]
    with pytest.raises(UnmatchedFieldsError) as caught:
        ev.Recipe([ev.coarsen("a", round=2)]).apply(events)
    assert caught.value.paths == ("a.deep", "b.c", "b.d", "e", "f\n", "l[].x", "l[].y[]")
    assert "f\\n" in str(caught.value)


def test_fields_without_a_rule_are_dropped_or_kept_when_that_is_said():
    events = [{"a": 1, "b": {"c": 1}, "l": [{"x": 1, "y": 2}]}]
    recipe = ev.Recipe([ev.coarsen("a", round=2), ev.keep("l[].x")])
    assert recipe.apply(events, unmatched="drop").events == [{"a": 0, "l": [{"x": 1}]}]
    assert recipe.apply(events, unmatched="keep").events == [{"a": 0, "b": {"c": 1}, "l": [{"x": 1, "y": 2}]}]
    assert recipe.apply(events, unmatched="keep").report().unmatched == ("b.c", "l[].y")


def test_what_a_rule_goes_by_is_there_when_its_turn_comes_and_dropped_afterwards(key):
    recipe = ev.Recipe([ev.shift_dates("t", by="s.who", days=300, key=key), ev.rename("s.kind", "sort")])
    events = [{"t": "2024-05-16", "s": {"who": "A", "kind": 1, "x": 1}}] * 3
    result = recipe.apply(events, unmatched="drop", subject="s.who")
    assert len({event["t"] for event in result.events}) == 1
    assert [event["s"] for event in result.events] == [{"sort": 1}] * 3
    assert list(result.account.subjects) == [0, 0, 0]
    with pytest.raises(UnmatchedFieldsError) as caught:
        recipe.apply(events)
    assert caught.value.paths == ("s.who", "s.x")


def test_keep_only_drops_the_others_without_more_words():
    assert ev.Recipe([ev.keep("a", only=True)]).apply([{"a": 1, "b": 2}]).events == [{"a": 1}]


def test_a_branch_that_is_only_renamed_is_not_covered():
    with pytest.raises(UnmatchedFieldsError) as caught:
        ev.Recipe([ev.rename("products", "group"), ev.keep("group[].id")]).apply([{"products": [{"id": 1, "to": 2}]}])
    assert caught.value.paths == ("products[].to",)


def test_describe_says_what_happens_to_each_field(shop_recipe, orders):
    described = shop_recipe.describe(orders)
    assert described.unmatched == ()
    text = repr(described)
    assert "shipping.line1: dropped" in text
    assert "no differential privacy" in text
    assert "truncated to the hour" in text
    assert orders[0]["shipping"]["to"] not in text + described._repr_html_()
    frame = described.to_frame().set_index("path")
    assert frame.loc["products[].quantity", "rule"] == "kept as it is"


def test_only_known_options_are_taken():
    recipe = ev.Recipe([ev.keep("a")])
    for options in ({"unmatched": "ignore"}, {"on_error": "skip"}, {"subject": "a[].b"}, {"subject": ""}):
        with pytest.raises(ParameterError):
            recipe.apply([], **options)
    for events in ({"a": 1}, 7, b"{}", None):
        with pytest.raises(EventsInputError):
            recipe.apply(events)
    with pytest.raises(EventsInputError, match="file as input"):
        recipe.apply([], output="x.ndjson")


def test_iterators_give_iterators_and_are_refused_at_the_first_field_without_a_rule():
    recipe = ev.Recipe([ev.keep("a")])
    result = recipe.apply({"a": number} for number in range(3))
    assert next(result.events) == {"a": 0}
    assert result.n_out == 1
    assert len(list(result.events)) == 2
    assert "so far" not in repr(result)
    assert result.report().after is None
    with pytest.raises(UnmatchedFieldsError, match="up to here"):
        list(recipe.apply(iter([{"a": 1}, {"b": 1}])).events)


def test_events_that_cannot_be_treated_are_set_apart_when_that_is_said():
    recipe = ev.Recipe([ev.truncate_time("t", "day")])
    events = [{"t": "2024-01-01"}, {"t": "CANARY"}, "CANARY", {1: 2}]
    result = recipe.apply(events, on_error="quarantine")
    assert result.events == [{"t": "2024-01-01"}]
    assert [apart.position for apart in result.quarantined] == [2, 3, 4]
    assert "CANARY" not in repr(result.quarantined)


def test_an_event_that_holds_itself_is_told():
    event = {}
    event["a"] = event
    with pytest.raises(ValueError, match="holds itself"):
        ev.Recipe([ev.drop("a")]).apply([event])


@pytest.fixture
def every_operation(key, tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_KEY", SECRET.hex())
    source = ev.Key.from_env("SHOP_KEY")
    return ev.Recipe(
        [
            ev.keep("status", "tenant"),
            ev.drop("a", r"b\.c"),
            ev.erase("note", replacement='"quoted" \\ ünïcode'),
            ev.pseudonymize("who", key=source, scope="person", per="tenant", bits=160, form="base32", prefix="p"),
            ev.number("no", scope="n", start=0),
            ev.coarsen("x", round=0.5, top=9.5),
            ev.coarsen("y", bins=[1, 2.5]),
            ev.truncate_time("t", "week", tz="Europe/Berlin"),
            ev.shift_dates("t", by="who", days=9, key=source, step="week"),
            ev.perturb("z", within=2, by="who", key=source),
            ev.rename("z", "zz", values={"1": 2}, other="keep"),
            ev.encode("k", tmp_path / "book.json"),
            ev.substitute("l[].n", {"a": [(2, "b")]}, quantity="l[].q"),
            ev.scale("l[].p", by="l[].n", key=source, low=0.25),
            ev.sample(0.5, by="who", key=source),
            ev.merge(by=["t", "k"], sum={"total": "zz"}, at_least=3, unit="who"),
        ],
        name="all",
        version="7",
    )


@pytest.mark.parametrize("suffix", ["toml", "yaml", "json"])
def test_a_recipe_comes_back_from_a_file_as_it_was_without_its_secret(every_operation, tmp_path, suffix):
    path = tmp_path / f"recipe.{suffix}"
    every_operation.save(path)
    text = path.read_text(encoding="utf-8")
    assert SECRET.hex() not in text
    assert "SHOP_KEY" in text
    back = ev.Recipe.load(path)
    assert back.to_dict() == every_operation.to_dict()
    assert repr(back) == repr(every_operation)


def test_keys_of_files_are_found_by_their_source_or_given_by_their_id(tmp_path, monkeypatch):
    path = tmp_path / "r.toml"
    ev.Recipe([ev.pseudonymize("a", key=SECRET)]).save(path)
    key = ev.Key(SECRET)
    assert f'id = "{key.id}"' in path.read_text()
    with pytest.raises(SecretKeyError, match=f"keys={{'{key.id}': key}}"):
        ev.Recipe.load(path).apply([{"a": 1}])
    expected = ev.Recipe([ev.pseudonymize("a", key=SECRET)]).apply([{"a": 1}]).events
    assert ev.Recipe.load(path, keys={key.id: SECRET}).apply([{"a": 1}]).events == expected
    with pytest.raises(RecipeError, match="has the id"):
        ev.Recipe.load(path, keys={key.id: bytes(32)})


def test_a_wrong_key_is_noticed_by_its_id(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_KEY", SECRET.hex())
    path = tmp_path / "r.json"
    ev.Recipe([ev.pseudonymize("a", key=ev.Key.from_env("SHOP_KEY"))]).save(path)
    monkeypatch.setenv("SHOP_KEY", bytes(32).hex())
    with pytest.raises(SecretKeyError, match="was written with"):
        ev.Recipe.load(path).apply([{"a": 1}])


def test_a_private_code_book_in_memory_goes_into_no_file(tmp_path):
    with pytest.raises(SecretLeakError, match=r"operations\[0\].book"):
        ev.Recipe([ev.encode("a", {"CANARY": "c1"})]).save(tmp_path / "r.json")
    assert not (tmp_path / "r.json").exists()


def test_a_file_with_many_problems_tells_all_of_them(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text(
        """
        name = "x"
        colour = 1
        [[operations]]
        op = "dorp"
        [[operations]]
        op = "coarsen"
        path = "x"
        [[operations]]
        op = "pseudonymize"
        paths = ["a"]
        key = "secret in the recipe"
        [[operations]]
        op = "truncate_time"
        paths = "t"
        unit = "fortnight"
        [[operations]]
        op = "shift_dates"
        paths = ["t"]
        """
    )
    with pytest.raises(RecipeError) as caught:
        ev.Recipe.load(path)
    problems = caught.value.problems
    assert any("'colour'" in problem for problem in problems)
    assert any("operations[0].op: 'dorp'" in problem and "'drop'" in problem for problem in problems)
    assert any("operations[1].path: 'path' is no parameter of coarsen; close matches: 'paths'" in p for p in problems)
    assert any("operations[2].key: must be a table" in problem for problem in problems)
    assert any("operations[3].unit" in problem for problem in problems)
    assert any("operations[4].by: is needed" in problem for problem in problems)
    assert "secret in the recipe" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("r.toml", "a = "),
        ("r.toml", "name = 'a'\nname = 'b'"),
        ("r.yaml", "a: ["),
        ("r.yaml", "name: a\nname: b"),
        ("r.json", '{"name": "a", "name": "b"}'),
        ("r.json", "[]"),
        ("r.txt", ""),
        ("r.json", '{"operations": "drop"}'),
        ("r.json", json.dumps({"operations": [7, {"op": []}, {"op": "merge"}, {"op": "keep", "paths": [[1]]}]})),
    ],
)
def test_files_that_hold_no_recipe_are_refused(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(RecipeError):
        ev.Recipe.load(path)
    with pytest.raises(RecipeError):
        ev.Recipe.load(tmp_path / "none.toml")


def test_views_show_counts_and_paths_and_escape_names(key):
    hostile = "<img src=x onerror=alert(1)>"
    recipe = ev.Recipe([ev.pseudonymize(hostile, key=key), ev.drop("CANARY")], name=hostile)
    result = recipe.apply([{hostile: "Ada"}], subject=hostile)
    for value in (recipe, recipe.describe([{"x": 1}]), result, result.report()):
        assert "<img" not in value._repr_html_()
        assert "next: " in repr(value)
        assert "Ada" not in repr(value) + value._repr_html_()
