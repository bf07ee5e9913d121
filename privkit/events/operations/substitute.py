"""Substituting one item by others, scaling amounts by a secret factor, and hiding all but the ends of a text."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from privkit.events.operations.operation import (
    Operation,
    Problem,
    ValueOperation,
    by_problems,
    key_problems,
    number,
    number_problem,
    path_problems,
    paths_of,
)
from privkit.events.operations.rename import Book, as_book, book_problems
from privkit.events.run.plain import Unfit
from privkit.events.run.walk import Change, FieldPath, Step, each_place, each_value_by, parse_path
from privkit.events.secrets.key import Key, KeySource, as_key
from privkit.values.arguments import typed

if TYPE_CHECKING:
    from pathlib import Path

    from privkit.events.run.run import Run


_DOMAIN = b"privkit.events/scale/1"


@dataclass(frozen=True)
class Substitute(Operation):
    """Puts one or several other items in the place of an item of a list."""

    path: str
    book: Book
    quantity: str | None = None
    other: str = "refuse"

    op = "substitute"
    _hides_by = "codes"
    _keeps_its_book = False

    def targets(self) -> tuple[str, ...]:
        """Return the paths that it changes."""
        return (self.path,) if self.quantity is None else (self.path, self.quantity)

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the parameters."""
        yield from path_problems("path", self.path)
        yield from book_problems(self.book, self.other)
        if self.quantity is not None:
            yield from path_problems("quantity", self.quantity)
        if isinstance(self.path, str) and "[]." not in self.path:
            yield "path", "must name a field of the items of a list, as 'products[].name'"
        elif isinstance(self.quantity, str) and self.quantity.rpartition("[].")[0] != self.path.rpartition("[].")[0]:
            yield "quantity", f"must lie in the items of the same list as {self.path!r}"
        for item in (self.book.entries or {}).values():
            try:
                _parts(item)
            except Unfit as unfit:
                yield "book", str(unfit)
                break

    def phrase(self) -> str:
        """Return what becomes of a field."""
        by = f", {self.quantity} multiplied" if self.quantity else ""
        return f"substituted by {self.book!r}{by}"

    def compile(self, run: Run, count: list[int]) -> list[Step]:
        """Return one step for the list."""
        path = parse_path(self.path)
        items = FieldPath(path.head(path.lists)[:-1])
        name = FieldPath(path.steps[len(items.steps) + 1 :])
        amount = FieldPath(parse_path(self.quantity).steps[len(items.steps) + 1 :]) if self.quantity else None
        book = {value: _parts(entry) for value, entry in self.book.load(f"substitute({self.path!r})").items()}

        def visit(parent: Any, at: Any) -> None:
            if type(parent[at]) is list:
                expanded = [new for item in parent[at] for new in self._expanded(item, name, amount, book)]
                count[0] += len(parent[at])
                parent[at] = expanded

        return [run.told(each_place(items, visit), path, self)]

    def _expanded(
        self, item: Any, name: FieldPath, amount: FieldPath | None, book: Mapping[Any, list[tuple[int, Any]]]
    ) -> list[Any]:
        holder, last = _holder(item, name)
        if holder is None or holder[last] is None:
            return [item]
        value = holder[last]
        if not isinstance(value, str | int | float) or value not in book:
            if self.other == "refuse":
                raise Unfit("the value is not in the book; add it, or say other='null' or other='keep'")
            if self.other == "null":
                holder[last] = None
            return [item]
        made = []
        for times, instead in book[value]:
            for _ in range(times if amount is None else 1):
                new = copy.deepcopy(item)
                new_holder, _ = _holder(new, name)
                new_holder[last] = instead
                _multiply(new, amount, times)
                made.append(new)
        return made


def _holder(item: Any, path: FieldPath) -> tuple[Any, Any]:
    """Return the object that holds the last step of a path, and that step; None where there is none."""
    for step in path.steps[:-1]:
        item = item.get(step) if type(item) is dict else None
    return (item, path.name) if type(item) is dict and path.name in item else (None, path.name)


def _multiply(item: Any, amount: FieldPath | None, times: int) -> None:
    if amount is not None:
        holder, last = _holder(item, amount)
        if holder is not None and holder[last] is not None:
            holder[last] = number(holder[last]) * times


def _parts(entry: Any) -> list[tuple[int, Any]]:
    """Return an entry of the book as pairs of how many and of what.

    Examples
    --------
    >>> _parts("tea"), _parts([[1, "luxury phone"], [3, "post cards"]])
    ([(1, 'tea')], [(1, 'luxury phone'), (3, 'post cards')])
    """
    if isinstance(entry, str | int | float) or entry is None:
        return [(1, entry)]
    if isinstance(entry, list | tuple) and entry:
        pairs = [tuple(pair) if isinstance(pair, list | tuple) else () for pair in entry]
        if all(len(pair) == 2 and type(pair[0]) is int and pair[0] >= 1 for pair in pairs):
            return [(pair[0], pair[1]) for pair in pairs]
    raise Unfit("an entry is a value, or a list of pairs (how many, of what): [(1, 'luxury phone'), (3, 'post cards')]")


@dataclass(frozen=True)
class Scale(Operation):
    """Multiplies amounts by one secret factor per category."""

    paths: tuple[str, ...]
    key: Key | KeySource | None = None
    by: str | None = None
    low: float = 0.5
    high: float = 2.0
    digits: int = 2

    op = "scale"
    _hides_by = "numbers"

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the parameters."""
        yield from super().problems()
        yield from key_problems(self.key)
        bad = list(number_problem("low", self.low, 0, 1e6, open_low=True)) + list(
            number_problem("high", self.high, 0, 1e6)
        )
        yield from bad
        if not bad and self.low >= self.high:
            yield "high", "must be above low"
        if isinstance(self.digits, bool) or not isinstance(self.digits, int) or not 0 <= self.digits <= 12:
            yield "digits", "must be a whole number from 0 to 12"
        if isinstance(self.by, str):
            yield from by_problems(self.targets(), self.by)

    def phrase(self) -> str:
        """Return what becomes of a field."""
        each = f" for each {self.by}" if self.by else ""
        return f"multiplied by one secret factor from {self.low:g} to {self.high:g}{each}, {self.key}"

    def compile(self, run: Run, count: list[int]) -> list[Step]:
        """Return one step per path."""
        key, by = run.key(self.key), parse_path(self.by) if self.by else None
        spread = math.log(self.high / self.low)

        def change(value: Any, category: Any, at: tuple[int, ...]) -> float:
            subject = b"all" if by is None else run.subject(category)
            share = key.integer((_DOMAIN, subject), 2**53) / 2**53
            return round(number(value) * self.low * math.exp(spread * share), self.digits)

        return [run.told(each_value_by(path, by, change, count), path, self) for path in self.parsed()]


@typed
def substitute(
    path: str,
    book: Mapping[Any, Any] | str | Path,
    *,
    quantity: str | None = None,
    other: Literal["refuse", "keep", "null"] = "refuse",
) -> Substitute:
    """Replace each item of a list by one or several others.

    The other fields of the item are copied to each new one. Who knows the book reverses it.

    Parameters
    ----------
    path : str
        The field of the items that is substituted, as ``"products[].name"``.
    book : mapping or path of a JSON file
        From values to another value, or to pairs of how many and of what:
        ``{"Nexus 5": [(1, "luxury phone"), (3, "post cards")]}``.
    quantity : str, optional
        A field of the same items that is multiplied by "how many". Without it, an item is repeated that often.
    other : {"refuse", "keep", "null"}
        What is done with values that are not listed.

    Returns
    -------
    Substitute

    Examples
    --------
    >>> from privkit import events as ev
    >>> book = {"Nexus 5": [(1, "luxury phone"), (3, "post cards")]}
    >>> recipe = ev.Recipe([ev.substitute("products[].name", book, quantity="products[].quantity")])
    >>> recipe.apply([{"products": [{"name": "Nexus 5", "quantity": 2}]}]).events
    [{'products': [{'name': 'luxury phone', 'quantity': 2}, {'name': 'post cards', 'quantity': 6}]}]
    """
    return Substitute(path, as_book(book), quantity, other)


@typed
def scale(
    path: str | Sequence[str],
    *,
    by: str | None = None,
    key: bytes | Key | KeySource | None = None,
    low: float = 0.5,
    high: float = 2.0,
    digits: int = 2,
) -> Scale:
    """Multiply amounts by one secret factor per category: levels are hidden, patterns over time stay.

    The factor is ``low * (high / low) ** u`` with u uniform on [0, 1), drawn by HMAC-SHA-256(key, domain | category).
    Who knows one true amount of a category knows its factor.

    Parameters
    ----------
    path : str or sequence of str
        Fields that hold one number each.
    by : str, optional
        The category's field, outside the lists of `path` or beside it; without it all amounts share one factor.
        It is read when the rule's turn comes.
    key : bytes, Key or KeySource
        At least 32 random bytes.
    low, high : number
        The range of the factor.
    digits : int
        Decimals that stay.

    Returns
    -------
    Scale

    Examples
    --------
    >>> from privkit import events as ev
    >>> key = bytes(range(32))                        # public: never use it for data
    >>> recipe = ev.Recipe([ev.keep("lines[].name"), ev.scale("lines[].price", by="lines[].name", key=key)])
    >>> lines = [{"name": "tea", "price": 1000}, {"name": "tea", "price": 2000}, {"name": "rice", "price": 1000}]
    >>> tea, more_tea, rice = [line["price"] for line in recipe.apply([{"lines": lines}]).events[0]["lines"]]
    >>> round(more_tea / tea, 3), tea == rice
    (2.0, False)
    """
    return Scale(paths_of([path]), as_key(key), by, low, high, digits)


_SIDES = ("end", "start")


@dataclass(frozen=True)
class Mask(ValueOperation):
    """Shows the last or the first characters of a text, and a mark for each of the others, or one for all."""

    paths: tuple[str, ...]
    shown: int = 4
    side: str = "end"
    mark: str = "*"
    length: bool = False

    op = "mask"

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the parameters."""
        yield from super().problems()
        if not isinstance(self.shown, int) or isinstance(self.shown, bool) or self.shown < 0:
            yield "shown", "must be a whole number of characters, 0 or more"
        if self.side not in _SIDES:
            yield "side", "must be 'end' or 'start'"
        if not isinstance(self.mark, str) or len(self.mark) != 1:
            yield "mark", "must be one character"
        if not isinstance(self.length, bool):
            yield "length", "must be true or false"

    def phrase(self) -> str:
        """Return what becomes of a field."""
        where = "last" if self.side == "end" else "first"
        rest = "each other character masked, so that lengths stay" if self.length else "the rest masked"
        return f"masked: the {where} {self.shown} characters stay, {rest}"

    def change(self, run: Run, path: FieldPath) -> Change:
        """Return the function from value to value."""
        shown, mark, at_end = self.shown, self.mark, self.side == "end"
        every = self.length

        def masked(value: Any) -> str:
            if not isinstance(value, str):
                raise Unfit.of("a text", value)
            hidden = mark * (len(value) if len(value) <= shown else len(value) - shown) if every else mark * 4
            if len(value) <= shown:  # nothing of a text that is no longer than what is shown of others
                return hidden
            return hidden + value[len(value) - shown :] if at_end else value[:shown] + hidden

        return masked


@typed
def mask(
    path: str | Sequence[str],
    *,
    shown: int = 4,
    side: Literal["end", "start"] = "end",
    mark: str = "*",
    length: bool = False,
) -> Mask:
    """Show the ends of texts alone, as on receipts: ``****1234``.

    Masking hides a part from who reads; it is no pseudonym and no anonymity: what is shown still tells records apart,
    and may single a person out together with other fields. A text that has no more characters than are shown is
    masked whole. Numbers are refused: their last digits are no end of a text.

    Parameters
    ----------
    path : str or sequence of str
        Fields that hold text.
    shown : int
        How many characters stay.
    side : "end" or "start"
        At which end they are.
    mark : str
        The character that replaces each hidden one.
    length : bool
        Whether there are as many marks as characters. By default there are four, so that lengths are hidden too.

    Returns
    -------
    Mask
        An operation of a :class:`Recipe`.

    Examples
    --------
    >>> from privkit import events as ev
    >>> ev.Recipe([ev.mask(["iban", "pin"])]).apply([{"iban": "CH9300762011623852957", "pin": "1234"}]).events
    [{'iban': '****2957', 'pin': '****'}]
    """
    return Mask(paths_of([path]), shown, side, mark, length)
