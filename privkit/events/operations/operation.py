"""What every operation of a recipe is: a frozen value that tells its fields, its problems, and what it does.

What begins with an underscore is asked by privkit alone: how recipes are followed, told, written and attacked.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from privkit.errors.events import PathError
from privkit.events.run.plain import Unfit
from privkit.events.run.walk import Change, FieldPath, Step, each_value, parse_path
from privkit.events.secrets.key import Key, KeySource
from privkit.values.kinds import enter

if TYPE_CHECKING:
    from privkit.events.recipes.trace import Trace
    from privkit.events.run.run import Run

#: Every operation by its name, as each class enters itself: `privkit.events` imports them all.
OPERATIONS: dict[str, type[Operation]] = {}
#: A problem: the parameter, and what is wrong with it.
Problem = tuple[str, str]
#: How values are hidden from whoever lacks a secret: tokens or numbers of its own, or the codes of a book, stand in
#: their place; or numbers, or times, are moved, so that one can look for what is near.
Hiding = Literal["tokens", "codes", "numbers", "times"]


def paths_of(paths: Iterable[Any]) -> tuple[Any, ...]:
    """Return paths given one by one or as one list.

    Examples
    --------
    >>> paths_of(["a", "b"]), paths_of([["a", "b"]])
    (('a', 'b'), ('a', 'b'))
    """
    given = tuple(paths)
    if len(given) == 1 and isinstance(given[0], list | tuple):
        return tuple(given[0])
    return given


@dataclass(frozen=True)
class Operation(ABC):
    """One rule of a recipe.

    Attributes
    ----------
    op : str
        Its name, as in ``ev.<op>`` and in recipe files.
    covers_branches : bool
        Whether the rule says what becomes of everything inside the fields it names.
    """

    op: ClassVar[str] = ""
    covers_branches: ClassVar[bool] = False

    #: How a secret hides the values of its fields; None where it has no secret, or is about whole events.
    _hides_by: ClassVar[Hiding | None] = None
    #: Whether a book of it stands in no recipe file: it may, where who has the file may know what stands for what.
    _keeps_its_book: ClassVar[bool] = True
    #: Whether it passes the values of its fields on as they are.
    _passes_on: ClassVar[bool] = False
    #: Whether it is about whole events, so that its phrase is told beside those of fields.
    _of_events: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """Enter an operation by its name; one that leaves out what it must say is refused."""
        enter(OPERATIONS, cls, "operation", says="op", name=cls.op)

    def targets(self) -> tuple[str, ...]:
        """Return the paths that it changes, as text."""
        found = getattr(self, "paths", None)
        return found if found is not None else (self.path,)  # type: ignore[attr-defined]

    def reads(self) -> dict[str, str]:
        """Return the paths that it reads beside them, by parameter."""
        return {name: value for name in ("by", "per") if isinstance(value := getattr(self, name, None), str)}

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the parameters."""
        targets = self.targets()
        if not targets:
            yield self._names_by, "names no field"
        for text in targets:
            yield from path_problems(self._names_by, text)
        for parameter, text in self.reads().items():
            yield from path_problems(parameter, text)

    @abstractmethod
    def phrase(self) -> str:
        """Return what becomes of a field, in plain words."""

    @abstractmethod
    def compile(self, run: Run, count: list[int]) -> list[Step]:
        """Return the steps that carry it out, counting values in ``count[0]``."""

    def parsed(self) -> list[FieldPath]:
        """Return the paths that it changes."""
        return [parse_path(text) for text in self.targets()]

    @property
    def _names_by(self) -> str:
        """The parameter that names the paths that it changes."""
        return "paths" if hasattr(self, "paths") else "path"

    @property
    def _makes(self) -> tuple[str, ...]:
        """The names that it gives to fields."""
        return ()

    @property
    def _renames_alone(self) -> bool:
        """Whether the name of a field is all that it changes, so that another rule may say what becomes of it."""
        return False

    def _told_of_field(self) -> str:
        """Return what becomes of each of its fields, where its phrase is about something else."""
        return self.phrase()

    def _follow(self, trace: Trace, place: str) -> None:  # noqa: B027  # most rules change no path
        """Tell a trace which fields are gone, have other names, or are all that is left; `place` is the rule's own."""

    def _anew(self, other: Callable[[Any], Key]) -> Operation:
        """Return the rule with another secret: `other` gives the key that stands for one of its own."""
        changed: dict[str, Any] = {} if getattr(self, "mapping", None) is None else {"mapping": None}
        if (key := getattr(self, "key", None)) is not None:
            changed["key"] = other(key)
        return replace(self, **changed) if changed else self

    def _of_what_stays(self) -> Operation:
        """Return the rule as it treats an event of which one knows that it goes out."""
        return self


@dataclass(frozen=True)
class ValueOperation(Operation):
    """An operation that changes each value at its paths by itself."""

    def compile(self, run: Run, count: list[int]) -> list[Step]:
        """Return one step per path."""
        return [run.told(each_value(path, self.change(run, path), count), path, self) for path in self.parsed()]

    @abstractmethod
    def change(self, run: Run, path: FieldPath) -> Change:
        """Return the function from value to value."""


def path_problems(parameter: str, text: object) -> Iterator[Problem]:
    """Yield a problem if `text` is no path."""
    try:
        parse_path(text)  # type: ignore[arg-type]
    except PathError as error:
        yield parameter, error.message
    except TypeError:  # unhashable
        yield parameter, PathError.of(text, "it must be text").message


def by_problems(paths: Iterable[str], by: str, parameter: str = "by") -> Iterator[Problem]:
    """Yield a problem where `by` lies in a list that a path does not share."""
    try:
        key = parse_path(by)
        lists = key.head(key.lists)
        strange = [text for text in paths if parse_path(text).steps[: len(lists)] != lists]
    except (PathError, TypeError):
        return  # told as a problem of its own
    if strange:
        yield (
            parameter,
            f"{by!r} lies in a list that {strange[0]!r} does not share; name a field outside it, or beside it",
        )
    elif key.steps[-1] is None:
        yield parameter, f"{by!r} names every element of a list; name one field"


def key_problems(key: object) -> Iterator[Problem]:
    """Yield a problem if there is no key."""
    if not isinstance(key, Key | KeySource):
        yield "key", "is needed: bytes, or ev.Key.from_env('NAME'), .from_file(path), .from_keyring(service, name)"


def number_problem(
    parameter: str, value: object, low: float, high: float, *, open_low: bool = False
) -> Iterator[Problem]:
    """Yield a problem if `value` is no number from `low` to `high`."""
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    if not fits or not low <= value <= high or (open_low and value == low):  # type: ignore[operator]
        upto = f" to {high:g}" if high != float("inf") else ""
        yield parameter, f"must be a number {'above' if open_low else 'from'} {low:g}{upto}"


def number(value: Any) -> int | float:
    """Return the value if it is a finite number.

    Raises
    ------
    Unfit
        If it is not.
    """
    kind = type(value)
    if kind is int or (kind is float and value - value == 0):
        return value  # type: ignore[no-any-return]
    if isinstance(value, int | float) and kind is not bool and value - value == 0:
        return value  # of a type derived from a number
    raise Unfit.of("a finite number", value)
