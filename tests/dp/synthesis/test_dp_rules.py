"""What the owner states of every row: no drawn row breaks it; what cannot be is refused before anything is spent."""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pandas as pd
import pytest
from chance import spreads_as

import privkit as pk
from privkit.dp.noise.weighted import variance
from privkit.dp.recorded import recorded_statistic
from privkit.dp.synthesis.kept import Kept
from privkit.errors import ColumnNotFoundError
from privkit.errors.expression import ExpressionError
from privkit.errors.synthetic import RulesError, SyntheticError

RNG = np.random.default_rng(7)
N = 1500
CITY = RNG.choice(["Bern", "Basel", "Lyon", "Nice"], N, p=[0.4, 0.3, 0.2, 0.1])
AGE = RNG.integers(18, 90, N)
MARRIED = np.where((AGE >= 25) & (RNG.random(N) < 0.5), "yes", "no")
PEOPLE = pd.DataFrame(
    {
        "city": CITY,
        "country": pd.Series(CITY).map({"Bern": "CH", "Basel": "CH", "Lyon": "FR", "Nice": "FR"}),
        "age": AGE,
        "married": MARRIED,
        "kids": np.where(MARRIED == "yes", RNG.integers(0, 3, N), 0),
        "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(RNG.integers(0, 700, N), unit="D"),
        "weight": RNG.random(N) * 50 + 50,
    }
)
KEYS = {
    "city": ["Bern", "Basel", "Lyon", "Nice"],
    "country": ["CH", "FR", "IT"],
    "married": ["yes", "no"],
    "kids": [0, 1, 2],
}
CUTS = {
    "age": [0, 18, 25, 65, 120],
    "since": ["2019-01-01", "2020-01-01", "2021-01-01", "2022-01-01"],
    "weight": [0.0, 50.0, 75.0, 100.0],
}


@pytest.fixture
def project(ledger_path):
    return pk.open_project("rules", epsilon=1000, delta=1e-3, unit=pk.ROW, store=ledger_path, ceiling=100)


def ask(project, constraints, *, columns=("city", "country", "age", "married", "kids"), epsilon=1, **more):
    keys = {name: values for name, values in KEYS.items() if name in columns}
    cuts = {name: values for name, values in CUTS.items() if name in columns}
    own = {"keys": keys, "cuts": cuts, "epsilon": epsilon, "project": project, "constraints": constraints}
    return pk.dp_synthetic(PEOPLE, list(columns), **{**own, **more})


ALL = ["age >= 18", "not (age < 25 and married == 'yes')", "married == 'yes' or kids == 0", "city -> country"]


@pytest.mark.parametrize("epsilon", [0.01, 0.5, 20])
def test_no_row_breaks_a_rule_however_loud_the_noise(project, epsilon):
    made = ask(project, ALL, epsilon=epsilon, rows=3000).frame
    assert (made["age"] >= 18).all()
    assert not ((made["age"] < 25) & (made["married"] == "yes")).any()
    assert not ((made["married"] == "no") & (made["kids"] > 0)).any()
    known = made.dropna(subset=["city"])
    assert (known.groupby("city")["country"].nunique(dropna=False) == 1).all()


def test_without_rules_noise_breaks_them(project):
    """The test above has power."""
    broken = set()
    for _ in range(100):  # the rarest is in every third, and mostly a few do
        if len(broken) == 4:
            break
        made = ask(project, None, epsilon=0.05, rows=3000, again=True).frame
        each = {
            "age": (made["age"] < 18).any(),
            "married": ((made["age"] < 25) & (made["married"] == "yes")).any(),
            "kids": ((made["married"] == "no") & (made["kids"] > 0)).any(),
            "city": (made.dropna(subset=["city"]).groupby("city")["country"].nunique(dropna=False) > 1).any(),
        }
        broken |= {name for name, found in each.items() if found}
    assert broken == {"age", "married", "kids", "city"}


def test_with_little_noise_each_city_has_its_country_and_the_rest_is_kept(project):
    made = ask(project, ALL, epsilon=50).frame
    real = PEOPLE.drop_duplicates("city").set_index("city")["country"].to_dict()
    assert made.dropna().drop_duplicates("city").set_index("city")["country"].to_dict() == real
    assert made["married"].eq("yes").mean() == pytest.approx(PEOPLE["married"].eq("yes").mean(), abs=0.05)
    assert made["country"].eq("CH").mean() == pytest.approx(PEOPLE["country"].eq("CH").mean(), abs=0.05)


@pytest.mark.parametrize(
    ("columns", "rule", "holds"),
    [
        (("city", "since"), "since >= '2020-01-01'", lambda f: f["since"].dropna().min() >= pd.Timestamp("2020-01-01")),
        (("city", "weight"), "weight >= 50", lambda f: f["weight"].dropna().min() >= 50),
        (("city", "weight"), "weight < 75 or city == 'Bern'",
         lambda f: f.dropna()[f.dropna()["weight"] >= 75]["city"].eq("Bern").all()),
        (("city", "kids"), "kids in [0, 2]", lambda f: set(f["kids"]) <= {0, 2}),
        (("city", "kids"), "city is not missing", lambda f: f["city"].notna().all()),
        (("city", "country"), "city != 'Bern' or country == 'CH'",
         lambda f: set(f[f["city"] == "Bern"]["country"].dropna()) <= {"CH"}),
        (("kids", "married"), "kids * 2 < 4", lambda f: (f["kids"] < 2).all()),
    ],
)  # fmt: skip
def test_conditions_of_every_kind_of_column_hold(project, columns, rule, holds):
    made = ask(project, [rule], columns=columns, epsilon=0.05, rows=2000).frame
    assert len(made) == 2000
    assert holds(made)


@pytest.mark.parametrize(
    "kind", ["int64", "Int64", "uint8", "float64", "object", "category", "bool", "boolean", "zoned"]
)
def test_every_type_can_be_spoken_of(project, kind):
    keys: dict = {"z": ["p", "q"]}
    plain = pd.Series([1, 2] * 60)
    rule = "x == 1 or z == 'p'"
    if kind in ("object", "category"):
        column, keys["x"], rule = pd.Series(["a", "b"] * 60, dtype=kind), ["a", "b"], "x == 'a' or z == 'p'"
    elif kind in ("bool", "boolean"):
        column, keys["x"], rule = pd.Series([True, False] * 60, dtype=kind), [True, False], "x or z == 'p'"
    elif kind == "zoned":
        column = pd.Series(pd.to_datetime(["2026-01-05", "2026-02-07"] * 60)).dt.tz_localize("Europe/Zurich")
        rule = "x < '2026-02-01T00:00:00+01:00' or z == 'p'"
    else:
        column, keys["x"] = plain.astype(kind), [1, 2]
    cuts = {"x": ["2026-01-01", "2026-02-01", "2026-03-01"]} if kind == "zoned" else {}
    frame = pd.DataFrame({"z": ["p", "q"] * 60, "x": column})
    made = pk.dp_synthetic(
        frame, ["z", "x"], keys=keys, cuts=cuts, constraints=[rule], epsilon=0.1, rows=400, project=project
    ).frame
    other = made[(made["z"] == "q") & made["x"].notna()]["x"]
    allowed = {"object": {"a"}, "category": {"a"}, "bool": {True}, "boolean": {True}}.get(kind, {1})
    assert (other.dt.month.eq(1).all()) if kind == "zoned" else set(other) <= allowed


# -- what is asked, and what is told -----------------------------------------------------------------------------------


def test_rules_are_part_of_the_question_and_come_back_from_the_ledger(project):
    plain, ruled = ask(project, None), ask(project, ALL)
    assert not ruled.replayed
    assert plain.plan.question.canonical() != ruled.plan.question.canonical()
    assert "rules" not in plain.plan.question.canonical()  # asked before there were any: it replays
    assert ask(project, ALL).replayed
    assert ask(project, ["18 <= age", *ALL[1:]]).replayed  # the same, said otherwise
    record = json.loads(json.dumps(ruled.plan.question.canonical()))
    assert recorded_statistic(record).rules == ruled.plan.question.asked.rules
    told = str(ruled)
    assert "no row breaks what the owner states: (age >= 18)" in told
    assert "'city' decides 'country'" in told


def test_the_table_of_a_dependency_is_measured_first_and_the_loss_stays(project):
    release = ask(project, ["city -> country"])
    assert ("city", "country") in release.plan.question.asked.asked
    assert release.plan.loss.main == 1
    assert release.table("city", "country").shape == (20, 3)


REFUSED = {
    "a bin that is cut through": (RulesError, "some values of a bin", ["age >= 20"]),
    "a date that cuts a bin": (RulesError, "some values of a bin", ["since > '2020-06-01'"]),
    "a number that cuts a bin": (RulesError, "some values of a bin", ["weight > 50"]),
    "contradictions": (RulesError, "no row can be", ["age >= 18", "age < 18"]),
    "contradictions over two columns": (RulesError, "no row can be",
        ["married == 'yes'", "married is not missing", "not (married == 'yes' and kids >= 0)"]),
    "against the keys": (RulesError, "no row can be", ["age > 200"]),
    "a slip in a key": (RulesError, "no key of 'city'", ["city == 'bern'"]),
    "no value but a missing one": (RulesError, "no key of 'city'", ["city == 'Bern'", "city != 'Bern'"]),
    "an edge that lacks": (RulesError, "at or just above 20", ["age >= 20"]),
    "a circle": (RulesError, "circle", ["city -> country", "country -> city"]),
    "itself": (RulesError, "circle", ["city -> city"]),
    "a column that is none": (RulesError, "'nope'", ["nope > 3"]),
    "a dependency on none": (RulesError, "'nope'", ["city -> nope"]),
    "no truth": (RulesError, "true or false", ["age"]),
    "no statement": (RulesError, "a list with an int", [3]),
    "no list": (RulesError, "it must be a list", {"age": 3}),
    "a type that does not fit": (ExpressionError, "age", ["age == 'old'"]),
    "no expression": (ExpressionError, "constraints", ["age >>> 3"]),
    "bins by a remainder": (RulesError, "some values of a bin", ["age % 2 == 0"]),
    "floats by arithmetic": (RulesError, "does more with 'weight'", ["weight * 2 > 100"]),
    "a test of a bin with the wrong column": ((RulesError, ColumnNotFoundError), "zip", ["zip == '8001'"]),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_and_nothing_is_spent(project, name):
    error, words, rules = REFUSED[name]
    with pytest.raises(error) as caught:
        ask(project, rules, columns=(*KEYS, *CUTS))
    told = str(caught.value)
    assert words in told, told
    assert told.endswith("No budget was spent."), told
    assert project.spent.main == 0


@pytest.mark.parametrize("keys", [[0, 300], [0, 1.5], [-1, 0]])
def test_keys_that_a_type_does_not_hold_are_refused_for_rows_have_the_types_of_the_frame(project, keys):
    frame = PEOPLE.astype({"kids": "uint8"})
    asked = {"epsilon": 1, "project": project}
    with pytest.raises(SyntheticError, match="no whole numbers that its type, uint8, holds"):
        pk.dp_synthetic(frame, ["kids", "married"], keys={"kids": keys, "married": ["yes", "no"]}, **asked)
    assert project.spent.main == 0
    made = pk.dp_synthetic(frame, ["kids", "married"], keys={"kids": [0, 1, 2.0], "married": ["yes", "no"]}, **asked)
    assert made.frame["kids"].dtype == "uint8"


def test_no_rounds_are_told_as_such(project):
    assert "further pairs are measured, as was asked" in str(ask(project, None, rounds=0).plan)


def test_too_much_that_is_tied_together_is_refused(project):
    names = [f"c{place}" for place in range(8)]
    frame = pd.DataFrame({name: [1, 2] for name in names})
    rules = [f"{one} <= {other}" for one, other in itertools.pairwise(names)]
    keys = {name: list(range(9)) for name in names}
    with pytest.raises(RulesError, match="tie together"):
        pk.dp_synthetic(frame, names, keys=keys, constraints=rules, epsilon=1, project=project)
    assert project.spent.main == 0


@pytest.mark.parametrize("rows", [1, 0])
def test_frames_of_no_or_one_row_give_rows_that_obey(project, rows):
    frame = PEOPLE.head(rows)
    release = pk.dp_synthetic(
        frame, ["city", "country", "kids"], keys={name: KEYS[name] for name in ("city", "country", "kids")},
        constraints=["city -> country", "kids == 0"], epsilon=1, rows=50, project=project,
    )  # fmt: skip
    assert (release.frame["kids"] == 0).all()


# -- bins without an end -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int64", "float64", "uint8", "Int64"])
def test_a_bin_without_an_end_is_filled_as_wide_as_the_one_beside_it(project, dtype):
    frame = pd.DataFrame({"a": ["x", "y"] * 200, "v": pd.Series([1, 12, 55, 250] * 100).astype(dtype)})
    cuts = {"v": [-math.inf, 10, 20, 40, math.inf]}
    release = pk.dp_synthetic(
        frame, ["a", "v"], keys={"a": ["x", "y"]}, cuts=cuts, epsilon=50, rows=800, project=project
    )
    made = release.frame["v"].dropna().astype(float)
    assert made.between(0, 60, inclusive="left").all()
    assert (made < 10).mean() == pytest.approx(0.25, abs=0.05)
    assert (made >= 40).mean() == pytest.approx(0.5, abs=0.05)
    assert str(release.frame["v"].dtype) == dtype


def test_an_open_bin_of_whole_numbers_ends_where_the_type_does(project):
    frame = pd.DataFrame({"a": ["x", "y"] * 50, "v": pd.Series([1, 250] * 50, dtype="uint8")})
    cuts = {"v": [-math.inf, 100, 220, math.inf]}
    made = pk.dp_synthetic(
        frame, ["a", "v"], keys={"a": ["x", "y"]}, cuts=cuts, epsilon=20, rows=900, project=project
    ).frame
    assert made["v"].dtype == "uint8"
    assert (made["v"] >= 220).any()


# -- held-out tables ---------------------------------------------------------------------------------------------------


def test_held_out_tables_are_paid_never_fitted_and_told(project):
    release = ask(project, None, held_out=0.2, epsilon=5)
    off = release.distances
    assert off["held_out"].sum() == 5
    assert release.plan.loss.main == 5
    assert project.spent.main == 5
    assert "to which they were not fitted" in str(release)
    assert ask(project, None, held_out=0.2, epsilon=5).distances.equals(off)
    assert not ask(project, None, held_out=0.3, epsilon=5).replayed
    without = ask(project, None, epsilon=5)
    assert without.plan.noise.scale < release.plan.noise.scale  # what they cost is taken from the rest
    assert not without.distances["held_out"].any()


def test_held_out_tables_are_measured_with_what_the_plan_says(project):
    """The spread of what is held out about the exact tables is that of the stated noise."""
    levels = list(range(30))
    people = pd.DataFrame({name: (np.arange(900) * step) % 30 for name, step in (("a", 1), ("b", 7), ("c", 11))})
    release = pk.dp_synthetic(
        people, ["a", "b", "c"], keys=dict.fromkeys("abc", levels), held_out=0.5, epsilon=0.5, rounds=0, project=project
    )
    asked, noise = release.plan.question.asked, release.plan.noise
    held = Kept.read(asked, release.drawn.reshape(-1)).held(asked, noise)
    assert [one.axes for one in held] == list(asked.held_tables)
    cells = np.concatenate([one.cells for one in held])
    every = [*asked.tables, *asked.pairs]
    counts = asked._counts(release.plan.question.rows(people), release.plan.question)
    errors = cells - np.concatenate([counts[every.index(axes)] for axes in asked.held_tables])
    assert {one.variance for one in held} == {variance(noise.apart)}
    assert errors.size > 900
    assert spreads_as(errors, noise.apart)
    assert not spreads_as(errors, type(noise.apart)(noise.apart.scale * 0.7))  # the test has power


@pytest.mark.parametrize("share", [0, 1, -0.1, "much", math.nan])
def test_a_share_that_is_none_is_refused(project, share):
    with pytest.raises(pk.ParameterError) as caught:
        ask(project, None, held_out=share)
    assert str(caught.value).endswith("No budget was spent.")
    assert project.spent.main == 0


# -- progress ----------------------------------------------------------------------------------------------------------


def test_progress_is_no_part_of_the_question_and_shows_rounds(project, monkeypatch, capsys):
    monkeypatch.setattr("privkit.progress.PATIENCE", 0.0)
    release = ask(project, None, progress=True, rounds=3)
    told = capsys.readouterr().err
    assert "dp_synthetic" in told
    assert "3/3" in told
    assert ask(project, None, rounds=3).replayed
    assert release.plan.question.asked == ask(project, None, rounds=3).plan.question.asked
    with pytest.raises(pk.ParameterError, match="progress"):
        ask(project, None, progress="yes")
