"""Whom an attack finds: members and controls beside each other, by how many are like them, and by group."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from privkit.attacks.claims import Compared
from privkit.errors import ParameterError
from privkit.risk.attackers import Rate
from privkit.tally.codes import column_codes
from privkit.values.arguments import public
from privkit.values.show import Paneled, Plotted

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

#: Where bands of class sizes begin.
_EDGES = (1, 2, 5, 10, 50)
#: More groups are no groups: each would have few persons.
_MOST = 50
#: What the bands of class sizes are called.
SIZE = "people alike"


@dataclass(frozen=True, slots=True)
class Part(Compared):
    """What an attack finds of some persons.

    Attributes
    ----------
    name : str
        Which persons.
    rate, control : Rate
        Claims about members and about controls among them.
    """

    name: str
    rate: Rate
    control: Rate


@public
@dataclass(frozen=True, eq=False, repr=False)
class AttackParts(Paneled, Plotted):
    """Whom one attack finds, part by part: for the owner's eyes; no release.

    Attributes
    ----------
    attack : str
    by : str
        What the parts are: the column of the groups, or "people alike".
    parts : tuple of Part
        Each with `name`, `rate`, `control`, `excess` and `interval`.
    """

    attack: str
    by: str
    parts: tuple[Part, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return a row per part: `members` and `controls` (persons), `rate`, `control`, `excess`, `low`, `high`."""
        import pandas as pd

        rows = [
            (one.rate.n, one.control.n, one.rate.observed, one.control.observed, one.excess, *one.interval)
            for one in self.parts
        ]
        index = pd.Index([one.name for one in self.parts], name=self.by)
        return pd.DataFrame(rows, index, ["members", "controls", "rate", "control", "excess", "low", "high"])


@dataclass(frozen=True, eq=False)
class Sorted:
    """People by part.

    Attributes
    ----------
    by : str
    names : tuple of str
    codes : array of int64, shape (n_people,)
        Each person's part, -1 for none.
    """

    by: str
    names: tuple[str, ...]
    codes: Ints

    def parts(self, members: Ints, found: Bools, controls: Ints, alarms: Bools) -> tuple[Part, ...]:
        """Return what is claimed of the members and controls of each part; parts of nobody are left out."""
        told = []
        for code, name in enumerate(self.names):
            inside, outside = self.codes[members] == code, self.codes[controls] == code
            rates = [Rate(int(hits[of].sum()), int(of.sum())) for hits, of in ((found, inside), (alarms, outside))]
            if any(rate.n for rate in rates):
                told.append(Part(name, *rates))
        return tuple(told)


def by_size(cells: Ints) -> Sorted:
    """Return people by how many have the same cells as they, themselves among them: members and controls alike.

    A person's class is counted among all people and not in the shared table, so that it does not depend on who is in
    it: of two persons of one class one may be a member and the other not.

    Parameters
    ----------
    cells : array of int64, shape (n_people, n_columns)
        What each person's values are in the shared table's schema.

    Examples
    --------
    >>> found = by_size(np.array([[1, 2], [1, 2], [0, 2]]))
    >>> [found.names[code] for code in found.codes]
    ['2 to 4', '2 to 4', '1']
    """
    _, of, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    sizes = counts[of.reshape(-1)]
    ends = [f"{low} to {high - 1}" for low, high in pairwise(_EDGES[1:])]
    return Sorted(
        SIZE, ("1", *ends, f"{_EDGES[-1]} or more"), np.searchsorted(np.array(_EDGES), sizes, side="right") - 1
    )


def by_column(column: pd.Series) -> Sorted:
    """Return people by their values in a column. Reads rows.

    Raises
    ------
    ParameterError
        If there are more than 50 values.
    """
    codes, values = column_codes(column)
    if column.name == SIZE:
        raise ParameterError.of("by", repr(SIZE), "a column of another name: so are the classes of .by_class() called")
    if len(values) > _MOST:
        raise ParameterError.of("by", f"a column with {len(values):,} values", f"one with at most {_MOST}: groups")
    return Sorted(str(column.name), tuple(map(str, values)), codes)
