"""What stands for missing: a value that a user typed, brought to the column's kind once, from the schema."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.cells.calendar import moment_count
from privkit.tally.cells.cells import COUNTS, FLOAT, INTEGER, OBJECT, TEXT, UNSIGNED, WIDE, Cells, Kind
from privkit.tally.cells.comparing import exact_decimal, is_unicode
from privkit.tally.cells.numbers import floats
from privkit.tally.cells.scalars import scalar_text
from privkit.values.expression.numbers import as_float

if TYPE_CHECKING:
    from collections.abc import Sequence

    from privkit.values.expression.nodes import Scalar

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
