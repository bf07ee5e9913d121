"""Renaming fields and values, and encoding categories by a private code book."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from privkit.events.book import Book, as_book, book_problems, looked_up
from privkit.events.operation import Operation, Problem, ValueOperation, paths_of
from privkit.events.unfit import Unfit
from privkit.events.walk import Change, Step, each_parent, each_value
from privkit.values.typed import typed

if TYPE_CHECKING:
    from pathlib import Path

    from privkit.events.path import FieldPath
    from privkit.events.run import Run


@dataclass(frozen=True)
class Rename(Operation):
    """Gives a field another name, or its values others."""

    path: str
    to: str | None = None
    values: Book | None = None
    other: str = "refuse"

    op = "rename"

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
        From values to those in their place.
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
    """Put a code of a private book in the place of a category. Make a book with :func:`code_book`.

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
