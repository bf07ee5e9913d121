"""Hierarchies given as rules, total by construction: redaction, rare values, keep or hide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.tally.codes import is_missing
from privkit.transform.hierarchies.ladder import STAR, Level, text, top

if TYPE_CHECKING:
    import pandas as pd


def grouped(name: str, labels: Sequence[Any], words: str) -> Level:
    """Return a level from one label per value; the share is that of the distinct values. None, missing, is the last."""
    ordered = sorted(set(labels), key=lambda label: (label is None, label or ""))
    place = {label: number for number, label in enumerate(ordered)}
    codes = np.array([place[label] for label in labels], dtype=np.int64)
    shares = np.bincount(codes, minlength=len(ordered)) / max(len(labels), 1)
    return Level(name, codes, ordered, shares, words)


#: Small numbers in words.
_WORDS = ("no", "", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _said(count: int, what: str) -> str:
    return what if count == 1 else f"{_WORDS[count] if count < len(_WORDS) else count} {what}s"


@dataclass(frozen=True)
class Redact:
    """Characters of a code hidden one after the other, from one end."""

    side: str = "right"
    char: str = "*"
    step: int = 1
    length: int | None = None

    def levels(self, values: pd.Index, column: str) -> tuple[list[Level], float]:
        """Hide `step` more characters at each level."""
        texts = [text(value) for value in values]
        length = self.length or max((len(entry) for entry in texts), default=1)
        what = "digit" if all(entry.isascii() and entry.isdigit() for entry in texts) else "character"
        even = all(len(entry) == length for entry in texts)
        levels = [
            grouped(f"{n} hidden", [self._hide(entry, n) for entry in texts], self._words(n, length, what, even=even))
            for n in range(self.step, length, self.step)
        ]
        return [*levels, top(len(texts))], 1 / max(len(texts), 1)

    def _hide(self, entry: str, count: int) -> str:
        count = min(count, len(entry))
        stars = self.char * count
        return entry[: len(entry) - count] + stars if self.side == "right" else stars + entry[count:]

    def _words(self, hidden: int, length: int, what: str, *, even: bool) -> str:
        first, last = ("first", "last") if self.side == "right" else ("last", "first")
        if even:
            return f"{first} {_said(length - hidden, what)}"
        return f"all but the {last} {_said(hidden, what)}"

    def describe(self) -> list[str]:
        """Return one line per level."""
        return ["value", f"{self.step} more hidden from the {self.side} at each level", STAR]


@dataclass(frozen=True)
class Rare:
    """Values with few rows become one. It looks at counts, so it belongs to the exact side only."""

    other: str
    below: int

    def levels(self, values: pd.Index, column: str, counts: Sequence[int] | None = None) -> tuple[list[Level], float]:
        """Put the values with fewer than `below` rows into one group, a missing one included.

        Where that group has itself fewer rows, the next rarest value joins it, and so on: so no group is smaller, but
        where the column has fewer rows than that. Of values with as many rows the first by its text joins.
        """
        counts = counts if counts is not None else [self.below] * len(values)
        labels = [None if is_missing(value) else text(value) for value in values]
        order = sorted(
            range(len(labels)), key=lambda place: (counts[place], labels[place] is None, labels[place] or "")
        )
        rows = sum(count for count, label in zip(counts, labels, strict=True) if label == self.other)
        for place in order:
            if counts[place] >= self.below and not 0 < rows < self.below:
                break
            rows += 0 if labels[place] == self.other else counts[place]
            labels[place] = self.other
        words = f"values with fewer than {self.below} rows as one"
        return [grouped("rare", labels, words), top(len(values))], 1 / max(len(values), 1)

    def describe(self) -> list[str]:
        """Return one line per level."""
        return ["value", f"values with fewer than {self.below} rows: {self.other}", STAR]


@dataclass(frozen=True)
class Function:
    """The value, or nothing of it."""

    def levels(self, values: pd.Index, column: str) -> tuple[list[Level], float]:
        """Return the one level at which all values are one."""
        return [top(len(values))], 1 / max(len(values), 1)

    def describe(self) -> list[str]:
        """Return one line per level."""
        return ["value", STAR]
