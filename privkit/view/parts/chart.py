"""What is drawn of a value: a title, the names of the axes, and numbers by kind of drawing.

:mod:`privkit.view.plots` draws each kind. A kind holds numbers and words, and nothing of matplotlib.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bars:
    """Upright bars with their figures above.

    Attributes
    ----------
    names, told : sequence of str
        What stands below and above each.
    values : sequence of number
    short : sequence of number
        How much of each falls short; nothing by default.
    limits : sequence of (low, high)
        The interval of each, where they have one.
    top : float
        Where the axis ends; an eighth above the highest by default.
    """

    names: Sequence[str]
    values: Sequence[float]
    told: Sequence[str]
    short: Sequence[float] = ()
    limits: Sequence[tuple[float, float]] = ()
    top: float = 0.0


@dataclass(frozen=True, slots=True)
class Across:
    """Bars from left to right with their figures beside, from the top down.

    Attributes
    ----------
    names, told : sequence of str
    values : sequence of number
        0 or more.
    short : sequence of bool
        Which fall short.
    end : float
        Where the axis ends; a quarter above the longest by default.
    ticks : mapping of number to str
        What stands along the axis; figures by default.
    """

    names: Sequence[str]
    values: Sequence[float]
    told: Sequence[str]
    short: Sequence[bool] = ()
    end: float = 0.0
    ticks: Mapping[float, str] | None = None


#: An axis of shares, with room for the figures.
SHARES = {0: "0 %", 0.25: "25 %", 0.5: "50 %", 0.75: "75 %", 1: "100 %"}
SHARES_END = 1.18


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two bars for each name, with a limit that is not to be exceeded.

    Attributes
    ----------
    names : sequence of str
    first, second : (str, sequence of number)
        What they are, and how high.
    limit : float
    said, exceeded : str
        What stands at the limit, and what it means to be above it.
    """

    names: Sequence[str]
    first: tuple[str, Sequence[float]]
    second: tuple[str, Sequence[float]]
    limit: float
    said: str
    exceeded: str


@dataclass(frozen=True, slots=True)
class Spread:
    """How shares are spread, in twenty bars, with their mean.

    Attributes
    ----------
    values : sequence of number
    mean : float
    """

    values: Sequence[float]
    mean: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A density, filled where it is `inside`.

    Attributes
    ----------
    x, y : sequence of number
    inside : sequence of bool
    """

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
    """What was chosen among public candidates: on their axis, or in words where they are no numbers.

    Attributes
    ----------
    told : str
    value : float or None
    low, high : float
        The ends of the candidates.
    """

    told: str
    value: float | None = None
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, slots=True)
class Estimates:
    """Numbers by name, each with its interval; as bars where they stand on zero.

    Attributes
    ----------
    names : sequence of str
    values, lower, upper : sequence of number
    bars : bool
    """

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
    """A total that grows, below a limit.

    Attributes
    ----------
    x, y : sequence of number
    limit : float
    said : str
        What the limit is.
    """

    x: Sequence[float]
    y: Sequence[float]
    limit: float
    said: str


@dataclass(frozen=True, slots=True)
class Cloud:
    """Points by a share and a cost: those that are allowed, and the others; with a limit to the share.

    Attributes
    ----------
    x, y : sequence of number
    allowed : sequence of bool
    limit : float
    good, bad : str
        What they are called.
    """

    x: Sequence[float]
    y: Sequence[float]
    allowed: Sequence[bool]
    limit: float
    good: str
    bad: str


Kind = Bars | Across | Pairs | Spread | Curve | Point | Choice | Estimates | Budgets | Steps | Cloud


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing.

    Attributes
    ----------
    title, x, y : str
        The answer, and what stands along each axis; empty where there is nothing.
    drawn : Kind
    """

    title: str
    x: str
    y: str
    drawn: Kind
