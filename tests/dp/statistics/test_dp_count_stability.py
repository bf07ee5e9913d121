"""The count's stability claim, attacked: what enters the noise on neighboring frames, against the stated bounds."""

import numpy as np
import pandas as pd
import pytest
from dp_asking import count_question, duckdb_relation, exact_count, frames, norms, without_person, without_row
from hypothesis import given, settings
from hypothesis import strategies as st

from privkit.dp.measurement import Rows, make_sums
from privkit.dp.noise.noise import Laplace

QUICK = settings(max_examples=60)
WORD_KEYS = [None, "a", "b", "1", "never"]
NUMBER_KEYS = [None, 0.0, 1.0, float("inf"), 77.0]
BOUNDS = [{"max_rows": 1}, {"max_rows": 3}, {"max_groups": 1, "per_group": 2}, {"max_groups": 2, "per_group": 1}]


def assert_within(moved, bounds):
    l0, l1, l2, linf = norms(moved)
    assert l0 <= bounds.l0
    assert l1 <= bounds.l1
    assert l2 <= bounds.l2 * (1 + 1e-12)
    assert linf <= bounds.linf


@QUICK
@given(data=st.data(), kind=st.sampled_from(["words", "numbers"]))
def test_a_row_more_or_less_moves_the_counts_by_one_at_most(data, kind):
    frame = data.draw(frames(kind))
    keys = WORD_KEYS if kind == "words" else NUMBER_KEYS
    for question in (count_question(), count_question("k", keys)):
        whole = exact_count(question, frame)
        for place in range(len(frame)):
            assert_within(whole - exact_count(question, without_row(frame, place)), question.bounds)


@QUICK
@given(data=st.data(), bounds=st.sampled_from(BOUNDS), salt=st.binary(min_size=16, max_size=16))
def test_a_person_more_or_less_moves_the_counts_within_the_contribution_bounds(data, bounds, salt):
    frame = data.draw(frames("words"))
    for question in (count_question(**bounds), count_question("k", WORD_KEYS, **bounds)):
        whole = exact_count(question, frame, salt)
        for person in "pqrs":
            rest = exact_count(question, without_person(frame, person), salt)
            assert_within(whole - rest, question.bounds)
            assert (whole >= rest).all()  # a person only adds


@QUICK
@given(data=st.data(), bounds=st.sampled_from(BOUNDS), salt=st.binary(min_size=16, max_size=16))
def test_the_order_of_rows_and_the_index_change_nothing(data, bounds, salt):
    frame = data.draw(frames("words"))
    order = data.draw(st.permutations(range(len(frame))))
    question = count_question("k", WORD_KEYS, **bounds)
    shuffled = frame.iloc[list(order)].reset_index(drop=True)
    assert (exact_count(question, frame, salt) == exact_count(question, shuffled, salt)).all()


@QUICK
@given(data=st.data())
def test_rows_without_an_id_never_count(data):
    frame = data.draw(frames("words"))
    question = count_question("k", WORD_KEYS, max_rows=2)
    known = frame[frame["who"].notna().to_numpy()]
    assert (exact_count(question, frame) == exact_count(question, known)).all()


@QUICK
@given(data=st.data(), bounds=st.sampled_from(BOUNDS))
def test_counts_equal_a_count_by_hand_where_nobody_is_over_the_bounds(data, bounds):
    frame = data.draw(frames("words"))
    question = count_question("k", WORD_KEYS, **bounds)
    kept = []
    for person in "pqrs":
        own = frame[(frame["who"].astype("object") == person).to_numpy()]["k"].astype("object")
        cells = [int(own.isna().sum()) if key is None else int((own == key).sum()) for key in WORD_KEYS]
        kept.append(np.array(cells))
    over = [cells for cells in kept if not fits(cells, question.bounds)]
    if not over:
        assert exact_count(question, frame).tolist() == sum(kept).tolist()


def fits(cells, bounds):
    if bounds.max_rows is not None:
        return cells.sum() <= bounds.max_rows
    return (cells > 0).sum() <= bounds.max_groups and cells.max() <= bounds.per_group


@pytest.mark.parametrize("bounds", BOUNDS)
def test_a_person_over_the_bounds_counts_exactly_up_to_them(bounds):
    frame = pd.DataFrame({"who": ["p"] * 40, "k": ["a", "b", "1", "x"] * 10})
    question = count_question("k", WORD_KEYS, **bounds)
    assert exact_count(question, frame).sum() == question.bounds.l1


def test_whom_the_bounds_keep_is_chosen_without_favor():
    frame = pd.DataFrame({"who": ["p"] * 4, "k": ["a", "a", "a", "b"]})
    question = count_question("k", ["a", "b"], max_rows=1)
    kept = sum(exact_count(question, frame, bytes([n % 256, n // 256]) * 8) for n in range(600))
    assert kept.sum() == 600
    assert abs(kept[1] - 150) < 6 * (600 * 0.25 * 0.75) ** 0.5  # 6 standard deviations


def test_the_salt_is_drawn_anew_for_every_count():
    frame = pd.DataFrame({"who": np.repeat(np.arange(200), 2), "k": ["a", "b"] * 200})
    transformation = make_sums(count_question("k", ["a", "b"], max_rows=1), Laplace)
    assert len({tuple(transformation(Rows(frame))) for _ in range(8)}) > 1


@pytest.mark.parametrize("by", [None, "k"])
def test_an_empty_frame_counts_zero(by):
    frame = pd.DataFrame({"k": pd.Series(dtype="str"), "who": pd.Series(dtype="str")})
    for bounds in ({}, {"max_rows": 3}, {"max_groups": 1, "per_group": 2}):
        question = count_question(by, ["a", "b"], **bounds) if by else count_question(**bounds)
        assert exact_count(question, frame).tolist() == [0] * question.cells


def test_more_rows_than_two_to_the_twenty_are_all_counted():
    rows = 2**20 + 1
    frame = pd.DataFrame({"k": np.zeros(rows, dtype="int64"), "who": np.arange(rows)})
    assert exact_count(count_question(), frame).tolist() == [rows]
    assert exact_count(count_question("k", [0, 1]), frame).tolist() == [rows, 0]
    assert exact_count(count_question("k", [0, 1], max_rows=1), frame).tolist() == [rows, 0]


@pytest.mark.parametrize("bounds", [{}, *BOUNDS])
@pytest.mark.parametrize("persons", [1, 2, 7])
def test_the_transformation_tells_opendp_the_bound_that_is_proved(bounds, persons):
    question = count_question("k", ["a"], **bounds)
    assert make_sums(question, Laplace).map(persons) == persons * question.bounds.l1


@pytest.mark.parametrize("engine", ["polars", "polars lazy", "duckdb"])
@pytest.mark.parametrize("bounds", [{}, {"max_rows": 2}, {"max_groups": 1, "per_group": 2}])
def test_every_engine_counts_the_same(engine, bounds):
    frame = pd.DataFrame({"k": ["a", "b", None, "a", "c", "a"], "who": ["p", "p", "q", "q", None, "p"]})
    question = count_question("k", [None, "a", "b"], **bounds)
    assert exact_count(question, on(engine, frame)).tolist() == exact_count(question, frame).tolist()


def on(engine, frame):
    if engine == "duckdb":
        return duckdb_relation(frame)
    module = pytest.importorskip(engine.split()[0])
    data = module.DataFrame({name: [None if pd.isna(v) else v for v in frame[name]] for name in frame})
    return data.lazy() if engine.endswith("lazy") else data
