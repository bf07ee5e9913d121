"""Cells as Python values, for what tests expect: by the kinds' own definitions, one cell at a time."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from privkit.tally.cells.cells import OBJECT, Cells
from privkit.tally.cells.scalars import number_of


def values_of(cells: Cells) -> list:
    """Return the value of each row: counts of time as whole numbers, None where missing."""
    found = []
    for row in range(len(cells)):
        place = row if cells.codes is None else int(cells.codes[row])
        if place < 0 or (cells.missing is not None and cells.missing[place]):
            found.append(None)
            continue
        value = cells.values[place]
        value = value.as_py() if hasattr(value, "as_py") else value.item() if isinstance(value, np.generic) else value
        if cells.kind.name == OBJECT and value is not None and value[0] in "snb":
            value = {"s": str, "n": number_of, "b": lambda text: text == "b1"}[value[0]](value[value[0] == "s" :])
        if isinstance(value, Decimal) and value == int(value):
            value = int(value)
        found.append(None if value is None or value != value else value)  # NaN is not itself
    return found
