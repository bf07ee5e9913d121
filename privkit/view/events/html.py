"""The HTML of recipes, their results and reports."""

from __future__ import annotations

from functools import singledispatch

from privkit.events.recipes.description import Description
from privkit.events.recipes.recipe import Recipe
from privkit.events.run.result import EventsReport, EventsResult, Exposure
from privkit.view.events.text import (
    description_answer,
    description_next,
    linked_text,
    recipe_answer,
    report_answer,
    result_answer,
    result_reasons,
)
from privkit.view.parts.markup import Markup, badge, card, meter, table, tag
from privkit.view.parts.words import label, names, number, percent

_MOST = 60


@singledispatch
def html(value: object) -> Markup:
    """Return the value as HTML."""
    raise TypeError(f"{type(value).__name__} has no HTML")


@html.register(Recipe)
def _recipe(recipe: Recipe) -> Markup:
    rows = [
        [str(index), operation.op, names(operation.targets()), operation.phrase()]
        for index, operation in enumerate(recipe.operations)
    ]
    return card(
        recipe_answer(recipe),
        table(["", "operation", "fields", "what becomes of them"], rows),
        then=["recipe.describe(events)", "recipe.apply(events)"],
    )


@html.register(Description)
def _description(description: Description) -> Markup:
    rows = [[tag("code", label(path)), what] for path, what in list(description.fields.items())[:_MOST]]
    rows += [["(the event)", what] for what in description.events]
    rows += [
        [tag("code", label(path)), f"no rule: {description.others}"] for path in (description.unmatched or ())[:_MOST]
    ]
    return card(
        description_answer(description),
        table(["field", "what becomes of it"], rows),
        then=description_next(description),
    )


@html.register(EventsResult)
def _result(result: EventsResult) -> Markup:
    rows = [[rule.op, names(rule.paths), number(rule.count)] for rule in result.rules]
    return card(
        result_answer(result),
        *(tag("p", reason) for reason in result_reasons(result)),
        table(["rule", "fields", "values touched"], rows),
        then=[".events", ".report()"],
    )


@html.register(EventsReport)
def _report(report: EventsReport) -> Markup:
    rules = [[rule.op, names(rule.paths), number(rule.count)] for rule in report.rules]
    sides = [(when, side) for when, side in (("before", report.before), ("after", report.after)) if side is not None]
    return card(
        report_answer(report),
        table(["", *(when for when, _ in sides)], _figures([side for _, side in sides])) if sides else None,
        *(badge(False, warning) for warning in report.warnings),
        table(["rule", "fields", "values touched"], rules, caption="What each rule touched"),
        then=[".to_frame()", ".after", ".before"],
        exact=True,
    )


def _figures(sides: list[Exposure]) -> list[list[object]]:
    rows: list[list[object]] = [
        ["events", *(number(side.n_events) for side in sides)],
        ["k by event", *(number(side.k) for side in sides)],
        ["unique events", *(_bar(side.n_unique, side.n_events) for side in sides)],
    ]
    if any(side.n_persons is not None for side in sides):
        rows += [
            ["persons", *(number(side.n_persons or 0) for side in sides)],
            ["k by person", *(number(side.k_persons or 0) for side in sides)],
            [
                "persons unique by all their events",
                *(_bar(side.n_unique_persons or 0, side.n_persons or 0) for side in sides),
            ],
        ]
    if any(side.linked is not None for side in sides):
        rows.append(["events in the register", *(linked_text(side.linked) if side.linked else "–" for side in sides)])
    if any(side.linked_persons is not None for side in sides):
        rows.append(
            [
                "persons in the register",
                *(linked_text(side.linked_persons) if side.linked_persons else "–" for side in sides),
            ]
        )
    return rows


def _bar(count: int, whole: int) -> Markup:
    share = percent(count, whole)
    return tag("div", f"{number(count)} ({share})", meter(count / whole if whole else 0.0, share, short=count > 0))
