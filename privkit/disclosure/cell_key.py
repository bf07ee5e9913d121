"""`output_check(method="cell-key")`: noise on each count of tables, the same for the same people wherever they count.

Each record has a key: 64 bits by HMAC of its id. A cell's key is HMAC again, of the sum of its records' keys modulo
2⁶⁴. Noise v is looked up by the count n and by the leading 32 bits u of the cell's key: it is the v whose share of the
2³² values of u holds the one at hand (Fraser and Wooton 2005, UNECE work session on confidentiality; Thompson,
Broadfoot and Elazar 2013; Giessing 2016, Privacy in Statistical Databases, for the shares). It is disclosure control,
and no differential privacy.

Claims
------
(i) One set of records has one noise, in every table, under every name, in every call with one key. (ii) A cell of
nobody stays 0, no count falls below 0, and none moves by more than D. (iii) Over the key, the expectation of v is 0
exactly, and its variance V within 10⁻⁵. (iv) Noise of different sets is independent: none tells of another's.

Proof
-----
(i) Key and count are functions of the set of records alone. (ii) The shares of n are on −min(n, D), …, D, and n = 0 is
left out. (iii) HMAC under a random key is taken for a random function, as its security says: keys of different ids are
independent and uniform, so the sum over any set but the empty one is uniform modulo 2⁶⁴. Two different sets have one
sum with chance 2⁻⁶⁴; else u are those of a random function at different places, so independent, and uniform on 2³²
values. The shares wᵥ are whole numbers with Σ wᵥ = 2³² and Σ v wᵥ = 0, which `shares` makes so. ∎

The offices look u up in the sum itself. Then a margin's u is the sum of its cells' u: three noisy counts tell of one
another's noise, and (iv) fails.

The shares are those of most entropy with mean 0 and variance V, so that nothing else is said of v: proportional to
exp(a v + b v²).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.disclosure.behind import Behind
from privkit.disclosure.published import Published
from privkit.disclosure.suppression import TOLERANCE, optimizer
from privkit.errors import ParameterError
from privkit.errors.disclosure import DisclosureError
from privkit.events.run.plain import Unfit, encoded
from privkit.events.secrets.key import Key, KeySource, as_key
from privkit.tally.codes import factorized
from privkit.tally.frame import open_frame
from privkit.values.arguments import column_name, positive_int, public
from privkit.values.exact import exact
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from privkit.disclosure.cells import Cells

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

_RECORD, _CELL = b"privkit.disclosure/record/1", b"privkit.disclosure/cell/1"
_BITS = 32
#: A smaller variance leaves nearly every count as it is.
_LEAST = 0.1
#: More than so far no count is moved.
_FARTHEST = 20


@public
@dataclass(frozen=True, eq=False, repr=False)
class CellKeyTables(Published, Plotted):
    """Tables with keyed noise on each count, and an audit of what is left to tell. No release: no guarantee is given.

    Margins have noise of their own, and are not the sums of their cells.

    Attributes
    ----------
    frames : tuple of pandas.DataFrame
        The tables in the order given, noisy counts as Int64.
    audit : pandas.DataFrame
        A row for each count above 0 and below `threshold`: `cell` (what it counts), `low` and `high` (the narrowest
        interval in which an attacker who knows the method can be sure that it lies, from all tables together) and
        `protected`.
    n_cells, n_changed : int
        Cells, and those whose count is another one than before.
    variance : float
        Of the noise.
    deviation : int
        No count moved by more.
    threshold : int
    """

    frames: tuple[pd.DataFrame, ...]
    audit: pd.DataFrame
    n_cells: int
    n_changed: int
    variance: float
    deviation: int
    threshold: int

    def _weights(self, counts: Floats) -> tuple[str, Floats]:
        return "relative_error", np.where(counts > 0, self.variance**0.5 / np.maximum(counts, 1), np.nan)

    @property
    def n_unsafe(self) -> int:
        """Counts above 0 and below the threshold."""
        return len(self.audit)

    @property
    def n_exposed(self) -> int:
        """Unsafe counts of which an attacker can tell more than is allowed."""
        return int((~self.audit["protected"]).sum())

    @property
    def protected(self) -> bool:
        """Whether the audit found every unsafe count protected."""
        return not self.n_exposed


@dataclass(frozen=True, slots=True)
class CellNoise:
    """The noise, and the key that it is drawn by.

    Attributes
    ----------
    key : Key
    variance : float
    deviation : int
    """

    key: Key
    variance: float
    deviation: int

    @classmethod
    def of(cls, key: object, variance: Any, deviation: object) -> CellNoise:
        """Read the arguments.

        Raises
        ------
        ParameterError, SecretKeyError
        """
        most = positive_int(deviation, "deviation")
        spread = float(exact(variance, "variance"))
        if most > _FARTHEST:
            raise ParameterError.of("deviation", f"{most:,}", f"at most {_FARTHEST}")
        if not _LEAST <= spread <= most / 2:
            allowed = f"from {_LEAST} to half of deviation={most}: a count of 1 can fall by 1 at most"
            raise ParameterError.of("variance", f"{spread:g}", allowed)
        found = as_key(key)
        return cls(found.load() if isinstance(found, KeySource) else found, spread, most)  # type: ignore[arg-type]

    def records(self, ids: pd.Series) -> NDArray[np.uint64]:
        """Return each record's key.

        Raises
        ------
        DisclosureError
            If an id is missing, or stands twice.
        """
        codes, distinct = factorized(ids)
        if (codes < 0).any() or len(distinct) < len(codes):
            raise DisclosureError.no_ids(str(ids.name))
        signed, failed = self.key.hasher(_RECORD), False
        try:
            keys = [int.from_bytes(signed(encoded(one))[:8], "big") for one in distinct]
        except Unfit:
            failed = True
        if failed:
            raise DisclosureError.no_ids(str(ids.name))
        return np.array(keys, dtype=np.uint64)[codes]

    def cells(self, sums: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Return each cell's key, by the sum of its records' keys."""
        signed = self.key.hasher(_CELL)
        found = [int.from_bytes(signed(one.to_bytes(8, "big"))[:8], "big") for one in sums.tolist()]
        return np.array(found, dtype=np.uint64)

    def behind(self, told: Ints) -> tuple[Ints, Ints]:
        """Return the least and the greatest count that can be told so."""
        most = self.deviation
        noise = [np.flatnonzero(shares(n, self.variance, most)) - n for n in range(1, most + 1)]

        def fits(one: int) -> list[int]:
            there = range(max(one - most, 1), one + most + 1)
            return [*([0] if one == 0 else []), *(n for n in there if one - n in noise[min(n, most) - 1])]

        counts, place = np.unique(told, return_inverse=True)
        ends = np.array([[min(found), max(found)] for found in map(fits, map(int, counts))]).reshape(-1, 2)
        return ends[place, 0], ends[place, 1]

    def added(self, counts: Ints, keys: NDArray[np.uint64]) -> Ints:
        """Return the noise of cells by their counts and keys."""
        place = (keys >> np.uint64(64 - _BITS)).astype(np.int64)
        found = np.zeros(len(counts), dtype=np.int64)
        for n in range(1, self.deviation + 1):
            mine = counts == n if n < self.deviation else counts >= n
            ends = np.cumsum(shares(n, self.variance, self.deviation))
            found[mine] = np.searchsorted(ends, place[mine], side="right") - n
        return found


@lru_cache(maxsize=256)
def shares(n: int, variance: float, deviation: int) -> tuple[int, ...]:
    """Return how many of 2³² values of a cell's key stand for noise of −min(n, D), …, D.

    Newton's method on the convex log Σ exp(a v + b v²) − b V, whose least point has mean 0 and variance V: there is
    one, since V lies between 0 and the greatest variance of mean 0, min(n, D) · D.

    Examples
    --------
    >>> told = shares(1, 2.0, 5)
    >>> sum(told) == 2**32, sum(v * w for v, w in zip(range(-1, 6), told))
    (True, 0)
    """
    v = np.arange(-min(n, deviation), deviation + 1.0)
    powers, goal = np.array([v, v**2]), np.array([0.0, variance])
    at = np.array([0.0, -1 / (2 * variance)])

    def law(at: Floats) -> tuple[float, Floats]:
        exponents = at @ powers
        weights = np.exp(exponents - exponents.max())
        return float(np.log(weights.sum()) + exponents.max() - at @ goal), weights / weights.sum()

    for _ in range(200):
        height, chances = law(at)
        slope = powers @ chances - goal
        if np.abs(slope).max() < 1e-12:
            break
        bend = (powers * chances) @ powers.T - np.outer(powers @ chances, powers @ chances)
        step = np.linalg.solve(bend, slope)
        while law(at - step)[0] > height and np.abs(step).max() > 1e-15:
            step = step / 2
        at = at - step
    told = [int(one) for one in np.floor(chances * 2**_BITS)]
    zero = min(n, deviation)
    lean = sum(int(one) * w for one, w in zip(v, told, strict=True))
    told[zero + (1 if lean > 0 else -1)] -= abs(lean)
    told[zero] += 2**_BITS - sum(told)
    return tuple(told)


def keyed(
    rows: object, unit: object, cells: Cells, noise: CellNoise, wanted: tuple[int, Ints, Ints]
) -> tuple[Ints, pd.DataFrame]:
    """Return the noisy count of each cell, and the audit. Reads rows.

    Parameters
    ----------
    cells : Cells
        Made without taking a 0 for known: who sees a 0 does not know whether it is one.
    wanted : (int, array of int64, array of int64)
        The least safe count, and the least and the greatest count that must be possible of each unsafe cell.
    """
    name = column_name(unit, "unit")
    open_frame(rows, [name], "unit")
    behind = Behind.of(rows, cells, [name])
    if (behind.added(np.ones(behind.n_rows, dtype=np.int64)) != cells.counts).any():
        raise DisclosureError.rows_apart()
    found = cells.counts + noise.added(cells.counts, noise.cells(behind.added(noise.records(behind.own[name]))))
    unsafe = np.flatnonzero((cells.counts > 0) & (cells.counts < wanted[0]))
    return found, _audit(cells, found, noise, unsafe, wanted[1:])


def _audit(cells: Cells, told: Ints, noise: CellNoise, unsafe: Ints, wanted: tuple[Ints, Ints]) -> pd.DataFrame:
    """Return what an attacker can tell of each unsafe cell who knows all but the key.

    A count must be one that the noise can move to what is told, and cells that are told differently are of different
    people. By claim (iv) that is all: people for whom both is so have these figures under some key.
    """
    import pandas as pd
    from scipy.sparse import vstack

    low, high = noise.behind(told)
    apart = _apart(cells, told)
    ends = np.r_[low, np.ones(apart.shape[0])], np.r_[high, np.full(apart.shape[0], np.inf)]
    known = optimizer().LinearConstraint(vstack([cells.sums, apart]), lb=ends[0], ub=ends[1])
    bounds = np.array([[_end(cells, known, int(cell), sign) for sign in (1, -1)] for cell in unsafe]).reshape(-1, 2)
    least, most = wanted
    enough = (bounds[:, 0] <= least[unsafe]) & (bounds[:, 1] >= most[unsafe])
    names = [cells.labels[cell] for cell in unsafe]
    return pd.DataFrame({"cell": names, "low": bounds[:, 0], "high": bounds[:, 1], "protected": enough})


def _apart(cells: Cells, told: Ints) -> csr_array:
    """Return, for pairs of cells that are told differently, the joint cells that are in one of the two alone.

    One cell within another is left out where a third lies between them, and two that overlap where a table has what
    they share: their difference follows from those of the pairs with it.
    """
    sums = cells.sums
    size, shared = sums.sum(axis=1), (sums @ sums.T).tocoo()
    i, j = shared.coords
    within = (shared.data == size[i]) & (size[i] < size[j])
    inside = type(sums)((np.ones(within.sum()), (i[within], j[within])), shape=shared.shape)
    linked = (inside @ inside).tocoo()
    named = set(cells.keys)
    crossing = (i < j) & (shared.data < size[i]) & (shared.data < size[j])
    pairs = zip(i[crossing], j[crossing], strict=True)
    crossing[crossing] = [cells.keys[a] | cells.keys[b] not in named for a, b in pairs]
    chosen = (within | crossing) & (told[i] != told[j])
    chosen &= ~np.isin(i * len(size) + j, linked.coords[0] * len(size) + linked.coords[1])
    return abs(sums[i[chosen]] - sums[j[chosen]])


def _end(cells: Cells, known: Any, cell: int, sign: int) -> float:
    """Return the least (1) or greatest (-1) whole value of a cell that fits what is known."""
    cost = sign * cells.sums[[cell]].toarray()[0]
    for whole in (0, 1):
        found = optimizer().milp(cost, integrality=np.full(len(cost), whole), constraints=known)
        if found.x is None:
            raise DisclosureError.unsolved()
        if np.abs(found.x - np.round(found.x)).max() <= TOLERANCE:
            break
    return float(np.round(sign * found.fun)) + 0.0
