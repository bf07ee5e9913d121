"""What a check of a plan says, and what a plan says of the same question before."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from privkit.dp.check import Answers, PlanCheck
from privkit.dp.dates import told_dates
from privkit.values.writing import with_error
from privkit.view.parts.moments import day_text, day_within
from privkit.view.parts.sheet import Block, Note, Sheet, Table, given, sheet
from privkit.view.parts.words import aligned, amount, label, names, number, percent, plural

if TYPE_CHECKING:
    from privkit.dp.plan import Plan
    from privkit.dp.question import Standing
    from privkit.dp.statistics.statistic import Extent
    from privkit.tally.cells.cells import Kind
    from privkit.tally.looking import Outside
    from privkit.values.loss import PrivacyLoss

#: How many keys and groups are listed; the rest is in ``.to_frame()`` and ``.empty``.
MOST = 12
_NOWHERE = "These figures are exact and go nowhere: plan, price and release are the same without them."
_FOLLOWS = "Bounds and keys that follow from them depend on the data: they must be public for another reason."
_EMPTY = "Leaving such a key out would publish that it has no row; asked for, it gets noise like the others."


def replayed(found: Standing | None) -> bool:
    """Return whether the answer is in the ledger, and would be had at no cost."""
    return found is not None and found.replays


def left_after(plan: Plan, left: PrivacyLoss | None, found: Standing | None) -> str:
    """Return what is left and would be after a charge; empty where the plan stands alone, or its answer replays."""
    if left is None or replayed(found):
        return ""
    if plan.loss.fits(left):
        return f"The project has {left} left; after it, {left - plan.loss}."
    short = plan.loss.shortfall(left)
    return f"The project has {left} left: {amount(short)} short, unless the answer is in the ledger already."


def stands(found: Standing | None) -> str:
    """Return what became of the same question before; empty if it is new."""
    if found is None:
        return ""
    if not found.replays:
        return changed(found.entry)
    if not found.unchanged:
        return f"Entry {found.entry} of the project answers it: it replays at no cost."
    return (
        f"Entry {found.entry} of the project answers it, of a frame of {names(found.unchanged)}: these columns are "
        "unchanged, so it replays at no cost."
    )


def changed(entry: int) -> str:
    """Say why a question that was asked before is charged."""
    return f"Charged because the data or its columns changed: entry {entry} asked the same of another frame."


@sheet.register(PlanCheck)
def _check(check: PlanCheck) -> Sheet:
    outside = [_outside(extent, found, check.question.dates) for extent, found in check.outside]
    blocks: list[Block | None] = [*_rows(check), *outside, *_persons(check), _found(check), _answers(check)]
    blocks += [*map(_drowned, check.answers), Note(_NOWHERE), Note(_FOLLOWS)]
    return Sheet(f"check of {label(str(check.question), 200)}", given(blocks), [".to_frame()"], exact=True)


def _rows(check: PlanCheck) -> list[Block]:
    """Return how many rows are looked at, and which keys match none."""
    told: list[Block] = []
    if check.counted == check.rows:
        told.append(f"The frame has {plural(check.rows, 'row')}.")
    else:
        told.append(f"The frame has {plural(check.rows, 'row')}; {number(check.counted)} meet the condition.")
    if check.keys is None or check.unmatched is None:
        return told
    told.append(f"Of these, {number(check.unmatched)} have no public key, and are left out.")
    if not check.empty:
        return [*told, f"Every one of the {plural(len(check.keys), 'key')} matches a row."]
    some = "; ".join(_key(key) for key in check.empty[:MOST]) + ("; …" if len(check.empty) > MOST else "")
    none = f"{number(len(check.empty))} of {plural(len(check.keys), 'key')} match no row: {some}."
    return [*told, none, Note(_EMPTY)]


def _key(key: tuple[object, ...]) -> str:
    return ", ".join("missing" if value is None else label(value, 40) for value in key)


def _outside(extent: Extent, found: Outside, dates: Kind | None) -> str:
    """Return the share of numbers, totals or dates outside public bounds."""
    of = "totals of persons" if extent.totals else "numbers" if dates is None else "dates"
    ends = [extent.lower, extent.upper]
    lower, upper = map(number, ends) if dates is None else map(day_text, told_dates(dates, np.array(ends)))
    share = percent((found.below + found.above) / found.values) if found.values else "none"
    return (
        f"Of {number(found.values)} {of} of '{label(extent.column)}', {share} lie outside [{lower}, {upper}] "
        f"and are {extent.fate}: {number(found.below)} below, {number(found.above)} above."
    )


def _persons(check: PlanCheck) -> list[Block]:
    """Return how many persons have more than counts."""
    if (found := check.persons) is None:
        return []
    over = percent(found.over / found.persons) if found.persons else "none"
    return [
        f"Of {plural(found.persons, 'person')} with such rows, {number(found.over)} ({over}) have more than counts "
        f"({label(check.question.asked.limit(check.question.bounds), 120)}): at most {plural(found.most_rows, 'row')} "
        f"and {plural(found.most_groups, 'group')} of one."
    ]


def _found(check: PlanCheck) -> str:
    """Return how many groups would show up, where their keys are not public; empty where they are."""
    if not check.question.asked.shows:
        return ""
    shown = 0 if check.groups is None else len(check.groups)
    return f"{plural(shown, 'group')} would pass the threshold if there were no noise."


def _drowned(answers: Answers) -> str:
    """Say how many answers noise dominates; empty where it does none, or has no interval."""
    if answers.widths is None or not answers.drowned:
        return ""
    of = f"{number(answers.drowned)} of {number(len(answers.values))}"
    if answers.asked:
        return f"Noise dominates {of} answers ({label(answers.name)})."
    return f"Beside answers that are fine, noise dominates {of} numbers that come along ({label(answers.name)})."


def _answers(check: PlanCheck) -> Table | None:
    """Return each answer beside its noise, the first groups of them."""
    if check.question.asked.shows:  # groups that are no public keys are cell values
        return None
    keys = [""] if check.groups is None else [_key(key) for key in check.groups.values[:MOST]]
    columns = [(one.name, [_beside(one, place) for place in range(len(keys))]) for one in check.answers]
    rows = [[key, *(told[place] for _, told in columns)] for place, key in enumerate(keys)]
    heads = ["" if check.groups is None else names(check.groups.by), *(label(name) for name, _ in columns)]
    left = 0 if check.groups is None else len(check.groups) - len(keys)
    lines = [
        *aligned([heads, *rows], "<" + ">" * len(columns)),
        *([f"  … {number(left)} more: .to_frame()"] * bool(left)),
    ]
    return Table(heads, rows, "Each answer, beside its noise", lines=lines)


def _beside(answers: Answers, place: int) -> str:
    value = answers.values[place]
    if isinstance(value, list):
        return ", ".join("missing" if item is None else label(item, 40) for item in value)
    if isinstance(value, date):
        return day_text(value) if answers.widths is None else day_within(value, answers.widths[place])
    told = value.item() if isinstance(value, np.generic) else value
    return with_error(told, None if answers.widths is None else float(answers.widths[place]))
