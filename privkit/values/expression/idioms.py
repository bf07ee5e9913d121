"""Ways of pandas and Python that can be parsed, and are no part of the language: how it says the same."""

from __future__ import annotations

import ast
from collections.abc import Collection
from typing import NamedTuple

from privkit.values.expression.nodes import PARTS, is_plain_name

_COMPARE = {"eq": ast.Eq, "ne": ast.NotEq, "lt": ast.Lt, "le": ast.LtE, "gt": ast.Gt, "ge": ast.GtE}
_MISSING = {"isna": ast.Is, "isnull": ast.Is, "isnan": ast.Is, "notna": ast.IsNot, "notnull": ast.IsNot}
_NOTHING = ("nan", "NaN", "NA", "NaT", "null", "NULL", "Null", "None", "none")
#: What people call a frame: before a point it is one, and no part of a column's name.
_FRAMES = frozenset({"df", "frame", "data", "self", "table"})


class Turned(NamedTuple):
    """What was turned.

    Attributes
    ----------
    text : str
        The whole in other words.
    told : tuple of (str, int or None)
        A sentence for each idiom, and where it stands in the text that was turned.
    """

    text: str
    told: tuple[tuple[str, int | None], ...]


def turned(text: str) -> Turned:
    """Return a text with what pandas and Python have other words for in the language's own; never an error.

    Examples
    --------
    >>> turned("not df.age.isin([1, 2])").text
    'not age in [1, 2]'
    >>> turned("plan == 'a' or 'b'").text
    "plan in ['a', 'b']"
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
        idioms = _Idioms(text.strip())
        whole = idioms.visit(tree)
        if idioms.told:
            return Turned(ast.unparse(ast.fix_missing_locations(whole)), tuple(idioms.told))
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        pass
    return Turned(text, ())


def column(name: str) -> ast.expr:
    """Return how a column is written."""
    if is_plain_name(name):
        return ast.Name(name, ast.Load())
    return ast.Call(ast.Name("col", ast.Load()), [ast.Constant(name)], [])


def _is_missing(of: ast.expr, operator: type[ast.cmpop] = ast.Is) -> ast.expr:
    return ast.Compare(of, [operator()], [ast.Name("missing", ast.Load())])


def _is_nothing(node: ast.expr) -> bool:
    match node:
        case ast.Constant(None):
            return True
        case ast.Name(name) | ast.Attribute(ast.Name("np" | "pd" | "numpy" | "pandas" | "math" | "pl"), name):
            return name in _NOTHING
    return False


class _Idioms(ast.NodeTransformer):
    """Turns a tree from its leaves up."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.told: list[tuple[str, int | None]] = []

    def _say(self, sentence: str, node: ast.AST) -> None:
        line, column_offset = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
        place = None
        if 1 <= line <= len(self.lines):
            inside = len(
                self.lines[line - 1].encode("utf-8", "surrogatepass")[:column_offset].decode("utf-8", "ignore")
            )
            place = sum(len(before) + 1 for before in self.lines[: line - 1]) + inside
        self.told.append((sentence, place))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Methods (``a.isin([...])``, ``a.isna()``, ``a.between(1, 2)``) and functions (``isnull(a)``)."""
        if isinstance(node.func, ast.Attribute) and not node.keywords:
            of, method = node.func.value, node.func.attr
            if method in _MISSING and len(node.args) == 1 and isinstance(of, ast.Name):  # pd.isna(a)
                return self._missing(node, method, node.args[0], f"{of.id}.{method}()")
            if found := self._method(node, of, method):
                return found
        self.generic_visit(node)
        match node:
            case ast.Call(ast.Name(name), [of]) if name.lower() in _MISSING:
                return self._missing(node, name.lower(), of, f"{name}()", visited=True)
            case ast.Call(ast.Name(name), [of, ast.Constant(int()) as length]) if name.lower() == "left":
                self._say(f"Write prefix(column, n) instead of {name}().", node)
                return ast.Call(ast.Name("prefix", ast.Load()), [of, length], [])
            case ast.Call(ast.Name(name)) if name.lower() in PARTS and name not in PARTS:
                self._say(f"Write {name.lower()}() instead of {name}().", node)
                return ast.Call(ast.Name(name.lower(), ast.Load()), node.args, node.keywords)
        return node

    def _missing(self, node: ast.AST, method: str, of: ast.expr, old: str, *, visited: bool = False) -> ast.expr:
        operator = _MISSING[method]
        self._say(f"Write '{'is missing' if operator is ast.Is else 'is not missing'}' instead of {old}.", node)
        return _is_missing(of if visited else self.visit(of), operator)

    def _method(self, node: ast.Call, of: ast.expr, method: str) -> ast.expr | None:
        """Turn a method of a column."""
        match method, node.args:
            case "isin", [ast.List() | ast.Tuple() | ast.Set() as values]:
                self._say("Write 'in [...]' instead of .isin().", node)
                return ast.Compare(self.visit(of), [ast.In()], [values])
            case (("isna" | "isnull" | "notna" | "notnull"), []):
                return self._missing(node, method, of, f".{method}()")
            case "between", [low, high]:
                self._say("Write low <= column <= high instead of .between().", node)
                return ast.Compare(self.visit(low), [ast.LtE(), ast.LtE()], [self.visit(of), self.visit(high)])
            case (("eq" | "ne" | "lt" | "le" | "gt" | "ge"), [other]):
                self._say(f"Write {_sign(_COMPARE[method])} instead of .{method}().", node)
                return ast.Compare(self.visit(of), [_COMPARE[method]()], [self.visit(other)])
            case "startswith", [ast.Constant(str() as start)] if start:
                self._say("Write prefix(column, n) == '...' instead of .startswith().", node)
                of = of.value if isinstance(of, ast.Attribute) and of.attr == "str" else of
                first = ast.Call(ast.Name("prefix", ast.Load()), [self.visit(of), ast.Constant(len(start))], [])
                return ast.Compare(first, [ast.Eq()], [ast.Constant(start)])
        return None

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """``a.dt.year``, and ``df.a``."""
        match node:
            case ast.Attribute(ast.Attribute(of, "dt"), part) if part in PARTS:
                self._say(f"Write {part}(column) instead of .dt.{part}.", node)
                return ast.Call(ast.Name(part, ast.Load()), [self.visit(of)], [])
            case ast.Attribute(ast.Name(frame), name):
                dotted = "" if frame in _FRAMES else f" Where its name has the point in it: col('{frame}.{name}')."
                self._say(f"Write a column by its name alone, without a frame.{dotted}", node)
                return column(name)
        return self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """``df['a']``, ``df[df.a > 3]`` and ``a.str[:3]``."""
        match node:
            case ast.Subscript(ast.Name(), ast.Constant(str() as name)) if name:
                self._say("Write a column by its name alone, without a frame.", node)
                return column(name)
            case ast.Subscript(ast.Name(), ast.Compare() | ast.BoolOp() | ast.UnaryOp() as condition):
                self._say("Write the condition alone, without a frame.", node)
                return self.visit(condition)  # type: ignore[no-any-return]
            case ast.Subscript(of, ast.Slice(None | ast.Constant(0), ast.Constant(int()) as length, None)):
                self._say("Write prefix(column, n) instead of [:n].", node)
                of = of.value if isinstance(of, ast.Attribute) and of.attr == "str" else of
                return ast.Call(ast.Name("prefix", ast.Load()), [self.visit(of), length], [])
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """``a == [1, 2]``, ``a in (1)``, ``a == None``, ``a is 3``, ``'age' > 3``."""
        self.generic_visit(node)
        if len(node.ops) > 1:
            return node
        match node.left, node.ops[0], node.comparators[0]:
            case left, (ast.Eq() | ast.NotEq()) as operator, right if _is_nothing(right):
                equal = isinstance(operator, ast.Eq)
                self._say(
                    f"Write '{'is missing' if equal else 'is not missing'}' instead of {_sign(type(operator))}.", right
                )
                return _is_missing(left, ast.Is if equal else ast.IsNot)
            case left, (ast.Eq() | ast.NotEq()) as operator, ast.List() | ast.Tuple() | ast.Set() as right:
                equal = isinstance(operator, ast.Eq)
                self._say(f"Write '{'in' if equal else 'not in'}' to compare with a list.", right)
                return ast.Compare(left, [ast.In() if equal else ast.NotIn()], [right])
            case left, (ast.In() | ast.NotIn()) as operator, ast.Constant(str() | int() | float()) as right:
                if isinstance(left, ast.Constant):
                    return node
                self._say("Write a list in square brackets after 'in'.", right)
                return ast.Compare(left, [operator], [ast.List([right], ast.Load())])
            case left, (ast.In() | ast.NotIn()) as operator, ast.List(values) | ast.Tuple(values) if any(
                isinstance(value, ast.Name) for value in values
            ):
                self._say("Put texts in quotes.", next(value for value in values if isinstance(value, ast.Name)))
                return ast.Compare(left, [operator], [ast.List([_quoted(value) for value in values], ast.Load())])
            case left, (ast.Is() | ast.IsNot()) as operator, right if _is_nothing(right):
                if isinstance(right, ast.Constant):
                    return node  # it is read as it stands
                self._say(f"Write 'missing' instead of {ast.unparse(right)}.", right)
                return _is_missing(left, type(operator))
            case left, (ast.Is() | ast.IsNot()) as operator, ast.Constant(str() | int() | float()) as right:
                sign = ast.Eq() if isinstance(operator, ast.Is) else ast.NotEq()
                self._say(f"Write {_sign(type(sign))} to compare with a value.", right)
                return ast.Compare(left, [sign], [right])
            case ((ast.Constant(str() as name) as left), operator, right) if name and _holds_no_column(right):
                self._say("Write a column without quotes, or as col('name').", left)
                return ast.Compare(column(name), [operator], [right])
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """``plan == 'a' or 'b'``."""
        self.generic_visit(node)
        match node:
            case ast.BoolOp(ast.Or(), [ast.Compare(left, [ast.Eq()], [ast.Constant() as first]), *others]) if others:
                values = [first, *(other for other in others if isinstance(other, ast.Constant))]
                if len(values) == len(node.values) and not any(isinstance(part.value, bool) for part in values):
                    self._say("Write 'in [...]' to ask for one of several values.", others[0])
                    return ast.Compare(left, [ast.In()], [ast.List(list(values), ast.Load())])
        return node


def _quoted(node: ast.expr) -> ast.expr:
    return ast.Constant(node.id) if isinstance(node, ast.Name) else node


def meant(text: str, missing: Collection[str], texts: Collection[str]) -> str:
    """Return what a condition may mean whose names are no columns; empty where that is not known.

    Parameters
    ----------
    text : str
        It can be read.
    missing : collection of str
        The names that are no columns.
    texts : collection of str
        The columns that hold text: what they are compared with may be a text without its quotes.

    Examples
    --------
    >>> meant("age == null and plan == basic and active == true", ["null", "basic", "true"], ["plan"])
    "age is missing and plan == 'basic' and (active == True)"
    """
    try:
        names = _Values(missing, texts)
        whole = names.visit(ast.parse(text, mode="eval"))
        return ast.unparse(ast.fix_missing_locations(whole)) if names.found else ""
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""


class _Values(ast.NodeTransformer):
    """Takes names that are no columns for the values that they may mean."""

    def __init__(self, missing: Collection[str], texts: Collection[str]) -> None:
        self.missing, self.texts, self.found = missing, texts, False

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """A comparison with a name that is no column."""
        match node:
            case ast.Compare(left, [ast.Eq() | ast.NotEq() as operator], [ast.Name(name)]) if name in self.missing:
                if name.lower() in map(str.lower, _NOTHING):
                    self.found = True
                    return _is_missing(left, ast.Is if isinstance(operator, ast.Eq) else ast.IsNot)
                if isinstance(left, ast.Name) and left.id in self.texts:
                    self.found = True
                    return ast.Compare(left, [operator], [ast.Constant(name)])
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """``true`` and ``false``."""
        if node.id in self.missing and node.id.lower() in ("true", "false"):
            self.found = True
            return ast.Constant(node.id.lower() == "true")
        return node


def _holds_no_column(node: ast.expr) -> bool:
    """Whether what a text is compared with is made of values alone."""
    return isinstance(node, ast.Constant) or (
        isinstance(node, ast.List | ast.Tuple | ast.Set) and all(isinstance(part, ast.Constant) for part in node.elts)
    )


def _sign(operator: type[ast.cmpop]) -> str:
    """Return a comparison as it is written."""
    return {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}[operator]
