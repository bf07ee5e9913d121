"""The text of plans and releases.

A replayed release reads as it did when it was drawn, so that a notebook that is run again shows the same:
``.replayed`` tells them apart.

The numbers of a release, one by one, as text, HTML and plots show them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from typing import TYPE_CHECKING

from privkit.dp.answers.release import Release
from privkit.dp.noise.noise import ALPHA
from privkit.dp.plan import Plan
from privkit.view.parts.words import label, lines, names, number, percent, plural

if TYPE_CHECKING:
    from privkit.dp.answers.release import Release
    from privkit.dp.question import Question
    from privkit.values.loss import PrivacyLoss
    from privkit.values.unit import PrivacyUnit


#: How many numbers are listed; the rest is in ``.to_frame()``.
MOST = 20


@dataclass(frozen=True, slots=True)
class Cell:
    """One released number.

    Attributes
    ----------
    name : str
        Its key, fit to print; empty for a total.
    value, lower, upper : int or float
        The number and its interval.
    """

    name: str
    value: float
    lower: float
    upper: float


def cells(release: Release, most: int | None = MOST) -> list[Cell]:
    """Return the first `most` numbers of a release, in the order of its keys."""
    keys = release.plan.question.keys
    if not release.has_interval:
        names = [""] if keys is None else [key_name(key) for key in keys.values[:most]]
        return [Cell(name, value, value, value) for name, value in zip(names, release.cells[:most], strict=True)]
    lower, upper = release.interval()
    names = [""] if keys is None else [key_name(key) for key in keys.values[:most]]
    limits = ([lower], [upper]) if keys is None else (lower.tolist()[:most], upper.tolist()[:most])
    return [Cell(*cell) for cell in zip(names, release.cells[:most], *limits, strict=True)]


def table_of(release: Release, most: int = MOST) -> tuple[list[str], list[list[str]]]:
    """Return heads and rows of a release of several numbers: each with the half-width of its interval."""
    keys, frame = release.plan.question.keys, release.to_frame()
    numbers = release.plan.question.asked.numbers
    rows = [["" if key is None else key_name(key)] for key in ((None,) if keys is None else keys.values[:most])]
    for name in numbers:
        prefix = "" if name == numbers[0] else f"{name}_"
        lower, upper = (frame.get(f"{prefix}{end}") for end in ("lower", "upper"))
        for place, row in enumerate(rows):
            told = number(frame[name].iloc[place])
            if lower is not None and upper is not None:
                told += f" ± {number((upper.iloc[place] - lower.iloc[place]) / 2)}"
            row.append(told)
    return ["" if keys is None else ", ".join(label(name, 40) for name in keys.by), *map(label, numbers)], rows


def key_name(key: tuple[object, ...]) -> str:
    """Return a public key in a form that is fit to print.

    Examples
    --------
    >>> key_name(("103", None))
    '103, missing'
    """
    return ", ".join("missing" if value is None else label(value, 40) for value in key)


#: A longer note is cut: it may hold a column's name.
_LONGEST_NOTE = 240
_NONE = "  no group passed the threshold"


@singledispatch
def text(value: object) -> str:
    """Return the value as text."""
    raise TypeError(f"{type(value).__name__} has no text")


@text.register(Plan)
def _plan(plan: Plan) -> str:
    return lines(plan_answer(plan), *plan_reasons(plan), then=plan_next(plan))


@text.register(Release)
def _release(release: Release) -> str:
    question = release.plan.question
    table = _grid(release) if question.asked.framed else [] if question.keys is None else _listing(release)
    return lines(release_answer(release), *table, *release_reasons(release), then=release_next(release))


def statistic(question: Question) -> str:
    """Return what is asked: the statistic and its groups."""
    if question.asked.framed:
        asked = ", ".join(map(label, question.asked.numbers))
        return f"{asked} by {names(question.by)}" if question.by else asked
    read = [name for name in question.asked.columns if name not in question.by]
    of = f" of {names(read)}" if read else ""
    return f"{question.statistic}{of} by {names(question.by)}" if question.by else f"{question.statistic}{of}"


def within(plan: Plan) -> str:
    """Return how far the noise carries one number, and how often."""
    if plan.accuracy is None:
        return "(how accurate depends on the rows: assume_rows=)"
    return f"± {number(plan.accuracy)} ({percent(1 - ALPHA).replace('.0', '')})"


def amount(loss: PrivacyLoss) -> str:
    """Return a loss; a δ of 0 is left out."""
    return str(loss) if loss.delta else str(loss).partition(", δ")[0]


def plan_answer(plan: Plan) -> str:
    """Return the first line: what the money buys."""
    asked = statistic(plan.question)
    if plan.question.asked.framed:
        return f"{asked} for {amount(plan.loss)} in all"
    if plan.question.keys is None:
        return f"{asked} {within(plan)} for {amount(plan.loss)}"
    return f"{asked}: {plural(plan.question.cells, 'number')}, each {within(plan)}, for {amount(plan.loss)} in all"


def plan_reasons(plan: Plan) -> list[str]:
    """Return the lines after the first: what the project has left, what is fetched, the protection, and the notes."""
    return [left_after(plan), fetched_words(plan), *noise_reasons(plan)]


def fetched_words(plan: Plan) -> str:
    """Return what leaves a lazy engine; empty where the rows lie here."""
    if plan.fetched is None:
        return ""
    if not plan.fetched:
        return "The engine reckons by itself: only groups and their counts are fetched from it."
    return f"Fetched from the engine: {label('; '.join(plan.fetched), _LONGEST_NOTE)}."


def left_after(plan: Plan) -> str:
    """Return what the project has left and would have left; empty where the plan stands alone."""
    if plan.left is None:
        return ""
    if plan.loss.fits(plan.left):
        return f"The project has {plan.left} left; after it, {plan.left - plan.loss}."
    short = plan.loss.shortfall(plan.left)
    return f"The project has {plan.left} left: {amount(short)} short, unless the answer is in the ledger already."


def noise_reasons(plan: Plan) -> list[str]:
    """Return whom the noise protects, how large it is, and the notes."""
    moved = number(plan.sensitivity["L1"])
    protected = f"Protects {unit_words(plan.question.unit)}"
    return [
        f"{protected}; what is measured has noise of its own, as the notes say."
        if plan.question.asked.framed
        else f"{protected}, which moves the answer by at most {moved}: {plan.mechanism} noise, "
        f"scale {number(plan.scale)}.",
        *(f"Note: {label(note, _LONGEST_NOTE)}." for note in plan.notes),
    ]


def unit_words(unit: PrivacyUnit) -> str:
    """Return whom a unit protects, its column's name fit to print."""
    if unit.column is None:
        return "one row"
    window = "" if unit.time is None else f" within one {unit.per} of {names([unit.time])}"
    return f"all rows of one {names([unit.column])}{window}"


def plan_next(plan: Plan) -> list[str]:
    """Return what to type next."""
    if plan.run is None:
        return [".accuracy", ".sensitivity"]
    if plan.left is None or plan.loss.fits(plan.left):
        return [".release()"]
    less = [f"epsilon={plan.left.main}"] if plan.left.main > 0 and plan.left.epsilon is not None else []
    return [*less, "project.ledger"]


def release_answer(release: Release) -> str:
    """Return the first line: the number, or how many there are, with the interval's half-width."""
    asked = statistic(release.plan.question)
    if release.plan.question.asked.framed:
        count = len(release.cells)
        return asked if release.plan.question.keys is None else f"{asked}: {plural(count, 'group')}"
    if release.plan.question.keys is None:
        if not release.has_interval:
            return f"{asked} = {chosen(release.cells[0])}"
        level = percent(1 - ALPHA).replace(".0", "")
        return f"{asked} = {number(release.cells[0])} ± {number(release.accuracy)} ({level})"
    each = "" if release.plan.question.asked.needs_rows else f", each {within(release.plan)}"
    return f"{asked}: {plural(len(release.cells), 'number')}{each}"


def chosen(value: object) -> str:
    """Return a number, or a list of public values, in a form that is fit to print."""
    if isinstance(value, list):
        return ", ".join("missing" if item is None else label(item, 40) for item in value)
    return number(float(str(value)))


def release_reasons(release: Release) -> list[str]:
    """Return the lines after the numbers: the cost and where it stands, whom the noise protects, and the notes."""
    where = f"entry {release.provenance.entry} of project '{label(release.provenance.project)}'"
    return [
        f"Cost {amount(release.loss)}, once: {where}. Asked again, it replays at no cost.",
        *noise_reasons(release.plan),
    ]


def release_next(release: Release) -> list[str]:
    """Return what to type next."""
    look = [".interval(0.99)", ".provenance", ".plot()"] if release.has_interval else [".provenance", ".plan.notes"]
    return look if release.plan.question.keys is None else [".to_frame()", *look]


def more(release: Release) -> str:
    """Return how many numbers are not listed; empty if all are."""
    left = len(release.cells) - len(cells(release))
    return f"{number(left)} more: .to_frame()" if left else ""


def _grid(release: Release) -> list[str]:
    """Return several numbers of each group in columns."""
    heads, rows = table_of(release)
    if not rows:
        return [_NONE]
    wide = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    first = wide.pop(0)
    told = [
        f"  {row[0]:<{first}}  " + "  ".join(f"{cell:>{width}}" for cell, width in zip(row[1:], wide, strict=True))
        for row in (heads, *rows)
    ]
    return told + ([f"  … {more(release)}"] if more(release) else [])


def _listing(release: Release) -> list[str]:
    shown = cells(release)
    if not shown:
        return [_NONE]
    names_, values = [cell.name for cell in shown], [number(cell.value) for cell in shown]
    wide, high = max(map(len, names_)), max(map(len, values))
    rest = [f"  … {more(release)}"] if more(release) else []
    return [f"  {name:<{wide}}  {value:>{high}}" for name, value in zip(names_, values, strict=True)] + rest
