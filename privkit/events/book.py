"""Books that say which value stands for which: given in Python, or in a file that a recipe names."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from privkit.errors.events import RecipeError
from privkit.events.operation import Problem
from privkit.events.unfit import Unfit
from privkit.events.walk import Change
from privkit.values.typed import typed

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
