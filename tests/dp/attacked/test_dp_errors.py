"""Each class of error about dp statistics: its builtin, its fields, its words."""

import re

import duckdb
import pandas as pd
import polars as pl
import pytest

import privkit as pk
from privkit.errors import BoundsRequiredError, ParameterError, PrivkitError
from privkit.errors.column_kind import ColumnKindError
from privkit.errors.dp import (
    IntervalError,
    MechanismError,
    PriceError,
    UnitColumnError,
    ValueBoundsError,
    ValueBoundsRequiredError,
)

CASES = [
    (
        ValueBoundsRequiredError.of("income"),
        BoundsRequiredError,
        {"column": "income"},
        "bounds=(0, 200_000)",
    ),
    (
        ValueBoundsError.of_column("x", "bounds", "as a set"),
        ParameterError,
        {"column": "x"},
        "lower <= upper",
    ),
    (MechanismError.unfit("secret", "ε", ["laplace"]), ValueError, {"allowed": ("laplace",)}, "'secret'"),
    (MechanismError.unfit(3, "ε", ["laplace"]), ValueError, {"argument": "mechanism"}, "an int"),
    (PriceError.choose("rho", accuracy=True), ValueError, {"argument": "rho, accuracy"}, "rho=0.2"),
    (PriceError.choose("epsilon", accuracy=False), ValueError, {}, "give epsilon="),
    (PriceError.measure("delta", "ε", "Leave it out."), ValueError, {"argument": "delta"}, "counts in ε"),
    (PriceError.needs_rows("mean"), ValueError, {"argument": "assume_rows"}, "assume_rows=5_000"),
    (PriceError.needs_rows("intercept"), ValueError, {"argument": "assume_rows"}, "how accurate an intercept is"),
    (PriceError.unreachable("1e-9"), ValueError, {"argument": "accuracy"}, "accuracy=1e-9"),
    (PriceError.unreachable("2", 1000), ValueError, {"argument": "accuracy"}, "assume more rows"),
    (ColumnKindError.numbers("x", "str"), TypeError, {"column": "x", "dtype": "str"}, "astype"),
    (ColumnKindError.groups("k", "timedelta64[ns]"), TypeError, {"dtype": "timedelta64[ns]"}, "'str'"),
    (IntervalError.of("quantile"), TypeError, {}, "no interval"),
    (UnitColumnError.of_unit("who"), ValueError, {"column": "who"}, "of='persons'"),
]


@pytest.mark.parametrize(("error", "builtin", "fields", "words"), CASES, ids=lambda case: type(case).__name__)
def test_errors_say_what_to_type_and_carry_their_facts(error, builtin, fields, words):
    assert isinstance(error, PrivkitError)
    assert isinstance(error, builtin)
    assert words in str(error)
    for name, value in fields.items():
        assert getattr(error, name) == value


KINDS = pd.DataFrame(
    {
        "joined": pd.date_range("2026-01-01", periods=9, freq="h"),
        "seen": pd.date_range("2026-01-01", periods=9, freq="h", tz="UTC"),
        "took": pd.to_timedelta(range(9), unit="h"),
        "plan": pd.Series(list("abcabcabc"), dtype="string"),
        "zip code": pd.Categorical(list("abcabcabc")),
    }
)
ASKED = {
    "dp_mean": {"bounds": (0, 1)},
    "dp_sum": {"bounds": (0, 1)},
    "dp_std": {"bounds": (0, 1)},
    "dp_bounds": {},
    "dp_describe": {"bounds": (0, 1)},
}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize(
    ("column", "holds", "ways"),
    [
        ("joined", "datetimes", ("dp_median", "dp_histogram", "pk.hour")),
        ("seen", "datetimes", ("dp_median", "dp_histogram", "pk.hour")),
        ("took", "durations", ("total_seconds",)),
        ("plan", "text", ("dp_count", "dp_share", "astype")),
        ("zip code", "text", ("dp_count", "astype")),
    ],
)
def test_a_column_of_another_kind_is_named_with_what_can_be_asked(ledger_path, asked, column, holds, ways):
    pk.open_project("kinds", epsilon=9, unit=pk.ROW, store=ledger_path)
    with pytest.raises(ColumnKindError) as found:
        getattr(KINDS.privacy.plan, asked)(column, epsilon=1, **ASKED[asked])
    told = str(found.value)
    assert f"needs numbers, but column {column!r} holds {holds} (type " in told
    assert all(way in told for way in ways)
    plan = KINDS.privacy.plan
    for call in re.findall(r"(dp_\w+)\((.*?\)?)\)[.;]? ", told):  # each hint is a call that runs
        if call[0] != asked:
            assert eval(f"plan.{call[0]}({call[1]}, epsilon=1)", {"plan": plan}).loss.epsilon == 1


@pytest.mark.parametrize(
    "ask",
    [
        lambda to: to.dp_sum("spend", "plam", bounds=(0, 1), epsilon=1),
        lambda to: to.dp_count(["plam", "age"], epsilon=1),
        lambda to: to.dp_top_k("plam", 2, epsilon=1),
        lambda to: to.dp_chi2("age", "plam", epsilon=1),
        lambda to: to.dp_difference("spend", "plam", bounds=(0, 1), epsilon=1),
        lambda to: to.dp_anova("spend", "plam", bounds=(0, 1), epsilon=1),
        lambda to: to.dp_correlation(["spend", "plam"], bounds={"spend": (0, 1), "plan": (0, 1)}, epsilon=1),
        lambda to: to.dp_ols(
            "spend", ["age", "plam"], bounds={"spend": (0, 1), "age": (0, 1), "plan": (0, 1)}, epsilon=1
        ),
        lambda to: to.dp_tables([("plam",)], keys={"plan": ["a"]}, epsilon=1),
        lambda to: to.dp_tables(order=2, columns=["plam", "age"], epsilon=1),
    ],
)
def test_a_slip_in_a_column_s_name_is_told_before_its_keys_or_bounds_are_asked_for(ask, ledger_path):
    pk.open_project("slips", epsilon=1, unit=pk.ROW, store=ledger_path)
    frame = pd.DataFrame({"plan": ["a", "b"], "age": [1, 2], "spend": [1.0, 2.0]})
    with pytest.raises(pk.errors.ColumnNotFoundError, match="Close matches: 'plan'"):
        ask(frame.privacy.plan)


def test_what_a_derived_column_lacks_is_its_keys(ledger_path):
    pk.open_project("slips", epsilon=1, unit=pk.ROW, store=ledger_path)
    frame = pd.DataFrame({"zip": ["8001", "8002"]})
    with pytest.raises(pk.errors.KeysError, match="needs keys="):
        frame.privacy.plan.dp_count("town", derive={"town": pk.prefix("zip", 2)}, epsilon=1)


def test_bounds_of_columns_that_are_not_fitted_are_named(ledger_path):
    pk.open_project("slips", epsilon=1, unit=pk.ROW, store=ledger_path)
    frame = pd.DataFrame({"age": [1, 2], "spend": [1.0, 2.0]})
    ends = {"age": (0, 1), "spend": (0, 1), "paid": (0, 1)}
    with pytest.raises(pk.errors.ParameterError, match="'paid', but bounds must be those of x and y: 'age', 'spend'"):
        frame.privacy.plan.dp_ols("spend", "age", bounds=ends, epsilon=1)


@pytest.mark.parametrize(
    ("what", "told"),
    [
        (("maen", "age", (0, 1)), "'young' as 'maen' (close to 'mean')"),
        ("counts", "'young' as 'counts' (close to 'count')"),
        ("mode", "'young' as 'mode'"),
        ("mean", "'young' as 'mean' and not all, or more, of what belongs to it"),
        (("quantile", "age"), "'young' as 'quantile' and not all, or more, of what belongs to it"),
        (7, "'young' as something else"),
    ],
)
def test_a_query_names_the_number_that_it_cannot_read(what, told, ledger_path):
    pk.open_project("slips", epsilon=1, unit=pk.ROW, store=ledger_path)
    frame = pd.DataFrame({"age": [1, 2]})
    with pytest.raises(pk.errors.ParameterError, match=re.escape(f"statistics={told}, but")):
        frame.privacy.plan.dp_query({"n": "count", "young": what}, epsilon=1)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        *((name, ("aeg",)) for name in ("dp_sum", "dp_mean", "dp_var", "dp_std", "dp_median", "dp_describe")),
        ("dp_quantile", ("aeg", [0.1, 0.5])),
        ("dp_histogram", ("aeg",)),
        ("dp_query", ({"m": ("mean", "aeg")},)),
    ],
)
@pytest.mark.parametrize("planned", [True, False])
def test_a_column_that_is_none_is_told_before_its_bounds_are_asked_for(ledger_path, name, args, planned):
    """Who corrects the name has the public facts already, or sees that bounds are asked of another column."""
    project = pk.open_project("names", epsilon=1, unit=pk.ROW, store=ledger_path)
    project.public(age={"bounds": (0, 100), "bins": [0, 50, 100]})
    frame = pd.DataFrame({"age": [1, 2], "sex": ["f", "m"]})
    function = getattr(pk, name)
    with pytest.raises(pk.ColumnNotFoundError, match="Close matches: 'age'") as caught:
        (function.plan if planned else function)(frame, *args, epsilon=0.1)
    assert caught.value.missing == ("aeg",)
    assert caught.value.budget == "No budget was spent."
    assert caught.value.__context__ is None
    with pytest.raises((ValueBoundsRequiredError, ParameterError)):  # of a column that there is, or will be
        function.plan(frame, *args, derive={"aeg": "age + 1"}, epsilon=0.1)


@pytest.mark.parametrize(
    "made", [pd.DataFrame, pl.DataFrame, pl.LazyFrame, lambda rows: duckdb.from_df(pd.DataFrame(rows))]
)
def test_bounds_of_text_are_not_asked_for(ledger_path, made):
    """Whoever named bounds of a column of text was told next that it holds none but text."""
    project = pk.open_project("text", epsilon=1, unit=pk.ROW, store=ledger_path)
    frame = made({"plan": ["a", "b"], "spend": [1.0, 2.0]})
    for ask in (
        lambda: pk.dp_mean(frame, "plan", epsilon=0.1),
        lambda: pk.dp_ols(frame, "spend", "plan", bounds={"spend": (0, 9)}, epsilon=0.1),
        lambda: pk.dp_correlation.plan(frame, ["spend", "plan"], bounds={"spend": (0, 9)}, epsilon=0.1),
    ):
        with pytest.raises(ColumnKindError, match="'plan' holds text") as caught:
            ask()
        assert caught.value.budget == "No budget was spent."
    with pytest.raises(ValueBoundsRequiredError):
        pk.dp_mean(frame, "spend", epsilon=0.1)
    assert len(project.ledger) == 0


def test_an_accuracy_that_the_rows_cannot_give_is_not_asked_to_be_less(ledger_path):
    pk.open_project("sampled", epsilon=1, unit=pk.ROW, store=ledger_path)
    frame = pd.DataFrame({"x": [1.0], "g": ["a"]})
    asked = {"keys": ["a", "b"], "bounds": (0, 100)}
    with pytest.raises(PriceError, match=r"accuracy=2 with 1,000 rows, .* even without noise, .* larger accuracy="):
        pk.dp_difference.plan(frame, "x", "g", **asked, accuracy=2, assume_rows=1000)


def test_what_has_no_interval_is_not_priced_by_accuracy(ledger_path):
    """It asked for assume_rows=, and then for a larger accuracy, which there is not."""
    pk.open_project("models", epsilon=1, unit=pk.ROW, store=ledger_path)
    frame = pd.DataFrame({"x": [1.0], "y": [True]})
    for more in ({"accuracy": 3}, {"accuracy": 3, "assume_rows": 100}, {"relative": 0.1, "assume_rows": 100}):
        for ask in (
            lambda more=more: pk.dp_kmeans.plan(frame, ["x"], 2, bounds={"x": (0, 1)}, **more),
            lambda more=more: pk.dp_logistic.plan(frame, "y", ["x"], bounds={"x": (0, 1)}, **more),
        ):
            with pytest.raises(PriceError, match=r"has no interval, .* Example: epsilon=1\."):
                ask()
    with pytest.raises(PriceError, match=r"give epsilon=\. Example: epsilon=0\.2\. No"):  # and no accuracy is proposed
        pk.dp_kmeans.plan(frame, ["x"], 2, bounds={"x": (0, 1)})
    with pytest.raises(PriceError, match="accuracy=10"):
        pk.dp_count.plan(frame)


def test_columns_that_are_called_by_numbers_are_told_how_to_be_called(ledger_path):
    pk.open_project("numbers", epsilon=9, unit=pk.ROW, store=ledger_path)
    frame, ends = pd.DataFrame({0: [1.0, 2.0], 1: [3.0, 4.0]}), {"0": (0, 9), "1": (0, 9)}
    for ask in (lambda: pk.dp_ols(frame, 0, [1], bounds=ends), lambda: pk.dp_correlation(frame, [0, 1], bounds=ends)):
        with pytest.raises(ParameterError, match=r"df\.rename\(columns=str\)"):
            ask()
    assert pk.dp_correlation(frame.rename(columns=str), ["0", "1"], bounds=ends, epsilon=1).loss.epsilon == 1
    with pytest.raises(ParameterError, match=r"\(str\)\. No budget"):
        pk.dp_ols(frame, None, ["1"], bounds=ends)


@pytest.mark.parametrize("library", ["pandas", "polars", "duckdb"])
@pytest.mark.parametrize("bins", [{"bins": ["2026-01-01", "2026-02-01"]}, {"every": "week", "start": "2026-01-01"}])
def test_bins_of_dates_of_another_column_are_told_by_the_names_that_were_written(ledger_path, library, bins):
    project = pk.open_project("no dates", epsilon=1, unit=pk.ROW, store=ledger_path)
    bins = {**bins, "end": "2026-02-01"} if "every" in bins else bins
    rows = pd.DataFrame({"x": [1.0], "t": ["a"], "b": [True]})
    frame = {
        "pandas": lambda: rows,
        "polars": lambda: pl.from_pandas(rows),
        "duckdb": lambda: duckdb.from_df(rows),
    }
    made = frame[library]()
    for column, error, words in [
        ("x", ColumnKindError, r"'x' has the type .*bins=\[0, 18, 65\]"),
        ("t", ColumnKindError, "'t' has the type .*Make dates of it first"),
        ("b", ColumnKindError, "'b' has the type"),
        ("d", ColumnKindError, "'d' is made by derive="),
        ("xx", pk.ColumnNotFoundError, r"got column=\['xx'\]"),
    ]:
        with pytest.raises(error, match=words) as caught:
            pk.dp_histogram(made, column, derive={"d": "x + 1"}, epsilon=0.1, **bins)
        assert "days of" not in str(caught.value)
        assert "week of" not in str(caught.value)
    assert not project.spent.main


@pytest.mark.parametrize("kind", ["dates", "objects", "text"])
def test_dates_asked_of_a_column_that_is_none_are_told_how_to_be_some(ledger_path, kind):
    pk.open_project("undated", epsilon=100, unit=pk.ROW, store=ledger_path)
    days = pd.Series(pd.date_range("2026-01-01", periods=40))
    frame = pd.DataFrame(
        {"on": {"dates": days.dt.date, "objects": days.astype(str).astype(object)}.get(kind, days.astype("string"))}
    )
    asked = [
        lambda df: df.privacy.dp_median("on", bounds=("2026-01-01", "2026-03-01"), epsilon=1),
        lambda df: df.privacy.dp_quantile("on", [0.1, 0.9], candidates=["2026-01-01", "2026-01-20"], epsilon=1),
        lambda df: df.privacy.dp_count("m", derive={"m": pk.month("on")}, epsilon=1),
        lambda df: df.privacy.dp_count("h", derive={"h": pk.hour("on")}, epsilon=1),
        lambda df: df.privacy.dp_histogram("on", every="week", start="2026-01-01", end="2026-03-01", epsilon=1),
    ]
    for ask in asked:
        with pytest.raises(PrivkitError) as caught:
            ask(frame)
        way = re.search(r"df\.assign\(.*?\}\)", str(caught.value)).group()
        cured = eval(way, {"df": frame, "pd": pd})
        assert ask(cured).provenance.entry  # the hint runs as it stands, and then what was asked is answered
    with pytest.raises(PrivkitError, match="two finite numbers"):
        frame.assign(x=1.0).privacy.dp_median("x", bounds=("2026-01-01", "2026-03-01"), epsilon=1)
