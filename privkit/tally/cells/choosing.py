"""Public values in the place of cells, row by row: what stands for missing, recodings, conditions, labels of days.

What a user typed is brought to the column's kind once, from the schema.

All of them come as cells that keep each public value once, with the place of each row's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.cells.calendar import NONE, local_days, moment_count
from privkit.tally.cells.cells import BOOLEAN, COUNTS, FLOAT, INTEGER, OBJECT, TEXT, UNSIGNED, WIDE, Cells, Kind
from privkit.tally.cells.comparing import exact_decimal, is_unicode, with_literal
from privkit.tally.cells.numbers import floats
from privkit.tally.cells.scalars import scalar_text
from privkit.values.expression import checking
from privkit.values.expression.numbers import as_float, for_floats, for_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.values.expression.choosing import Recode, When
    from privkit.values.expression.days import DateCut
    from privkit.values.expression.nodes import Scalar

    Mask = NDArray[np.bool_]
    Places = NDArray[np.int64]
#: The whole numbers of the kinds that have an end.
_RANGE = {INTEGER: (-(2**63), 2**63 - 1), UNSIGNED: (0, 2**64 - 1)}


def filled_kind(kind: Kind, value: Scalar) -> Kind:
    """Return the kind of a column in which a value stands for missing.

    It is the column's own; whole numbers become doubles where the value is no whole number of theirs.

    Examples
    --------
    >>> filled_kind(Kind("integer"), 0.0).name, filled_kind(Kind("unsigned"), -1).name
    ('integer', 'float')
    """
    if kind.name in _RANGE and _whole(kind, value) is None:
        return Kind(FLOAT, shown="double")
    return kind


def holds(kind: Kind, value: Scalar) -> bool:
    """Whether a column of dates can hold a date that a user typed: its unit may be too coarse or too fine for it."""
    if kind.name not in COUNTS:
        return True
    count = moment_count(str(value), kind)
    return count.denominator == 1 and abs(count) < 2**63


def filled(cells: Cells, value: Scalar) -> Cells:
    """Return the cells with a value in place of missing ones.

    Decimals hold it as nearly as their type can.

    Examples
    --------
    >>> filled(Cells(Kind("integer"), np.array([7, 0]), np.array([False, True])), 3).values.tolist()
    [7, 3]
    """
    kind, missing = filled_kind(cells.kind, value), cells.is_missing()
    if kind.name == FLOAT:
        return Cells(kind, np.where(missing, as_float(value), floats(cells)))  # type: ignore[arg-type]
    if not missing.any():
        return Cells(kind, cells.values, None, cells.codes) if cells.codes is None else cells
    if cells.codes is not None:
        return _filled_codes(cells, value)
    values = cells.values
    if isinstance(values, np.ndarray):
        return Cells(kind, _placed(values, missing, _typed(kind, value)))
    import pyarrow as pa
    import pyarrow.compute as pc

    if kind.name == TEXT and not is_unicode(str(value)):
        return Cells(kind, _placed(values.to_numpy(zero_copy_only=False), missing, value))
    typed = pa.scalar(_decimal(values.type, value) if kind.name == WIDE else value, values.type)
    return Cells(kind, pc.if_else(pa.array(missing), typed, values))


def joined(parts: Sequence[Cells]) -> Cells:
    """Return the cells of several blocks of rows as one; parts that have codes have the same values."""
    first = parts[0]
    if len(parts) == 1:
        return first
    if first.codes is not None:
        return Cells(first.kind, first.values, first.missing, np.concatenate([part.codes for part in parts]))  # type: ignore[misc]
    missing = None
    if any(part.missing is not None for part in parts):
        missing = np.concatenate(
            [np.zeros(len(part), dtype=bool) if part.missing is None else part.missing for part in parts]
        )
    if isinstance(first.values, np.ndarray):
        return Cells(first.kind, np.concatenate([part.values for part in parts]), missing)
    import pyarrow as pa

    # Text of all blocks may need more than 31 bits of offsets.
    large = {pa.string(): pa.large_string()}.get(first.values.type)
    return Cells(
        first.kind,
        pa.concat_arrays([part.values if large is None else part.values.cast(large) for part in parts]),
        missing,
    )


def _placed(values: Any, missing: Any, typed: Any) -> Any:
    if values.dtype.kind in "iu" and not np.iinfo(values.dtype).min <= typed <= np.iinfo(values.dtype).max:
        values = values.astype(np.uint64 if values.dtype.kind == "u" else np.int64)
    found = values.copy()
    found[missing] = typed
    return found


def _filled_codes(cells: Cells, value: Scalar) -> Cells:
    """Return coded cells with one kept value more, which stands for missing."""
    values, codes = cells.of_values, cells.codes
    assert codes is not None
    if not len(values):
        return filled(cells.of_values_alone(), value)
    one = filled(Cells(cells.kind, values.at(slice(0, 1)).values, np.array([True])), value)
    if isinstance(values.values, np.ndarray) != isinstance(one.values, np.ndarray):
        return filled(cells.of_values_alone(), value)
    gone, last = values.is_missing(), len(values)
    if isinstance(values.values, np.ndarray):
        kept = np.append(_placed(values.values, gone, one.values[0]), one.values)
    else:
        import pyarrow as pa

        kept = pa.concat_arrays([filled(values, value).values, one.values])
    return Cells(cells.kind, kept, None, np.where(codes < 0, last, codes))


def _whole(kind: Kind, value: Scalar) -> int | None:
    """Return a number as a whole number of the kind; None if it is none."""
    assert not isinstance(value, str)
    if not math.isfinite(value) or value != math.floor(value):
        return None
    low, high = _RANGE[kind.name]
    return int(value) if low <= value <= high else None


def _typed(kind: Kind, value: Scalar) -> Any:
    if kind.name in _RANGE:
        return _whole(kind, value)
    if kind.name in COUNTS:
        count: Fraction = moment_count(str(value), kind)
        return min(max(math.floor(count), -(2**63) + 1), 2**63 - 1)
    return scalar_text(value) if kind.name == OBJECT else value


def _decimal(dtype: Any, value: Scalar) -> Decimal:
    """Return a number with the digits that an Arrow decimal has room for; beyond them, the largest."""
    most = 10**dtype.precision - 1
    number = exact_decimal(value)  # type: ignore[arg-type]
    if isinstance(number, float):
        units = most if number > 0 else -most
    else:
        units = min(max(round(Fraction(number) * Fraction(10) ** dtype.scale), -most), most)
    with localcontext() as context:
        context.prec = 100
        return Decimal(units).scaleb(-dtype.scale)


_KINDS = {
    checking.TEXT: Kind(TEXT, shown="text"),
    checking.INTEGER: Kind(INTEGER, shown="int64"),
    checking.NUMBER: Kind(FLOAT, shown="double"),
    checking.BOOLEAN: Kind(BOOLEAN, shown="bool"),
}
_TYPES: dict[str, Any] = {TEXT: object, INTEGER: np.int64, FLOAT: np.float64, BOOLEAN: np.bool_}


def kind_of_values(values: Sequence[Scalar | None]) -> Kind:
    """Return the kind of cells that hold some public values.

    Examples
    --------
    >>> kind_of_values([1, None, 0.5]).name, kind_of_values(["a", None]).name
    ('float', 'text')
    """
    return _KINDS[checking.kind_of_values(values)]


def recoded(cells: Cells, chosen: Recode, there: Mask | None) -> Cells:
    """Return what stands for each cell; what is missing (not `there`; None: nothing is) stays missing.

    Examples
    --------
    >>> from privkit.values.expression import recode
    >>> found = recoded(Cells(Kind(INTEGER), np.array([1, 9, 2])), recode("x", {1: "a", 2: "b"}, other="c"), None)
    >>> found.values[found.codes].tolist()
    ['a', 'c', 'b']
    """
    kept = [*chosen.values, chosen.other]
    places = value_places(cells, chosen.keys)
    places[places < 0] = len(kept) - 1
    if there is not None:
        places[~there] = -1
    return of_values(kept, places)


def conditional(masks: Sequence[Mask], chosen: When, rows: int) -> Cells:
    """Return the value of the first condition that each row meets: `masks` tell which rows meet each."""
    places = np.full(rows, len(masks), dtype=np.int64)
    for place in range(len(masks) - 1, -1, -1):
        places[masks[place]] = place
    return of_values([*chosen.values, chosen.other], places)


def of_values(kept: Sequence[Scalar | None], places: Places) -> Cells:
    """Return cells of public values; a place of -1, and one of a value that is None, is missing."""
    kind = kind_of_values(kept)
    values = np.full(len(kept), "" if kind.name == TEXT else 0, dtype=_TYPES[kind.name])
    gone = np.array([*(value is None for value in kept), True])
    values[~gone[:-1]] = [value for value in kept if value is not None]
    return Cells(kind, values, None, np.where(gone[places], -1, places))


def by_days(cells: Cells, chosen: DateCut, there: Mask | None) -> Cells:
    """Return the label of the days among which each date lies, in its own time zone; missing outside all of them.

    Examples
    --------
    >>> from privkit.values.expression import cut
    >>> weeks = cut("on", every="week", start="1970-01-01", end="1970-01-10")
    >>> found = by_days(Cells(Kind("date", "D"), np.array([-4, 0, 4, 11])), weeks, None)
    >>> found.codes.tolist(), found.values.tolist()
    ([-1, 0, 1, -1], ['1969-12-29', '1970-01-05'])
    """
    edges = np.array(chosen.days, dtype=np.int64)
    days = local_days(cells.values, cells.kind)
    places = np.searchsorted(edges, days, side="right") - 1
    places[(places == len(edges) - 1) | (days == NONE)] = -1
    if there is not None:
        places[~there] = -1
    labels = np.empty(len(chosen.labels), dtype=object)
    labels[:] = chosen.labels
    return Cells(_KINDS[checking.TEXT], labels, None, places)


def value_places(cells: Cells, literals: Sequence[Scalar]) -> Places:
    """Return the place of each cell among public values that are all distinct, -1 for others.

    It is where ``==`` with the literal holds; what comes out at a missing cell means nothing.
    """
    name, values = cells.kind.name, cells.values
    if name == OBJECT:
        return _looked_up(values, {scalar_text(literal): place for place, literal in enumerate(literals)})
    if name == TEXT:
        return _text_places(values, [str(literal) for literal in literals])
    if name in (INTEGER, UNSIGNED, *COUNTS):
        limits = np.iinfo(values.dtype)
        exact = [moment_count(str(each), cells.kind) if name in COUNTS else each for each in literals]
        reduced = [for_whole("==", each, int(limits.min), int(limits.max)) for each in exact]  # type: ignore[arg-type]
        return _number_places(values, reduced)
    if name == FLOAT:
        return _number_places(values.astype(np.float64, copy=False), [for_floats("==", each) for each in literals])  # type: ignore[arg-type]
    found = np.full(len(cells), -1, dtype=np.int64)
    for place, literal in enumerate(literals):
        found[with_literal("==", cells, literal)[0]] = place
    return found


def _looked_up(values: NDArray[np.object_], sought: dict[Any, int]) -> Places:
    return np.fromiter((sought.get(value, -1) for value in values), dtype=np.int64, count=len(values))


def _text_places(values: Any, literals: list[str]) -> Places:
    if isinstance(values, np.ndarray):
        return _looked_up(values, {literal: place for place, literal in enumerate(literals)})
    import pyarrow as pa
    import pyarrow.compute as pc

    kept = [place for place, literal in enumerate(literals) if is_unicode(literal)]
    found = pc.index_in(values, pa.array([literals[place] for place in kept], type=values.type))
    spots = found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return np.array([*kept, -1], dtype=np.int64)[spots]


def _number_places(values: NDArray[Any], reduced: Sequence[tuple[str, Any] | bool]) -> Places:
    """Find numbers among those that a comparison by == came down to: True and False say that none is meant."""
    sought: dict[Any, int] = {}
    for place, each in enumerate(reduced):
        if not isinstance(each, bool):
            sought.setdefault(each[1], place)
    if not sought:
        return np.full(len(values), -1, dtype=np.int64)
    ordered = sorted(sought)
    known = np.array(ordered, dtype=values.dtype)
    places = np.array([sought[number] for number in ordered], dtype=np.int64)
    spots = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.where(known[spots] == values, places[spots], -1)
