"""The teaching simulator: the shape of the noise from a seeded generator, and none of its protection.

OpenDP is not asked for any of these draws, so that no seed ever reaches the real noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.answers.release import Release
from privkit.dp.noise.compound import Compound
from privkit.dp.noise.noise import Gaussian, Laplace, Noise
from privkit.dp.noise.selection import NoisyMax
from privkit.errors.facts import SimulatedError
from privkit.values.arguments import spending
from privkit.values.show import SIMULATED, Simulated

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.dp.plan import Plan
    from privkit.values.loss import PrivacyLoss


@spending
@dataclass(frozen=True, repr=False, eq=False)
class SimulatedRelease(Simulated, Release):
    """An answer with simulated noise: it looks like a release, says that it is none, and cannot be packaged."""

    @classmethod
    def of(cls, release: Release) -> SimulatedRelease:
        """Mark a release that holds simulated numbers."""
        told = release.provenance
        told = replace(
            told,
            question=f"SIMULATED: {told.question}",
            mechanism=f"SIMULATED {told.mechanism}",
            noise=f"SIMULATED {told.noise}",
            versions={"numpy": np.__version__},
            simulated=True,
        )
        return cls(
            marked_plan(release.plan), release.drawn, told, release.replayed, release.asked_before, release.replays
        )

    @property
    def value(self) -> Any:
        """The answer, with a column that says that it is simulated where it is a frame.

        A Series says it in its name, a number where it is shown; what is reckoned with a number is a plain one.
        """
        found = super().value
        return found.assign(simulated=True) if self.plan.question.asked.framed else found

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """Return the release's frame with a column that says that it is simulated."""
        return super().to_frame(level).assign(simulated=True)

    def _each(self, found: dict[str, NDArray[Any]]) -> Any:
        told = super()._each(found)
        return told.assign(simulated=True) if self.plan.question.asked.framed else told

    def _shaped(self, values: NDArray[Any]) -> Any:
        found = super()._shaped(values)
        return marked(found) if self.plan.question.shown is None else found.rename(f"{found.name} (SIMULATED)")


class SimulatedInt(int):
    """A whole number that says, where it is shown, that it is simulated; what is reckoned with it is a plain one."""

    simulated = True

    def __repr__(self) -> str:
        """Return the number, with its mark."""
        return f"{int(self)} (SIMULATED)"

    __str__ = __repr__


class SimulatedFloat(float):
    """A number that says, where it is shown, that it is simulated; what is reckoned with it is a plain one."""

    simulated = True

    def __repr__(self) -> str:
        """Return the number, with its mark."""
        return f"{float(self)!r} (SIMULATED)"

    __str__ = __repr__


def marked(value: Any) -> Any:
    """Return a bare number with a mark; what is no number as it is.

    Examples
    --------
    >>> marked(812), marked(812) + 1, f"{marked(0.5):.2f}"
    (812 (SIMULATED), 813, '0.50')
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return SimulatedInt(value) if isinstance(value, int) else SimulatedFloat(value)


#: Said where the answer is one number.
BARE = (
    "a number taken out of it, by .value or .interval(), is marked where it is shown; what is reckoned with it is not"
)


def marked_plan(plan: Plan) -> Plan:
    """Return the plan of a simulated project, with the mark as its first note."""
    mark = SIMULATED.rstrip(".")
    if mark in plan.notes:
        return plan
    bare = () if plan.question.by or plan.question.asked.framed else (BARE,)
    return replace(plan, notes=(mark, *bare, *plan.notes))


def can_simulate(plan: Plan) -> None:
    """Refuse a plan whose noise the simulator does not know. Reads nothing.

    Raises
    ------
    SimulatedError
    """
    if not isinstance(plan.noise, Laplace | Gaussian | NoisyMax | Compound):
        raise SimulatedError.unknown(plan.mechanism)


def simulate(account: Any, plan: Plan, data: object, entry: int) -> Any:
    """Return the plan's exact integers with simulated noise, for a simulated account alone. Reads rows.

    The generator is seeded by the account's seed and the number of the entry: running a notebook again from its start
    gives the same noise. Which rows of a person over the contribution bounds count is still drawn anew.

    Parameters
    ----------
    account : SimulatedAccount
    plan : Plan
    data : dataframe
    entry : int
        The number of the reservation.

    Raises
    ------
    SimulatedError
        For any account that is not a simulated one.
    """
    if getattr(account, "simulated", False) is not True:
        raise SimulatedError.real()
    can_simulate(plan)
    draw = Simulator(np.random.default_rng([account.seed, entry]))
    return plan.question.asked.simulated(data, plan.question, plan.noise, plan.loss, draw)


@dataclass(frozen=True, slots=True)
class Simulator:
    """Noise from a seeded generator."""

    rng: np.random.Generator

    def added(self, noise: Noise, size: int) -> NDArray[np.int64]:
        """Return independent integers with the noise's distribution."""
        return drawn(noise, size, self.rng)

    def chosen(self, scores: NDArray[np.int64], noise: Noise, loss: PrivacyLoss) -> NDArray[np.int64]:
        """Return the places of the best noisy scores of every group."""
        assert isinstance(noise, NoisyMax)
        concentrated = loss.measure.concentrated
        return np.concatenate([chosen(row, noise, concentrated=concentrated, rng=self.rng) for row in scores])


def drawn(noise: Noise, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return independent integers with the noise's distribution, as floating-point arithmetic gives it.

    Discrete Laplace: the difference of two geometric numbers (Inusah and Kozubowski 2006). Discrete Gaussian: by
    rejection from a discrete Laplace of scale ⌊σ⌋ + 1 (Canonne, Kamath and Steinke 2020, algorithm 3).
    """
    if isinstance(noise, Laplace):
        return _laplace(noise.scale, size, rng)
    base = math.floor(noise.scale) + 1
    found = np.zeros(0, dtype=np.int64)
    while len(found) < size:
        offered = _laplace(base, 2 * (size - len(found)) + 16, rng)
        kept = np.exp(-((np.abs(offered) - noise.scale**2 / base) ** 2) / (2 * noise.scale**2))
        found = np.concatenate([found, offered[rng.random(len(offered)) < kept]])
    return found[:size]


def chosen(
    scores: NDArray[np.int64], noise: NoisyMax, *, concentrated: bool, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return the places of the best noisy scores: exponential noise for ε, Gumbel noise for ρ."""
    draws = rng.gumbel(size=len(scores)) if concentrated else rng.exponential(size=len(scores))
    return np.argsort(-(scores + noise.scale * draws), kind="stable")[: noise.top].astype(np.int64)


def _laplace(scale: float, size: int, rng: np.random.Generator) -> NDArray[np.int64]:
    # The geometric number by inversion: NumPy's own loses digits where the chance of success is tiny.
    halves = np.floor(rng.standard_exponential((2, size)) * scale).astype(np.int64)
    return np.asarray(halves[0] - halves[1], dtype=np.int64)
