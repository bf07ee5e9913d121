"""The bench: the same attacks on members, on controls, on shuffled persons, and on planted leaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from privkit.attacks.claims import Planted, Sorted, TableAttack, by_size, claimed, folds
from privkit.attacks.controls import rate_of
from privkit.attacks.matching import Near, Rows, Targets, nearest
from privkit.attacks.scores import Scored, Seen, TableAttacker

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.attacks.columns import Column
    from privkit.attacks.scores import Sides

    Ints = NDArray[np.int64]

#: Shares of the rows that are copied.
PLANTED = (0.0, 0.01, 0.05, 0.2, 1.0)


@dataclass(frozen=True, eq=False)
class Bench:
    """People and a shared table, as columns.

    Attributes
    ----------
    columns : sequence of Column
    sides : Sides
    n_original, n_control : int
        People of the original come first, then the controls.
    n_shared : int
    own : array of int64, shape (n_original,), or None
        The shared row of each original one, -1 for none, where that is known.
    most : int
        How many members, and how many controls, are attacked at most.
    random : numpy.random.Generator
    groups : Sorted or None
        People by group, to tell whom the attacks find.
    """

    columns: Sequence[Column]
    sides: Sides
    n_original: int
    n_control: int
    n_shared: int
    own: Ints | None
    most: int
    random: np.random.Generator
    groups: Sorted | None = None

    def run(self) -> Mapping[str, TableAttack]:
        """Attack the shared table, and the planted ones."""
        members = self._some(np.arange(self.n_original))
        controls = self._some(np.arange(self.n_original, self.n_original + self.n_control))
        table = Rows(np.column_stack([one.cells for one in self.columns]), self._places("shared_at"))
        groups = {
            "members": self._known(members, None if self.own is None else self.own[members]),
            "control": self._known(controls, self._drawn(len(controls), self.n_shared)),
            "baseline": self._nobody(members),
        }
        found = self._scored(groups, table)
        planted, sorts = self._planted(len(members)), self._sorts()

        def judged(name: str) -> TableAttack:
            scored = {key: one[name] for key, one in found.items()}
            judges = scored["control" if self.n_control else "baseline"].scores
            claims = {key: claimed(one.scores, judges) for key, one in scored.items()}
            parts = {one.by: one.parts(members, claims["members"], controls, claims["control"]) for one in sorts}
            return replace(self._judged(name, scored, claims, planted), parts=parts)

        return {name: judged(name) for name in TableAttacker.kinds()}

    def _sorts(self) -> tuple[Sorted, ...]:
        """Return the people by part; nothing without controls, beside whom parts are told."""
        if not self.n_control:
            return ()
        return (by_size(np.column_stack([one.planted for one in self.columns])), *filter(None, [self.groups]))

    def _some(self, people: Ints) -> Ints:
        return self.random.permutation(people)[: self.most]

    def _places(self, which: str) -> NDArray[np.float32]:
        return np.ascontiguousarray(np.column_stack([getattr(one, which) for one in self.columns]))

    def _known(self, people: Ints, own: Ints | None = None) -> Targets:
        values = np.column_stack([one.values[people] for one in self.columns])
        return Targets(values, np.column_stack([one.people_at[people] for one in self.columns]), own)

    def _nobody(self, people: Ints) -> Targets:
        """Return persons who do not exist: each column of some people shuffled on its own."""
        orders = [self.random.permutation(people) for _ in self.columns]
        pairs = list(zip(self.columns, orders, strict=True))
        values = np.column_stack([one.values[order] for one, order in pairs])
        places = np.column_stack([one.people_at[order] for one, order in pairs])
        return Targets(values, places, self._drawn(len(people), self.n_shared))

    def _drawn(self, count: int, rows: int) -> Ints | None:
        """Return rows that are drawn for persons who have none, where others' own are known."""
        return None if self.own is None else self.random.integers(0, rows, count)

    def _scored(self, groups: Mapping[str, Targets], table: Rows) -> Mapping[str, Mapping[str, Scored]]:
        judges = groups["control"] if len(groups["control"]) else groups["baseline"]
        return {
            name: self._scores(group, table, nearest(group.places, table.places)[0], _others(group, judges), group.own)
            for name, group in groups.items()
        }

    def _scores(
        self, targets: Targets, table: Rows, near: Near, others: NDArray[np.float64], own: Ints | None
    ) -> Mapping[str, Scored]:
        """Return the scores of all attacks, by name."""
        seen = Seen(self.columns, self.sides, targets, table, near, others, own)
        return {name: kind.scored(seen) for name, kind in TableAttacker.kinds().items()}

    def _judged(
        self,
        name: str,
        found: Mapping[str, Scored],
        claims: Mapping[str, NDArray[np.bool_]],
        planted: Mapping[float, Mapping[str, Planted]],
    ) -> TableAttack:
        control = found["control"] if self.n_control else None
        rates = {key: rate_of(one) for key, one in claims.items()}
        right = {key: None if one.right is None else rate_of(one.right) for key, one in found.items()}
        return TableAttack(
            name=name,
            needs=TableAttacker.kinds()[name].needed(own=self.own is not None),
            rate=rates["members"],
            control=None if control is None else rates["control"],
            baseline=rates["baseline"],
            planted={share: one[name] for share, one in planted.items()},
            right=right["members"],
            right_control=None if control is None else right["control"],
        )

    @property
    def planted_absent(self) -> int:
        """How many controls there are beside a planted table: as many as beside the shared one, a third at most."""
        return min(self.n_control or self.most, self.most, (self.n_original + self.n_control) // 3)

    @property
    def planted_rows(self) -> int:
        """How many rows a planted table has: as the shared one, or half of the people who are no controls."""
        return min(self.n_shared, (self.n_original + self.n_control - self.planted_absent) // 2)

    def _planted(self, members: int) -> Mapping[float, Mapping[str, Planted]]:
        """Return what is found in tables of which a share of the rows are copies of members', the rest of others.

        Who is a member, a control or another is drawn of all people alike, so that where nothing is copied, members
        and controls are exchangeable.
        """
        everybody = self.random.permutation(self.n_original + self.n_control)
        absent, size = self.planted_absent, self.planted_rows
        control, inside, others = everybody[:absent], everybody[absent:][:size], everybody[absent + size :][:size]
        tested = np.sort(self.random.permutation(size)[:members])
        copies = [round(share * size) for share in PLANTED]
        cells = np.column_stack([one.planted for one in self.columns])
        places = self._places("planted_at")
        answers: dict[float, dict[str, Planted]] = {}
        drawn = self._drawn(absent, size)
        groups = {"members": self._known(inside[tested]), "control": self._known(control)}
        beside = {key: _others(one, groups["control"]) for key, one in groups.items()}
        near = {key: _planted_near(one, places[others], places[inside], copies) for key, one in groups.items()}
        for step, (share, copied) in enumerate(zip(PLANTED, copies, strict=True)):
            table = Rows(cells[np.concatenate([others[: size - copied], inside[:copied]])], places[:0])
            own = {"members": tested + size, "control": drawn}
            if drawn is not None:  # rows of the table, as `_planted_near` numbers them
                own["control"] = np.where(drawn < size - copied, drawn, drawn + copied)
            found = {
                key: self._scores(one, table, near[key][step], beside[key], None if drawn is None else own[key])
                for key, one in groups.items()
            }
            answers[share] = {
                name: _planted(share, found["members"][name].scores, found["control"][name].scores)
                for name in found["members"]
            }
        return answers


def _planted(share: float, members: NDArray[np.float64], controls: NDArray[np.float64]) -> Planted:
    return Planted(share, rate_of(claimed(members, controls)), rate_of(claimed(controls, controls)))


def _others(group: Targets, judges: Targets) -> NDArray[np.float64]:
    """Return how near the nearest judge is who is not in the target's own fold."""
    fold, judged_by = folds(len(group)), folds(len(judges))
    apart = np.full(len(group), np.inf)
    for one in (0, 1):
        there = judges.places[judged_by != one]
        if len(there) and (fold == one).any():
            apart[fold == one] = nearest(group.places[fold == one], there)[0].first
    return apart


def _planted_near(
    group: Targets, others: NDArray[np.float32], inside: NDArray[np.float32], copies: Sequence[int]
) -> list[Near]:
    """Return the two nearest rows in each planted table: among the first of the others, and the first of the copies.

    Copies are numbered from `size` on in every table, the others from 0.
    """
    size = len(inside)
    ends = [size - copied for copied in copies]
    around = dict(zip(sorted(ends), nearest(group.places, others, sorted(ends)), strict=True))
    copied_near = [Near(one.first, one.second, one.row + size) for one in nearest(group.places, inside, copies)]
    return [around[end].beside(near) for end, near in zip(ends, copied_near, strict=True)]
