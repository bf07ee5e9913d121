"""Measurements: a stable transformation chained with noise, by OpenDP.

How far one contribution moves the cells of its group, how far one person moves all, and what rounding adds.

The frame on its way through OpenDP, which neither passes interrupts on nor keeps error texts to itself.

Stable transformations: frame → integers, with the proof of how far one person can move them.

A transformation here is an OpenDP user transformation. What OpenDP cannot know, and we vouch for, is its stability
map; so it carries its proof, a test that searches neighboring frames for a counterexample, and an oracle test that
OpenDP's own dataframe route asks for the same noise.

The input metric counts persons: D ~ D′ at distance d if D′ comes from D by adding or removing all rows of d persons
(a row is a person where the unit is the row; at most k rows are, by the owner's word, where it is `pk.rows(k)`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.noise.noise import Laplace, Noise, costs_at_most, integers
from privkit.dp.opendp import features
from privkit.values.interrupts import INTERRUPTS, let_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.plan import Plan
    from privkit.dp.question import Question
    from privkit.values.bounds import ContributionBounds


@dataclass(frozen=True, slots=True)
class Reach:
    """How far one contribution moves the `width` cells of its own group: by at most `l1`, `l2` and `linf`.

    Attributes
    ----------
    l1, linf : int
        In steps of the answer's grid.
    l2 : float
        Rounded up.
    width : int
        How many cells a group has.
    """

    l1: int = 1
    l2: float = 1.0
    linf: int = 1
    width: int = 1


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How far one person moves the whole answer: at most `l0` cells, one of them by `linf`, all by `l1` and `l2`.

    A person has at most R contributions in all, or at most P in each of G groups. Each moves its group's block of
    cells by a vector of norms at most (l1, l2, l∞), and blocks are disjoint. By the triangle inequality within a block
    and orthogonality across blocks:

    - R in all: L1 = R·l1, L2 = R·l2 (worst in one block), L∞ = R·l∞;
    - (G, P): L1 = G·P·l1, L2 = √G·P·l2, L∞ = P·l∞.

    Examples
    --------
    >>> from privkit.values.bounds import ContributionBounds
    >>> Sensitivity.of(ContributionBounds(max_groups=4, per_group=5), Reach())
    Sensitivity(l0=4, l1=20, l2=10.0, linf=5)
    """

    l0: int
    l1: int
    l2: float
    linf: int

    @classmethod
    def of(cls, bounds: ContributionBounds, reach: Reach) -> Sensitivity:
        """Return the sensitivity of a statistic whose single contributions have this `reach`."""
        return cls(
            bounds.l0 * reach.width, bounds.l1 * reach.l1, product_up(bounds.l2, reach.l2), bounds.linf * reach.linf
        )


def product_up(left: float, right: float) -> float:
    """Return the product of two floats, not below the exact product of what they stand for.

    Either factor may be a square root rounded to nearest: two steps up cover both roundings and the product's own.
    """
    if left.is_integer() and right.is_integer() and abs(left * right) < 2**53:
        return left * right
    return math.nextafter(math.nextafter(math.nextafter(left * right, math.inf), math.inf), math.inf)


@dataclass(frozen=True, slots=True, eq=False)
class Rounding:
    """How far the exact bounded number may lie from the same weighted sum of exact cells.

    At most by ``fixed``, and by a weighted sum of the exact cells (like so much per row, of which they tell how many).
    Public facts and released integers alone; no probability is in it.

    Attributes
    ----------
    fixed : float
    weights : array of float64, shape (width,), or None
        All at least 0.
    """

    fixed: float = 0.0
    weights: NDArray[np.float64] | None = None

    @property
    def is_none(self) -> bool:
        """Whether there is none."""
        return not self.fixed and self.weights is None

    def bounds(self, cells: NDArray[np.int64], noise: Noise, miss: float) -> NDArray[np.float64]:
        """Return bounds for each group from noisy cells, which fail with probability at most `miss` each.

        The weighted sum of exact cells is that of the noisy ones less the noise, which exceeds its two-sided quantile
        h at one side with probability at most miss / 2.
        """
        if self.weights is None:
            return np.full(len(cells), self.fixed)
        reach = float(noise.combined(self.weights[None, :], miss)[0])
        return self.fixed + np.maximum(cells @ self.weights + reach, 0.0)


class Rows:
    """A frame, and whether reading it was interrupted.

    An exception inside a callback of OpenDP comes out as OpenDP's own, with the text of the first, and an interrupt
    is printed and lost. So a callback reads through `read`, which lets nothing of the cause through but the fact of
    an interrupt.

    Attributes
    ----------
    interrupted : bool
    """

    __slots__ = ("_data", "interrupted")

    def __init__(self, data: object) -> None:
        self._data = data
        self.interrupted = False

    def read(self, function: Callable[[object], Any]) -> Any:
        """Return ``function(data)``; whatever it raises becomes one error without a text.

        Raises
        ------
        ValueError
        """
        try:
            with let_in():
                return function(self._data)
        except INTERRUPTS:
            self.interrupted = True
        except BaseException:  # noqa: BLE001, S110 - a panic of an engine is no Exception, and no interrupt either
            pass
        raise ValueError("the rows could not be read")


def make_measurement(plan: Plan) -> Any:
    """Return the OpenDP measurement that answers the plan: frame → noisy integers. Reads nothing.

    OpenDP chains our transformation with its noise and states the loss. It is compared with the price: what is
    charged is what was planned, and never less than what the measurement costs.
    """
    with features():
        measurement = plan.question.asked.measurement(plan.question, plan.noise, plan.loss)
        stated = measurement.map(1)
    if not costs_at_most(stated, plan.loss):
        raise RuntimeError("the plan's price is below the loss that OpenDP states")
    return measurement


def draw(measurement: Any, data: object) -> Any:
    """Draw the noisy answer. Call it only after the plan's price is durably reserved.

    Reads rows. Whatever goes wrong inside may depend on the data, so the caller tells nothing of the exception.

    Raises
    ------
    KeyboardInterrupt
        If reading the rows was interrupted.
    """
    rows = Rows(data)
    try:
        with features():
            return measurement(rows)
    except BaseException:
        if not rows.interrupted:
            raise
    raise KeyboardInterrupt


def frames(dp: Any) -> tuple[Any, Any]:
    """Return OpenDP's domain of frames, and the metric that counts persons."""
    return dp.domains.user_domain("frame", lambda _: True), dp.metrics.user_distance("persons added or removed")


def exact_cells(data: object, question: Question) -> NDArray[np.int64]:
    """Return the exact integers that get noise, group by group. Reads rows; private until noise is added."""
    return question.asked.exact(question.rows(data), question).reshape(-1)


def make_sums(question: Question, noise: type[Noise]) -> Any:
    """Return the statistic as an OpenDP transformation from frames to integers, under the metric of the noise.

    Claim
    -----
    If D and D′ differ in d persons, ‖f(D) − f(D′)‖₁ ≤ d · L1 and ‖f(D) − f(D′)‖₂ ≤ d · L2, where L1 and L2 are those of
    ``question.sensitivity``.

    Proof
    -----
    Each contribution (a row with a key and a value, or a person's total of a group) adds to the block of its own group
    a vector of whole numbers whose norms are at most those of ``question.asked.reach``; the statistic's docstring
    proves that. Blocks of distinct groups are disjoint, and the keys are fixed before the data.

    Filters, derived columns and values for missing ones look at one row alone and come first, so that they turn one
    row into at most one (`privkit.tally.predicate.apply`).

    *The unit is the row.* Whether a row contributes, to which group and what, depends on that row alone. So f is a sum
    over rows, and one row more or less moves it by one contribution.

    *The unit is k rows of one person, of whom no id tells* (`privkit.values.unit.rows`). Nothing is sampled. k rows
    more or less, one after the other, move f by k contributions: R = k in
    :class:`~privkit.dp.measurement.Sensitivity`.

    *The unit is a column.* Rows without an id, a key or a value are left out, row by row. Let D_p be the multiset of
    the rest of person p. What is kept of D_p depends on D_p and on the salt alone (`privkit.tally.bounding`), and the
    salt is drawn independently of the data. So for each salt f is a sum over persons of f_p(D_p), and one person more
    or less moves it by f_p, which has at most R contributions, or at most P in each of G groups, by construction:
    :class:`~privkit.dp.measurement.Sensitivity` has the norms. Since that holds for each salt, and the salt
    does not depend on the data, it holds for the mechanism (which is a mixture over salts; ε, (ε, δ) and ρ are all
    quasi-convex).

    By the triangle inequality d persons move it by at most d times as much. The sums are exact: they are taken in
    64-bit integers, which 2**31 rows cannot overflow. ∎

    The sampling of rows within a person is that of Wilson et al. 2020 (arXiv 1909.01917), section 3.
    """
    norms = question.sensitivity
    with features() as dp:
        if issubclass(noise, Laplace):
            metric, stated = dp.metrics.l1_distance(T="i64"), (lambda persons: persons * norms.l1)
        else:
            metric, stated = dp.metrics.l2_distance(T="f64"), (lambda persons: persons * norms.l2)
        return dp.transformations.make_user_transformation(
            *frames(dp),
            integers(dp),
            metric,
            lambda rows: rows.read(lambda data: exact_cells(data, question)),
            stated,
        )
