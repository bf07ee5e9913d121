"""What is drawn of a value: a title, the names of the axes, and numbers by kind of drawing.

:mod:`privkit.view.plots` draws each kind. A kind holds numbers and words, and nothing of matplotlib. Its sequences
have one item for each bar, point or name, unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bars:
    """Upright bars with their figures above: how much of each is `short`, and the `limits` of its interval."""

    names: Sequence[str]
    values: Sequence[float]
    told: Sequence[str]
    short: Sequence[float] = ()
    limits: Sequence[tuple[float, float]] = ()
    #: Where the axis ends; an eighth above the highest by default.
    top: float = 0.0


@dataclass(frozen=True, slots=True)
class Across:
    """Bars from left to right with their figures beside, from the top down; some fall `short`."""

    names: Sequence[str]
    values: Sequence[float]
    told: Sequence[str]
    short: Sequence[bool] = ()
    #: Where the axis ends; a quarter above the longest by default.
    end: float = 0.0
    #: What stands along the axis; figures by default.
    ticks: Mapping[float, str] | None = None


#: An axis of shares, with room for the figures.
SHARES = {0: "0 %", 0.25: "25 %", 0.5: "50 %", 0.75: "75 %", 1: "100 %"}
SHARES_END = 1.18


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two bars for each name: what they are called, and how high; a limit, what it is, and what exceeds it."""

    names: Sequence[str]
    first: tuple[str, Sequence[float]]
    second: tuple[str, Sequence[float]]
    limit: float
    said: str
    exceeded: str


@dataclass(frozen=True, slots=True)
class Spread:
    """How shares are spread, in twenty bars, with their mean."""

    values: Sequence[float]
    mean: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A density, filled where it is `inside`."""

    x: Sequence[float]
    y: Sequence[float]
    inside: Sequence[bool]


@dataclass(frozen=True, slots=True)
class Point:
    """One number with its interval, on an axis that ends near them: it has nothing to stand on."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen among public candidates from `low` to `high`; in words alone where they are no numbers."""

    told: str
    value: float | None = None
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, slots=True)
class Estimates:
    """Numbers by name, each with its interval; as bars where they stand on zero."""

    names: Sequence[str]
    values: Sequence[float]
    lower: Sequence[float]
    upper: Sequence[float]
    bars: bool


@dataclass(frozen=True, slots=True)
class Budgets:
    """Shares of budgets that are spent and reserved, by symbol; the rest is left."""

    names: Sequence[str]
    spent: Sequence[float]
    reserved: Sequence[float]


@dataclass(frozen=True, slots=True)
class Steps:
    """A total that grows, below a limit and what that is."""

    x: Sequence[float]
    y: Sequence[float]
    limit: float
    said: str


@dataclass(frozen=True, slots=True)
class Cloud:
    """Points by a share, which has a limit, and a cost: what the allowed ones and the others are called."""

    x: Sequence[float]
    y: Sequence[float]
    allowed: Sequence[bool]
    limit: float
    good: str
    bad: str


Kind = Bars | Across | Pairs | Spread | Curve | Point | Choice | Estimates | Budgets | Steps | Cloud


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing: the answer, what stands along each axis (empty where nothing does), and what is drawn."""

    title: str
    x: str
    y: str
    drawn: Kind
