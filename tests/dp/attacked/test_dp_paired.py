"""Paired data sets: with the noise put out of sight, every observable of every call is equal on D and D′.

Each call really measures its frame (so that whatever the rows make fail would show), then the drawn integers are
replaced by the same ones for both. So texts, HTML, frames, types, warnings, errors, pickles and ledger entries must be
equal to the letter. D′ is D with one row, or one person, more; the types of the columns are declared beforehand.
"""

import gc
import math
import pickle
import re
import warnings

import pandas as pd
import pytest

import privkit as pk
from privkit.project import asking, dp
from privkit.project import release as releasing
from privkit.project.dp import association, counts, inference, models, quantiles, query, sums, synthetic, tables
from privkit.values.kinds import read_all

read_all(dp)

HUGE = 2**63 - 1
#: Columns of every kind, each in the types in which pandas holds it.
DTYPES = {
    "numpy": {
        "x": "float64",
        "n": "int64",
        "b": "bool",
        "t": "datetime64[us]",
        "k": "str",
        "c": "category",
        "who": "int64",
    },
    "nullable": {"x": "Float64", "n": "Int64", "b": "boolean", "t": "datetime64[ns]", "k": "string", "who": "string"},
    "arrow": {
        "x": "double[pyarrow]",
        "n": "int64[pyarrow]",
        "b": "bool[pyarrow]",
        "t": "timestamp[us][pyarrow]",
        "k": "string[pyarrow]",
        "c": "category",
        "who": "string[pyarrow]",
    },
    "objects": {
        "x": "float32",
        "n": "uint64",
        "b": "object",
        "t": "object",
        "k": "object",
        "c": "object",
        "who": "object",
    },
}
CATEGORIES = ["u", "v", "w"]
DAY = pd.Timestamp("2026-03-01")


def row(who=1, k="a", x=1.5, n=3, b=True, t=DAY, c="u"):
    return {"who": who, "k": k, "x": x, "n": n, "b": b, "t": t, "c": c}


BASE = [
    row(who=place % 60, k="ab"[place % 2], x=float(place % 17), n=place % 5, b=place % 3 == 0, c=CATEGORIES[place % 2])
    for place in range(180)
]
#: What D′ has more than D, and the types in which it is held.
MORE = {
    "a person far over the bounds": ("numpy", BASE, [row(who=999, k="ab"[n % 2], x=float(n)) for n in range(40)]),
    "unseen keys, far out of bounds": (
        "numpy",
        BASE,
        [row(), row(who=7, k="zz", x=1e308, n=HUGE, c="w", t=pd.Timestamp.max), row(x=math.nan, n=-HUGE)],
    ),
    "infinity, and nothing but missing": (
        "nullable",
        BASE,
        [row(x=-math.inf, n=-HUGE, t=pd.Timestamp.min), row(who=None, k=None, x=None, n=None, b=None, t=pd.NaT)],
    ),
    "a person of missing values": ("arrow", BASE, [row(who=999, k=None, x=None, n=None, b=None, t=None, c=None)] * 3),
    "a person where nothing was": ("numpy", [], [row(n=n) for n in range(9)]),
    "ties and odd objects": ("objects", BASE, [row(x=0.0), row(x=-0.0), row(who=2.0, k=1, b="yes", t="2026", c=(1,))]),
}


def held(rows, kind):
    """The rows as a frame of declared types."""
    frame = pd.DataFrame(rows, columns=list(row()), dtype=object)
    for name, dtype in DTYPES[kind].items():
        values = frame[name]
        if dtype == "category":
            frame[name] = pd.Categorical(values, categories=CATEGORIES)
        elif dtype.startswith(("datetime", "timestamp")):
            frame[name] = pd.to_datetime(values).astype("datetime64[us]" if "us" in dtype else dtype).astype(dtype)
        elif dtype.endswith("[pyarrow]") or dtype in ("str", "string"):
            plain = [None if pd.isna(value) else str(value) if "str" in dtype else value for value in values]
            frame[name] = pd.Series(plain, dtype=dtype)
        elif dtype[0] in "FIb":
            missing = [pd.NA if value is None or value is pd.NaT else value for value in values]
            frame[name] = pd.Series(pd.array(missing, dtype=dtype))
        elif dtype != "object":
            frame[name] = pd.Series([abs(value) if dtype == "uint64" else value for value in values], dtype=dtype)
    return frame


KEYS = {"keys": ["a", "b", None]}
X = {"bounds": (0, 10)}
QUERY = {"n": "count", "m": ("mean", "x", (0, 10)), "s": ("sum", "n", (0, 9)), "q": ("quantile", "x", 0.5, (0, 10))}
BOOK = {"keys": {"k": ["a", None], "b": [True, False], "c": ["u", "unused"]}}
DERIVED = {"derive": {"band": pk.cut("x", [2, 5]), "ratio": "n / (x - 1)", "day": pk.day("t"), "head": "k == 'a'"}}
CALLS = {
    "count": (counts.dp_count, {}),
    "count by accuracy": (counts.dp_count, {"accuracy": 30, "epsilon": None}),
    "count by text": (counts.dp_count, {"by": "k", **KEYS}),
    "count by boolean": (counts.dp_count, {"by": "b", "keys": [True, False, None]}),
    "count by instant": (counts.dp_count, {"by": "t", "keys": [DAY.to_pydatetime(), None]}),
    "count by category": (counts.dp_count, {"by": "c", "keys": ["u", "unused"]}),
    "count by integer": (counts.dp_count, {"by": "n", "keys": [0, 1, HUGE, 2.5]}),
    "count where": (counts.dp_count, {"where": "x > 1 and not (k == 'a') or n / (n - 3) < 2"}),
    "count where odd": (counts.dp_count, {"where": "c in ['u', 'z'] and t >= '2026-01-01' and b == True"}),
    "count by derived": (counts.dp_count, {"by": ["band", "day"], "keys": {"day": [1, 2, None]}, **DERIVED}),
    "count filled": (counts.dp_count, {"by": "k", **KEYS, "missing": {"k": "none"}}),
    "open": (counts.dp_count, {"by": "k", "delta": 1e-12, "epsilon": 4}),
    "open where": (counts.dp_count, {"by": ["k", "b"], "delta": 1e-12, "epsilon": 4, "where": "x >= 0"}),
    "open by instant": (counts.dp_count, {"by": "t", "delta": 1e-12, "epsilon": 4}),
    "no keys": (counts.dp_count, {"by": "k"}),
    "no such column": (counts.dp_count, {"by": "kk", "keys": ["a"]}),
    "wrong keys": (counts.dp_count, {"by": "n", "keys": ["a"]}),
    "overdrawn": (counts.dp_count, {"epsilon": 9.99}),
    "value counts": (counts.dp_value_counts, {"column": "k", **KEYS}),
    "crosstab": (tables.dp_crosstab, {"index": "k", "columns": "b", "keys": {"k": ["a", None], "b": [True, False]}}),
    "histogram": (counts.dp_histogram, {"column": "x", "bins": [0, 2, 4, 1e6]}),
    "histogram by": (counts.dp_histogram, {"column": "n", "by": "k", **KEYS, "bins": [0, 2, 4]}),
    "distinct": (counts.dp_nunique, {"column": "k"}),
    "distinct by": (counts.dp_nunique, {"column": "x", "by": "k", **KEYS}),
    "distinct instants": (counts.dp_nunique, {"column": "t"}),
    "share": (counts.dp_share, {"where": "x > 1 and not (k == 'a') or n / (n - 3) < 2"}),
    "share by": (counts.dp_share, {"where": "x > 1", "by": "k", **KEYS}),
    "sum": (sums.dp_sum, {"column": "x", **X}),
    "sum by": (sums.dp_sum, {"column": "n", "by": "k", **KEYS, "bounds": (-5, 5), "where": "x < 1e300"}),
    "sum filled": (sums.dp_sum, {"column": "x", **X, "missing": 0.0}),
    "sum of booleans": (sums.dp_sum, {"column": "head", "bounds": (0, 1), **DERIVED}),
    "sum of derived": (sums.dp_sum, {"column": "ratio", "by": "k", **KEYS, **X, **DERIVED}),
    "mean": (sums.dp_mean, {"column": "x", **X}),
    "mean by": (sums.dp_mean, {"column": "x", "by": "k", **KEYS, **X}),
    "mean by accuracy": (sums.dp_mean, {"column": "n", **X, "accuracy": 3, "assume_rows": 100, "epsilon": None}),
    "variance by": (sums.dp_var, {"column": "n", "by": "k", **KEYS, **X}),
    "deviation": (sums.dp_std, {"column": "x", **X}),
    "quantile": (quantiles.dp_quantile, {"column": "x", "q": 0.9, **X}),
    "median by": (quantiles.dp_median, {"column": "n", "by": "k", **KEYS, "candidates": [0, 2, 7]}),
    "difference": (inference.dp_difference, {"value": "x", "group": "k", "keys": ["a", "b"], **X}),
    "difference of shares": (inference.dp_difference, {"value": "x > 1 and b", "group": "n", "keys": [0, 1]}),
    "ols": (inference.dp_ols, {"y": "x", "x": ["n", "b"], "bounds": {"x": (0, 10), "n": (0, 5), "b": (0, 1)}}),
    "anova": (association.dp_anova, {"value": "x", "group": "k", "keys": ["a", "b", None], **X}),
    "correlation": (
        association.dp_correlation,
        {"columns": ["x", "n", "b"], "bounds": {"x": (0, 10), "n": (0, 5), "b": (0, 1)}},
    ),
    "kmeans": (models.dp_kmeans, {"x": ["x", "n"], "clusters": 3, "bounds": {"x": (0, 10), "n": (0, 5)}}),
    "logistic": (
        models.dp_logistic,
        {
            "y": "b",
            "x": ["x", "k"],
            "bounds": {"x": (0, 10)},
            "keys": {"k": ["a", None], "b": [False, True]},
            "steps": 4,
        },
    ),
    "chi2": (inference.dp_chi2, {"a": "k", "b": "b", "keys": {"k": ["a", None], "b": [True, False]}}),
    "top": (quantiles.dp_top_k, {"column": "k", "k": 2, **KEYS}),
    "bounds": (quantiles.dp_bounds, {"column": "x"}),
    "query by": (query.dp_query, {"statistics": QUERY, "by": "k", **KEYS}),
    "tables": (tables.dp_tables, {"order": 2, "columns": ["k", "b", "c"], **BOOK}),
    "tables of derived": (
        tables.dp_tables,
        {"tables": [("band", "n"), ("t",)], "keys": {"n": [0, HUGE], "t": [None]}, "where": "x > 1", **DERIVED},
    ),
    "synthetic": (  # all pairs: which one is chosen is a noisy answer, and decides how long it is
        synthetic.dp_synthetic,
        {
            "columns": ["k", "b", "x"],
            "keys": {"k": ["a", None], "b": [True]},
            "cuts": {"x": pk.cut("x", [0, 2, 5])},
            "rows": 9,
            "rounds": 9,
        },
    ),
    "synthetic by rules": (
        synthetic.dp_synthetic,
        {
            "columns": ["k", "b", "x"],
            "keys": {"k": ["a", None], "b": [True]},
            "cuts": {"x": pk.cut("x", [0, 2, 5])},
            "rows": 9,
            "rounds": 9,
            "held_out": 0.1,
            "constraints": ["k -> b", "x >= 2 or k == 'a'"],
        },
    ),
    "describe": (query.dp_describe, {"column": "x", **X}),
}
PERSONS = {
    "persons": (counts.dp_count, {"of": "persons"}),
    "persons by": (counts.dp_count, {"of": "persons", "by": "k", **KEYS, "max_groups": 2}),
    "count in groups": (counts.dp_count, {"by": "k", **KEYS, "max_groups": 1, "per_group": 2}),
    "open in groups": (counts.dp_count, {"by": "k", "delta": 1e-12, "epsilon": 4, "max_groups": 1, "per_group": 1}),
    "totals": (sums.dp_sum, {"column": "x", "person_bounds": (0, 20)}),
    "totals by": (sums.dp_sum, {"column": "n", "by": "k", **KEYS, "person_bounds": (-3, 20), "max_groups": 2}),
    "mean in groups": (sums.dp_mean, {"column": "x", "by": "k", **KEYS, **X, "max_groups": 2, "per_group": 1}),
    "median in groups": (quantiles.dp_median, {"column": "x", "by": "k", **KEYS, **X, "max_groups": 2, "per_group": 2}),
    "distinct in groups": (counts.dp_nunique, {"column": "n", "by": "k", **KEYS, "max_groups": 1, "per_group": 1}),
}
PERSON_CALLS = ["count", "count by text", "count by derived", "count where odd", "open", "open by instant", "crosstab"]
PERSON_CALLS += ["histogram by", "distinct", "sum by", "sum filled", "mean by", "variance by", "quantile", "median by"]
PERSON_CALLS += [
    "difference",
    "difference of shares",
    "ols",
    "anova",
    "correlation",
    "chi2",
    "synthetic",
    "synthetic by rules",
    "tables",
    "top",
    "bounds",
    "query by",
    "describe",
    "overdrawn",
]
#: What is refused, on D as on D′; of columns of objects also what computes with them.
REFUSED = {"no keys", "no such column", "overdrawn", "wrong keys"}
REFUSED_OF_OBJECTS = {"correlation", "count by derived", "difference of shares", "ols", "sum of booleans"}
REFUSED_OF_OBJECTS |= {"sum of derived", "tables of derived"}
PARTS = 8
UNITS = {"row": {"unit": pk.ROW}, "person": {"unit": "who", "max_rows": 2}}


@pytest.fixture
def equal_noise(monkeypatch):
    """Draw, and show the same in place of what was drawn: one or zero, each of which every statistic can read."""
    really = releasing.draw

    def draw(measurement, data):
        drawn = really(measurement, data)
        return dict.fromkeys(drawn, 1) if isinstance(drawn, dict) else [place % 2 for place in range(len(drawn))]

    monkeypatch.setattr(releasing, "draw", draw)


def plain(told):
    """The text without the time of day and the place of the ledger."""
    return re.sub(r"20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(Z|\+00:00)?", "TIME", re.sub(r"[DE]\.db", "L.db", str(told)))


def seen(frame, project, function, asked):
    before = len(project.ledger)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        told = told_of(frame, function, {"epsilon": 0.5, **asked, "project": project})
    entries = [
        (e.seq, e.state, dict(e.question), str(e.cost), e.answer, e.kind, e.draw) for e in project.account.entries()
    ]
    return [*told, [str(each.message) for each in caught], plain(entries[before:]), str(project.remaining)]


def told_of(frame, function, asked):
    try:
        release = function(frame, **asked)
    except Exception as error:  # noqa: BLE001  # an error is an output
        return [type(error), plain(error), repr(error.__cause__), repr(error.__context__)]
    value, table = release.value, release.to_frame()
    shape = (
        (value.dtypes, value.index, value.columns)
        if hasattr(value, "columns")
        else value.index
        if hasattr(value, "dtype")
        else 0
    )
    return [
        type(value),
        repr(value),
        repr(shape),
        getattr(value, "dtype", None),
        table.to_csv(),
        repr(table.dtypes),
        repr(table.index),
        plain(repr(release)),
        plain(release._repr_html_()),
        plain(repr(release.plan)),
        plain(dict(release.provenance)),
        release.replayed,
        len(plain(pickle.dumps(release).decode("latin-1"))),
    ]


def differing(one, other):
    return [pair for pair in zip(one, other, strict=False) if pair[0] != pair[1]] or "in number"


def run(rows, kind, unit, store, calls):
    frame = held(rows, kind)
    gc.collect()  # what other tests left open is no output of these calls
    project = pk.open_project("p", epsilon=60, delta=1e-3, store=store, ceiling=9.5, **UNITS[unit])
    return {name: seen(frame, project, *call) for name, call in calls.items()}


def calls_of(unit, part):
    """Every eighth call, as one project answers it: all of them are looked at, the fast suite draws parts."""
    calls = CALLS if unit == "row" else {name: CALLS[name] for name in PERSON_CALLS} | PERSONS
    return {name: calls[name] for name in [*calls][part::PARTS]}


def test_every_function_is_compared():
    compared = {function for function, _ in CALLS.values()}
    lacking = {name for name, function in asking.FUNCTIONS.items() if function not in compared}
    assert not lacking, f"give a call of {lacking} in CALLS, and its name in PERSON_CALLS if it takes persons"


#: What was seen of the D that several pairs share.
SEEN = {}


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("more", MORE)
@pytest.mark.sample(0.08)
def test_every_observable_but_the_noise_is_equal(tmp_path, equal_noise, more, unit, part):
    kind, base, extra = MORE[more]
    calls, key = calls_of(unit, part), (kind, len(base), unit, part)
    if key not in SEEN:
        SEEN[key] = run(base, kind, unit, tmp_path / "D.db", calls)
    one = SEEN[key]
    other = run(base + extra, kind, unit, tmp_path / "E.db", calls)
    # Where there was nobody, a few rows may pass a threshold or not: which groups show up is the noise itself.
    compared = [name for name in one if base or not name.startswith("open")]
    different = {name: differing(one[name], other[name]) for name in compared if one[name] != other[name]}
    assert different == {}
    refused = {name for name, told in one.items() if issubclass(told[0], BaseException)}
    assert refused == calls.keys() & (REFUSED | (REFUSED_OF_OBJECTS if kind == "objects" else set()))


@pytest.mark.landing
def test_the_comparison_can_tell(tmp_path, equal_noise, monkeypatch):
    """Power: an answer that fails, or whose type follows the rows, would be seen."""
    from privkit.dp.statistics.counts import Count
    from privkit.dp.statistics.histogram import Histogram

    made = Count.estimates

    def leaking(exactly):
        def exact(self, data, question):
            if len(data) > len(BASE):
                raise ValueError("a row too many")
            return exactly(self, data, question)

        return exact

    few = [name for name in CALLS if name.startswith(("count by t", "histogram", "mean", "no keys"))]
    calls = {name: CALLS[name] for name in few}
    one = run(BASE, "numpy", "row", tmp_path / "D.db", calls)
    with monkeypatch.context() as patch:
        for kind in (Count, Histogram):
            patch.setattr(kind, "exact", leaking(kind.exact))
        other = run([*BASE, row()], "numpy", "row", tmp_path / "E.db", calls)
    assert {name for name in few if one[name] != other[name]} == {*few} - {
        "mean",
        "mean by",
        "mean by accuracy",
        "no keys",
    }
    monkeypatch.setattr(Count, "estimates", lambda self, cells: {"count": made(self, cells)["count"].astype("int32")})
    narrow = run(BASE, "numpy", "row", tmp_path / "F.db", {"count by text": CALLS["count by text"]})
    assert narrow["count by text"] != one["count by text"]
