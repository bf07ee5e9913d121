"""Synthetic rows: what a choice moves by, what rounds cost, an audit, what is kept, drawn and refused."""

from __future__ import annotations

import itertools
import json
import math
import signal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from dp_asking import WHO
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.dp.measurement import draw, make_measurement
from privkit.dp.noise import rounds as rounds_noise
from privkit.dp.plan import make_plan
from privkit.dp.price import Price
from privkit.dp.question import Question
from privkit.dp.synthesis import drawing, running
from privkit.dp.synthesis.drawing import Filled, drawn_rows, information, uniform, weighted
from privkit.dp.synthesis.kept import Kept
from privkit.dp.synthesis.model import Measured, Model, Ruled, model_of, on_simplex, with_margins
from privkit.dp.synthesis.running import Measuring, score
from privkit.dp.synthesis.synthetic import Synthetic
from privkit.errors.disclosure import LevelsError
from privkit.errors.synthetic import ColumnDomainError, SyntheticError
from privkit.values.bounds import ONE_ROW, ContributionBounds
from privkit.values.keys import public_keys
from privkit.values.loss import Measure
from privkit.values.unit import ROW, PrivacyUnit, rows

LEVELS = tuple(public_keys([name], ["a", "b"]) for name in ("u", "v", "w"))
MADE = tuple(Filled(name, name, "str") for name in ("u", "v", "w"))


def asked(**given_):
    return Synthetic.asks(LEVELS, MADE, **{"target": None, "rows": 5, "rounds": 2, "laplace": False, **given_})


def question(statistic, unit=ROW, bounds=ONE_ROW):
    return Question(statistic, unit, bounds)


def plan_of(statistic, measure=None, unit=ROW, bounds=ONE_ROW, **price):
    measure = measure or (Measure.PURE if statistic.laplace else Measure.ZERO_CONCENTRATED)
    return make_plan(question(statistic, unit, bounds), measure, Price(**price))


# -- what one unit moves -----------------------------------------------------------------------------------------------


def test_a_row_moves_a_score_by_at_most_one_and_some_rows_do():
    """Brute force: every small table, every neighbor, every public table to compare with."""
    moved = set()
    for exact in itertools.product(range(3), repeat=3):
        for expected in itertools.product((-1, 0, 1, 2), repeat=3):
            base = score(np.array(exact), np.array(expected), 7)
            for cell in range(3):
                more = np.array(exact)
                more[cell] += 1
                moved.add(score(more, np.array(expected), 7) - base)
    assert moved == {-1, 1}  # tight both ways: a score that is declared monotonic, or moved by half, is caught


@settings(max_examples=40, deadline=None)
@given(data=st.data(), most=st.integers(1, 3), salt=st.binary(min_size=16, max_size=16))
def test_a_person_moves_every_table_and_every_score_by_at_most_its_rows(data, most, salt):
    many = data.draw(st.integers(1, 12))
    cells = st.lists(st.sampled_from(["a", "b", "x", None]), min_size=many, max_size=many)
    frame = pd.DataFrame({name: data.draw(cells) for name in ("u", "v", "w", "who")})
    statistic, bounds = asked(), ContributionBounds(max_rows=most)
    told = question(statistic, WHO, bounds)
    expected = [
        np.array(data.draw(st.lists(st.integers(-3, 9), min_size=9, max_size=9)), dtype=np.int64)
        for _ in statistic.pairs
    ]
    found = statistic._counts(frame, told, salt)
    for person in frame["who"].dropna().unique():
        rest = frame[frame["who"] != person].reset_index(drop=True)
        without = statistic._counts(rest, told, salt)
        for one, other in zip(found, without, strict=True):
            assert np.abs(one - other).sum() <= most
        for pair, public in enumerate(expected):
            place = len(statistic.tables) + pair
            assert abs(score(found[place], public, 3) - score(without[place], public, 3)) <= most
    norms = statistic.sensitivity(told)
    assert (norms.l0, norms.l1, norms.l2, norms.linf) == (1, most, most, most)


# -- what it costs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 4])
@pytest.mark.parametrize("laplace", [True, False])
@pytest.mark.parametrize("later", [0, 1, 2, 3])
@pytest.mark.parametrize("target", [None, "u"])
@pytest.mark.sample(0.3)
def test_the_loss_is_that_of_all_rounds_by_closed_formulas(laplace, most, later, target):
    unit = ROW if most == 1 else rows(most)
    price = {"epsilon": 0.7} if laplace else {"rho": 0.7}
    bounds = ONE_ROW if most == 1 else ContributionBounds(max_rows=most)
    statistic = asked(rounds=later, laplace=laplace, target=target)
    plan = plan_of(statistic, unit=unit, bounds=bounds, **price)
    noise, shape = plan.noise, plan.question.asked.shape
    if laplace:
        loss = shape.first * most / noise.scale
        loss += shape.later * most / noise.measuring if shape.later else 0
        loss += shape.later * 2 * most / noise.choosing if shape.chosen else 0  # not monotonic: twice the distance
    else:
        loss = shape.first * most**2 / (2 * noise.scale**2)
        loss += shape.later * most**2 / (2 * noise.measuring**2) if shape.later else 0
        loss += shape.later * (2 * most / noise.choosing) ** 2 / 8 if shape.chosen else 0
    stated = Fraction(make_measurement(plan).map(1))
    assert loss == pytest.approx(0.7, rel=1e-9)
    assert 0.7 * (1 - 1e-9) < stated <= Fraction("0.7")


def test_two_units_cost_twice_in_epsilon_and_four_times_in_rho():
    for laplace, times in ((True, 2), (False, 4)):
        made = make_measurement(plan_of(asked(laplace=laplace), **({"epsilon": 1} if laplace else {"rho": 1})))
        assert made.map(2) == pytest.approx(times * made.map(1))


def test_in_epsilon_and_delta_it_is_converted_once():
    plan = plan_of(asked(), measure=Measure.APPROXIMATE, epsilon=1, delta=1e-6, mechanism="gaussian")
    epsilon, delta = make_measurement(plan).map(1)
    assert epsilon <= 1
    assert delta <= 1e-6
    assert epsilon > 0.999


def test_a_price_below_what_the_rounds_cost_is_refused(monkeypatch):
    plan = plan_of(asked(), rho=0.5)
    really = rounds_noise.stated_in_all
    monkeypatch.setattr(rounds_noise, "stated_in_all", lambda *args: 2 * really(*args))
    with pytest.raises(RuntimeError, match="below the loss"):
        make_measurement(plan)


# -- an audit ----------------------------------------------------------------------------------------------------------


def audited(statistic, noise, many):
    """The largest ε that draws on two worst-case neighbors refute, of the whole transcript of rounds."""
    from scipy import stats

    run = statistic.run
    base = np.array([0] * 9, dtype=np.int64)
    counts = [np.array([3, 0, 0])] * 3 + [base + np.eye(9, dtype=np.int64)[0] * 3] * 3
    more = [table + (np.arange(len(table)) == 0) for table in counts]
    events = []
    for tables in (counts, more):
        draws, told = Measuring(noise), []
        for _ in range(many):
            first, later = run.transcript(tables, noise, draws, 5)
            # The log-likelihood ratio of Laplace noise on what the row moved: the best test.
            cells = [first[0], first[3], first[6], *(cells[0] for _, cells in later)]
            scales = [noise.scale] * 3 + [noise.measuring] * len(later)
            exact = [3] * len(cells)
            told.append(sum((abs(c - x) - abs(c - x - 1)) / s for c, x, s in zip(cells, exact, scales, strict=True)))
        events.append(np.array(told))
    less, over = events
    found = 0.0
    for threshold in np.quantile(over, [0.3, 0.5, 0.7]):
        true = stats.beta.ppf(1e-4, max((over > threshold).sum(), 1e-9), (over <= threshold).sum() + 1)
        false = stats.beta.ppf(1 - 1e-4, (less > threshold).sum() + 1, max((less <= threshold).sum(), 1e-9))
        found = max(found, math.log(true / false))
    return found


@pytest.mark.landing
def test_an_audit_stays_below_epsilon_and_refutes_noise_that_is_too_small():
    statistic = asked(laplace=True, rounds=2)
    epsilon = 2.0
    noise = plan_of(statistic, epsilon=epsilon).noise
    assert audited(statistic, noise, 600) <= epsilon
    weak = type(noise)(noise.scale / 8, noise.shares, noise.choosing / 8, noise.measuring / 8, noise.shape)
    assert audited(statistic, weak, 600) > epsilon  # the test has power


# -- the model, and rows that fit --------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(values=st.lists(st.floats(-100, 100), min_size=1, max_size=7), total=st.floats(0.1, 50))
def test_the_simplex_projection_is_the_nearest_one(values, total):
    found = on_simplex(np.array(values), total)
    assert found.min() >= 0
    assert found.sum() == pytest.approx(total)
    rng = np.random.default_rng(0)
    own = ((found - values) ** 2).sum()
    for other in rng.dirichlet(np.ones(len(values)), size=50) * total:
        assert own <= ((other - values) ** 2).sum() + 1e-6


def test_without_noise_the_model_is_what_was_measured_and_rows_have_its_tables():
    rng = np.random.default_rng(3)
    sizes, joint = (3, 4, 2), rng.dirichlet(np.ones(24)).reshape(3, 4, 2)
    counts = np.round(joint * 20_000).astype(np.int64)
    pairs = [(0, 1), (0, 2), (1, 2)]
    measured = [Measured(p, counts.sum(axis=({0, 1, 2} - {*p}).pop()).ravel(), 1e-9) for p in pairs]
    model = model_of(measured, sizes, Ruled([np.ones(n, dtype=bool) for n in sizes]))
    assert model.rows == pytest.approx(counts.sum())
    for pair in pairs:
        exact = counts.sum(axis=({0, 1, 2} - {*pair}).pop()) / counts.sum()
        assert np.abs(model.pairs[pair] - exact).max() < 1e-5
    made, stopped = drawn_rows(model, 5_000, np.random.default_rng(1))
    assert not stopped
    for pair in pairs:
        table = np.zeros([sizes[axis] for axis in pair])
        np.add.at(table, (made[:, pair[0]], made[:, pair[1]]), 1 / len(made))
        assert np.abs(table - model.pairs[pair]).sum() / 2 < 0.02  # independent draws are about twice as far


def test_noise_alone_says_that_columns_are_independent_and_signal_says_that_they_are_not():
    rng = np.random.default_rng(5)
    even = np.full(100, 100.0)
    allowed = [np.ones(10, dtype=bool)] * 2

    def model(cells):
        return model_of([Measured((0, 1), np.rint(cells).astype(np.int64), 400.0)], (10, 10), Ruled(allowed))

    found = [information(model(even + rng.normal(0, 20, 100)).pairs[0, 1]) for _ in range(20)]
    assert np.mean(found) < 0.002  # the noise itself is about 0.02
    assert information(model(np.diag(np.full(10, 1000.0)).ravel() + rng.normal(0, 20, 100)).pairs[0, 1]) > 1.5


def test_levels_that_a_type_cannot_hold_are_never_drawn():
    allowed = [np.array([True, True, False]), np.array([True, True, True])]
    measured = [Measured((0, 1), np.array([5, 5, 5, 5, 5, 5, 90, 90, 90], dtype=np.int64), 1.0)]
    model = model_of(measured, (3, 3), Ruled(allowed))
    made, _ = drawn_rows(model, 400, np.random.default_rng(0))
    assert set(made[:, 0]) == {0, 1}
    assert set(made[:, 1]) == {0, 1, 2}


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 999))
def test_margins_are_put_right(seed):
    rng = np.random.default_rng(seed)
    first, second = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(5))
    found = with_margins(rng.random((3, 5)), first, second)
    assert np.allclose(found.sum(axis=1), first, atol=1e-3)
    assert np.allclose(found.sum(axis=0), second, atol=1e-6)


def test_few_rows_and_empty_frames_give_rows_all_the_same(project):
    frame = pd.DataFrame({"u": ["a"], "v": ["b"]})
    for some in (frame, frame.iloc[:0]):
        release = ask(some, project, columns=["u", "v"], keys={"u": ["a", "b"], "v": ["a", "b"]}, rows=3)
        assert release.frame.shape == (3, 2)
        assert ask(some, project, columns=["u", "v"], keys={"u": ["a", "b"], "v": ["a", "b"]}).frame.shape[0] >= 1


# -- values ------------------------------------------------------------------------------------------------------------


def test_the_uniform_numbers_are_what_they_were():
    """Stored answers rest on them."""
    assert uniform(1, 2, 2).tolist() == [
        [0.5118216247002567, 0.9504636963259353],
        [0.14415961271963373, 0.9486494471372439],
    ]


@settings(max_examples=60, deadline=None)
@given(
    edges=st.lists(st.integers(-50, 50), min_size=2, max_size=6, unique=True).map(sorted),
    half=st.booleans(),
    right=st.booleans(),
    dtype=st.sampled_from(["int64", "Int64", "int8", "float64", "Float64", "float32"]),
)
def test_values_lie_in_their_bins_and_have_the_type(edges, half, right, dtype):
    own = tuple(edge + 0.5 * half for edge in map(float, edges))
    one = Filled("x", "x", dtype, own, right)
    if one.is_whole and any(first >= after for first, after in one.bins()):
        return
    codes = np.repeat(np.arange(len(own) - 1), 40)
    chances = np.concatenate([[0.0, 1 - 2**-53], uniform(3, len(codes) - 2, 1)[:, 0]])
    found = one.values(codes, (), chances)
    assert str(found.dtype) == dtype
    closed = "right" if right else "left"
    again = pd.cut(found.astype(float), list(own), right=right, labels=False)
    if dtype != "float32":  # which rounds to an edge
        assert again.tolist() == codes.tolist(), closed


TYPES = {
    "text": (pd.Series(["a", "b", None] * 40, dtype="str"), {"keys": ["a", "b"]}),
    "object": (pd.Series(["a", None, "b"] * 40, dtype=object), {"keys": ["a", "b"]}),
    "category": (pd.Series(["a", "b", "b"] * 40, dtype="category"), {"keys": ["a", "b"]}),
    "bool": (pd.Series([True, False, True] * 40), {"keys": [True, False]}),
    "boolean": (pd.Series([True, False, None] * 40, dtype="boolean"), {"keys": [True, False]}),
    "int64": (pd.Series([1, 2, 3] * 40), {"cuts": [0, 2, 5]}),
    "uint8": (pd.Series([1, 2, 3] * 40, dtype="uint8"), {"keys": [1, 2, 3]}),
    "Int64": (pd.Series([1, 2, None] * 40, dtype="Int64"), {"cuts": [0, 2, 5]}),
    "float64": (pd.Series([1.5, 2.5, None] * 40), {"cuts": [0, 2, 5]}),
    "datetime": (pd.Series(pd.to_datetime(["2026-01-05", "2026-02-07", None] * 40)), {"cuts": ["2026-01-01", "2026-02-01", "2026-03-01"]}),  # noqa: E501
    "zoned": (
        pd.Series(pd.to_datetime(["2026-01-05", "2026-02-07", None] * 40)).dt.tz_localize("Europe/Zurich"),
        {"cuts": ["2026-01-01", "2026-02-01", "2026-03-01"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TYPES)
def test_rows_have_the_types_the_order_and_the_missing_values_of_the_frame(project, name):
    column, domain = TYPES[name]
    frame = pd.DataFrame({"z": ["p", "q"] * 60, "x": column, "other": 1})
    call = {"keys": {"z": ["p", "q"]}, "cuts": {}}
    for kind, values in domain.items():
        call[kind]["x"] = values
    release = ask(frame, project, columns=["x", "z"], rows=500, epsilon=50, **call)
    made = release.frame
    assert list(made.columns) == ["z", "x"]
    assert made["z"].dtype == frame["z"].dtype
    assert str(made["x"].dtype) == str(column.dtype)
    share = made["x"].isna().mean()
    assert share == pytest.approx(column.isna().mean(), abs=0.05)
    assert made.equals(release.frame)


def test_a_polars_frame_gives_the_same_kinds_of_column(project):
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"x": [1, 2, None, 4] * 20, "z": ["p", "q"] * 40})
    made = ask(frame, project, columns=["x", "z"], keys={"z": ["p", "q"]}, cuts={"x": [0, 3, 6]}, rows=60).frame
    assert str(made["x"].dtype) == "Int64"
    assert set(made["z"].dropna()) <= {"p", "q"}


# -- the ledger --------------------------------------------------------------------------------------------------------

FOUR = pd.DataFrame(
    {
        "a": ["x", "y"] * 300,
        "b": ["x", "y", "y"] * 200,
        "c": [1, 2, 3, 4] * 150,
        "d": [True, False, False] * 200,
    }
)
DOMAIN = {"a": ["x", "y"], "b": ["x", "y"], "c": [1, 2, 3, 4], "d": [True, False]}


@pytest.fixture
def project(ledger_path):
    return pk.open_project("rows", epsilon=1000, delta=1e-3, unit=pk.ROW, store=ledger_path, ceiling=100)


def ask(frame, project, *, columns, epsilon=1, **more):
    return pk.dp_synthetic(frame, columns, project=project, epsilon=epsilon, **more)


def test_it_replays_byte_for_byte_and_costs_once(project):
    first = ask(FOUR, project, columns=list("abcd"), keys=DOMAIN)
    spent = project.spent
    again = ask(FOUR, project, columns=list("dcba"), keys=dict(reversed(DOMAIN.items())))  # the same question
    assert again.replayed
    assert again.frame.equals(first.frame)
    assert again.distances.equals(first.distances)
    assert project.spent == spent
    assert not ask(FOUR, project, columns=list("abcd"), keys=DOMAIN, rows=7).replayed
    assert not ask(FOUR, project, columns=list("abcd"), keys=DOMAIN, target="d").replayed


def interrupting(after):
    """A choice that Ctrl-C hits in a later round."""
    really, seen = Measuring.later, []

    def later(self, cells):
        if len(seen) == after:
            signal.raise_signal(signal.SIGINT)
        seen.append(1)
        return really(self, cells)

    return later


@pytest.mark.parametrize("after", [0, 1, 2])
def test_ctrl_c_keeps_what_was_measured_says_so_and_replays(project, monkeypatch, after):
    monkeypatch.setattr(running.Measuring, "later", interrupting(after))
    release = ask(FOUR, project, columns=list("abcd"), keys=DOMAIN, rounds=4, rows=50)
    assert release.frame.shape == (50, 4)
    assert f"stopped after {after} of 4 rounds" in repr(release)
    assert project.spent.main == 1  # the whole price, whatever was measured
    again = ask(FOUR, project, columns=list("abcd"), keys=DOMAIN, rounds=4, rows=50)
    assert again.replayed
    assert again.frame.equals(release.frame)
    assert len(again.distances) == 4 + after


def test_ctrl_c_in_the_first_round_ends_the_question_and_all_stays_spent(project, monkeypatch):
    def first(self, cells):
        signal.raise_signal(signal.SIGINT)
        return [0] * len(cells)

    monkeypatch.setattr(running.Measuring, "first", first)
    with pytest.raises(KeyboardInterrupt):
        ask(FOUR, project, columns=list("abcd"), keys=DOMAIN)
    assert project.spent.main == 1
    (entry,) = project.account.entries()
    assert (entry.state, entry.answer) == ("orphaned", None)


def test_ctrl_c_while_rows_are_drawn_gives_rows_all_the_same(project, monkeypatch):
    really, seen = drawing._turned, []

    def turned(*args):
        seen.append(1)
        if len(seen) == drawing._TURNS + 3 - 1:  # the last weighting, after the rounds' own
            signal.raise_signal(signal.SIGINT)
        return really(*args)

    monkeypatch.setattr(drawing, "_turned", turned)
    release = ask(FOUR, project, columns=list("abcd"), keys=DOMAIN, rounds=0, rows=50, target="a")
    if len(seen) < drawing._TURNS:
        assert "stopped while rows were drawn" in repr(release)
    assert release.frame.shape == (50, 4)
    assert ask(FOUR, project, columns=list("abcd"), keys=DOMAIN, rounds=0, rows=50, target="a").replayed


def test_a_failure_after_the_charge_leaves_it_spent_and_tells_no_cause(project, monkeypatch):
    def later(self, cells):
        raise ValueError("CANARY")

    monkeypatch.setattr(running.Measuring, "later", later)
    with pytest.raises(pk.MeasurementError) as caught:
        ask(FOUR, project, columns=list("abcd"), keys=DOMAIN)
    assert "CANARY" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert project.spent.main == 1


def test_what_is_kept_reads_as_it_was_written():
    statistic = asked(rounds=2)
    rng = np.random.default_rng(1)
    first = rng.integers(-9, 9, statistic.width).tolist()
    later = [(2, rng.integers(-9, 9, 9).tolist()), (0, rng.integers(-9, 9, 9).tolist())]
    levels = rng.integers(0, 3, (17, 3))
    kept = Kept.of(first, later, 5).with_rows(statistic, levels, stopped=True)
    again = Kept.read(statistic, np.array(json.loads(json.dumps(kept.cells)), dtype=np.int64))
    assert again.cells == kept.cells
    assert again.levels(statistic).tolist() == levels.tolist()
    assert (again.stopped, again.seed, [place for place, _ in again.rounds]) == (True, 5, [2, 0])


def test_rounds_choose_the_pair_that_fits_worst():
    """With hardly any noise the pair that depends is measured, not one that does not."""
    rng = np.random.default_rng(2)
    u = rng.choice(["a", "b"], 4000)
    frame = pd.DataFrame({"u": u, "v": rng.choice(["a", "b"], 4000), "w": u})
    plan = plan_of(asked(rounds=1), rho=50)
    drawn = draw(make_measurement(plan), frame)
    kept = Kept.read(plan.question.asked, np.array(drawn, dtype=np.int64))
    assert [plan.question.asked.pairs[place] for place, _ in kept.rounds] == [(0, 2)]
    made = plan.question.asked.frame(np.array(drawn, dtype=np.int64).reshape(1, -1))
    assert len(made) == 5


def test_tables_of_the_first_round_have_intervals_and_persons_are_bounded_once(ledger_path):
    project = pk.open_project("p", rho=9, unit="who", max_rows=2, store=ledger_path, ceiling=9)
    frame = FOUR.assign(who=[f"p{row // 6}" for row in range(len(FOUR))])
    release = ask(frame, project, columns=list("abcd"), keys=DOMAIN, target="d", epsilon=None, rho=4)
    table = release.table("a", "d")
    assert (table["lower"] <= table["count"]).all()
    assert release.total().value == pytest.approx(200, abs=30)  # 100 persons of 6 rows, 2 of each
    assert release.plan.question.bounds.max_rows == 2
    assert abs(len(release.frame) - 200) < 30


# -- what is refused ---------------------------------------------------------------------------------------------------

KEYS = {"a": ["x", "y"], "b": ["x", "y"]}
REFUSED = {
    "one column": (SyntheticError, "two or more", {"columns": ["a"], "keys": {"a": ["x"]}}),
    "a text": (SyntheticError, "columns as a str", {"columns": "ab", "keys": KEYS}),
    "a column twice": (SyntheticError, "twice", {"columns": ["a", "a"], "keys": KEYS}),
    "no such column": (pk.ColumnNotFoundError, "'aa'", {"columns": ["aa", "b"], "keys": KEYS}),
    "no public values": (ColumnDomainError, "'c'", {"columns": ["a", "c"], "keys": {"a": ["x"]}}),
    "keys from data": (pk.NotPublicError, "keys", {"columns": ["a", "b"], "keys": {"a": FOUR["a"], "b": ["x"]}}),
    "cuts from data": (pk.NotPublicError, "edges", {"columns": ["a", "c"], "keys": {"a": ["x"]}, "cuts": {"c": FOUR["c"]}}),  # noqa: E501
    "cuts of another shape": (SyntheticError, "cuts as a list", {"columns": ["a", "c"], "cuts": [1, 2], "keys": KEYS}),
    "keys and cuts": (SyntheticError, "keys and cuts", {"columns": ["a", "c"], "keys": {"a": ["x"], "c": [1]}, "cuts": {"c": [0, 9]}}),  # noqa: E501
    "cuts of a text": (pk.ExpressionError, "cuts['b']", {"columns": ["a", "b"], "keys": {"a": ["x"]}, "cuts": {"b": [0, 9]}}),  # noqa: E501
    "cuts of others": (SyntheticError, "cuts of 'c'", {"columns": ["a", "b"], "keys": KEYS, "cuts": {"c": [0, 9]}}),
    "open bins": (SyntheticError, "open end", {"columns": ["a", "c"], "keys": {"a": ["x"]}, "cuts": {"c": [0, math.inf]}}),  # noqa: E501
    "bins without a number": (SyntheticError, "whole number", {"columns": ["a", "c"], "keys": {"a": ["x"]}, "cuts": {"c": [0.1, 0.9]}}),  # noqa: E501
    "zero rows": (pk.ParameterError, "rows=0", {"columns": ["a", "b"], "keys": KEYS, "rows": 0}),
    "too many rows": (pk.ParameterError, "at most 1,000,000", {"columns": ["a", "b"], "keys": KEYS, "rows": 2_000_000}),
    "a target that is none": (SyntheticError, "target='c'", {"columns": ["a", "b"], "keys": KEYS, "target": "c"}),
    "rounds below zero": (pk.ParameterError, "rounds=-1", {"columns": ["a", "b"], "keys": KEYS, "rounds": -1}),
    "by accuracy": (SyntheticError, "no one accuracy", {"columns": ["a", "b"], "keys": KEYS, "epsilon": None, "accuracy": 5}),  # noqa: E501
    "no price": (pk.ParameterError, "epsilon", {"columns": ["a", "b"], "keys": KEYS, "epsilon": None}),
    "a key that is reserved": (LevelsError, "other or missing", {"columns": ["a", "b"], "keys": {**KEYS, "a": ["(other or missing)"]}}),  # noqa: E501
    "too large": (SyntheticError, "cells", {"columns": ["a", "c"], "keys": {"a": [f"k{n}" for n in range(2000)], "c": list(range(2000))}}),  # noqa: E501
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_refused_and_nothing_is_spent(project, name):
    error, words, call = REFUSED[name]
    with pytest.raises(error) as caught:
        ask(FOUR, project, **call)
    told = str(caught.value)
    assert words in told, told
    assert told.endswith("No budget was spent."), told
    assert project.spent.main == 0


def test_too_many_combinations_for_two_numbers_are_refused(project):
    frame = pd.DataFrame({f"c{n}": [1] for n in range(30)})
    with pytest.raises(SyntheticError, match="combinations"):
        ask(frame, project, columns=list(frame), keys={name: list(range(20)) for name in frame})


def test_a_release_of_something_else_holds_no_rows(project):
    count = pk.dp_count(FOUR, epsilon=1, project=project)
    for name in ("frame", "distances"):
        with pytest.raises(SyntheticError, match="holds no rows"):
            getattr(count, name)


def test_declared_facts_stand_for_keys_and_cuts(project):
    project.public({"a": {"keys": ["x", "y"]}, "c": {"bins": [0, 3, 9]}})
    release = ask(FOUR, project, columns=["a", "c"], rows=20)
    assert release.frame["c"].between(0, 8).all()
    assert len(release.plan.public) == 2


def test_the_simulator_says_so_in_the_rows():
    project = pk.open_project("class", simulate=True, seed=1, epsilon=5, unit=pk.ROW)
    made = ask(FOUR, project, columns=["a", "b"], keys=KEYS, rows=4).frame
    assert made["simulated"].all()


def test_weights_that_cannot_fit_stay_finite():
    ones = (np.array([0.5, 0.5, 0.0]), np.array([1.0, 0.0]))
    model = Model(10.0, ones, {(0, 1): np.array([[0.5, 0.0], [0.5, 0.0], [0.0, 0.0]])})
    found, stopped = weighted(model, np.array([[0, 0], [1, 0], [0, 0]]), 5)
    assert np.isfinite(found).all()
    assert found[1] == pytest.approx(0.5)
    assert not stopped


def test_a_unit_by_window_or_person_is_planned(ledger_path):
    project = pk.open_project("w", epsilon=9, unit=PrivacyUnit("who"), max_rows=3, store=ledger_path)
    frame = FOUR.assign(who=1)
    plan = pk.plan.dp_synthetic(frame, ["a", "b"], keys=KEYS, epsilon=1, project=project)
    assert plan.sensitivity["L1"] == 3
