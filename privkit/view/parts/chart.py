"""What is drawn of a value: a title, the names of the axes, and numbers by kind of drawing.

:mod:`privkit.view.plots` draws each kind. A kind holds numbers and words, and nothing of matplotlib. Its sequences
have one item for each bar, point or name, unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

#: More names than this do not stand side by side.
UPRIGHT = 14


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
class Range:
    """From where to where something goes, on an axis that holds 0, and how both ends are told."""

    low: float
    high: float
    told: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Estimates:
    """Numbers by name, each with its interval; as bars where they stand on zero."""

    names: Sequence[str]
    values: Sequence[float]
    lower: Sequence[float]
    upper: Sequence[float]
    bars: bool
    #: Whether the names follow each other, as the hours of a day do: then they stand side by side, however many.
    ordered: bool = False

    @property
    def lies(self) -> bool:
        """Whether the names stand below each other: there are many of them."""
        return len(self.names) > UPRIGHT and not self.ordered


@dataclass(frozen=True, slots=True)
class Timeline:
    """Numbers of moments or windows in order of time, each with its interval; as bars where they stand on zero."""

    names: Sequence[str]
    begins: Sequence[datetime]
    #: Each is later than its begin, or all are the same: of moments.
    ends: Sequence[datetime]
    values: Sequence[float]
    lower: Sequence[float]
    upper: Sequence[float]
    bars: bool
    #: What has no place in time.
    aside: str = ""


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments by name, each with its interval, on an axis of time."""

    names: Sequence[str]
    values: Sequence[date]
    lower: Sequence[date]
    upper: Sequence[date]


@dataclass(frozen=True, slots=True)
class Ranked:
    """Public values, the most frequent first: which are named, and which others could be; with counts, where there are.

    Without counts `values` and its limits are empty.
    """

    names: Sequence[str]
    named: Sequence[bool]
    values: Sequence[float] = ()
    lower: Sequence[float] = ()
    upper: Sequence[float] = ()
    told: str = ""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Numbers in bins that lie between edges, on the axis of what is binned; one edge more than bins."""

    edges: Sequence[float]
    values: Sequence[float]
    lower: Sequence[float]
    upper: Sequence[float]


@dataclass(frozen=True, slots=True)
class Heat:
    """A number for each row and column, by rows from the top down, as color and in figures."""

    rows: Sequence[str]
    columns: Sequence[str]
    values: Sequence[Sequence[float]]
    #: How each is written, where not in full: rounded to its error.
    told: Sequence[Sequence[str]] = ()


@dataclass(frozen=True, slots=True)
class Fan:
    """For each name several numbers in order with their intervals, and what they are called."""

    names: Sequence[str]
    levels: Sequence[str]
    #: By level: each number by its name.
    drawn: Sequence[Estimates]


@dataclass(frozen=True, slots=True)
class Panels:
    """Several charts in rows, each with an axis of its own."""

    charts: Sequence[Chart]


@dataclass(frozen=True, slots=True)
class Nothing:
    """Words in place of a drawing, where there is nothing to draw."""

    told: str


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
class Path:
    """A cost that grows with a share of the whole, from nothing on; a limit beside it, and what that is."""

    x: Sequence[float]
    y: Sequence[float]
    limit: float | None
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
    #: The place of the one that is best, and what it is; none where that is negative.
    best: int = -1
    said: str = ""


Kind = (
    Bars | Across | Pairs | Spread | Curve | Point | Choice | Estimates | Histogram | Heat | Fan | Panels | Nothing
    | Budgets | Steps | Path | Cloud | Timeline | Moments | Ranked | Range
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing: the answer, what stands along each axis (empty where nothing does), what is drawn, and a foot."""

    title: str
    x: str
    y: str
    drawn: Kind
    #: What a reader must know who sees the figure alone: what it cost, whom it protects, how sure it is.
    foot: str = ""
