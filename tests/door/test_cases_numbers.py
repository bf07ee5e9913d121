"""Wrong numbers (W1 to W5, W7) and stops (B1 to B4, C, D), each with siblings: the right answer."""

from __future__ import annotations

import datetime as dt
import warnings
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from door_asking import SURE, before_the_charge, counted, opened, utc
from door_duckdb import held
from door_pandas import objects
from door_values import ZONES

import privkit as pk


@pytest.fixture
def project(ledger_path):
    return opened(ledger_path)


# -- W1: a value that is a candidate is at it -------------------------------------------------------------------------

RATINGS = np.random.default_rng(0).choice([1.0, 2.0, 3.0, 4.0, 5.0], p=[0.05, 0.05, 0.1, 0.6, 0.2], size=20_000)
#: Types of column, made of NumPy floats.
TYPED = {
    "float64": lambda values: pd.DataFrame({"r": values}),
    "int64": lambda values: pd.DataFrame({"r": values.astype("int64")}),
    "Int64": lambda values: pd.DataFrame({"r": values}).astype("Int64"),
    "int64[pyarrow]": lambda values: pd.DataFrame({"r": values.astype("int64")}).astype("int64[pyarrow]"),
    "double[pyarrow]": lambda values: pd.DataFrame({"r": values}).astype("double[pyarrow]"),
    "float32": lambda values: pd.DataFrame({"r": values.astype("float32")}),
    "polars": lambda values: pl.DataFrame({"r": values}),
    "polars lazy": lambda values: pl.LazyFrame({"r": values}),
    "duckdb": lambda values: duckdb.from_arrow(pa.table({"r": values})),
    "duckdb decimal": lambda values: duckdb.from_arrow(pa.table({"r": values})).project("r::DECIMAL(10,2) as r"),
}


@pytest.mark.parametrize("typed", TYPED)
def test_w1_the_median_of_values_that_tie_is_theirs(project, typed):
    frame = TYPED[typed](RATINGS)
    assert pk.dp_median(frame, "r", bounds=(1, 5), epsilon=1, version="1").value == pytest.approx(4, abs=0.004)


@pytest.mark.parametrize(("bounds", "value"), [((0, 100), 19.9), ((18, 118), 65.0), ((-10, 10), 3.0), ((0, 1), 0.3)])
@pytest.mark.parametrize("typed", ["float64", "polars lazy", "duckdb"])
def test_w1_one_value_for_all_is_the_median(project, typed, bounds, value):
    frame, step = TYPED[typed](np.full(20_000, value)), (bounds[1] - bounds[0]) / 1000
    assert pk.dp_median(frame, "r", bounds=bounds, epsilon=1, version="1").value == pytest.approx(value, abs=step)
    many = pk.dp_quantile(frame, "r", [0.1, 0.2, 0.4, 0.5, 0.7, 0.9], bounds=bounds, epsilon=4, version="1").to_frame()
    assert many.filter(like="50").iloc[0, 0] == pytest.approx(value, abs=step)


def test_w1_quartiles_are_in_order(project):
    found = pk.dp_describe(pd.DataFrame({"r": RATINGS}), "r", bounds=(1, 5), epsilon=4).value
    quartiles = [found[name].iloc[0] for name in found.columns if "%" in name]
    assert quartiles == sorted(quartiles)
    assert quartiles[1] == pytest.approx(4, abs=0.01)


# -- W2: open groups of other statistics ------------------------------------------------------------------------------


def test_w2_numbers_stand_under_their_own_group(project):
    held = [1] * 1000 + [True] * 1000 + ["a"] * 3000 + ["b"] * 500
    frame = pd.DataFrame({"k": objects(held), "x": 1.0})
    found = pk.dp_sum(frame, "x", "k", bounds=(0, 1), epsilon=500, delta=1e-6).value.round()
    told = dict(zip(map(repr, found.index), found, strict=True))
    assert (told["1"], told["True"], told["'a'"], told["'b'"]) == (1000, 1000, 3000, 500)


@pytest.mark.parametrize("other", [1.0, Decimal(1)])
def test_w2_numbers_that_are_one_are_one_group(project, other):
    frame = pd.DataFrame({"k": objects([1] * 1000 + [other] * 500 + ["a"] * 700), "x": 1.0})
    found = pk.dp_sum(frame, "x", "k", bounds=(0, 1), epsilon=500, delta=1e-6).value.round()
    assert sorted(found) == [700, 1500]
    assert sorted(counted(frame, "k", delta=1e-6).values()) == [700, 1500]


# -- W3: groups by date -----------------------------------------------------------------------------------------------

DAYS = [dt.date(2026, 1, 1), dt.date(2026, 1, 2)]
EAGER = pl.DataFrame({"day": [DAYS[0]] * 600 + [DAYS[1]] * 400, "x": [1.0] * 1000})
DATED = {
    "polars": lambda: EAGER,
    "polars lazy": lambda: EAGER.lazy(),
    "duckdb": lambda: duckdb.from_arrow(EAGER.to_arrow()),
    "pyarrow": lambda: EAGER.to_arrow(),
    "pandas arrow": lambda: EAGER.to_arrow().to_pandas(types_mapper=pd.ArrowDtype),
    "pandas object": lambda: EAGER.to_arrow().to_pandas(),
}


@pytest.mark.parametrize("engine", DATED)
def test_w3_groups_by_date_have_their_rows_in_every_statistic(project, engine):
    frame, asked = DATED[engine](), {"keys": DAYS, "version": "1"}
    assert counted(frame, "day", **asked) == {DAYS[0]: 600, DAYS[1]: 400}
    assert pk.dp_sum(frame, "x", "day", bounds=(0, 1), epsilon=1e3, **asked).value.round().tolist() == [600, 400]
    assert pk.dp_mean(frame, "x", "day", bounds=(0, 2), epsilon=1e3, **asked).value.round(2).tolist() == [1, 1]
    assert pk.dp_median(frame, "x", "day", candidates=[0, 1, 2], epsilon=50, **asked).value.tolist() == [1, 1]
    assert counted(frame, "x", "day", function=pk.dp_nunique, **asked) == {DAYS[0]: 1, DAYS[1]: 1}
    assert counted(frame, "day", 1, function=pk.dp_top_k, **asked) is not None


# -- W4: DuckDB's own types -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["DECIMAL(20,0)", "DECIMAL(38,0)", "HUGEINT", "UBIGINT", "BLOB", "VARCHAR"])
def test_w4_ten_thousand_distinct_values_are_that_many(project, dtype):
    made = "md5(i::VARCHAR)" if dtype in ("BLOB", "VARCHAR") else "1250000000000000000 + i"
    frame = held().sql(f"select ({made})::{dtype} as u from range(10000) t(i)")
    assert counted(frame, "u", function=pk.dp_nunique) == 10_000


# -- W5: intervals hold the exact answer, the grid's rounding included ------------------------------------------------


@pytest.mark.parametrize("function", ["dp_std", "dp_var", "dp_mean"])
@pytest.mark.parametrize("place", [0.49, 0.51, 0.0])
def test_w5_intervals_hold_the_exact_mean_and_sum(project, function, place):
    rows = 1_000_000
    value = (9830 + place) / 32_768
    frame = pd.DataFrame({"x": np.full(rows, value)})
    told = getattr(pk, function)(frame, "x", bounds=(0, 1), epsilon=50).to_frame(0.999999)
    for name, exact in (("mean", value), ("sum", value * rows)):
        lower, upper = (
            (told[c].iloc[0] for c in (f"{name}_lower", f"{name}_upper"))
            if f"{name}_lower" in told
            else (told["lower"].iloc[0], told["upper"].iloc[0])
        )
        assert lower <= exact <= upper, name


# -- W7: a version names a state of one table -------------------------------------------------------------------------


def test_w7_a_version_is_not_shared_by_tables_of_other_columns(project):
    one, two = pd.DataFrame({"x": range(1000)}), pd.DataFrame({"y": range(50)})
    assert [counted(frame, version="2026-11") for frame in (one, two)] == [1000, 50]
    assert pk.dp_count(one, epsilon=SURE, version="2026-11").replayed


@pytest.mark.parametrize("make", [pl.DataFrame, pl.LazyFrame, pd.DataFrame])
def test_w7_nor_by_tables_of_other_kinds(project, make):
    assert counted(make({"x": [1, 2, 3]}), version="2026-11") == 3
    assert counted(make({"x": [1.5, 2.5]}), version="2026-11") == 2
    assert counted(make({"x": ["a"]}), version="2026-11") == 1


# -- B1: refused by the schema, or answered; never charged for what cannot be answered --------------------------------


def arrow(values, dtype):
    return pd.DataFrame({"v": pd.Series(pd.arrays.ArrowExtensionArray(pa.array(values, dtype))), "x": 1.0})


def answered_or_refused(project, call):
    """Return the answer, or None where the call was refused before the charge."""
    try:
        return call()
    except pk.PrivkitError as error:
        return None if before_the_charge(error, project) else str(error)


def test_b1_open_groups_of_arrow_dates(project):
    found = counted(arrow([dt.date(2026, 1, 1)] * 600, pa.date32()), "v", delta=1e-6)
    assert list(found.values()) == [600]


def test_b1_prefixes_of_dictionary_encoded_text(project):
    frame = arrow(["alpha", "beta", "beta", None], pa.string())
    frame["v"] = pd.Series(pd.arrays.ArrowExtensionArray(pa.array(frame["v"]).dictionary_encode()))
    assert counted(frame, "p", keys=["a", "b"], derive={"p": pk.prefix("v", 1)}) == {"a": 1, "b": 2}


def test_b1_duckdb_instants_in_a_filter(project):
    frame = held().sql("select TIMESTAMPTZ '2026-01-01 00:00:00+00' + i * INTERVAL 1 DAY as v from range(10) t(i)")
    assert counted(frame, where="v >= '2026-01-05T00:00:00+00:00'") == 6


def test_b1_half_floats_as_groups(project):
    frame = arrow(np.array([1.0, 1.0, 2.0], dtype="float16"), pa.float16())
    assert counted(frame, "v", keys=[1, 2]) == {1: 2, 2: 1}
    assert pk.dp_sum(frame, "v", bounds=(0, 4), epsilon=1e3).value == pytest.approx(4, abs=0.1)


ODD_TYPES = {
    "UHUGEINT": ["1", "340282366920938463463374607431768211455"],
    "TIMETZ": ["'12:00:00+00'", "'24:00:00-15:59'"],
    "INTERVAL": ["'1 day'", "'178956970 years'"],
    "UUID": ["'00000000-0000-0000-0000-000000000001'"],
    "BIT": ["'101'"],
    "DATE[]": ["['infinity'::DATE]"],
}


@pytest.mark.parametrize("dtype", ODD_TYPES)
@pytest.mark.parametrize("function", ["total", "nunique", "open", "missing"])
@pytest.mark.sample(0.4)
def test_b1_duckdb_columns_of_any_type_are_answered_or_refused(project, dtype, function):
    values = ", ".join(f"({value}::{dtype})" for value in ODD_TYPES[dtype])
    frame = held().sql(f"select * from (values {values}, (NULL)) t(v)")
    calls = {
        "total": lambda: counted(frame),
        "nunique": lambda: counted(frame, "v", function=pk.dp_nunique),
        "open": lambda: counted(frame, "v", delta=1e-6),
        "missing": lambda: counted(frame, where="v is not missing"),
    }
    expected = {
        "total": len(ODD_TYPES[dtype]) + 1,
        "nunique": len(ODD_TYPES[dtype]),
        "open": {},
        "missing": len(ODD_TYPES[dtype]),
    }
    assert answered_or_refused(project, calls[function]) in (expected[function], None)


# -- B2: time zones by any name ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", [*ZONES, "America/Argentina/Buenos_Aires", "America/North_Dakota/New_Salem", "GMT0"])
@pytest.mark.parametrize("arrow_backed", [False, True])
@pytest.mark.sample(0.4)
def test_b2_dates_of_a_zone_are_read_whatever_its_name(ledger_path, zone, arrow_backed):
    times = pd.Series(pd.to_datetime(["2026-06-15 12:00"] * 3, utc=True)).dt.as_unit("us").dt.tz_convert(zone)
    frame = pd.DataFrame({"v": times, "who": ["p", "q", "q"]})
    if arrow_backed:
        frame["v"] = frame["v"].astype(pd.ArrowDtype(pa.timestamp("us", zone)))
    opened(ledger_path)
    assert counted(frame, "y", keys=[2026], derive={"y": pk.year("v")}) == {2026: 3}
    assert counted(frame, where="v >= '2026-06-15T12:00:00+00:00'") == 3
    opened(ledger_path, "windows", unit="who", per="month", time="v", max_rows=2)
    assert counted(frame) == 3


# -- B3: narrow bounds far from zero ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bounds", [(1.7e12, 1.7e12 + 60), (-1.7e12 - 60, -1.7e12), (1e15, 1e15 + 1), (2.0**52, 2.0**52 + 8)]
)
@pytest.mark.parametrize("unit", [pk.ROW, "who"])
def test_b3_narrow_bounds_far_from_zero_are_answered(ledger_path, unit, bounds):
    opened(ledger_path, unit=unit, **({} if unit is pk.ROW else {"max_rows": 2}))
    middle = (bounds[0] + bounds[1]) / 2
    frame = pd.DataFrame({"ms": [middle] * 100, "who": [f"w{n}" for n in range(100)]})
    width = bounds[1] - bounds[0]
    assert pk.dp_mean(frame, "ms", bounds=bounds, epsilon=1e3).value == pytest.approx(middle, abs=width / 50)
    assert pk.dp_sum(frame, "ms", bounds=bounds, epsilon=1e3).value == pytest.approx(100 * middle, rel=0.01)
    spread = pk.dp_var(frame, "ms", bounds=bounds, epsilon=1e3)
    lower, upper = spread.interval(0.999999)
    assert lower <= 0 <= upper
    if width > abs(middle) * 2.0**-40:  # else a step of the grid is no small part of the width
        assert spread.value == pytest.approx(0, abs=width**2 / 50)


# -- C and D ----------------------------------------------------------------------------------------------------------

FIRST, SECOND = utc(1_761_438_600), utc(1_761_442_200)


def test_c_the_two_instants_of_a_repeated_hour_are_two_public_keys(project):
    from zoneinfo import ZoneInfo

    both = [at.astimezone(ZoneInfo("Europe/Zurich")) for at in (FIRST, SECOND)]
    frame = pd.DataFrame({"v": pd.Series([FIRST] * 3 + [SECOND] * 2).dt.tz_convert("Europe/Zurich")})
    assert pk.dp_count(frame, "v", keys=both, epsilon=SURE).value.tolist() == [3, 2]


def test_c_ids_that_are_no_text_stay_when_a_filter_names_them(ledger_path):
    opened(ledger_path, unit="who", max_rows=1)
    frame = pd.DataFrame({"who": objects(["p", 1, 2, True, None]), "x": 1.0})
    assert counted(frame) == 4
    assert counted(frame, where="who != 'p'") == 3  # a number is not that text
    assert counted(frame, where="who is not missing") == 4


def test_d_no_warning_depends_on_a_row(project):
    seen = []
    for value in (1.0, np.longdouble("1e4000")):
        frame = pd.DataFrame({"v": pd.Series(np.array([value, 2.0], dtype=np.longdouble))})
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                pk.dp_sum(frame, "v", bounds=(0, 10), epsilon=1)
            except pk.ColumnKindError as error:  # which its type alone decides
                seen.append(str(error))
        seen.append(sorted(str(one.message) for one in caught))
    assert seen[: len(seen) // 2] == seen[len(seen) // 2 :]


def test_d_one_date_beyond_nanoseconds_changes_nobody_elses_hash(ledger_path):
    opened(ledger_path, unit="who", max_rows=1)
    frame = pl.DataFrame(
        {"who": [dt.datetime(2026, 1, 1), dt.datetime(3000, 1, 1), dt.datetime(2026, 1, 1)], "x": [1.0] * 3}
    )
    assert counted(frame) == 2
    assert counted(frame.lazy()) == 2


# -- W1, its kind: values between two candidates ----------------------------------------------------------------------


@pytest.mark.parametrize("value", [1826.0, 1827.5, 3.3, 4999.0])
def test_w1_a_value_between_two_candidates_is_found_by_its_neighbors(project, value):
    frame = pd.DataFrame({"a": [value] * 5000, "i": [round(value)] * 5000})
    bounds = (0, 5000)
    near = pytest.approx(value, abs=5)
    for column in ("a", "i"):
        for data in (frame, pl.DataFrame(frame).lazy()):
            asked = {"bounds": bounds, "epsilon": 5, "version": column}
            assert pk.dp_median(data, column, **asked).value == near
            tenths = pk.dp_quantile(data, column, q=[0.1, 0.25, 0.4, 0.5, 0.6, 0.9], **asked).to_frame()
            for q in ("10%", "25%", "40%", "50%", "60%", "90%"):
                assert tenths[q].iloc[0] == near
                of = "" if q == "10%" else f"{q}_"
                assert tenths[f"{of}lower"].iloc[0] <= tenths[q].iloc[0] <= tenths[f"{of}upper"].iloc[0]


def test_w1_a_heavy_value_off_the_candidates_is_the_median(project):
    wages = np.concatenate([np.full(6000, 12.41), np.random.default_rng(1).uniform(5, 100, 4000)])
    frame = pd.DataFrame({"w": wages})
    assert pk.dp_median(frame, "w", bounds=(0, 1000), epsilon=5).value in (12.0, 13.0)
    assert pk.dp_median(frame, "w", candidates=[0, 10, 100, 1000], epsilon=5).value == 10
