"""Words and numbers as every view writes them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from privkit.values.writing import LONGEST_NAME, chance, chance_percent, label, names, number, percent, plural

if TYPE_CHECKING:
    from privkit.values.loss import PrivacyLoss
    from privkit.values.unit import PrivacyUnit


def value_text(value: object, longest: int = LONGEST_NAME) -> str:
    """Return a public value in a form that is fit to print; one that is missing in words.

    Examples
    --------
    >>> value_text("a"), value_text(None), value_text(float("nan"))
    ('a', 'missing', 'missing')
    """
    gone = value is None or (isinstance(value, float | datetime) and value != value)  # noqa: PLR0124  # NaN, NaT
    return "missing" if gone else label(value, longest)


def argument(columns: Sequence[object], longest: int = 1000) -> str:
    """Return columns as one types them in a call, whole; "" where nobody would type as much.

    Examples
    --------
    >>> argument(["zip", "age"])
    "['zip', 'age']"
    """
    text = repr(list(columns)) if sum(len(str(name)) for name in columns) < longest else ""
    return text if len(text) <= longest else ""


def part_of(count: int, whole: int, noun: str = "row", many: str = "") -> str:
    """Return a part of a whole, with its share.

    Examples
    --------
    >>> part_of(3, 10)
    '3 of 10 rows (30.0 %)'
    """
    return f"{number(count)} of {plural(whole, noun, many)} ({percent(count, whole)})"


#: How a piece of a bar is written: full, hatched, pale, and nothing. The last class counts.
_INKS = {"pk-bar": "█", "pk-short": "▚", "pk-held": "▚", "pk-band": "▒", "pk-value": "▓", "pk-thin": "▏"}


def letters(pieces: Iterable[tuple[str, float]], cells: int) -> str:
    """Return a bar in letters: the classes of each piece, and its length in percent.

    A piece that is not empty has one letter at least.

    Examples
    --------
    >>> letters([("pk-bar", 33.3), ("pk-bar pk-held", 1)], 10)
    '███▚······'
    """
    drawn, end, told = "", 0.0, 0
    for kind, length in pieces:
        end += length
        told = max(round(end * cells / 100), told + (length > 0))
        drawn += _INKS.get(kind.split()[-1], "·") * (told - len(drawn))
    return drawn[:cells].ljust(cells, "·")


def bar(share: float, cells: int) -> str:
    """Return a share, from 0 to 1, as a bar in letters, to an eighth of one; one that is not 0 is never empty.

    Examples
    --------
    >>> bar(0.53, 5), bar(0.0001, 5), bar(0, 5), bar(1, 5)
    ('██▋··', '▏····', '·····', '█████')
    """
    eighths = max(round(min(max(share, 0.0), 1.0) * cells * 8), share > 0)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")).ljust(cells, "·")


def lines(answer: str, *reasons: str, then: Sequence[str] = ()) -> str:
    """Join a repr: the answer, the reasons, and what to type next."""
    last = [f"next: {' · '.join(then)}"] if then else []
    return "\n".join([answer, *(reason for reason in reasons if reason), *last])


def aligned(rows: Sequence[Sequence[str]], sides: str) -> list[str]:
    """Return rows as lines with their cells below each other; ``<`` or ``>`` for each column is where its cells begin.

    Examples
    --------
    >>> aligned([["a", "5"], ["bc", "10"]], "<>")
    ['  a    5', '  bc  10']
    """
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, wide, strict=True)) for row in rows
    )
    return [f"  {line}".rstrip() for line in lines]


def amount(loss: PrivacyLoss) -> str:
    """Return a loss; a δ of 0 is left out."""
    return str(loss) if loss.delta else str(loss).partition(", δ")[0]


def unit_words(unit: PrivacyUnit) -> str:
    """Return whom a unit protects, its column's name fit to print."""
    if unit.column is None:
        return str(unit)
    window = "" if unit.time is None else f" within one {unit.per} of {names([unit.time])}"
    return f"all rows of one {names([unit.column])}{window}"


def attacker(advantage: float, success: float, unit: PrivacyUnit) -> str:
    """Return what any attacker gains on one unit, at most: see the glossary's "advantage".

    Examples
    --------
    >>> from privkit.values.unit import ROW
    >>> attacker(0.46211716, 0.02718282, ROW)
    "An attacker's advantage on one row is at most 0.463; at 1 % false alarms he finds it in at most 2.72 % of cases."
    """
    return (
        f"An attacker's advantage on {unit_words(unit)} is at most {chance(advantage)}; at 1 % false alarms he finds "
        f"{'it' if unit.is_row and unit.max_rows is None else 'them'} in at most {chance_percent(success)} of cases."
    )


#: To what a moment is told whose interval is at least so wide: the format, and its least step.
_TOLD = (
    (timedelta(days=4), "%Y-%m-%d", timedelta(days=1)),
    (timedelta(hours=4), "%Y-%m-%d %H:%M", timedelta(minutes=1)),
    (timedelta(minutes=4), "%Y-%m-%d %H:%M:%S", timedelta(seconds=1)),
)


def dates_text(value: object, lower: object, upper: object) -> tuple[str, str]:
    """Return a date and its interval as texts, told as exactly as the interval warrants, like any other number.

    The day is told of moments that may be off by two days, minutes of those that may be by two hours, seconds of those
    by two minutes. The lower end is told as the step in which it lies, the upper one as the end of its step, so that
    the interval that is told holds the one that is meant.

    Examples
    --------
    >>> import pandas as pd
    >>> dates_text(*map(pd.Timestamp, ("2013-07-02 17:28:19", "2013-06-23 10:42:14", "2013-07-12 00:14:23.5")))
    ('2013-07-02', '2013-06-23 to 2013-07-13')
    """
    if isinstance(value, datetime) and isinstance(lower, datetime) and isinstance(upper, datetime):
        for width, form, step in _TOLD:
            if upper - lower >= width:
                within = _cut(upper, form) == _cut(upper - _LEAST, form) or getattr(upper, "nanosecond", 0) > 0
                last = _cut(upper + step if within else upper, form)
                return _cut(value, form), f"{_cut(lower, form)} to {last}"
    return day_text(value), f"{day_text(lower)} to {day_text(upper)}"


#: Less than any moment's own step.
_LEAST = timedelta(microseconds=1)


def _cut(moment: datetime, form: str) -> str:
    """Return a moment in a format, with its offset where it has one that counts."""
    offset = "" if form.endswith("%d") else f"{moment:%z}"
    return f"{moment:{form}}{offset[:3]}{':' * bool(offset)}{offset[3:]}"


def day_text(value: object) -> str:
    """Return a date as text; a moment at midnight as its day."""
    if isinstance(value, datetime):
        return str(value.date()) if value == value.normalize() else str(value)  # type: ignore[attr-defined]
    return value.isoformat() if isinstance(value, date) else str(value)


def day_within(value: object, width: timedelta) -> str:
    """Return a date, and how far it may be off, rounded up: hours, minutes and seconds, or from two days on days.

    What is told holds all that may be: by what the moment was cut, the error is wider.

    Examples
    --------
    >>> import pandas as pd
    >>> morning = pd.Timestamp("2026-03-01 08:30")
    >>> day_within(date(2026, 3, 1), timedelta(days=4)), day_within(morning, timedelta(hours=2))
    ('2026-03-01 ± 4 days', '2026-03-01 08:30 ± 2:00:00')
    >>> day_within(morning, timedelta(days=53, hours=12)), day_within(morning, timedelta(days=53, hours=16))
    ('2026-03-01 ± 54 days', '2026-03-01 ± 55 days')
    """
    told = day_text(value)
    if isinstance(value, datetime):
        for least, form, step in _TOLD:
            if 2 * width >= least:
                told = _cut(value, form)
                wall = value.tz_localize(None)  # type: ignore[attr-defined]
                width += wall - wall.floor(step)
                break
    if width < timedelta(days=2) and width % _DAY:
        minutes, seconds = divmod(math.ceil(width.total_seconds()), 60)
        return f"{told} ± {minutes // 60}:{minutes % 60:02}:{seconds:02}"
    days = -(-width // _DAY)
    return f"{told} ± {days:,} day{'s' * (days != 1)}"


_DAY = timedelta(days=1)
