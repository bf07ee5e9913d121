"""The HTML of plans and releases: the numbers with their intervals drawn, where they come from folded away."""

from __future__ import annotations

from functools import singledispatch

from privkit.dp.answers.release import Release
from privkit.dp.plan import Plan
from privkit.view.dp.text import (
    Cell,
    amount,
    cells,
    more,
    plan_answer,
    plan_next,
    plan_reasons,
    release_answer,
    release_next,
    release_reasons,
    table_of,
)
from privkit.view.parts.markup import Markup, card, note, table, tag
from privkit.view.parts.words import label, number


@singledispatch
def html(value: object) -> Markup:
    """Return the value as HTML."""
    raise TypeError(f"{type(value).__name__} has no HTML")


@html.register(Plan)
def _plan(plan: Plan) -> Markup:
    return card(plan_answer(plan), *_paragraphs(plan_reasons(plan)), then=plan_next(plan))


@html.register(Release)
def _release(release: Release) -> Markup:
    rest = more(release)
    return card(
        release_answer(release),
        _numbers(release),
        note(f"… {rest}") if rest else None,
        *_paragraphs(release_reasons(release)),
        provenance(release),
        then=release_next(release),
    )


def _paragraphs(reasons: list[str]) -> list[Markup]:
    return [note(reason) if reason.startswith("Note: ") else tag("p", reason) for reason in reasons if reason]


def _numbers(release: Release) -> Markup | None:
    if release.plan.question.asked.framed:
        return table(*table_of(release))
    if not release.has_interval and release.plan.question.keys is None:
        return None
    shown = cells(release)
    if release.plan.question.keys is None:
        return _total(shown[0])
    if not release.has_interval:
        heads = [", ".join(label(name) for name in release.plan.question.by), release.plan.question.statistic]
        return table(heads, [[cell.name, number(cell.value)] for cell in shown])
    low, high = min([0, *(cell.lower for cell in shown)]), max([1, *(cell.upper for cell in shown)])
    by = ", ".join(label(name) for name in release.plan.question.by)
    rows = [
        [cell.name, number(cell.value), f"{number(cell.lower)} to {number(cell.upper)}", interval(cell, low, high)]
        for cell in shown
    ]
    return table([by, release.plan.question.statistic, "interval", ""], rows)


def _total(cell: Cell) -> Markup:
    """Draw one number's interval between its ends: on an axis from zero, that of a large number is too thin to see."""
    drawn = interval(cell, cell.lower, cell.upper if cell.upper > cell.lower else cell.lower + 1)
    return tag("div", tag("span", number(cell.lower)), drawn, tag("span", number(cell.upper)), class_="pk-ends")


def interval(cell: Cell, low: float, high: float) -> Markup:
    """Return a bar on the axis from `low` to `high`: full up to the interval, pale in it, a line at the number."""
    span = high - low
    ground = 0 if low <= 0 else cell.lower  # where bars stand, if the axis holds it
    pieces = [
        ("pk-gap", min(cell.lower, ground), low),
        ("pk-bar", cell.lower, ground),
        ("pk-bar pk-band pk-value", cell.value, cell.lower),
        ("pk-bar pk-band", cell.upper, cell.value),
    ]
    return tag(
        "div",
        *(
            tag("div", class_=kind, style=f"width: {100 * (end - begin) / span:.2f}%")
            for kind, end, begin in pieces
            if end > begin
        ),
        class_="pk-range",
        role="img",
        aria_label=f"{number(cell.value)}, between {number(cell.lower)} and {number(cell.upper)}",
    )


def provenance(release: Release) -> Markup:
    """Return where a release comes from, folded away."""
    told = release.provenance
    rows = [
        ["question", label(told.question, 200)],
        ["protects", label(told.unit, 200)],
        ["bounds", label(told.bounds, 200)],
        ["noise", f"{told.mechanism}, scale {number(told.scale)}"],
        ["cost", amount(release.loss)],
        ["ledger", f"project '{label(told.project)}', entry {told.entry}, reserved {told.time}"],
        ["drawn by", ", ".join(f"{name} {version}" for name, version in told.versions.items())],
    ]
    return tag("details", tag("summary", "Where it comes from"), tag("div", table(["", ""], rows), class_="pk-facts"))
