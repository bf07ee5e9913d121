"""Values that the user vouches for as public, and what they are as plain Python values.

What is refused because it may come from the data (a Series, an Index, an array, a frame, NumPy's numbers) passes
wherever public values are taken, once it is wrapped: bounds, bins, candidates, keys, edges, labels. One function
unwraps for all of them, so that no place knows fewer kinds than another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from privkit.errors import NotPublicError
from privkit.values.arguments import public, typed


@public
@dataclass(frozen=True, slots=True)
class PublicValues:
    """Values that the user vouches for as public, with the reason that the ledger records.

    Attributes
    ----------
    values : tuple
    reason : str
        Why they are public.
    """

    values: Any
    reason: str

    def __repr__(self) -> str:
        """Return the wrapper without its values."""
        return f"pk.public_values(..., reason={self.reason!r})"


@typed
def public_values(values: Any, *, reason: str) -> PublicValues:
    """Vouch that values held in a Series, Index or array are public knowledge.

    privkit refuses such containers wherever public facts are taken, because they may come from the private data.

    Parameters
    ----------
    values : Series, Index, array, frame, list, or a single number
        As keys of several columns: a frame with these columns, a MultiIndex, or a list of tuples.
    reason : str
        Why they are public, e.g. ``"list of the post office"``. As bounds, bins, candidates or keys, and as a fact of
        a project, it is written in the ledger and in the provenance of what is released.

    Examples
    --------
    >>> public_values(["a", "b"], reason="printed on the form")
    pk.public_values(..., reason='printed on the form')
    """
    if not isinstance(reason, str) or not reason.strip():
        raise NotPublicError("public_values() needs reason=: a few words on why the values are public.")
    return PublicValues(values, reason.strip())


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a frame that was vouched for.

    Attributes
    ----------
    columns : tuple of str
    rows : tuple of tuple
        One tuple per row, one value per column.
    """

    columns: tuple[Any, ...]
    rows: tuple[tuple[Any, ...], ...]


def vouched(values: Any) -> tuple[Any, str | None]:
    """Return values without the wrapper of :func:`public_values`, and its reason; others as they are, without one.

    The wrapper may be around all of them, around single ones of a list or pair, or around parts of a dict.

    Examples
    --------
    >>> vouched(["a", "b"])
    (['a', 'b'], None)
    >>> vouched((0, public_values(120, reason="the oldest person ever")))
    ((0, 120), 'the oldest person ever')
    """
    if isinstance(values, PublicValues):
        plain, reasons = _plain(values.values), [values.reason, *_reasons(values.values)]
    elif isinstance(values, Mapping) and PublicValues in set(map(type, values.values())):
        plain = {name: _plain(part) if isinstance(part, PublicValues) else part for name, part in values.items()}
        reasons = _reasons(tuple(values.values()))
    elif isinstance(values, list | tuple) and PublicValues in set(map(type, values)):
        plain = type(values)(_plain(part) if isinstance(part, PublicValues) else part for part in values)
        reasons = _reasons(values)
    else:
        return values, None
    return plain, "; ".join(dict.fromkeys(reasons))


def _reasons(values: Any) -> list[str]:
    """Return the reasons of those among the values that are wrapped themselves."""
    parts = [values] if isinstance(values, PublicValues) else values if isinstance(values, list | tuple) else []
    wrapped = [part for part in parts if isinstance(part, PublicValues)]
    return [reason for part in wrapped for reason in (part.reason, *_reasons(part.values))]


def _plain(values: Any) -> Any:
    """Return vouched values as Python's own: lists, tuples, dicts and single values; of a frame its :class:`Table`."""
    if isinstance(values, PublicValues):
        return _plain(values.values)
    if isinstance(values, Mapping):
        return {name: _plain(part) for name, part in values.items()}
    if hasattr(values, "collect_schema") and hasattr(values, "collect"):  # a lazy frame of Polars or Narwhals
        values = values.collect()
    if getattr(values, "ndim", 2) != 1 and (hasattr(values, "columns") or hasattr(values, "column_names")):
        return _table(values)
    if isinstance(values, list | tuple):
        return type(values)(map(_plain, values)) if type(values) in (list, tuple) else tuple(map(_plain, values))
    if isinstance(values, set | frozenset):
        return set(map(_plain, values))
    if getattr(getattr(values, "dtype", None), "kind", "") == "M" and hasattr(values, "astype"):
        values = _dates(values)
    for name in ("tolist", "to_list", "to_pylist"):  # of pandas and NumPy, of Polars, of Arrow
        convert = getattr(values, name, None)
        if callable(convert):
            found = convert()
            return list(map(_cell, found)) if isinstance(found, list) else _cell(found)
    return _cell(values)


def _dates(values: Any) -> Any:
    """Return NumPy's dates in a unit that Python has objects for; those of pandas are objects already.

    NumPy tells nanoseconds as bare numbers. Finer parts than microseconds would be lost, and then they stay numbers,
    which nobody takes for dates.
    """
    if type(values).__module__.partition(".")[0] != "numpy":
        return values
    if "[D]" in str(values.dtype):
        return values
    coarser = values.astype("datetime64[us]")
    fits = (coarser == values) | (values != values)  # noqa: PLR0124 - the missing one is not equal to itself
    return coarser if bool(fits.all()) else values


def _cell(value: Any) -> Any:
    """Return one value as Python's own: NumPy's scalars unwrapped, pandas' NA as None."""
    if isinstance(value, tuple):
        return tuple(map(_cell, value))
    if isinstance(value, list):
        return list(map(_cell, value))
    if hasattr(value, "dtype") and hasattr(value, "item"):
        value = (_dates(value) if value.dtype.kind == "M" else value).item()
    return None if type(value).__name__ == "NAType" else value


def _table(frame: Any) -> Table:
    """Return the rows of a frame of pandas, Polars or Arrow."""
    names: Sequence[Any] = list(frame.column_names if hasattr(frame, "column_names") else frame.columns)
    lists = [_plain(frame[name]) for name in names]
    return Table(tuple(names), tuple(zip(*lists, strict=True)))
