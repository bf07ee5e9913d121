"""`out.attack()`: a result made anew of a random half of the rows, and the other half as controls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.attacks.columns import Told
from privkit.attacks.tables import LEAST, AttackReport, attacked
from privkit.errors import InfeasibleError, ParameterError
from privkit.errors.attacks import AttackError
from privkit.tally.frame import column_names, open_frame
from privkit.tally.row_classes import chosen_columns
from privkit.transform.anonymized import Anonymized
from privkit.transform.perturbed import Perturbed
from privkit.values.arguments import column_name, positive_int, whole

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


def halves_of(who: Ints, seed: int) -> tuple[Ints, Ints]:
    """Return the rows of a random half of some persons, and those of the others, each in their order.

    Parameters
    ----------
    who : array of int64, shape (n_rows,)
        Each row's person.

    Examples
    --------
    >>> inside, outside = halves_of(np.array([7, 7, 8, 9, 9, 5]), 0)
    >>> bool(set(inside) & set(outside)), sorted([*inside, *outside]) == list(range(6))
    (False, True)
    """
    persons, of = np.unique(who, return_inverse=True)
    order = np.random.default_rng([seed, 1]).permutation(len(persons))
    used = np.zeros(len(persons), dtype=bool)
    used[order[: len(order) // 2]] = True
    return np.flatnonzero(used[of]), np.flatnonzero(~used[of])


def one_each(who: Ints, seed: int) -> Ints:
    """Return a random row of each person, so that of persons with many rows none is attacked more than once."""
    order = np.random.default_rng([seed, 2]).permutation(len(who))
    return np.sort(order[np.unique(who[order], return_index=True)[1]])


def groups_of(by: object, members: pd.DataFrame, controls: pd.DataFrame) -> list[pd.Series] | None:
    """Return the column of the groups of both sides; None where none is asked for."""
    if by is None:
        return None
    name = column_name(by, "by")
    return [chosen_columns(side, [name], "by")[name] for side in (members, controls)]


def of_result(
    result: Anonymized | Perturbed,
    *,
    columns: str | Sequence[str] | None,
    secret: str | None,
    targets: int,
    seed: int,
    by: str | None,
) -> AttackReport:
    """Return the report on a result that was made anew of half of the rows: see `privkit.values.show.Attackable`.

    Parameters and errors are those of ``out.attack()``. Reads rows; spends nothing.
    """
    most, start = positive_int(targets, "targets"), whole(seed, "seed")
    source = _source(result)
    if len(source) < 2 * LEAST:
        raise AttackError.too_few("the original", len(source), 2 * LEAST)
    inside, outside = halves_of(np.arange(len(source)), start)
    half, rest = source.iloc[inside].reset_index(drop=True), source.iloc[outside].reset_index(drop=True)
    made = _made(result, half)
    names = [name for name in made.frame.columns if name in source.columns]
    if columns is not None:
        names = list(column_names(columns, "columns"))
        open_frame(made.frame, names, "columns")
    if len(names) < 2:
        raise ParameterError.of("columns", "one column", "two or more: what links, and what is linked")
    if len(made.frame) < LEAST:
        raise AttackError.too_few("the result of a half", len(made.frame), LEAST)
    frames = [half[names], made.frame[names], rest[names]]
    told, own = _told(made, names), _own(made, len(half))
    asked: dict[str, Any] = {"secret": secret, "own": own, "most": most, "seed": start, "halves": True}
    return attacked(frames, names, told, groups=groups_of(by, half, rest), **asked)


def _source(result: Anonymized | Perturbed) -> pd.DataFrame:
    if isinstance(result, Anonymized):
        source = result.source  # of a lazy frame: an error that says so
    elif result._source is None:
        raise AttackError.no_recipe("it was copied or read from a file, and the rows that it was made of stayed behind")
    else:
        source = result._source
    if result._again is None:
        raise AttackError.no_recipe("its levels were given to it, not searched for")
    return source


def _made(result: Anonymized | Perturbed, half: pd.DataFrame) -> Anonymized | Perturbed:
    assert result._again is not None
    try:
        return result._again(half)
    except InfeasibleError:
        made = None
    if made is None:  # outside, so that the error has no cause
        raise AttackError.half_fails()
    return made


def _told(made: Anonymized | Perturbed, names: Sequence[str]) -> dict[str, Told]:
    """Return how each generalized column came about."""
    if not isinstance(made, Anonymized):
        return {}
    one_level = made.method == "optimal"
    return {
        name: Told(made.hierarchies[name], level if one_level else None, made.n_rows)
        for name, level in made.levels_.items()
        if name in names and name in made.hierarchies and level and name not in made.report.aggregates
    }


def _own(made: Anonymized | Perturbed, n_rows: int) -> Ints | None:
    """Return the row of each person in the result, -1 for those who were suppressed; None where rows are nobody's."""
    if isinstance(made, Anonymized):
        return np.where(made.kept_, np.cumsum(made.kept_) - 1, -1)
    return np.arange(n_rows) if isinstance(made, Perturbed) else None
