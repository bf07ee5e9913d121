"""Words and numbers as every view writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privkit.values.show import printable
from privkit.values.writing import chance, chance_percent, number, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from privkit.values.loss import PrivacyLoss
    from privkit.values.unit import PrivacyUnit

__all__ = [
    "aligned",
    "amount",
    "argument",
    "attacker",
    "label",
    "lines",
    "names",
    "number",
    "percent",
    "plural",
    "unit_words",
]

#: A longer name is cut.
LONGEST_NAME = 60


def label(name: object, longest: int = LONGEST_NAME) -> str:
    r"""Return a column's name in a form that is fit to print.

    Control characters, line breaks and characters that turn the direction of writing are spelled out, and long
    names are cut: a name comes with the data, and may be hostile.

    Examples
    --------
    >>> label("zip"), label("two\nlines"), label("a" * 100, longest=5)
    ('zip', 'two\\nlines', 'aaaa…')
    """
    text = str(name)
    text = text[: longest - 1] + "…" if len(text) > longest else text
    return printable(text)


def names(columns: Iterable[object], most: int = 6) -> str:
    """Return column names in quotes, the first `most` of them.

    Examples
    --------
    >>> names(["zip", "age"]), names("abcd", most=2)
    ("'zip', 'age'", "'a', 'b' and 2 more")
    """
    columns = list(columns)
    text = ", ".join(f"'{label(name)}'" for name in columns[:most])
    return text if len(columns) <= most else f"{text} and {len(columns) - most} more"


def argument(columns: Sequence[object], longest: int = 1000) -> str:
    """Return columns as one types them in a call, whole; "" where nobody would type as much.

    Examples
    --------
    >>> argument(["zip", "age"])
    "['zip', 'age']"
    """
    text = repr(list(columns)) if sum(len(str(name)) for name in columns) < longest else ""
    return text if len(text) <= longest else ""


def plural(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "class", "classes"), plural(2000, "row")
    ('1 class', '2,000 rows')
    """
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


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
