"""Audits of private functions: broken ones are found, right ones never accused, and the bounds are what they say."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pipelines_of_others as others
import pytest

import privkit as pk
from privkit.attacks.pipelines.counted import bounded, clopper_pearson
from privkit.attacks.pipelines.recorded import gaussian_epsilon

CANARY = "CANARY-7f3a"
#: What each is found by, besides that its claim is broken.
KINDS = {
    "guessed_sensitivity": "enters",
    "keys_from_the_data": "shape",
    "noise_reused": "reused",
    "seed_fixed": "seed",
    "clipped_after_the_noise": "enters",
    "epsilon_counted_once": "enters",
    "mean_over_private_n": "scale",
    "maximum_without_noise": "past the noise",
    "percentile_as_bound": "scale",
    "a_cell_without_noise": "past the noise",
    "scale_of_five_on_group_means": "enters",
    "normal_noise_without_delta": "enters",
    "raises_for_one": "raises",
}


def audit(function, frame=None, **options):
    asked = {"epsilon": others.EPS, "runs": 400, "seconds": 1000} | options
    return pk.audit_pipeline(function, others.people() if frame is None else frame, **asked)


@pytest.mark.parametrize("name", others.BROKEN)
@pytest.mark.sample(0.2)
def test_what_breaks_its_claim_is_found(name):
    found = audit(others.BROKEN[name])
    assert found.broken, found
    assert found.lower > others.EPS
    assert KINDS[name] in {one.kind for one in found.findings}
    assert "Claim broken: at least ε = " in repr(found)
    told = repr(found) + found._repr_html_() + found.to_frame().to_string()
    assert not re.search(r"(?<![\d,.])913", told)  # 1,913 calls are none of the cells


@pytest.mark.parametrize("name", others.RIGHT)
@pytest.mark.sample(0.25)
def test_what_keeps_its_claim_is_not_accused(name):
    """Each is accused in one of 10,000 audits at most, as both of two limits must err in far fewer than 10⁶."""
    function, delta, neighbors = others.RIGHT[name]
    found = audit(function, delta=delta, neighbors=neighbors, confidence=0.9999)
    assert not found.broken, found
    assert found.lower <= others.EPS
    assert not any(one.level == "broken" for one in found.findings)
    assert not found.suspects, found.suspects
    assert "proves nothing" in repr(found)


def test_the_page_tells_these_pipelines_and_how_many_are_accused():
    """The two tests above say what is accused; the page's table of confusion is of the same functions."""
    page = (Path(__file__).parents[2] / "docs" / "attack.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (break|keep) their claim \| ([\d |]+) \|$", page, flags=re.MULTILINE))
    assert rows == {"break": f"{len(others.BROKEN)} | 0", "keep": f"0 | {len(others.RIGHT)}"}
    told = " ".join(page.split())
    for name in (*others.BROKEN, *others.RIGHT):
        assert name.replace("_", " ") in told, name


def test_the_same_right_ones_are_accused_of_half_their_loss():
    """The test above has power."""
    for name in ("laplace_count", "geometric_count", "grouped_counts"):
        assert audit(others.RIGHT[name][0], epsilon=others.EPS / 2).broken, name
    assert audit(others.gaussian_sum, epsilon=others.EPS / 3, delta=others.DELTA).broken


def test_floats_are_told_apart_by_their_last_bits_where_that_is_asked_for():
    assert [one.kind for one in audit(others.floats_published).findings] == ["floats"]
    asked = (
        audit(others.floats_published, floats=True, runs=2000) for _ in range(100)
    )  # about every second one finds it
    found = next(one for one in asked if one.broken)
    assert found.by == "answers"


def test_whole_numbers_that_are_drawn_alike_by_chance_are_no_seed():
    def often_alike(seed=None):
        def noisy(frame):
            random = np.random.default_rng(seed)
            return len(frame) + random.geometric(0.9) - random.geometric(0.9)

        return noisy

    kinds = [{one.kind for one in audit(often_alike(seed), others.people(9), epsilon=3).findings} for seed in (None, 3)]
    assert "seed" not in kinds[0]
    assert "seed" in kinds[1]


def test_a_coin_is_judged_by_its_answers():
    found = audit(others.coin_too_honest, neighbors="replace", runs=2000, frame=others.people(12))
    assert found.broken
    assert found.by == "answers"
    assert "loose noise" in {one.kind for one in found.findings}


def test_by_person_all_rows_go_together():
    frame = pd.DataFrame({"who": np.arange(60) // 6, "x": 1.0})
    by_row = audit(lambda d: len(d) + others.RNG.laplace(0, 1), frame)
    by_person = audit(lambda d: len(d) + others.RNG.laplace(0, 1), frame, unit="who")
    bounded_first = audit(lambda d: len(d) + others.RNG.laplace(0, 6), frame, unit="who")
    assert not by_row.broken
    assert by_person.broken
    assert by_person.lower > 5.9
    assert not bounded_first.broken


def test_another_in_the_place_moves_a_count_by_two_cells():
    one = audit(others.grouped_counts, neighbors="replace")
    assert one.broken
    assert 1.9 < one.lower <= 2.0


def test_answers_that_are_stored_are_not_counted():
    kept = {}

    def replaying(frame):
        key = tuple(pd.util.hash_pandas_object(frame))
        if key not in kept:
            kept[key] = others.laplace_count(frame)
        return kept[key]

    found = audit(replaying)
    assert not found.broken
    assert found.event is None
    assert "stored" in {one.kind for one in found.findings}


def test_noise_from_where_it_is_not_seen_is_said():
    import secrets

    def hidden(frame):
        return len(frame) + (secrets.randbits(30) / 2**30 - 0.5) * 20

    found = audit(hidden)
    assert "unseen noise" in {one.kind for one in found.findings}
    assert "past the noise" not in {one.kind for one in found.findings}


def test_the_time_limit_tells_what_was_found_until_then():
    import time

    def slow(frame):
        time.sleep(0.01)
        return len(frame) + others.RNG.laplace(0, 1)

    found = audit(slow, seconds=1)
    assert found.stopped
    assert not found.broken
    assert "The time was up" in repr(found)


# -- mechanisms of libraries -------------------------------------------------------------------------------------------


def test_opendp_measurements_say_their_loss():
    import opendp.prelude as dp

    dp.enable_features("contrib")
    space = dp.atom_domain(T=int), dp.absolute_distance(T=int)
    noisy = dp.m.make_laplace(*space, scale=2.0)
    found = audit(lambda d: {"a": noisy(len(d)), "b": noisy(len(d))}, others.people(40), epsilon=0.5)
    enters = next(one for one in found.findings if one.kind == "enters")
    assert enters.epsilon == pytest.approx(1.0)
    assert not audit(lambda d: noisy(len(d)), others.people(40), epsilon=0.5).suspects


def test_diffprivlib_mechanisms_are_seen():
    mechanisms = pytest.importorskip("diffprivlib.mechanisms")
    noisy = mechanisms.Laplace(epsilon=1.0, sensitivity=1.0)
    assert not audit(lambda d: noisy.randomise(float(len(d))), others.people(40)).broken
    found = audit(lambda d: noisy.randomise(float(d["spend"].sum())), others.people(40))
    assert found.broken
    assert found.by == "recorded"


@pytest.mark.landing
def test_privkits_own_answers_are_not_accused(tmp_path):
    projects = iter(range(10**6))

    def own(frame):
        name = f"audit{next(projects)}"
        project = pk.open_project(name, epsilon=1.0, unit=pk.ROW, store=tmp_path / f"{name}.db")
        return pk.dp_count(frame, "plan", keys=others.PLANS, epsilon=1.0, project=project)

    found = audit(own, others.people(12), runs=100, seconds=20)
    assert not found.broken
    assert not found.suspects
    assert "library" in {one.kind for one in found.findings}


# -- the figures -----------------------------------------------------------------------------------------------------


def test_limits_are_those_of_scipys_beta():
    stats = pytest.importorskip("scipy.stats")
    for hits, n, chance in [(0, 50, 0.01), (3, 50, 0.025), (50, 50, 0.01), (700, 2000, 1e-4)]:
        low, high = clopper_pearson(hits, n, chance)
        assert low == pytest.approx(stats.beta.ppf(chance, hits, n - hits + 1) if hits else 0.0, abs=1e-9)
        assert high == pytest.approx(stats.beta.ppf(1 - chance, hits + 1, n - hits) if hits < n else 1.0, abs=1e-9)


def test_a_bound_is_rarely_above_the_truth():
    drawn = np.random.default_rng(1)
    truth = math.log(0.6 / 0.3)
    wrong = sum(
        bounded(drawn.binomial(300, 0.6), 300, drawn.binomial(300, 0.3), 300, delta=0.0, chance=0.2) > truth
        for _ in range(400)
    )
    assert wrong / 400 < 0.2
    assert bounded(180, 300, 0, 300, delta=0.7, chance=0.05) == 0.0


def test_normal_noise_at_delta_is_the_hockey_stick():
    integrate = pytest.importorskip("scipy.integrate")
    epsilon, mu = gaussian_epsilon(0.7, 1e-4), 0.7

    def over(x):
        p, q = (math.exp(-((x - place) ** 2) / 2) / math.sqrt(2 * math.pi) for place in (mu, 0.0))
        return max(p - math.exp(epsilon) * q, 0.0)

    assert integrate.quad(over, mu, 12, limit=500, epsabs=1e-12)[0] == pytest.approx(1e-4, rel=1e-3)


# -- bad input -------------------------------------------------------------------------------------------------------


def raising(frame):
    raise ValueError(CANARY)


@pytest.mark.parametrize(
    ("call", "error", "told"),
    [
        (lambda d: pk.audit_pipeline(3, d, epsilon=1), pk.ParameterError, "function"),
        (lambda d: pk.audit_pipeline(len, [1], epsilon=1), pk.ParameterError, "pandas frame"),
        (lambda d: pk.audit_pipeline(raising, d, epsilon=1), pk.AttackError, "raised ValueError"),
        (lambda d: pk.audit_pipeline(len, d.head(2), epsilon=1), pk.AttackError, "2 rows"),
        (lambda d: pk.audit_pipeline(len, d.head(0), epsilon=1), pk.AttackError, "0 rows"),
        (lambda d: pk.audit_pipeline(len, d, epsilon=0), pk.ParameterError, "epsilon"),
        (lambda d: pk.audit_pipeline(len, d, epsilon=1, delta=2), pk.ParameterError, "delta"),
        (lambda d: pk.audit_pipeline(len, d, epsilon=1, runs=10), pk.ParameterError, "runs"),
        (lambda d: pk.audit_pipeline(len, d, epsilon=1, seconds=0), pk.ParameterError, "seconds"),
        (lambda d: pk.audit_pipeline(len, d, epsilon=1, confidence=1.0), pk.ParameterError, "confidence"),
        (lambda d: pk.audit_pipeline(len, d, epsilon=1, neighbors="swap"), pk.ParameterError, "neighbors"),
        (lambda d: pk.audit_pipeline(len, d, epsilon=1, unit="who"), pk.ColumnNotFoundError, "'who'"),
        (lambda d: pk.audit_pipeline(len, d.assign(who=1), epsilon=1, unit="who"), pk.AttackError, "1 row"),
    ],
)
def test_bad_input_is_told_without_a_value(call, error, told):
    with pytest.raises(error) as caught:
        call(others.people(20).assign(name=CANARY))
    assert told in str(caught.value)
    assert CANARY not in str(caught.value)
    assert str(caught.value).startswith("audit_pipeline() ")


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"x": [None] * 5}),
        pd.DataFrame({"x": [np.nan, np.inf, -np.inf, 1e308, -1e308]}),
        pd.DataFrame({"x": [2**63 - 1, -(2**63), 0]}, index=[1, 1, 1]),
        pd.DataFrame(
            {"x": pd.array([1, None, 3], "Int64"), "d": pd.date_range("2026", periods=3), "l": [[1], [2], []]}
        ),
        pd.DataFrame({"x": [1 + 2j] * 3, "c": pd.Categorical(["a", "b", None]), "b": pd.array([True, None, False])}),
        pd.DataFrame(index=range(4)),
    ],
)
@pytest.mark.parametrize("answer", [lambda d: d, lambda d: object(), lambda d: [d, {"a": {1, 2}}, None, len(d)]])
@pytest.mark.sample(0.4)
def test_odd_frames_and_odd_answers_get_an_answer(frame, answer):
    found = audit(answer, frame, runs=100)
    assert isinstance(found, pk.PipelineAudit)
    repr(found), found._repr_html_(), found.to_frame()
