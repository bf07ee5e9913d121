"""Unicity: how many known points of a trace single a person out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.errors import ParameterError
from privkit.errors.anonymity import RoleConflictError
from privkit.errors.root import type_told
from privkit.risk.attackers import Rate
from privkit.tally.class_values import Traces, traces
from privkit.tally.frame import column_names, open_frame
from privkit.values.arguments import positive_int, public, typed
from privkit.values.frozen import Frozen
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd

    from privkit.values.inputs import Frame


@public
@dataclass(frozen=True, eq=False, repr=False)
class UnicityReport(Plotted):
    """How often some points, drawn at random from a person's trace, fit nobody else. Estimates; no release.

    Attributes
    ----------
    unit : str
        The column of persons.
    columns : tuple of str
        What makes a point, for example place and hour.
    by_points : mapping of int to Rate
        For each number of known points: persons singled out, of the persons tried, with Wilson's interval.
    n_persons : int
        Persons in the table.
    n_without_id : int
        Rows without an id, which were left out.
    """

    unit: str
    columns: tuple[str, ...]
    by_points: Mapping[int, Rate]
    n_persons: int
    n_without_id: int

    def to_frame(self) -> pd.DataFrame:
        """Return a row per number of points: `points`, `unique`, `persons`, `share`, `low`, `high`."""
        import pandas as pd

        names = ("points", "unique", "persons", "share", "low", "high")
        rows = [(p, rate.hits, rate.n, rate.observed, rate.low, rate.high) for p, rate in self.by_points.items()]
        return pd.DataFrame(rows, columns=names)


@typed
def unicity(
    data: Frame,
    *,
    unit: str,
    columns: str | Sequence[str],
    points: int | Sequence[int] = (1, 2, 3, 4, 5),
    persons: int = 1000,
    seed: int = 0,
) -> UnicityReport:
    """Tell how many known points of a trace or of a purchase history single a person out.

    For a sample of persons, `points` distinct points of each are drawn at random; the person is singled out if nobody
    else has all of them (de Montjoye, Hidalgo, Verleysen and Blondel 2013, "Unique in the Crowd"). Persons with fewer
    points are not tried. Reads rows; spends nothing.

    Parameters
    ----------
    data : dataframe
        One row per event.
    unit : str
        The column of persons.
    columns : str or sequence of str
        What makes a point. Round times and places first: points as fine as seconds are always unique.
    points : int or sequence of int
        How many points somebody may know.
    persons : int
        How many persons are tried; all of them where there are fewer.
    seed : int
        Of the sample.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
    RoleConflictError
        If `unit` is one of `columns`.

    Examples
    --------
    >>> import pandas as pd
    >>> calls = pd.DataFrame({"who": [1, 1, 2, 2, 3, 3], "cell": list("abaccd")})
    >>> unicity(calls, unit="who", columns="cell", points=2).by_points[2].observed
    1.0
    """
    names = column_names(columns, "columns")
    if not isinstance(unit, str):
        raise ParameterError.of("unit", type_told(unit), "the name of one column")
    open_frame(data, [unit], "unit")
    if unit in names:
        raise RoleConflictError.of(unit, ("columns", "unit"), "A point with the id is always unique.")
    wanted = [points] if not isinstance(points, Sequence) else list(points)
    numbers = sorted({positive_int(number, "points") for number in wanted})
    if not numbers:
        raise ParameterError.of("points", "an empty list", "a whole number >= 1, or several")
    tried = positive_int(persons, "persons")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ParameterError.of("seed", type_told(seed), "a whole number >= 0")
    found = traces(data, unit, names)
    rates = {number: _rate(found, number, tried, np.random.default_rng([seed, number])) for number in numbers}
    return UnicityReport(unit, names, Frozen(rates), found.n_persons, found.without_id)


def _rate(found: Traces, number: int, tried: int, random: np.random.Generator) -> Rate:
    lengths = np.diff(found.starts)
    able = np.flatnonzero(lengths >= number)
    chosen = able if len(able) <= tried else random.choice(able, tried, replace=False)
    return Rate(sum(_singled_out(found, int(person), number, random) for person in chosen), len(chosen))


def _singled_out(found: Traces, person: int, number: int, random: np.random.Generator) -> bool:
    """Return whether nobody else has `number` points drawn from the person's, from the rarest point on."""
    own = found.points[found.starts[person] : found.starts[person + 1]]
    known = random.choice(own, number, replace=False)
    sizes = found.point_starts[known + 1] - found.point_starts[known]
    left: np.ndarray | None = None
    for point in known[np.argsort(sizes, kind="stable")]:
        here = found.persons[found.point_starts[point] : found.point_starts[point + 1]]
        if left is None:
            left = here
        else:
            places = np.minimum(np.searchsorted(here, left), len(here) - 1)
            left = left[here[places] == left]
        if len(left) == 1:
            return True
    return False
