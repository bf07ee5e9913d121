"""What plans say: what the money buys, what an attacker gains by it, and what a check of one tells its owner."""

from __future__ import annotations

from datetime import date

import numpy as np

from privkit.dp.answers.provenance import in_units
from privkit.dp.answers.release import Release
from privkit.dp.check import Answers, PlanCheck
from privkit.dp.dates import accuracy_told, limits_in, told_dates
from privkit.dp.noise.noise import ALPHA
from privkit.dp.plan import Plan
from privkit.dp.question import Question, Standing
from privkit.errors.ledger import LedgerError
from privkit.tally.cells.cells import Kind
from privkit.tally.looking import Extent, Outside
from privkit.values.exact import exact_text
from privkit.values.loss import PrivacyLoss
from privkit.values.writing import error_percent, error_text, level_text, with_error
from privkit.view.parts.chart import Chart, Curve
from privkit.view.parts.sheet import Block, Note, Sheet, Table, given, in_columns, sheet
from privkit.view.parts.words import (
    amount,
    attacker,
    day_text,
    day_within,
    label,
    names,
    number,
    percent,
    plural,
    unit_words,
    value_text,
)
from privkit.view.sheets.released.books import compared
from privkit.view.sheets.released.numbers import key_text

#: A longer note is cut: it may hold a column's name.
_LONGEST_NOTE = 240


@sheet.register(Plan)
def _plan(plan: Plan) -> Sheet:
    gained = attacker(plan.advantage, plan.attack_success, plan.question.unit)
    found, remaining, left = _in_ledger(plan)
    reasons = [compared(plan), _reached(plan), left, stands(found), _fetched(plan), gained, *noise_reasons(plan)]
    return Sheet(
        plan_answer(plan, found), given(*reasons), _plan_next(plan, found, remaining), chart=lambda: _plan_chart(plan)
    )


def _in_ledger(plan: Plan) -> tuple[Standing | None, PrivacyLoss | None, str]:
    """Return what the ledger says of the question, what is left, and both in words; a ledger that is gone is told."""
    try:
        found, left = plan.standing, plan.left
    except LedgerError as error:
        return None, None, f"What is left cannot be told: {error}"
    return found, left, left_after(plan, left, found)


def asked_for(question: Question) -> str:
    """Return what is asked: the statistic and its groups."""
    if question.asked.headline:
        return question.asked.headline
    if question.asked.lines:  # the names of what it finds do not say what was compared
        return str(question.asked)
    asked = ", ".join(map(label, question.asked.numbers)) if question.asked.framed else question.statistic
    read = [name for name in question.asked.columns or question.asked.read if name not in question.by]
    named = question.asked.framed and len(read) > 1  # a list of names for numbers tells nothing beside one of columns
    of = f" of {names(read)}{question.asked.clips}" if read and not named else ""
    return f"{asked}{of} by {names(question.by)}" if question.by else f"{asked}{of}"


def within(plan: Plan) -> str:
    """Return how far the noise carries one number, and how often; empty where that depends on the rows."""
    if plan.accuracy is None:
        return ""
    return f"{accuracy_told(plan.question.asked, plan.accuracy)} ({level_text(1 - ALPHA)})"


def _reached(plan: Plan) -> str:
    """Return how accurate each of several numbers is by the rows that are assumed; nothing where none are."""
    if plan.rows is None or not plan.question.asked.framed:
        return ""
    shown = []
    for name, width in plan.accuracies.items():
        if width is not None:
            told = error_text(width) if in_units(plan.question, name) else f"{error_percent(width)} of ranks"
            shown.append(f"{label(name)} ± {told}")
    rows = f"To expect with at least {plural(plan.rows, 'row')} in each group"
    return f"{rows}: {', '.join(shown)} ({level_text(1 - ALPHA)})." if shown else ""


def clipped_share(release: Release) -> str:
    """Return which share of the values lay outside the bounds, where that was asked; else nothing."""
    if (found := release.estimates.get("clipped")) is None or not len(found):
        return ""
    least, most = percent(float(found.min())), percent(float(found.max()))
    if release.plan.question.keys is not None:
        between = least if least == most else f"between {least} and {most}"
        return f"Clipped: {between} of a group's values, each with its interval in .to_frame()."
    low, high = (percent(float(ends.iloc[0])) for ends in limits_in(release.to_frame(), "clipped", "") or ())
    return f"Clipped: {most} of the values, {low} to {high} ({level_text(1 - ALPHA)})."


def plan_answer(plan: Plan, found: Standing | None = None) -> str:
    """Return the first line: what the money buys, or that the answer was paid for before."""
    asked = asked_for(plan.question)
    bought = f"for {amount(plan.loss)}"
    if found is not None and found.replays:
        bought = f"at no cost: it replays entry {found.entry}, which cost {amount(plan.loss)}"
    in_all = "" if replayed(found) else " in all"
    if plan.question.asked.framed:
        return f"{asked} {bought}{in_all}"
    if plan.question.asked.headline:
        return f"{asked}: {plural(plan.question.cells, 'number')}, each {within(plan)} or better, {bought}{in_all}"
    each, total = within(plan), plan.question.keys is None
    numbers = "" if total else f": {plural(plan.question.cells, 'number')}"
    if not each:
        unknown = "" if replayed(found) else " (how accurate depends on the rows: assume_rows=)"
        return f"{asked}{numbers}{'' if total else ','} {bought}{'' if total else in_all}{unknown}"
    return f"{asked} {each} {bought}" if total else f"{asked}{numbers}, each {each}, {bought}{in_all}"


def _fetched(plan: Plan) -> str:
    """Return what leaves a lazy engine; empty where the rows lie here."""
    if plan.fetched is None:
        return ""
    if not plan.fetched:
        return "The engine reckons by itself: only groups and their counts are fetched from it."
    return f"Fetched from the engine: {label('; '.join(plan.fetched), _LONGEST_NOTE)}."


def noise_reasons(plan: Plan) -> list[Block]:
    """Return whom the noise protects, how large it is, and the notes."""
    asked, most = plan.question.asked, number(plan.sensitivity["L1"])
    moved = "each table" if asked.headline else "the counts of bins" if asked.of_bins else plan.noise.moved
    protected = f"Protects {unit_words(plan.question.unit)}"
    return [
        f"{protected}; what is measured has noise of its own, as the notes say."
        if asked.framed
        else f"{protected}, which moves {moved} by at most {most}: {asked.noise_told(plan.noise)}.",
        f"Public: {label('; '.join(map(str, plan.public)), _LONGEST_NOTE)}." if plan.public else "",
        *(Note(f"Note: {label(note, _LONGEST_NOTE)}.") for note in plan.notes),
    ]


def _plan_next(plan: Plan, found: Standing | None, left: PrivacyLoss | None) -> list[str]:
    """Return what to type next."""
    if plan.run is None:
        return [".accuracy", ".sensitivity", ".panel()"]
    if replayed(found) or left is None or plan.loss.fits(left):
        return [".release()", *([".tables"] if plan.question.asked.headline else []), ".panel()"]
    less = [f"epsilon={exact_text(left.main)}"] if left.main > 0 and left.epsilon is not None else []
    return [*less, "project.ledger", ".panel()"]


def _plan_chart(plan: Plan) -> Chart:
    """Return the chance of each error of one number: the noise's own distribution."""
    step = plan.question.asked.step
    width = plan.noise.half_width() * step
    reach = max(2 * width, 3 * step)
    errors = np.linspace(-reach, reach, min(int(2 * reach / step) + 1, 801))
    errors = np.unique(errors.round()) if step == 1 else errors
    chance = plan.noise.chance(errors / step)
    chance = chance if step == 1 else chance / chance.max()
    direct = plan.accuracy is not None and not plan.question.asked.needs_rows
    return Chart(
        " ".join(filter(None, (asked_for(plan.question), within(plan), f"for {amount(plan.loss)}"))),
        "error of one number" if direct else "noise of the sums that it is computed from",
        "chance" if step == 1 else "chance, relative to no error",
        Curve(errors.tolist(), chance.tolist(), (np.abs(errors) <= width).tolist()),
    )


# -- the same question before, and a check -------------------------------------------------------------------------

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
    return Sheet(f"check of {label(str(check.question), 200)}", given(*blocks), [".to_frame()"], exact=True)


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
    some = "; ".join(map(key_text, check.empty[:MOST])) + ("; …" if len(check.empty) > MOST else "")
    none = f"{number(len(check.empty))} of {plural(len(check.keys), 'key')} match no row: {some}."
    return [*told, none, Note(_EMPTY)]


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
    keys = [""] if check.groups is None else [*map(key_text, check.groups.values[:MOST])]
    columns = [(one.name, [_beside(one, place) for place in range(len(keys))]) for one in check.answers]
    rows = [[key, *(told[place] for _, told in columns)] for place, key in enumerate(keys)]
    heads = ["" if check.groups is None else names(check.groups.by), *(label(name) for name, _ in columns)]
    left = 0 if check.groups is None else len(check.groups) - len(keys)
    return in_columns(heads, rows, "Each answer, beside its noise", left=left)


def _beside(answers: Answers, place: int) -> str:
    value = answers.values[place]
    if isinstance(value, list):
        return ", ".join(value_text(item, 40) for item in value)
    if isinstance(value, date):
        return day_text(value) if answers.widths is None else day_within(value, answers.widths[place])
    told = value.item() if isinstance(value, np.generic) else value
    return with_error(told, None if answers.widths is None else float(answers.widths[place]))
