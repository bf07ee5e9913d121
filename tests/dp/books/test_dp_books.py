"""Books of many tables: what is asked for again and again is reckoned once; and crosstabs with their margins."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from dp_asking import ask

import privkit as pk
from privkit.dp.noise.rounds import LayeredGaussian, LayeredLaplace
from privkit.dp.plan import make_plan
from privkit.dp.price import Price
from privkit.dp.statistics.books.tables import Tables
from privkit.values.keys import public_keys
from privkit.values.loss import Measure


@pytest.mark.parametrize("kind", [LayeredLaplace, LayeredGaussian])
def test_the_noise_of_a_books_tables_is_reckoned_once(kind, monkeypatch):
    """A book of 298 tables took 246 s in place of 8: each look at its noise compared all shares with each other."""
    laplace = kind is LayeredLaplace
    columns = [f"c{place:02}" for place in range(8)]
    levels = tuple(public_keys([name], ["a", "b", "c"]) for name in columns)
    asked = tuple(part for size in (1, 2) for part in combinations(columns, size))
    splits = []
    split = kind.split

    def counting(self, share):
        splits.append(share)
        return split(self, share)

    monkeypatch.setattr(kind, "split", counting)
    book = Tables.of(levels, asked, laplace=laplace)
    measure, price = (Measure.PURE, {"epsilon": 1}) if laplace else (Measure.ZERO_CONCENTRATED, {"rho": 1})
    plan = make_plan(ask(book), measure, Price(**price))
    once = len(splits)
    assert plan.accuracy == max(one.accuracy for one in book.compared(plan.noise, 0.05))
    assert len(splits) - once <= len(asked) + len(book.measured)  # the equal split of each table, and the noise once
    assert plan.noise.layers is plan.noise.layers
    assert book.fit is book.fit
    same = kind(plan.noise.scale, plan.noise.shares)
    assert (same, hash(same)) == (plan.noise, hash(plan.noise))
    assert hash(kind(plan.noise.scale, (Fraction(1),))) != hash(same)


def test_a_released_book_replays_as_an_equal_plan(ledger_path):
    frame = pd.DataFrame({"a": ["x", "y"] * 50, "b": ["u", "u", "v", None] * 25})
    pk.open_project("equal", rho=1, unit=pk.ROW, store=ledger_path)
    asked = {"order": 2, "columns": ["a", "b"], "keys": {"a": ["x", "y"], "b": ["u", "v"]}, "rho": 0.1}
    first, second = frame.privacy.plan.dp_tables(**asked), frame.privacy.plan.dp_tables(**asked)
    assert first.question == second.question
    assert hash(first.question) == hash(second.question)
    assert first.release().to_frame().equals(second.release().to_frame())


CROSSED = pd.DataFrame({"sex": ["f", "m", "f", None] * 100, "city": ["Bern"] * 250 + ["Basel"] * 150})
KEYS = {"sex": ["f", "m"], "city": ["Bern", "Basel"]}


def test_a_crosstab_with_margins_is_the_book_of_its_three_tables(ledger_path):
    project = pk.open_project("margins", rho=9, unit=pk.ROW, store=ledger_path)
    release = CROSSED.privacy.dp_crosstab("sex", "city", keys=KEYS, margins=True, rho=0.5)
    cells, sexes, cities = (release.table(*names)["count"] for names in (("sex", "city"), ("sex",), ("city",)))
    assert (cells.groupby("sex", sort=False).sum() == sexes).all()
    assert (cells.groupby("city", sort=False).sum() == cities).all()
    assert sexes.sum() == cities.sum() == float(release.total().value)
    book = CROSSED.privacy.dp_tables([("city",), ("city", "sex"), ("sex",)], keys=KEYS, rho=0.5)
    assert (book.replayed, float(project.spent.rho)) == (True, 0.5)


def test_margins_that_were_asked_for_are_the_more_accurate_of_wide_tables(ledger_path):
    pk.open_project("wide", rho=9, unit=pk.ROW, store=ledger_path)
    keys = {"a": [*range(40)], "b": [*range(30)]}
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]})
    asked = {"keys": keys, "rho": 0.02}
    with_margins = frame.privacy.plan.dp_crosstab("a", "b", margins=True, **asked).tables
    plain = frame.privacy.plan.dp_crosstab("a", "b", **asked)
    summed = plain.noise.combined(np.ones((1, 30)), 0.05)[0]  # a row of the plain table, added up
    assert with_margins.loc["a", "accuracy"] < 0.5 * summed
    assert with_margins.loc["a × b", "accuracy"] > plain.accuracy
    assert (with_margins["accuracy"] <= with_margins["split"]).all()


def test_a_plain_crosstab_is_asked_as_it_always_was(ledger_path):
    """Its question is the one that landed versions recorded, so that their answers replay."""
    project = pk.open_project("plain", rho=9, unit=pk.ROW, store=ledger_path)
    first = pk.dp_count(CROSSED, ["sex", "city"], keys=KEYS, rho=0.5)
    assert pk.dp_crosstab(CROSSED, "sex", "city", keys=KEYS, rho=0.5).replayed
    assert pk.dp_crosstab(CROSSED, "sex", "city", keys=KEYS, margins=False, rho=0.5).replayed
    assert first.provenance.question
    assert float(project.spent.rho) == 0.5


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        ({"margins": "yes"}, pk.ParameterError, "True or False"),
        ({"margins": 1}, pk.ParameterError, "True or False"),
        ({"margins": True, "keys": {"sex": ["f"]}}, pk.PrivkitError, "city"),
        ({"margins": True, "columns": "sex"}, pk.PrivkitError, "sex"),
    ],
)
def test_margins_that_cannot_be_are_refused_before_anything_is_spent(ledger_path, asked, error, says):
    project = pk.open_project("refused", rho=9, unit=pk.ROW, store=ledger_path)
    with pytest.raises(error, match=says) as caught:
        pk.dp_crosstab(CROSSED, **{"index": "sex", "columns": "city", "keys": KEYS, "rho": 0.5, **asked})
    assert "No budget was spent" in str(caught.value)
    assert "dp_crosstab(" in str(caught.value)
    assert project.spent.rho == 0


def test_tables_of_a_book_are_had_by_names_and_after_what_was_done_to_all(ledger_path):
    pk.open_project("done", epsilon=9, unit=pk.ROW, store=ledger_path)
    release = CROSSED.privacy.dp_tables([("sex", "city")], keys=KEYS, epsilon=0.02)
    for names in (("sex", "city"), ("city", "sex"), ("city",), ()):
        signed = release.total(*names)
        assert signed.to_frame().equals(release.total([*names]).to_frame())
        assert signed.to_frame().equals(release.total(by=[*names]).to_frame())
        if names:
            clipped = release.non_negative().table(*names)
            assert (clipped["count"] == release.table(*names)["count"].clip(lower=0)).all()
            assert (clipped["lower"] >= 0).all()
            whole = release.rounded(10).table(*names, level=0.8)
            assert (whole["count"] % 10 == 0).all()
    assert release.total("sex").errors is not None  # to compute on with
    with pytest.raises(pk.PrivkitError, match="the release holds sex × city"):
        release.non_negative().table("age")
    with pytest.raises(pk.PrivkitError):
        release.total("age")
    with pytest.raises(pk.PrivkitError):
        release.total(3)


def test_margins_of_other_releases_are_had_by_names_too(ledger_path):
    pk.open_project("margins", epsilon=9, unit=pk.ROW, store=ledger_path)
    counts = CROSSED.privacy.dp_count(["sex", "city"], keys=KEYS, epsilon=1)
    assert counts.total("sex").value.equals(counts.total(by="sex").value)
    assert counts.total("city", "sex").value.sum() == counts.total().value
    assert (counts.total("sex", "city").table("sex")["count"] == counts.table("sex")["count"]).all()
    with pytest.raises(pk.PrivkitError):
        counts.non_negative().table("sex")  # clipped counts are no sums of noisy cells
