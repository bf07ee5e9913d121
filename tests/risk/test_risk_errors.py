import pandas as pd
import pytest

from privkit.errors import PrivkitError, RoleConflictError
from privkit.errors.engines import LibraryRequiredError
from privkit.errors.risk import (
    InventoryError,
    LinkageError,
    LinkError,
    PopulationError,
    SearchLimitError,
    TruthError,
    WeightsError,
)


@pytest.mark.parametrize(
    ("error", "builtin", "fields"),
    [
        (PopulationError.smaller(5, 9), ValueError, {"population": 5, "rows": 9}),
        (WeightsError.of("w", 1, 0, 2), ValueError, {"column": "w", "missing": 1, "not_positive": 2}),
        (WeightsError.type("w", "str"), ValueError, {"column": "w"}),
        (
            LinkError.types_differ("zip", ("text", "number")),
            TypeError,
            {"column": "zip", "types": ("text", "number")},
        ),
        (LinkageError.of(), RuntimeError, {}),
        (TruthError.columns_unclear(["a"], 1, 0), ValueError, {"columns": ("a",)}),
        (TruthError.unknown_ids("a", 3, "the data"), ValueError, {"columns": ("a",)}),
        (SearchLimitError.columns(99, 60), ValueError, {}),
        (InventoryError.of(["one", "two"]), ValueError, {"problems": ("one", "two")}),
        (LibraryRequiredError.of("PyYAML", "yaml"), ImportError, {"library": "PyYAML", "extra": "yaml"}),
    ],
)
def test_each_error_carries_its_facts_and_its_builtin(error, builtin, fields):
    assert isinstance(error, PrivkitError)
    assert isinstance(error, builtin)
    assert str(error)
    assert {name: getattr(error, name) for name in fields} == fields


def test_all_problems_are_told_at_once():
    assert str(InventoryError.of(["one", "two"])).splitlines()[1:] == ["- one", "- two"]
    assert "1 missing, 2 zero or negative" in str(WeightsError.of("w", 1, 0, 2))


def test_where_the_only_quasi_identifier_is_named_twice_no_empty_list_is_proposed():
    frame = pd.DataFrame({"age": [1, 2], "home": [1, 1]})
    for call in (
        lambda: frame.privacy.risk("age", household="age"),
        lambda: frame.privacy.risk("age", weights="age"),
        lambda: frame.privacy.kanon("age", unit="age"),
        lambda: frame.privacy.ldiv("age", "age"),
    ):
        with pytest.raises(RoleConflictError, match=r"Name another column for one: 'age' is all of qi\.") as caught:
            call()
        assert "[]" not in str(caught.value)
    with pytest.raises(RoleConflictError, match=r"Leave it out: qi=\['home'\]"):
        frame.privacy.risk(["age", "home"], household="age")
