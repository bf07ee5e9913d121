"""Counts of all groups that occur, by a text that tells each group's values and types."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.classes import class_sizes
from privkit.tally.frame import open_frame
from privkit.tally.ids import hash_values
from privkit.tally.persons import bounded_counts
from privkit.values.keys import Keys

if TYPE_CHECKING:
    import pandas as pd

    from privkit.values.contribution import ContributionBounds
    from privkit.values.unit import PrivacyUnit

#: The key of the hash that stands for a group; secrecy comes from the salt of the counts.
_MARKING = bytes(16)

#: Kinds of Python objects, as pandas infers them, among which no two are equal and told by different texts.
_ALIKE = ("string", "boolean", "integer", "floating", "empty")


class _Coded(str):
    """The text of a value that pandas would take for an equal one of another type, like 1 and True."""

    __slots__ = ()


def group_counts(
    data: object,
    by: Sequence[str],
    unit: str | PrivacyUnit | None,
    bounds: ContributionBounds,
    *,
    salt: bytes | None = None,
    function: str = "group_counts",
) -> dict[str, int]:
    """Count the rows of every group that occurs, each person within the bounds; groups with none left are not there.

    A row's group is the text of its own values and types (1, 1.0 and True are three groups; instants are told to the
    microsecond), whatever other rows hold. Rows with a value that has no such text (a list, a duration, an integer of
    thousands of digits) are left out. Which rows of a person over the bounds stay is told by a keyed hash of the
    person, the group's text and the place among equal rows: never by which other groups occur. Reads rows; spends
    nothing. That a group is there at all is private.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.contribution import ONE_ROW
    >>> group_counts(pd.DataFrame({"zip": ["8004", "8004", None]}), ["zip"], None, ONE_ROW)
    {'[["s","8004"]]': 2, '[["n",""]]': 1}
    """
    data = _told_apart(data, by, function)
    tally = class_sizes(data, list(by), function=function)
    values = list(zip(*([_plain(value) for value in tally.keys[name].tolist()] for name in by), strict=True))
    told = {key: text for key in values if (text := _told(key)) is not None}
    if unit is None:
        counts = tally.sizes
    else:
        values = list(told)
        keys = Keys(tuple(by), tuple(values))
        marks = hash_values(list(told.values()), _MARKING)
        counts = tally.sizes[:0]
        if values:
            counts = bounded_counts(data, unit, bounds, keys, salt=salt, marks=marks, function=function)
    found: Counter[str] = Counter()
    for key, count in zip(values, counts, strict=True):
        if count > 0 and key in told:
            found[told[key]] += int(count)
    return dict(found)


def _told_apart(data: object, by: Sequence[str], function: str) -> object:
    """Return a pandas frame in which values of the groups' columns are equal only if their texts are."""
    import pandas as pd

    if not isinstance(data, pd.DataFrame):
        return data  # other engines have columns of one type
    open_frame(data, function, by, "by")
    changed = {name: column for name in by if (column := _apart(data[name])) is not None}
    return data.assign(**changed) if changed else data


def _apart(column: pd.Series) -> pd.Series | None:
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        categories = pd.Series(column.dtype.categories)
        return None if _apart(categories) is None else _apart(column.astype(categories.dtype))
    if column.dtype == object:
        if pd.api.types.infer_dtype(column, skipna=True) in _ALIKE:
            return None
        texts = np.empty(len(column), dtype=object)
        texts[:] = [_Coded(json.dumps(_code_of(value))) for value in column]
        return pd.Series(texts, index=column.index, dtype=object)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        dtype: Any = getattr(column.dtype, "pyarrow_dtype", column.dtype)
        zone, unit = getattr(dtype, "tz", None), dtype.unit if hasattr(dtype, "unit") else np.datetime_data(dtype)[0]
        if dtype is column.dtype and unit != "ns":
            return None
        finest: Any = "us" if unit == "ns" else unit
        told: Any = f"datetime64[{finest}]" if zone is None else pd.DatetimeTZDtype(finest, zone)
        return column.astype(told)
    return None


def _code_of(value: Any) -> tuple[str, str]:
    """Return a value's kind and text; ("", "") where it has none."""
    try:
        plain = _plain(value)
        return ("", "") if type(plain).__name__ == "Timestamp" else _coded(plain)  # of a year that Python does not have
    except (TypeError, ValueError, ArithmeticError):
        return "", ""


def _told(key: Sequence[object]) -> str | None:
    """Return a group's text, or None if one of its values has none."""
    codes = [json.loads(value) if isinstance(value, _Coded) else _code_of(value) for value in key]
    return json.dumps(codes, separators=(",", ":")) if all(kind for kind, _ in codes) else None


def _plain(value: Any) -> Any:
    import pandas as pd

    if value is None or pd.isna(value) is True:
        return None
    if isinstance(value, np.bool_ | np.integer | np.floating):
        value = value.item()
    if isinstance(value, pd.Timestamp) and 0 < value.year < 10_000:
        return value.to_pydatetime(warn=False)
    if isinstance(value, float):
        return value + 0.0
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
