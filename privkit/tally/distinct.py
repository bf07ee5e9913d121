"""How many distinct values a column has for each key, nobody counting for more than the bounds allow."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from privkit.tally.bounding import bounded_rows
from privkit.tally.cells.coding import coded
from privkit.tally.cells.hashing import hashed
from privkit.tally.engines.kernels import distinct_pairs, told_apart
from privkit.tally.engines.opening import engine_for, needed
from privkit.tally.rows import source_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from privkit.values.contribution import ContributionBounds
    from privkit.values.keys import Keys
    from privkit.values.unit import PrivacyUnit

#: The key of the hash that stands for a value where a person's rows are chosen; secrecy comes from the salt.
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
    engine = engine_for(data, keys, unit, [value], function)
    if unit is None:
        return engine.distinct(value, keys)
    # Values of two parts could not be compared, so that all rows come in one.
    table = engine.collect(needed(value, keys, unit))
    source = source_of(table, keys, unit)
    codes, known = coded(table[value])
    salt = secrets.token_bytes(16) if salt is None else salt
    kept = bounded_rows(source, told_apart(codes), bounds, salt, marks=hashed(known, _TELLING))
    return distinct_pairs(kept, source.cells, len(known))
