"""Questions without a project: what the tests of this folder ask, and neighboring frames to ask it of."""

from __future__ import annotations

import inspect
import math
from contextlib import contextmanager
from fractions import Fraction
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st

from privkit.dp.measurement import Rows, make_sums
from privkit.dp.noise.noise import Laplace
from privkit.dp.plan import make_plan
from privkit.dp.price import Price
from privkit.dp.question import Question
from privkit.dp.statistics.counts import Count
from privkit.values.bounds import ONE_ROW, ContributionBounds
from privkit.values.keys import public_keys
from privkit.values.loss import Measure
from privkit.values.unit import ROW, PrivacyUnit

WHO = PrivacyUnit("who")


def count_question(by=(), keys=None, *, max_rows=None, max_groups=None, per_group=None):
    """The count of rows, of persons by the column "who" where contributions are bounded."""
    return ask(Count(), by, keys, max_rows=max_rows, max_groups=max_groups, per_group=per_group)


def ask(statistic, by=(), keys=None, *, max_rows=None, max_groups=None, per_group=None):
    """A question; persons are told apart by the column "who" where contributions are bounded."""
    by = (by,) if isinstance(by, str) else tuple(by)
    bounded = max_rows is not None or max_groups is not None
    bounds = ContributionBounds(max_rows, max_groups, per_group) if bounded else ONE_ROW
    return Question(statistic, WHO if bounded else ROW, bounds, public_keys(by, keys) if by else None)


def count_plan(question=None, measure=Measure.PURE, **price):
    return make_plan(question or count_question(), measure, Price(**price))


@contextmanager
def salted(salt: bytes):
    """Draw the salt of the bounding from the test: the choice of rows is then the same on both neighbors."""
    with mock.patch("secrets.token_bytes", lambda n=32: (salt * 4)[:n]):
        yield


def exact(question, frame, salt=b"0123456789abcdef"):
    """What enters the noise: the output of the OpenDP transformation itself."""
    with salted(salt):
        return np.array(make_sums(question, Laplace)(Rows(frame)), dtype=np.int64)


exact_count = exact


def norms(difference):
    """(L0, L1, L2, L∞) of a vector."""
    moved = np.abs(np.asarray(difference, dtype=float))
    return int((moved > 0).sum()), moved.sum(), math.sqrt((moved**2).sum()), moved.max(initial=0)


def nearest(value, candidates):
    """The candidate nearest to a number, the upper of two, by exact fractions."""
    if math.isinf(value):
        return candidates[-1] if value > 0 else candidates[0]
    return min(candidates, key=lambda candidate: (abs(Fraction(candidate) - Fraction(value)), -candidate))


# -- frames --------------------------------------------------------------------------------------------------

NUMBERS = [None, math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, 2.0, 1e308, 2.0**53]
WORDS = [None, math.nan, "", "a", "b", "A", "é", "é", "1", "nan"]
IDS = [None, math.nan, "p", "q", "r", "s"]
_DTYPES = {"numbers": ["float64", "Float64", "object"], "words": ["object", "str", "category"]}
#: What pandas 3 calls ``str``; on pandas 2, that word is objects.
STR = pd.StringDtype(na_value=np.nan)
_INDEXES = ["range", "doubled", "reversed", "dates", "multi"]


#: Before 1.5 a relation of DuckDB does not hold its connection.
_HELD = []


def duckdb_relation(frame):
    """Return a frame as a relation whose connection is there until the tests end."""
    _HELD.append(pytest.importorskip("duckdb").connect())
    return _HELD[-1].from_df(frame)


def length_of(dp):
    """Return OpenDP's expression for a noisy count, signed where it has that: scale and threshold are the same."""
    length = dp.len if hasattr(dp, "len") else dp.polars.dp_len
    return length(signed=True) if "signed" in inspect.signature(length).parameters else length()


@st.composite
def frames(draw, kind="words"):
    """A small frame with the columns k (the group), who (the person) and x (a number), odd in every way that occurs."""
    rows = draw(st.integers(0, 14))
    pool = WORDS if kind == "words" else NUMBERS
    column = pd.Series(draw(st.lists(st.sampled_from(pool), min_size=rows, max_size=rows)), dtype="object")
    frame = pd.DataFrame(
        {
            "k": typed(column, draw(st.sampled_from(_DTYPES[kind]))),
            "who": typed(
                pd.Series(draw(st.lists(st.sampled_from(IDS), min_size=rows, max_size=rows)), dtype="object"),
                draw(st.sampled_from(["object", "str", "category"])),
            ),
            "x": pd.Series(draw(st.lists(st.sampled_from(NUMBERS), min_size=rows, max_size=rows)), dtype="float64"),
        }
    )
    return indexed(frame, draw(st.sampled_from(_INDEXES)))


def typed(column, dtype):
    if dtype == "Float64":
        return pd.Series(pd.array(column.astype("float64"), dtype="Float64"))
    return column.astype(STR if dtype == "str" else dtype)


def indexed(frame, kind):
    if kind == "doubled":
        frame.index = [7] * len(frame)
    elif kind == "reversed":
        frame.index = range(len(frame), 0, -1)
    elif kind == "dates":
        frame.index = pd.date_range("2026-01-01", periods=len(frame))
    elif kind == "multi":
        frame.index = pd.MultiIndex.from_arrays([range(len(frame)), ["i"] * len(frame)])
    return frame


def without_row(frame, place):
    keep = np.ones(len(frame), dtype=bool)
    keep[place] = False
    return frame[keep]


def without_person(frame, person):
    return frame[(frame["who"].astype("object") != person).to_numpy()]


def neighbors(frame, bounds):
    """The frame without each of the persons, where they are bounded, else without each of its rows."""
    if bounds:
        yield from (without_person(frame, person) for person in "pqrs")
    else:
        yield from (without_row(frame, place) for place in range(len(frame)))


def assert_within(difference, reach):
    """Assert that an answer moved by no more than is declared, in every norm."""
    l0, l1, l2, linf = norms(difference)
    assert l0 <= reach.l0
    assert l1 <= reach.l1
    assert l2 <= reach.l2 * (1 + 1e-12)
    assert linf <= reach.linf
