"""What statistics of a few public groups have in common that answer about all of them together."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from privkit.dp.measurement import Reach, Sensitivity
from privkit.dp.noise.weighted import sum_quantile
from privkit.dp.statistics.statistic import Estimates, Limits, Statistic
from privkit.values.keys import decoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from privkit.dp.noise.noise import Noise
    from privkit.dp.question import Question
    from privkit.tally.engines.contract import Engine
    from privkit.tally.looking import Extent
    from privkit.values.keys import Keys

#: Cells of samples that are in memory at once.
_AT_ONCE = 1_000_000


class OfGroups:
    """The cells of a statistic, `inner`, by public keys, `groups`, read as one answer without keys.

    Notes
    -----
    *Reach.* The cells are those of `inner` by these keys, group after group. So one row, which is in one group at most,
    moves all of them by what it moves those of `inner`; and a person by
    :class:`~privkit.dp.measurement.Sensitivity`, in at most as many groups as there are.
    """

    __slots__ = ()

    inner: Statistic
    groups: Keys

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of numbers."""
        return self.inner.columns

    @property
    def read(self) -> tuple[str, ...]:
        """The columns of `inner`, and those of the groups."""
        return (*self.inner.read, *self.groups.by)

    @property
    def clipped(self) -> dict[str, tuple[float, float]]:
        """The bounds of the numbers."""
        return self.inner.clipped

    @property
    def clips(self) -> str:
        """To what numbers are clipped."""
        return self.inner.clips

    @property
    def step(self) -> float:
        """That of `inner`."""
        return self.inner.step

    @property
    def reach(self) -> Reach:
        """That of one group."""
        return self.inner.reach

    @property
    def width(self) -> int:
        """The cells of all groups."""
        return len(self.groups) * self.inner.width

    def sensitivity(self, question: Question) -> Sensitivity:
        """Return how far one person moves all cells: as by keys, in no more groups than there are."""
        bounds = question.bounds
        if bounds.max_groups is not None:
            bounds = replace(bounds, max_groups=min(bounds.max_groups, len(self.groups)))
        return Sensitivity.of(bounds, self.reach)

    @property
    def own_keys(self) -> tuple[Keys, ...]:
        """The groups."""
        return (self.groups,)

    def typed_keys(self, question: Question) -> Keys | None:
        """Return the groups."""
        return self.groups

    def matched(self, rows: Engine, question: Question) -> tuple[Keys, NDArray[np.int64]]:
        """Count the rows of all groups."""
        return self.groups, rows.keyed_counts(self.groups)

    def extents(self) -> tuple[Extent, ...]:
        """Return the bounds to which numbers are clipped."""
        return self.inner.extents()

    @property
    def counted(self) -> Keys:
        """The groups in canonical order, which is that of the cells: an answer does not depend on how it was asked."""
        order = self.groups.canonical_order
        return replace(self.groups, values=tuple(self.groups.values[place] for place in order))

    def exact(self, data: object, question: Question) -> NDArray[np.int64]:
        """Return the cells of all groups in canonical order, one after the other; shape (1, cells)."""
        return self.inner.exact(data, replace(question, asked=self.inner, keys=self.counted)).reshape(1, -1)


class SimulatedTest(OfGroups, Statistic):
    """A test on the cells of public groups, whose null distribution is simulated with the noise in it.

    Beside the test it tells how many rows there are, and how many where they are fewest.
    """

    __slots__ = ()

    framed = True
    #: What the number of rows is called where they are fewest.
    least: ClassVar[str]

    @property
    @abstractmethod
    def each(self) -> float:
        """How many rows one step of a cell stands for."""

    @property
    def linear(self) -> frozenset[str]:
        """None."""
        return frozenset()

    def told(self, cells: NDArray[np.int64], noise: Noise | None) -> Estimates:
        """Return all numbers, the statistic first."""
        return {**self.tests(cells, noise), **self.estimates(cells)}

    def _counted(self, noise: Noise, alpha: float) -> float:
        """Return how far the count of all rows errs."""
        return sum_quantile({noise: (self.each,) * self.width}, alpha)

    def limits(self, cells: NDArray[np.int64], noise: Noise, alpha: float) -> Limits:
        """Return limits of the count of rows; a test has none."""
        reach, count = self._counted(noise, alpha), self.estimates(cells)["count"]
        return {"count": (count - reach, count + reach)}

    def half_widths(self, noise: Noise, alpha: float, rows: int | None) -> dict[str, float | None]:
        """Return that of the count; other numbers have none."""
        return {**dict.fromkeys((*self.numbers, "count", self.least)), "count": self._counted(noise, alpha)}

    def unit_of(self, name: str) -> str:
        """Return what is counted; other numbers have no unit."""
        return "rows" if name in ("count", self.least) else ""

    def stands_on_zero(self, name: str) -> bool:
        """Whether a number is a count."""
        return name == "count"


def in_parts(many: int, cells: int) -> list[int]:
    """Return how many samples of so many cells are drawn at a time: all of them need not fit in memory.

    Examples
    --------
    >>> in_parts(9, 250_000)
    [4, 4, 1]
    """
    size = max(_AT_ONCE // cells, 1)
    return [min(size, many - start) for start in range(0, many, size)]


def dependent_rows(question: Question) -> tuple[str, ...]:
    """Say that rows of one person are not drawn independently, where a person may have several."""
    if question.bounds.l1 == 1:
        return ()
    way = "" if question.unit.column is None else "; max_rows=1 asks of persons"
    return (
        "rows of one person are not drawn independently of each other: where persons have several, sampling is larger "
        f"than is told{way}",
    )


def key_codes(keys: Keys, place: int) -> list[str]:
    """Return the values of one column of keys as a record tells them, each once, in their order.

    Examples
    --------
    >>> from privkit.values.keys import Keys
    >>> key_codes(Keys(("page",), (("new",), (1.0,), (None,))), 0)
    ["('str', 'new')", "('int', '1')", "('NoneType', 'None')"]
    """
    return list(dict.fromkeys(keys.codes[place]))


def read_keys(codes: Sequence[str]) -> tuple[tuple[Any], ...]:
    """Return the values that a record tells.

    Examples
    --------
    >>> read_keys(["('str', 'new')", "('float', '1.5')", "('NoneType', 'None')", "('date', '2026-01-01')"])
    (('new',), (1.5,), (None,), (datetime.date(2026, 1, 1),))
    """
    return tuple((decoded(code),) for code in codes)
