"""Expressions on rows: compiled to Narwhals, with the same answer on every engine."""

from __future__ import annotations

import operator as op
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import narwhals as nw
import numpy as np

from privkit.errors.expression import ExpressionError
from privkit.tally.frame import Frame, open_frame
from privkit.tally.keyed import column_kind
from privkit.tally.factorized import plain_floats
from privkit.values.expression import checking as kinds_of
from privkit.values.expression.checking import checked, literal_kind, moment
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
from privkit.values.expression.numbers import as_float, for_floats, for_integers

if TYPE_CHECKING:
    import pandas as pd

    from privkit.values.expression.selection import Selection

#: What holds a kind of value beside missing in pandas.
_NULLABLE = {kinds_of.INTEGER: "Int64", kinds_of.NUMBER: "Float64", kinds_of.BOOLEAN: "boolean"}
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": op.eq,
    "!=": op.ne,
    "<": op.lt,
    "<=": op.le,
    ">": op.gt,
    ">=": op.ge,
}


def schema_kinds(frame: Frame, columns: Sequence[str]) -> dict[str, str]:
    """Return what kind of value each column's type promises, in the words of the expression language.

    Reads the schema, never a row.
    """
    found = {}
    for name in columns:
        kind, _ = column_kind(frame, name)
        if kind == "number" and _narrow_integer(frame, name):
            kind = kinds_of.INTEGER
        found[name] = kinds_of.OTHER if "no key" in kind else kind
    return found


def _narrow_integer(frame: Frame, name: str) -> bool:
    """Whether every value of the column fits in a signed integer of 64 bits."""
    dtype = frame.select(name).collect_schema()[name]
    if frame.implementation.is_pandas() and isinstance(dtype, nw.Categorical):
        categories = frame.to_native()[name].cat.categories  # type: ignore[union-attr]
        return bool(categories.dtype.kind == "i")
    return (dtype.is_signed_integer() and dtype != nw.Int128) or dtype in (nw.UInt8, nw.UInt16, nw.UInt32)


def check_selection(data: object, chosen: Selection, function: str) -> dict[str, str]:
    """Check a selection against a frame's schema; return the kinds of its columns and of the derived ones.

    Reads the schema, never a row.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ExpressionError
    """
    frame = open_frame(data, function)
    present = frame.collect_schema().names()
    kinds = schema_kinds(frame, [name for name in chosen.columns if name in present])
    known = {name: kinds.get(name, "") for name in present}  # every name, for the close matches
    for name, expression in chosen.derive:
        if name in known:
            raise ExpressionError.name_taken(function, name)
        kinds[name] = checked(expression, known, function, f"derive[{name!r}]")
    both = known | {name: kinds[name] for name in chosen.derived}
    if chosen.where is not None and checked(chosen.where, both, function, "where") != kinds_of.BOOLEAN:
        raise ExpressionError.types(function, "where", str(chosen.where), "a filter must be true or false for a row.")
    for name, value in chosen.missing:
        literal = Compare("==", Column(name), Literal("" if value is None else value))
        if value is not None or name not in both:
            checked(literal, both, function, "missing")
    return {name: kind for name, kind in both.items() if kind}


def apply(data: object, chosen: Selection, *, keep: Sequence[str] | None = None, function: str = "apply") -> Frame:
    """Return the frame with the derived columns, the rows that the filter keeps, and missing values dealt with.

    Every step looks at one row alone, and whatever a row holds it has an answer: so the transformation is stable under
    any metric that counts rows or persons (a row more or less of the frame is at most one more or less of the result).
    Reads rows (on a lazy engine only when the result is used); spends nothing.

    Parameters
    ----------
    data : dataframe
    chosen : Selection
    keep : sequence of str, optional
        The columns of the result, derived ones included; by default all.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ExpressionError

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.values.expression import selection
    >>> people = pd.DataFrame({"age": [15, 70, 30, None]})
    >>> chosen = selection("age < 65", {"adult": "age >= 18"}, function="example")
    >>> apply(people, chosen).to_native()["adult"].tolist()
    [False, True]
    """
    kinds = check_selection(data, chosen, function)
    frame = _of_arrow(open_frame(data, function, chosen.columns))
    if keep is not None:
        frame = frame.select(*dict.fromkeys([*(name for name in keep if name not in chosen.derived), *chosen.columns]))
    frame = _plain(frame, chosen.columns, kinds)
    compiler = _Compiler(kinds, frame)
    if chosen.derive:
        frame = frame.with_columns(**{name: compiler.derived(expression) for name, expression in chosen.derive})
        compiler = _Compiler(kinds, frame)
    if chosen.where is not None:
        frame = frame.filter(compiler.truth(chosen.where)[0])
    for name, value in chosen.missing:
        present = compiler.value(Column(name))[1]
        if value is None:
            frame = frame.filter(present)
        else:
            frame = frame.with_columns(nw.when(present).then(nw.col(name)).otherwise(nw.lit(value)).alias(name))
    return frame if keep is None else frame.select(*keep)


def _of_arrow(frame: Frame) -> Frame:
    """Return an Arrow table as a pandas frame over the same memory; any other frame as it is."""
    if not frame.implementation.is_pyarrow():
        return frame
    import pandas as pd

    return nw.from_native(frame.to_native().to_pandas(types_mapper=pd.ArrowDtype), eager_only=True)


def _plain(frame: Frame, columns: Sequence[str], kinds: Mapping[str, str]) -> Frame:
    """Return the frame with `columns` in types on which every engine computes alike; NaN is null in them."""
    if not isinstance(frame, nw.LazyFrame) and frame.implementation.is_pandas():
        native: pd.DataFrame = frame.to_native()
        plain = {name: _plain_pandas(native[name], kinds[name]) for name in columns}
        changed = {name: column for name, column in plain.items() if column is not native[name]}
        return nw.from_native(native.assign(**changed), eager_only=True) if changed else frame
    schema = frame.collect_schema()
    floats = [nw.col(name).fill_nan(None) for name in columns if schema[name].is_float()]
    texts = [nw.col(name).cast(nw.String) for name in columns if isinstance(schema[name], nw.Categorical | nw.Enum)]
    return frame.with_columns(*floats, *texts) if floats or texts else frame


def _plain_pandas(column: pd.Series, kind: str) -> pd.Series:
    import pandas as pd

    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        values = pd.array(dtype.categories, dtype=_NULLABLE.get(kind, dtype.categories.dtype))  # type: ignore[call-overload]
        column = pd.Series(values.take(column.cat.codes.to_numpy(), allow_fill=True), index=column.index)
        dtype = column.dtype
    if isinstance(dtype, np.dtype) and dtype.kind == "O":  # of which only the texts count
        texts = [value if isinstance(value, str) else None for value in column]
        return pd.Series(texts, index=column.index, dtype=pd.StringDtype("python"))
    if isinstance(dtype, pd.ArrowDtype) and kind in _NULLABLE:  # Arrow refuses to round integers
        return plain_floats(column.astype(_NULLABLE[kind]))  # type: ignore[call-overload]
    return plain_floats(column)


@dataclass(frozen=True)
class _Compiler:
    """Turns expressions into pairs of Narwhals expressions that are never null.

    A truth value becomes (is true, is false), any other value (value, is present), where the value counts only if it is
    present. So the engines' own rules for null and NaN never matter.
    """

    kinds: Mapping[str, str]
    frame: Frame

    def kind(self, expression: Expression) -> str:
        return checked(expression, self.kinds, "apply", "where")

    def derived(self, expression: Expression) -> nw.Expr:
        if self.kind(expression) == kinds_of.BOOLEAN:
            true, false = self.truth(expression)
            return nw.when(true | false).then(true)
        if isinstance(expression, Cut):
            return self._cut(expression)
        value, present = self.value(expression)
        return nw.when(present).then(value)

    # -- truth values ----------------------------------------------------------------------------------------------

    def truth(self, expression: Expression) -> tuple[nw.Expr, nw.Expr]:
        match expression:
            case Both(operator, terms):
                pairs = [self.truth(term) for term in terms]
                true, false = pairs[0]
                for one_true, one_false in pairs[1:]:
                    if operator == "and":
                        true, false = true & one_true, false | one_false
                    else:
                        true, false = true | one_true, false & one_false
                return true, false
            case Not(of):
                true, false = self.truth(of)
                return false, true
            case IsMissing(of, negated):
                if self.kind(of) == kinds_of.BOOLEAN:
                    true, false = self.truth(of)
                    present = true | false
                else:
                    present = self.value(of)[1]
                return (present, ~present) if negated else (~present, present)
            case IsIn(of, values, negated):
                return self._is_in(of, values, negated)
            case Compare(operator, left, right):
                return self._compared(operator, left, right)
            case Column(name):
                present = ~nw.col(name).is_null()
                true = _definite(nw.col(name) & present)
                return true, present & ~true
        raise TypeError(type(expression).__name__)

    def _is_in(self, of: Expression, values: Sequence[Any], negated: bool) -> tuple[nw.Expr, nw.Expr]:
        kind = self.kind(of)
        if kind in (kinds_of.TEXT, kinds_of.OBJECT):
            value, present = self.value(of)
            true = _definite(value.is_in(list(values))) & present
            false = present & ~true
        elif kind == kinds_of.INTEGER and len(values) > 3:
            value, present = self.value(of)
            reduced = [for_integers("==", number) for number in values]
            true = _definite(value.is_in([each[1] for each in reduced if isinstance(each, tuple)])) & present
            false = present & ~true
        else:
            pairs = [self._compared("==", of, Literal(value)) for value in values]
            true, false = pairs[0]
            for one_true, one_false in pairs[1:]:
                true, false = true | one_true, false & one_false
        return (false, true) if negated else (true, false)

    def _compared(self, operator: str, left: Expression, right: Expression) -> tuple[nw.Expr, nw.Expr]:
        if isinstance(left, Literal):
            left, right, operator = right, left, TURNED[operator]
        kind = self.kind(left)
        if kind == kinds_of.BOOLEAN:
            return self._same_truth(operator, left, right)
        value, present = self.value(left)
        if isinstance(right, Literal):
            return self._with_literal(operator, kind, value, present, right.value)
        other, also = self.value(right)
        kinds = {kind, self.kind(right)}
        if kinds_of.NUMBER in kinds:
            value, other = value.cast(nw.Float64), other.cast(nw.Float64)
        return _answers(_COMPARE[operator](value, other), present & also)

    def _with_literal(
        self, operator: str, kind: str, value: nw.Expr, present: nw.Expr, literal: Any
    ) -> tuple[nw.Expr, nw.Expr]:
        if kind in (kinds_of.INTEGER, kinds_of.NUMBER):
            reduced = (for_integers if kind == kinds_of.INTEGER else for_floats)(operator, literal)
            if isinstance(reduced, bool):
                nobody = present & ~present
                return (present, nobody) if reduced else (nobody, present)
            operator, literal = reduced
        elif literal_kind(literal) == kinds_of.TEXT and kind not in (kinds_of.TEXT, kinds_of.OBJECT):
            literal = moment(literal, kind)
            if kind == kinds_of.MOMENT:
                value = value.dt.convert_time_zone("UTC")
        return _answers(_COMPARE[operator](value, literal), present)

    def _same_truth(self, operator: str, left: Expression, right: Expression) -> tuple[nw.Expr, nw.Expr]:
        true, false = self.truth(left)
        if isinstance(right, Literal):
            agree = bool(right.value)
            same, other = (true, false) if agree else (false, true)
        else:
            also, nor = self.truth(right)
            same, other = (true & also) | (false & nor), (true & nor) | (false & also)
        return (same, other) if operator == "==" else (other, same)

    # -- other values ----------------------------------------------------------------------------------------------

    def value(self, expression: Expression) -> tuple[nw.Expr, nw.Expr]:
        match expression:
            case Column(name):
                return self._column(name)
            case Literal(typed):
                raise TypeError(f"a lone {literal_kind(typed)}")
            case Arithmetic(operator, left, right):
                return self._arithmetic(operator, left, right)
            case DatePart(part, of):
                value, present = self.value(of)
                return getattr(self._dated(of, value).dt, part)(), present
            case Prefix(of, length):
                value, present = self.value(of)
                return value.str.head(length), present
            case Cut():
                value = self._cut(expression)
                return value, ~value.is_null()
        true, false = self.truth(expression)
        return true, true | false

    def _dated(self, of: Expression, value: nw.Expr) -> nw.Expr:
        """Return a date with some date in place of null, under which Polars may hold one that is none."""
        if not self.frame.implementation.is_polars():
            return value
        dtype = self.frame.select(*of.columns).collect_schema()[of.columns[0]]
        if isinstance(dtype, nw.Date):
            return value.fill_null(date(1970, 1, 1))
        zone = getattr(dtype, "time_zone", None)
        return value.fill_null(datetime(1970, 1, 1, tzinfo=ZoneInfo(zone) if zone else None))

    def _column(self, name: str) -> tuple[nw.Expr, nw.Expr]:
        present = ~nw.col(name).is_null()
        kind = self.kinds[name]
        if kind == kinds_of.NUMBER:
            return nw.col(name).cast(nw.Float64), present
        return nw.col(name), present

    def _arithmetic(self, operator: str, left: Expression, right: Expression) -> tuple[nw.Expr, nw.Expr]:
        present: nw.Expr | None = None
        sides: list[Any] = []
        for side in (left, right):
            if isinstance(side, Literal):
                sides.append(as_float(side.value))  # type: ignore[arg-type]
                continue
            value, here = self.value(side)
            sides.append(value.cast(nw.Float64))
            present = here if present is None else present & here
        assert present is not None  # the parser computes terms of literals alone
        one, two = sides
        if operator in ("/", "//", "%"):
            if isinstance(right, Literal) and two == 0:
                return self.value(left)[0], present & ~present
            if not isinstance(right, Literal):
                present = present & _definite(two != 0.0)
            # As a column: a literal divisor may be taken as a factor, which rounds twice.
            two = nw.when(present).then(nw.lit(two) if isinstance(two, float) else two).otherwise(nw.lit(1.0))
            quotient = one / two
            result = quotient if operator == "/" else quotient.floor()
            result = one - result * two if operator == "%" else result
        else:
            result = {"+": op.add, "-": op.sub, "*": op.mul}[operator](one, two)
        # NaN is told by is_nan() in some engines and types, in others by not being equal to itself.
        number = _definite(result == result) & ~_definite(result.is_nan())  # noqa: PLR0124
        return result, present & number

    def _cut(self, expression: Cut) -> nw.Expr:
        kind = self.kind(expression.of)
        value, present = self.value(expression.of)
        above = ">" if expression.right else ">="
        result: nw.Expr = nw.when(present & ~present).then(nw.lit(expression.labels[0]))
        for edge, label in zip(expression.edges, (*expression.labels, None), strict=True):
            beyond = self._with_literal(above, kind, value, present, edge)[0]
            if label is None:
                return nw.when(~beyond).then(result)
            result = nw.when(beyond).then(nw.lit(label)).otherwise(result)
        raise AssertionError


def _definite(expression: nw.Expr) -> nw.Expr:
    return expression.fill_null(False)


def _answers(holds: nw.Expr, present: nw.Expr) -> tuple[nw.Expr, nw.Expr]:
    true = _definite(holds) & present
    return true, present & ~true
