"""Renaming fields and values, and encoding categories by a private code book.

Books that say which value stands for which: given in Python, or in a file that a recipe names.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from privkit.errors.events import RecipeError
from privkit.events.operations.operation import Operation, Problem, ValueOperation, paths_of
from privkit.events.run.plain import Unfit
from privkit.events.run.walk import Change, Step, each_parent, each_value
from privkit.values.arguments import typed

if TYPE_CHECKING:
    from pathlib import Path

    from privkit.events.recipes.trace import Trace
    from privkit.events.run.run import Run
    from privkit.events.run.walk import FieldPath


OTHERS = ("refuse", "keep", "null")


@dataclass(frozen=True)
class Book:
    """A private table of values. Its repr tells how many entries it has, or its file.

    Attributes
    ----------
    entries : mapping or None
        Value to what stands for it.
    file : str or None
        A JSON file with such an object, read when a recipe is applied.
    """

    entries: Mapping[Any, Any] | None = None
    file: str | None = None

    def __repr__(self) -> str:
        return f"<book of {len(self.entries)}>" if self.entries is not None else f"<book in {self.file!r}>"

    def __hash__(self) -> int:
        return hash((len(self.entries or ()), self.file))

    def load(self, place: str) -> Mapping[Any, Any]:
        """Return the entries.

        Raises
        ------
        RecipeError
            If the file cannot be read or holds no object.
        """
        if self.entries is not None:
            return self.entries
        try:
            found = json.loads(Path(str(self.file)).expanduser().read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = None
        if not isinstance(found, dict):
            raise RecipeError.of("the recipe", [f"{place}: the file {self.file!r} is missing, or holds no JSON object"])
        return found


def as_book(book: object) -> Book:
    """Return what a user gave as a book: a dict, or the path of a JSON file."""
    if isinstance(book, Book):
        return book
    if isinstance(book, Mapping):
        return Book(dict(book))
    return Book(file=str(book)) if isinstance(book, str | Path) else Book(entries=None, file=None)


def book_problems(book: Book, other: object) -> Iterator[Problem]:
    """Yield what is wrong with a book and with what is done to other values."""
    if book.entries is None and book.file is None:
        yield "book", "must be a dict from values to what stands for them, or the path of a JSON file"
    elif book.entries is not None and not book.entries:
        yield "book", "is empty"
    if other not in OTHERS:
        yield "other", f"must be one of {', '.join(OTHERS)}"


def looked_up(entries: Mapping[Any, Any], other: str) -> Change:
    """Return the function from a value to its entry; what is not listed is refused, kept, or becomes null."""

    def change(value: Any) -> Any:
        if isinstance(value, str | int | float) and (value in entries):
            return entries[value]
        if other == "refuse":
            raise Unfit("the value is not in the book; add it, or say other='null' or other='keep'")
        return None if other == "null" else value

    return change


@typed
def code_book(categories: Iterable[str], *, prefix: str = "c", file: str | Path | None = None) -> dict[str, str]:
    """Return a random private code book: each category gets another code, in no order that tells anything.

    Parameters
    ----------
    categories : iterable of str
        All categories that may occur. Take them from public knowledge, such as the price list.
    prefix : str
        Stands before the number of a code.
    file : str or Path, optional
        Where to keep the book (JSON, mode 0600), for the runs after this one. It must not exist.

    Examples
    --------
    >>> book = code_book(["bread", "tea", "milk"])
    >>> sorted(book.values())
    ['c1', 'c2', 'c3']
    """
    names = list(dict.fromkeys(categories))
    numbers = list(range(1, len(names) + 1))
    secrets.SystemRandom().shuffle(numbers)
    book = {name: f"{prefix}{number}" for name, number in zip(names, numbers, strict=True)}
    if file is not None:
        handle = os.open(Path(file).expanduser(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(book, out, ensure_ascii=False, indent=1)
    return book


@dataclass(frozen=True)
class Rename(Operation):
    """Gives a field another name, or its values others."""

    path: str
    to: str | None = None
    values: Book | None = None
    other: str = "refuse"

    op = "rename"
    _keeps_its_book = False

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the parameters."""
        yield from super().problems()
        if self.to is None and self.values is None:
            yield "to", "or values= is needed: the new name of the field, or of its values"
        if self.to is not None and (not isinstance(self.to, str) or not self.to):
            yield "to", "must be the new name alone, without the path before it"
        if self.to is not None and isinstance(self.path, str) and self.path.endswith("[]"):
            yield "path", "names every element of a list, which have no name"
        if self.values is not None:
            for parameter, text in book_problems(self.values, self.other):
                yield ("values" if parameter == "book" else parameter), text

    def phrase(self) -> str:
        """Return what becomes of a field."""
        told = [f"values renamed by {self.values!r}"] if self.values is not None else []
        return ", ".join([*told, *([f"renamed to {self.to!r}"] if self.to is not None else [])])

    @property
    def _makes(self) -> tuple[str, ...]:
        return () if self.to is None else (self.to,)

    @property
    def _renames_alone(self) -> bool:
        return self.values is None

    def _follow(self, trace: Trace, place: str) -> None:
        if isinstance(self.to, str) and self.to:
            trace.renames(self.path, self.to, place)

    def compile(self, run: Run, count: list[int]) -> list[Step]:
        """Return a step for the values and one for the name."""
        path, steps = self.parsed()[0], []
        if self.values is not None:
            change = looked_up(self.values.load(f"rename({self.path!r})"), self.other)
            steps.append(run.told(each_value(path, change, count), path, self))
        if self.to is not None:
            steps.append(run.told(_named(path, self.to, count), path, self))
        return steps


def _named(path: FieldPath, to: str, count: list[int]) -> Step:
    name = path.name

    def visit(parent: dict[str, Any]) -> None:
        if name in parent:
            if to in parent and to != name:
                raise Unfit(f"the new name {to!r} is taken by another field of the event")
            parent[to] = parent.pop(name)
            count[0] += 1

    return each_parent(path, visit)


@dataclass(frozen=True)
class Encode(ValueOperation):
    """Puts a code of a private book in the place of a category."""

    paths: tuple[str, ...]
    book: Book
    other: str = "refuse"

    op = "encode"
    _hides_by = "codes"

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the parameters."""
        yield from super().problems()
        yield from book_problems(self.book, self.other)

    def phrase(self) -> str:
        """Return what becomes of a field."""
        return f"encoded by the private {self.book!r}"

    def change(self, run: Run, path: FieldPath) -> Change:
        """Return the function from value to value."""
        return looked_up(self.book.load(f"encode({str(path)!r})"), self.other)


@typed
def rename(
    path: str,
    to: str | None = None,
    *,
    values: Mapping[Any, Any] | str | Path | None = None,
    other: Literal["refuse", "keep", "null"] = "refuse",
) -> Rename:
    """Give a field another name, or its values others. Rules after it use the new name.

    A new name hides nothing: the value stays, and a field that is only renamed is passed on as it is.

    Parameters
    ----------
    path : str
        The field.
    to : str, optional
        The new name: the last part of the path.
    values : mapping or path of a JSON file, optional
        From values to their new ones.
    other : {"refuse", "keep", "null"}
        What is done with values that are not listed.

    Returns
    -------
    Rename

    Examples
    --------
    >>> from privkit import events as ev
    >>> recipe = ev.Recipe([ev.rename("lines[].no", "ref"), ev.rename("status", values={"paid": 1, "open": 0})])
    >>> recipe.apply([{"status": "paid", "lines": [{"no": 7}]}]).events
    [{'status': 1, 'lines': [{'ref': 7}]}]
    """
    return Rename(path, to, None if values is None else as_book(values), other)


@typed
def encode(
    path: str | Sequence[str],
    book: Mapping[Any, Any] | str | Path,
    *,
    other: Literal["refuse", "keep", "null"] = "refuse",
) -> Encode:
    """Replace a category by a code of a private book. Make a book with :func:`code_book`.

    A code hides a category from those who lack the book, not from those who can count: frequencies stay.

    Parameters
    ----------
    path : str or sequence of str
        Fields that hold one category each.
    book : mapping or path of a JSON file
        From categories to codes. A recipe file names the file; it never holds the book.
    other : {"refuse", "keep", "null"}
        What is done with categories that are not listed.

    Returns
    -------
    Encode

    Examples
    --------
    >>> from privkit import events as ev
    >>> ev.Recipe([ev.encode("status", {"paid": "c2", "open": "c1"})]).apply([{"status": "paid"}]).events
    [{'status': 'c2'}]
    """
    return Encode(paths_of([path]), as_book(book), other)
