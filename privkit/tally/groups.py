"""Counts of all groups that occur, by a text that tells each group's values and types."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from privkit.tally.classes import class_sizes
from privkit.tally.persons import bounded_counts
from privkit.values.keys import Keys

if TYPE_CHECKING:
    from privkit.values.contribution import ContributionBounds


def group_counts(
    data: object, by: Sequence[str], unit: str | None, bounds: ContributionBounds, *, function: str = "group_counts"
) -> dict[str, int]:
    """Count the rows of every group that occurs, each person within the bounds; groups with none left are not there.

    Reads rows; spends nothing. That a group is there at all is private.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.contribution import ONE_ROW
    >>> group_counts(pd.DataFrame({"zip": ["8004", "8004", None]}), ["zip"], None, ONE_ROW)
    {'[["s","8004"]]': 2, '[["n",""]]': 1}
    """
    tally = class_sizes(data, list(by), function=function)
    columns = [tally.keys[name].tolist() for name in by]
    values = [tuple(_plain(value) for value in row) for row in zip(*columns, strict=True)]
    if unit is None:
        counts = tally.sizes
    else:
        keys = Keys(tuple(by), tuple(values))
        counts = bounded_counts(data, unit, bounds, keys, function=function) if values else tally.sizes
    return {key_text(key): int(count) for key, count in zip(values, counts, strict=True) if count > 0}


def _plain(value: Any) -> Any:
    import pandas as pd

    if value is None or pd.isna(value) is True:
        return None
    if isinstance(value, datetime):
        return datetime.fromisoformat(value.isoformat())
    if isinstance(value, float) and not isinstance(value, bool):
        return float(value) + 0.0
    return value


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
        "n": lambda _: None,
        "t": datetime.fromisoformat,
        "d": date.fromisoformat,
    }
    value = readers[kind](text)
    return None if isinstance(value, float) and math.isnan(value) else value
