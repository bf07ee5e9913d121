"""Free computations on releases: what is added up, its error, and how often its intervals hold."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from chance import RARE
from dp_asking import ask
from dp_released import noise_of, released
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.dp.answers.arithmetic import added, estimate, ratio, subtracted
from privkit.dp.answers.derived import Derived
from privkit.dp.answers.linear import sum_quantile, variance
from privkit.dp.answers.postprocess import non_negative, rounded, suppressed, total
from privkit.dp.answers.release import Provenance, Release
from privkit.dp.noise.noise import Gaussian, Laplace
from privkit.dp.plan import make_plan
from privkit.dp.price import Price
from privkit.dp.statistics.counts import Count
from privkit.dp.statistics.moments import Mean
from privkit.dp.statistics.several import Several
from privkit.dp.statistics.sums import Sum
from privkit.errors import ParameterError
from privkit.errors.dp import KeysDifferError, NotLinearError, NotReleasedError
from privkit.values.bounds import ValueBounds
from privkit.values.loss import Measure

KEYS = {"a": ["x", "y", "z"], "b": [1, 2]}


# -- the distribution of sums ------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [Laplace(0.3), Laplace(2.0), Laplace(40.0), Gaussian(0.6), Gaussian(9.0)])
@pytest.mark.parametrize("alpha", [0.5, 0.05, 0.001])
def test_a_single_cell_has_the_half_width_that_opendp_states(noise, alpha):
    assert noise.half_width(alpha) <= sum_quantile({noise: (1.0,)}, alpha) <= noise.half_width(alpha) * 1.03 + 1


@settings(max_examples=25)
@given(
    weights=st.lists(st.floats(0.05, 4), min_size=1, max_size=12),
    scale=st.floats(0.4, 30),
    alpha=st.sampled_from([0.3, 0.05, 0.01]),
    gaussian=st.booleans(),
)
def test_quantiles_of_sums_cover_and_are_hardly_too_wide(weights, scale, alpha, gaussian):
    noise = Gaussian(scale) if gaussian else Laplace(scale)
    rng, draws = np.random.default_rng(5), 40_000
    sums = np.abs(noise_of(noise, (draws, len(weights)), rng) @ np.array(weights))
    reach = sum_quantile({noise: tuple(weights)}, alpha)
    spare = 5 * math.sqrt(alpha * (1 - alpha) / draws)
    if not (gaussian and scale < 2):  # rounded normal draws are no discrete Gaussian there
        assert (sums > reach).mean() <= alpha + spare
    deviation = math.sqrt(variance(noise) * sum(weight**2 for weight in weights))
    assert (sums >= reach - 0.05 * deviation - max(weights)).mean() >= alpha * 0.85 - spare


def test_variances_are_those_of_the_noise():
    drawn = noise_of(Laplace(7.0), 400_000, np.random.default_rng(1))
    assert drawn.var() == pytest.approx(variance(Laplace(7.0)), rel=0.02)
    places = np.arange(-200, 201)
    chances = np.exp(-(places**2) / (2 * 2.5**2))
    assert (places**2 * chances).sum() / chances.sum() <= variance(Gaussian(2.5)) * (1 + 1e-12)


# -- sums and differences ----------------------------------------------------------------------------------------


def test_a_release_minus_itself_is_nothing_and_plus_itself_has_twice_the_error():
    one = released([100, 200, 300], "a", ["x", "y", "z"])
    nothing, twice = subtracted(one, one), added(one, one)
    assert nothing.value.tolist() == [0, 0, 0]
    assert nothing.accuracy.tolist() == [0, 0, 0]
    assert twice.accuracy.tolist() == [2 * one.accuracy] * 3


def test_the_order_of_keys_does_not_matter_to_what_is_shared():
    one = released([100, 200, 300], "a", ["x", "y", "z"])
    keys = ask(Count(), "a", ["z", "x", "y"])
    other = Release(make_plan(keys, Measure.PURE, Price(epsilon=0.5)), one.drawn[[2, 0, 1]], one.provenance, True)
    assert subtracted(one, other).accuracy.tolist() == [0, 0, 0]
    assert subtracted(one, other).value.index.tolist() == ["x", "y", "z"]


def test_totals_over_groups_cover_their_exact_sums():
    missed, rng = 0, np.random.default_rng(3)
    exact = np.arange(6) * 10
    for _ in range(200):
        sums = total(released(exact, ("a", "b"), KEYS, rng=rng, epsilon=0.2), "a")
        lower, upper = sums.interval(0.9)
        missed += int(((lower > [10, 50, 90]) | (upper < [10, 50, 90])).sum())
    assert missed / 600 <= 0.1 + 3.5 * math.sqrt(0.09 / 600)
    assert missed / 600 >= 0.04  # the interval is no wider than it must be


def test_a_total_is_the_total_of_its_margin():
    cells = released(np.arange(6), ("a", "b"), KEYS)
    assert total(total(cells, "a")).value == total(cells).value == sum(cells.cells)
    assert total(total(cells, "a")).accuracy == total(cells).accuracy
    assert total(cells, "b").value.index.tolist() == [1, 2]


def test_noises_of_very_different_scales_add_up():
    count = released([500, 500], "a", ["x", "y"], entry=1)
    mean = released(np.full((2, 2), 2**29), "a", ["x", "y"], entry=2, asked=Mean("v", ValueBounds(0, 100)), epsilon=2)
    both = added(count, estimate(mean, "count"))
    alone = estimate(mean, "count").deviation.iloc[0]
    assert both.deviation.iloc[0] == pytest.approx(math.hypot(estimate(count).deviation.iloc[0], alone))
    assert both.accuracy.iloc[0] <= 2.6 * both.deviation.iloc[0]


def test_public_numbers_and_totals_are_taken_from_every_group():
    groups, whole = released([5, 6], "a", ["x", "y"], entry=1), released([11], entry=2)
    assert (subtracted(groups, 1).value == groups.value - 1).all()
    assert (subtracted(whole, groups).value == whole.value - groups.value).all()
    with pytest.raises(ParameterError, match="finite"):
        added(groups, math.inf)


def test_other_groups_are_refused():
    with pytest.raises(KeysDifferError, match="2 and 3 keys") as caught:
        added(released([1, 2], "a", ["x", "y"]), released([1, 2, 3], "a", ["x", "y", "z"]))
    assert (caught.value.left, caught.value.right) == (2, 3)
    with pytest.raises(KeysDifferError):
        added(released([1, 2], "a", ["x", "y"]), released([1, 2], "b", ["x", "y"]))


def test_what_is_no_sum_of_noisy_cells_is_refused_by_name():
    mean = released(np.full((1, 2), 1000), asked=Mean("v", ValueBounds(0, 100)))
    with pytest.raises(NotLinearError, match="'sum', 'count'") as caught:
        added(mean, 1)
    assert caught.value.name == "mean"
    with pytest.raises(NotReleasedError, match="got a Series") as bare:
        total(pd.Series([1, 2]))
    assert bare.value.found == "Series"


def test_sum_and_count_of_a_mean_come_from_the_same_noise():
    mean = released(np.full((1, 2), 2**34), asked=Mean("v", ValueBounds(0, 100)), epsilon=1)
    quotient = ratio(estimate(mean, "sum"), estimate(mean, "count"))
    assert quotient.value == pytest.approx(mean.value)
    lower, upper = mean.interval()
    assert quotient.interval().lower == pytest.approx(lower, abs=0.1 * (upper - lower))
    assert quotient.interval().upper == pytest.approx(upper, abs=0.1 * (upper - lower))


def several(exact):
    """A count, a sum and a mean by the groups 0, 1, ..., each part with noise of its own."""
    parts = (Count(), Sum("v", ValueBounds(0, 100)), Mean("w", ValueBounds(0, 50)))
    outputs = (("n", 0, "count"), ("spent", 1, "sum"), ("m", 2, "mean"), ("m_n", 2, "count"))
    query = Several(parts, (Fraction(1, 3),) * 3, outputs)
    question = ask(query, "a", list(range(len(exact))))
    plan = make_plan(question, Measure.PURE, Price(epsilon=0.5))
    rng, drawn = np.random.default_rng(12), np.array(exact, dtype=np.int64)
    widths = np.cumsum([0, *(part.width for part in parts)])
    for noise, first, last in zip(plan.noise.parts, widths, widths[1:], strict=False):
        drawn[:, first:last] += noise_of(noise, (len(drawn), last - first), rng)
    told = Provenance(str(question), "row", "-", plan.mechanism, plan.scale, "-", "p", 1, "t1", {})
    return Release(plan, drawn, told, False)


def test_a_number_of_several_has_the_errors_of_its_own_part():
    exact = np.array([[700, 2**34, 2**33, 2**34], [200, 2**33, 2**32, 2**33]])
    found = several(exact)
    for name in ("n", "spent", "m_n"):
        one = found.estimate(name)
        assert one.errors.half_widths(0.05) == pytest.approx(found.accuracy[name].to_numpy(), rel=0.02)
        assert one.total().value == pytest.approx(float(found.estimates[name].sum()))
        assert (one - one).accuracy.tolist() == [0, 0]
    pair = found.estimate("n") - found.estimate("m_n")
    variances = [found.estimate(name).deviation.iloc[0] ** 2 for name in ("n", "m_n")]
    assert pair.deviation.iloc[0] == pytest.approx(math.sqrt(sum(variances)))
    with pytest.raises(NotLinearError, match="a m is no weighted sum"):
        found.estimate("m") + 1
    with pytest.raises(NotLinearError, match=r"several numbers: 'n', .*Of these 'n', 'spent', 'm_n' .*estimate\('n'\)"):
        5 + found


def test_parts_that_drew_the_same_stay_two():
    parts = (Sum("v", ValueBounds(0, 100)), Sum("w", ValueBounds(0, 100)))
    query = Several(parts, (Fraction(1, 2),) * 2, (("v", 0, "sum"), ("w", 1, "sum")))
    plan = make_plan(ask(query), Measure.PURE, Price(epsilon=1))
    told = Provenance("-", "row", "-", plan.mechanism, plan.scale, "-", "p", 1, "t1", {})
    one = Release(plan, np.array([[7, 7]]), told, False)
    assert (one.estimate("v") - one.estimate("w")).accuracy > one.estimate("v").accuracy


def test_ratios_of_two_numbers_of_several_hold():
    full, groups = Mean("w", ValueBounds(0, 50)).full, 400
    found = several([[700, 2**34, 600 * full, 1400 * full]] * groups)
    lower, upper = (found.estimate("n") / found.estimate("m_n")).interval(0.8)
    truth = 700 / float(Mean("w", ValueBounds(0, 50)).estimates(np.array([[600 * full, 1400 * full]]))["count"][0])
    held = ((lower <= truth) & (upper >= truth)).mean()
    assert 0.8 - 4 * math.sqrt(0.8 * 0.2 / groups) <= held <= 1 - 0.2 / 6


def test_one_step_follows_another_as_on_the_release():
    cells = released([[3], [-5], [40], [11], [12], [90]], ["a", "b"], KEYS)
    assert rounded(non_negative(cells), 5).values.tolist() == cells.non_negative().rounded(5).values.tolist()
    assert cells.estimate().total("b").values.tolist() == cells.total("b").values.tolist()
    assert cells.total("b").suppressed(1e9).value.isna().all()
    assert cells.rounded(5).suppressed(10).steps == ("rounded to multiples of 5", "left out below 10")
    for columns in (("a", "a"), ("a", "b", "a")):
        with pytest.raises(ParameterError, match="each once"):
            cells.total(*columns)


def test_a_column_may_be_called_as_the_column_of_names_is():
    names = ["number", "number_"]
    parts = (Count(), Mean("v", ValueBounds(0, 100)))
    query = Several(parts, (Fraction(1, 2),) * 2, (("n", 0, "count"), ("m", 1, "mean")))
    plan = make_plan(ask(query, names, {"number": ["x"], "number_": ["y"]}), Measure.PURE, Price(epsilon=1))
    told = Provenance("-", "row", "-", plan.mechanism, plan.scale, "-", "p", 1, "t1", {})
    shown = Release(plan, np.array([[7, 2**34, 2**34]]), told, False).rounded(5).to_frame()
    assert list(shown.index.names) == [*names, "number__"]
    assert len(shown.reset_index()) == 2


# -- ratios ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("above", "below"), [(300, 1000), (30, 20), (-5, 40), (4, 0), (0, 0), (50, -3)])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_ratios_cover_the_exact_ratio_whatever_the_denominator_is(above, below, level):
    rng, runs = np.random.default_rng(9), 400
    top, bottom = (released([n] * runs, "a", list(range(runs)), entry=n, rng=rng) for n in (above, below))
    lower, upper = ratio(top, bottom).interval(level)
    if below:
        held = ((lower <= above / below) & (upper >= above / below)).mean()
        assert held >= level - 4 * math.sqrt(level * (1 - level) / runs)
    else:  # then every ratio is possible
        assert np.isinf(lower).mean() >= level - 4 * math.sqrt(level * (1 - level) / runs)
    if below == 1000:
        assert held <= 1 - (1 - level) / 6  # nor is it needlessly wide


def test_a_denominator_of_noise_gives_no_limits():
    found = ratio(released([50], entry=1), released([0], entry=2, epsilon=0.01))
    assert found.interval(1 - RARE) == (-math.inf, math.inf)


def test_a_ratio_to_a_public_number_stays_a_sum():
    cells = released([700, 1400], "a", ["x", "y"])
    shares = ratio(cells, 7)
    assert (shares.value == cells.value / 7).all()
    assert shares.accuracy.iloc[0] == pytest.approx(cells.accuracy / 7)
    with pytest.raises(ParameterError, match="not 0"):
        ratio(cells, 0)


# -- clipping, rounding, suppression -----------------------------------------------------------------------------


def test_clipping_brings_numbers_nearer_and_says_that_sums_become_too_large():
    exact = np.zeros(2000, dtype=int)
    cells = released(exact, "a", list(range(2000)))
    clipped = non_negative(cells)
    assert (clipped.value >= 0).all()
    assert (np.abs(clipped.values) <= np.abs(cells.drawn[:, 0])).all()
    assert clipped.values.sum() > 1000 > abs(cells.drawn.sum())
    assert any("too large on average" in note for note in clipped.notes)
    lower, upper = clipped.interval(0.9)
    plain = cells.interval(0.9)
    assert (((lower <= 0) & (upper >= 0)) == ((plain.lower <= 0) & (plain.upper >= 0)) | (plain.upper < 0)).all()
    with pytest.raises(NotLinearError):
        total(clipped)


@given(base=st.sampled_from([1, 5, 10, 0.5, 0.7, 3.3, 5e-324]), value=st.integers(-(10**6), 10**6))
@settings(max_examples=30)
def test_rounding_only_widens(base, value):
    cells = released([value])
    found, before = rounded(cells, base).interval(), cells.interval()
    assert found.lower <= before.lower
    assert found.upper >= before.upper
    assert abs(rounded(cells, base).value - cells.value) <= base / 2


def test_the_ends_of_a_share_are_rounded_outwards_in_every_digit():
    """Multiples of 0.7 are floats: an end that lies on one may be rounded past itself."""
    many = released(np.arange(0, 70_000, 7), "a", list(range(10_000)))
    share = ratio(many, 10)  # ends at tenths of whole numbers
    (low, high), (lower, upper) = share.interval(), rounded(share, 0.7).interval()
    assert (lower <= low).all()
    assert (upper >= high).all()


@pytest.mark.parametrize("huge", [10**400, -(10**400), math.inf, math.nan])
def test_numbers_beyond_all_floats_are_refused(huge):
    cells = released([5], entry=1)
    for compute in (added, subtracted, ratio, rounded, suppressed):
        with pytest.raises(ParameterError):
            compute(cells, huge)


def test_what_is_called_by_no_name_and_what_is_a_date_are_told_as_that(ledger_path):
    with pytest.raises(ParameterError, match="name='cuont', but name must be one of 'count'"):
        released([5]).estimate("cuont")
    days = pd.DataFrame({"on": pd.to_datetime(["2026-01-01", "2026-02-01"] * 50)})
    pk.open_project("days", epsilon=9, unit=pk.ROW, store=ledger_path)
    median = days.privacy.dp_median("on", bounds=("2026-01-01", "2026-03-01"), epsilon=9)
    assert median.interval()
    with pytest.raises(NotLinearError, match="of dates is a date"):
        median.by_group()


def test_suppression_depends_on_the_noisy_numbers_and_says_what_it_costs():
    cells = released([3, 500], "a", ["x", "y"])
    shown = suppressed(cells, 100)
    assert shown.value.isna().tolist() == [True, False]
    assert shown.interval().lower.isna().tolist() == [True, False]
    assert any("hold less often" in note for note in shown.notes)
    for base in (0, -1, math.nan, "5", True):
        with pytest.raises(ParameterError):
            suppressed(cells, base)


# -- how it reads ------------------------------------------------------------------------------------------------


def test_a_derived_number_says_what_it_is_made_of_and_that_it_costs_nothing():
    shares = ratio(released([50, 70], "a", ["x", "y"], entry=4), released([120], entry=5))
    assert isinstance(shares, Derived)
    shown = repr(shares)
    assert "Post-processing, at no cost" in shown
    assert "entry 4 of project 'p'" in shown
    assert "entry 5 of project 'p'" in shown
    assert "<table" in shares._repr_html_()
    assert shares.to_frame().columns.tolist() == ["count / total count", "lower", "upper"]
    assert [source.entry for source in shares.sources] == [4, 5]


def test_plots_have_error_bars():
    pytest.importorskip("matplotlib").use("Agg")
    axes = total(released(np.arange(6), ("a", "b"), KEYS), "a").plot()
    assert len(axes.containers) == 1
    assert axes.containers[0].has_yerr
