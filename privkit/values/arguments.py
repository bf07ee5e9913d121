"""Arguments of a wrong type, told in our words: looked at only where a call failed, so that a good call pays nothing.

A function checks what it can say something about. For the rest its annotations are the rule: if it fails with an error
that is not privkit's, and an argument is not of its annotated type, that argument is the cause that is told. No value
is shown. An error whose arguments all fit is passed on as it is: a fault of privkit, to be reported.

Checks of arguments that many functions share: what is not of the kind that is asked for is refused in our words.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache, partial, wraps
from numbers import Integral, Real
from typing import Any, ParamSpec, TypeVar

from privkit.errors import NOTHING_SPENT, CallError, ParameterError, PrivkitError
from privkit.errors.calls import CALL, Call, call_name, end, is_own, stepwise
from privkit.errors.root import type_told
from privkit.values import inputs


def whole(value: object, argument: str, *, least: int = 0, below: int | None = None) -> int:
    """Return a whole number of at least `least` and `below` a power of two, NumPy's included, or refuse it.

    Examples
    --------
    >>> whole(3, "after")
    3
    >>> whole(True, "after")
    Traceback (most recent call last):
    ...
    privkit.errors.arguments.ParameterError: privkit got after=a bool, but after must be a whole number >= 0.
    """
    number: Any = value.item() if hasattr(value, "item") and getattr(value, "shape", None) == () else value
    allowed = f"a whole number >= {least}"
    if isinstance(number, bool) or not isinstance(number, int):
        raise ParameterError.of(argument, type_told(value), allowed)
    if number < least or (below is not None and number >= below):
        most = "" if below is None else f" and below 2**{below.bit_length() - 1}"
        raise ParameterError.of(argument, str(number), allowed + most)
    return number


def positive_int(value: object, argument: str) -> int:
    """Return a whole number of at least 1 and below 2^31, or refuse it."""
    return whole(value, argument, least=1, below=2**31)


def true_or_false(value: object, argument: str) -> bool:
    """Return a switch, or refuse it.

    Raises
    ------
    ParameterError
    """
    if not isinstance(value, bool):
        raise ParameterError.of(argument, type_told(value), "True or False")
    return value


def column_name(value: object, argument: str = "column") -> str:
    """Return the name of one column, or refuse what is no name."""
    if not isinstance(value, str):
        raise ParameterError.of(argument, type_told(value), "the name of one column (str)", named_by_text([value]))
    return value


def named_by_text(names: Iterable[object]) -> str:
    """Return how columns whose names are numbers get names of text; nothing where none of these is a number.

    Examples
    --------
    >>> named_by_text(["a", 0]), named_by_text(["a", None])
    ('Where columns are called by numbers: df.rename(columns=str).', '')
    """
    called = any(isinstance(name, Integral) and not isinstance(name, bool) for name in names)
    return "Where columns are called by numbers: df.rename(columns=str)." if called else ""


def words(value: object, argument: str, *, needed: bool = True) -> str:
    """Return a text of the owner's, without blanks around it, or refuse what is none.

    Raises
    ------
    ParameterError
    """
    allowed = f"a text of 1 to {LONGEST} characters" if needed else f"a text of at most {LONGEST} characters"
    if not isinstance(value, str):
        raise ParameterError.of(argument, type_told(value), allowed)
    text = value.strip()
    seen = any(char.isprintable() and not char.isspace() for char in text)
    if (needed and not seen) or len(text) > LONGEST:
        raise ParameterError.of(argument, f"{len(text):,} characters" if seen else "a blank", allowed)
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise ParameterError.of(argument, "half of a character (a lone surrogate)", allowed)
    return text


def seeded(seed: object) -> int | None:
    """Return the seed of a generator, or None for one that nobody knows."""
    return None if seed is None else whole(seed, "seed")


P = ParamSpec("P")
R = TypeVar("R")

#: The longest text of the owner's that is recorded.
LONGEST = 500
#: What a call with arguments of a wrong type ends in, unless a check of its own is faster.
_RAW = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, RecursionError, RuntimeError, OSError)
#: Types of what people type into calls.
_PLAIN = (str, bytes, int, float, complex, list, tuple, range, dict, set, frozenset, type(None), type, type(lambda: 0))
_SIMPLE: dict[str, Callable[[Any], bool]] = {
    "None": lambda value: value is None,
    "bool": lambda value: isinstance(value, bool) or type(value).__name__ == "bool_",
    "int": lambda value: isinstance(value, Integral) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, Real) and not isinstance(value, bool),
    "Number": lambda value: (
        (isinstance(value, Real) and not isinstance(value, bool)) or type(value).__name__ == "Decimal"
    ),
    "str": lambda value: isinstance(value, str),
    "bytes": lambda value: isinstance(value, bytes),
    "Callable": callable,
    "Progress": callable,
    "Path": lambda value: hasattr(value, "__fspath__"),
    "PathLike": lambda value: hasattr(value, "__fspath__"),
}
#: First parameters that a method, or the accessor, fills.
_OWN = ("data", "self", "cls")
_REST = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
_HALF = "a text holds half of a character (a lone surrogate), so it can be neither written nor compared."
#: Methods that are told by the name of their class.
_MAKING = ("__init__", "__getitem__")
#: What stands for the call where one of privkit's own is made within it: nothing is put off until its end.
_NOBODY = Call("", [], [])
#: Names of any type at all, of texts, and of unions of which each call says itself what does not fit.
_LOOSE = frozenset({"object", "Any", "Scalar", "Kind", "Literal", "Within", "Wanted", "Self", "T", "ValueTree"}) | {
    name for name, written in vars(inputs).items() if isinstance(written, str) and name[0].isupper()
}


def typed(function: Callable[P, R], *, called: str = "", budget: bool = False) -> Callable[P, R]:
    """Make a function a public call: errors name it, and tell which of its arguments is of a wrong type or not taken.

    The types are looked at where it fails for another reason than its own. See :mod:`privkit.errors.calls` for who is
    named where one public call makes use of another. A good call pays a microsecond.

    Parameters
    ----------
    called : str
        The name to tell; the function's by default.
    budget : bool
        Whether it is one of those whose errors say that no budget was spent.

    Examples
    --------
    >>> @typed
    ... def shorten(text: str, length: int | None = None) -> str:
    ...     return text[:length]
    >>> shorten("privacy", "secret")
    Traceback (most recent call last):
    ...
    privkit.errors.arguments.ParameterError: shorten() got length=a str, but length must be int | None.
    >>> shorten("privacy", lenght=3)
    Traceback (most recent call last):
    ...
    privkit.errors.arguments.CallError: shorten() has no parameter 'lenght'. Close matches: 'length'.
    """
    name = (called or function.__name__).removeprefix("plan_")
    in_steps = inspect.isgeneratorfunction(function)
    on_a_frame = function.__code__.co_varnames[:1] == _OWN[:1]

    @wraps(function)  # in one frame: most calls are nested, and all of them come through here
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        nested = CALL.get() is not None and is_own(sys._getframe(1).f_globals.get("__name__", "")) is not None
        here = _NOBODY if nested else Call(name, [], [])
        try:
            token = None if nested else CALL.set(here)
            try:
                found: Any = function(*args, **kwargs)
                data: Any = (args[0] if args else kwargs.get("data")) if on_a_frame else None
                if data is not None and (note := getattr(found, "_made_of", None)) is not None:
                    note(data)
                return stepwise(call_name(), found) if in_steps else found  # type: ignore[return-value]
            except (PrivkitError, *_RAW) as error:
                if _charged(error):
                    raise
                told = _told(error, inspect.signature(function), args, kwargs)
                if budget and isinstance(told, PrivkitError) and told.budget is None:
                    told.budget = NOTHING_SPENT
                if told is error:
                    raise
                raise told from None
            finally:
                if token is not None:
                    CALL.reset(token)
        except (KeyboardInterrupt, SystemExit) as error:  # which may have hit the line above, when all was done
            for tell in here.leaving:
                tell(error)
            raise
        finally:
            if here.ending:
                end(here)

    return call


def _told(
    error: Exception, signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Exception:
    """Return what is told of an error: itself, where no argument is to blame."""
    if isinstance(error, PrivkitError):
        # A message may repeat an argument; not one that holds data, unless it told its type already.
        return _misfit(signature, args, kwargs, only=partial(_may_be_repeated, str(error))) or error
    told = _unbound(signature, args, kwargs) or _misfit(signature, args, kwargs)
    if told is None and isinstance(error, UnicodeEncodeError):
        return ParameterError.together((), _HALF)
    return told or error


def _unbound(signature: inspect.Signature, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> CallError | None:
    """Return the error about arguments that the function does not take, or that it needs; None if they bind."""
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        parameters = {name: one for name, one in signature.parameters.items() if one.kind not in _REST}
        places = [name for name, one in parameters.items() if one.kind is not inspect.Parameter.KEYWORD_ONLY]
        open_ended = {one.kind for one in signature.parameters.values()} & _REST
        if inspect.Parameter.VAR_KEYWORD not in open_ended and (unknown := [k for k in kwargs if k not in parameters]):
            return CallError.unknown(unknown, list(parameters)[bool(places) and places[0] in _OWN :])
        if inspect.Parameter.VAR_POSITIONAL not in open_ended and len(args) > len(places):
            # A method has itself, and one of the accessor the frame, so that what a user counts are the others.
            own = bool(places) and places[0] in _OWN
            named = [name for name in parameters if name not in places]
            return CallError.surplus(len(args) - own, places[own:], named)
        if twice := [name for name in places[: len(args)] if name in kwargs]:
            return CallError.twice(twice[0])
        given = {*places[: len(args)], *kwargs}
        lacking = [name for name, one in parameters.items() if one.default is one.empty and name not in given]
        return CallError.missing(lacking)
    return None


C = TypeVar("C", bound=type)


def public(cls: C, *, budget: bool = False) -> C:
    """Make the making of a class, and each of its public methods, a public call as by :func:`typed`.

    Its own methods: a class from which it inherits others is made public itself. What makes one is told as ``Class()``
    or ``Class.method()``, a method as ``method()``.

    Examples
    --------
    >>> @public
    ... class Line:
    ...     def __init__(self, length: int) -> None:
    ...         self.length = length
    >>> Line(3, width=1)
    Traceback (most recent call last):
    ...
    privkit.errors.arguments.CallError: Line() has no parameter 'width'. It has 'length'.
    """
    for name, member in {"__init__": getattr(cls, "__init__"), **vars(cls)}.items():  # noqa: B009
        if inspect.isfunction(member) and (name in _MAKING or not name.startswith("_")):
            called = cls.__name__ if name in _MAKING else name
            setattr(cls, name, typed(member, called=called, budget=budget))
        elif isinstance(member, classmethod) and not name.startswith("_"):
            made = typed(member.__func__, called=f"{cls.__name__}.{name}", budget=budget)
            setattr(cls, name, classmethod(made))
    return cls


def spending(cls: C) -> C:
    """Make a class public whose errors say that no budget was spent."""
    return public(cls, budget=True)


def _may_be_repeated(message: str, value: object) -> bool:
    """Return whether a message may repeat an array, a column or a frame, or an object of any type: more than one types.

    Its text is never made: that of a frame takes long, may fail, and holds cell values.
    """
    return not isinstance(value, (*_PLAIN, bool, Real)) and type(value).__name__ not in message


def _misfit(
    signature: inspect.Signature,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    *,
    only: Callable[[object], bool] = lambda _: True,
) -> ParameterError | None:
    """Return the error about the first argument that is not of its type; None if all are."""
    try:
        given = signature.bind(*args, **kwargs).arguments
    except TypeError:
        return None
    for name, value in given.items():
        parameter = signature.parameters[name]
        if parameter.kind is inspect.Parameter.VAR_KEYWORD or parameter.annotation is parameter.empty:
            continue
        annotation = str(parameter.annotation)
        for one in value if parameter.kind is inspect.Parameter.VAR_POSITIONAL else [value]:
            if not fits(one, annotation) and only(one):
                return ParameterError.of(name, type_told(one), _words(annotation))
    return None


def _charged(error: BaseException) -> bool:
    """Return whether an error came through the one place that charges: then only that place says what was spent."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__") == "privkit.project.release":
            return True
        trace = trace.tb_next
    return False


def _words(annotation: str) -> str:
    return annotation.replace("pd.", "").replace("os.", "")


def fits(value: object, annotation: str) -> bool:
    """Return whether a value is of an annotated type, as far as that is told by its text.

    Examples
    --------
    >>> fits([1], "Sequence[str]"), fits(["a"], "Sequence[str] | None"), fits("a", "Sequence[str]")
    (False, True, False)
    >>> fits({"a": 1}, "Mapping[str, float] | None"), fits("x", "Project | None"), fits(object(), "object")
    (True, False, True)
    """
    try:
        return _fits(value, _parsed(annotation))
    except (TypeError, ValueError, RecursionError):  # a value that refuses to be looked at
        return False


@lru_cache(maxsize=512)
def _parsed(annotation: str) -> ast.expr:
    return ast.parse(annotation, mode="eval").body


def _fits(value: Any, node: ast.expr) -> bool:
    if isinstance(node, ast.BinOp):
        return _fits(value, node.left) or _fits(value, node.right)
    if isinstance(node, ast.Constant):
        return value is None if node.value is None else _fits(value, _parsed(str(node.value)))
    if isinstance(node, ast.Subscript):
        return _holds(value, _name(node.value), node.slice)
    name = _name(node)
    if name in _SIMPLE:
        return _SIMPLE[name](value)
    if name in _LOOSE:
        return True
    if name in _COLLECTIONS:
        return _COLLECTIONS[name](value)
    return name in {base.__name__ for base in type(value).__mro__}


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else "object"


_COLLECTIONS: dict[str, Callable[[Any], bool]] = {
    "Sequence": lambda value: isinstance(value, Sequence | set) and not isinstance(value, str | bytes),
    "Iterable": lambda value: isinstance(value, Iterable) and not isinstance(value, str | bytes),
    "Mapping": lambda value: isinstance(value, Mapping),
    "dict": lambda value: isinstance(value, Mapping),
    "list": lambda value: isinstance(value, list),
    "tuple": lambda value: isinstance(value, tuple),
}


def _holds(value: Any, name: str, inner: ast.expr) -> bool:
    """Return whether a collection is of its kind, and its members of theirs."""
    if name not in _COLLECTIONS:
        return name in _LOOSE or _fits(value, ast.Name(name))
    if not _COLLECTIONS[name](value):
        return False
    parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
    if name in ("Mapping", "dict"):
        return all(_fits(key, parts[0]) and _fits(member, parts[-1]) for key, member in value.items())
    if name == "tuple" and not _ends_openly(parts):
        return len(value) == len(parts) and all(_fits(*pair) for pair in zip(value, parts, strict=True))
    return not isinstance(value, Collection) or all(_fits(member, parts[0]) for member in value)


def _ends_openly(parts: Sequence[ast.expr]) -> bool:
    last = parts[-1]
    return isinstance(last, ast.Constant) and last.value is ...
