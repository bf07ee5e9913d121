"""Results of events, and rows of `dp_synthetic`, that are made anew of half of the persons and attacked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit import events as ev
from privkit.attacks.event_halves import _anew, _carried_out, _expecting
from privkit.attacks.halves import halves_of, one_each
from privkit.attacks.synthetic_halves import _asked
from privkit.dp.synthesis.synthetic import Synthetic

CANARY = "CANARY-7f3a"
KEY = bytes(range(32))


def events(persons: int = 60, each: int = 3) -> list[dict]:
    """Return events of persons, each of whom has a town of his own, and a day of his own."""
    random = np.random.default_rng(0)
    return [
        {
            "who": f"{CANARY}-{person}",
            "at": {"town": f"t{person}", "street": f"s{random.integers(9)}"},
            "time": f"2024-{1 + person % 12:02}-{1 + person // 12:02}T{random.integers(24):02}:00:00Z",
            "spend": int(random.integers(1000)),
        }
        for person in range(persons)
        for _ in range(each)
    ]


def test_halves_share_no_person_and_of_each_one_row_is_attacked():
    who = np.random.default_rng(1).integers(0, 50, 300)
    inside, outside = halves_of(who, 7)
    assert sorted([*inside, *outside]) == list(range(300))
    assert not set(who[inside]) & set(who[outside])
    assert abs(len(set(who[inside])) - len(set(who[outside]))) <= 1
    chosen = one_each(who[inside], 7)
    assert sorted(who[inside][chosen]) == sorted(set(who[inside]))


# -- events ---------------------------------------------------------------------------------------------------------


def test_events_that_are_passed_on_are_found_and_those_without_details_are_not():
    kept = ev.Recipe([ev.drop("who")]).apply(events(), unmatched="keep", subject="who").attack()
    assert kept.halves
    assert (kept.n_original, kept.n_control, kept.n_shared) == (30, 30, 90)  # persons, persons, events
    assert kept["linkability"].found
    assert kept["membership"].found
    rules = [ev.drop("who", "at.town", "spend"), ev.truncate_time("time", "year")]
    coarse = ev.Recipe(rules).apply(events(), unmatched="keep", subject="who").attack()
    assert coarse.found == ()
    assert CANARY not in repr(kept) + kept._repr_html_()


def test_without_a_subject_a_persons_other_events_hide_that_his_town_tells_of_him():
    """Half of everybody's events are in the table: then a control is there too, and little tells the two apart."""
    recipe, given = ev.Recipe([ev.drop("who", "spend", "time")]), events(100, 8)
    persons, rows = (recipe.apply(given, unmatched="keep", subject=one).attack() for one in ("who", None))
    assert persons["membership"].excess > rows["membership"].excess + 0.3


def test_no_secret_of_the_recipe_is_asked_for_and_no_mapping_store_is_written(tmp_path, monkeypatch):
    monkeypatch.setenv("A_KEY", KEY.hex())
    store = ev.MappingStore(tmp_path / "who.db")
    source = ev.Key.from_env("A_KEY").source
    rules = [
        ev.number("at.street", mapping=store),
        ev.pseudonymize("at.town", key=source),
        ev.shift_dates("time", by="who", days=9, key=source),
        ev.pseudonymize("who", mapping=store),
        ev.keep("spend"),
    ]
    out = ev.Recipe(rules).apply(events(), subject="who")
    monkeypatch.delenv("A_KEY")
    before = (tmp_path / "who.db").read_bytes()
    assert out.attack().columns == ("time", "spend")
    assert (tmp_path / "who.db").read_bytes() == before
    with pytest.raises(pk.ParameterError, match="tokens, numbers"):
        out.attack(columns=["time", "who"])


def test_the_recipe_made_anew_has_the_same_law_and_the_attacker_looks_for_what_is_before_the_noise():
    rules = [
        ev.shift_dates("time", by="who", days=9, key=KEY),
        ev.perturb("spend", within=5, by="who", key=KEY),
        ev.coarsen("spend", round=10),
        ev.sample(0.5),
        ev.drop("who", "at"),
    ]
    out = ev.Recipe(rules).apply(events())
    keys = {one.key.id for one in _anew(out.recipe, 0).operations[:2]}  # two rules with one key go on to share one
    assert len(keys) == 1
    assert keys != {out.recipe.operations[0].key.id}
    made, kept = _carried_out(_anew(out.recipe, 0), events(), out)
    known, everybody = _carried_out(_expecting(_anew(out.recipe, 0)), events(), out)
    assert everybody.tolist() == list(range(180))
    assert known["spend"].tolist() == [round(one["spend"] / 10) * 10 for one in events()]
    assert known["time"].tolist() == [one["time"] for one in events()]
    assert 40 < len(kept) < 140  # of 180, each with one chance in two: beyond by chance in 1 of 10**12
    apart = made["spend"].to_numpy() - known["spend"].to_numpy()[kept]
    assert np.abs(apart).max() == 10
    assert np.isin(apart, [-10, 0, 10]).all()


def test_times_that_are_moved_a_little_are_near_and_lists_with_noise_are_not_compared():
    given = [one | {"items": [{"n": 1}, {"n": place}]} for place, one in enumerate(events(60, 1))]
    rules = [
        ev.shift_dates("time", by="who", days=1, step="second", key=KEY),
        ev.perturb("items[].n", within=2),
        ev.drop("who", "at"),
        ev.keep("spend"),
    ]
    found = ev.Recipe(rules).apply(given).attack()
    assert found.columns == ("time", "spend")
    assert found["nearest"].rate.observed > 0.8


@pytest.mark.parametrize("shape", ["pandas", "file"])
def test_frames_and_files_are_attacked_as_lists_are(tmp_path, shape):
    recipe = ev.Recipe([ev.drop("who", "at"), ev.keep("time", "spend")])
    given = events()
    expected = recipe.apply(given, subject="who").attack().to_frame()
    if shape == "file":
        (tmp_path / "in.ndjson").write_text(pd.DataFrame(given).to_json(orient="records", lines=True))
        out = recipe.apply(tmp_path / "in.ndjson", output=tmp_path / "out.ndjson", subject="who")
    else:
        out = recipe.apply(pd.DataFrame(given), subject="who")
    pd.testing.assert_frame_equal(out.attack().to_frame(), expected)


def merged():
    return ev.Recipe([ev.merge(by="at.street", sum="spend", at_least=2)]).apply(events())


BAD = {
    "merged": (lambda: merged().attack(), pk.AttackError, "merges events"),
    "iterator": (lambda: ev.Recipe([ev.drop("who", "at", "time")]).apply(iter(events()), unmatched="keep").attack(),
                 pk.AttackError, "iterator"),
    "few": (lambda: ev.Recipe([ev.drop("who")]).apply(events(20), unmatched="keep", subject="who").attack(),
            pk.AttackError, "20 rows"),
    "one column": (lambda: ev.Recipe([ev.keep("spend", only=True)]).apply(events()).attack(),
                   pk.ParameterError, "two or more"),
    "another column": (lambda: ev.Recipe([ev.drop("who")]).apply(events(), unmatched="keep").attack(columns=["x", "y"]),
                       pk.ColumnNotFoundError, "'x'"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_made_anew_gets_a_clear_error_without_a_value(name):
    call, error, words = BAD[name]
    with pytest.raises(error, match=words) as caught:
        call()
    assert CANARY not in str(caught.value)


# -- synthetic rows -------------------------------------------------------------------------------------------------


@pytest.fixture
def people():
    random = np.random.default_rng(4)
    n = 400
    return pd.DataFrame(
        {
            "id": np.repeat(np.arange(n // 2), 2),
            "age": random.integers(18, 90, n),
            "plan": random.choice(["a", "b", "c"], n),
            "zip": random.choice([f"z{place}" for place in range(9)], n),
        }
    )


DOMAINS = {"keys": {"plan": ["a", "b", "c"], "zip": [f"z{place}" for place in range(9)]}, "cuts": {"age": [18, 40, 90]}}


def drawn(people, tmp_path, **asking):
    project = pk.open_project("rows", epsilon=3, unit="id", max_rows=2, store=tmp_path / "ledger.db")
    return project, people.privacy.dp_synthetic(["age", "plan", "zip"], **DOMAINS, epsilon=1, **asking)


def test_synthetic_rows_are_drawn_anew_and_attacked_and_nothing_is_spent(people, tmp_path):
    project, release = drawn(people, tmp_path)
    spent, entries = project.spent, len(project.ledger.to_frame())
    found = release.attack(people, seed=1)
    assert (project.spent, len(project.ledger.to_frame())) == (spent, entries)
    assert found.halves
    assert found.n_original == found.n_control == 100  # a row of each of half of 200 persons
    assert found.columns == ("age", "plan", "zip")
    pd.testing.assert_frame_equal(found.to_frame(), release.attack(people, seed=1).to_frame())
    assert not hasattr(found, "frame")  # no simulated row leaves


def test_rows_that_are_copies_would_be_found(people, tmp_path, monkeypatch):
    _, release = drawn(people, tmp_path)
    halves = []
    simulated = Synthetic.simulated

    def seen(self, data, *rest):
        halves.append(data)
        return simulated(self, data, *rest)

    monkeypatch.setattr(Synthetic, "simulated", seen)
    monkeypatch.setattr(Synthetic, "frame", lambda self, cells: halves[-1][["age", "plan", "zip"]])
    found = release.attack(people)
    assert len(halves[0]) == 200  # no row of the other half is shown to the simulator
    assert "membership" in found.found


def test_only_rows_that_were_asked_about_are_attacked(people, tmp_path):
    people.loc[::7, "id"] = np.nan
    _, release = drawn(people, tmp_path, where="age >= 40 and plan != 'c'")
    rows, who = _asked(people, release.plan.question)
    expected = people.query("age >= 40 and plan != 'c' and id == id")
    assert rows.tolist() == expected.index.tolist()
    assert pd.Series(who).groupby(expected["id"].to_numpy()).nunique().eq(1).all()
    assert len(set(who)) == expected["id"].nunique()


def test_a_release_that_is_none_of_rows_and_another_frame_are_told(people, tmp_path):
    project, release = drawn(people, tmp_path)
    with pytest.raises(pk.AttackError, match="attack_release"):
        people.privacy.dp_count(epsilon=0.1).attack(people)
    with pytest.raises(pk.ColumnNotFoundError, match="zip"):
        release.attack(people.drop(columns="zip"))
    with pytest.raises(pk.ColumnNotFoundError, match=r"by=\['groop'\]"):
        release.attack(people, by="groop")
    with pytest.raises(pk.AttackError, match="20 rows"):
        release.attack(people.head(40))
    assert project.spent.epsilon == pytest.approx(1.1)
