"""Numbers as decimals: intervals that hold their values, multiples, and what no float can decide; oracle: fractions."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from privkit.errors import FrameError, ParameterError, PrivkitError
from privkit.errors.anonymity import HierarchyError
from privkit.transform.decimals import Decimals, as_floats
from privkit.transform.generalize import generalize, read_hierarchies, write_hierarchies
from privkit.transform.hierarchies.hierarchy import Hierarchy
from privkit.transform.hierarchies.intervals import shown
from privkit.transform.perturb import round_to, top_bottom

#: Floats with few digits lie on edges, which is where binary arithmetic errs; others lie anywhere.
SHORT = st.builds(lambda count, places: count / 10**places, st.integers(-(10**9), 10**9), st.integers(0, 6))
#: The floats next to those, which a product with a power of ten may take for them.
BESIDE = st.builds(lambda value, to: float(np.nextafter(value, to)), SHORT, st.sampled_from([-np.inf, np.inf]))
FLOATS = st.one_of(SHORT, BESIDE, st.floats(allow_nan=False, allow_infinity=False, width=64))
WHOLE = st.one_of(st.integers(-50, 200), st.integers(-(2**63), 2**63 - 1))
HUGE = st.integers(-(10**40), 10**40)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12)
COLUMNS = st.one_of(
    st.lists(FLOATS, min_size=1, max_size=12).map(lambda values: pd.Series(values, dtype="float64")),
    st.lists(SHORT, min_size=1, max_size=12).map(lambda values: pd.Series(values, dtype="float64")),
    st.lists(WHOLE, min_size=1, max_size=12).map(lambda values: pd.Series(values, dtype="int64")),
    st.lists(HUGE, min_size=1, max_size=12).map(lambda values: pd.Series(values, dtype=object)),
    st.lists(DECIMALS, min_size=1, max_size=12).map(lambda values: pd.Series(values, dtype=object)),
)
WIDTHS = st.one_of(
    st.integers(1, 1000),
    st.sampled_from([0.1, 0.2, 0.05, 0.001, 0.25, 2.5, 1e6, 1e-6, Decimal("0.3"), 10**20, 1e-20]),
    st.builds(lambda count, places: count / 10**places, st.integers(1, 999), st.integers(0, 5)),
)


def exactly(value) -> Fraction:
    """Return the number that a value is written as."""
    return Fraction(repr(float(value))) if isinstance(value, float) else Fraction(value)


def span(label: str) -> tuple[Fraction | None, Fraction | None]:
    """Return [low, high) of a label; None for an open end."""
    if label.startswith("< "):
        return None, Fraction(label[2:])
    if label.startswith(">= "):
        return Fraction(label[3:]), None
    if label.startswith("["):
        low, high = label[1:-1].split(", ")
        return Fraction(low), Fraction(high)
    number = r"-?\d+(?:\.\d+)?(?:E\+?\d+)?"
    low, high = re.fullmatch(rf"({number})(?:-({number}))?", label).groups()
    return Fraction(low), Fraction(high or low) + 1


def holds(label: str, value) -> bool:
    low, high = span(label)
    return (low is None or low <= exactly(value)) and (high is None or exactly(value) < high)


@given(column=COLUMNS, width=WIDTHS, extra=st.integers(0, 5))
@example(pd.Series([0.3, 0.9]), 0.1, 0)
@example(pd.Series([0.7, 0.3]), 0.1, 0)
@example(pd.Series([40.812, 41.0]), 0.001, 0)
@example(pd.Series([1748503543.2511, 1748503543.9]), 0.001, 0)
@example(pd.Series([2**53, 2**53 + 1]), 1, 0)
@settings(max_examples=400)
def test_a_label_holds_its_value_and_is_the_same_whatever_other_rows_there_are(column, width, extra):
    rule = Hierarchy.intervals(width, width * 2)
    for level in (1, 2):
        labels = rule.apply(column, level).tolist()
        step = exactly(width) * level
        for place, (value, label) in enumerate(zip(column.tolist(), labels, strict=True)):
            assert holds(label, value)
            low, high = span(label)
            assert (low, high) == (exactly(value) // step * step, (exactly(value) // step + 1) * step)
            alone = rule.apply(column.iloc[[place]], level).tolist()
            beside = rule.apply(column.iloc[[place, (place + extra) % len(column)]], level).tolist()[0]
            assert alone == [beside] == [label]


@given(column=COLUMNS, width=WIDTHS, ends=st.tuples(SHORT, SHORT), which=st.sampled_from(["lower", "upper", "both"]))
@settings(max_examples=300)
def test_coded_ends_hold_what_lies_outside_and_nothing_else(column, width, ends, which):
    lower, upper = min(ends), max(ends)
    if lower == upper:
        upper += 1
    given_ends = {"lower": lower} if which == "lower" else {"upper": upper}
    given_ends = {"lower": lower, "upper": upper} if which == "both" else given_ends
    labels = Hierarchy.intervals(width, **given_ends).apply(column, 1).tolist()
    for value, label in zip(column.tolist(), labels, strict=True):
        assert holds(label, value)
        assert label.startswith("< ") == ("lower" in given_ends and exactly(value) < exactly(lower))
        assert label.startswith(">= ") == ("upper" in given_ends and exactly(value) >= exactly(upper))


@given(column=COLUMNS, edges=st.lists(SHORT, min_size=2, max_size=6, unique=True).map(sorted))
@settings(max_examples=200)
def test_edges_hold_their_values(column, edges):
    labels = Hierarchy.intervals(edges=[edges]).apply(column, 1).tolist()
    for value, label in zip(column.tolist(), labels, strict=True):
        below = sum(exactly(edge) <= exactly(value) for edge in edges)
        ends = [None, *map(exactly, edges), None]
        assert span(label) == (ends[below], ends[below + 1])


@given(column=COLUMNS, more=st.lists(SHORT, max_size=5))
@settings(max_examples=300)
def test_proposed_intervals_hold_their_values_nest_and_take_new_ones(column, more):
    name = "amount"
    wide = pd.concat(
        [column, pd.Series([type(column[0])(n) for n in range(20)], dtype=column.dtype)], ignore_index=True
    )
    rule = Hierarchy.propose(wide.rename(name))
    new = pd.Series([*wide.tolist(), *more], dtype=object) if column.dtype == object else wide
    ladder = rule.lay(pd.Index(new.drop_duplicates()), name)
    for level in range(1, ladder.n_levels - 1):
        labels = rule.apply(new, level).tolist()
        assert all(holds(label, value) for value, label in zip(new.tolist(), labels, strict=True))
        assert ladder.nested[level, level + 1]


@given(column=COLUMNS, width=WIDTHS)
@settings(max_examples=100)
def test_each_doubled_width_coarsens_the_one_below_and_survives_files(tmp_path_factory, column, width):
    rule = Hierarchy.intervals(width, width * 2, width * 4)
    ladder = rule.lay(pd.Index(column.drop_duplicates()), "x")
    assert ladder.nested[np.triu_indices(ladder.n_levels)].all()
    folder = tmp_path_factory.mktemp("saved")
    rule.write_csv(folder / "x.csv", column=column.rename("x"))
    write_hierarchies(folder / "x.toml", {"x": rule})
    for read in (Hierarchy.read_csv(folder / "x.csv"), read_hierarchies(folder / "x.toml")["x"]):
        for level in range(1, 5):
            assert read.apply(column, level).tolist() == rule.apply(column, level).tolist()


@given(
    values=st.lists(FLOATS, min_size=1, max_size=20),
    count=st.integers(1, 9999),
    places=st.integers(0, 8),
)
@settings(max_examples=500)
def test_floats_of_an_array_lie_where_their_decimals_do(values, count, places):
    """The quick way for arrays, which only has to be exact beside decimals of so many places, against fractions."""
    found = Decimals.of(np.array(values), places)
    near = [Fraction(round(exactly(value) * 10**places), 10**places) for value in values]
    for value, told, edge in zip(values, found.counts.tolist(), near, strict=True):
        here = Fraction(told, 10**found.places)
        for other in (edge, edge + Fraction(count, 10**places), edge - Fraction(count, 10**places)):
            assert (here < other, here == other) == (exactly(value) < other, exactly(value) == other)


@given(column=COLUMNS, base=st.one_of(st.integers(1, 999), st.sampled_from([0.1, 0.25, 0.05, 1e-3, Decimal("0.2")])))
@example(pd.Series([0.3, 0.15]), 0.1)
@settings(max_examples=300)
def test_rounding_goes_to_the_nearest_multiple_as_fractions_have_it(column, base):
    rounded = round_to(column.to_frame("x"), "x", base=base).frame["x"].tolist()
    step = exactly(base)
    for value, now in zip(column.tolist(), rounded, strict=True):
        multiple = round(exactly(value) / step) * step  # Python rounds fractions half to even
        if isinstance(now, float) and isinstance(value, float | int):
            try:
                assert now == multiple.numerator / multiple.denominator
            except OverflowError:
                assert math.isinf(now)
        else:
            assert exactly(now) == multiple


@given(st.integers(-(10**40), 10**40), st.integers(0, 60))
def test_what_is_shown_is_the_number(count, places):
    assert Fraction(shown(count, places)) == Fraction(count, 10**places)
    assert as_floats(Decimals(np.array([count], dtype=object), places))[0] == count / 10**places


def test_whole_numbers_of_any_size_keep_their_classes():
    assert Hierarchy.intervals(10).apply(pd.Series([2**53 + 1, 2**53, 2**53 + 7]), 1).nunique() == 1
    assert Hierarchy.intervals(1).apply(pd.Series([2**53, 2**53 + 1]), 1).nunique() == 2
    wide = pd.Series([2**64 - 1, 5], dtype="uint64")
    assert Hierarchy.intervals(10).apply(wide, 1).tolist() == ["18446744073709551610-18446744073709551619", "0-9"]


@pytest.mark.parametrize("width", [5, 5.0, Decimal("5.00"), np.float64(5), np.int8(5)], ids=repr)
def test_a_width_is_the_number_however_it_is_written(width):
    assert Hierarchy.intervals(width).apply(pd.Series([12]), 1).tolist() == ["10-14"]
    assert Hierarchy.intervals(width).names == ("value", "intervals of 5", "*")
    assert Hierarchy.location(width).apply(pd.Series([12.5]), 1).tolist() == ["10 to 15"]


def test_the_maximum_has_no_class_of_its_own():
    assert Hierarchy.intervals(10).apply(pd.Series([0.5, 12.5, 20.0]), 1).tolist() == [
        "[0, 10)",
        "[10, 20)",
        "[20, 30)",
    ]


def test_sentinels_take_no_memory():
    column = pd.Series([1200, 3400, 5600, 999_999_999])
    assert Hierarchy.intervals(1).apply(column, 1).tolist() == ["1200", "3400", "5600", "999999999"]
    assert Hierarchy.intervals(0.01).apply(pd.Series([12.5, 99_999_999.99]), 1).nunique() == 2


INFINITE = pytest.mark.parametrize("infinite", [np.inf, -np.inf, Decimal("Infinity")], ids=["up", "down", "decimal"])


@INFINITE
def test_infinite_values_lie_beyond_an_end_or_are_a_group_of_their_own(infinite):
    up = infinite > 0
    column = pd.Series([1.0, infinite], dtype=object if isinstance(infinite, Decimal) else None)
    labels = Hierarchy.intervals(10, lower=0, upper=100).apply(column, 1).tolist()
    assert labels == ["[0, 10)", ">= 100" if up else "< 0"]
    edged = Hierarchy.intervals(edges=[[-np.inf, 0, 5, np.inf]]).apply(column, 1).tolist()
    assert edged == ["[0, 5)", ">= 5" if up else "< 0"]
    alone = Hierarchy.intervals(1, 10)
    assert alone.apply(column, 1).tolist() == ["[1, 2)", "inf" if up else "-inf"]
    assert alone.apply(column, 2).tolist() == ["[0, 10)", "inf" if up else "-inf"]
    assert alone.apply(column, 3).tolist() == ["*", "*"]
    assert Hierarchy.intervals(10, lower=0).apply(column, 1).tolist() == ["[0, 10)", "inf" if up else "< 0"]
    assert Hierarchy.intervals(10, upper=9).apply(column, 1).tolist() == ["[0, 9)", ">= 9" if up else "-inf"]


@INFINITE
def test_infinite_values_change_neither_labels_nor_losses_of_others(infinite):
    finite = [float(number) for number in range(7, 47)]
    kind = object if isinstance(infinite, Decimal) else None
    plain, more = pd.Series(finite, dtype=kind), pd.Series([*finite, infinite], dtype=kind)
    for hierarchy in (Hierarchy.intervals(5, 10), Hierarchy.intervals(5, lower=0, upper=30)):
        one, two = (hierarchy.lay(pd.Index(each), "x", [1] * len(each)) for each in (plain, more))
        for below, above in zip(one.levels[1:], two.levels[1:], strict=True):
            shares = dict(zip(above.labels, above.shares.tolist(), strict=True))
            assert [below.labels[code] for code in below.codes] == [above.labels[code] for code in above.codes[:-1]]
            assert all(shares[label] == share for label, share in zip(below.labels, below.shares.tolist(), strict=True))


@INFINITE
@pytest.mark.parametrize("method", ["optimal", "local"])
def test_a_column_with_infinite_values_is_made_anonymous_by_the_proposed_hierarchy(infinite, method):
    kind = object if isinstance(infinite, Decimal) else None
    column = pd.Series([*(float(number) for number in range(20)), infinite], dtype=kind, name="x")
    proposed = Hierarchy.propose(column)
    assert "join the outermost group" in proposed.note
    last = proposed.apply(column, 1).astype(str).iloc[-1]
    assert last.startswith(">= " if infinite > 0 else "< ")
    assert (proposed.apply(column, 1) == last).sum() > 1  # it is not alone there
    out = column.to_frame().privacy.anonymize(["x"], k=3, method=method)
    assert out.frame["x"].value_counts().min() >= 3
    assert (out.frame["x"].astype(str) != "*").any()


@pytest.mark.parametrize("dtype", [bool, "boolean", object, "bool[pyarrow]", "int8", "uint64", "float16"])
@pytest.mark.parametrize(
    "rule", [Hierarchy.intervals(5), Hierarchy.intervals(edges=[[0, 1, 5]]), Hierarchy.location(1)]
)
def test_what_has_no_infinite_values_is_not_asked_for_them(rule, dtype):
    plain = pd.Series([1, 0], dtype=object)
    labels = [str(label) for label in rule.apply(plain, 1)]
    found = [str(label) for label in rule.apply(pd.Series([True, False]).astype(dtype), 1)]
    assert len(set(found)) == len(set(labels))


def test_infinite_values_among_few_numbers_and_alone_are_kept_or_hidden():
    for values in ([1.0, 2.0, np.inf], [np.inf], [np.inf, -np.inf], [8004.0, 8051.0, np.inf]):
        column = pd.Series(values * 5, name="zip")
        out = column.to_frame().privacy.anonymize(["zip"], k=5)
        assert out.frame["zip"].astype(float).tolist() == column.tolist()


@pytest.mark.parametrize("value", [10**500, Decimal("1E+5000"), Decimal("1E-5000")], ids=["whole", "large", "small"])
def test_numbers_that_nobody_would_write_out_are_refused(value):
    column = pd.Series([value, 1], dtype=object, name="x")
    with pytest.raises(HierarchyError, match="more than 400 digits"):
        Hierarchy.intervals(5).apply(column, 1)
    with pytest.raises(FrameError, match="400 digits"):
        round_to(column.iloc[:1].to_frame(), "x", base=1)


@pytest.mark.parametrize(
    "given_arguments",
    [
        {"edges": [[0, 0]]}, {"edges": [[1]]}, {"edges": [["a", "b"]]}, {"edges": [[0, float("nan")]]},
        {"widths": (True,)}, {"widths": (5,), "lower": float("nan")}, {"widths": (5,), "lower": 3, "upper": 3},
        {"widths": (float("inf"),)}, {"widths": (5,), "lower": "3"}, {"edges": [[-np.inf, np.inf]]},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_interval_is_refused(given_arguments):
    with pytest.raises(ParameterError, match="positive numbers"):
        Hierarchy.intervals(*given_arguments.pop("widths", ()), **given_arguments)


@pytest.mark.parametrize("dtype", ["Int64", "int64[pyarrow]", "Float64", "double[pyarrow]", "float64", object])
def test_missing_stays_missing_and_changes_no_label(dtype):
    column = pd.Series([1, 12, None, 25], dtype=dtype)
    labels = Hierarchy.intervals(10).apply(column, 1)
    alone = Hierarchy.intervals(10).apply(column.dropna(), 1)
    assert labels.isna().tolist() == [False, False, True, False]
    assert labels.dropna().tolist() == alone.tolist()
    rounded = round_to(column.to_frame("x"), "x", base=10).frame["x"]
    assert rounded.dropna().tolist() == [0, 10, 20]
    assert rounded.dtype == column.dtype


def test_outliers_stretch_no_band_and_the_note_says_so():
    ages = pd.Series([*range(18, 91), 999_999_999], name="age")
    rule = Hierarchy.propose(ages)
    assert rule.apply(ages, 1).tolist()[:3] == ["15-19", "15-19", "20-24"]
    assert rule.apply(ages, 1).tolist()[-2:] == [">= 90", ">= 90"]
    assert rule.apply(ages, 3).tolist()[0] == "0-19"
    assert "far above 90 do not stretch" in rule.note
    assert "public ones" in rule.note
    below = pd.Series([-(10**9), *range(50)], name="age")
    assert Hierarchy.propose(below).apply(below, 1).tolist()[:6] == ["< 5"] * 6
    # An outlier does not make every other interval count for nothing either.
    ladder = rule.lay(pd.Index(ages), "age")
    assert ladder.levels[1].shares.min() > 0.01
    plain = Hierarchy.propose(ages.iloc[:-1])
    assert "outermost" not in plain.note


def test_decimals_of_a_database_are_numbers_everywhere():
    column = pd.Series([Decimal("1.25"), None, Decimal("1.35"), Decimal("7")], name="x")
    rounded = round_to(column.to_frame(), "x", base=0.1).frame["x"]
    assert rounded.tolist() == [Decimal("1.2"), None, Decimal("1.4"), Decimal("7")]
    assert top_bottom(column.to_frame(), "x", upper=2).frame["x"].tolist()[-1] == 2
    with pytest.raises(FrameError, match="must hold numbers"):
        round_to(pd.DataFrame({"x": [Decimal(1), "1"]}), "x", base=1)


def test_rounding_never_wraps_round_in_a_small_type():
    small = round_to(pd.DataFrame({"x": np.array([250, 3], dtype="uint8")}), "x", base=100).frame["x"]
    assert small.tolist() == [200, 0]
    near = round_to(pd.DataFrame({"x": np.array([255, 3], dtype="uint8")}), "x", base=50).frame["x"]
    assert near.tolist() == [250, 0]
    beyond = round_to(pd.DataFrame({"x": np.array([254, 3], dtype="uint8")}), "x", base=60).frame["x"]
    assert beyond.tolist() == [240, 0]
    out = round_to(pd.DataFrame({"x": np.array([251, 3], dtype="uint8")}), "x", base=200).frame["x"]
    assert out.tolist() == [200, 0]
    wide = round_to(pd.DataFrame({"x": [2**63 - 1]}), "x", base=10).frame["x"]
    assert wide.tolist() == [2**63 + 2]


def test_places_lie_in_the_cell_that_their_label_names():
    coordinates = pd.Series([0.3, 0.29999999999999, -0.04, 47.37])
    assert Hierarchy.location(0.1).apply(coordinates, 1).tolist() == [
        "0.3 to 0.4", "0.2 to 0.3", "-0.1 to 0.0", "47.3 to 47.4"
    ]  # fmt: skip
    for call in (
        lambda: Hierarchy.location(1).apply(pd.Series(["secret"]), 1),
        lambda: Hierarchy.cells({"tower": ("secret", 1)}),
        lambda: Hierarchy.cells({"tower": (np.inf, 1)}),
        lambda: generalize(pd.DataFrame({"x": ["secret"]}), {"x": (Hierarchy.location(1), 1)}),
    ):
        with pytest.raises(PrivkitError) as caught:
            call()
        assert "secret" not in str(caught.value)


def test_a_signaling_nan_is_missing_or_refused_and_never_raises():
    column = pd.Series([Decimal("sNaN"), Decimal(3), Decimal(3)], dtype=object, name="x")
    assert Hierarchy.intervals(2).apply(column, 1).isna().tolist() == [True, False, False]
    assert generalize(column.to_frame(), {"x": 0}).levels_ == {"x": 0}
    with pytest.raises(FrameError, match="must hold numbers"):
        round_to(column.to_frame(), "x", base=1)
