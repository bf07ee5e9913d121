"""What a value says of itself, once: the sheet that text, HTML, plots and panels render.

A sheet holds typed values (numbers, shares, verdicts, names), never HTML, so that another renderer can be added beside
the three there are. Each room has one module, ``privkit/view/sheets/ROOM.py``, which registers a function per class:

    @sheet.register(KAnonymityReport)
    def _kanon(report: KAnonymityReport) -> Sheet: ...

Blocks stand in the order in which they are read. A text is a reason; the others say what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import singledispatch
from importlib import import_module
from importlib.util import find_spec
from numbers import Real
from typing import TYPE_CHECKING, Any

from privkit.values.writing import amount_shown, ends, number, percent, to_error
from privkit.view.parts.words import aligned

if TYPE_CHECKING:
    from privkit.view.parts.chart import Chart


# -- cells ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, read in percent."""

    part: float
    whole: float = 1

    def __str__(self) -> str:
        return percent(self.part, self.whole)


@dataclass(frozen=True, slots=True)
class Meter:
    """A share, from 0 to 1, as a bar; the same in words; and whether it is a share of what falls short."""

    share: float
    label: str
    short: bool = False
    #: How many letters it is long where it is written.
    letters: int = 10

    def __str__(self) -> str:
        return self.label


@dataclass(frozen=True, slots=True)
class Counted:
    """A count of some, its share of all, and a bar for it, which falls short where there are any."""

    count: int
    whole: int

    def __str__(self) -> str:
        return f"{number(self.count)} ({percent(self.count, self.whole)})"


@dataclass(frozen=True, slots=True)
class Between:
    """Two ends, read in percent where they are shares."""

    low: float
    high: float
    shares: bool = False

    def __str__(self) -> str:
        return " to ".join(map(percent if self.shares else number, (self.low, self.high)))


@dataclass(frozen=True, slots=True)
class Drawn:
    """A number with its interval as a bar, on an axis from `start` to `end`. A cell, or a block of its own."""

    value: float
    lower: float
    upper: float
    start: float
    end: float

    def __str__(self) -> str:
        low, high = ends(self.lower, self.upper)
        return f"{to_error(self.value, (self.upper - self.lower) / 2)} ({low} to {high})"


@dataclass(frozen=True, slots=True)
class Name:
    """A name that stays on one line where that leaves room for the rest."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Code:
    """Something that one types, or a path."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Hinted:
    """A name with a word on where it comes from."""

    text: str
    hint: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Chip:
    """A role of a column, as a chip: its short name decides how it looks."""

    kind: str
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Spread:
    """Counts side by side as bars, against the largest; the first is of what falls short; and the same in words."""

    counts: tuple[int, ...]
    words: str

    def __str__(self) -> str:
        return self.words


@dataclass(frozen=True, slots=True)
class Folded:
    """An answer whose reasons are folded, and what is to be pressed to see them."""

    text: str
    reasons: tuple[str, ...]
    fold: str = "why"

    def __str__(self) -> str:
        return "; ".join([self.text, *self.reasons])


@dataclass(frozen=True, slots=True)
class Pile:
    """Several cells in one, below each other."""

    cells: tuple[Cell, ...]

    def __str__(self) -> str:
        # A bar says what stands beside it.
        return ", ".join(filter(None, (words(cell) for cell in self.cells if not isinstance(cell, Meter))))


@dataclass(frozen=True, slots=True)
class Stacked:
    """Several lines in one cell; the first is an answer and the others remarks where it is a `lead`."""

    lines: tuple[str, ...]
    lead: bool = False

    def __str__(self) -> str:
        return "; ".join(self.lines)


# -- blocks --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something is met, open if None. A cell, or a block of its own."""

    met: bool | None
    text: str
    #: How a text says it, where the answer does not.
    line: str = ""

    def __str__(self) -> str:
        return f"{'–' if self.met is None else '✓' if self.met else '✗'} {self.text}"


@dataclass(frozen=True, slots=True)
class Note:
    """A remark: a caveat, or what is not shown; and whether a text has it too."""

    text: str
    told: bool = True


@dataclass(frozen=True, slots=True)
class Typed:
    """Lines that one types, folded; a text leaves them out."""

    lines: str
    folded: str


_Worded = str | Name | Code | Hinted | Chip | Stacked | Folded
Cell = _Worded | int | float | Share | Meter | Counted | Between | Drawn | Spread | Verdict | Pile | None
Row = Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """Figures in rows; the first cell names a row."""

    #: A head stands over the next column too where that has None.
    heads: Sequence[str | None]
    #: A callable counts them when they are shown: what no text needs is not counted for one.
    rows: Sequence[Row] | Callable[[], Sequence[Row]]
    caption: str = ""
    #: How the table reads in a text; a text leaves it out where there are none.
    lines: Sequence[str] = ()
    #: Whether its cells are words more than numbers.
    facts: bool = False
    #: Heads of columns whose cells are never broken into lines.
    whole: Sequence[str] = ()
    #: What is to be pressed to see it; empty where it is open.
    folded: str = ""
    #: Whether its columns give way in a narrow window, as do the bars in them.
    fits: bool = False
    #: What is asked above it, which may be longer than it is wide.
    title: str = ""

    def filled(self) -> Sequence[Row]:
        """Return the rows."""
        return self.rows() if callable(self.rows) else self.rows


@dataclass(frozen=True, slots=True)
class Budget:
    """What became of a budget in one symbol (ε, ρ or δ)."""

    symbol: str
    budget: Fraction
    spent: Fraction
    reserved: Fraction
    left: Fraction

    def __str__(self) -> str:
        spent, reserved, left, budget = map(amount_shown, (self.spent, self.reserved, self.left, self.budget))
        return f"{self.symbol}: {spent} spent, {reserved} reserved, {left} left of {budget}"

    @property
    def of(self) -> str:
        """What is left of the budget, in words: ``0.7 of 1``."""
        return f"{amount_shown(self.left)} of {amount_shown(self.budget)}"

    def share(self, amount: Fraction) -> float:
        """Return an amount as a share of the budget."""
        return float(amount / self.budget) if self.budget else 0.0


@dataclass(frozen=True, slots=True)
class Played:
    """A page that plays by itself, and the still picture that stands for it; a text leaves both out."""

    title: str
    #: A whole page of HTML.
    page: str
    #: An SVG.
    still: str
    #: What both show.
    sentence: str
    #: In CSS pixels.
    height: int


Block = str | Note | Verdict | Table | Drawn | Meter | Budget | Typed | Played


# -- the sheet -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a value says of itself.

    Attributes
    ----------
    answer : str
        The first line.
    blocks : tuple of Block
        Verdicts, reasons, tables and remarks, in order. Empty reasons are left out.
    then : sequence of str
        What to type next; it runs as it stands. Empty ones are left out.
    exact : bool
        Whether the figures are exact facts of raw data.
    chart : callable, optional
        Returns what is drawn: it is counted when it is asked for.
    """

    answer: str
    blocks: tuple[Block, ...] = ()
    then: Sequence[str] = ()
    exact: bool = False
    chart: Callable[[], Chart] | None = None

    def __post_init__(self) -> None:
        """Leave out what cannot be typed."""
        object.__setattr__(self, "then", [step for step in self.then if step])


@singledispatch
def sheet(value: object) -> Sheet:
    """Return what a value says of itself.

    Raises
    ------
    TypeError
        For what says nothing.
    """
    raise TypeError(f"{type(value).__name__} has no sheet")


def words(found: object) -> str:
    """Return a cell, or a block that is no table, in words: what Markdown and JSON hold of it.

    Examples
    --------
    >>> words(Share(1, 4)), words(Verdict(False, "falls short")), words(None), words(1234)
    ('25.0 %', '✗ falls short', '', '1,234')
    """
    if isinstance(found, Real):
        return number(found)  # type: ignore[arg-type]
    return "" if found is None else str(found)


def given(*blocks: Block | None) -> tuple[Block, ...]:
    """Return the blocks that there are."""
    return tuple(block for block in blocks if block is not None and block != "")


def in_columns(
    heads: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "", *, left: int = 0, rest: str = ".to_frame()"
) -> Table:
    """Return a table of numbers whose text has them below each other, and says how many rows are `left`, and where."""
    more = [f"  … {number(left)} more: {rest}"] if left > 0 else []
    return Table(heads, rows, caption, [*aligned([heads, *rows], "<" + ">" * (len(heads) - 1)), *more])


# -- where sheets are: the room that a value's class lives in decides --------------------------------------------------


def room_of(value: object) -> str:
    """Return the room of the value's class, or of the first base that privkit defines (users may subclass).

    Examples
    --------
    >>> from privkit.values.loss import PrivacyLoss
    >>> room_of(PrivacyLoss.of(epsilon=1))
    'values'
    """
    for base in type(value).__mro__:
        parts = base.__module__.split(".")
        if parts[0] == "privkit" and len(parts) > 1 and base.__module__ != "privkit.values.show":
            return parts[1]
    raise TypeError(f"{type(value).__name__} is no value of privkit")


def view_of(kind: str, value: object) -> Any:
    """Return the module of `value`'s room in ``sheets`` or ``panels``; None where there is none."""
    module = f"privkit.view.{kind}.{room_of(value)}"
    return import_module(module) if find_spec(module) else None


def sheet_of(value: object, then: Callable[[Sequence[str]], Sequence[str]] | None = None) -> Sheet | None:
    """Return what a value says of itself; None where nothing of its room does.

    `then` returns other steps for the value's own, where something else shows the value.
    """
    if view_of("sheets", value) is None:
        return None
    found = sheet(value)
    return found if then is None else replace(found, then=then(found.then))
