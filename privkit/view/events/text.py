"""The text of recipes, their results and reports."""

from __future__ import annotations

from functools import singledispatch

from privkit.events.recipes.description import Description
from privkit.events.recipes.recipe import Recipe
from privkit.events.run.result import EventsReport, EventsResult, Exposure, Linked
from privkit.view.parts.words import label, lines, names, number, percent, plural

_MOST = 40


@singledispatch
def text(value: object) -> str:
    """Return the value as text."""
    raise TypeError(f"{type(value).__name__} has no text")


@text.register(Recipe)
def _recipe(recipe: Recipe) -> str:
    rules = [f"  {rule}" for rule in recipe_rules(recipe)]
    return lines(recipe_answer(recipe), *rules, then=["recipe.describe(events)", "recipe.apply(events)"])


def recipe_answer(recipe: Recipe) -> str:
    """Return the first line."""
    return f"{_name(recipe.name, recipe.version)} has {plural(len(recipe.operations), 'rule')}."


def recipe_rules(recipe: Recipe) -> list[str]:
    """Return one line per rule."""
    return [
        f"{operation.op}: {names(operation.targets())}"
        if operation.targets()
        else f"{operation.op}: {operation.phrase()}"
        for operation in recipe.operations
    ]


def _name(name: str, version: str) -> str:
    return f"the recipe '{label(name)}', version {label(version)},"


@text.register(Description)
def _description(description: Description) -> str:
    fields = [f"  {label(path)}: {what}" for path, what in list(description.fields.items())[:_MOST]]
    return lines(
        description_answer(description),
        *fields,
        *(f"  {what}" for what in description.events),
        *_without_rule(description),
        then=description_next(description),
    )


def description_answer(description: Description) -> str:
    """Return the first line: how many fields have a rule, and how many none."""
    count = plural(len(description.fields), "field")
    answer = f"{_name(description.name, description.version)} says what becomes of {count}"
    if description.unmatched is None:
        return f"{answer}; all others are {description.others}."
    if not description.unmatched:
        return f"{answer}; no field is without a rule."
    return f"{answer}; {plural(len(description.unmatched), 'field has', 'fields have')} no rule."


def _without_rule(description: Description) -> list[str]:
    if not description.unmatched:
        return []
    more = len(description.unmatched) - _MOST
    return [
        f"without a rule, {description.others}:",
        *(f"  {label(path)}" for path in description.unmatched[:_MOST]),
        *([f"  and {more} more"] if more > 0 else []),
    ]


def description_next(description: Description) -> list[str]:
    """Return what to type next."""
    if description.unmatched is None:
        return ["recipe.describe(events)", "recipe.apply(events)"]
    if description.unmatched and description.others != "dropped":
        return ["ev.keep(...) or ev.drop(...) for each", "recipe.apply(events, unmatched='drop')"]
    return ["recipe.apply(events)"]


@text.register(EventsResult)
def _result(result: EventsResult) -> str:
    return lines(result_answer(result), *result_reasons(result), then=[".events", ".report()"])


def result_answer(result: EventsResult) -> str:
    """Return the first line: how many events came in and went out."""
    so_far = "" if result.account.complete else " so far"
    return (
        f"{plural(result.n_out, 'event')} from {number(result.n_in)}{so_far}, "
        f"by {_name(result.recipe.name, result.recipe.version).rstrip(',')}."
    )


def result_reasons(result: EventsResult) -> list[str]:
    """Return what was left out."""
    account = result.account
    told = [
        f"{plural(account.n_apart, 'event was', 'events were')} set apart: .quarantined" if account.n_apart else "",
        f"{plural(account.n_sampled_out, 'event was', 'events were')} left out by sampling."
        if account.n_sampled_out
        else "",
        _groups(account.n_merged, account.n_groups_left_out),
        f"written to '{label(result.file.name)}'." if result.file is not None else "",
    ]
    return [line for line in told if line]


def _groups(merged: int, left_out: int) -> str:
    if not merged:
        return ""
    return f"{plural(merged, 'event')} merged; {plural(left_out, 'group was', 'groups were')} too small and left out."


@text.register(EventsReport)
def _report(report: EventsReport) -> str:
    rules = [f"  {rule.op} {names(rule.paths)}: {number(rule.count)}" for rule in report.rules]
    return lines(
        report_answer(report),
        *exposure_lines(report),
        *warning_lines(report),
        "values touched by each rule:",
        *rules,
        then=[".to_frame()", ".after", ".before"],
    )


def report_answer(report: EventsReport) -> str:
    """Return the first line: k of the result."""
    after = report.after
    if after is None or not after.n_events:
        recipe = _name(report.recipe, report.version)[:-1]
        return f"{plural(report.n_out, 'event')} from {number(report.n_in)}, by {recipe}."
    persons = f", {number(after.k_persons)} by person" if after.k_persons is not None else ""
    return (
        f"k = {number(after.k)} by event{persons}: "
        f"{plural(report.n_out, 'event')} from {number(report.n_in)}, by {names(after.qi)}."
    )


def exposure_lines(report: EventsReport) -> list[str]:
    """Return one line on the input and one on the result."""
    told = []
    for when, exposure in (("before", report.before), ("after", report.after)):
        if exposure is not None and exposure.n_events:
            told.append(f"{when}: {'; '.join(exposure_facts(exposure))}.")
    return told


def exposure_facts(exposure: Exposure) -> list[str]:
    """Return what there is to say about one side."""
    facts = [f"{number(exposure.n_unique)} of {plural(exposure.n_events, 'event')} unique ({_share(exposure)})"]
    if exposure.n_persons is not None:
        persons = plural(exposure.n_persons, "person")
        facts.append(f"{number(exposure.n_unique_persons or 0)} of {persons} unique by all their events")
    if exposure.linked is not None:
        facts.append(f"{number(exposure.linked.one)} events meet exactly one person of the register")
    if exposure.linked_persons is not None:
        facts.append(f"{number(exposure.linked_persons.one)} persons are found in the register")
    return facts


def _share(exposure: Exposure) -> str:
    return percent(exposure.n_unique, exposure.n_events)


def linked_text(linked: Linked) -> str:
    """Return how records meet a register."""
    return f"{number(linked.one)} one, {number(linked.several)} several, {number(linked.none)} none"


def warning_lines(report: EventsReport) -> list[str]:
    """Return the warnings, each on a line."""
    return [f"warning: {warning}" for warning in report.warnings]
