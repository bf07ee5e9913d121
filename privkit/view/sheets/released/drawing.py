"""What is drawn of a release: numbers with their intervals, a chart for each statistic, times in order of time.

And what numbers say, and are drawn as, that were computed from releases.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from privkit.dp.answers.derived import Derived
from privkit.dp.answers.release import Release
from privkit.dp.dates import limits_in
from privkit.dp.noise.noise import ALPHA
from privkit.dp.question import Question
from privkit.values.writing import chance, error_text, level_text
from privkit.view.parts.chart import (
    Chart,
    Choice,
    Estimates,
    Fan,
    Heat,
    Histogram,
    Kind,
    Moments,
    Nothing,
    Panels,
    Point,
    Range,
    Ranked,
    Timeline,
)
from privkit.view.parts.sheet import Block, Note, Sheet, Table, given, sheet
from privkit.view.parts.words import aligned, amount, label, number, plural, unit_words, value_text
from privkit.view.sheets.released.numbers import MOST, Cell, cells, chosen, crossed, in_order, key_text, spans, steps
from privkit.view.sheets.released.plans import asked_for

#: How many of the values that could be among the most frequent are drawn.
_RANKED = 30


class Column(NamedTuple):
    """One of a release's numbers for all groups."""

    name: str
    values: Sequence[float]
    lower: Sequence[float]
    upper: Sequence[float]

    @classmethod
    def of(cls, name: str, shown: Sequence[Cell]) -> Column:
        """Return the numbers of cells."""
        return cls(name, *([getattr(cell, end) for cell in shown] for end in ("value", "lower", "upper")))

    def at(self, places: Sequence[int]) -> Column:
        """Return those at some places."""
        ends = ([ends[place] for place in places] for ends in (self.values, self.lower, self.upper))
        return Column(self.name, *ends)

    def estimates(self, names: Sequence[str], *, bars: bool, ordered: bool = False) -> Estimates:
        """Return them by names."""
        return Estimates(names, self.values, self.lower, self.upper, bars, ordered)


def release_chart(release: Release, title: str) -> Chart:
    """Return the drawing of a release: of all its numbers, each with its interval, and what it cost at its foot."""
    x, y, drawn = _drawn(release)
    return Chart(title, x, "" if isinstance(drawn, Panels) else y, drawn, foot(release))


def foot(release: Release) -> str:
    """Return what the figure must say by itself: the cost, whom it protects, and how sure the intervals are."""
    level = level_text(1 - ALPHA)
    sure = f"intervals hold in {level}" if release.has_interval or release.possible is not None else ""
    gained = f"an attacker's advantage is at most {chance(release.advantage)}"
    parts = [amount(release.loss), gained, f"protects {unit_words(release.plan.question.unit)}", sure]
    if release.plan.question.asked.falls_short:
        short = error_text(release.plan.accuracy or 0.0)
        parts.append(f"none is short by more than {short} rows of one that is not named ({level})")
    return " · ".join(part for part in parts if part)


def _drawn(release: Release) -> tuple[str, str, Kind]:
    """Return the names of both axes, and what is drawn."""
    question = release.plan.question
    by = ", ".join(label(name) for name in question.by)
    if not release.cells:
        return by, "", Nothing("no group passed the threshold")
    if question.asked.falls_short:
        return _ranked(release)
    if question.dates is not None:
        return _dated(release, by)
    if question.asked.framed:
        return _framed(release, by)
    if question.keys is None and not release.has_interval:
        candidates = getattr(question.asked, "candidates", None) or ()
        drawn = _choice(release.cells[0], candidates)
        if isinstance(drawn, Range):
            return label(question.asked.read[0]), "", drawn
        x = "" if drawn.value is None else f"{asked_for(question)}, among {number(len(candidates))} public candidates"
        return x, "", drawn
    shown = cells(release, None)
    edges = getattr(question.asked, "edges", ())
    if len(question.by) == 1 and len(edges) == len(shown) + 1:
        return by, question.statistic, Histogram(edges, *Column.of("", shown)[1:])
    if (heat := _heat(question, shown)) is not None:
        return heat
    return _grouped(question, Column.of(question.statistic, shown), question.statistic)


def _grouped(question: Question, numbers: Column, what: str) -> tuple[str, str, Kind]:
    """Return the names of both axes and the drawing of one number for each group, or of a single one.

    Counts and sums stand on zero; what depends on the number of rows is a place on an axis.
    """
    if question.keys is None:
        return what, "", Point(numbers.values[0], numbers.lower[0], numbers.upper[0])
    by = ", ".join(label(name) for name in question.by)
    bars, names = question.asked.stands_on_zero(numbers.name), [key_text(key) for key in question.keys.values]
    order = in_order(question, 0) if len(question.by) == 1 else None
    if order is None:
        return across(numbers.estimates(names, bars=bars), by, what)
    if (parts := steps(question)) is not None:
        told = [parts[place][1] for place in order]
        return by, what, numbers.at(order).estimates(told, bars=bars, ordered=True)
    return by, what, _timeline(question, numbers, names, order, bars=bars)


def _timeline(
    question: Question, numbers: Column, names: Sequence[str], order: Sequence[int], *, bars: bool
) -> Timeline:
    """Return numbers in order of time; what has no time is told aside."""
    found = spans(question) or []
    timed = [(place, span) for place in order if (span := found[place]) is not None]
    kept = numbers.at([place for place, _ in timed])
    aside = "; ".join(f"{names[place]}: {number(numbers.values[place])}" for place in order if found[place] is None)
    told, begins, ends = [names[place] for place, _ in timed], [s.begin for _, s in timed], [s.end for _, s in timed]
    return Timeline(told, begins, ends, kept.values, kept.lower, kept.upper, bars, aside)


def across(drawn: Estimates, by: str, what: str) -> tuple[str, str, Estimates]:
    """Return estimates with the names of their axes: many names stand below each other."""
    return (what, by, drawn) if drawn.lies else (by, what, drawn)


def _heat(question: Question, shown: list[Cell]) -> tuple[str, str, Heat] | None:
    """Return a table of two columns' groups, times from left to right; None where a cell of it was not asked for."""
    if (table := crossed(question, shown)) is None or question.keys is None:
        return None
    names, values = table[0], {pair: cell.value for pair, cell in table[1].items()}
    first, second = map(label, question.keys.by)
    if in_order(question, 0) is not None and in_order(question, 1) is None:  # time goes from left to right
        return first, second, Heat(names[1], names[0], [[values[one, two] for one in names[0]] for two in names[1]])
    return second, first, Heat(names[0], names[1], [[values[one, two] for two in names[1]] for one in names[0]])


# -- several numbers ---------------------------------------------------------------------------------------------------


def _framed(release: Release, by: str) -> tuple[str, str, Kind]:
    """Return the drawing of several numbers: quantiles on one axis, and a part of the figure for each other one."""
    question, frame = release.plan.question, release.to_frame()
    numbers = question.asked.numbers
    cuts = [name for name in numbers if name.endswith("%")]

    def column(name: str) -> Column:
        ends = limits_in(frame, name, numbers[0]) or (frame[name],) * 2
        return Column(name, list(frame[name]), *map(list, ends))

    def chart(name: str) -> Chart:
        x, y, drawn = _grouped(question, column(name), label(question.asked.unit_of(name), 24))
        return Chart(label(name, 32), x, y, drawn)

    if len(cuts) == len(numbers):
        return by or "rank", "value", _quantiles(question, [column(name) for name in cuts])
    charts = [chart(name) for name in numbers if name not in cuts]
    if cuts:
        unit = label(question.asked.unit_of(cuts[0]), 24)
        charts.append(Chart("quantiles", by, unit, _quantiles(question, [column(name) for name in cuts])))
    return "", "", Panels(charts)


def _quantiles(question: Question, cuts: list[Column]) -> Kind:
    """Return several quantiles on one axis, which is that of their column."""
    if question.keys is None:
        values, lower, upper = ([getattr(cut, end)[0] for cut in cuts] for end in ("values", "lower", "upper"))
        return Estimates([cut.name for cut in cuts], values, lower, upper, bars=False)
    order = (in_order(question, 0) if len(question.by) == 1 else None) or range(len(question.keys))
    parts = steps(question) if len(question.by) == 1 else None
    names = [key_text(key) if parts is None else parts[at][1] for at, key in enumerate(question.keys.values)]
    told = [names[at] for at in order]
    return Fan(told, [cut.name for cut in cuts], [cut.at(order).estimates(told, bars=False) for cut in cuts])


# -- dates, and what was chosen ----------------------------------------------------------------------------------------


def _dated(release: Release, by: str) -> tuple[str, str, Kind]:
    """Return the drawing of dates, on an axis of time: of one number by its groups, of several by their names."""
    question, frame = release.plan.question, release.to_frame()
    numbers = question.asked.numbers
    of = ", ".join(map(label, question.asked.columns))

    def moments(name: str) -> list[list[date]]:
        own = frame[frame.columns[0] if name == numbers[0] else name]
        return [list(ends) for ends in (own, *(limits_in(frame, name, numbers[0]) or (own, own)))]

    if question.keys is None:
        each = [moments(name) for name in numbers]
        names = list(map(label, numbers)) if len(numbers) > 1 else [""]
        return of, "", Moments(names, *([ends[side][0] for ends in each] for side in (0, 1, 2)))
    keys = [key_text(key) for key in question.keys.values]
    if len(numbers) == 1:
        return of, by, Moments(keys, *moments(numbers[0]))
    return "", "", Panels([Chart(label(name, 32), of, by, Moments(keys, *moments(name))) for name in numbers])


def _ranked(release: Release) -> tuple[str, str, Kind]:
    """Return the drawing of the most frequent values: with their counts, and what else could be among them, if told."""
    question, table = release.plan.question, release.possible
    by = label(question.asked.read[0])
    if table is None:
        names = [value_text(value, 40) for value in release.cells[0]]
        return "", f"rank of {by}", Ranked(names, [True] * len(names))
    shown = table.head(max(_RANKED, int(table["named"].sum())))
    left = len(table) - len(shown)
    told = f"{number(left)} more could be" if left else ""
    named, count, lower, upper = (shown[name].tolist() for name in ("named", "count", "lower", "upper"))
    return "count", by, Ranked([value_text(value, 40) for value in shown["value"]], named, count, lower, upper, told)


def estimates(shown: Sequence[Cell], *, bars: bool) -> Estimates:
    """Return cells by their names."""
    return Column.of("", shown).estimates([cell.name for cell in shown], bars=bars)


def _choice(value: object, candidates: Sequence[float]) -> Choice | Range:
    """Return a number that was chosen among public candidates, on their axis; two as a range; others in words."""
    if isinstance(value, list) and len(value) == 2 and value[0] < value[1]:
        low, high = value
        return Range(float(low), float(high), (chosen([low]), chosen([high])))
    if isinstance(value, list) or len(candidates) < 2:
        return Choice(chosen(value))
    return Choice(chosen(value), float(str(value)), float(min(candidates)), float(max(candidates)))


@sheet.register(Derived)
def _derived(derived: Derived) -> Sheet:
    return Sheet(
        _derived_answer(derived),
        given(_derived_table(derived), *_derived_reasons(derived)),
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
    drawn = estimates(_derived_cells(derived, None), bars=False)
    x, y, shown = across(drawn, _groups(derived), label(derived.name))
    return Chart(_derived_answer(derived), x, y, shown, f"intervals hold in {level_text(1 - ALPHA)}")


def _derived_answer(derived: Derived) -> str:
    """Return the first line."""
    if derived.index is None:
        (one,) = _derived_cells(derived)
        return f"{label(derived.name)} = {one.whole} ({level_text(1 - ALPHA)})"
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
    return ", ".join(value_text(part, 40) for part in parts)
