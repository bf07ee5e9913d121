"""How many distinct values a column has for each key, nobody counting for more than the bounds allow."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.bounding import bounded_rows
from privkit.tally.ids import hash_values
from privkit.tally.lookup import factorized
from privkit.tally.rows import open_source

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.values.contribution import ContributionBounds
    from privkit.values.keys import Keys
    from privkit.values.unit import PrivacyUnit

#: Values are told apart by 64 bits of a hash with this public key: two that collide are counted as one.
_TELLING = bytes(16)


def distinct_values(
    data: object,
    value: str,
    *,
    keys: Keys | None = None,
    unit: str | PrivacyUnit | None = None,
    bounds: ContributionBounds,
    salt: bytes | None = None,
    function: str = "distinct_values",
) -> NDArray[np.int64]:
    """Count the distinct values of `value` in each key's rows; missing values are left out. Shape (n_keys,).

    With a `unit` each person is bounded first. Reads rows; spends nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.contribution import ONE_ROW
    >>> visits = pd.DataFrame({"shop": ["a", "b", "a", None]})
    >>> distinct_values(visits, "shop", bounds=ONE_ROW).tolist()
    [2]
    """
    import pandas as pd

    source = open_source(data, keys, unit, [value], function=function)
    codes, hashes = _told_apart(source.table[value])
    inner, cells = source.place, source.cells

    def place(rows: slice) -> NDArray[np.int64]:
        return np.where(codes[rows] >= 0, inner(rows), cells)

    kept = bounded_rows(
        replace(source, place=place),
        lambda rows: hashes[codes[rows]],
        bounds,
        secrets.token_bytes(16) if salt is None else salt,
    )
    pairs = pd.DataFrame({"place": kept.place, "value": kept.values}).drop_duplicates()
    return np.bincount(pairs["place"].to_numpy(), minlength=cells).astype(np.int64)


def _told_apart(column: pd.Series) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return a code per row, -1 for missing, and a hash per code (with one more, for missing)."""
    codes, distinct, others = factorized(column)
    texts = [_told(value) for value in (*distinct.tolist(), *others)]
    return codes, np.append(hash_values(texts, _TELLING), np.uint64(0)).view(np.int64)


def _told(value: object) -> str:
    """Return a text that is the same for equal numbers, and for other values tells their types apart."""
    if isinstance(value, int | float):
        return f"{int(value):x}" if value == value // 1 else repr(float(value))
    try:
        return f"{type(value).__name__}:{value!r}"
    except ValueError:  # integers of thousands of digits have no decimal text
        return type(value).__name__
