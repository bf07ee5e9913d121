"""The normal form of an expression: one for all ways to say the same that are worth telling alike."""

from __future__ import annotations

from privkit.values.expression.nodes import (
    OPPOSITE,
    TURNED,
    Arithmetic,
    Both,
    Compare,
    Cut,
    DatePart,
    Expression,
    IsIn,
    IsMissing,
    Literal,
    Not,
    Prefix,
    Scalar,
)

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
            return Literal(_plain(value))
    return expression


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
    unique = {repr(_plain(value)): _plain(value) for value in values}
    if len(unique) == 1:
        return Compare("!=" if negated else "==", of, Literal(next(iter(unique.values()))))
    return IsIn(of, tuple(unique[text] for text in sorted(unique)), negated)


def _plain(value: Scalar) -> Scalar:
    return _number(value) if isinstance(value, float) else value


def _number(value: int | float) -> int | float:
    return int(value) if isinstance(value, float) and abs(value) <= _EXACT_FLOATS and value.is_integer() else value
