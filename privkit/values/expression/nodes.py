"""The parts of an expression: frozen values that hold names and literals, never data.

The normal form of an expression: one for all ways to say the same that are worth telling alike.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace

_EXACT_FLOATS = 2**53


def normal(expression: Expression) -> Expression:  # one case per part
    """Return an expression with the same value on every row, alike for alike ways of saying it.

    Negations move inwards (with missing as a third value De Morgan's laws hold, and among values that are not missing
    each comparison has an opposite); terms of `and` and `or` are flattened, sorted and named once; comparisons have the
    literal on the right; lists are sorted; whole floats are integers.
    """
    match expression:
        case Not(of):
            return _negated(of)
        case Both(operator, terms):
            return _flat(operator, [normal(term) for term in terms])
        case Compare(operator, left, right):
            return _compared(operator, normal(left), normal(right))
        case IsIn(of, values, negated):
            return _listed(normal(of), values, negated)
        case IsMissing(of, negated):
            return IsMissing(normal(of), negated)
        case Arithmetic(operator, left, right):
            sides = normal(left), normal(right)
            if operator in "+*":  # commutative in double precision too
                sides = tuple(sorted(sides, key=lambda side: side.text()))  # type: ignore[assignment]
            return Arithmetic(operator, *sides)
        case DatePart(part, of):
            return DatePart(part, normal(of))
        case Prefix(of, length):
            return Prefix(normal(of), length)
        case Cut(of, edges, labels, right):
            return Cut(normal(of), tuple(_number(edge) for edge in edges), labels, right)
        case Literal(value):
            return Literal(with_plain_numbers(value))
    return expression.with_parts(normal)


def _negated(expression: Expression) -> Expression:
    match expression:
        case Not(of):
            return normal(of)
        case Both(operator, terms):
            return _flat("or" if operator == "and" else "and", [_negated(term) for term in terms])
        case Compare(operator, left, right):
            return _compared(OPPOSITE[operator], normal(left), normal(right))
        case IsIn(of, values, negated):
            return _listed(normal(of), values, not negated)
        case IsMissing(of, negated):
            return IsMissing(normal(of), not negated)
    return Not(normal(expression))


def _flat(operator: str, terms: list[Expression]) -> Expression:
    flat = [
        part
        for term in terms
        for part in (term.terms if isinstance(term, Both) and term.operator == operator else (term,))
    ]
    unique = {term.text(): term for term in flat}
    ordered = tuple(unique[text] for text in sorted(unique))
    return ordered[0] if len(ordered) == 1 else Both(operator, ordered)


def _compared(operator: str, left: Expression, right: Expression) -> Expression:
    if isinstance(left, Literal) or (not isinstance(right, Literal) and right.text() < left.text()):
        left, right, operator = right, left, TURNED[operator]
    return Compare(operator, left, right)


def _listed(of: Expression, values: tuple[Scalar, ...], negated: bool) -> Expression:
    unique = {repr(with_plain_numbers(value)): with_plain_numbers(value) for value in values}
    if len(unique) == 1:
        return Compare("!=" if negated else "==", of, Literal(next(iter(unique.values()))))
    return IsIn(of, tuple(unique[text] for text in sorted(unique)), negated)


def with_plain_numbers(value: Scalar) -> Scalar:
    """Return a literal, a whole float as an integer."""
    return _number(value) if isinstance(value, float) else value


def _number(value: int | float) -> int | float:
    return int(value) if isinstance(value, float) and abs(value) <= _EXACT_FLOATS and value.is_integer() else value


def inlined(expression: Expression, named: Mapping[str, Expression]) -> Expression:
    """Return an expression in which columns of these names are what the names stand for.

    It has, on each row, the value that the expression has where those columns stand in the frame: either is made of
    that row alone, the same way.

    Examples
    --------
    >>> from privkit.values.expression import parsed
    >>> inlined(parsed("old and b > 2"), {"old": parsed("age >= 65")})
    <expression ((age >= 65) and (b > 2))>
    """

    def of(value: object) -> object:
        if isinstance(value, tuple):
            return tuple(map(of, value))
        return inlined(value, named) if isinstance(value, Expression) else value

    if isinstance(expression, Column):
        return named.get(expression.name, expression)
    return replace(expression, **{field.name: of(getattr(expression, field.name)) for field in fields(expression)})


#: The kinds of literal.
Scalar = str | int | float | bool

#: Comparison → the one that says the same with its sides changed.
TURNED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
#: Comparison → its opposite; among values that are not missing one of the two holds.
OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


#: The parts of a date, and the values that each can have.
PARTS: dict[str, range | None] = {
    "year": None,
    "month": range(1, 13),
    "day": range(1, 32),
    "weekday": range(1, 8),
    "hour": range(24),
}


def is_plain_name(name: str) -> bool:
    """Whether the language reads `name` as a column without ``col('...')``."""
    return name.isidentifier() and name.isascii() and not keyword.iskeyword(name) and name != "missing"


@dataclass(frozen=True, slots=True, repr=False)
class Expression:
    """A row-wise expression. Whatever a row holds, it has a value or is missing; it never fails.

    Missing (null, NaN) makes what it touches missing, as in Kleene's three-valued logic: `False and missing` is False,
    `True or missing` is True. A row is kept where the filter is True.
    """

    def parts(self) -> Iterator[Expression]:
        """Return the expressions that this one is made of."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Expression):
                yield value
            elif isinstance(value, tuple):
                yield from (part for part in value if isinstance(part, Expression))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads, in the order of their names."""
        names = {name for part in self.parts() for name in part.columns}
        return tuple(sorted(names))

    @property
    def depth(self) -> int:
        """How many levels it has."""
        return 1 + max((part.depth for part in self.parts()), default=0)

    def with_parts(self, work: Callable[[Expression], Expression]) -> Expression:
        """Return it with `work` done of each of its parts; of one without parts, itself."""
        return self

    @property
    def brings(self) -> tuple[Scalar, ...] | None:
        """The public keys that it has by its making; None where its values are not known beforehand."""
        return None

    def text(self) -> str:
        """Return the expression in the language's own words."""
        raise NotImplementedError

    def canonical(self) -> str:
        """Return a text that is the same for `a >= 1` and `1 <= a`, for any spacing and order of `and`.

        Examples
        --------
        >>> from privkit.values.expression import parsed
        >>> parsed("1<=a and b == 2.0").canonical() == parsed("(b==2)  and not a < 1").canonical()
        True
        """
        return normal(self).text()

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"<expression {self.text()}>"


@dataclass(frozen=True, slots=True, repr=False)
class Column(Expression):
    """The value of a column."""

    name: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The column itself."""
        return (self.name,)

    def text(self) -> str:
        """Return the name, quoted where the language would not read it as one."""
        return self.name if is_plain_name(self.name) else f"col({self.name!r})"


@dataclass(frozen=True, slots=True, repr=False)
class Literal(Expression):
    """A value that the user typed."""

    value: Scalar

    def text(self) -> str:
        """Return the value as it is typed."""
        return repr(self.value)


@dataclass(frozen=True, slots=True, repr=False)
class Binary(Expression):
    """`left operator right`."""

    operator: str
    left: Expression
    right: Expression

    def text(self) -> str:
        """Return both sides, and the operator between them."""
        return f"({self.left.text()} {self.operator} {self.right.text()})"


@dataclass(frozen=True, slots=True, repr=False)
class Compare(Binary):
    """A comparison."""


@dataclass(frozen=True, slots=True, repr=False)
class IsIn(Expression):
    """Whether a value is one of a list."""

    of: Expression
    values: tuple[Scalar, ...]
    negated: bool = False

    def text(self) -> str:
        """Return the test."""
        return f"({self.of.text()} {'not in' if self.negated else 'in'} {list(self.values)!r})"


@dataclass(frozen=True, slots=True, repr=False)
class IsMissing(Expression):
    """Whether a value is missing: itself never missing."""

    of: Expression
    negated: bool = False

    def text(self) -> str:
        """Return the test."""
        return f"({self.of.text()} is {'not ' if self.negated else ''}missing)"


@dataclass(frozen=True, slots=True, repr=False)
class Both(Expression):
    """All of `terms` (`and`), or any of them (`or`)."""

    operator: str
    terms: tuple[Expression, ...]

    def text(self) -> str:
        """Return the terms."""
        return f"({f' {self.operator} '.join(term.text() for term in self.terms)})"


@dataclass(frozen=True, slots=True, repr=False)
class Not(Expression):
    """The opposite of a truth value."""

    of: Expression

    def text(self) -> str:
        """Return the negation."""
        return f"(not {self.of.text()})"


@dataclass(frozen=True, slots=True, repr=False)
class Arithmetic(Binary):
    """A number in double precision; missing where the divisor is 0 or no number comes out."""


@dataclass(frozen=True, slots=True, repr=False)
class DatePart(Expression):
    """A whole number taken from a date: year, month, day, weekday (Monday is 1, Sunday 7) or hour."""

    part: str
    of: Expression

    @property
    def brings(self) -> tuple[Scalar, ...] | None:
        """Every value that the part can have; a year can be any."""
        found = PARTS[self.part]
        return None if found is None else tuple(found)

    def text(self) -> str:
        """Return the call."""
        return f"{self.part}({self.of.text()})"


@dataclass(frozen=True, slots=True, repr=False)
class Prefix(Expression):
    """The first characters of a text."""

    of: Expression
    length: int

    def text(self) -> str:
        """Return the call."""
        return f"prefix({self.of.text()}, {self.length})"


@dataclass(frozen=True, slots=True, repr=False)
class Cut(Expression):
    """The label of the interval in which a number lies; missing outside all of them.

    Attributes
    ----------
    edges : tuple of numbers
        Ascending.
    labels : tuple of str
        One per interval: the public keys that go with it.
    right : bool
        Whether an interval holds its right edge, and not its left.
    """

    of: Expression
    edges: tuple[int | float, ...]
    labels: tuple[str, ...]
    right: bool = False

    @property
    def brings(self) -> tuple[Scalar, ...] | None:
        """The labels."""
        return self.labels

    def text(self) -> str:
        """Return the call."""
        return f"cut({self.of.text()}, {list(self.edges)!r}, {list(self.labels)!r}, right={self.right})"
