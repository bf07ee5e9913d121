"""A book of tables: what it costs, how it adds up and replays in a project, and what is refused."""

from __future__ import annotations

import itertools
import json
import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from chance import at_least
from dp_asking import WHO, ask
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.dp.measurement import draw, make_measurement
from privkit.dp.noise.noise import Gaussian
from privkit.dp.plan import make_plan
from privkit.dp.price import Price
from privkit.dp.question import Question
from privkit.dp.statistics.arranged import OTHER
from privkit.dp.statistics.books.residuals import Fit, summed_exactly
from privkit.dp.statistics.books.shapes import shapes_of
from privkit.dp.statistics.books.strategy import strategy
from privkit.dp.statistics.books.tables import Tables
from privkit.errors.disclosure import LevelsError, TablesError
from privkit.tally.books import table_counts
from privkit.values.bounds import ContributionBounds
from privkit.values.keys import public_keys
from privkit.values.loss import Measure
from privkit.values.unit import ROW, rows


def subsets(columns):
    return [part for size in range(columns + 1) for part in itertools.combinations(range(columns), size)]


# -- what it costs -----------------------------------------------------------------------------------------------------


LEVELS = (public_keys(["k"], ["b", "a"]), public_keys(["word"], ["w3", "w1", "w2"]))
ASKED = (("word", "k"), ("k",), ("word",), ())


def plan_of(laplace=False, bounds=None, unit=ROW, measure=None, **price):
    book = Tables.of(LEVELS, ASKED, laplace=laplace)
    question = ask(book) if bounds is None else Question(book, unit, bounds)
    return make_plan(question, measure or (Measure.PURE if laplace else Measure.ZERO_CONCENTRATED), Price(**price))


@pytest.mark.parametrize("most", [1, 3, 7])
@pytest.mark.parametrize("laplace", [True, False])
def test_the_loss_is_that_of_the_composition(laplace, most):
    """By closed formulas, table by table: R/b in ε, R²/2s² in ρ."""
    unit = ROW if most == 1 else rows(most)
    plan = plan_of(laplace, ContributionBounds(max_rows=most), unit, **({"epsilon": 0.7} if laplace else {"rho": 0.7}))
    layers = plan.noise.layers
    loss = sum(most / one.scale if laplace else most**2 / (2 * one.scale**2) for one in layers)
    assert loss == pytest.approx(0.7, rel=1e-9)
    stated = Fraction(make_measurement(plan).map(1))
    assert 0.7 * (1 - 1e-9) < stated <= Fraction("0.7")
    assert len(layers) == len(plan.question.asked.measured)


def test_in_epsilon_and_delta_the_composition_is_converted_once():
    import opendp.prelude as dp
    from opendp import measurements  # noqa: F401  # the oracle is OpenDP's own conversion of the summed ρ

    plan = plan_of(measure=Measure.APPROXIMATE, epsilon=1, delta=1e-6)
    rho = sum(1 / (2 * one.scale**2) for one in plan.noise.layers)
    dp.enable_features("contrib")
    alone = dp.m.make_gaussian(
        dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T="f64"), 1 / math.sqrt(2 * rho)
    )
    curve = dp.c.make_zCDP_to_approxDP(alone).map(1.0)
    assert curve.epsilon(1e-6) == pytest.approx(1, rel=1e-6)


@settings(max_examples=25, deadline=None)
@given(data=st.data(), most=st.integers(1, 3), salt=st.binary(min_size=16, max_size=16))
def test_a_person_moves_every_table_by_at_most_its_rows(data, most, salt):
    many = data.draw(st.integers(1, 14))
    cells = st.lists(st.sampled_from(["a", "b", "x", None]), min_size=many, max_size=many)
    frame = pd.DataFrame({"u": data.draw(cells), "v": data.draw(cells), "who": data.draw(cells)})
    levels = [public_keys(["u"], ["a", "b"]), public_keys(["v"], ["b", None])]
    tables = subsets(2)
    widths = [1, 3, 3, 9]

    def counted(rows):
        found = table_counts(rows, levels, tables, unit=WHO, bounds=ContributionBounds(max_rows=most), salt=salt)
        return np.split(found, np.cumsum(widths)[:-1])

    whole = counted(frame)
    assert len({table.sum() for table in whole}) == 1  # every row in one cell of every table
    kept = frame[frame["who"].notna()].groupby("who").size().clip(upper=most).sum() if many else 0
    assert whole[0].sum() == kept
    for person in frame["who"].dropna().unique():
        rest = counted(frame[frame["who"] != person].reset_index(drop=True))
        own = min(most, int((frame["who"] == person).sum()))
        for one, other in zip(whole, rest, strict=True):
            moved = one - other
            assert np.abs(moved).sum() == own <= most
            assert math.sqrt((moved**2).sum()) <= most


def test_the_counts_are_those_of_pandas():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"u": rng.choice(["a", "b", "c"], 500), "v": rng.integers(0, 4, 500)})
    levels = [public_keys(["u"], ["a", "c"]), public_keys(["v"], [3, 1])]
    told = frame.assign(u=frame["u"].where(frame["u"] != "b", "z"), v=frame["v"].map({3: 0, 1: 1}).fillna(2))
    exact = pd.crosstab(told["u"], told["v"]).to_numpy()
    found = table_counts(frame, levels, [(0, 1), (1,), ()])
    assert found.tolist() == [*exact.ravel(), *exact.sum(axis=0), 500]


# -- the law of the errors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("laplace", "price"), [(True, {"epsilon": 2}), (True, {"epsilon": 40}), (False, {"rho": 0.5}), (False, {"rho": 9})]
)
@pytest.mark.sample(0.5)
def test_intervals_of_real_releases_hold(laplace, price):
    """1,000 real draws, of which every cell of the book must hold what 95 % gives."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"k": rng.choice(["a", "b", "c"], 200), "word": rng.choice(["w1", "w2", "w3", "w4"], 200)})
    plan = plan_of(laplace, **price)
    book, measurement, many = plan.question.asked, make_measurement(plan), 1000
    exact = book.estimates(book.exact(frame, plan.question))["count"]
    hits = np.zeros(len(exact))
    for _ in range(many):
        lower, upper = book.limits(np.array(draw(measurement, frame)).reshape(1, -1), plan.noise, 0.05)["count"]
        hits += (lower <= exact) & (exact <= upper)
    assert at_least(hits.min(), many, 0.95), hits
    if plan.noise.layers[0].scale > 2:  # where the lattice is fine they are not much too wide
        assert hits.mean() / many <= 0.97


# -- a book in a project -----------------------------------------------------------------------------------------------


@pytest.fixture
def people():
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "who": rng.integers(0, 300, 1000),
            "sex": rng.choice(np.array(["f", "m", None], dtype=object), 1000),
            "city": rng.choice(["Bern", "Basel", "Chur"], 1000),
            "age": rng.integers(10, 90, 1000),
        }
    )


KEYS = {"sex": ["m", "f"], "city": ["Bern", "Basel"]}
BAND = {"derive": {"band": pk.cut("age", [18, 40, 65])}}
ALL_TWO = {"order": 2, "columns": ["sex", "city", "band"], "keys": KEYS, **BAND}


@pytest.fixture
def project(ledger_path):
    return pk.open_project("book", rho=10, unit=pk.ROW, store=ledger_path)


def test_every_table_adds_up_with_every_other(project, people):
    release = people.privacy.dp_tables(**ALL_TWO, rho=0.1)
    total = float(release.total().value)
    for one, other in itertools.permutations(["sex", "city", "band"], 2):
        both = release.table(one, other)["count"]
        assert both.index.names == [one, other]
        assert (both.groupby(one, sort=False).sum() == release.table(one)["count"]).all()
        assert both.sum() == total
        assert (both == release.table(other, one)["count"].swaplevel().reindex(both.index)).all()
    assert release.table("sex").index.tolist() == ["m", "f", OTHER]
    assert list(release.table("sex")) == ["count", "lower", "upper"]
    frame = release.to_frame()
    assert len(frame) == release.plan.question.cells == 3 + 3 + 3 + 9 + 9 + 9
    assert (frame.xs("sex × city")["count"].to_numpy() == release.table("sex", "city")["count"].to_numpy()).all()


def test_it_is_paid_once_and_replays_in_any_order_of_asking(project, people):
    first = people.privacy.dp_tables(**ALL_TWO, rho=0.1)
    assert project.spent.rho == Fraction("0.1")
    keys = {"city": ["Basel", "Bern"], "sex": ["f", "m"]}
    tables = [("band", "city"), ("sex", "city"), ("band",), "city", ("sex", "band"), ("sex",)]
    again = people.privacy.dp_tables(tables, keys=keys, **BAND, rho=0.1)
    assert again.replayed
    assert project.spent.rho == Fraction("0.1")
    mine, theirs = first.table("sex", "city"), again.table("sex", "city")
    assert theirs.index.tolist()[0] == ("f", "Basel")
    pd.testing.assert_frame_equal(mine.sort_index(), theirs.sort_index())
    record = project.account.entry(first.provenance.entry).question
    assert record["statistic"] == "tables"
    assert sum(Fraction(share) for _, share in record["measured"]) == 1
    assert "CANARY" not in json.dumps(record)
    other = people.assign(age=people["age"] + 1).privacy.dp_tables(**ALL_TWO, rho=0.1)
    assert not other.replayed


def test_the_plan_tells_each_table_beside_an_equal_split(project, people):
    plan = people.privacy.plan.dp_tables(**ALL_TWO, rho=0.1)
    told = plan.tables
    assert list(told) == ["cells", "accuracy", "split"]
    assert told["cells"].tolist() == [3, 3, 3, 9, 9, 9]
    assert (told["accuracy"] <= told["split"]).all()
    assert set(told["split"]) == {Gaussian(math.sqrt(6 / 0.2)).half_width()}
    assert plan.accuracy == told["accuracy"].max()
    assert "by an equal split" in repr(plan)
    assert "by an equal split" in plan._repr_html_()
    assert project.spent.rho == 0


def test_asking_by_accuracy_finds_the_least_price(project, people):
    plan = people.privacy.plan.dp_tables(**ALL_TWO, accuracy=12)
    assert plan.accuracy <= 12
    less = people.privacy.plan.dp_tables(**ALL_TWO, rho=plan.loss.main * Fraction("0.99"))
    assert less.accuracy > 12
    release = plan.release()
    frame = release.to_frame()
    assert ((frame["upper"] - frame["lower"]) / 2 <= 12 + 1e-6).all()


def test_importance_moves_accuracy(project, people):
    even = people.privacy.plan.dp_tables(**ALL_TWO, rho=0.1).tables["accuracy"]
    more = people.privacy.plan.dp_tables(**ALL_TWO, rho=0.1, importance={("city", "sex"): 9}).tables
    assert more.loc["sex × city", "accuracy"] < even["sex × city"]
    cells = people.privacy.plan.dp_tables(**ALL_TWO, rho=0.1, importance="cells").tables["accuracy"]
    assert cells["sex × city"] < even["sex × city"]
    assert cells["sex"] > even["sex"]
    assert (more["accuracy"] <= more["split"] + 1).all()


def test_sums_and_ratios_of_a_table_know_their_errors(project, people):
    release = people.privacy.dp_tables(**ALL_TWO, rho=1)
    sexes = release.total("sex")
    assert float((sexes - release.total("sex")).accuracy.max()) == 0
    summed = release.total(["sex", "city"])
    from privkit.dp.answers.postprocess import total

    again = total(summed, "sex")
    assert np.allclose(again.value, sexes.value)
    assert np.allclose(again.accuracy, sexes.accuracy, rtol=0.03)
    assert np.allclose(again.deviation, sexes.deviation)
    share = sexes / release.total()
    assert 0 < share.value["f"] < 1
    clipped = release.non_negative()
    assert (clipped.value >= 0).all()
    assert "too large on average" in " ".join(clipped.notes)


def test_persons_cost_their_rows(ledger_path, people):
    pk.open_project("persons", rho=10, unit="who", max_rows=3, store=ledger_path)
    three = people.privacy.plan.dp_tables(**ALL_TWO, rho=0.1)
    grouped = people.privacy.plan.dp_tables(**ALL_TWO, rho=0.1, max_groups=3, per_group=2)
    pk.open_project("rows", rho=10, unit=pk.ROW, store=ledger_path)
    one = people.privacy.plan.dp_tables(**ALL_TWO, rho=0.1)
    assert three.scale == pytest.approx(3 * one.scale)
    assert grouped.scale == pytest.approx(6 * one.scale)  # not √3 · 2: rows of three groups may share a margin's cell
    assert grouped.question.bounds == ContributionBounds(max_rows=6)
    release = three.release()
    assert release.total().value <= 900 + 60


def test_groups_that_were_found_are_levels(ledger_path, people):
    pk.open_project("found", epsilon=10, delta=1e-3, unit=pk.ROW, store=ledger_path)
    found = people.privacy.dp_count("city", epsilon=2, delta=1e-5)
    release = people.privacy.dp_tables([("city", "sex")], keys={"sex": ["f", "m"], "city": found}, epsilon=2)
    assert release.table("city").index.tolist() == [*found.value.index, OTHER]
    assert "released as entry" in " ".join(release.provenance.public)


def test_where_delta_is_given_the_better_noise_is_taken(ledger_path, people):
    pk.open_project("both", epsilon=10, delta=1e-3, unit=pk.ROW, store=ledger_path)
    few = people.privacy.plan.dp_tables(**ALL_TWO, epsilon=1, delta=1e-4)
    assert (few.mechanism, few.loss.delta) == ("discrete Laplace", 0)  # of few tables
    bands = {f"band{place}": pk.cut("age", [18, 20 + place, 65]) for place in range(6)}
    many = {"order": 2, "columns": [*bands], "derive": bands}
    pure = people.privacy.plan.dp_tables(**many, epsilon=1)
    mixed = people.privacy.plan.dp_tables(**many, epsilon=1, delta=1e-4)
    assert (mixed.mechanism, mixed.loss.delta) == ("discrete Gaussian", Fraction("1e-4"))
    assert mixed.accuracy < pure.accuracy
    named = people.privacy.plan.dp_tables(**many, epsilon=1, delta=1e-4, mechanism="laplace")
    assert (named.mechanism, named.loss.delta) == ("discrete Laplace", 0)


BAD = [
    ({"tables": []}, TablesError, "an empty list"),
    ({"tables": [()]}, TablesError, "without a column"),
    ({"tables": "sex"}, TablesError, "as a str"),
    ({"tables": [3]}, TablesError, "with an int"),
    ({"tables": [("sex", "sex")]}, TablesError, "the column 'sex' in a table twice"),
    ({"tables": [("sex", "city"), ("city", "sex")]}, TablesError, "twice"),
    ({"tables": [("sex",)], "order": 2}, TablesError, "beside order="),
    ({}, TablesError, "as None"),
    ({"order": 2}, TablesError, "as None"),
    ({"order": 0, "columns": ["sex"]}, TablesError, "order=0"),
    ({"order": 3, "columns": ["sex", "city"]}, TablesError, "order=3"),
    ({"order": True, "columns": ["sex"]}, TablesError, "order="),
    ({"order": 1, "columns": "sex"}, TablesError, "columns as a str"),
    ({"order": 1, "columns": ["sex", "sex"]}, TablesError, "the column 'sex' twice"),
    ({"tables": [("sex",)], "importance": {("city",): 2}}, TablesError, "not asked for"),
    ({"tables": [("sex",)], "importance": 3}, TablesError, "as an int"),
    ({"tables": [("sex",)], "importance": {"sex": 0}}, pk.ParameterError, "importance"),
    ({"tables": [("sex",)], "of": "persons"}, TablesError, "do not add up"),
    ({"tables": [("sex", "age")], "keys": {"sex": ["f"], "age": [*range(10**6)]}}, TablesError, "cells together"),
    ({"tables": [("sex", "age")]}, LevelsError, "needs keys= for 'age'"),
    ({"tables": [("sex",)], "keys": KEYS}, LevelsError, "keys for 'city'"),
    ({"tables": [("sex",)], "keys": {"sex": ["f", OTHER]}}, LevelsError, "stands for all other values"),
    ({"tables": [("sex",)], "keys": {"sex": ["f", "f"]}}, pk.KeysError, "doubled"),
    ({"tables": [("sex",)], "keys": {"sex": pd.Series(["f"])}}, pk.NotPublicError, "keys"),
    ({"tables": [("age",)], "keys": {"age": ["f"]}}, pk.KeysError, "'age' of type"),
    ({"tables": [("nobody",)], "keys": {"nobody": ["f"]}}, pk.ColumnNotFoundError, "nobody"),
]


@pytest.mark.parametrize(("asked", "kind", "words"), BAD)
def test_bad_input_is_told_and_costs_nothing(project, people, asked, kind, words):
    keys = {"keys": {name: KEYS[name] for name in ("sex", "city") if name in str(asked.get("tables"))}}
    with pytest.raises(kind, match=words) as error:
        people.privacy.dp_tables(**{"rho": 0.1, **keys, **asked})
    assert "No budget was spent" in str(error.value)
    assert project.spent.rho == 0
    assert len(project.ledger) == 0


def test_a_total_beside_other_tables_asks_nothing_more(project, people):
    """It comes with any other table, so that both ways of asking are one question, and one charge."""
    alone = people.privacy.dp_tables([("sex",)], keys={"sex": KEYS["sex"]}, rho=0.1)
    beside = people.privacy.dp_tables([(), ("sex",)], keys={"sex": KEYS["sex"]}, rho=0.1)
    assert (beside.replayed, project.spent.main) == (True, Fraction(1, 10))
    assert beside.total().value == alone.total().value
    assert beside.to_frame().equals(alone.to_frame())
    named = people.privacy.plan.dp_tables([("sex",), ()], keys={"sex": KEYS["sex"]}, importance={(): 9}, rho=0.1)
    assert named.tables.index.tolist() == ["sex", "total"]
    assert named.tables["accuracy"]["total"] < named.tables["accuracy"]["sex"]


def test_a_table_that_is_not_held_is_refused(project, people):
    release = people.privacy.dp_tables([("sex", "city")], keys=KEYS, rho=0.1)
    for names in (("age",), ("sex", "sex"), ("sex", "city", "age")):
        with pytest.raises(TablesError, match="the release holds sex × city"):
            release.table(*names)
    with pytest.raises(pk.ParameterError):
        release.table("sex", level=2)


def test_a_crosstab_has_tables_too(project, people):
    release = people.privacy.dp_crosstab("sex", "city", keys=KEYS, rho=0.5)
    margin = release.table("sex")
    assert margin["count"].tolist() == release.value.groupby("sex", sort=False).sum().tolist()


def test_many_cells_are_planned_and_fitted_fast():
    """No clock: the work is counted. A book of 300,000 cells is some 130 tables, each fitted by sums along axes."""
    sizes = tuple(n + 1 for n in (9, 16, 7, 14, 6, 5, 2, 41, 2))
    tables = tuple(part for size in (1, 2, 3) for part in itertools.combinations(range(9), size))
    shapes = shapes_of(sizes, tables)
    measured, shares = strategy(shapes, (Fraction(1),) * len(tables), squared=False)
    fit = Fit(shapes, measured, tuple(float(1 / share) for share in shares))
    assert fit.width > 100_000
    found, _ = summed_exactly(fit, np.random.default_rng(0).integers(0, 99, fit.width).astype(float))
    assert all(table.sum() == found[()] for table in found.values())
