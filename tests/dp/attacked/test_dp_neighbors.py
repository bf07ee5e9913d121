"""A search for neighboring frames that move a statistic by more than it declares, and whether that search can find.

For every transformation, at every unit: what enters the noise on D and on D less a row, less three rows of which no id
tells whose they are, or less a person, for the same salt; compared in L1, L2 and L∞ with the declared sensitivity. The
same search must find a counterexample to half of it.
"""

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from dp_asking import WHO, norms, salted
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from privkit.dp.question import Question
from privkit.dp.statistics.books.tables import Tables
from privkit.dp.statistics.clipped import WithClipped
from privkit.dp.statistics.counts import Count, DistinctCount, OpenCount, PersonCount
from privkit.dp.statistics.histogram import Histogram, Span, power_edges
from privkit.dp.statistics.moments import Deviation, Mean, Variance
from privkit.dp.statistics.quantile import Quantile
from privkit.dp.statistics.several import Several
from privkit.dp.statistics.share import PersonShare, Share
from privkit.dp.statistics.sums import PersonSum, Sum
from privkit.dp.statistics.top_k import TopK, TopTable
from privkit.project.dp.query import several_of
from privkit.project.known import Known
from privkit.values.bounds import ONE_ROW, ContributionBounds, ValueBounds
from privkit.values.expression import cut, selection
from privkit.values.keys import public_keys
from privkit.values.unit import ROW, rows

TEN = ValueBounds(0.0, 10.0)
SIGNED = ValueBounds(-10.0, 4.0)
WORDS = [None, "a", "b", "never"]
KEYS = public_keys(["k"], WORDS)
HISTOGRAM = Histogram("x", (-1.0, 1.0, 5.0, 11.0))
ROW_BOUNDS = {"row": ONE_ROW, "any 3 rows": ContributionBounds(max_rows=3)}
WITHOUT_ID = {"row": ROW, "any 3 rows": rows(3)}
IN_ALL = {"3 in all": ContributionBounds(max_rows=3)}
GROUPED = {"2 groups of 2": ContributionBounds(None, 2, 2)}
ONCE = {"1 group": ContributionBounds(None, 1, 1), "2 groups": ContributionBounds(None, 2, 1)}
ANY = ROW_BOUNDS | IN_ALL | GROUPED
QUERY = {"n": "count", "m": ("var", "x", (0, 10)), "s": ("sum", "x", (0, 9)), "q": ("quantile", "x", 0.5, (0, 10))}
BAND = selection("x > 0", {"band": cut("x", [0, 5, 11], labels=["a", "b"])})
FILLED = selection(None, None, {"x": 10.0, "k": "a"}, column="x")
MET = selection(None, {"met": "x > 0.5"})
RATIO = selection("k != 'b' or x < 3", {"ratio": "10 * x / (x - 1)"})

#: Tables bound rows in all, whatever the groups.
BOOK_UNITS = ROW_BOUNDS | IN_ALL
BOOK_BAND = selection(None, {"band": cut("x", [0, 5, 11], labels=["a", "b"])})
BOOK = Tables.of((public_keys(["band"], ["b", "a"]), KEYS), (("k", "band"), ("k",), ()))

#: Every statistic, with the units at which it can be asked, its groups, and what is done to the rows first.
ASKED = {
    "count": (Count(), ANY, None, None),
    "count by": (Count(), ANY, KEYS, None),
    "count by cut": (Count(), ANY, public_keys(["band"], ["a", "b", None]), BAND),
    "count filled": (Count(), ANY, KEYS, FILLED),
    "persons": (PersonCount(), {"1 group": ONCE["1 group"]}, None, None),
    "persons by": (PersonCount(), ONCE, KEYS, None),
    "histogram": (HISTOGRAM, ANY, HISTOGRAM.keys(None), None),
    "histogram by": (HISTOGRAM, ANY, HISTOGRAM.keys(KEYS), None),
    "bounds": (Span("x", power_edges()), ANY, None, None),
    "distinct": (DistinctCount(column="x"), ANY, None, None),
    "distinct by": (DistinctCount(column="x"), ANY, KEYS, None),
    "distinct words by": (DistinctCount(column="k"), ANY, public_keys(["x"], [None, 0, 10]), None),
    "sum": (Sum("x", TEN), ANY, None, None),
    "sum by": (Sum("x", SIGNED), ANY, KEYS, None),
    "sum filled": (Sum("x", TEN), ANY, KEYS, FILLED),
    "sum of ratios": (Sum("ratio", SIGNED), ANY, KEYS, RATIO),
    "totals": (PersonSum("x", TEN), {"1 group": ONCE["1 group"]}, None, None),
    "totals by": (PersonSum("x", SIGNED), ONCE, KEYS, None),
    "mean": (Mean("x", TEN), ANY, None, None),
    "mean by": (Mean("x", SIGNED), ANY, KEYS, None),
    "share": (Share("met"), ANY, None, MET),
    "share by": (Share("met"), ANY, KEYS, MET),
    "share of persons": (PersonShare("met"), {"1 group": ONCE["1 group"]}, None, MET),
    "share of persons by": (PersonShare("met"), ONCE, KEYS, MET),
    "variance by": (Variance("x", TEN), ANY, KEYS, None),
    "deviation": (Deviation("x", SIGNED), ANY, None, None),
    "median by": (Quantile("x", 1, 2, (0.0, 2.0, 4.0)), ANY, KEYS, None),
    "quantile": (Quantile("x", 9, 10, (-1.0, 0.5, 9.0)), ANY, None, None),
    "top": (TopK(KEYS, 2), ANY, None, None),
    "top by a table": (TopTable(KEYS, 2), ANY, None, None),
    "mean with clipped": (WithClipped(Mean("x", TEN)), ANY, None, None),
    "sum with clipped": (WithClipped(Sum("x", TEN)), ANY, None, None),
    "sum with clipped by": (WithClipped(Sum("x", SIGNED)), ANY, KEYS, None),
    "deviation with clipped by": (WithClipped(Deviation("x", SIGNED)), ANY, KEYS, None),
    "open": (OpenCount(("k",)), ROW_BOUNDS, None, None),
    "tables": (BOOK, BOOK_UNITS, None, BOOK_BAND),
    "query": (several_of(QUERY, None, Known({})), ANY, KEYS, None),
}
SITUATIONS = [(name, unit) for name, (_, units, _, _) in ASKED.items() for unit in units]
NORMS = ("l1", "l2", "linf")

NUMBERS = {
    "float64": [0.0, -0.0, 1.0, 3.0, 10.0, 4.5, -10.0, 1e308, math.inf, -math.inf, math.nan, 2.0**53],
    "float32": [0.0, 10.0, math.nan, math.inf, 0.1],
    "Float64": [None, 0.0, 10.0, -10.0, 3.0, math.inf],
    "int64": [0, 1, 3, 10, -10, 2**63 - 1, -(2**63)],
    "uint64": [0, 1, 10, 2**64 - 1],
    "Int64": [None, 0, 3, 10, -10, 2**63 - 1],
    "int8": [0, 10, 127, -128],
    "bool": [True, False],
    "boolean": [True, False, None],
    "double[pyarrow]": [None, 0.0, 10.0, -math.inf, 3.0],
    "int64[pyarrow]": [None, 0, 10, -10, -(2**63)],
}
GROUPS = {"object": WORDS, "str": WORDS, "category": WORDS, "string[pyarrow]": WORDS, "string": WORDS}
IDS = {
    "int64": [1, 2, 3, 2**62, -(2**62)],
    "Int64": [1, 2, None, 2**62],
    "uint64": [1, 2, 2**64 - 1],
    "float64": [1.0, 2.0, math.nan, -0.0, 0.0],
    "str": ["p", "q", None, "r"],
    "object": ["p", 1, 1.0, True, None, ("p",)],
    "category": ["p", "q", "r", None],
}


def column(draw, kinds, rows):
    dtype = draw(st.sampled_from(list(kinds)))
    values = draw(st.lists(st.sampled_from(kinds[dtype]), min_size=rows, max_size=rows))
    if dtype in ("object", "category"):
        held = np.empty(rows, dtype=object)
        held[:] = values
        return pd.Series(held, dtype=object).astype(dtype)
    if dtype[0].isupper() or dtype in ("boolean", "string") or dtype.endswith("[pyarrow]"):
        return pd.Series(pd.array(values, dtype=dtype))
    return pd.Series(values, dtype=dtype)


@st.composite
def frames(draw, name):
    """A small frame: few values, so that persons have several rows, and of every type in which pandas holds them."""
    rows = draw(st.integers(0, 12))
    floats = {dtype: values for dtype, values in NUMBERS.items() if "float" in dtype.lower()}
    numbers = NUMBERS if ASKED[name][3] is None else floats  # others are refused by their type
    made = {"k": column(draw, GROUPS, rows), "who": column(draw, IDS, rows), "x": column(draw, numbers, rows)}
    return pd.DataFrame(made)


@st.composite
def crowded(draw):
    """Few persons with many rows at the ends of the bounds: where a wrong sensitivity would show."""
    rows = draw(st.integers(4, 10))

    def some(*values):
        return draw(st.lists(st.sampled_from(values), min_size=rows, max_size=rows))

    who, k = some("p", "p", "p", "q"), some("a", "b", None)
    return pd.DataFrame({"k": pd.Series(k, dtype="str"), "who": who, "x": some(0.0, 10.0, -10.0, 1.5)})


def question(name, unit):
    asked, units, keys, selected = ASKED[name]
    bounds = units[unit]
    made = Question(asked, WITHOUT_ID.get(unit, WHO), bounds, keys)
    return made if selected is None else Question(made.asked, made.unit, bounds, keys, selected)


def cells(asked, frame, salt):
    """What enters the noise: cells by groups, or counts by the texts of open groups."""
    with salted(salt):
        if isinstance(asked.asked, OpenCount):
            return asked.asked.counted(frame, asked)
        return asked.asked.exact(asked.rows(frame), asked)


def neighbors(asked, frame):
    """D less one row each, less three rows each, or less one person each."""
    if asked.unit.is_row:
        for places in combinations(range(min(len(frame), 5)), asked.unit.max_rows or 1):
            yield frame.drop(index=list(places))
        return
    codes, _ = pd.factorize(frame["who"].map(lambda one: "truth" if one is True else one, na_action="ignore"))
    for person in range(codes.max(initial=-1) + 1):
        yield frame[codes != person].reset_index(drop=True)


def parts(asked, whole, rest):
    """The declared sensitivity and the difference, of each mechanism that a question is made of."""
    if isinstance(asked.asked, Several):
        at = 0
        for part in asked.asked.parts:
            width = len(part.candidates) if isinstance(part, Quantile) else part.reach.width
            own = Question(part, asked.unit, asked.bounds, asked.keys)
            yield from parts(own, whole[:, at : at + width], rest[:, at : at + width])
            at += width
    elif isinstance(asked.asked, Tables):  # each table by itself: their losses add up
        for span in asked.asked.fit.spans:
            yield asked.sensitivity, (whole - rest)[0, span]
    elif isinstance(whole, dict):
        yield asked.sensitivity, [whole.get(key, 0) - rest.get(key, 0) for key in {*whole, *rest}]
    elif isinstance(asked.asked, Quantile):
        # L∞ within each group, and what the groups' prices compose: the sum where rows are bounded in all.
        most = np.abs(whole - rest).max(axis=1)
        yield asked.sensitivity, [most.sum() if asked.bounds.max_rows is not None else most.max(initial=0)]
        assert asked.bounds.max_rows is not None or (most > 0).sum() <= asked.sensitivity.l0
    elif type(asked.asked) is TopK:
        assert (whole >= rest).all()  # the price takes the scores to move in one direction
        yield asked.sensitivity, [np.abs(whole - rest).max()]
    else:
        yield asked.sensitivity, (whole - rest).ravel()


def moved_most(asked, frame, salt):
    """The largest share of what is declared by which some neighbor differs, in each norm that prices a noise."""
    whole, shares = cells(asked, frame, salt), dict.fromkeys(NORMS, 0.0)
    for rest in neighbors(asked, frame):
        for declared, moved in parts(asked, whole, cells(asked, rest, salt)):
            for norm, found in zip(NORMS, norms(moved)[1:], strict=True):
                shares[norm] = max(shares[norm], found / getattr(declared, norm))
    return shares


@pytest.mark.parametrize(("name", "unit"), SITUATIONS)
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(data=st.data(), salt=st.binary(min_size=16, max_size=16))
@pytest.mark.sample(0.15)
def test_no_neighbor_moves_a_statistic_by_more_than_it_declares(name, unit, data, salt):
    frame = data.draw(frames(name))
    assert max(moved_most(question(name, unit), frame, salt).values()) <= 1 + 1e-12


SEARCH = settings(
    max_examples=300,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


#: One of each kind, where what is declared is reached.
TIGHT = [
    (name, "row")
    for name in (
        "count",
        "histogram",
        "sum",
        "mean",
        "top",
        "top by a table",
        "mean with clipped",
        "sum with clipped",
        "open",
        "tables",
    )
]
TIGHT += [
    ("count", "3 in all"),
    ("sum with clipped", "3 in all"),
    ("tables", "3 in all"),
    ("sum by", "2 groups of 2"),
    ("median by", "2 groups of 2"),
    ("persons by", "2 groups"),
]
TIGHT += [(name, "any 3 rows") for name in ("count", "histogram by", "sum by", "median by", "top", "open")]


@pytest.mark.parametrize(("name", "unit"), TIGHT)
@pytest.mark.sample(0.3)
def test_the_search_finds_half_a_sensitivity(name, unit):
    """Power: declared as half of what it is, each would be caught, in the norm that prices its noise."""
    asked, salt = question(name, unit), b"0123456789abcdef"
    norm = "linf" if type(asked.asked) in (Quantile, TopK) else "l1"
    find(crowded(), lambda frame: moved_most(asked, frame, salt)[norm] > 0.5, settings=SEARCH)
