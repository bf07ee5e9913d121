"""What the explorer draws of a lattice: a map of all its settings, and what the levels of one make of a value.

On the map stands every setting by what it suppresses and what it loses. It is drawn once for a goal, with its optimum;
a move only sets the ring on it. Settings that fall on one spot of the drawing are one point of it.

What levels make of a value is told in the hierarchies' own labels: no value and no row of the table. A label is told
where so many records share it that it singles out none: at least five, and the largest k that is asked for. One that is
a value of the table, as of a group that holds it alone, is never told. Where a criterion counts persons no label is
told, as many records may be of one person.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.anonymity.kanonymity import KAnonymity
from privkit.tally.classes import STAR
from privkit.transform.anonymize import search
from privkit.transform.lattice import Lattice, Survey
from privkit.view.html import block
from privkit.view.panels.base import WIDTH, area, drawing, line, words
from privkit.view.panels.notebook import attended
from privkit.view.parts.markup import Markup, join, tag
from privkit.view.parts.sheet import Table
from privkit.view.parts.words import label, number, percent, plural

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.transform.hierarchies.ladder import Ladder, Level

#: A larger lattice has no map: each of its nodes would be judged.
MOST = 60_000
#: From so many settings on, points are drawn on a coarser ground: each is wider than its steps, so that no gap shows.
_MANY, _COARSE = 2_000, 3
#: How many seconds the optimum of a larger one is looked for.
SECONDS = 2.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, WIDTH - 14, 20, 176
#: The shares that the axis names.
_TICKS = (0.0, 0.01, 0.1, 0.25, 0.5, 1.0)


@dataclass(frozen=True, eq=False)
class Atlas:
    """All settings of a lattice, judged by its goal.

    Attributes
    ----------
    lattice : Lattice
    levels : array of int64, shape (n_nodes, n_columns)
    suppressed : array of int64, shape (n_nodes,)
        The records whose class falls short: who would stand out, and is left out.
    loss : array of float64, shape (n_nodes,)
    feasible : array of bool, shape (n_nodes,)
    """

    lattice: Lattice
    levels: NDArray[np.int64]
    suppressed: NDArray[np.int64]
    loss: NDArray[np.float64]
    feasible: NDArray[np.bool_]

    @classmethod
    def of(cls, lattice: Lattice) -> Atlas:
        """Judge all settings of a lattice."""
        return cls.by(lattice, lattice.nodes())

    @classmethod
    def so_far(cls, survey: Survey, *shown: Mapping[str, Any]) -> Atlas:
        """Return the map of what a survey has judged, of settings that are shown, and of the one with all at ``*``.

        The last one loses most: it keeps the axis as it will be.
        """
        lattice = survey.lattice
        highest = lattice.node({name: size - 1 for name, size in lattice.shape.items()})
        return cls.by(lattice, survey.nodes([*shown, highest]))

    @classmethod
    def by(cls, lattice: Lattice, nodes: pd.DataFrame) -> Atlas:
        """Return the map of settings that are judged."""
        suppressed, loss, feasible = (nodes[name].to_numpy() for name in ("suppressed", "loss", "feasible"))
        return cls(lattice, nodes[list(lattice.columns)].to_numpy(np.int64), suppressed, loss, feasible.astype(bool))

    def at(self, place: int) -> dict[str, int]:
        """Return the levels of one setting."""
        return {name: int(level) for name, level in zip(self.lattice.columns, self.levels[place], strict=True)}

    @property
    def best(self) -> int | None:
        """The setting that loses least among those that are allowed; None where none is."""
        return int(np.where(self.feasible, self.loss, math.inf).argmin()) if self.feasible.any() else None

    @property
    def start(self) -> int:
        """The best setting; where none is allowed, the one that comes nearest."""
        best = self.best
        return int(np.lexsort((self.loss, self.suppressed))[0]) if best is None else best

    def frontier(self) -> list[int]:
        """Return the settings that no other one beats in both, from the fewest suppressed to the least loss.

        Where several are equal in both, the first.
        """
        found: list[int] = []
        least = math.inf
        for place in np.lexsort((self.loss, self.suppressed)).tolist():
            if self.loss[place] < least:
                found.append(place)
                least = float(self.loss[place])
        return found

    def nearest(self, x: float, y: float) -> int:
        """Return the setting whose point lies nearest to a spot of the drawing: of equal ones the one that loses less.

        Parameters
        ----------
        x, y : float
            In the units of the drawing.
        """
        across, down = self._spots()
        far = (across - x) ** 2 + (down - y) ** 2
        return int(np.lexsort((self.loss, far))[0])

    def _spots(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return self._spot(self.suppressed, self.loss)

    def _spot(
        self, suppressed: NDArray[np.int64] | int, loss: NDArray[np.float64] | float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        share = np.asarray(suppressed) / max(self.lattice.task.coding.n_rows, 1)
        return _across(share), _BOTTOM - np.asarray(loss) / (float(self.loss.max()) or 1.0) * (_BOTTOM - _TOP)

    def ground(self, *, star: bool = True) -> list[Markup]:
        """Return what stays as one moves: axes, the line of what is allowed, all points, and the optimum's `star`."""
        task = self.lattice.task
        x, y = self._spots()
        limit = float(_across(np.asarray(task.limit / max(task.coding.n_rows, 1))))
        worst = float(self.loss.max())
        kinds = {"pk-node-short": ~self.feasible, "pk-node": self.feasible}
        shapes = [
            line("pk-axis", (_LEFT, _TOP), (_LEFT, _BOTTOM), (_RIGHT, _BOTTOM)),
            *(_points(kind, x[those], y[those]) for kind, those in kinds.items()),
            line("pk-limit", (limit, _TOP - 6), (limit, _BOTTOM)),
            words(limit + 4, _TOP - 8, f"allowed: up to {percent(task.limit, task.coding.n_rows)}", "start"),
            words(_LEFT - 5, _TOP + 6, number(worst), "end", small=True),
            words(_LEFT - 5, _BOTTOM + 3, 0, "end", small=True),
            words(6, _TOP - 8, task.utility, "start"),
            words((_LEFT + _RIGHT) / 2, _BOTTOM + 28, "records that stand out, and are suppressed (axis: square root)"),
            *(_tick(one) for one in _TICKS),
        ]
        best = self.best
        if star and best is not None:
            shapes.append(area("pk-star", *_star(float(x[best]), float(y[best]))))
        return shapes

    def drawn(self, ground: list[Markup], node: Mapping[str, float]) -> Markup:
        """Return the map with a ring at a setting."""
        x, y = self._spot(int(node["suppressed"]), float(node["loss"]))
        ring = Markup(f'<circle class="pk-here" cx="{float(x):.1f}" cy="{float(y):.1f}" r="8"/>')
        told = f"a map of {plural(len(self.loss), 'setting')}: what they suppress, and what they lose"
        map_ = drawing(told, *ground, ring, height=_BOTTOM + 36)
        return Markup(map_.replace('class="pk-drawing"', 'class="pk-drawing pk-map"', 1))

    def told(self, node: Mapping[str, float]) -> str:
        """Return the map in words: how many are allowed, the best one, and what beats the setting that is shown."""
        task, best = self.lattice.task, self.best
        met, many = number(int(self.feasible.sum())), plural(len(self.loss), "setting")
        if best is None:
            return f"None of {many} is allowed by {task.criterion}."
        gone = percent(int(self.suppressed[best]), task.coding.n_rows)
        star = f"the best (★) is {self.at(best)}: {gone} suppressed, {task.utility} {number(float(self.loss[best]))}"
        return f"{met} of {many} are allowed; {star}. {self.beaten(node)}"

    def beaten(self, node: Mapping[str, float]) -> str:
        """Return whether another setting suppresses no more, and loses less."""
        within = self.suppressed <= node["suppressed"]
        other = int(np.where(within, self.loss, math.inf).argmin())
        if not within[other] or float(self.loss[other]) >= float(node["loss"]):
            return "None that suppresses no more loses less than the one that is shown (○)."
        less = f"{self.lattice.task.utility} {number(float(self.loss[other]))}"
        return f"{self.at(other)} suppresses no more than the one that is shown (○), and loses less: {less}."


def in_pieces(lattice: Lattice, wanted: Callable[[Survey], bool], tell: Callable[[Survey], None]) -> Survey:
    """Judge all settings while the kernel does what else comes up, as a move of a slider; `tell` how far it is.

    It ends when all are judged, or when it is not `wanted` any more. Where no kernel's loop runs, all at once. Where
    nobody sits before it so too, for `SECONDS_ALONE` at most: what executes a notebook may end before the pieces do.
    """
    survey = Survey(lattice)
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        survey.go_on(math.inf)
        return survey
    if not attended() and survey.go_on(SECONDS_ALONE):
        return survey
    next_ = time.monotonic() + _TOLD

    def piece() -> None:
        nonlocal next_
        if not wanted(survey):
            return
        done = survey.go_on(_PIECE)
        if done or (began := time.monotonic()) > next_:
            tell(survey)
            if not done:  # to tell takes longer, the more there is
                next_ = time.monotonic() + max(_TOLD, _REST * (time.monotonic() - began))
        if not done:
            loop.call_later(_PAUSE, piece)

    loop.call_later(_PAUSE, piece)
    return survey


#: How many seconds settings are judged in one go, what is left between two for what else comes up, how often it is
#: told how far that is, and how many times as long as that took is waited at least.
_PIECE, _PAUSE, _TOLD, _REST = 0.03, 0.005, 0.5, 10
#: How many seconds settings are judged within a cell of a notebook that is executed with nobody before it.
SECONDS_ALONE = 60.0


def begin(lattice: Lattice) -> dict[str, int]:
    """Return the best setting that two seconds find in a lattice that is too large for a map."""
    found = search(lattice.task, time.monotonic() + SECONDS, None)
    node = found.node if found.node is not None else tuple(most for _, most in lattice.task.allowed)
    levels = dict(zip(lattice.task.coding.columns, node, strict=True))
    return {name: int(levels[name]) for name in lattice.columns}


def _tick(share: float) -> Markup:
    """Return a share below the axis; the last one ends with the axis, or its sign would be cut off."""
    last = share == _TICKS[-1]
    place = _RIGHT + 12 if last else float(_across(np.asarray(share)))
    return words(place, _BOTTOM + 13, f"{100 * share:g} %", "end" if last else "middle", small=True)


def _across(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where a share stands: by its root, as what is allowed lies close to zero."""
    return _LEFT + np.sqrt(share) * (_RIGHT - _LEFT)


def _points(kind: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> Markup:
    """Return points as one shape; those within one step of the ground are one point."""
    step = _COARSE if len(x) > _MANY else 1
    spots = np.unique(np.stack([(x / step).round(), (y / step).round()], axis=1), axis=0).astype(int) * step
    return Markup(f'<path class="{kind}" d="{"".join(f"M{across} {down}h0" for across, down in spots.tolist())}"/>')


def _star(x: float, y: float) -> list[tuple[float, float]]:
    turns = [math.pi * corner / 5 - math.pi / 2 for corner in range(10)]
    sizes = [9.0 if corner % 2 == 0 else 4.0 for corner in range(10)]
    return [(x + size * math.cos(turn), y + size * math.sin(turn)) for size, turn in zip(sizes, turns, strict=True)]


# -- what levels make of a value -----------------------------------------------------------------------------------

#: A label is told that as many records share, at least.
_COMMON = 5
#: Letters of a level's name, of a label beside it, and of one in the example.
_LEVEL_NAME, _LIKE, _LABEL = 28, 14, 24


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
        words = tuple(label(level.words, _LEVEL_NAME) for level in levels)
        return Steps(tuple(self._names(rows)), tuple(self._chain(rows)), words)

    def _names(self, rows: NDArray[np.float64]) -> Iterator[str]:
        for place, level in enumerate(self.ladder.levels):
            common = self._common(level, rows) if place else None
            like = "" if common is None else f", as {label(level.labels[common], _LIKE)}"
            yield f"{place}: {label(level.name, _LEVEL_NAME)}{like}"

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
