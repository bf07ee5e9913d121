"""What plans say: what the money buys, and what an attacker gains by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from privkit.dp.answers.provenance import in_units
from privkit.dp.dates import accuracy_told, limits_in
from privkit.dp.noise.noise import ALPHA
from privkit.dp.plan import Plan
from privkit.errors.ledger import LedgerError
from privkit.values.exact import exact_text
from privkit.values.writing import error_percent, error_text, level_text, percent
from privkit.view.parts.chart import Chart, Curve
from privkit.view.parts.sheet import Block, Note, Sheet, given, sheet
from privkit.view.parts.words import amount, attacker, label, names, number, plural, unit_words
from privkit.view.sheets.checks import left_after, replayed, stands
from privkit.view.sheets.released.books import compared

if TYPE_CHECKING:
    from privkit.dp.answers.release import Release
    from privkit.dp.question import Question, Standing
    from privkit.values.loss import PrivacyLoss

#: A longer note is cut: it may hold a column's name.
_LONGEST_NOTE = 240


@sheet.register(Plan)
def _plan(plan: Plan) -> Sheet:
    gained = attacker(plan.advantage, plan.attack_success, plan.question.unit)
    found, remaining, left = _in_ledger(plan)
    reasons = [compared(plan), _reached(plan), left, stands(found), _fetched(plan), gained, *noise_reasons(plan)]
    return Sheet(
        plan_answer(plan, found),
        given(reasons),
        _plan_next(plan, found, remaining),
        chart=lambda: _plan_chart(plan),
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
