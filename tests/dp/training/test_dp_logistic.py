"""Logistic regression by steps: what all steps cost, what is drawn, what it says, what is refused."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from chance import RARE, spreads_as
from dp_asking import ask, count_plan
from dp_trained import model
from scipy import stats

import privkit as pk
from privkit.dp.measurement import draw, make_measurement
from privkit.dp.noise.noise import Laplace, in_measure
from privkit.dp.noise.rounds import composed
from privkit.dp.training.logistic import Logistic
from privkit.dp.training.steps import featured
from privkit.values.bounds import ValueBounds
from privkit.values.keys import public_keys
from privkit.values.loss import Measure

PRICES = [
    (Measure.PURE, {"epsilon": 1}),
    (Measure.ZERO_CONCENTRATED, {"rho": 0.5}),
    (Measure.APPROXIMATE, {"epsilon": 1, "delta": 1e-6}),
    (Measure.APPROXIMATE_ZERO_CONCENTRATED, {"rho": 0.1}),
]


# -- what all steps cost -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("measure", "price"), PRICES, ids=[measure.value for measure, _ in PRICES])
@pytest.mark.parametrize("steps", [1, 2, 7, 60])
def test_opendp_states_for_all_steps_what_is_paid(measure, price, steps):
    plan = count_plan(ask(model(steps=steps)), measure, **price)
    measurement = make_measurement(plan)
    stated = measurement.map(1)
    main = stated[0] if isinstance(stated, tuple) else stated
    assert 0.999 * float(plan.loss.main) < main <= plan.loss.main
    moved = plan.noise.distance(plan.question.sensitivity)
    alike = in_measure(composed([layer.measurement() for layer in plan.noise.layers]), plan.loss)  # not adaptive
    oracle = alike.map(moved)
    assert main == pytest.approx(oracle[0] if isinstance(oracle, tuple) else oracle, rel=1e-9)
    assert len(plan.noise.layers) == steps
    assert len({layer.scale for layer in plan.noise.layers}) == 1


@pytest.mark.parametrize("price", [PRICES[0], PRICES[1]], ids=["Laplace", "Gaussian"])
def test_many_prices_are_met_by_what_is_drawn(price):
    measure, paid = price
    (name,) = paid
    for amount in (1e-4, 0.0031, 0.35, 0.7, 1.0, 3.3, 9.0):
        plan = count_plan(ask(model(steps=33)), measure, **{name: amount})
        assert make_measurement(plan).map(1) <= plan.loss.main


@pytest.mark.parametrize(("measure", "price"), PRICES[:2], ids=["Laplace", "Gaussian"])
def test_opendp_refuses_a_step_with_too_small_a_noise_and_one_too_many(measure, price):
    frame = pd.DataFrame({"x": [1.0], "k": ["a"], "y": ["no"]})
    plan = count_plan(ask(model(steps=3)), measure, **price)
    less = make_measurement(plan)
    assert len(draw(less, frame)) == 3 * 6
    first, second, third = less._layers
    less._layers = [first, type(second)(second.scale * 0.99), third]
    with pytest.raises(Exception, match="insufficient budget"):
        draw(less, frame)
    more = make_measurement(plan)
    more._layers = [first, second, third, third]
    object.__setattr__(more._model, "steps", 4)
    try:
        with pytest.raises(Exception, match="out of queries"):
            draw(more, frame)
    finally:
        object.__setattr__(more._model, "steps", 3)


@pytest.mark.parametrize(("measure", "price"), PRICES[:2], ids=["Laplace", "Gaussian"])
@pytest.mark.sample(0.5)
def test_the_noise_of_every_step_is_as_large_as_it_is_told(measure, price):
    plan = count_plan(ask(model(steps=1000)), measure, **price)
    empty = pd.DataFrame({"x": [], "k": [], "y": []}).astype({"x": float, "k": str, "y": str})
    drawn = np.array(draw(make_measurement(plan), empty), dtype=float)  # of no rows, every sum is 0
    assert drawn.shape == (1000 * 6,)
    layer = plan.noise.layers[0]
    law = stats.laplace(scale=layer.scale) if isinstance(layer, Laplace) else stats.norm(scale=layer.scale)
    assert stats.kstest(drawn, law.cdf).pvalue > RARE
    assert spreads_as(drawn, layer)
    assert not spreads_as(drawn, type(layer)(layer.scale * 0.8))  # a fifth less would be seen
    moved = plan.question.sensitivity
    lost = 1000 * (moved.l1 / layer.scale if isinstance(layer, Laplace) else (moved.l2 / layer.scale) ** 2 / 2)
    assert lost == pytest.approx(float(plan.loss.main), rel=1e-9)  # by hand


# -- what it says ------------------------------------------------------------------------------------------------------


def test_with_next_to_no_noise_it_is_the_textbooks_fit():
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(2)
    rows = 6000
    frame = pd.DataFrame({"x": rng.uniform(0, 10, rows), "k": rng.choice(["a", "b", "1", "?"], rows)})
    odds = -2 + 0.5 * frame["x"] + 1.5 * (frame["k"] == "a") - (frame["k"] == "b")
    frame["y"] = np.where(rng.random(rows) < 1 / (1 + np.exp(-odds)), "yes", "no")
    asked = model(clip="2", steps=400, penalty="0.002")
    cells = asked.exact(frame, ask(asked))
    found = {name: values[0] for name, values in asked.estimates(cells).items()}
    z = np.stack([(frame["k"] == "1"), (frame["k"] == "a"), (frame["k"] == "b"), frame["x"] / 5 - 1], axis=1).astype(
        float
    )
    oracle = linear_model.LogisticRegression(C=1 / (0.002 * rows), tol=1e-10, max_iter=10_000).fit(z, frame["y"])
    true = dict(zip(("k=1", "k=a", "k=b", "x"), oracle.coef_[0] / [1, 1, 1, 5], strict=True))
    assert {name: found[name] for name in true} == pytest.approx(true, abs=5e-3)
    assert found["intercept"] == pytest.approx(oracle.intercept_[0] - oracle.coef_[0][3], abs=5e-3)
    assert found["count"] == rows


def test_noise_moves_weights_as_far_as_a_plan_says():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"x": rng.uniform(0, 10, 2_000), "y": rng.choice(["no", "yes"], 2_000)})
    asked = Logistic(
        "y",
        public_keys(["y"], ["no", "yes"]),
        featured({"x": ValueBounds(0.0, 10.0)}),
        30,
        Fraction("1.2"),
        Fraction(0),
    )
    plan = count_plan(ask(asked), Measure.ZERO_CONCENTRATED, rho=0.2)
    measurement = make_measurement(plan)
    drawn = [asked.weights(np.array(draw(measurement, frame)))[1] for _ in range(60)]
    told = asked.stirred(plan.noise, 2_000)
    assert np.std(drawn) == pytest.approx(told, rel=0.5)  # 60 draws tell it to 9.1 %: five and a half deviations
    assert f"{told:.2g}"[:3] in " ".join(asked.price_notes(plan.noise, plan.question, 2_000))


def test_a_price_that_buys_nothing_is_told_before_and_remarked_after(ledger_path):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"x": rng.uniform(0, 10, 300), "y": rng.choice([True, False], 300)})
    pk.open_project("small", epsilon=1, unit=pk.ROW, store=ledger_path)
    plan = pk.plan.dp_logistic(frame, "y", "x", bounds={"x": (0, 10)}, epsilon=0.01, assume_rows=300)
    assert any("buys hardly any information" in note for note in plan.notes)
    found = plan.release()
    assert "It was charged" in found.remarks[0]
    assert np.isfinite(found.to_frame().to_numpy()).all()
    nobody = pk.dp_logistic(frame[:0], "y", "x", bounds={"x": (0, 10)}, epsilon=0.5)
    assert np.isfinite(nobody.to_frame().to_numpy()).all()
    alone = pk.dp_logistic(frame[frame["y"]], "y", "x", bounds={"x": (0, 10)}, epsilon=0.4)  # one class only
    assert np.isfinite(alone.to_frame().to_numpy()).all()


def test_it_is_released_replayed_and_does_not_depend_on_the_order_of_columns_or_levels(ledger_path):
    project = pk.open_project("churn", rho=1, unit=pk.ROW, store=ledger_path)
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(
        {"x": rng.uniform(0, 10, 2000), "k": rng.choice(["a", "b"], 2000), "y": rng.choice(["no", "yes"], 2000)}
    )
    asked = {"bounds": {"x": (0, 10)}, "rho": 0.25, "steps": 9}
    first = frame.privacy.dp_logistic("y", ["x", "k"], keys={"y": ["no", "yes"], "k": ["a", "b"]}, **asked)
    again = frame.privacy.dp_logistic("y", ["k", "x"], keys={"k": ["b", "a"], "y": ["no", "yes"]}, **asked)
    assert again.replayed
    assert (again.drawn == first.drawn).all()
    assert (again.value == first.value).all(axis=None)
    turned = frame.privacy.dp_logistic("y", ["k", "x"], keys={"k": ["b", "a"], "y": ["yes", "no"]}, **asked)
    assert not turned.replayed  # the chance of the other class is another question
    fresh = frame.privacy.dp_logistic("y", ["x", "k"], keys={"y": ["no", "yes"], "k": ["a", "b"]}, again=True, **asked)
    assert (fresh.drawn != first.drawn).any()
    assert float(project.spent.main) == 0.75


# -- what is refused ---------------------------------------------------------------------------------------------------


FRAME = pd.DataFrame(
    {"x": [1.0, 2.0], "k": ["a", "b"], "y": ["no", "yes"], "b": [True, False], "z": [1, 2], "count": [1, 2]}
)
GOOD = {
    "y": "y",
    "x": ["x", "k"],
    "bounds": {"x": (0, 10)},
    "keys": {"y": ["no", "yes"], "k": ["a", "b"]},
    "epsilon": 0.1,
}
REFUSED = {
    "no classes": ({"keys": {"k": ["a", "b"]}}, pk.KeysError),
    "one class": ({"keys": {"y": ["no"], "k": ["a", "b"]}}, pk.KeysError),
    "three classes": ({"keys": {"y": ["no", "yes", "perhaps"], "k": ["a", "b"]}}, pk.KeysError),
    "classes of another type": ({"keys": {"y": [0, 1], "k": ["a", "b"]}}, pk.KeysError),
    "no levels": ({"keys": {"y": ["no", "yes"]}}, pk.KeysError),
    "keys as a list": ({"keys": ["no", "yes"]}, pk.KeysError),
    "keys of others": ({"keys": {"y": ["no", "yes"], "k": ["a", "b"], "q": [1]}}, pk.KeysError),
    "no bounds": ({"bounds": None}, pk.BoundsRequiredError),
    "bounds as a tuple": ({"bounds": (0, 10)}, pk.ParameterError),
    "bounds of others": ({"bounds": {"x": (0, 10), "q": (0, 1)}}, pk.ParameterError),
    "equal bounds": ({"bounds": {"x": (3, 3)}}, pk.ParameterError),
    "bounds and keys": ({"bounds": {"x": (0, 10), "k": (0, 1)}}, pk.ParameterError),
    "bounds of text": (
        {"x": ["y2", "x"], "derive": {"y2": "k"}, "bounds": {"x": (0, 1), "y2": (0, 1)}, "keys": {"y": ["no", "yes"]}},
        pk.PrivkitError,
    ),
    "itself": ({"x": ["x", "y"]}, pk.ParameterError),
    "twice": ({"x": ["x", "x"]}, pk.DuplicateColumnError),
    "no such column": ({"x": ["x", "nope"]}, pk.ColumnNotFoundError),
    "none": ({"x": []}, pk.PrivkitError),
    "another number's name": (
        {"x": ["count"], "bounds": {"count": (0, 1)}, "keys": {"y": ["no", "yes"]}},
        pk.ParameterError,
    ),
    "one step": ({"steps": 1}, pk.ParameterError),
    "too many steps": ({"steps": 1001}, pk.ParameterError),
    "steps as text": ({"steps": "9"}, pk.ParameterError),
    "no clip": ({"clip": 0}, pk.ParameterError),
    "a negative penalty": ({"penalty": -1}, pk.ParameterError),
    "too large a penalty": ({"penalty": 2}, pk.ParameterError),
    "too many levels": ({"keys": {"y": ["no", "yes"], "k": [f"k{n}" for n in range(1001)]}}, pk.ParameterError),
    "an accuracy": ({"epsilon": None, "accuracy": 1, "assume_rows": 9}, pk.PriceError),
    "by groups": ({"by": "k"}, pk.CallError),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.sample(0.3)
def test_bad_input_is_told_and_nothing_is_spent(ledger_path, name):
    more, error = REFUSED[name]
    project = pk.open_project("bad", epsilon=1, unit=pk.ROW, store=ledger_path)
    for ask_ in (pk.dp_logistic, pk.plan.dp_logistic):
        with pytest.raises(error) as told:
            ask_(FRAME, **{**GOOD, **more})
        assert "No budget was spent." in str(told.value)
    assert project.spent.main == 0
    assert pk.dp_logistic(FRAME, **GOOD).loss.main == Fraction("0.1")


@pytest.mark.parametrize(
    ("price", "steps"),
    [
        ({"epsilon": 0.3}, 9),
        ({"epsilon": 0.5}, 13),
        ({"advantage": 0.1}, 9),
        ({"advantage": 0.3}, 13),
        ({"epsilon": 0.3, "steps": 20}, 20),
    ],
)
def test_at_a_low_price_fewer_laplace_steps_are_taken(ledger_path, price, steps):
    pk.open_project("few", epsilon=3, unit=pk.ROW, store=ledger_path)
    plan = pk.plan.dp_logistic(FRAME, **{**GOOD, "epsilon": None, **price})
    assert plan.question.asked.steps == steps
    pk.open_project("many", epsilon=3, delta=1e-3, unit=pk.ROW, store=ledger_path)
    with_delta = pk.plan.dp_logistic(FRAME, **{**GOOD, "epsilon": None, **price, "delta": 1e-5})
    assert with_delta.question.asked.steps == (price.get("steps") or 32)


def test_what_counts_persons_takes_no_person_for_a_feature(ledger_path):
    frame = FRAME.assign(who=[1, 2])
    pk.open_project("bad", epsilon=1, unit="who", max_rows=1, store=ledger_path)
    with pytest.raises(pk.UnitColumnError):
        pk.dp_logistic(frame, **{**GOOD, "x": ["x", "k", "who"], "bounds": {"x": (0, 10), "who": (0, 9)}})
