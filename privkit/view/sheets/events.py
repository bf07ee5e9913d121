"""What recipes, their results and reports say."""

from __future__ import annotations

from privkit.events.recipes.draft import Draft
from privkit.events.recipes.recipe import Recipe
from privkit.events.recipes.trace import Description
from privkit.events.run.exposure import EventsReport, Exposure, Linked, RuleCount
from privkit.events.run.result import EventsResult
from privkit.view.parts.chart import Across, Chart
from privkit.view.parts.sheet import Cell, Code, Counted, Row, Sheet, Table, Verdict, given, sheet
from privkit.view.parts.words import label, names, number, percent, plural

#: How many fields a text, and a table, list.
_MOST, _MOST_ROWS = 40, 60


@sheet.register(Recipe)
def _recipe(recipe: Recipe) -> Sheet:
    rows: list[Row] = [
        [str(index), operation.op, names(operation.targets()), operation.phrase()]
        for index, operation in enumerate(recipe.operations)
    ]
    lines = [
        f"  {operation.op}: {names(operation.targets()) if operation.targets() else operation.phrase()}"
        for operation in recipe.operations
    ]
    return Sheet(
        f"{_name(recipe.name, recipe.version)} has {plural(len(recipe.operations), 'rule')}.",
        (Table(["", "operation", "fields", "what becomes of them"], rows, lines=lines, facts=True),),
        ["recipe.describe(events)", "recipe.apply(events)"],
    )


def _name(name: str, version: str) -> str:
    return f"the recipe '{label(name)}', version {label(version)},"


@sheet.register(Description)
def _description(description: Description) -> Sheet:
    fields, without = list(description.fields.items()), description.unmatched or ()
    rows: list[Row] = [[Code(label(path)), what] for path, what in fields[:_MOST_ROWS]]
    rows += [["(the event)", what] for what in description.events]
    rows += [[Code(label(path)), f"no rule: {description.others}"] for path in without[:_MOST_ROWS]]
    lines = [
        *(f"  {label(path)}: {what}" for path, what in fields[:_MOST]),
        *(f"  {what}" for what in description.events),
        *_without_rule(description),
    ]
    table = Table(["field", "what becomes of it"], rows, lines=lines, facts=True)
    return Sheet(_description_answer(description), (table,), _description_next(description))


def _description_answer(description: Description) -> str:
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


def _description_next(description: Description) -> list[str]:
    """Return what to type next."""
    if description.unmatched is None:
        return ["recipe.describe(events)", "recipe.apply(events)"]
    if description.unmatched and description.others != "dropped":
        return ["ev.keep(...) or ev.drop(...) for each", "recipe.apply(events, unmatched='drop')"]
    return ["recipe.apply(events)"]


@sheet.register(Draft)
def _draft(draft: Draft) -> Sheet:
    rows: list[Row] = [[Code(label(one.path)), one.what, one.why] for one in draft.fields[:_MOST_ROWS]]
    more = len(draft.fields) - _MOST
    lines = [
        *(f"  {label(one.path)}: {one.what} ({one.why})" for one in draft.fields[:_MOST]),
        *([f"  and {number(more)} more: .to_frame()"] if more > 0 else []),
    ]
    return Sheet(
        f"a draft for {plural(draft.n_events, 'event')}: of {plural(len(draft.fields), 'field')} "
        f"{number(draft.n_dropped)} dropped, {number(draft.n_coarser)} made coarser, {number(draft.n_kept)} kept.",
        (
            Table(["field", "what becomes of it", "why"], rows, lines=lines, facts=True),
            "Read each line: a draft errs on erasing, and fields that it keeps may single persons out together.",
        ),
        [".save('recipe.toml')", ".recipe.apply(events).report()", ".to_frame()"],
    )


@sheet.register(EventsResult)
def _result(result: EventsResult) -> Sheet:
    return Sheet(
        _result_answer(result),
        given(*_result_reasons(result), Table(_RULES, _rules(result.rules))),
        [".events", ".report()"],
    )


_RULES = ("rule", "fields", "values touched")


def _rules(rules: tuple[RuleCount, ...]) -> list[Row]:
    return [[rule.op, names(rule.paths), rule.count] for rule in rules]


def _result_answer(result: EventsResult) -> str:
    """Return the first line: how many events came in and went out."""
    so_far = "" if result.account.complete else " so far"
    return (
        f"{plural(result.n_out, 'event')} from {number(result.n_in)}{so_far}, "
        f"by {_name(result.recipe.name, result.recipe.version).rstrip(',')}."
    )


def _result_reasons(result: EventsResult) -> list[str]:
    """Return what was left out."""
    account = result.account
    idle = "; ".join(f"{rule.op} {', '.join(map(label, rule.paths))}" for rule in result.idle)
    return [
        f"Touched nothing: {idle}. Is a path mistyped?" if idle else "",
        f"{plural(account.n_apart, 'event was', 'events were')} set apart: .quarantined" if account.n_apart else "",
        f"{plural(account.n_sampled_out, 'event was', 'events were')} left out by sampling."
        if account.n_sampled_out
        else "",
        _groups(account.n_merged, account.n_groups_left_out),
        f"written to '{label(result.file.name)}'." if result.file is not None else "",
    ]


def _groups(merged: int, left_out: int) -> str:
    if not merged:
        return ""
    return f"{plural(merged, 'event')} merged; {plural(left_out, 'group was', 'groups were')} too small and left out."


@sheet.register(EventsReport)
def _report(report: EventsReport) -> Sheet:
    sides = {when: side for when, side in (("before", report.before), ("after", report.after)) if side is not None}
    figures = Table(["", *sides], _figures(list(sides.values())), lines=_exposures(sides)) if sides else None
    touched = [f"  {rule.op} {names(rule.paths)}: {number(rule.count)}" for rule in report.rules]
    told = ["values touched by each rule:", *touched]
    return Sheet(
        _report_answer(report),
        given(
            figures,
            *(Verdict(False, warning, f"warning: {warning}") for warning in report.warnings),
            Table(_RULES, _rules(report.rules), "What each rule touched", told),
        ),
        [".to_frame()", ".after", ".before"],
        exact=True,
        chart=lambda: _chart(report),
    )


def _chart(report: EventsReport) -> Chart:
    rules = [f"{rule.op} {', '.join(label(path, 20) for path in rule.paths[:2])}".strip() for rule in report.rules]
    counts = [rule.count for rule in report.rules]
    title = f"{number(report.n_in)} events in, {number(report.n_out)} out"
    if report.before is not None and report.after is not None:
        title += f"; unique ones {number(report.before.n_unique)} → {number(report.after.n_unique)}"
    return Chart(title, "values touched", "rule", Across(rules, counts, [number(count) for count in counts]))


def _report_answer(report: EventsReport) -> str:
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


def _figures(sides: list[Exposure]) -> list[Row]:
    def row(name: str, *cells: Cell) -> Row:
        return [name, *cells]

    rows = [
        row("events", *(side.n_events for side in sides)),
        row("k by event", *(side.k for side in sides)),
        row("unique events", *(Counted(side.n_unique, side.n_events) for side in sides)),
    ]
    if any(side.n_persons is not None for side in sides):
        alone = (Counted(side.n_unique_persons or 0, side.n_persons or 0) for side in sides)
        rows += [
            row("persons", *(side.n_persons or 0 for side in sides)),
            row("k by person", *(side.k_persons or 0 for side in sides)),
            row("persons unique by all their events", *alone),
        ]
    for name, found in (
        ("events in the register", [side.linked for side in sides]),
        ("persons in the register", [side.linked_persons for side in sides]),
    ):
        if any(found):
            rows.append(row(name, *(_linked(one) if one else "–" for one in found)))
    return rows


def _exposures(sides: dict[str, Exposure]) -> list[str]:
    """Return one line on the input and one on the result."""
    return [f"{when}: {'; '.join(_facts(side))}." for when, side in sides.items() if side.n_events]


def _facts(exposure: Exposure) -> list[str]:
    """Return what there is to say about one side."""
    share = percent(exposure.n_unique, exposure.n_events)
    facts = [f"{number(exposure.n_unique)} of {plural(exposure.n_events, 'event')} unique ({share})"]
    if exposure.n_persons is not None:
        persons = plural(exposure.n_persons, "person")
        facts.append(f"{number(exposure.n_unique_persons or 0)} of {persons} unique by all their events")
    if exposure.linked is not None:
        facts.append(f"{number(exposure.linked.one)} events meet exactly one person of the register")
    if exposure.linked_persons is not None:
        facts.append(f"{number(exposure.linked_persons.one)} persons are found in the register")
    return facts


def _linked(linked: Linked) -> str:
    """Return how records meet a register."""
    return f"{number(linked.one)} one, {number(linked.several)} several, {number(linked.none)} none"
