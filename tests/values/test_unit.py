"""The privacy unit must be said."""

from __future__ import annotations

import pandas as pd
import pytest

from privkit.errors import ParameterError
from privkit.values.unit import ROW, PrivacyUnit, privacy_unit


def test_a_column_or_the_row():
    assert privacy_unit(ROW) is ROW
    assert privacy_unit("id") == PrivacyUnit("id")
    assert privacy_unit(PrivacyUnit("id")) == PrivacyUnit("id")
    assert (ROW.is_row, PrivacyUnit("id").is_row) == (True, False)
    assert (str(ROW), repr(ROW)) == ("one row", "pk.ROW")
    assert (str(PrivacyUnit("id")), repr(PrivacyUnit("id"))) == ("all rows of one 'id'", "unit='id'")


@pytest.mark.parametrize("unit", [None, "", 1, True, ["id"], ("id",), b"id", pd.Series(["CANARY"])], ids=type)
def test_anything_else_is_refused_with_both_ways_named(unit):
    with pytest.raises(ParameterError, match=r"unit='customer_id'; unit=pk\.ROW") as error:
        privacy_unit(unit)
    assert error.value.argument == "unit"
    assert "CANARY" not in str(error.value)
