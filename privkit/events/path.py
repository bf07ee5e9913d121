r"""Paths of fields in nested events: ``shipping.zip``, ``products[].price``, ``tags[]``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from privkit.errors.events import PathError


@dataclass(frozen=True, slots=True)
class FieldPath:
    r"""Where a field is: names, and None for "every element of the list".

    Examples
    --------
    >>> parse_path("products[].price").steps
    ('products', None, 'price')
    >>> str(FieldPath(("products", None, "unit.price")))
    'products[].unit\\.price'
    """

    steps: tuple[str | None, ...]

    def __str__(self) -> str:
        text = ""
        for step in self.steps:
            text += "[]" if step is None else f"{'.' if text else ''}{_escaped(step)}"
        return text

    @property
    def name(self) -> str | None:
        """The last step; None where the path ends with ``[]``."""
        return self.steps[-1]

    @property
    def lists(self) -> int:
        """How many lists lie on the way."""
        return self.steps.count(None)

    def below(self, other: FieldPath) -> bool:
        """Whether this is `other` or lies inside it."""
        return self.steps[: len(other.steps)] == other.steps

    def head(self, lists: int) -> tuple[str | None, ...]:
        """Return the steps up to and with the `lists`-th ``[]``."""
        at = 0
        for _ in range(lists):
            at = self.steps.index(None, at) + 1
        return self.steps[:at]

    def template(self) -> str:
        """Return the path as a template for positions in its lists: ``products[%d].price``."""
        return str(self).replace("%", "%%").replace("[]", "[%d]")


def _escaped(name: str) -> str:
    return "".join(f"\\{char}" if char in "\\.[]" else char for char in name)


@lru_cache(maxsize=1024)
def parse_path(text: str) -> FieldPath:
    r"""Read a path. A dot, bracket or backslash in a name is written with a backslash before it.

    Raises
    ------
    PathError
        If it is no path.

    Examples
    --------
    >>> parse_path(r"unit\.price").steps
    ('unit.price',)
    """
    if not isinstance(text, str):
        raise PathError.of(text, "it must be text")
    steps: list[str | None] = []
    name, at, open_name = "", 0, True
    while at < len(text):
        char = text[at]
        if char == "\\" and at + 1 < len(text):
            name, at = name + text[at + 1], at + 1
        elif char in ".[":
            if open_name:
                _take(steps, name, text)
            name, open_name = "", char == "."
            if char == "[":
                at = _bracket(text, at)
                steps.append(None)
        elif char == "]" or not open_name:
            raise PathError.of(text, "brackets stand as '[]', with a dot after them")
        else:
            name += char
        at += 1
    if open_name:
        _take(steps, name, text)
    return FieldPath(tuple(steps))


def _take(steps: list[str | None], name: str, text: str) -> None:
    if not name:
        raise PathError.of(text, "a name is empty")
    steps.append(name)


def _bracket(text: str, at: int) -> int:
    if text[at : at + 2] != "[]":
        raise PathError.of(text, "a rule holds for every element of a list, written '[]'")
    return at + 1
