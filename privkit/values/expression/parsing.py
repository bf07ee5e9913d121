"""Reading an expression: Python's own parser, our own parts."""

from __future__ import annotations

import ast
import math
import re
from typing import NoReturn

from privkit.errors import ParameterError
from privkit.errors.expression import ExpressionError
from privkit.errors.root import type_told
from privkit.values.expression.builders import isin, prefix
from privkit.values.expression.nodes import (
    PARTS,
    Arithmetic,
    Both,
    Column,
    Compare,
    DatePart,
    Expression,
    IsMissing,
    Literal,
    Not,
    Scalar,
)
from privkit.values.expression.numbers import computed
from privkit.values.expression.slips import side_by_side, slip

_LINE_END = re.compile("\r\n|\r|\n")
_LONGEST = 10_000
_DEEPEST = 50
_COMPARISONS = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%"}
_DATE_PARTS = tuple(PARTS)
_FUNCTIONS = (*_DATE_PARTS, "prefix", "isin", "col")


def parsed(expression: object, argument: str = "where") -> Expression:
    """Return what `where=` or `derive=` says, read but not yet checked against a frame.

    Parameters
    ----------
    expression : str or Expression
        Text such as ``"age >= 65 and zip in ['8004', '8005']"``.
    argument : str
        By which argument it was asked, for the errors.

    Raises
    ------
    ExpressionError
        With the place in the text.

    Examples
    --------
    >>> parsed("18 <= age < 65 and not plan is missing").columns
    ('age', 'plan')
    """
    if isinstance(expression, Expression):
        return expression
    if not isinstance(expression, str):
        raise ExpressionError.kind(argument, type_told(expression))
    try:
        return _Reader(expression, argument).read()
    except ExpressionError as error:
        raise _told(error) from None


def _told(error: ExpressionError) -> ExpressionError:
    """Return an error that says what to type, where the slip is known; else the error as it is."""
    found = slip(error.text, _reads)
    if found is None:
        return error
    place = error.position if found.position is None else found.position
    return ExpressionError.slip(error.argument, error.text, place, found.advice, found.corrected)


def _reads(text: str) -> bool:
    try:
        return bool(_Reader(text, "where").read())
    except ExpressionError:
        return False


class _Reader:
    """Turns one text into an expression."""

    def __init__(self, text: str, argument: str) -> None:
        self.text, self.argument = text.strip(), argument

    def read(self) -> Expression:
        if not self.text or len(self.text) > _LONGEST or "\0" in self.text:
            raise ExpressionError.syntax(self.argument, self.text[:_LONGEST], None)
        try:
            tree = ast.parse(self.text, mode="eval")
        except SyntaxError as error:
            place = None if error.offset is None else self._at(error.lineno or 1, error.offset - 1)
            raise ExpressionError.syntax(self.argument, self.text, place) from None
        except (ValueError, RecursionError, MemoryError, OverflowError):
            raise ExpressionError.syntax(self.argument, self.text, None) from None
        if (beside := side_by_side(self.text)) is not None:
            raise ExpressionError.usage(self.argument, self.text, beside, "Two texts stand side by side.")
        found = self.node(tree.body, 0)
        if not found.columns:
            raise self._usage(tree.body, "An expression must name a column.")
        return found

    def _at(self, line: int, inside: int) -> int:
        """Return the place in the text of a place in one of its lines, which are counted from 1."""
        starts = [0, *(end.end() for end in _LINE_END.finditer(self.text))]
        start = starts[min(line, len(starts)) - 1]
        return min(start + max(inside, 0), len(self.text))

    def _place(self, node: ast.AST) -> int:
        """Return where a node stands; Python counts the bytes of its line."""
        line: int = getattr(node, "lineno", 1)
        start = self._at(line, 0)
        return start + len(self.text[start:].encode()[: getattr(node, "col_offset", 0)].decode())

    def _usage(self, node: ast.AST, rule: str) -> ExpressionError:
        return ExpressionError.usage(self.argument, self.text, self._place(node), rule)

    def _unsupported(self, node: ast.AST, what: str) -> NoReturn:
        raise ExpressionError.unsupported(self.argument, self.text, self._place(node), what)

    def node(self, node: ast.expr, depth: int) -> Expression:  # noqa: RET503  # one case per part
        if depth > _DEEPEST:
            raise self._usage(node, f"Expressions may have {_DEEPEST} levels at most.")
        match node:
            case ast.Name(name):
                if name == "missing":
                    raise self._usage(node, "Ask for missing values by 'is': age is missing, age is not missing.")
                return Column(name)
            case ast.Constant():
                return Literal(self._scalar(node))
            case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as value)) if not isinstance(value, bool):
                return Literal(-value)
            case ast.UnaryOp(ast.USub() | ast.UAdd() as sign, of):
                return self._term(
                    node, "-" if isinstance(sign, ast.USub) else "+", Literal(0), self.node(of, depth + 1)
                )
            case ast.UnaryOp(ast.Not(), of):
                return Not(self.node(of, depth + 1))
            case ast.BoolOp(operator, terms):
                word = "and" if isinstance(operator, ast.And) else "or"
                return Both(word, tuple(self.node(term, depth + 1) for term in terms))
            case ast.BinOp(left, operator, right) if type(operator) in _ARITHMETIC:
                sides = self.node(left, depth + 1), self.node(right, depth + 1)
                return self._term(node, _ARITHMETIC[type(operator)], *sides)
            case ast.Compare():
                return self._chain(node, depth)
            case ast.Call():
                return self._call(node, depth)
            case ast.BinOp(_, ast.BitAnd() | ast.BitOr(), _):
                raise self._usage(node, "Write 'and' and 'or' instead of & and |.")
        self._unsupported(node, _NAMES.get(type(node), type(node).__name__.lower()))

    def _term(self, node: ast.expr, operator: str, left: Expression, right: Expression) -> Expression:
        """Return the term; of two literals, their value."""
        if not (isinstance(left, Literal) and isinstance(right, Literal)):
            return Arithmetic(operator, left, right)
        result = None
        if not isinstance(left.value, bool | str) and not isinstance(right.value, bool | str):
            result = computed(operator, left.value, right.value)
        if result is None or not math.isfinite(result):
            raise self._usage(node, "This has no number for a value.")
        return Literal(int(result) if result.is_integer() and abs(result) <= 2**53 else result)

    def _scalar(self, node: ast.expr) -> Scalar:  # noqa: RET503
        match node:
            case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as value)) if not isinstance(value, bool):
                return -value
            case ast.Constant(bool() | str() as value):
                return value
            case ast.Constant(int() | float() as value) if not isinstance(value, float) or math.isfinite(value):
                return value
            case ast.Constant(None):
                raise self._usage(node, "Ask for missing values by 'is': age is missing, age is not missing.")
        self._unsupported(node, "literal of this kind; literals are text, numbers, True and False")

    def _chain(self, node: ast.Compare, depth: int) -> Expression:
        sides = [node.left, *node.comparators]
        found = [
            self._compare(node, operator, left, right, depth)
            for operator, left, right in zip(node.ops, sides, sides[1:], strict=False)
        ]
        return found[0] if len(found) == 1 else Both("and", tuple(found))

    def _compare(
        self, node: ast.Compare, operator: ast.cmpop, left: ast.expr, right: ast.expr, depth: int
    ) -> Expression:
        match operator, right:
            case ((ast.Is() | ast.IsNot()), (ast.Name("missing") | ast.Constant(None))):
                return IsMissing(self.node(left, depth + 1), isinstance(operator, ast.IsNot))
            case ((ast.Is() | ast.IsNot()), _):
                raise self._usage(right, "'is' goes with 'missing' alone. Compare values by == and !=.")
            case ((ast.In() | ast.NotIn()), (ast.List(values) | ast.Tuple(values) | ast.Set(values))):
                found = self._listed(node, self.node(left, depth + 1), values)
                return Not(found) if isinstance(operator, ast.NotIn) else found
            case ((ast.In() | ast.NotIn()), _):
                raise self._usage(right, "'in' needs a list of literals. Example: plan in ['basic', 'plus'].")
        sides = self.node(left, depth + 1), self.node(right, depth + 1)
        if not any(side.columns for side in sides):
            raise self._usage(node, "A comparison must name a column.")
        return Compare(_COMPARISONS[type(operator)], *sides)

    def _listed(self, node: ast.expr, of: Expression, values: list[ast.expr]) -> Expression:
        try:
            return isin(of, [self._scalar(value) for value in values])
        except ParameterError:
            rule = "The list after 'in' must hold text alone, numbers alone, or booleans alone. Missing: is missing."
            raise self._usage(node, rule) from None

    def _call(self, node: ast.Call, depth: int) -> Expression:
        if not isinstance(node.func, ast.Name):
            self._unsupported(node, "methods")
        name, place = node.func.id, self._place(node)
        if name not in _FUNCTIONS:
            raise ExpressionError.call(self.argument, self.text, place, name=name, known=_FUNCTIONS)
        if node.keywords or any(isinstance(part, ast.Starred) for part in node.args):
            raise self._usage(node, f"{name}() takes its arguments by place.")
        match name, node.args:
            case "col", [ast.Constant(str() as column)] if column:
                return Column(column)
            case "prefix", [of, ast.Constant(int() as length)] if 1 <= length <= 1000 and length is not True:
                return prefix(self.node(of, depth + 1), length)
            case "isin", [of, ast.List(values) | ast.Tuple(values)]:
                return self._listed(node, self.node(of, depth + 1), values)
            case _, [of] if name in _DATE_PARTS:
                return DatePart(name, self.node(of, depth + 1))
        raise self._usage(node, f"Write {_USAGE.get(name, f'{name}(column)')}.")


_USAGE = {
    "col": "col('name of a column')",
    "prefix": "prefix(column, n) with n from 1 to 1000",
    "isin": "isin(column, [...])",
}
_NAMES: dict[type[ast.AST], str] = {
    ast.Attribute: "attributes",
    ast.Subscript: "subscripts",
    ast.Lambda: "functions",
    ast.IfExp: "if",
    ast.ListComp: "comprehensions",
    ast.SetComp: "comprehensions",
    ast.DictComp: "comprehensions",
    ast.GeneratorExp: "comprehensions",
    ast.NamedExpr: "assignments",
    ast.JoinedStr: "formatted text",
    ast.Dict: "dicts",
    ast.List: "lists outside of 'in'",
    ast.Tuple: "lists outside of 'in'",
    ast.Set: "lists outside of 'in'",
    ast.BinOp: "operators of this kind",
    ast.UnaryOp: "operators of this kind",
}
