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

from privkit.tally.cells.calendar import A_DAY, FIRST, LAST
from privkit.tally.cells.cells import BOOLEAN, COUNTS, FLOAT, INTEGER, OBJECT, OTHER, TEXT, UNSIGNED, Kind
from privkit.tally.cells.comparing import COMPARE
from privkit.tally.cells.expressions import kind_of
from privkit.tally.engines.native import COUNT, ENCODED, OWN, Column, Native, NotAsked
from privkit.values.expression import nodes
from privkit.values.expression.choosing import Recode, When
from privkit.values.expression.days import DateCut
from privkit.values.expression.nodes import TURNED, Expression, Literal
from privkit.values.expression.numbers import as_float, for_floats, for_whole

if TYPE_CHECKING:
    from privkit.values.expression.nodes import Scalar

    Pair = tuple[nw.Expr, nw.Expr]

#: Branches of one choice, and values of one list, that an engine is asked for.
_BRANCHES, _LISTED = 60, 2_000
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
            case Recode() | When():
                return self._chosen_truth(expression)
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
        return _answers(COMPARE[operator](value, other), present & also)

    def with_literal(self, operator: str, kind: Kind, value: nw.Expr, present: nw.Expr, literal: Scalar) -> Pair:
        """Compare with what a user typed, brought to the column's kind once."""
        if kind.name == TEXT:
            return _answers(COMPARE[operator](value, self.text(str(literal))), present)
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
        return _answers(COMPARE[operator](value, typed), present)

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
                # Rules of zones are known here alone; what is infinite has no parts there, and those of its count here.
                infinite = kind.unit == "ns" and self.native.has_infinite_nanoseconds
                if kind.zone or infinite or of not in self.leaves:
                    raise NotAsked
                assert isinstance(of, nodes.Column)
                dated = _dated(nw.col(of.name), kind.unit)
                return getattr(nw.when(dated).then(nw.col(self.leaves[of])).dt, part)(), dated
            case nodes.Cut():
                return self._cut(expression)
            case DateCut():
                return self._by_days(expression)
            case Recode() | When():
                return self._chosen(expression)
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

    def _by_days(self, expression: DateCut) -> Pair:
        """Return the label of the days among which a date without a zone lies: counts are looked for by halves."""
        kind = self.kind(expression.of)
        if kind.zone:  # rules of zones are known here alone
            raise NotAsked
        value, present = self.value(expression.of)
        edges = [for_whole(">=", day * A_DAY[kind.unit], *_LIMITS[INTEGER]) for day in expression.days]

        def among(first: int, last: int) -> nw.Expr:
            """Return the label of what lies from one edge on, and before another."""
            if last - first == 1:
                return self.text(expression.labels[first])
            middle = (first + last) // 2
            edge = edges[middle]
            if isinstance(edge, bool):  # beyond what the unit can count, on one side
                return among(middle, last) if edge else among(first, middle)
            return nw.when(value >= edge[1]).then(among(middle, last)).otherwise(among(first, middle))

        inside = present
        for edge, within in ((edges[0], True), (edges[-1], False)):
            if isinstance(edge, bool):
                inside = inside if edge is within else present & ~present
            else:
                reached = _definite(value >= edge[1])
                inside &= reached if within else ~reached
        return nw.when(inside).then(among(0, len(edges) - 1)), inside

    # -- public values ---------------------------------------------------------------------------------------------

    def _branches(self, expression: Recode | When) -> list[tuple[nw.Expr, Scalar | None]]:
        """Return where each public value stands: of several places the first counts, and rows of none have `other`."""
        if isinstance(expression, When):
            pairs = zip(expression.conditions, expression.values, strict=True)
            return [(self.truth(condition)[0], value) for condition, value in pairs]
        sought: dict[Scalar | None, list[Scalar]] = {}
        for key, value in zip(expression.keys, expression.values, strict=True):
            sought.setdefault(value, []).append(key)
        listed = self.kind(expression.of).name in (TEXT, INTEGER)
        if len(sought) > _BRANCHES or len(expression.keys) > (_LISTED if listed else _BRANCHES):
            raise NotAsked
        found = [(self._is_in(expression.of, keys)[0], value) for value, keys in sought.items()]
        return [(~self._present(expression.of), None), *found]

    def _chosen(self, expression: Recode | When) -> Pair:
        """Return the public value that each row has, and where it has one."""
        typed: Callable[[Any], nw.Expr] = {
            TEXT: self.text,
            INTEGER: lambda value: nw.lit(value).cast(nw.Int64),
            FLOAT: lambda value: self.native.real(as_float(value)),
        }[self.kind(expression).name]
        branches = self._branches(expression)
        everybody = branches[0][0] | ~branches[0][0]
        present = everybody if expression.other is not None else ~everybody
        value = typed(next(each for each in (expression.other, *expression.values) if each is not None))
        for where, each in reversed(branches):
            present = (where | present) if each is not None else (~where & present)
            value = value if each is None else nw.when(where).then(typed(each)).otherwise(value)
        return value, present

    def _chosen_truth(self, expression: Recode | When) -> Pair:
        """Return where the public value of a row is true, and where it is false."""
        branches = self._branches(expression)
        everybody = branches[0][0] | ~branches[0][0]
        found = [everybody if expression.other is each else ~everybody for each in (True, False)]
        for where, value in reversed(branches):
            found = [
                (where | so_far) if value is each else (~where & so_far)
                for each, so_far in zip((True, False), found, strict=True)
            ]
        return found[0], found[1]


def _dated(count: nw.Expr, unit: str) -> nw.Expr:
    """Return which counts have a date: those of the years 1 to 9999."""
    low, high = FIRST * A_DAY[unit], (LAST + 1) * A_DAY[unit] - 1
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
