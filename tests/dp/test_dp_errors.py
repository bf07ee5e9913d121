"""Each class of error about dp statistics: its builtin, its fields, its words."""

import pytest

from privkit.errors import BoundsRequiredError, ParameterError, PrivkitError
from privkit.errors.dp import (
    ColumnKindError,
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
