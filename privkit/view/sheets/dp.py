"""What plans and releases say.

A replayed release reads as it did when it was drawn, so that a notebook that is run again shows the same:
``.replayed`` tells them apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from privkit.dp.answers.derived import Derived
from privkit.dp.answers.provenance import Provenance
from privkit.dp.answers.release import Release
from privkit.dp.noise.noise import ALPHA
from privkit.values.writing import chance, ends, error_text, level_text, to_error, with_error
from privkit.view.parts.chart import (
    Chart,
    Choice,
    Estimates,
    Fan,
    Heat,
    Histogram,
    Kind,
    Nothing,
    Panels,
    Point,
)
from privkit.view.parts.sheet import Block, Drawn, Note, Row, Sheet, Table, given, sheet
from privkit.view.parts.words import aligned, amount, label, number, plural, unit_words
from privkit.view.sheets.checks import changed
from privkit.view.sheets.dates import dated
from privkit.view.sheets.plans import asked_for, clipped_share, noise_reasons, within

if TYPE_CHECKING:
    from collections.abc import Sequence


#: How many numbers are listed; the rest is in ``.to_frame()``.
MOST = 20
#: A longer note is cut: it may hold a column's name.
_LONGEST_NOTE = 240


# -- releases ------------------------------------------------------------------------------------------------------


@sheet.register(Release)
def _release(release: Release) -> Sheet:
    where = f"entry {release.provenance.entry} of project '{label(release.provenance.project)}'"
    cost = f"Cost {amount(release.loss)}, once: {where}. Asked again, it replays at no cost."
    again = "" if release.asked_before is None else changed(release.asked_before)
    facts = replace(_facts(release.provenance), lines=(), folded="Where it comes from")
    reasons = [cost, again, *noise_reasons(release.plan), facts, release.provenance.line]
    if release.plan.question.dates is not None:
        return dated(release, reasons)
    rest = _more(release)
    return Sheet(
        _release_answer(release),
        given(
            [
                _numbers(release),
                Note(f"… {rest}", told=False) if rest else None,
                _could_be(release),
                clipped_share(release),
                *reasons,
            ]
        ),
        _release_next(release),
        chart=lambda: _release_chart(release),
    )


def _release_answer(release: Release) -> str:
    """Return the first line: the number, or how many there are, with the interval's half-width."""
    asked = asked_for(release.plan.question)
    if release.plan.question.asked.framed:
        count = len(release.cells)
        return asked if release.plan.question.keys is None else f"{asked}: {plural(count, 'group')}"
    if release.plan.question.keys is None:
        if not release.has_interval:
            return f"{asked} = {_chosen(release.cells[0])}"
        if release.plan.question.asked.of_ranks:
            (shown,) = _cells(release)
            return f"{asked} = {shown.shown}, {shown.span} ({level_text(1 - ALPHA)})"
        return f"{asked} = {with_error(release.cells[0], release.accuracy)} ({level_text(1 - ALPHA)})"
    each = "" if release.plan.question.asked.needs_rows else f", each {within(release.plan)}"
    return f"{asked}: {plural(len(release.cells), 'number')}{each}"


def _could_be(release: Release) -> str:
    """Return which values could be among the chosen, or by how much these may fall short; empty for other answers."""
    asked = release.plan.question.asked
    if not asked.falls_short:
        return ""
    level, most = level_text(1 - ALPHA), error_text(release.plan.accuracy or 0.0)
    short = f"None of them is short by more than {most} rows of one that is not named ({level})."
    if release.possible is None:
        return short
    others = release.possible.loc[~release.possible["named"], "value"].tolist()
    told = ", ".join("missing" if value is None else label(value, 40) for value in others[:MOST])
    rest = f" and {number(len(others) - MOST)} more" if len(others) > MOST else ""
    also = f"{told}{rest} could be among them, too ({level})" if others else f"No other could be among them ({level})"
    return f"{also}. {short}"


def _chosen(value: object) -> str:
    """Return a number, or a list of public values, in a form that is fit to print."""
    if isinstance(value, list):
        return ", ".join("missing" if item is None else label(item, 40) for item in value)
    return number(float(str(value)))


def _release_next(release: Release) -> list[str]:
    """Return what to type next."""
    level = "" if release.plan.question.asked.of_ranks else "0.99"  # the interval of a quantile is drawn for one
    look = [f".interval({level})", ".provenance", ".plot()"] if release.has_interval else [".provenance", ".plan.notes"]
    if release.possible is not None:
        look.insert(0, ".possible")
    framed = release.plan.question.keys is not None or "clipped" in release.estimates
    return [".to_frame()", *look] if framed else look


def _more(release: Release) -> str:
    """Return how many numbers are not listed; empty if all are."""
    left = len(release.cells) - min(len(release.cells), MOST)
    return f"{number(left)} more: .to_frame()" if left else ""


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

    @property
    def shown(self) -> str:
        """The number, rounded to its error."""
        return "left out" if math.isnan(self.value) else to_error(self.value, (self.upper - self.lower) / 2)

    @property
    def span(self) -> str:
        """Its interval, rounded outwards."""
        return "left out" if math.isnan(self.value) else " to ".join(ends(self.lower, self.upper))


def _cells(release: Release, most: int | None = MOST) -> list[Cell]:
    """Return the first `most` numbers of a release, in the order of its keys."""
    keys = release.plan.question.keys
    if not release.has_interval:
        names = [""] if keys is None else [_key(key) for key in keys.values[:most]]
        return [Cell(name, value, value, value) for name, value in zip(names, release.cells[:most], strict=True)]
    lower, upper = release.interval()
    names = [""] if keys is None else [_key(key) for key in keys.values[:most]]
    limits = ([lower], [upper]) if keys is None else (lower.tolist()[:most], upper.tolist()[:most])
    return [Cell(*cell) for cell in zip(names, release.cells[:most], *limits, strict=True)]


def _numbers(release: Release) -> Block | None:
    """Return the released numbers: in columns, by key, or the interval of the only one."""
    question = release.plan.question
    if not release.cells:
        return "  no group passed the threshold"
    if question.asked.framed:
        return _grid(release)
    if question.keys is None and not release.has_interval:
        return None
    shown = _cells(release)
    if question.keys is None:
        low, high = shown[0].lower, shown[0].upper
        return Drawn(shown[0].value, low, high, low, high if high > low else low + 1)
    heads = [", ".join(label(name) for name in question.by), question.statistic]
    if not release.has_interval:
        chosen = [[cell.name, _chosen(cell.value)] for cell in shown]
        return Table(heads, chosen, lines=_listed(chosen, release))
    lines = _listed([[cell.name, cell.shown] for cell in shown], release)
    low, high = min([0, *(cell.lower for cell in shown)]), max([1, *(cell.upper for cell in shown)])
    rows: list[Row] = [
        [
            cell.name,
            cell.shown,
            cell.span,
            Drawn(cell.value, cell.lower, cell.upper, low, high),
        ]
        for cell in shown
    ]
    return Table([*heads, "interval", ""], rows, lines=lines)


def _listed(rows: list[list[str]], release: Release, heads: list[str] | None = None) -> list[str]:
    """Return rows as lines of a text, and how many more there are."""
    rest = _more(release)
    told = aligned([heads, *rows] if heads else rows, "<" + ">" * (len(rows[0]) - 1))
    return [*told, f"  … {rest}"] if rest else told


def _grid(release: Release) -> Table:
    """Return a release of several numbers, each with the half-width of its interval."""
    keys, frame = release.plan.question.keys, release.to_frame()
    numbers = release.plan.question.asked.numbers
    rows = [["" if key is None else _key(key)] for key in ((None,) if keys is None else keys.values[:MOST])]
    for name in numbers:
        prefix = "" if name == numbers[0] else f"{name}_"
        lower, upper = (frame.get(f"{prefix}{end}") for end in ("lower", "upper"))
        for place, row in enumerate(rows):
            there = None if lower is None or upper is None else (lower.iloc[place], upper.iloc[place])
            width = None if there is None else (there[1] - there[0]) / 2
            row.append(with_error(frame[name].iloc[place], width))
    heads = ["" if keys is None else ", ".join(label(name, 40) for name in keys.by), *map(label, numbers)]
    return Table(heads, rows, lines=_listed(rows, release, heads))


def _key(key: tuple[object, ...]) -> str:
    """Return a public key in a form that is fit to print.

    Examples
    --------
    >>> _key(("103", None))
    '103, missing'
    """
    return ", ".join("missing" if value is None else label(value, 40) for value in key)


@sheet.register(Provenance)
def _provenance(told: Provenance) -> Sheet:
    return Sheet(told.line, given([_facts(told)]), [".to_json()", ".line"])


def _facts(told: Provenance) -> Table:
    """Return where a release comes from, a fact in each row."""
    rows = [[name, text] for name, text in told.rows]
    return Table(["", ""], rows, lines=aligned(rows, "<<"), facts=True)


def _release_chart(release: Release) -> Chart:
    """Return the drawing of a release: of all its numbers, each with its interval, and what it cost at its foot."""
    question, title = release.plan.question, _release_answer(release)
    x, y, drawn = _drawn(release)
    asked = "" if question.asked.framed and isinstance(drawn, Panels) else y
    return Chart(title, x, asked, drawn, _foot(release))


def _foot(release: Release) -> str:
    """Return what the figure must say by itself: the cost, whom it protects, and how sure the intervals are."""
    level = f"intervals hold in {level_text(1 - ALPHA)}" if release.has_interval else ""
    gained = f"an attacker's advantage is at most {chance(release.advantage)}"
    parts = [amount(release.loss), gained, f"protects {unit_words(release.plan.question.unit)}", level]
    return " · ".join(part for part in parts if part)


def _drawn(release: Release) -> tuple[str, str, Kind]:
    """Return the names of both axes, and what is drawn."""
    question = release.plan.question
    by = ", ".join(label(name) for name in question.by)
    if not release.cells:
        return by, "", Nothing("no group passed the threshold")
    if question.asked.framed:
        return _framed(release, by)
    if question.keys is None and not release.has_interval:
        candidates = getattr(question.asked, "candidates", None) or ()
        drawn = _choice(release.cells[0], candidates)
        x = "" if drawn.value is None else f"{asked_for(question)}, among {number(len(candidates))} public candidates"
        return x, "", drawn
    shown = _cells(release, None)
    if question.keys is None:
        return question.statistic, "", Point(shown[0].value, shown[0].lower, shown[0].upper)
    edges = getattr(question.asked, "edges", ())
    if len(question.by) == 1 and len(edges) == len(shown) + 1:
        values = ([getattr(cell, name) for cell in shown] for name in ("value", "lower", "upper"))
        return by, question.statistic, Histogram(edges, *values)
    if (heat := _heat(release, shown)) is not None:
        return label(question.by[1]), label(question.by[0]), heat
    # Counts and sums stand on zero; what depends on the number of rows is a place on an axis.
    return _across(_estimates(shown, bars=not question.asked.needs_rows), by, question.statistic)


def _across(drawn: Estimates, by: str, what: str) -> tuple[str, str, Estimates]:
    """Return estimates with the names of their axes: many names stand below each other."""
    return (what, by, drawn) if drawn.lies else (by, what, drawn)


def _heat(release: Release, shown: list[Cell]) -> Heat | None:
    """Return a table of two columns' groups; None where there is none, or a cell of it was not asked for."""
    keys = release.plan.question.keys
    if keys is None or len(keys.by) != 2:
        return None
    rows, columns = (list(dict.fromkeys(_key((key[place],)) for key in keys.values)) for place in (0, 1))
    values = {(_key((key[0],)), _key((key[1],))): cell.value for key, cell in zip(keys.values, shown, strict=True)}
    if min(len(rows), len(columns)) < 2 or len(values) != len(rows) * len(columns):
        return None
    return Heat(rows, columns, [[values[row, column] for column in columns] for row in rows])


def _framed(release: Release, by: str) -> tuple[str, str, Kind]:
    """Return the drawing of several numbers: quantiles on one axis, and a part of the figure for each other one."""
    question, frame = release.plan.question, release.to_frame()
    numbers = question.asked.numbers
    keys = [""] if question.keys is None else [_key(key) for key in question.keys.values]
    cuts = [name for name in numbers if name.endswith("%")]

    def column(name: str, end: str) -> list[float]:
        found = end if name == numbers[0] else f"{name}_{end}"
        return list(frame[found] if found in frame else frame[name])

    def estimates(name: str) -> Estimates:
        return Estimates(keys, list(frame[name]), column(name, "lower"), column(name, "upper"), bars=False)

    def fan() -> Kind:
        if question.keys is None:
            values, lower, upper = ([column(name, end)[0] for name in cuts] for end in ("value", "lower", "upper"))
            return Estimates(cuts, values, lower, upper, bars=False)
        return Fan(keys, cuts, [list(row) for row in frame[cuts].itertuples(index=False)])

    if len(cuts) == len(numbers):
        return (by or "rank", "value", fan())
    read = [name for name in numbers if name not in cuts]
    charts = [Chart("", label(name, 24), "", estimates(name)) for name in read]
    return by, "", Panels([*charts, *([Chart("", "quantiles", "", fan())] if cuts else [])])


def _estimates(shown: list[Cell], *, bars: bool) -> Estimates:
    values, lower, upper = ([getattr(cell, name) for cell in shown] for name in ("value", "lower", "upper"))
    return Estimates([cell.name for cell in shown], values, lower, upper, bars)


def _choice(value: object, candidates: Sequence[float]) -> Choice:
    """Return a number that was chosen among public candidates, on their axis; what is no number, in words."""
    if isinstance(value, list) or len(candidates) < 2:
        return Choice(_chosen(value))
    return Choice(_chosen(value), float(str(value)), float(min(candidates)), float(max(candidates)))


# -- derived numbers -----------------------------------------------------------------------------------------------


@sheet.register(Derived)
def _derived(derived: Derived) -> Sheet:
    return Sheet(
        _derived_answer(derived),
        given([_derived_table(derived), *_derived_reasons(derived)]),
        [*([] if derived.index is None else [".to_frame()"]), ".interval(0.99)", ".sources", ".plot()"],
        chart=lambda: _derived_chart(derived),
    )


def _derived_table(derived: Derived) -> Table | None:
    rows = [(one.name, one.shown, one.span) for one in _derived_cells(derived)]
    if not rows:
        return None
    lines = aligned([(name, value, f"({within})") for name, value, within in rows], "<><")
    left = len(derived) - len(rows)
    lines += [f"  … {number(left)} more: .to_frame()"] if left else []
    heads = [_groups(derived), derived.name, "interval"]
    return Table(heads, rows, lines=() if derived.index is None else lines)


def _derived_chart(derived: Derived) -> Chart:
    """Return the numbers with error bars, which end where their intervals do."""
    drawn = _estimates(_derived_cells(derived, None), bars=False)
    x, y, shown = _across(drawn, _groups(derived), label(derived.name))
    return Chart(_derived_answer(derived), x, y, shown, f"intervals hold in {level_text(1 - ALPHA)}")


def _derived_answer(derived: Derived) -> str:
    """Return the first line."""
    if derived.index is None:
        (one,) = _derived_cells(derived)
        return f"{label(derived.name)} = {one.shown}, {one.span} ({level_text(1 - ALPHA)})"
    return f"{label(derived.name)} by {_groups(derived)}: {plural(len(derived), 'number')}"


def _derived_reasons(derived: Derived) -> list[Block]:
    """Return what was done, of which releases, and the notes."""
    done = "; ".join(label(step, 120) for step in derived.steps) or "as it was released"
    sources = [
        f"From entry {source.entry} of project '{label(source.project)}' ({label(source.question, 120)}, "
        f"{amount(source.loss)})."
        for source in derived.sources
    ]
    return [
        f"Post-processing, at no cost: {done}.",
        *sources,
        *(Note(f"Note: {label(told, 240)}.") for told in derived.notes),
    ]


def _groups(derived: Derived) -> str:
    return "" if derived.index is None else ", ".join(label(name) for name in derived.index.names)


def _derived_cells(derived: Derived, most: int | None = MOST) -> list[Cell]:
    lower, upper = derived.limits(ALPHA)
    names = [""] if derived.index is None else [_group(key) for key in derived.index[:most]]
    columns = (values[:most].tolist() for values in (derived.values, lower, upper))
    return [Cell(*cell) for cell in zip(names, *columns, strict=True)]


def _group(key: object) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    return ", ".join("missing" if _missing(part) else label(part, 40) for part in parts)


def _missing(part: object) -> bool:
    return part is None or (isinstance(part, float) and math.isnan(part))
