"""k-means by noisy steps: what one row or person moves, what is summed, what it costs and where centers lie."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from dp_asking import ask, count_plan, frames, neighbors, norms, salted
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.dp.measurement import draw, make_measurement
from privkit.dp.training.lloyd import Centers, Lloyd
from privkit.dp.training.steps import featured
from privkit.tally.products import ONE
from privkit.values.bounds import ValueBounds
from privkit.values.loss import Measure

QUICK = settings(max_examples=60, deadline=None)
PERSONS = [{"max_rows": 1}, {"max_rows": 3}, {"max_groups": 1, "per_group": 2}]
PRICES = [(Measure.PURE, {"epsilon": 1}), (Measure.ZERO_CONCENTRATED, {"rho": 0.5})]


def model(clusters=3, steps=4, start=0):
    return Lloyd(featured({"x": ValueBounds(0.0, 10.0), "z": ValueBounds(-3.0, 2.0)}), clusters, steps, start)


def doubled(frame):
    return frame.assign(z=frame["x"].to_numpy()[::-1])


def step_of(asked, question, frame, state, salt=b"0123456789abcdef"):
    with salted(salt):
        return asked.summed(asked.design(frame, question), state)


def anywhere(data, clusters=3):
    """Centers that no training need reach: what holds, holds for any history."""
    draws = st.lists(st.integers(-ONE, ONE), min_size=2 * clusters, max_size=2 * clusters)
    return Centers(np.array(data.draw(draws), dtype=float).reshape(clusters, 2), np.zeros(clusters))


@QUICK
@given(frame=frames(), bounds=st.sampled_from([{}, *PERSONS]), salt=st.binary(min_size=16, max_size=16), data=st.data())
def test_a_row_or_person_moves_a_step_within_what_is_declared_whatever_was_answered(frame, bounds, salt, data):
    frame, asked = doubled(frame), model()
    question, state = ask(asked, **bounds), anywhere(data)
    whole, reach = step_of(asked, question, frame, state, salt), question.sensitivity
    for other in neighbors(frame, bounds):
        _, l1, l2, linf = norms(whole - step_of(asked, question, other, state, salt))
        assert l1 <= reach.l1
        assert l2 <= reach.l2
        assert linf <= reach.linf


@pytest.mark.parametrize("bounds", [{}, {"max_rows": 1}, {"max_rows": 30}])
def test_the_worst_row_or_person_reaches_nearly_all_of_it(bounds):
    frame = pd.DataFrame({"who": ["p"] * (30 if bounds else 1), "x": 10.0, "z": -3.0})
    question = ask(model(), **bounds)
    moved = norms(step_of(model(), question, frame, model().begun()))
    assert moved[1] == pytest.approx(question.sensitivity.l1, rel=1e-6)
    assert moved[2] == pytest.approx(question.sensitivity.l2, rel=1e-6)


def test_sums_are_exact_integers_and_each_row_goes_to_its_nearest_center():
    rng = np.random.default_rng(4)
    rows = 1501
    frame = pd.DataFrame({"x": rng.uniform(-3, 13, rows), "z": rng.uniform(-4, 4, rows)})
    asked = model()
    state = Centers(np.rint(rng.uniform(-ONE, ONE, (3, 2))), np.zeros(3))
    whole = step_of(asked, ask(asked), frame, state)
    total = np.zeros((3, 3), dtype=object)
    for vector in asked.design(frame, ask(asked)).vectors:
        z = [int(one) for one in vector[1:]]
        away = [sum((a - int(b)) ** 2 for a, b in zip(z, center, strict=True)) for center in state.places]
        total[away.index(min(away))] += np.array([ONE, *z], dtype=object) * 2**16
    assert whole.tolist() == total.reshape(-1).tolist()
    parts = [step_of(asked, ask(asked), frame.iloc[a:b], state) for a, b in pairwise([0, 3, 700, 701, rows])]
    assert (sum(parts) == whole).all()


@pytest.mark.parametrize(("measure", "price"), PRICES, ids=["Laplace", "Gaussian"])
def test_opendp_states_for_all_steps_what_is_paid_and_refuses_less_noise(measure, price):
    plan = count_plan(ask(model()), measure, **price)
    measurement = make_measurement(plan)
    assert 0.999 * float(plan.loss.main) < measurement.map(1) <= plan.loss.main
    frame = pd.DataFrame({"x": [1.0], "z": [0.0]})
    assert len(draw(measurement, frame)) == 4 * 9
    first, second, *others = measurement._layers
    measurement._layers = [first, type(second)(second.scale * 0.99), *others]
    with pytest.raises(Exception, match="insufficient budget"):
        draw(measurement, frame)


def test_the_start_reads_no_data_and_lies_apart():
    for seed in range(5):
        start = model(clusters=6, start=seed).begun().places
        assert np.abs(start).max() <= ONE
        apart = np.linalg.norm(start[:, None] - start[None], axis=2) + np.eye(6) * 9 * ONE
        assert apart.min() > 0.2 * ONE
    assert (model(start=1).begun().places == model(start=1).begun().places).all()
    assert (model(start=1).begun().places != model(start=2).begun().places).any()


def test_without_noise_it_is_lloyds_method():
    cluster = pytest.importorskip("sklearn.cluster")
    rng = np.random.default_rng(6)
    z = np.concatenate([rng.normal(center, 0.1, (500, 2)) for center in ((-0.5, -0.5), (0.5, 0), (-0.2, 0.6))])
    frame = pd.DataFrame({"x": z[:, 0] * 5 + 5, "z": z[:, 1] * 2.5 - 0.5})
    asked = model(steps=10)
    with np.errstate(all="raise"):
        cells = asked.exact(frame, ask(asked))
    start = asked.begun().places / ONE
    oracle = cluster.KMeans(3, init=start, n_init=1, max_iter=10, tol=0).fit(z.clip(-1, 1))
    assert asked.centers(cells[0]).places / ONE == pytest.approx(oracle.cluster_centers_, abs=1e-3)
    found = {name: values[0] for name, values in asked.estimates(cells).items()}
    assert found["x [0]"] == pytest.approx(oracle.cluster_centers_[0][0] * 5 + 5, abs=1e-2)
    assert sum(found[f"count [{place}]"] for place in range(3)) == 1500


def test_clusters_that_noise_decides_are_remarked_and_nobody_is_no_error(ledger_path):
    pk.open_project("few", epsilon=2, unit=pk.ROW, store=ledger_path)
    frame = pd.DataFrame({"x": [1.0, 9.0] * 50})
    plan = pk.plan.dp_kmeans(frame, "x", 4, bounds={"x": (0, 10)}, epsilon=0.01, assume_rows=100)
    assert any("buys hardly any information" in note for note in plan.notes)
    release = plan.release()
    assert "It was charged" in release.remarks[0]
    assert release.to_frame()[[f"x [{n}]" for n in range(4)]].apply(lambda c: c.between(0, 10)).all(axis=None)
    assert np.isfinite(pk.dp_kmeans(frame[:0], "x", 2, bounds={"x": (0, 10)}, epsilon=1).to_frame()).all(axis=None)


FRAME = pd.DataFrame({"x": [1.0, 2.0], "k": ["a", "b"], "count": [1, 2]})
REFUSED = {
    "no clusters": ({"clusters": 0}, pk.ParameterError),
    "too many": ({"clusters": 101}, pk.ParameterError),
    "a text": ({"clusters": "2"}, pk.ParameterError),
    "no bounds": ({"bounds": None}, pk.BoundsRequiredError),
    "equal bounds": ({"bounds": {"x": (2, 2)}}, pk.ParameterError),
    "a column of text": ({"x": ["x", "k"], "bounds": {"x": (0, 1), "k": (0, 1)}}, pk.PrivkitError),
    "keys": ({"keys": ["a"]}, pk.KeysError),
    "another number's name": ({"x": ["count"], "bounds": {"count": (0, 1)}}, pk.ParameterError),
    "a start below 0": ({"start": -1}, pk.ParameterError),
    "an accuracy": ({"epsilon": None, "accuracy": 1, "assume_rows": 9}, pk.PriceError),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_told_and_nothing_is_spent(ledger_path, name):
    more, error = REFUSED[name]
    project = pk.open_project("bad", epsilon=1, unit=pk.ROW, store=ledger_path)
    good = {"x": "x", "clusters": 2, "bounds": {"x": (0, 10)}, "epsilon": 0.1}
    with pytest.raises(error, match="No budget was spent"):
        pk.dp_kmeans(FRAME, **{**good, **more})
    assert project.spent.main == 0
    assert pk.dp_kmeans(FRAME, **good).loss.main == Fraction("0.1")
