"""The orders of a synthetic shop, and the register of the town: for tutorials and tests."""

from __future__ import annotations

import gzip
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from privkit.values.arguments import typed

if TYPE_CHECKING:
    import pandas as pd


@typed
def example_orders() -> list[dict[str, Any]]:
    """Return 3,000 orders of a synthetic shop, read anew at each call; no real person is in them.

    Some have no address (null), no street (missing) or no products (an empty list), as orders do.

    Examples
    --------
    >>> orders = example_orders()
    >>> len(orders), sorted(orders[0])
    (3000, ['id', 'products', 'shipping', 'status', 'tenant', 'time'])
    """
    with files("privkit").joinpath("data", "orders.ndjson.gz").open("rb") as file:
        return [json.loads(line) for line in gzip.open(file)]


@typed
def example_register() -> pd.DataFrame:
    """Return the register of the town where the shop's customers live: `name`, `postcode` and `street` of 3,418 people.

    Examples
    --------
    >>> example_register().shape
    (3418, 3)
    """
    import pandas as pd

    with files("privkit").joinpath("data", "orders_register.csv.gz").open("rb") as file:
        return pd.read_csv(file, compression="gzip", dtype=str)
