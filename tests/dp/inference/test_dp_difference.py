"""A against B: what is released of two groups, what it costs, how often its interval holds and its test errs."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from dp_asking import ask, count_plan, duckdb_relation, exact, frames, norms, without_person, without_row
from dp_drawn import holds, moments, noisy, rejects_too_often
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import privkit as pk
from privkit.dp.measurement import make_measurement
from privkit.dp.noise.noise import Gaussian, Laplace
from privkit.dp.noise.sampling import least_level, widths
from privkit.dp.statistics.inference.difference import Difference
from privkit.dp.statistics.moments import Variance
from privkit.dp.statistics.share import Share
from privkit.values.bounds import ValueBounds
from privkit.values.keys import public_keys
from privkit.values.loss import Measure

QUICK = settings(max_examples=50, deadline=None)
ENDS = ValueBounds(0.0, 10.0)
AB = public_keys(["k"], ["a", "b"])
PERSONS = [{"max_rows": 1}, {"max_rows": 3}, {"max_groups": 1, "per_group": 2}, {"max_groups": 5, "per_group": 1}]
ASKED = {"mean": Difference(Variance("x", ENDS), AB), "share": Difference(Share("(x > 1)"), AB)}
EPSILON, RHO = (Measure.PURE, {"epsilon": 1}), (Measure.ZERO_CONCENTRATED, {"rho": 0.5})


# -- what one row or person moves --------------------------------------------------------------------------------------


def assert_within(moved, question):
    reach = question.sensitivity
    l0, l1, l2, linf = norms(moved)
    assert l0 <= reach.l0
    assert l1 <= reach.l1
    assert l2 <= reach.l2 * (1 + 1e-12)
    assert linf <= reach.linf


def asked(bounds, ends=ENDS):
    return ask(Difference(Variance("x", ends), AB), **bounds)


@QUICK
@given(frame=frames(), ends=st.sampled_from([(0.0, 10.0), (-3.0, 3.0), (5.0, 5.0), (1e6, 1e6 + 1)]))
def test_a_row_more_or_less_moves_both_groups_within_the_reach(frame, ends):
    question = asked({}, ValueBounds(*ends))
    whole = exact(question, frame)
    for place in range(len(frame)):
        assert_within(whole - exact(question, without_row(frame, place)), question)


@QUICK
@given(frame=frames(), bounds=st.sampled_from(PERSONS), salt=st.binary(min_size=16, max_size=16))
def test_a_person_more_or_less_moves_both_groups_within_the_bounds(frame, bounds, salt):
    question = asked(bounds)
    whole = exact(question, frame, salt)
    for person in "pqrs":
        assert_within(whole - exact(question, without_person(frame, person), salt), question)


@pytest.mark.parametrize("bounds", PERSONS)
def test_the_worst_person_reaches_what_is_declared_and_no_less_would_do(bounds):
    frame = pd.DataFrame({"who": ["p"] * 40, "k": ["a", "b"] * 20, "x": [10.0] * 40})
    question = asked(bounds)
    assert norms(exact(question, frame))[1] == question.sensitivity.l1
    with pytest.raises(AssertionError):  # the search would find half of it
        half = replace(question.sensitivity, l1=question.sensitivity.l1 // 2)
        assert norms(exact(question, frame))[1] <= half.l1


@pytest.mark.parametrize(("measure", "price"), [EPSILON, RHO], ids=["ε", "ρ"])
@pytest.mark.parametrize("bounds", [{}, *PERSONS])
def test_opendp_prices_it_at_what_is_paid_and_like_a_mean_by_keys(measure, price, bounds):
    plan = count_plan(asked(bounds), measure, **price)
    stated = make_measurement(plan).map(1)
    assert 0.999 * float(plan.loss.main) < stated <= plan.loss.main
    groups = bounds.get("max_groups") or 1
    less = {**bounds, "max_groups": min(groups, 2)} if "max_groups" in bounds else bounds
    assert plan.noise == count_plan(ask(Variance("x", ENDS), "k", ["a", "b"], **less), measure, **price).noise


# -- the quantile of noise and sampling --------------------------------------------------------------------------------


def tail(h, deviation, sizes, kind, scale):
    """P(|N + Σ w·X| > h) by inverting the characteristic function, of discrete noise as such."""
    total = np.hypot(deviation, np.sqrt(2 if kind is Laplace else 1) * scale * np.linalg.norm(sizes))
    times = (np.arange(40_000) + 0.5) * (0.05 / total)
    shape = np.exp(-((deviation * times) ** 2) / 2)
    for size in sizes:
        if kind is Gaussian:
            shape = shape * np.exp(-((scale * size * times) ** 2) / 2)
        elif scale >= 1000:
            shape = shape / (1 + (scale * size * times) ** 2)
        else:
            square = np.sinh(1 / (2 * scale)) ** 2
            shape = shape * square / (square + np.sin(size * times / 2) ** 2)
    return 1 - (2 / np.pi) * float(shape @ (np.sin(h * times) / times)) * (0.05 / total)


@pytest.mark.parametrize("kind", [Laplace, Gaussian])
@pytest.mark.parametrize("alpha", [0.5, 0.1, 0.05, 0.01, 1e-3, 1.1e-4, 1e-6])
@pytest.mark.sample(0.3)
def test_no_half_width_of_noise_and_sampling_is_too_small(kind, alpha):
    """Beside the exact law of the sum; and hardly wider than it must be where sampling leads."""
    for scale in (0.6, 3.0, 1000.0):
        for weights in ((1.0,), (1.0, 1.0), (0.5, 1.0), (0.2, -0.5, 0.8), (1.0,) * 6, (0.01, 1.0, 0.3, 0.3)):
            for share in (0.0, 0.05, 0.3, 1.0, 3.0, 10.0):
                spread = share * scale * np.linalg.norm(weights)
                if spread < 1 and scale < 1000:  # of a lattice the slack is what holds it: the coverage tests have it
                    continue
                ours = widths(kind(scale), np.array([weights]), alpha, spread**2)[0]
                sizes = np.abs(weights)
                assert tail(ours, spread, sizes, kind, scale) <= alpha + 1e-9, (scale, weights, share)
                if share >= 3 and alpha >= 0.01:
                    assert tail(ours / 1.03, spread, sizes, kind, scale) > alpha


def test_few_degrees_of_freedom_widen_as_student_has_it():
    for degrees in (4, 9, 30, 300):
        for alpha in (0.1, 0.05, 0.01):
            ours = widths(None, np.zeros((1, 1)), alpha, np.array([1.0]), np.array([degrees]))[0]
            assert ours == pytest.approx(stats.t.ppf(1 - alpha / 2, degrees), rel=0.02)
    assert widths(None, np.zeros((1, 1)), 0.05, np.array([1.0]))[0] == pytest.approx(1.959964)


def test_a_p_value_is_the_least_level_and_never_nothing():
    found = least_level(lambda alpha: np.array([alpha >= 1e-30, alpha >= 0.3, False]), 3)
    assert found == pytest.approx([1e-9, 0.3, 1.0])


# -- how often it holds ------------------------------------------------------------------------------------------------

DRAWS = 2000


def beta(a, b):
    return lambda rng, rows: rng.beta(a, b, (DRAWS, rows)), a / (a + b)


def clipped_gamma(scale):
    """An exponential number, clipped at 1: its mean is that of the clipped one."""
    return lambda rng, rows: np.minimum(rng.exponential(scale, (DRAWS, rows)), 1.0), scale * (1 - np.exp(-1 / scale))


def coin(chance):
    return lambda rng, rows: (rng.random((DRAWS, rows)) < chance).astype(float), chance


#: Of each case the kind, the two populations, the rows and the loss.
DRAWN = {
    "even": ("mean", beta(2, 5), beta(2, 5), (500, 500), EPSILON),
    "unequal variances, unequal rows": ("mean", beta(2, 2), beta(20, 50), (400, 3000), EPSILON),
    "skewed and clipped": ("mean", clipped_gamma(0.4), clipped_gamma(0.4), (800, 800), RHO),
    "few rows": ("mean", beta(2, 2), beta(2, 2), (60, 40), RHO),
    "noise leads": ("mean", beta(2, 5), beta(2, 5), (3000, 3000), (Measure.PURE, {"epsilon": 0.03})),
    "hardly any noise": ("mean", beta(2, 5), beta(2, 5), (300, 200), (Measure.ZERO_CONCENTRATED, {"rho": 50})),
    "shares": ("share", coin(0.3), coin(0.3), (500, 500), EPSILON),
    "rare": ("share", coin(0.02), coin(0.02), (2000, 1000), RHO),
    "shares, noise leads": ("share", coin(0.3), coin(0.3), (600, 600), (Measure.PURE, {"epsilon": 0.05})),
}


def sampled(kind, first, second, rows, terms, seed=5):
    rng = np.random.default_rng(seed)
    question = ASKED[kind]
    plan = count_plan(ask(question), terms[0], **terms[1])
    own = [moments(draw(rng, count), question.inner.full, question.inner.degree)
           for (draw, _), count in zip((first, second), rows, strict=True)]  # fmt: skip
    extent = question.inner.extent
    true = [mean * extent for _, mean in (first, second)]
    return question, plan.noise, noisy(np.concatenate(own, axis=1), plan.noise, rng), true


@pytest.mark.parametrize("case", DRAWN)
@pytest.mark.sample(0.3)
def test_intervals_hold_and_the_test_errs_no_more_than_it_says(case):
    kind, *rest = DRAWN[case]
    question, noise, cells, (a, b) = sampled(kind, *rest)
    found = question.limits(cells, noise, 0.05)
    for name, true in ((question.name, a - b), (f"{kind}_a", a), (f"{kind}_b", b)):
        lower, upper = found[name]
        hits = ((lower <= true) & (true <= upper)).sum()
        assert hits >= 0.935 * DRAWS, name
        assert holds(hits, DRAWS, 0.95), name
    if a == b:
        for alpha in (0.1, 0.05, 0.01):
            lower, upper = question.limits(cells, noise, alpha)[question.name]
            assert not rejects_too_often(((lower > 0) | (upper < 0)).sum(), DRAWS, alpha), alpha


@pytest.mark.parametrize("case", ["noise leads", "shares, noise leads"])
def test_that_would_be_seen_if_the_noise_were_thought_a_third_as_large(case):
    kind, *rest = DRAWN[case]
    question, noise, cells, (a, b) = sampled(kind, *rest)
    lower, upper = question.limits(cells, type(noise)(noise.scale / 3), 0.05)[question.name]
    hits = ((lower <= a - b) & (a - b <= upper)).sum()
    assert not holds(hits, DRAWS, 0.95)


@pytest.mark.parametrize("case", ["even", "shares"])
def test_that_would_be_seen_if_sampling_were_left_out(case):
    """What peers do: an interval of the noise alone."""
    kind, *rest = DRAWN[case]
    question, noise, cells, (a, b) = sampled(kind, *rest)
    _, weights, _ = question._error(cells, noise, 0.001)
    half = widths(noise, weights.reshape(len(cells), -1), 0.05) * question.inner.extent
    error = np.abs(question.estimates(cells)[question.name] - (a - b))
    assert not holds((error <= half).sum(), DRAWS, 0.95)


def test_where_many_rows_are_clear_of_noise_it_is_hardly_wider_than_welch():
    question, noise, cells, _ = sampled("mean", beta(2, 5), beta(2, 5), (2000, 2000), EPSILON)
    lower, upper = question.limits(cells[:50], noise, 0.05)[question.name]
    welch = 2 * 1.96 * np.sqrt(2 * stats.beta.var(2, 5) / 2000) * question.inner.extent
    assert np.median(upper - lower) < 1.1 * welch


def test_the_planned_half_width_holds_for_the_rows_that_were_assumed():
    question, noise, cells, (a, b) = sampled("mean", beta(2, 2), beta(2, 2), (300, 400), RHO)
    planned = question.half_width(noise, 0.05, 300)
    errors = np.abs(question.estimates(cells)[question.name] - (a - b))
    assert holds((errors <= planned).sum(), DRAWS, 0.95)
    assert question.half_width(noise, 0.05, 3000) < planned / 2


@pytest.mark.parametrize("kind", ASKED)
def test_the_fast_path_draws_what_a_release_would(kind):
    rng = np.random.default_rng(3)
    shares = [rng.random((1, 40)), rng.random((1, 70))]
    if kind == "share":
        shares = [(one < 0.4).astype(float) for one in shares]
    question = ASKED[kind]
    frame = pd.DataFrame({"k": ["a"] * 40 + ["b"] * 70, "x": np.concatenate([one[0] for one in shares]) * 10.0})
    frame["(x > 1)"] = frame["x"] > 1
    fast = [moments(one, question.inner.full, question.inner.degree) for one in shares]
    real = exact(ask(question), frame)
    if kind == "share":
        assert real.tolist() == np.concatenate(fast, axis=1)[0].tolist()
    else:  # the grid's range is 10 · 2**26 steps: products of floats may round to the next step
        assert np.abs(real - np.concatenate(fast, axis=1)[0]).max() <= 70


def test_without_noise_it_is_welchs_test():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"k": ["a"] * 400 + ["b"] * 900, "x": np.append(rng.gamma(2, 2, 400), rng.gamma(2, 2.1, 900))})
    frame["x"] = frame["x"].clip(0, 10)
    question = ASKED["mean"]
    cells = exact(ask(question), frame).reshape(1, -1)
    a, b = (frame.loc[frame["k"] == key, "x"] for key in "ab")
    found = question.told(cells, None)
    assert found["difference"][0] == pytest.approx(a.mean() - b.mean(), abs=1e-6)
    assert (found["mean_a"][0], found["count_b"][0]) == pytest.approx((a.mean(), 900))
    told = stats.ttest_ind(a, b, equal_var=False).pvalue
    assert told <= found["p_value"][0] < 1.2 * told + 1e-3  # a tenth of alpha goes to limits on which it rests


def test_numbers_of_rows_that_noise_hides_say_nothing():
    question = ASKED["mean"]
    noise = Laplace(question.inner.full * 10.0)
    for cells in (
        np.zeros((1, 6), dtype=np.int64),
        np.array([[question.inner.full * n for n in (9, -30, 4, 1, 1, 1)]]),
    ):
        lower, upper = question.limits(cells, noise, 0.05)[question.name]
        assert (lower[0], upper[0]) == (-10.0, 10.0)
        assert question.tests(cells, noise)["p_value"][0] == 1.0
        assert question.dominated(lower, upper)[0]


# -- asked of a project ------------------------------------------------------------------------------------------------

ROWS = np.arange(3000)
PEOPLE = pd.DataFrame(
    {
        "who": ROWS // 3,
        "plan": np.array(["new", "old", "none"])[ROWS % 3],
        "age": 20 + (ROWS * 7) % 50 + 5 * (ROWS % 3 == 0),
        "left": ROWS % 7 == 0,
    }
)
ASKING = {"keys": ["new", "old"]}


@pytest.fixture
def project(ledger_path):
    return pk.open_project("compared", epsilon=10**7, ceiling=10**7, unit="who", max_rows=1, store=ledger_path)


def test_the_larger_group_of_two_is_told_and_the_order_turns_the_sign(ledger_path):
    pk.open_project("rows", epsilon=10**7, ceiling=10**7, unit=pk.ROW, store=ledger_path)
    true = PEOPLE.groupby("plan")["age"].mean()
    for keys in (["new", "old"], ["old", "new"]):
        release = PEOPLE.privacy.dp_difference("age", "plan", keys=keys, bounds=(0, 100), epsilon=10**6)
        found = release.to_frame().iloc[0]
        assert found["difference"] == pytest.approx(true[keys[0]] - true[keys[1]], abs=1e-3)
        assert (found["count_a"], found["count_b"]) == pytest.approx((1000, 1000), abs=0.1)
        assert found["lower"] < found["difference"] < found["upper"]
        assert found["p_value"] < 1e-6
        assert not release.dominated["difference"].item()


def test_groups_in_another_order_replay_and_turn_the_answer(ledger_path):
    project = pk.open_project("turned", epsilon=9, unit=pk.ROW, store=ledger_path)
    asked = {"bounds": (0, 100), "epsilon": 1}
    one = PEOPLE.privacy.dp_difference("age", "plan", keys=["new", "old"], **asked).to_frame().iloc[0]
    release = PEOPLE.privacy.dp_difference("age", "plan", keys=["old", "new"], **asked)
    other = release.to_frame().iloc[0]
    assert (release.replayed, project.spent.main) == (True, 1)
    assert (other["difference"], other["lower"], other["upper"]) == pytest.approx(
        (-one["difference"], -one["upper"], -one["lower"])
    )
    for name in ("mean", "count"):
        assert (other[f"{name}_a"], other[f"{name}_b"]) == (one[f"{name}_b"], one[f"{name}_a"])
    assert "'old' less 'new'" in str(release.plan.question)
    assert project.ledger.to_frame()["question"].tolist() == ["difference of age by plan"]


def test_groups_of_another_type_replay(ledger_path):
    project = pk.open_project("typed", epsilon=9, unit=pk.ROW, store=ledger_path)
    for keys in ([3, 4], [3.0, 4.0]):
        PEOPLE.privacy.dp_difference("age", "who", keys=keys, bounds=(0, 100), epsilon=1)
    assert project.spent.main == 1


def test_equal_bounds_are_refused_before_anything_is_spent(ledger_path):
    project = pk.open_project("constant", epsilon=99, unit=pk.ROW, store=ledger_path)
    asked = {"bounds": (5, 5), **ASKING}
    with pytest.raises(pk.ParameterError, match="the bounds of 'age' are equal"):
        PEOPLE.head(9).privacy.dp_difference("age", "plan", epsilon=10, **asked)
    with pytest.raises(pk.ParameterError, match="the bounds of 'age' are equal"):
        PEOPLE.privacy.plan.dp_difference("age", "plan", accuracy=1, assume_rows=9, **asked)
    assert project.spent.main == 0


def test_a_condition_compares_shares_and_a_flag_is_one(ledger_path):
    pk.open_project("flags", epsilon=10**7, ceiling=10**7, unit=pk.ROW, store=ledger_path)
    own = {**ASKING, "epsilon": 10**5}
    by_flag = PEOPLE.privacy.dp_difference("left", "plan", **own)
    by_words = PEOPLE.privacy.dp_difference("age > 40 and left", "plan", **own)
    share = PEOPLE.groupby("plan")["left"].mean()
    assert by_flag.to_frame()["difference"].iloc[0] == pytest.approx(share["new"] - share["old"], abs=1e-3)
    assert list(by_words.estimates) == ["difference", "share_a", "share_b", "count_a", "count_b", "p_value"]
    assert "less 'old'" in str(by_words.plan.question)
    derived = {"derive": {"months": "age * 12"}, "bounds": (0, 1200), **own}
    assert list(PEOPLE.privacy.dp_difference("months", "plan", **derived).estimates)[1] == "mean_a"


def test_persons_with_several_rows_are_warned_of(ledger_path):
    pk.open_project("several", epsilon=9, unit="who", max_rows=3, store=ledger_path)
    asked = {**ASKING, "bounds": (0, 100), "epsilon": 1}
    words = "not drawn independently"
    assert any(words in note for note in PEOPLE.privacy.plan.dp_difference("age", "plan", **asked).notes)
    one = PEOPLE.privacy.plan.dp_difference("age", "plan", max_rows=1, **asked)
    assert not any(words in note for note in one.notes)


def test_lazy_engines_reckon_the_same(tmp_path):
    asked = {**ASKING, "bounds": (0, 100), "epsilon": 10**6, "version": "1"}
    found = []
    for place, frame in enumerate((PEOPLE, duckdb_relation(PEOPLE))):
        project = pk.open_project(f"p{place}", epsilon=10**7, ceiling=10**7, unit=pk.ROW, store=tmp_path / "l.db")
        plan = pk.plan.dp_difference(frame, "age", "plan", project=project, **asked)
        assert not plan.fetched
        found.append(plan.release().to_frame().iloc[0])
    assert found[0]["difference"] == pytest.approx(found[1]["difference"], abs=1e-3)


@pytest.mark.parametrize(
    ("args", "options", "error", "says"),
    [
        (("age", "plan"), {"bounds": (0, 100)}, pk.KeysError, "needs keys="),
        (("age", "plan"), {"bounds": (0, 100), "keys": ["new"]}, pk.KeysError, "1 groups"),
        (("age", "plan"), {"bounds": (0, 100), "keys": ["new", "old", "none"]}, pk.KeysError, "3 groups"),
        (("age", "plan"), {"bounds": (0, 100), "keys": ["new", "new"]}, pk.KeysError, "doubled"),
        (("age", "plan"), {"bounds": (0, 100), "keys": [1, 2]}, pk.PrivkitError, "plan"),
        (("age", "plan"), ASKING, pk.PrivkitError, "bounds="),
        (("age", "plan"), {"bounds": (5, 5), **ASKING}, pk.ParameterError, "constant"),
        (("age", ["plan"]), {"bounds": (0, 1), **ASKING}, pk.ParameterError, "group=a list"),
        (("age > 3", "plan"), {"bounds": (0, 1), **ASKING}, pk.ParameterError, "condition"),
        (("nope", "plan"), {"bounds": (0, 1), **ASKING}, pk.PrivkitError, "nope"),
        (("age", "nope"), {"bounds": (0, 1), **ASKING}, pk.ColumnNotFoundError, "nope"),
        (("plan", "left"), {"bounds": (0, 1), "keys": [True, False]}, pk.PrivkitError, "plan"),
        ((3, "plan"), {"bounds": (0, 1), **ASKING}, pk.PrivkitError, "column"),
        (("age", ["plan", "left"]), {"bounds": (0, 1), **ASKING}, pk.PrivkitError, "group|column"),
        (("age", "plan"), {"bounds": (0, 100), "by": "left", **ASKING}, TypeError, "by"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_is_spent(project, args, options, error, says):
    with pytest.raises(error, match=says) as caught:
        pk.dp_difference(PEOPLE, *args, epsilon=1, **options)
    assert project.spent.main == 0
    if error is not TypeError:
        assert "No budget was spent" in str(caught.value)
