"""Counts for public keys: classes of the data matched to groups that the user named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np

from privkit.errors import KeysError
from privkit.tally.classes import Tally
from privkit.tally.frame import open_frame

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.values.keys import Keys

_KINDS = {"text": str, "number": (int, float), "boolean": bool}


def check_key_types(data: object, keys: Keys, function: str) -> None:
    """Refuse keys that no value of their column could equal. Reads the schema, never a row.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError
    KeysError
        If text is asked of a column of numbers, or the like.
    """
    schema = open_frame(data, function, keys.by, "by").collect_schema()
    for place, name in enumerate(keys.by):
        kind = _kind(schema[name])
        if kind is None:
            continue
        for value in {type(key[place]): key[place] for key in keys.values}.values():
            if value is None:
                continue
            fits = isinstance(value, _KINDS[kind]) and (kind == "boolean") == isinstance(value, bool)
            if not fits:
                raise KeysError.shape(
                    function, f"of type {type(value).__name__} for the column {name!r} of type {schema[name]}", f"{kind}s there"
                )


def _kind(dtype: nw.dtypes.DType) -> str | None:
    if dtype.is_numeric():
        return "number"
    if isinstance(dtype, nw.Boolean):
        return "boolean"
    return "text" if isinstance(dtype, nw.String) else None


def matched(tally: Tally, keys: Keys) -> NDArray[np.int64]:
    """Return the class sizes in the order of `keys`: 0 where a key does not occur, classes without a key left out.

    Shape (len(keys),). Exact; works on the tally.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.tally.classes import class_sizes
    >>> from privkit.values.keys import public_keys
    >>> people = pd.DataFrame({"zip": ["8004", "8004", "8005"]})
    >>> matched(class_sizes(people, "zip"), public_keys(["zip"], ["8003", "8004"], "example")).tolist()
    [0, 2]
    """
    place = key_places({name: tally.keys[name] for name in keys.by}, keys)
    counts = np.zeros(len(keys), dtype=np.int64)
    known = place >= 0
    # Values that compare as equal (1 and 1.0 in a mixed column) are one key.
    np.add.at(counts, place[known], tally.counts[known])
    return counts


def key_places(columns: dict[str, pd.Series], keys: Keys) -> NDArray[np.int64]:
    """Return for each row of `columns` the place of its key, or -1."""
    code = np.zeros(len(next(iter(columns.values()))), dtype=np.int64)
    asked = np.zeros(len(keys), dtype=np.int64)
    known = np.ones(len(code), dtype=bool)
    for place, name in enumerate(keys.by):
        values = list(dict.fromkeys(key[place] for key in keys.values))
        ranks = {value: rank for rank, value in enumerate(values)}
        found = _ranks(columns[name], values)
        known &= found >= 0
        code = code * len(values) + found
        asked = asked * len(values) + np.array([ranks[key[place]] for key in keys.values], dtype=np.int64)
    order = np.argsort(asked)
    spot = np.minimum(np.searchsorted(asked[order], code), len(asked) - 1)
    known &= asked[order][spot] == code
    return np.where(known, order[spot], -1)


def _ranks(column: pd.Series, values: list[object]) -> NDArray[np.int64]:
    """Return the place of each entry among `values`, or -1."""
    import pandas as pd

    present = [value for value in values if value is not None]
    ranks = np.array([rank for rank, value in enumerate(values) if value is not None], dtype=np.int64)
    index = pd.Index(present, dtype=object if not present else None)
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    found = index.get_indexer(column) if present else np.full(len(column), -1)
    place = np.where(found >= 0, ranks[found] if present else -1, -1)
    if None in values:
        place = np.where(column.isna().to_numpy(), values.index(None), place)
    return place
