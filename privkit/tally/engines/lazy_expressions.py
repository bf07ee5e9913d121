"""Expressions in an engine's own: only those that are the same, and fail on no value, on every engine.

A truth value becomes two expressions (is true, is false), any other value two (value, is present), of which the value
counts only where it is present: so the engines' own rules for null never matter. What is not total and exact there is
not asked of the engine: `NotAsked`.
"""

from __future__ import annotations

import operator as op
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw

from privkit.tally.cells.calendar import FIRST, LAST
from privkit.tally.cells.cells import BOOLEAN, COUNTS, FLOAT, INTEGER, OBJECT, OTHER, TEXT, UNSIGNED, Kind
from privkit.tally.cells.expressions import kind_of
from privkit.tally.engines.native import COUNT, ENCODED, OWN, Column, Native, NotAsked
from privkit.values.expression import nodes
from privkit.values.expression.nodes import TURNED, Expression, Literal
from privkit.values.expression.numbers import as_float, for_floats, for_whole

if TYPE_CHECKING:
    from privkit.values.expression.nodes import Scalar

    Pair = tuple[nw.Expr, nw.Expr]

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": op.eq,
    "!=": op.ne,
    "<": op.lt,
    "<=": op.le,
    ">": op.gt,
    ">=": op.ge,
}
_A_DAY = {"D": 1, "s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_LIMITS = {INTEGER: (-(2**63), 2**63 - 1), UNSIGNED: (0, 2**64 - 1)}


@dataclass(frozen=True)
class Compiler:
    """Turns expressions over plain columns into Narwhals'.

    Attributes
    ----------
    columns : mapping of str to Column
        Of the plain frame.
    leaves : mapping of Expression to str
        Parts that are columns of the frame already.
    """

    columns: Mapping[str, Column]
    native: Native
    leaves: Mapping[Expression, str]

    @property
    def kinds(self) -> dict[str, Kind]:
        """The kind of each column."""
        return {name: column.kind for name, column in self.columns.items()}

    def kind(self, expression: Expression) -> Kind:
        """Return the kind of an expression's values."""
        return kind_of(expression, self.kinds)

    def derived(self, expression: Expression) -> tuple[nw.Expr, Column]:
        """Return a derived column, null where it is missing, and what it is."""
        import pyarrow as pa

        kind = self.kind(expression)
        if isinstance(expression, nodes.Column):
            return nw.col(expression.name), self._column(expression.name)
        if kind.name == BOOLEAN:
            true, false = self.truth(expression)
            return nw.when(true | false).then(true), Column.of(pa.bool_())
        value, present = self.value(expression)
        text = ENCODED if self.native.encodes_text else OWN
        types = {INTEGER: (pa.int64(), OWN), FLOAT: (pa.float64(), OWN), TEXT: (pa.large_string(), text)}
        if kind.name == FLOAT:  # 0.0 has no sign among plain columns
            value = nw.when(value == self.native.real(0.0)).then(self.native.real(0.0)).otherwise(value)
        return nw.when(present).then(value), Column.of(*types[kind.name])

    def _column(self, name: str) -> Column:
        column = self.columns[name]
        if column.kind.name in (OTHER, OBJECT):
            raise NotAsked
        return column

    # -- truth values ----------------------------------------------------------------------------------------------

    def truth(self, expression: Expression) -> Pair:
        """Return where something is true, and where it is false: never null."""
        match expression:
            case nodes.Both(operator, terms):
                return _joined(operator, [self.truth(term) for term in terms])
            case nodes.Not(of):
                true, false = self.truth(of)
                return false, true
            case nodes.IsMissing(of, negated):
                present = self._present(of)
                return (present, ~present) if negated else (~present, present)
            case nodes.IsIn(of, values, negated):
                true, false = self._is_in(of, values)
                return (false, true) if negated else (true, false)
            case nodes.Compare(operator, left, right):
                return self._compared(operator, left, right)
            case nodes.Column(name):
                self._column(name)
                present = ~nw.col(name).is_null()
                true = _definite(nw.col(name)) & present
                return true, present & ~true
        raise NotAsked

    def _present(self, of: Expression) -> nw.Expr:
        if isinstance(of, nodes.Column):  # of any kind
            return ~nw.col(of.name).is_null()
        if self.kind(of).name == BOOLEAN:
            true, false = self.truth(of)
            return true | false
        return self.value(of)[1]

    def _is_in(self, of: Expression, values: Sequence[Scalar]) -> Pair:
        kind = self.kind(of)
        if kind.name == TEXT:
            value, present = self.value(of)
            if not all(self.native.can_name(str(text)) for text in values):
                raise NotAsked
            return _answers(value.is_in(self.native.texts([str(text) for text in values])), present)
        if kind.name == INTEGER and len(values) > 3:
            value, present = self.value(of)
            reduced = [for_whole("==", number, *_LIMITS[INTEGER]) for number in values]  # type: ignore[arg-type]
            whole = [each[1] for each in reduced if not isinstance(each, bool)]
            return _answers(value.is_in(whole), present) if whole else (present & ~present, present)
        return _joined("or", [self._compared("==", of, Literal(value)) for value in values])

    def text(self, text: str) -> nw.Expr:
        """Return a text that a user typed as a plain column holds it."""
        if not self.native.can_name(text):
            raise NotAsked
        return self.native.text(text)

    def _compared(self, operator: str, left: Expression, right: Expression) -> Pair:
        if isinstance(left, Literal):
            left, right, operator = right, left, TURNED[operator]
        if isinstance(left, Literal):
            raise NotAsked
        kind = self.kind(left)
        if kind.name == BOOLEAN:
            return self._same_truth(operator, left, right)
        value, present = self.value(left)
        if isinstance(right, Literal):
            return self.with_literal(operator, kind, value, present, right.value)
        if self.kind(right) != kind or kind.name not in (INTEGER, UNSIGNED, FLOAT, TEXT, *COUNTS):
            raise NotAsked
        other, also = self.value(right)
        return _answers(_COMPARE[operator](value, other), present & also)

    def with_literal(self, operator: str, kind: Kind, value: nw.Expr, present: nw.Expr, literal: Scalar) -> Pair:
        """Compare with what a user typed, brought to the column's kind once."""
        if kind.name == TEXT:
            return _answers(_COMPARE[operator](value, self.text(str(literal))), present)
        if kind.name == FLOAT:
            reduced: Any = for_floats(operator, literal)  # type: ignore[arg-type]
        elif kind.name in COUNTS:
            from privkit.tally.cells.calendar import moment_count

            reduced = for_whole(operator, moment_count(str(literal), kind), *_LIMITS[INTEGER])
        elif kind.name in _LIMITS:
            reduced = for_whole(operator, literal, *_LIMITS[kind.name])  # type: ignore[arg-type]
        else:
            raise NotAsked
        if isinstance(reduced, bool):
            nobody = present & ~present
            return (present, nobody) if reduced else (nobody, present)
        operator, limit = reduced
        typed = self.native.real(limit) if kind.name == FLOAT else self.native.unsigned(limit)
        return _answers(_COMPARE[operator](value, typed), present)

    def _same_truth(self, operator: str, left: Expression, right: Expression) -> Pair:
        true, false = self.truth(left)
        if isinstance(right, Literal):
            same, other = (true, false) if bool(right.value) else (false, true)
        else:
            also, nor = self.truth(right)
            same, other = (true & also) | (false & nor), (true & nor) | (false & also)
        return (same, other) if operator == "==" else (other, same)

    # -- other values ----------------------------------------------------------------------------------------------

    def value(self, expression: Expression) -> Pair:
        """Return a value and where it is present."""
        if isinstance(expression, nodes.Prefix) and expression in self.leaves:
            leaf = nw.col(self.leaves[expression])
            return leaf, ~leaf.is_null()
        match expression:
            case nodes.Column(name):
                column = self._column(name)
                if column.kind.name in COUNTS and column.form != COUNT:
                    raise NotAsked
                return nw.col(name), ~nw.col(name).is_null()
            case nodes.Arithmetic(operator, left, right):
                return self._arithmetic(operator, left, right)
            case nodes.DatePart(part, of):
                kind = self.kind(of)
                # Rules of zones are known here alone; DuckDB's infinities of nanoseconds are counts of the year 2262.
                if kind.zone or kind.shown == "TIMESTAMP_NS" or of not in self.leaves:
                    raise NotAsked
                assert isinstance(of, nodes.Column)
                dated = _dated(nw.col(of.name), kind.unit)
                return getattr(nw.when(dated).then(nw.col(self.leaves[of])).dt, part)(), dated
            case nodes.Cut():
                return self._cut(expression)
        raise NotAsked

    def _arithmetic(self, operator: str, left: Expression, right: Expression) -> Pair:
        if not self.native.computes_floats:
            raise NotAsked
        present: nw.Expr | None = None
        sides: list[Any] = []
        for side in (left, right):
            if isinstance(side, Literal):
                sides.append(as_float(side.value))  # type: ignore[arg-type]
                continue
            if self.kind(side).name not in (INTEGER, UNSIGNED, FLOAT):
                raise NotAsked
            value, here = self.value(side)
            sides.append(value.cast(nw.Float64))
            present = here if present is None else present & here
        if present is None:
            raise NotAsked
        one, two = sides
        if operator in ("/", "//", "%"):
            if isinstance(right, Literal) and two == 0:
                return self.native.real(0.0), present & ~present
            if not isinstance(right, Literal):
                present = present & _definite(two != 0.0)
            # As a column: a literal divisor may be taken as a factor, which rounds twice.
            two = nw.when(present).then(nw.lit(two) if isinstance(two, float) else two).otherwise(nw.lit(1.0))
            quotient = one / two
            result = quotient if operator == "/" else quotient.floor()
            result = one - result * two if operator == "%" else result
        else:
            result = {"+": op.add, "-": op.sub, "*": op.mul}[operator](one, two)
        number = nw.when(present).then(result).fill_nan(None)
        return number, ~number.is_null()

    def _cut(self, expression: nodes.Cut) -> Pair:
        kind = self.kind(expression.of)
        value, present = self.value(expression.of)
        above = ">" if expression.right else ">="
        result: nw.Expr = nw.when(present & ~present).then(self.text(expression.labels[0]))
        beyond = present
        for edge, label in zip(expression.edges, (*expression.labels, None), strict=True):
            beyond = self.with_literal(above, kind, value, present, edge)[0]
            if label is not None:
                result = nw.when(beyond).then(self.text(label)).otherwise(result)
        result = nw.when(~beyond).then(result)
        return result, ~result.is_null()


def _dated(count: nw.Expr, unit: str) -> nw.Expr:
    """Return which counts have a date: those of the years 1 to 9999."""
    low, high = FIRST * _A_DAY[unit], (LAST + 1) * _A_DAY[unit] - 1
    return _definite((count >= max(low, -(2**63) + 1)) & (count <= min(high, 2**63 - 1)))


def _joined(operator: str, pairs: Sequence[Pair]) -> Pair:
    true, false = pairs[0]
    for one_true, one_false in pairs[1:]:
        if operator == "and":
            true, false = true & one_true, false | one_false
        else:
            true, false = true | one_true, false & one_false
    return true, false


def _definite(expression: nw.Expr) -> nw.Expr:
    return expression.fill_null(False)


def _answers(holds: nw.Expr, present: nw.Expr) -> Pair:
    true = _definite(holds) & present
    return true, present & ~true
