"""Small bundled tables for tutorials and tests."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from privkit.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd

_TEXT = {"insights": ("msisdn", "email", "account_number", "zip", "plan", "churned")}


def example(name: str = "insights") -> pd.DataFrame:
    """Return a bundled example table, read anew at each call.

    ``"insights"`` is the synthetic customer table of a telecom: 20,000 rows, one per customer, with direct identifiers
    (`msisdn`, `email`, `account_number`), quasi-identifiers (`zip`, `age`), and `plan`, `call_duration` in minutes and
    `churned`. No real person is in it.

    Raises
    ------
    ParameterError
        For another name.

    Examples
    --------
    >>> example("insights").shape
    (20000, 8)
    """
    import pandas as pd

    if name not in _TEXT:
        raise ParameterError.of("example", "name", repr(name), f"one of {sorted(_TEXT)}")
    with files("privkit").joinpath("data", f"{name}.csv.gz").open("rb") as file:
        return pd.read_csv(file, compression="gzip", dtype=dict.fromkeys(_TEXT[name], "str"))
