"""`attack`: five attacks on a shared table, each with its controls, chance, and what it would have found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.attacks.bench import Bench
from privkit.attacks.claims import SIZE, AttackParts, TableAttack, TableAttacks, by_column
from privkit.attacks.columns import Told, columns_of
from privkit.attacks.controls import refuse_members
from privkit.attacks.scores import Sides
from privkit.errors import ParameterError
from privkit.errors.attacks import AttackError
from privkit.errors.root import close_matches, type_told
from privkit.tally.frame import column_names, open_frame
from privkit.tally.row_classes import chosen_columns, row_classes
from privkit.tally.selection import all_columns, unnamed_columns
from privkit.tally.two_tables import refuse_kinds
from privkit.transform.search.coding import resolve
from privkit.values.arguments import column_name, positive_int, public, typed, whole
from privkit.values.frozen import Frozen
from privkit.values.show import Attackable

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.attacks.columns import Column
    from privkit.values.inputs import Frame

    Ints = NDArray[np.int64]

#: Of fewer rows no interval is worth reading.
LEAST = 20


@public
@dataclass(frozen=True, eq=False, repr=False)
class AttackReport(TableAttacks):
    """What five attacks find in a shared table: a mapping by the attack's name. For the owner's eyes; no release.

    ``"singling_out"``, ``"linkability"``, ``"inference"``, ``"nearest"`` and ``"membership"``, each with ``.rate``,
    ``.control``, ``.baseline``, ``.excess``, ``.interval`` and ``.power``. It holds counts, and no value of a cell
    but the names of the groups that ``by=`` asks for.

    Attributes
    ----------
    attacks : mapping of str to TableAttack
    columns : tuple of str
        What the attacker knows of a person.
    secret : str
        The column that attribute inference guesses by the others.
    n_original, n_shared, n_control : int
        Rows of the tables; 0 controls where none were given.
    n_attacked : int
        How many members were attacked.
    n_planted : int
        Rows of each table with planted copies.
    halves : bool
        Whether a result was made anew of a random half of the rows, and the other half are the controls.
    by : str
        The column of the groups; "" where none was named.
    """

    attacks: Mapping[str, TableAttack]
    columns: tuple[str, ...]
    secret: str
    n_original: int
    n_shared: int
    n_control: int
    n_attacked: int
    n_planted: int
    halves: bool = False
    by: str = ""

    def by_class(self, attack: str) -> AttackParts:
        """Return whom an attack finds, by how many people have the same values: those who are alone, or in a crowd.

        Classes are counted among members and controls together, in the shared table's schema.

        Parameters
        ----------
        attack : str
            The attack's name, as "membership".

        Returns
        -------
        AttackParts

        Raises
        ------
        AttackError
            If no controls were given.
        ParameterError
        """
        return self._parts(attack, SIZE)

    def by_group(self, attack: str) -> AttackParts:
        """Return whom an attack finds, by the groups of the column that was named by ``by=``.

        Parameters
        ----------
        attack : str
            The attack's name, as "membership".

        Returns
        -------
        AttackParts

        Raises
        ------
        AttackError
            If no controls were given, or no ``by=``.
        ParameterError
        """
        return self._parts(attack, self.by)

    def _parts(self, attack: str, by: str) -> AttackParts:
        if attack not in self.attacks:
            raise ParameterError.of("attack", repr(attack), f"one of {', '.join(map(repr, self.attacks))}")
        if not self.n_control or not by:
            raise AttackError.no_groups()
        return AttackParts(attack, by, self.attacks[attack].parts[by])

    @property
    def power(self) -> float | None:
        """The least planted share that any of the attacks finds; None where none finds any."""
        return min((one.power for one in self.attacks.values() if one.power is not None), default=None)

    def curve(self) -> pd.DataFrame:
        """Return the detection curve, a row per attack and planted share: `attack`, `share`, `rate`, `control`, ..."""
        import pandas as pd

        rows = [
            (name, share, one.rate.observed, one.control.observed, *one.interval, one.found)
            for name, found in self.attacks.items()
            for share, one in found.planted.items()
        ]
        return pd.DataFrame(rows, columns=["attack", "share", "rate", "control", "low", "high", "found"])


@typed
def attack(
    original: Frame,
    shared: Frame,
    *,
    control: Frame | None = None,
    columns: str | Sequence[str] | None = None,
    secret: str | None = None,
    hierarchies: Mapping[str, object] | None = None,
    aligned: bool = False,
    targets: int = 5_000,
    seed: int = 0,
    by: str | None = None,
) -> AttackReport:
    """Attack a shared table, and tell what the attacks would have found: singling out, linkage, inference, membership.

    For each of up to `targets` members and controls, five attacks give a score of how surely the shared table tells on
    the person (`privkit.attacks.scores` has the formulas and their sources). A claim is a score that at most about 1 in
    100 persons reach who are not in the table (`privkit.attacks.claims` has the proof). `rate` and `control` are the
    shares claimed of both, `excess` their difference with Newcombe's interval, `baseline` that of persons who do not
    exist (columns shuffled). **Calibration**: the same attacks on tables in the shared table's schema, of which 0, 1,
    5, 20 and 100 % of the rows are copies of members', the rest of persons who are neither members nor controls;
    `power` is the least share that is found. Without `control` the figures are an upper bound only: what a table says
    about everybody is not told from what it says about its members.

    Written from Article 29 Working Party Opinion 05/2014 (WP216) and the papers named there. Needs no library beside
    NumPy. Reads rows of all tables; spends nothing; keeps no value. An attack that finds nothing is no proof that
    another one would not.

    Parameters
    ----------
    original : dataframe
        The persons whose data was used: one row each.
    shared : dataframe
        What is shared of them: anonymized, perturbed, synthetic.
    control : dataframe, optional
        Persons like those of `original` whose data was not used. Hold some back before the table is made.
    columns : str or sequence of str, optional
        What an attacker may know; all columns that both tables have, by default.
    secret : str, optional
        The column that attribute inference guesses by the others; by default the one of most different values, which is
        hardest to guess.
    hierarchies : mapping, optional
        Of generalized columns: what turned values into the shared labels, as in `anonymize` (``out.hierarchies``).
    aligned : bool
        Whether row i of `shared` is row i of `original`, as after `add_noise`: the nearest row is right only if it is
        the person's own.
    targets : int
        How many members, and how many controls, are attacked at most.
    seed : int
        Of who is attacked, and what is planted.
    by : str, optional
        A column of the original and of the control, of groups by whose members ``.by_group()`` tells whom the attacks
        find.

    Returns
    -------
    AttackReport

    Raises
    ------
    AttackError
        If a table has fewer than 20 rows, no column is in both, all rows are alike, the control is one of the other
        tables, or more of its rows equal one of the original than of the original's own, aligned rows are not as many,
        a column is generalized and no hierarchy says how, or holds lists or other objects, or the shared table is a
        result and no frame.
    LinkError
        If a column holds numbers in one of the tables and text, or dates, in another.
    ColumnNotFoundError, DuplicateColumnError, FrameError, HierarchyError, ParameterError

    Examples
    --------
    >>> import privkit as pk
    >>> people = pk.example("adult")
    >>> members, others = people.iloc[:600], people.iloc[600:1200]
    >>> report = pk.attack(members, members, control=others)
    >>> report["membership"].found, report["membership"].excess > 0.1
    (True, True)
    """
    import pandas as pd

    most, start = positive_int(targets, "targets"), whole(seed, "seed")
    if control is not None and (control is original or control is shared):
        raise AttackError.no_control("the original" if control is original else "the shared table")
    if isinstance(shared, Attackable):
        raise AttackError.a_result(type_told(shared))
    names = _known(original, shared, columns)
    frames = [chosen_columns(one, names, "columns") for one in (original, shared)]
    if control is not None:
        frames.append(chosen_columns(control, names, "control"))
    for what, frame in zip(("the original", "the shared table", "the control"), frames, strict=False):
        if len(frame) < LEAST:
            raise AttackError.too_few(what, len(frame), LEAST)
    if aligned and len(frames[0]) != len(frames[1]):
        raise AttackError.not_aligned(len(frames[0]), len(frames[1]))
    for what, frame in zip(("the original", "the shared table"), frames, strict=False):
        if len(frames) > 2 and len(frames[2]) == len(frame) and frames[2].equals(frame):
            raise AttackError.no_control(what)
    if control is not None:
        for name in names:
            refuse_kinds(frames[0][name], frames[2][name])
        people = pd.concat([frames[0], frames[2]], ignore_index=True)
        refuse_members(row_classes(people, list(names), argument="columns").class_of, len(frames[0]))
    told = {} if hierarchies is None else _told(original, hierarchies, names)
    own = np.arange(len(frames[0])) if aligned else None
    groups = None
    if by is not None:
        if control is None:
            raise AttackError.no_groups()
        groups = [chosen_columns(one, [column_name(by, "by")], "by")[by] for one in (original, control)]
    return attacked(frames, names, told, secret=secret, own=own, most=most, seed=start, groups=groups)


def attacked(
    frames: Sequence[pd.DataFrame],
    names: Sequence[str],
    told: Mapping[str, Told],
    *,
    secret: str | None,
    own: Ints | None,
    most: int,
    seed: int,
    halves: bool = False,
    groups: Sequence[pd.Series] | None = None,
) -> AttackReport:
    """Return the report on an original, what is shared of it, and perhaps controls, by columns that all have.

    `groups` are those of the original's people, and of the controls.
    """
    import pandas as pd

    random = np.random.default_rng(seed)
    original, shared, controls = frames[0], frames[1], list(frames[2:])
    people = pd.concat([original, *controls], ignore_index=True) if controls else original
    columns = columns_of(people, shared, names, told, random)
    n_control = len(people) - len(original)
    chosen = _secret(columns, names, secret, len(original))
    parts = None if groups is None else by_column(pd.concat(groups, ignore_index=True))
    bench = Bench(columns, _sides(columns, chosen), len(original), n_control, len(shared), own, most, random, parts)
    found = bench.run()
    return AttackReport(
        attacks=Frozen(dict(found)),
        columns=tuple(names),
        secret=names[chosen],
        n_original=len(original),
        n_shared=len(shared),
        n_control=n_control,
        n_attacked=min(most, len(original)),
        n_planted=bench.planted_rows,
        halves=halves,
        by="" if parts is None else parts.by,
    )


def _known(original: object, shared: object, columns: object) -> tuple[str, ...]:
    """Return the columns that are compared: those named, or all that both tables have."""
    if columns is None:
        there = set(all_columns(shared))
        names: tuple[str, ...] = tuple(name for name in all_columns(original) if name in there)
        if not names:
            raise AttackError.no_columns(unnamed_columns(original) + unnamed_columns(shared))
    else:
        names = column_names(columns, "columns")
    if len(names) < 2:
        raise ParameterError.of("columns", "one column", "two or more: what links, and what is linked")
    return names


def _told(original: object, hierarchies: Mapping[str, Any], names: Sequence[str]) -> dict[str, Told]:
    if not isinstance(hierarchies, Mapping):
        raise ParameterError.of("hierarchies", type_told(hierarchies), "a mapping of columns to what generalized them")
    others = [name for name in names if name not in hierarchies]
    if wrong := [name for name in hierarchies if name not in names and close_matches(name, others)]:
        open_frame(original, wrong, "hierarchies")  # of columns that are not compared there may be some
    frame = chosen_columns(original, [name for name in names if name in hierarchies], "hierarchies")
    found, _ = resolve(frame, tuple(frame.columns), {name: hierarchies[name] for name in frame.columns})
    return {name: Told(one, None, len(frame)) for name, one in found.items()}


def _secret(columns: Sequence[Column], names: Sequence[str], secret: str | None, n_original: int) -> int:
    """Return the place of the column that is guessed: the one asked for, or the most diverse, by 1 − Σ p²."""
    if secret is not None:
        if column_name(secret, "secret") not in names:
            raise ParameterError.of("secret", repr(secret), "one of the columns that are compared")
        return list(names).index(secret)
    shares = [np.bincount(one.planted[:n_original]) / n_original for one in columns]
    diverse = [1 - float((share**2).sum()) for share in shares]
    if max(diverse) <= 0 or all(len(np.unique(one.cells)) < 2 for one in columns):
        raise AttackError.alike("the rows")
    return int(np.argmax(diverse))


def _sides(columns: Sequence[Column], secret: int) -> Sides:
    """Return two halves of the columns that tell about as much: dealt in turn, the most different values first."""
    order = sorted(range(len(columns)), key=lambda place: (-len(np.unique(columns[place].cells)), place))
    return Sides(tuple(order[::2]), tuple(order[1::2]), secret)
