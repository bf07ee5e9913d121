"""Counts of all groups that occur, by a text that tells each group's values and types.

How many distinct values a column has for each key, nobody counting for more than the bounds allow.
"""

from __future__ import annotations

import json
import math
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import DuplicateColumnError
from privkit.tally.bounding import bounded_rows
from privkit.tally.cells.cells import Table
from privkit.tally.cells.coding import classes_of, coded
from privkit.tally.cells.hashing import hash_bytes, hashed
from privkit.tally.cells.showing import MISSING, as_told, group_text, told
from privkit.tally.engines.kernels import distinct_pairs, told_apart
from privkit.tally.engines.opening import engine_for, engine_of, needed
from privkit.tally.persons import bounded_cells, grouped_pairs
from privkit.tally.rows import Source, source_of
from privkit.tally.units import unit_columns, units

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from privkit.values.bounds import ContributionBounds
    from privkit.values.keys import Keys
    from privkit.values.unit import PrivacyUnit


#: The key of the hash that stands for a group; secrecy comes from the salt of the counts.
_MARKING = bytes(16)


def group_counts(
    data: object,
    by: Sequence[str],
    unit: str | PrivacyUnit | None,
    bounds: ContributionBounds,
    *,
    salt: bytes | None = None,
) -> dict[str, int]:
    """Count the rows of every group that occurs, each person within the bounds; groups with none left are not there.

    A row's group is the text of its own values (1 and 1.0 are one group, True is another; instants are told to the
    microsecond), whatever other rows hold. Rows with a value that has no such text (a list, a date of the year 10000,
    an integer of thousands of digits) are left out, those in objects as missing. Which rows of a person over the bounds
    stay is told by a keyed hash of the
    person, the group's text and the place among equal rows: never by which other groups occur. Reads rows; spends
    nothing. That a group is there at all is private.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.bounds import ONE_ROW
    >>> group_counts(pd.DataFrame({"zip": ["8004", "8004", None]}), ["zip"], None, ONE_ROW)
    {'[["s","8004"]]': 2, '[["n",""]]': 1}
    """
    columns = tuple(by)
    apart = unit_columns(unit)
    if apart and apart[0] in columns:
        raise DuplicateColumnError.in_argument("by", [apart[0]])
    engine = engine_of(data, (*columns, *apart), "by")
    found: Counter[str] = Counter()
    if unit is None:
        table, sizes = engine.classes(columns)
        for text, size in zip(_texts(table, columns), sizes.tolist(), strict=True):
            if text is not None:
                found[text] += size
        return dict(found)
    salt = secrets.token_bytes(16) if salt is None else salt
    for rows in engine.parts(apart[0], (*columns, *apart)):
        for text, count in _bounded(rows, columns, unit, bounds, salt):
            found[text] += count
    return dict(found)


def _bounded(
    table: Table, by: tuple[str, ...], unit: str | PrivacyUnit, bounds: ContributionBounds, salt: bytes
) -> Iterator[tuple[str, int]]:
    """Give each group's text and the rows that are kept of it."""
    class_of, first, _ = classes_of([as_told(table[name]) for name in by])
    texts = _texts(table.at(first), by)
    names = {text: place for place, text in enumerate(dict.fromkeys(text for text in texts if text is not None))}
    place_of = np.array([names.get(text, len(names)) for text in texts], dtype=np.int64)  # type: ignore[arg-type]
    places = place_of[class_of]
    source = Source(table, lambda rows: places[rows], len(names), units(table, unit))
    marks = hash_bytes([text.encode("utf-8", "surrogatepass") for text in names], _MARKING)
    for text, count in zip(
        names, bounded_cells(grouped_pairs(source, None), bounds, len(names), salt, marks), strict=True
    ):
        if count > 0:
            yield text, int(count)


def _texts(table: Table, by: tuple[str, ...]) -> list[str | None]:
    """Return the text of each group; None where one of its values has none."""
    columns = []
    for name in by:
        codes, distinct = coded(table[name])
        names = [*told(distinct), MISSING]
        columns.append([names[code] for code in codes.tolist()])
    return [group_text(parts) for parts in zip(*columns, strict=True)]


def key_text(key: Sequence[object]) -> str:
    """Return a group's values as text, each with its type."""
    return json.dumps([_coded(value) for value in key], separators=(",", ":"))


def _coded(value: object) -> tuple[str, str]:
    if value is None:
        return "n", ""
    for kind, types in (("b", bool), ("i", int), ("s", str), ("t", datetime), ("d", date)):
        if isinstance(value, types):
            return kind, value.isoformat() if isinstance(value, date) else str(value)
    if isinstance(value, float):
        return "f", repr(value)
    raise TypeError("a group's value has a type that cannot be released")


def key_values(text: str) -> tuple[Any, ...]:
    """Return the values that :func:`key_text` told.

    Examples
    --------
    >>> key_values(key_text(["8004", None, 3, True, 0.5]))
    ('8004', None, 3, True, 0.5)
    """
    return tuple(_decoded(kind, value) for kind, value in json.loads(text))


def _decoded(kind: str, text: str) -> Any:
    readers: dict[str, Callable[[str], Any]] = {
        "b": lambda t: t == "True",
        "i": int,
        "s": str,
        "f": float,
        "D": Decimal,
        "n": lambda _: None,
        "t": datetime.fromisoformat,
        "d": date.fromisoformat,
    }
    value = readers[kind](text)
    return None if isinstance(value, float) and math.isnan(value) else value


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
) -> NDArray[np.int64]:
    """Count the distinct values of `value` in each key's rows; missing values are left out. Shape (n_keys,).

    With a `unit` each person is bounded first. Reads rows; spends nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.bounds import ONE_ROW
    >>> visits = pd.DataFrame({"shop": ["a", "b", "a", None]})
    >>> distinct_values(visits, "shop", bounds=ONE_ROW).tolist()
    [2]
    """
    engine = engine_for(data, keys, unit, [value])
    if unit is None:
        return engine.distinct(value, keys)
    # Values of two parts could not be compared, so that all rows come in one.
    table = engine.collect(needed(value, keys, unit))
    source = source_of(table, keys, unit)
    codes, known = coded(table[value])
    salt = secrets.token_bytes(16) if salt is None else salt
    kept = bounded_rows(source, told_apart(codes), bounds, salt, marks=hashed(known, _TELLING))
    return distinct_pairs(kept, source.cells, len(known))
