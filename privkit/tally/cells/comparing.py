"""Cells compared: with what a user typed, and with each other, as the values that they are.

Whole numbers are compared as whole numbers, decimals as decimals, floats as doubles, text by its characters' numbers
(never by a collation), instants as instants whatever their units. No comparison fails or warns. What comes out at a
missing cell means nothing: whoever asks looks at what is missing, too.

In a column of objects two cells, or a cell and a literal, are the same if they hold the same value (1, 1.0 and
Decimal(1) do; True and "1" do not). Texts are in order among themselves, and so are numbers; of a text and a number
none comes first: the comparison is missing.
"""

from __future__ import annotations

import math
import operator as op
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.cells.calendar import moment_count
from privkit.tally.cells.cells import BOOLEAN, COUNTS, FLOAT, INTEGER, OBJECT, TEXT, UNSIGNED, WIDE, Cells
from privkit.tally.cells.numbers import decimal_units, decimal_words, floats
from privkit.tally.cells.scalars import _NANOSECONDS, number_of, scalar_text
from privkit.values.expression.nodes import TURNED
from privkit.values.expression.numbers import for_floats, for_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.values.expression.nodes import Scalar

    Mask = NDArray[np.bool_]
    #: Where a comparison holds, and where it can be told (None: wherever no cell is missing).
    Told = tuple[Mask, Mask | None]

COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": op.eq,
    "!=": op.ne,
    "<": op.lt,
    "<=": op.le,
    ">": op.gt,
    ">=": op.ge,
}
_ARROW = {
    "==": "equal",
    "!=": "not_equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
}


def with_literal(operator: str, cells: Cells, literal: Scalar) -> Told:  # one case per kind
    """Compare each cell with what a user typed.

    Examples
    --------
    >>> from privkit.tally.cells.cells import Kind
    >>> large = Cells(Kind("unsigned"), np.array([2**64 - 1, 2**53], dtype=np.uint64))
    >>> with_literal(">", large, 2**53 + 0.5)[0].tolist(), with_literal("<", large, 1e30)[0].tolist()
    ([True, False], [True, True])
    """
    if cells.codes is not None:
        mask, known = with_literal(operator, cells.of_values, literal)
        return by_code(mask, cells.codes), None if known is None else by_code(known, cells.codes)
    name, values = cells.kind.name, cells.values
    if name == OBJECT:
        return _object_with(operator, values, literal)
    if name == TEXT:
        assert isinstance(literal, str)
        return _text_with(operator, values, literal), None
    if name == BOOLEAN:
        return (values == bool(literal)) == (operator == "=="), None
    if name == FLOAT:
        assert not isinstance(literal, str)
        reduced = for_floats(operator, literal)
        if isinstance(reduced, bool):
            return np.full(len(values), reduced), None
        return COMPARE[reduced[0]](values.astype(np.float64, copy=False), reduced[1]), None
    if name == WIDE:
        assert not isinstance(literal, str)
        return _wide_with(operator, values, literal), None
    if name in COUNTS:
        assert isinstance(literal, str)
        limit: int | float | Fraction = moment_count(literal, cells.kind)
    else:
        assert not isinstance(literal, str)
        limit = literal
    return _whole_with(operator, values, limit), None


def among(cells: Cells, literals: Sequence[Scalar]) -> Mask:
    """Return which cells are one of what a user typed."""
    if cells.codes is not None:
        return by_code(among(cells.of_values, literals), cells.codes)
    name, values = cells.kind.name, cells.values
    if name == OBJECT:
        sought = {scalar_text(literal) for literal in literals}
        return np.fromiter((text in sought for text in values), dtype=bool, count=len(values))
    if name == TEXT:
        return _text_among(values, [str(literal) for literal in literals])
    if name in (INTEGER, UNSIGNED) and len(literals) > 3:
        limits = np.iinfo(values.dtype)
        reduced = [for_whole("==", literal, int(limits.min), int(limits.max)) for literal in literals]  # type: ignore[arg-type]
        whole = [each[1] for each in reduced if not isinstance(each, bool)]
        return np.isin(values, np.array(whole, dtype=values.dtype))
    found: Mask = np.zeros(len(values), dtype=bool)
    for literal in literals:
        found = found | with_literal("==", cells, literal)[0]
    return found


def with_cells(operator: str, left: Cells, right: Cells) -> Told:
    """Compare the cells of two columns, row by row; a number that is no whole one makes both be doubles.

    Examples
    --------
    >>> from privkit.tally.cells.cells import Kind
    >>> one = Cells(Kind("integer"), np.array([-1, 5]))
    >>> with_cells("<", one, Cells(Kind("unsigned"), np.array([2**64 - 1, 5], dtype=np.uint64)))[0].tolist()
    [True, False]
    """
    left, right = left.of_values_alone(), right.of_values_alone()
    names = {left.kind.name, right.kind.name}
    if OBJECT in names:
        return _objects(operator, left, right)
    if names == {TEXT}:
        return _texts(operator, left.values, right.values), None
    if FLOAT in names:
        with np.errstate(invalid="ignore"):
            return COMPARE[operator](floats(left), floats(right)), None
    if WIDE in names:
        return _wides(operator, left, right), None
    if names & set(COUNTS) and left.kind.unit != right.kind.unit:
        return _units(operator, left, right), None
    return _wholes(operator, left.values, right.values), None


def by_code(found: Mask, codes: NDArray[Any]) -> Mask:
    """Return for each row what was found for its value; False where it has none."""
    return np.append(found, False)[codes]


# -- whole numbers -----------------------------------------------------------------------------------------------------


def _whole_with(operator: str, values: NDArray[Any], limit: int | float | Fraction) -> Mask:
    limits = np.iinfo(values.dtype)
    reduced = for_whole(operator, limit, int(limits.min), int(limits.max))
    if isinstance(reduced, bool):
        return np.full(len(values), reduced)
    found: Mask = COMPARE[reduced[0]](values, values.dtype.type(reduced[1]))
    return found


def _wholes(operator: str, left: NDArray[Any], right: NDArray[Any]) -> Mask:
    """Compare whole numbers of any types: NumPy would make floats of signed and unsigned ones."""
    if left.dtype.kind == right.dtype.kind:
        found: Mask = COMPARE[operator](left, right)
        return found
    if left.dtype.kind == "u":
        return _wholes(TURNED[operator], right, left)
    same = COMPARE[operator](left.astype(np.uint64), right.astype(np.uint64))
    return np.where(left < 0, operator in ("<", "<=", "!="), same)


def _units(operator: str, left: Cells, right: Cells) -> Mask:
    """Compare counts of two units: the finer ones are divided, which is exact where the rest is told apart."""
    if _NANOSECONDS[left.kind.unit] > _NANOSECONDS[right.kind.unit]:
        return _units(TURNED[operator], right, left)
    many = _NANOSECONDS[right.kind.unit] // _NANOSECONDS[left.kind.unit]
    whole = left.values // many
    over = left.values - whole * many != 0
    less, same = whole < right.values, (whole == right.values) & ~over
    return _answered(operator, less, same)


def _answered(operator: str, less: Mask, same: Mask) -> Mask:
    match operator:
        case "==":
            return same
        case "!=":
            return ~same
        case "<":
            return less
        case "<=":
            return less | same
        case ">":
            return ~(less | same)
    return ~less


# -- decimals ----------------------------------------------------------------------------------------------------------


def exact_decimal(literal: float) -> Decimal | float:
    """Return a number as it was typed: 0.1 is a tenth; infinities as they are."""
    if isinstance(literal, float):
        return Decimal(repr(literal)) if math.isfinite(literal) else literal
    return Decimal(literal)


def _wide_with(operator: str, array: Any, literal: float) -> Mask:
    """Compare decimals with a literal, by the 64-bit words of their buffer: no value is out of range."""
    typed = exact_decimal(literal)
    limit = typed if isinstance(typed, float) else Fraction(typed) * Fraction(10) ** array.type.scale
    bits = array.type.bit_width
    reduced = for_whole(operator, limit, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    if isinstance(reduced, bool):
        return np.full(len(array), reduced)
    words = decimal_words(array)
    sought = [np.uint64(reduced[1] >> shift & (2**64 - 1)) for shift in range(0, bits, 64)]
    top, limit_top = words[:, -1].view(np.int64), sought[-1].view(np.int64)
    less, same = top < limit_top, top == limit_top
    for place in range(words.shape[1] - 2, -1, -1):
        less |= same & (words[:, place] < sought[place])
        same &= words[:, place] == sought[place]
    return _answered(reduced[0], less, same)


def _wides(operator: str, left: Cells, right: Cells) -> Mask:
    scale = max(getattr(cells.values.type, "scale", 0) if cells.kind.name == WIDE else 0 for cells in (left, right))
    found: Mask = COMPARE[operator](_unlimited(left, scale), _unlimited(right, scale)).astype(bool)
    return found


def _unlimited(cells: Cells, scale: int) -> NDArray[np.object_]:
    """Return whole numbers of units of a scale as Python's, which have no end."""
    if cells.kind.name != WIDE:
        found: NDArray[np.object_] = cells.values.astype(object) * 10**scale
        return found
    return decimal_units(decimal_words(cells.values)) * 10 ** (scale - cells.values.type.scale)


# -- text and objects --------------------------------------------------------------------------------------------------


def _text_with(operator: str, values: Any, literal: str) -> Mask:
    if isinstance(values, np.ndarray):
        compare = COMPARE[operator]
        return np.fromiter(
            (value is not None and compare(value, literal) for value in values), dtype=bool, count=len(values)
        )
    import pyarrow as pa
    import pyarrow.compute as pc

    if not is_unicode(literal):
        values = values.cast(pa.large_binary())
        return _of_arrow(getattr(pc, _ARROW[operator])(values, pa.scalar(_utf8(literal), values.type)))
    return _of_arrow(getattr(pc, _ARROW[operator])(values, pa.scalar(literal, values.type)))


def _text_among(values: Any, literals: list[str]) -> Mask:
    if isinstance(values, np.ndarray):
        sought = set(literals)
        return np.fromiter((value in sought for value in values), dtype=bool, count=len(values))
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.is_in(values, pa.array([each for each in literals if is_unicode(each)], type=values.type))
    return _of_arrow(found)


def _texts(operator: str, left: Any, right: Any) -> Mask:
    if isinstance(left, np.ndarray) and isinstance(right, np.ndarray):
        compare = COMPARE[operator]
        pairs = zip(left, right, strict=True)
        return np.fromiter(
            (one is not None and two is not None and compare(one, two) for one, two in pairs),
            dtype=bool,
            count=len(left),
        )
    import pyarrow.compute as pc

    # The order of UTF-8 is that of the characters' numbers.
    return _of_arrow(getattr(pc, _ARROW[operator])(_binary(left), _binary(right)))


def _binary(values: Any) -> Any:
    import pyarrow as pa

    if not isinstance(values, np.ndarray):
        return values.cast(pa.large_binary())
    return pa.array([None if value is None else _utf8(value) for value in values], type=pa.large_binary())


def _of_arrow(found: Any) -> Mask:
    import pyarrow.compute as pc

    if found.null_count:
        found = pc.fill_null(found, False)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)


def is_unicode(text: str) -> bool:
    """Whether a text can stand in Arrow: it has no unpaired surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _object_with(operator: str, texts: NDArray[np.object_], literal: Scalar) -> Told:
    """Compare objects, each a text of its type and value, with a literal."""
    if operator in ("==", "!="):
        sought = scalar_text(literal)
        same = np.fromiter((text == sought for text in texts), dtype=bool, count=len(texts))
        return same if operator == "==" else ~same, None
    letter = "s" if isinstance(literal, str) else "n"
    known = np.fromiter((text is not None and text[0] == letter for text in texts), dtype=bool, count=len(texts))
    compare = COMPARE[operator]
    mask = np.zeros(len(texts), dtype=bool)
    mask[known] = [bool(compare(_told(text), literal)) for text in texts[known]]
    return mask, known


def _objects(operator: str, left: Cells, right: Cells) -> Told:
    one, two = _object_texts(left), _object_texts(right)
    if operator in ("==", "!="):
        found = np.fromiter((a == b for a, b in zip(one, two, strict=True)), dtype=bool, count=len(one))
        return found if operator == "==" else ~found, None
    known = np.fromiter(
        (bool(a) and bool(b) and a[0] == b[0] and a[0] in "sn" for a, b in zip(one, two, strict=True)),
        dtype=bool,
        count=len(one),
    )
    compare = COMPARE[operator]
    mask = np.zeros(len(one), dtype=bool)
    pairs = zip(one[known], two[known], strict=True)
    mask[known] = [bool(compare(_told(a), _told(b))) for a, b in pairs]
    return mask, known


def _told(text: str) -> Any:
    return text[1:] if text[0] == "s" else number_of(text)


def _object_texts(cells: Cells) -> NDArray[np.object_]:
    """Return the texts of objects; those of a column of text as they are in one of objects."""
    values, missing = cells.values, cells.is_missing()
    if not isinstance(values, np.ndarray):
        values = values.to_numpy(zero_copy_only=False)
    letter = "s" if cells.kind.name == TEXT else ""
    found = np.full(len(values), None, dtype=object)
    found[~missing] = [letter + value for value in values[~missing]]
    return found
