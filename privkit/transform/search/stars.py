"""Cells kept or starred, improved from a first answer: classes are opened, closed, ruined and made again.

Each combination of values has a pattern: which of its columns are starred. Combinations of one pattern that agree in
the other columns are a class, and a class holds k rows or none; combinations that are starred in all columns may be
suppressed instead, up to the limit. What is minimized is the sum of the rows' costs, each that of its pattern.

This is facility location with lower bounds, which is NP-hard (for cells: Meyerson and Williams 2004). So it is a local
search (Aarts and Lenstra 1997) with ruin and recreate (Schrimpf et al. 2000): a class is opened where the rows that it
saves pay for the classes that they leave too small; a class is closed where its rows fare better elsewhere; and then,
again and again, rows that are alike lose their classes and are placed anew. On samples of real tables of some 250 rows
it ends within 2 % of the optimum, which integer programming finds (tests/slow). It is the same each time.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.codes import distinct, packed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

#: Places (combinations times patterns) that are looked at, at most.
_PLACES = 10_000_000
#: Classes that a sweep looks at; rounds of ruin and recreate, and the combinations that each begins with.
_LOOKS, _ROUNDS, _RUINED = 20_000, 600, 25
#: Rounds for each combination, where these are few.
_EACH = 4
_NOISE = 0.3
_TINY = 1e-9


class Stars:
    """An assignment of patterns to combinations.

    Parameters
    ----------
    combos : array of int64, shape (n_columns, n_combos)
        The code of each column's value.
    counts : array of int64, shape (n_combos,)
        Rows of each combination.
    starred : array of bool, shape (n_columns, n_combos)
        Which cells are starred to begin with.
    costs : array of float, shape (n_columns,)
        What a starred cell of each column costs.
    spans : sequence of (int, int)
        0 and 1, or which of them alone, is allowed in each column.
    k, limit : int
        The least rows of a class, and how many may be suppressed.
    """

    def __init__(
        self,
        combos: Ints,
        counts: Ints,
        starred: NDArray[np.bool_],
        costs: Floats,
        spans: Iterable[tuple[int, int]],
        *,
        k: int,
        limit: int,
    ) -> None:
        self.combos, self.counts, self.k, self.limit = combos, counts, k, limit
        spans = list(spans)
        self.whole = all(most == 1 for _, most in spans)
        used = [tuple(column) for column in np.unique(starred.T, axis=0).tolist()]
        patterns = _patterns(spans, used, _PLACES // max(len(counts), 1))
        # The cheapest first, so that the first class that is open is the best; all stars are last in any case.
        order = np.append(np.argsort(patterns[:-1] @ costs, kind="stable"), len(patterns) - 1)
        self.patterns = patterns[order]
        self.costs = self.patterns @ costs
        place = {tuple(pattern): number for number, pattern in enumerate(self.patterns.tolist())}
        self.pattern_of = np.array([place[tuple(column)] for column in starred.T.tolist()], dtype=np.int64)
        self.top = len(self.patterns) - 1
        self._lay()

    def _lay(self) -> None:
        """Number the class of each combination under each pattern, and fill the classes."""
        groups, self.begins, self.order = [], [0], []
        for pattern in self.patterns:
            kept = [self.combos[column] for column in np.flatnonzero(~pattern)]
            codes = packed(kept)[0] if kept else np.zeros(len(self.counts), dtype=np.int64)
            found, place = distinct(codes)
            groups.append(place + self.begins[-1])
            self.begins.append(self.begins[-1] + len(found))
            self.order.append(np.argsort(place, kind="stable"))
        self.groups = np.array(groups)
        self.first = [
            np.searchsorted(group[order], np.arange(begin, end + 1))
            for group, order, begin, end in zip(groups, self.order, self.begins, self.begins[1:], strict=False)
        ]
        self.homes_of = np.ascontiguousarray(self.groups.T)
        self.possible = np.bincount(self.groups.ravel(), weights=np.tile(self.counts, len(groups)))
        self.sizes = np.zeros(self.begins[-1], dtype=np.int64)
        own = self.groups[self.pattern_of, np.arange(len(self.counts))]
        np.add.at(self.sizes, own, self.counts)
        self.members: dict[int, set[int]] = {}
        for combo, group in enumerate(own.tolist()):
            self.members.setdefault(group, set()).add(combo)
        self.last = int(self.groups[self.top, 0])
        self.moves: list[tuple[int, int]] | None = None

    @property
    def total(self) -> float:
        """What all rows cost."""
        return float(self.costs[self.pattern_of] @ self.counts)

    @property
    def bound(self) -> float:
        """What all rows would cost, were each in the cheapest class that has rows enough for itself."""
        fits = self.possible[self.homes_of] >= self.k
        fits[:, self.top] = True
        return float(self.costs[fits.argmax(axis=1)] @ self.counts)

    @property
    def starred(self) -> NDArray[np.bool_]:
        """Which cells are starred; shape (n_columns, n_combos)."""
        return self.patterns[self.pattern_of].T

    def stands(self, group: int, size: int) -> bool:
        """Return whether a class may have so many rows."""
        if group == self.last:
            return size <= self.limit or (self.whole and size >= self.k)
        return size == 0 or size >= self.k

    def run(self, deadline: float | None = None) -> NDArray[np.bool_]:
        """Improve, and return which cells are starred; of a search that ends early, the best so far."""
        best = self.pattern_of.copy()
        try:
            self._sweep(deadline)
            best = self.pattern_of.copy()
            random = np.random.default_rng(0)
            cost, bound = self.total, self.bound
            for _ in range(min(_ROUNDS, _EACH * len(self.counts))):
                if cost <= bound + _TINY or (deadline is not None and time.monotonic() > deadline):
                    break
                if (now := self._anew(random, cost)) < cost - _TINY:
                    cost, best = now, self.pattern_of.copy()
        except KeyboardInterrupt:
            pass
        return self.patterns[best].T

    # -- moves --------------------------------------------------------------------------------------------------------

    def _move(self, combo: int, pattern: int) -> None:
        before = int(self.pattern_of[combo])
        if self.moves is not None:
            self.moves.append((combo, before))
        old, new, rows = int(self.groups[before, combo]), int(self.groups[pattern, combo]), int(self.counts[combo])
        self.members[old].discard(combo)
        self.members.setdefault(new, set()).add(combo)
        self.sizes[old] -= rows
        self.sizes[new] += rows
        self.pattern_of[combo] = pattern

    def _homes(self, combos: Ints, without: int, also: int = -1) -> tuple[Ints, bool]:
        """Return the cheapest pattern of each combination whose class is open, and whether each has one."""
        groups = self.homes_of[combos]
        fits = (self.sizes[groups] >= self.k) | (groups == also)
        fits &= groups != without
        if not self.whole:
            fits[:, self.top] = False
        first = fits.argmax(axis=1)
        return first, bool(fits[np.arange(len(combos)), first].all())

    def _inside(self, pattern: int, group: int) -> Ints:
        """Return the combinations that a class of a pattern could hold."""
        place = group - self.begins[pattern]
        return self.order[pattern][self.first[pattern][place] : self.first[pattern][place + 1]]

    def _open(self, pattern: int, group: int) -> bool:
        """Open a class, or let more rows join it, where that pays."""
        inside = self._inside(pattern, group)
        joins = inside[self.costs[self.pattern_of[inside]] > self.costs[pattern] + _TINY]
        if not len(joins):
            return False
        source = self.groups[self.pattern_of[joins], joins]
        gain, rows = 0.0, int(self.sizes[group])
        moves: list[tuple[int, int]] = []
        for old in np.unique(source).tolist():
            won, came, made = self._from(old, joins[source == old], pattern, group)
            gain, rows, moves = gain + won, rows + came, moves + made
        if not self.stands(group, rows):
            lost, more = self._filled(inside, pattern, group, self.k - rows, {combo for combo, _ in moves})
            if more is None:
                return False
            gain, moves = gain - lost, moves + more
        return gain > _TINY and self._moved(moves)

    def _moved(self, moves: list[tuple[int, int]]) -> bool:
        """Move combinations, or none of them where a class that they leave or join would not stand."""
        before = [(combo, int(self.pattern_of[combo])) for combo, _ in moves]
        touched = {int(self.groups[pattern, combo]) for combo, pattern in (*before, *moves)}
        if self.moves is not None:
            touched.discard(self.last)  # whose rows are on their way
        for combo, pattern in moves:
            self._move(combo, pattern)
        if all(self.stands(group, int(self.sizes[group])) for group in touched):
            return True
        for combo, pattern in reversed(before):
            self._move(combo, pattern)
        return False

    def _from(self, old: int, joins: Ints, pattern: int, group: int) -> tuple[float, int, list[tuple[int, int]]]:
        """Return what is won where combinations leave a class for another, the rows that come, and all moves.

        Where too few rows are left behind, either these find the next best class, or fewer leave.
        """
        before = float(self.costs[self.pattern_of[joins[0]]])
        each, rows = before - float(self.costs[pattern]), int(self.counts[joins].sum())
        moves = [(combo, pattern) for combo in joins.tolist()]
        if self.stands(old, int(self.sizes[old]) - rows):
            return each * rows, rows, moves
        fewer, free = [], int(self.sizes[old]) - self.k
        for combo in joins[np.argsort(-self.counts[joins], kind="stable")].tolist():
            if self.counts[combo] <= free:
                fewer.append((combo, pattern))
                free -= int(self.counts[combo])
        some = int(sum(self.counts[combo] for combo, _ in fewer))
        rest = np.array(sorted(self.members[old] - set(joins.tolist())), dtype=np.int64)
        homes, found = self._homes(rest, old, group)
        if not found:
            return each * some, some, fewer
        won = each * rows - float((self.costs[homes] - before) @ self.counts[rest])
        if won <= each * some:
            return each * some, some, fewer
        came = int(self.counts[rest[self.groups[homes, rest] == group]].sum())
        return won, rows + came, moves + list(zip(rest.tolist(), homes.tolist(), strict=True))

    def _filled(
        self, inside: Ints, pattern: int, group: int, need: int, taken: set[int]
    ) -> tuple[float, list[tuple[int, int]] | None]:
        """Return what filling a class up from classes with rows to spare costs, and the moves; None if it cannot be."""
        cost, spare = 0.0, dict[int, int]()
        moves: list[tuple[int, int]] = []
        extra = (self.costs[pattern] - self.costs[self.pattern_of[inside]]) * self.counts[inside]
        for place in np.argsort(extra, kind="stable").tolist():
            if need <= 0:
                break
            combo = int(inside[place])
            old, rows = int(self.groups[self.pattern_of[combo], combo]), int(self.counts[combo])
            if extra[place] < 0 or combo in taken or old == group:
                continue
            left = spare.get(old, int(self.sizes[old]) - self.k)
            if rows <= left:
                spare[old] = left - rows
                cost, need = cost + float(extra[place]), need - rows
                moves.append((combo, pattern))
        return cost, moves if need <= 0 else None

    def _close(self, group: int) -> bool:
        """Close a class where its rows fare better in others."""
        combos = np.array(sorted(self.members[group]), dtype=np.int64)
        homes, found = self._homes(combos, group)
        if not found:
            return False
        if (self.costs[self.pattern_of[combos]] - self.costs[homes]) @ self.counts[combos] <= _TINY:
            return False
        return self._moved(list(zip(combos.tolist(), homes.tolist(), strict=True)))

    # -- sweeps -------------------------------------------------------------------------------------------------------

    def _sweep(self, deadline: float | None) -> None:
        """Open and close classes until nothing pays any more."""
        looks, before = 0, np.inf
        while self.total < before - _TINY and looks < _LOOKS:
            before = self.total
            for pattern in range(len(self.patterns)):
                for group in self._promising(pattern):
                    looks += 1
                    if looks > _LOOKS or (deadline is not None and time.monotonic() > deadline):
                        return
                    self._open(pattern, group)
            for group in [group for group, combos in self.members.items() if combos]:
                self._close(group)

    def _promising(self, pattern: int) -> list[int]:
        """Return the classes of a pattern that rows would gain by, those of most gain first."""
        begin, end = self.begins[pattern], self.begins[pattern + 1]
        gains = np.maximum(self.costs[self.pattern_of] - self.costs[pattern], 0.0) * self.counts
        found = np.bincount(self.groups[pattern] - begin, weights=gains, minlength=end - begin)
        chosen = np.flatnonzero((found > _TINY) & (self.possible[begin:end] >= self.k))
        return (chosen[np.argsort(-found[chosen], kind="stable")] + begin).tolist()

    def _anew(self, random: np.random.Generator, cost: float) -> float:
        """Let the classes of combinations that are alike go and place their rows anew; take back what costs more."""
        self.moves = []
        try:
            combos = self._alike(random)
            for combo in combos.tolist():
                self._move(combo, self.top)
            for pattern, group in self._around(combos, random):
                if self.costs[pattern] < self.costs[self.pattern_of[combos]].max() - _TINY:
                    self._open(pattern, group)
            now = self.total
            if self.stands(self.last, int(self.sizes[self.last])) and now <= cost + _TINY:
                return now
            undo, self.moves = self.moves, None
            for combo, pattern in reversed(undo):
                self._move(combo, pattern)
            return cost
        finally:
            self.moves = None

    def _alike(self, random: np.random.Generator) -> Ints:
        """Return the combinations of a few classes, around one that is drawn."""
        one = int(random.integers(len(self.counts)))
        same = (self.combos == self.combos[:, [one]]).sum(axis=0) + random.random(len(self.counts))
        near = np.argpartition(-same, min(4 * _RUINED, len(same) - 1))[: 4 * _RUINED]
        found: set[int] = set()
        for combo in near[np.argsort(-same[near], kind="stable")].tolist():
            if len(found) >= _RUINED:
                break
            found |= self.members[int(self.groups[self.pattern_of[combo], combo])]
        return np.array(sorted(found), dtype=np.int64)

    def _around(self, combos: Ints, random: np.random.Generator) -> list[tuple[int, int]]:
        """Return the classes that combinations could form or join, cheap ones first, and a little by chance."""
        groups = self.groups[: self.top, combos]
        found, place = distinct(groups.ravel())
        rows = np.bincount(place, weights=np.tile(self.counts[combos], self.top), minlength=len(found))
        pattern = np.searchsorted(self.begins, found, side="right") - 1
        chosen = np.flatnonzero(rows + self.sizes[found] >= self.k)
        price = self.costs[pattern[chosen]] * (1 + _NOISE * random.random(len(chosen)))
        order = chosen[np.argsort(price, kind="stable")]
        return list(zip(pattern[order].tolist(), found[order].tolist(), strict=True))


def _patterns(spans: list[tuple[int, int]], used: list[tuple[bool, ...]], most: int) -> NDArray[np.bool_]:
    """Return the patterns to look at, those of few stars first and all stars last; those in use at least.

    All that are allowed where these are few enough; else those in use, and what differs from them in one column.
    """
    width = len(spans)
    fits = {tuple(bool(bit) for bit in pattern) for pattern in used} | {(True,) * width}
    free = [place for place, (least, high) in enumerate(spans) if least < high]
    if 2 ** len(free) <= most:
        base = np.array([bool(least) for least, _ in spans])
        for number in range(2 ** len(free)):
            pattern = base.copy()
            pattern[free] = [bool(number >> bit & 1) for bit in range(len(free))]
            fits.add(tuple(pattern.tolist()))
    else:
        near = ((*one[:place], not one[place], *one[place + 1 :]) for one in sorted(fits, key=sum) for place in free)
        for other in near:
            if len(fits) >= most:
                break
            fits.add(other)
    return np.array(sorted(fits, key=lambda one: (sum(one), one)), dtype=bool)
