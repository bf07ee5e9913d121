"""`attack_release`: attacks on published counts (exact, noisy by hand, `dp_*`), by the function that publishes them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.attacks.bench import PLANTED
from privkit.attacks.claims import Attack, Planted, TableAttack, TableAttacks, claimed
from privkit.attacks.controls import rate_of
from privkit.attacks.figures import GROUP, GROUPS, Asked, differenced, evidence, membership, reconstructed
from privkit.attacks.tables import LEAST
from privkit.errors import ParameterError
from privkit.errors.attacks import AttackError
from privkit.errors.root import type_told
from privkit.risk.attackers import Rate
from privkit.tally.frame import column_names, open_frame
from privkit.tally.row_classes import chosen_columns
from privkit.tally.selection import all_columns
from privkit.values.arguments import column_name, positive_int, public, typed, whole
from privkit.values.frozen import Frozen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.values.inputs import Frame

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]


class ReleaseAttacker(Attack, ABC):
    """An attack on published counts. What is abstract here is what a new one must answer."""

    @classmethod
    @abstractmethod
    def attacked(cls, bench: Bench) -> TableAttack:
        """Return what it finds in what is published, beside controls, and in planted exact counts."""


class Differencing(ReleaseAttacker):
    """Two counts that differ by one person."""

    name = words = "differencing"
    needs = "counts of everybody, and of everybody but the person; a find is the person's value"

    @classmethod
    def attacked(cls, bench: Bench) -> TableAttack:
        """Ask each question once."""
        return bench.differenced(cls, 1)


class Averaging(ReleaseAttacker):
    """The mean of answers to one question."""

    name = words = "averaging"
    needs = "the same counts, asked again and again; a find is the person's value"

    @classmethod
    def attacked(cls, bench: Bench) -> TableAttack:
        """Ask each question again and again."""
        return bench.differenced(cls, bench.repeats)


class Reconstruction(ReleaseAttacker):
    """Everybody's value from counts of many groups, by a linear program."""

    name = words = "reconstruction"
    needs = "counts of groups in which he knows who is; a find is whether the person has the value"

    @classmethod
    def attacked(cls, bench: Bench) -> TableAttack:
        """Guess who has the commonest value."""
        return bench.reconstructed(cls)


class CountedMembership(ReleaseAttacker):
    """Who is among those counted, from the counts of all columns."""

    name = words = "membership"
    needs = "the person's values, and others like them; a find is that the person is among those counted"

    @classmethod
    def attacked(cls, bench: Bench) -> TableAttack:
        """Ask about members and about others."""
        return bench.membership(cls)


@public
@dataclass(frozen=True, eq=False, repr=False)
class ReleaseAttackReport(TableAttacks):
    """What four attacks find in published counts: a mapping by the attack's name. For the owner's eyes; no release.

    ``"differencing"``, ``"averaging"``, ``"reconstruction"`` and ``"membership"``, each with ``.rate``, ``.control``,
    ``.baseline``, ``.excess``, ``.interval`` and ``.power``. It holds counts, and no value of a cell.

    Attributes
    ----------
    attacks : mapping of str to TableAttack
    secret : str
        The column that is guessed.
    n_rows : int
        Rows of the frame.
    n_calls : int
        How often the publishing function was called.
    repeats : int
        How often averaging asks each question.
    replayed : bool
        Whether a question that was asked again had the same answer each time, as exact counts and replay have.
    """

    attacks: Mapping[str, TableAttack]
    secret: str
    n_rows: int
    n_calls: int
    repeats: int
    replayed: bool


@typed
def attack_release(
    data: Frame,
    publish: Callable[..., Any],
    secret: str,
    *,
    columns: str | Sequence[str] | None = None,
    targets: int = 100,
    repeats: int = 10,
    seed: int = 0,
) -> ReleaseAttackReport:
    """Attack counts as they are published, and tell what the attacks would have found in exact ones.

    Four attacks ask `publish` for counts by value of some rows, as filters, updates and repeated questions do
    (`privkit.attacks.figures` has each with its source): *differencing* of two counts that differ by one person,
    *averaging* of repeated answers, *reconstruction* of everybody's value from counts of many groups by a linear
    program, and *membership* from the counts of all columns. `rate` is how often the guess of `secret` is right,
    `control` how often it is for persons in whose place another's value was counted, `baseline` how often the commonest
    value is. Of membership it is the share claimed at 1 in 100 false alarms. **Calibration**: the same attacks on exact
    counts in which 0, 1, 5, 20 and 100 % of the persons have their own value (or are counted at all).

    Reads rows, and hands rows to `publish`, which is called some thousand times; `n_calls` tells how often. **What
    `publish` spends is spent**: a `dp_*` call is charged for every new set of rows, so give it a project of its own, or
    one that simulates. It itself spends nothing. Attacks on a few hundred persons cannot prove that a loss is as small
    as it says.

    Parameters
    ----------
    data : dataframe
        One row per person. Of lazy frames the columns are fetched.
    publish : callable
        From a pandas frame and a column's name to counts by value: a Series, or a mapping. ``lambda d, c:
        d[c].value_counts()`` publishes exact ones.
    secret : str
        The column that is guessed.
    columns : str or sequence of str, optional
        What membership knows; all columns by default.
    targets : int
        How many persons are attacked by the first three.
    repeats : int
        How often averaging asks each question.
    seed : int
        Of who is attacked, and of the questions. `publish` has a random state of its own.

    Returns
    -------
    ReleaseAttackReport

    Raises
    ------
    AttackError
        If there are fewer than 200 rows with a value of `secret`, all of them are alike, or `publish` fails or answers
        with no numbers by value.
    LibraryRequiredError
        Without SciPy, which the extra ``risk`` brings.
    ColumnNotFoundError, FrameError, ParameterError

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"zip": [n % 9 for n in range(300)], "ill": [n % 7 < 2 for n in range(300)]})
    >>> exact = attack_release(people, lambda d, c: d[c].value_counts(), "ill", targets=30, repeats=2)
    >>> exact["differencing"].rate.observed, exact["reconstruction"].rate.observed, exact.replayed
    (1.0, 1.0, True)
    """
    if not callable(publish):
        allowed = "a function from a frame and a column to counts by value"
        raise ParameterError.of("publish", type_told(publish), allowed)
    open_frame(data, [column_name(secret, "secret")], "secret")
    names = list(column_names(columns, "columns")) if columns is not None else all_columns(data)
    frame = chosen_columns(data, [secret, *(name for name in names if name != secret)], "columns")
    frame = frame.loc[frame[secret].notna()].reset_index(drop=True)
    if len(frame) < 10 * LEAST:
        raise AttackError.too_few(f"{secret!r} with a value", len(frame), 10 * LEAST)
    asked = Asked.of(publish, frame)
    if len(asked.values[secret]) < 2:
        raise AttackError.alike("the values of the secret")
    most = min(positive_int(targets, "targets"), len(frame))
    repeated, random = positive_int(repeats, "repeats"), np.random.default_rng(whole(seed, "seed"))
    bench = Bench(asked, secret, random.permutation(len(frame))[:most], repeated, random)
    return bench.report()


@dataclass(frozen=True, eq=False)
class Bench:
    """The same attacks on what is published, on controls, and on planted exact counts.

    Attributes
    ----------
    asked : Asked
        What is published.
    secret : str
    targets : array of int64
        Rows of those who are attacked.
    repeats : int
        How often averaging asks each question.
    random : numpy.random.Generator
    """

    asked: Asked
    secret: str
    targets: Ints
    repeats: int
    random: np.random.Generator
    _replayed: list[bool] = field(default_factory=list)

    @cached_property
    def absent(self) -> Asked:
        """What is published where everybody has another's value."""
        return self.asked.with_secrets(self.secret, self.random.permutation(self.asked.codes[self.secret]))

    def report(self) -> ReleaseAttackReport:
        """Run all, and count the calls."""
        absent = self.absent
        found = {name: kind.attacked(self) for name, kind in ReleaseAttacker.kinds().items()}
        calls, replayed = self.asked.calls + absent.calls, all(self._replayed)
        return ReleaseAttackReport(Frozen(found), self.secret, len(self.asked.frame), calls, self.repeats, replayed)

    def differenced(self, kind: type[Attack], repeats: int) -> TableAttack:
        """Guess the values by counts that differ by one person."""
        guesses, same = differenced(self.asked, self.secret, self.targets, self.random, repeats)
        chance, _ = differenced(self.absent, self.secret, self.targets, self.random, repeats)
        self._replayed.append(same)
        right = self.asked.codes[self.secret][self.targets]
        return self._attack(kind, guesses == right, chance == right, right, self._planted_guesses)

    def reconstructed(self, kind: type[Attack]) -> TableAttack:
        """Guess who has the commonest value by counts of many groups."""
        value, asked = self._commonest(), (self.asked, self.absent)
        right = self.asked.codes[self.secret][self.targets] == value
        guessed, chance = (reconstructed(one, self.secret, value, self.targets, self.random) for one in asked)
        return self._attack(kind, guessed == right, chance == right, right, self._planted_bits)

    def _commonest(self) -> int:
        return int(np.bincount(self.asked.codes[self.secret]).argmax())

    def _attack(
        self,
        kind: type[Attack],
        right: Bools,
        chance: Bools,
        values: Any,
        planted: Callable[[float], tuple[Bools, Bools]],
    ) -> TableAttack:
        most = int(np.unique(values, return_counts=True)[1].max())
        return TableAttack(
            kind.name, kind.needs, rate_of(right), rate_of(chance), Rate(most, len(values)),
            {share: Planted(share, *map(rate_of, planted(share))) for share in PLANTED},
        )  # fmt: skip

    def _kept(self, share: float) -> Asked:
        """Return exact counts in which a share of the targets have their own values, and all others another's."""
        true = self.asked.codes[self.secret]
        codes = self.random.permutation(true)
        kept = self.targets[: round(share * len(self.targets))]
        codes[kept] = true[kept]
        return self.asked.exact().with_secrets(self.secret, codes)

    def _planted_guesses(self, share: float) -> tuple[Bools, Bools]:
        true = self.asked.codes[self.secret][self.targets]
        one, other = (differenced(self._kept(part), self.secret, self.targets, self.random)[0] for part in (share, 0.0))
        return one == true, other == true

    def _planted_bits(self, share: float) -> tuple[Bools, Bools]:
        value = self._commonest()
        true = self.asked.codes[self.secret][self.targets] == value
        one, other = (
            reconstructed(self._kept(part), self.secret, value, self.targets, self.random) for part in (share, 0.0)
        )
        return one == true, other == true

    def membership(self, kind: type[Attack]) -> TableAttack:
        """Ask about members and about others, in groups that are published, and in planted ones."""
        asked, size = self.asked, min(GROUP, len(self.asked.frame) // 4)
        drawn = [self.random.permutation(len(asked.frame)) for _ in range(GROUPS)]
        members, controls, outside = (
            np.array([order[part * size : (part + 1) * size] for order in drawn]) for part in range(3)
        )
        told = evidence(asked, members)
        nobody = {name: self.random.permutation(codes) for name, codes in asked.codes.items()}
        one, other, chance = (
            self._apart(membership(told, codes, people))
            for codes, people in ((asked.codes, members), (asked.codes, controls), (nobody, members))
        )
        planted = {}
        for share in PLANTED:
            copied = round(share * size)
            groups = np.concatenate([members[:, :copied], outside[:, copied:]], axis=1)
            exact = evidence(asked.exact(), groups)
            inside, absent = (self._apart(membership(exact, asked.codes, people)) for people in (members, controls))
            planted[share] = Planted(share, rate_of(claimed(inside, absent)), rate_of(claimed(absent, absent)))
        rate, control, baseline = (rate_of(claimed(scores, other)) for scores in (one, other, chance))
        return TableAttack(kind.name, kind.needs, rate, control, baseline, planted)

    def _apart(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the scores of all groups in one row, in an order of no meaning."""
        return self.random.permutation(scores.ravel())
