"""Books of very many tables: their work is counted, and what makes them quick changes no figure. No clock."""

import itertools
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from dp_asking import ask

import privkit as pk
from privkit.dp.noise import rounds
from privkit.dp.noise.noise import ALPHA, Laplace, costs_at_most, in_measure
from privkit.dp.noise.rounds import RAISED, composed
from privkit.dp.noise.weighted import alike, counted_quantile
from privkit.dp.plan import make_plan
from privkit.dp.price import Price
from privkit.dp.statistics.books import residuals, strategy
from privkit.dp.statistics.books.residuals import Fit
from privkit.dp.statistics.books.shapes import shapes_of
from privkit.dp.statistics.books.tables import Tables
from privkit.errors.disclosure import TablesError
from privkit.project.dp import tables as asked_tables
from privkit.values.keys import public_keys
from privkit.values.loss import Measure

PRICES = {
    "ε": (Measure.PURE, {"epsilon": 1}),
    "ρ": (Measure.ZERO_CONCENTRATED, {"rho": 1}),
    "δ": (Measure.APPROXIMATE, {"epsilon": 1, "delta": Fraction("1e-6")}),
}


def names_of(columns):
    return [f"c{place:02d}" for place in range(columns)]


def book_of(columns, *, laplace=False, spread=1, order=2):
    """All tables of one to `order` columns; with a `spread`, columns have that many numbers of levels."""
    names = names_of(columns)
    levels = tuple(public_keys([name], list("abcdefgh")[: 2 + place % spread]) for place, name in enumerate(names))
    sets = tuple(part for size in range(1, order + 1) for part in itertools.combinations(names, size))
    return Tables.of(levels, sets, laplace=laplace)


def plan_of(book, kind="ρ", **price):
    measure, loss = PRICES[kind]
    return make_plan(ask(book), measure, Price(**(price or loss)))


def counting(monkeypatch, room, name):
    """Let every call of a function of a module be counted."""
    calls, found = [], getattr(room, name)
    monkeypatch.setattr(room, name, lambda *given: calls.append(given) or found(*given))
    return calls


@pytest.mark.parametrize("kind", PRICES)
def test_the_noise_is_the_least_that_opendp_allows_and_is_found_with_few_questions(monkeypatch, kind):
    book = book_of(20, laplace=kind == "ε", spread=5)
    calls = counting(monkeypatch, rounds, "composed")
    plan = plan_of(book, kind)
    assert len(calls) <= 12
    # One raise after the other, from the scale before any: as long as OpenDP states more than the price.
    noise = type(plan.noise).near_loss(plan.question.sensitivity, plan.loss, shares=book.shares)
    raised = 0
    while True:
        whole = in_measure(composed([layer.measurement() for layer in noise.layers]), plan.loss)
        if costs_at_most(whole.map(noise.distance(plan.question.sensitivity)), plan.loss):
            break
        noise, raised = type(noise)(noise.scale * RAISED, noise.shares), raised + 1
    assert noise.scale == plan.noise.scale
    assert raised > len(calls) or kind != "ε"


def test_tables_that_are_alike_have_one_law():
    """Of hundreds of tables of columns that are alike a dozen sums are inverted, each of a few kinds of terms."""
    plan = plan_of(book_of(30))
    before = strategy._of_one_law.cache_info().misses
    width = plan.accuracy
    assert strategy._of_one_law.cache_info().misses - before <= 12
    fit = plan.question.asked.fit
    assert max(len(fit.terms(axes)[0]) for axes in fit.shapes.tables[::50]) <= 30  # of 465 measured tables
    assert width == max(plan.question.asked.reached(axes, plan.noise, ALPHA) for axes in fit.shapes.tables)


@pytest.mark.parametrize("kind", ["ε", "ρ"])
@pytest.mark.parametrize("spread", [1, 4])
def test_the_half_width_is_that_of_the_widest_table(kind, spread):
    for order, columns, size in ((1, 5, 1), (2, 5, 0.01), (2, 4, 5), (3, 4, 1)):
        book = book_of(columns, laplace=kind == "ε", spread=spread, order=order)
        plan = plan_of(book, kind, **{"epsilon" if kind == "ε" else "rho": size})
        assert plan.accuracy == max(one.accuracy for one in book.compared(plan.noise, ALPHA))
        assert book.least_width(plan.noise, ALPHA, None) <= plan.accuracy


@pytest.mark.parametrize("kind", ["ε", "ρ"])
def test_a_price_by_accuracy_is_the_least_and_looks_at_all_tables_once_or_twice(monkeypatch, kind):
    book = book_of(12, laplace=kind == "ε", spread=4)
    calls = counting(monkeypatch, strategy, "_widest")
    plan = plan_of(book, kind, accuracy=50)
    assert len({given[1] for given in calls}) <= 2
    assert plan.accuracy <= 50
    step = Fraction(10) ** (len(str(int(plan.loss.main * 10**9))) - 4 - 9)  # of four digits
    assert plan.repriced(plan.loss.main - step).accuracy > 50


def test_a_price_by_accuracy_goes_on_where_another_table_is_the_widest(monkeypatch):
    """What the search begins with is a floor: where it misleads, the price is still the least that does."""
    book = book_of(4, laplace=True, spread=4)
    expected = plan_of(book, "ε", accuracy=50).loss
    monkeypatch.setattr(Tables, "least_width", lambda self, noise, alpha, rows: self.half_width(noise, alpha, rows) / 2)
    assert plan_of(book, "ε", accuracy=50).loss == expected


def test_of_two_kinds_of_noise_the_more_accurate_one_is_planned(ledger_path, monkeypatch):
    frame = pd.DataFrame({name: list("abc") * 4 for name in names_of(8)})
    keys = {name: list("abc") for name in frame}
    pk.open_project("kinds", epsilon=10, delta=1e-3, unit=pk.ROW, store=ledger_path)

    def planned(many, **noise):
        book = {"order": min(2, many), "columns": names_of(many), "epsilon": 0.5, "delta": 1e-6}
        book["keys"] = {name: keys[name] for name in book["columns"]}
        return frame.privacy.plan.dp_tables(**book, **noise)

    for many in (1, 8):  # one table is better by Laplace noise, many by the other
        each = [planned(many, mechanism=name) for name in ("laplace", "gaussian")]
        assert planned(many).mechanism == min(each, key=lambda plan: plan.accuracy).mechanism
    assert planned(1).mechanism != planned(8).mechanism
    whole = counting(monkeypatch, strategy, "_widest")
    planned(8)
    assert len({noise for _, noise, _ in whole}) == 1  # what is surely worse is not reckoned in full


def test_noise_that_a_book_cannot_have_is_refused_in_words(ledger_path):
    """It was an IndexError: no noise was left to be named."""
    frame = pd.DataFrame({"a": ["x"], "b": ["y"]})
    asked = {"keys": {"a": ["x"], "b": ["y"]}, "epsilon": 0.5}
    calls = (lambda **more: frame.privacy.plan.dp_tables([("a", "b")], **asked, **more),
             lambda **more: frame.privacy.plan.dp_synthetic(["a", "b"], **asked, **more))  # fmt: skip
    for kind, measure in {"with": {"delta": 1e-3}, "pure": {}}.items():
        pk.open_project(kind, epsilon=10, **measure, unit=pk.ROW, store=ledger_path)
        for call in calls:
            with pytest.raises(pk.errors.dp.MechanismError, match="one of 'laplace'") as caught:
                call(mechanism="gaussian")
            assert ("give delta=" in str(caught.value)) is (kind == "with")
            assert call(mechanism="LAPLACE").mechanism == "discrete Laplace"
            if kind == "with":
                assert call(mechanism="Gaussian", delta=1e-6).mechanism == "discrete Gaussian"


def test_shares_do_not_hang_on_the_roundings_of_a_machine(monkeypatch):
    """Sums in another order differ in the last digits: they decided which of tables that are alike got a grain more."""
    sets = tuple(part for size in (1, 2) for part in itertools.combinations(range(20), size))
    rng, shapes, importance = np.random.default_rng(1), shapes_of((4,) * 20, sets), (Fraction(1),) * len(sets)
    plain = [strategy.strategy(shapes, importance, squared=squared) for squared in (False, True)]
    exact = strategy._rounded
    jitter = lambda shares, least: exact(shares * (1 + 1e-14 * rng.normal(size=len(shares))), least)  # noqa: E731
    monkeypatch.setattr(strategy, "_rounded", jitter)
    for _ in range(5):
        strategy.strategy.cache_clear()
        assert [strategy.strategy(shapes, importance, squared=squared) for squared in (False, True)] == plain
    assert len(set(plain[0][1])) <= 4  # tables that are alike differ by a grain at most


def test_weights_that_differ_by_roundings_are_one_kind_and_the_law_stays():
    rng = np.random.default_rng(2)
    which, sizes = rng.integers(0, 2, 400), rng.choice([1.0, 0.3, 0.01], 400) * (1 + 1e-15 * rng.normal(size=400))
    counts = rng.integers(1, 5, 400).astype(float)
    merged = alike(which, sizes, counts)
    assert len(merged[0]) == 6
    assert merged[2].sum() == counts.sum()
    noises = [Laplace(2.0), Laplace(7.0)]
    assert counted_quantile(noises, *merged, 0.05) == pytest.approx(
        counted_quantile(noises, which, sizes, counts, 0.05), rel=1e-7
    )
    assert [len(each) for each in alike(which[:0], sizes[:0], counts[:0])] == [0, 0, 0]


def test_terms_of_a_table_of_many_columns_are_those_of_the_matrix():
    sizes, tables = (2, 3, 1, 2, 2), ((0, 1, 2, 3, 4), (0, 1), (2,), (3, 4))
    fit = Fit(shapes_of(sizes, tables), tables, (1.0, 2.0, 2.0, 0.5))
    for axes in tables:
        row = np.abs(fit.matrix(axes)[-1])
        which, each, counts = fit.terms(axes)
        for place, span in enumerate(fit.spans):
            if fit.variance.index(fit.variance[place]) != place:
                continue  # told with the first one of the same noise
            same = [s for s, v in zip(fit.spans, fit.variance, strict=True) if v == fit.variance[place]]
            mine = np.sort(np.concatenate([row[one] for one in same]))
            theirs = np.sort(np.repeat(each[which == place], counts[which == place].astype(int)))
            assert np.allclose(mine[mine > 1e-12], theirs, rtol=1e-11), span


def test_fits_of_very_many_tables_keep_few_terms(monkeypatch):
    monkeypatch.setattr(residuals, "_KEPT", 10)
    fit = plan_of(book_of(5)).question.asked.fit
    fit.__dict__.pop("_terms", None)
    for axes in fit.shapes.tables:
        fit.known_terms(axes)
        assert list(fit._terms) == [axes]


@pytest.fixture
def wide(ledger_path):
    frame = pd.DataFrame({name: list("abc") * 10 for name in names_of(16)})
    pk.open_project("wide", rho=10, unit=pk.ROW, store=ledger_path)
    return frame, {"order": 2, "columns": names_of(16), "keys": {name: list("abc") for name in frame}, "rho": 0.1}


def test_views_reckon_the_tables_that_they_show(wide, monkeypatch):
    frame, book = wide
    plan = frame.privacy.plan.dp_tables(**book)
    told = []
    of_one = Tables.reached
    monkeypatch.setattr(Tables, "reached", lambda *given: told.append(given[1]) or of_one(*given))
    text = repr(plan)
    assert "124 more: .tables" in text
    assert len(set(told)) <= 12
    assert len(plan.tables) == 136
    assert len(set(told)) == 136


def test_a_table_of_a_release_is_had_without_the_list_of_all(wide, monkeypatch):
    frame, book = wide
    release = frame.privacy.dp_tables(**book)
    expected = release.estimate().total("c00", "c01").to_frame()

    def listed(*given):
        raise AssertionError("all cells were listed")

    monkeypatch.setattr(type(release), "estimate", listed)
    assert release.total("c00", "c01").to_frame().equals(expected)
    assert release.total(["c00", "c01"]).to_frame().equals(expected)
    assert release.total(by=["c00", "c01"]).to_frame().equals(expected)
    assert release.table("c00", "c01").equals(expected)
    assert "more: .to_frame()" in repr(release)


def test_what_would_not_be_planned_in_minutes_is_refused_before_anything_is_spent(ledger_path, monkeypatch):
    names = names_of(12)
    frame, keys = pd.DataFrame({name: ["a"] for name in names}), {name: ["a"] for name in names}
    project = pk.open_project("deep", rho=1, unit=pk.ROW, store=ledger_path)
    monkeypatch.setattr(asked_tables.Tables, "of", lambda *given, **more: pytest.fail("it was planned"))
    with pytest.raises(TablesError, match=r"tables of up to 12 columns .* fewer columns"):
        frame.privacy.dp_tables(order=12, columns=names, keys=keys, rho=0.1)
    assert len(project.ledger) == 0
