"""Expressions on cells: filters, derived columns and what stands for missing, row by row.

Every step looks at one row alone, and whatever a row holds it has an answer: so the transformation is stable under any
metric that counts rows or persons (a row more or less of the table is at most one more or less of the result). A
column that a filter names comes out as it went in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.cells.calendar import NONE, date_part
from privkit.tally.cells.cells import BOOLEAN, FLOAT, INTEGER, OBJECT, OTHER, TEXT, Cells, Kind, Table
from privkit.tally.cells.choosing import by_days, conditional, filled, filled_kind, joined, kind_of_values, recoded
from privkit.tally.cells.coding import encoded
from privkit.tally.cells.comparing import among, by_code, with_cells, with_literal
from privkit.tally.cells.finding import over_blocks
from privkit.tally.cells.numbers import floats
from privkit.values.expression.choosing import Recode, When
from privkit.values.expression.days import DateCut
from privkit.values.expression.nodes import (
    TURNED,
    Arithmetic,
    Both,
    Column,
    Compare,
    Cut,
    DatePart,
    Expression,
    IsIn,
    IsMissing,
    Literal,
    Not,
    Prefix,
)
from privkit.values.expression.numbers import as_float

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.values.expression.nodes import Scalar
    from privkit.values.expression.selection import Selection

    Mask = NDArray[np.bool_]


def selected(table: Table, chosen: Selection, keep: Sequence[str] | None) -> Table:
    """Return the rows that the filter keeps, with the derived columns, and missing values dealt with.

    Parameters
    ----------
    table : Table
    chosen : Selection
        Checked against the table's kinds before: `privkit.tally.predicate.check_selection`.
    keep : sequence of str, optional
        The columns of the result, derived ones included; by default all.

    Examples
    --------
    >>> from privkit.values.expression import selection
    >>> people = Table({"age": Cells(Kind("float"), np.array([15, 70, 30, np.nan]))}, 4)
    >>> chosen = selection("age < 65", {"adult": "age >= 18"})
    >>> selected(people, chosen, ["adult"])["adult"].values.tolist()
    [False, True]
    """
    names = [*table.columns, *chosen.derived] if keep is None else list(dict.fromkeys(keep))
    wanted = [name for name in chosen.derived if name in names]
    read = table.select(chosen.columns)

    def work(rows: slice) -> tuple[Mask | None, list[Cells]]:
        return _Rows(read.at(rows)).selected(chosen, wanted)

    # Kept values (of categories, say) are looked at once, and not once for each block.
    whole = not read.columns or any(cells.codes is not None for cells in read.columns.values())
    parts = [work(slice(0, len(table)))] if whole or not len(table) else over_blocks(work, len(table))
    own = table.select(tuple(name for name in names if name not in chosen.derived))
    masks = [mask for mask, _ in parts if mask is not None]
    if masks and not (mask := np.concatenate(masks)).all():
        own = own.at(np.flatnonzero(mask))
    columns = dict(own.columns)
    for place, name in enumerate(wanted):
        columns[name] = joined([cells[place] for _, cells in parts])
    for name, value in chosen.missing:
        if value is not None and name in columns:
            columns[name] = filled(columns[name], value)
    return Table({name: columns[name] for name in names}, own.rows)


def derived_kinds(kinds: Mapping[str, Kind], chosen: Selection) -> dict[str, Kind]:
    """Return the kinds of all columns after a selection, from the schema alone.

    Examples
    --------
    >>> from privkit.values.expression import selection
    >>> chosen = selection(derive={"year": "year(on)"}, missing={"age": 0.5})
    >>> found = derived_kinds({"on": Kind("date", "D"), "age": Kind("integer")}, chosen)
    >>> {name: kind.name for name, kind in found.items()}
    {'on': 'date', 'age': 'float', 'year': 'integer'}
    """
    found = dict(kinds)
    for name, expression in chosen.derive:
        found[name] = kind_of(expression, kinds)
    for name, value in chosen.missing:
        if value is not None and name in found:
            found[name] = filled_kind(found[name], value)
    return found


def kind_of(expression: Expression, kinds: Mapping[str, Kind]) -> Kind:  # one case per part
    """Return the kind of an expression's values."""
    match expression:
        case Column(name):
            return kinds[name]
        case Arithmetic():
            return Kind(FLOAT, shown="double")
        case DatePart():
            return Kind(INTEGER, shown="int64")
        case Recode(values=values, other=other) | When(values=values, other=other):
            return kind_of_values((*values, other))
        case Prefix() | Cut() | DateCut():
            return Kind(TEXT, shown="text")
        case Literal(str()):
            return Kind(TEXT, shown="text")
        case Literal(value) if not isinstance(value, bool):
            return Kind(FLOAT, shown="double")
    return Kind(BOOLEAN, shown="bool")


@dataclass(frozen=True)
class _Truth:
    """Where something is true, and where that can be told; None: everywhere."""

    true: Mask
    known: Mask | None

    @staticmethod
    def of(holds: Mask, *known: Mask | None) -> _Truth:
        told = _both(*known)
        return _Truth(holds if told is None else holds & told, told)

    @property
    def false(self) -> Mask:
        return ~self.true if self.known is None else self.known & ~self.true

    def __invert__(self) -> _Truth:
        return _Truth(self.false, self.known)

    def __and__(self, other: _Truth) -> _Truth:
        true = self.true & other.true
        if self.known is None and other.known is None:
            return _Truth(true, None)
        return _Truth(true, true | self.false | other.false)

    def __or__(self, other: _Truth) -> _Truth:
        true = self.true | other.true
        if self.known is None and other.known is None:
            return _Truth(true, None)
        return _Truth(true, true | (self.false & other.false))


def _both(*masks: Mask | None) -> Mask | None:
    found: Mask | None = None
    for mask in masks:
        if mask is not None:
            found = mask if found is None else found & mask
    return found


def present(cells: Cells) -> Mask | None:
    """Return which cells are not missing; None where the cells' form has no missing ones."""
    values = cells.values
    if cells.codes is None and isinstance(values, np.ndarray) and values.dtype != object and cells.kind.name != OTHER:
        if cells.kind.name == FLOAT:
            found: Mask = values == values  # noqa: PLR0124  # NaN is not
            return found if cells.missing is None else found & ~cells.missing
        return None if cells.missing is None else ~cells.missing
    if cells.kind.name == OTHER and cells.codes is None and not hasattr(values, "is_null"):
        return ~np.asarray(values.isna(), dtype=bool)
    return ~cells.is_missing()


class _Rows:
    """Evaluates expressions on some rows: truth values as `_Truth`, others as cells."""

    def __init__(self, table: Table) -> None:
        self.table = table

    def selected(self, chosen: Selection, wanted: Sequence[str]) -> tuple[Mask | None, list[Cells]]:
        """Return which rows are kept (None: all), and the derived columns of those."""
        used = {*wanted, *(chosen.where.columns if chosen.where is not None else ()), *(n for n, _ in chosen.missing)}
        derived = {name: self.cells(expression) for name, expression in chosen.derive if name in used}
        rows = _Rows(self.table.joined(derived))
        mask = None if chosen.where is None else rows.truth(chosen.where).true
        dropped = (present(rows.table[name]) for name, value in chosen.missing if value is None)
        mask = _both(mask, *dropped)
        found = [derived[name] for name in wanted]
        return mask, found if mask is None else [cells.at(mask) for cells in found]

    def cells(self, expression: Expression) -> Cells:
        if self._is_truth(expression):
            truth = self.truth(expression)
            return Cells(Kind(BOOLEAN, shown="bool"), truth.true, None if truth.known is None else ~truth.known)
        return self.value(expression)

    def _is_truth(self, expression: Expression) -> bool:
        return kind_of(expression, self.table.kinds).name == BOOLEAN and not isinstance(expression, Column)

    # -- truth values ----------------------------------------------------------------------------------------------

    def truth(self, expression: Expression) -> _Truth:  # one case per part
        match expression:
            case Both(operator, terms):
                found = self.truth(terms[0])
                for term in terms[1:]:
                    found = found & self.truth(term) if operator == "and" else found | self.truth(term)
                return found
            case Not(of):
                return ~self.truth(of)
            case IsMissing(of, negated):
                known = self.truth(of).known if self._is_truth(of) else present(self.value(of))
                there = np.full(len(self.table), True) if known is None else known
                return _Truth(there if negated else ~there, None)
            case IsIn(of, values, negated):
                found = self._is_in(of, values)
                return ~found if negated else found
            case Compare(operator, left, right):
                return self._compared(operator, left, right)
            case Literal(value):
                return _Truth(np.full(len(self.table), bool(value)), None)
        cells = self.value(expression)
        holds = cells.values if cells.codes is None else by_code(cells.values, cells.codes)
        return _Truth.of(holds, present(cells))

    def _is_in(self, of: Expression, values: Sequence[Scalar]) -> _Truth:
        if self._is_truth(of):
            found = self.truth(of)
            listed = (found if value else ~found for value in values)
            return _any(list(listed))
        cells = self.value(of)
        return _Truth.of(among(cells, values), present(cells))

    def _compared(self, operator: str, left: Expression, right: Expression) -> _Truth:
        if isinstance(left, Literal):
            left, right, operator = right, left, TURNED[operator]
        if kind_of(left, self.table.kinds).name == BOOLEAN:
            same = self._agree(self.truth(left), right)
            return same if operator == "==" else ~same
        one = self.value(left)
        if isinstance(right, Literal):
            holds, known = with_literal(operator, one, right.value)
            return _Truth.of(holds, known, present(one))
        two = self.value(right)
        holds, known = with_cells(operator, one, two)
        return _Truth.of(holds, known, present(one), present(two))

    def _agree(self, one: _Truth, right: Expression) -> _Truth:
        if isinstance(right, Literal):
            return one if right.value else ~one
        two = self.truth(right)
        return _Truth.of(one.true == two.true, one.known, two.known)

    # -- other values ----------------------------------------------------------------------------------------------

    def value(self, expression: Expression) -> Cells:  # one case per part
        match expression:
            case Column(name):
                return self.table[name]
            case Literal(typed):
                return self._repeated(typed)
            case Arithmetic(operator, left, right):
                return self._arithmetic(operator, left, right)
            case DatePart(part, of):
                return _of_each(self.value(of), lambda cells: _dated(part, cells))
            case Prefix(of, length):
                return _of_each(self.value(of), lambda cells: _begun(cells, length))
            case Cut():
                return self._cut(expression)
            case DateCut(of=of):
                return _of_kept(self.value(of), lambda cells, there: by_days(cells, expression, there))
            case Recode(of=of):
                return _of_kept(self.value(of), lambda cells, there: recoded(cells, expression, there))
            case When(conditions=conditions):
                return conditional([self.truth(each).true for each in conditions], expression, len(self.table))
        return self.cells(expression)

    def _repeated(self, typed: Scalar) -> Cells:
        kind = kind_of(Literal(typed), {})
        values = np.array([typed if isinstance(typed, str) else as_float(typed)], dtype=object)
        values = values if kind.name == TEXT else values.astype(np.float64)
        return Cells(kind, values, None, np.zeros(len(self.table), dtype=np.int64))

    def _arithmetic(self, operator: str, left: Expression, right: Expression) -> Cells:
        """Return a double for each row; NaN, which is missing, where a side is missing or no number comes out."""
        one, two = (
            as_float(side.value) if isinstance(side, Literal) else floats(self.value(side))  # type: ignore[arg-type]
            for side in (left, right)
        )
        with np.errstate(all="ignore"):
            return Cells(Kind(FLOAT, shown="double"), _computed(operator, one, two))

    def _cut(self, expression: Cut) -> Cells:
        cells, edges = self.value(expression.of), expression.edges
        above = ">" if expression.right else ">="

        def places(of: Cells) -> NDArray[np.int64]:
            passed = np.full(len(of), -1, dtype=np.int64)
            for edge in edges:
                passed += with_literal(above, of, edge)[0]
            there = present(of)
            outside = passed == len(edges) - 1
            passed[outside if there is None else outside | ~there] = -1
            return passed

        labels = np.empty(len(expression.labels), dtype=object)
        labels[:] = expression.labels
        found = places(cells.of_values)
        codes = found if cells.codes is None else np.append(found, -1)[cells.codes]
        return Cells(Kind(TEXT, shown="text"), labels, None, codes)


def _any(terms: list[_Truth]) -> _Truth:
    found = terms[0]
    for term in terms[1:]:
        found = found | term
    return found


def _of_each(cells: Cells, work: Callable[[Cells], Cells]) -> Cells:
    """Return `work` of the cells: of each kept value once."""
    if cells.codes is None:
        return work(cells)
    found = work(cells.of_values)
    return Cells(found.kind, found.values, found.missing, cells.codes)


def _of_kept(cells: Cells, work: Callable[[Cells, Mask | None], Cells]) -> Cells:
    """Return `work`, which gives public values by their places, of the cells and of which are there."""
    if cells.codes is None:
        return work(cells, present(cells))
    found = work(cells.of_values, present(cells.of_values))
    assert found.codes is not None
    return Cells(found.kind, found.values, None, np.append(found.codes, -1)[cells.codes])


def _dated(part: str, cells: Cells) -> Cells:
    found = date_part(part, cells.values, cells.kind)
    none = found == NONE
    missing = none if cells.missing is None else none | cells.missing
    return Cells(Kind(INTEGER, shown="int64"), found, missing if missing.any() else None)


def _begun(cells: Cells, length: int) -> Cells:
    """Return the first characters of texts; of objects those of texts, others are missing."""
    kind, values = Kind(TEXT, shown="text"), cells.values
    if not isinstance(values, np.ndarray):
        import pyarrow as pa
        import pyarrow.compute as pc

        try:
            return Cells(kind, pc.utf8_slice_codeunits(values, 0, length), cells.missing)
        except pa.ArrowInvalid:  # bytes of an unchecked file that are no text: missing, each by itself
            texts = [_decoded(text) for text in encoded(values)]
            values = np.array([*texts, None], dtype=object)[:-1]
            missing = cells.is_missing()
            return _begun(Cells(cells.kind, values, missing if missing.any() else None), length)
    found = np.empty(len(values), dtype=object)
    if cells.kind.name == OBJECT:
        found[:] = [text[1 : 1 + length] if text is not None and text[0] == "s" else None for text in values]
    else:
        found[:] = [None if text is None else text[:length] for text in values]
    return Cells(kind, found, cells.missing)


def _decoded(text: bytes) -> str | None:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return None


def _computed(operator: str, left: Any, right: Any) -> NDArray[np.float64]:
    """Return `left operator right` as `privkit.values.expression.numbers.computed` does; NaN where it has none."""
    match operator:
        case "+":
            return left + right  # type: ignore[no-any-return]
        case "-":
            return left - right  # type: ignore[no-any-return]
        case "*":
            return left * right  # type: ignore[no-any-return]
    divisor = np.where(right == 0, np.nan, right)
    quotient = left / divisor
    if operator == "/":
        return quotient
    whole = np.floor(quotient)
    return whole if operator == "//" else left - whole * divisor
