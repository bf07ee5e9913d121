"""Each class of error about dp statistics: its builtin, its fields, its words."""

import re

import pandas as pd
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
    (MechanismError.unfit(3, "ε", ["laplace"]), ValueError, {"argument": "mechanism"}, "a int"),
    (PriceError.choose("rho", accuracy=True), ValueError, {"argument": "rho, accuracy"}, "rho=0.2"),
    (PriceError.choose("epsilon", accuracy=False), ValueError, {}, "give epsilon="),
    (PriceError.measure("delta", "ε", "Leave it out."), ValueError, {"argument": "delta"}, "counts in ε"),
    (PriceError.needs_rows("mean"), ValueError, {"argument": "assume_rows"}, "assume_rows=5_000"),
    (PriceError.unreachable("1e-9"), ValueError, {"argument": "accuracy"}, "accuracy=1e-9"),
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
