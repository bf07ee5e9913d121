"""What the levels of a lattice make of a value, told in the hierarchies' own labels: no value and no row of the table.

A label is told where so many records share it that it singles out none: at least five, and the largest k that is asked
for. One that is a value of the table, as of a group that holds it alone, is never told. Where a criterion counts
persons no label is told, as many records may be of one person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.anonymity.kanonymity import KAnonymity
from privkit.tally.classes import STAR
from privkit.view.html import block
from privkit.view.parts.markup import Markup, join, tag
from privkit.view.parts.sheet import Table
from privkit.view.parts.words import label

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.transform.hierarchies.ladder import Ladder, Level
    from privkit.transform.lattice import Lattice

#: A label is told that as many records share, at least.
_COMMON = 5
#: Letters of a level's name, of a label beside it, and of one in the example.
_NAME, _LIKE, _LABEL = 28, 14, 24


@dataclass(frozen=True)
class Steps:
    """One column's levels.

    Attributes
    ----------
    names : tuple of str
        The levels, each with a label that is common there.
    chain : tuple of (str or None)
        What each level makes of the same records, from the values (None, as they are not told) upwards. None where
        too few of them share it.
    words : tuple of str
        What each level leaves of a value: "first two digits".
    """

    names: tuple[str, ...]
    chain: tuple[str | None, ...]
    words: tuple[str, ...]


def steps_of_levels(lattice: Lattice) -> dict[str, Steps]:
    """Return what the levels of each column make of a value."""
    coding = lattice.task.coding
    asked = [part.k for part in lattice.task.criterion.parts if isinstance(part, KAnonymity)]
    least = None if lattice.unit is not None else max([_COMMON, *asked])
    told = {}
    for ladder, codes in zip(coding.ladders, coding.combos, strict=True):
        rows = np.bincount(codes, weights=coding.counts, minlength=len(ladder.values))
        told[ladder.column] = _Telling(ladder, least).steps(rows.astype(np.float64))
    return {name: told[name] for name in lattice.columns}


class _Telling:
    """Which labels of a column are told."""

    def __init__(self, ladder: Ladder, least: int | None) -> None:
        self.ladder, self.least = ladder, least
        self.values = {str(value) for value in ladder.values}

    def steps(self, rows: NDArray[np.float64]) -> Steps:
        """Return the levels of a column whose values have so many rows."""
        levels = self.ladder.levels
        words = tuple(label(level.words, _NAME) for level in levels)
        return Steps(tuple(self._names(rows)), tuple(self._chain(rows)), words)

    def _names(self, rows: NDArray[np.float64]) -> Iterator[str]:
        for place, level in enumerate(self.ladder.levels):
            common = self._common(level, rows) if place else None
            like = "" if common is None else f", as {label(level.labels[common], _LIKE)}"
            yield f"{place}: {label(level.name, _NAME)}{like}"

    def _chain(self, rows: NDArray[np.float64]) -> list[str | None]:
        """Follow the records of the most common label downwards, from the highest level.

        Those that are followed have all labels of the levels above, whether or not the hierarchy is a tree.
        """
        chain: list[str | None] = [None] * self.ladder.n_levels
        for place in reversed(range(1, self.ladder.n_levels)):
            level = self.ladder.levels[place]
            if level.name == STAR:
                chain[place] = STAR
            elif (common := self._common(level, rows)) is not None:
                chain[place] = label(level.labels[common], _LABEL)
                rows = np.where(level.codes == common, rows, 0)
        return chain

    def _common(self, level: Level, rows: NDArray[np.float64]) -> int | None:
        """Return the label that most records have, of those that may be told; None where these are too few."""
        if self.least is None or level.name == STAR or not level.labels:
            return None
        found = np.bincount(level.codes, weights=rows, minlength=len(level.labels))
        for place in np.argsort(-found, kind="stable").tolist():
            if found[place] < self.least:
                return None
            if str(level.labels[place]) not in self.values:
                return place
        return None


def before_after(steps: Steps, level: int) -> tuple[str, str]:
    """Return what a level makes of a value: the finest label that may be told of it, and what stands in its place.

    Examples
    --------
    >>> ages = Steps(("0: value", "1: fives", "2: tens", "3: *"), (None, "20–24", "20–29", "*"),
    ...              ("as it is", "fives", "tens", "hidden"))
    >>> [before_after(ages, level) for level in range(4)]
    [('within 20–24', 'as it is'), ('within 20–24', '20–24'), ('within 20–24', '20–29'), ('within 20–24', '*')]
    >>> few = Steps(("0: value", "1: months"), (None, None), ("as it is", "the month"))
    >>> before_after(few, 0), before_after(few, 1)
    (('a value', 'as it is'), ('a value', 'the month'))
    """
    finest = next((one for one in steps.chain[1:] if one not in (None, STAR)), None)
    after = "as it is" if level == 0 else steps.chain[level] or steps.words[level]
    return ("a value" if finest is None else f"within {finest}"), after


def example(steps: Mapping[str, Steps], levels: Mapping[str, int]) -> Markup:
    """Return what the levels make of one value of each column, as a table."""
    rows = [[label(name), *before_after(one, levels[name])] for name, one in steps.items()]
    told = "Each column by itself, in labels that many records share: no row of the table, and no value."
    return join([block(Table(["for example", "before", "after"], rows, facts=True)), tag("p", told, class_="pk-note")])


def example_line(steps: Mapping[str, Steps], levels: Mapping[str, int]) -> str:
    """Return the same in one line."""
    told = (f"'{label(name)}' {' → '.join(before_after(one, levels[name]))}" for name, one in steps.items())
    return f"For example: {'; '.join(told)}."
