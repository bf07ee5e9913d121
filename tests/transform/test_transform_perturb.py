"""Perturbations: what they keep, and that each says what it does not promise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.errors import FrameError, ParameterError
from privkit.errors.anonymity import InfeasibleError
from privkit.transform.microaggregate import mdav, microaggregate
from privkit.transform.perturb import add_noise, pram, rank_swap, round_to, top_bottom


@pytest.fixture
def bills():
    random = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "paid": random.normal(100, 30, 400),
            "items": random.integers(1, 9, 400),
            "shop": random.choice(list("abc"), 400, p=[0.7, 0.2, 0.1]),
        }
    )


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(0, 3)), max_size=40), st.integers(1, 6))
@settings(max_examples=60)
def test_mdav_groups_hold_k_to_2k_minus_1(points, k):
    table = np.array(points, dtype=float).reshape(-1, 2)
    sizes = np.bincount(mdav(table, k)) if len(points) else []
    if len(points) >= k:
        assert min(sizes) >= k
        assert max(sizes) <= 2 * k - 1


def test_microaggregation_keeps_means_and_reaches_k(bills):
    out = microaggregate(bills, ["paid", "items"], k=5)
    assert out.frame.groupby(["paid", "items"]).size().min() >= 5
    assert out.frame["paid"].mean() == pytest.approx(bills["paid"].mean())
    assert out.figures_["paid"]["std_after"] < out.figures_["paid"]["std_before"]
    assert out.figures_["paid"]["correlation"] > 0.9


def test_microaggregation_refuses_missing_values_and_small_tables(bills):
    with pytest.raises(FrameError, match="missing"):
        microaggregate(bills.assign(paid=np.nan), "paid", k=2)
    with pytest.raises(InfeasibleError):
        microaggregate(bills.iloc[:3], "paid", k=4)
    assert microaggregate(bills.iloc[:0], "paid", k=4).n_rows == 0


def test_extremes_are_coded_and_others_stay(bills):
    out = top_bottom(bills, "paid", lower=60, upper=140)
    assert out.frame["paid"].between(60, 140).all()
    inside = bills["paid"].between(60, 140)
    assert (out.frame["paid"][inside] == bills["paid"][inside]).all()
    assert out.changed_ == (~inside).sum()


def test_rounding_is_to_multiples(bills):
    assert set(round_to(bills, "items", base=5).frame["items"]) <= {0, 5, 10}
    assert round_to(bills, "items", base=5).frame["items"].dtype == bills["items"].dtype


def test_noise_has_the_stated_spread(bills):
    out = add_noise(bills, "paid", scale=0.5, seed=3)
    gap = out.frame["paid"] - bills["paid"]
    assert gap.std() == pytest.approx(0.5 * bills["paid"].std(), rel=0.15)
    assert not add_noise(bills, "paid", scale=0.5).frame["paid"].equals(out.frame["paid"])


def test_swapping_keeps_the_distribution_and_stays_near(bills):
    out = rank_swap(bills, "paid", window=0.05, seed=2)
    assert sorted(out.frame["paid"]) == sorted(bills["paid"])
    assert (out.frame["paid"].rank() - bills["paid"].rank()).abs().max() <= 20
    assert out.changed_ > 300
    holes = bills.assign(paid=bills["paid"].mask(bills["items"] == 1))
    assert (rank_swap(holes, "paid", seed=2).frame["paid"].isna() == holes["paid"].isna()).all()


def test_pram_keeps_with_the_stated_probability_and_shares_in_expectation(bills):
    many = pd.concat([bills] * 50, ignore_index=True)
    out = pram(many, "shop", keep=0.8, seed=4)
    shares = many["shop"].value_counts(normalize=True)
    expected = 0.8 + 0.2 * (shares**2).sum()
    assert (out.frame["shop"] == many["shop"]).mean() == pytest.approx(expected, abs=0.01)
    assert (out.frame["shop"].value_counts(normalize=True) - shares).abs().max() < 0.02
    assert pram(bills, "shop", keep=1).changed_ == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda f: top_bottom(f, "paid"),
        lambda f: top_bottom(f, "paid", lower=2, upper=1),
        lambda f: round_to(f, "paid", base=0),
        lambda f: add_noise(f, "paid", scale=-1),
        lambda f: rank_swap(f, "paid", window=0),
        lambda f: pram(f, "shop", keep=2),
        lambda f: microaggregate(f, "paid", k=0),
    ],
)
def test_wrong_parameters_are_refused(bills, call):
    with pytest.raises(ParameterError):
        call(bills)


def test_numbers_are_needed_where_they_are(bills):
    with pytest.raises(FrameError, match="must hold numbers"):
        add_noise(bills, "shop", scale=1)


@pytest.mark.parametrize(
    "out",
    [
        lambda f: top_bottom(f, "paid", upper=1),
        lambda f: round_to(f, "paid", base=10),
        lambda f: add_noise(f, "paid", scale=0.1),
        lambda f: rank_swap(f, "paid"),
        lambda f: pram(f, "shop"),
        lambda f: microaggregate(f, "paid", k=3),
    ],
)
def test_each_says_what_it_does_not_promise(bills, out):
    result = out(bills)
    assert f"It does not promise: {result.no_promise}" in repr(result)
    assert len(result.no_promise) > 20
    assert result.frame.index.equals(bills.index)
    assert not result.to_frame().empty
