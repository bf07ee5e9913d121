"""What assessments of models say, and what a dossier says of them and of what was measured over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from privkit.study.assessments.assessment import DataSet, ModelAssessment
from privkit.study.assessments.measured import Measurement
from privkit.study.assessments.performance import Group, Performance
from privkit.study.assessments.quarters import Quarters
from privkit.view.parts.chart import Chart, Estimates
from privkit.view.parts.sheet import Block, Chip, Name, Note, Row, Sheet, Table, Verdict, given, sheet, sheet_of
from privkit.view.parts.words import label, names, number, percent, plural
from privkit.view.sheets import over_time  # noqa: F401 - what quarters say is registered by being loaded
from privkit.view.sheets.inventory import short


def assessed(
    reports: Sequence[object], found: Quarters | None
) -> tuple[tuple[Block, ...], tuple[tuple[str, Sheet], ...]]:
    """Return what a dossier says of models and over time: what is known of each by whom, and the sheets themselves."""
    models = [_numbered(one) for one in reports if isinstance(one, ModelAssessment)]
    kept = [] if found is None or models else [one for one in found.latest if one.what == "model"]
    sheets = [("Model assessment", sheet(one)) for one in models]
    sheets += [("Model assessment, as it was recorded", sheet(one)) for one in kept]
    sheets += [] if found is None else [("By quarter", sheet(found))]
    fields = [*(_facts(models[-1]) if models else ()), *(_facts_kept(kept[-1]) if kept else ()), *_facts_over(found)]
    if not models and not kept:
        return ("No model was assessed: assess_model(...) does.",), tuple(sheets)
    filled = [by for _, known, by in fields if known]
    each = ", ".join(f"{by} {filled.count(by)}" for by in dict.fromkeys(filled))
    rows: list[Row] = [
        [name, label(known, 400) if known else Verdict(None, "open"), by if known else "a person"]
        for name, known, by in fields
    ]
    share = f"{number(len(filled))} of {plural(len(fields), 'field')}"
    told = f"{share} on the last model were filled without a person ({each})."
    return (told, Table(["field", "what is known", "by"], rows, facts=True)), tuple(sheets)


def _numbered(one: ModelAssessment) -> ModelAssessment:
    """Return an assessment with its groups by number: their names are values of cells, and a dossier holds none."""
    places: Counter[str] = Counter()
    groups = []
    for each in one.groups:
        places[each.by] += 1
        groups.append(replace(each, name=f"group {places[each.by]}"))
    return replace(one, groups=tuple(groups))


def _facts(one: ModelAssessment) -> Iterator[tuple[str, str, str]]:
    """Yield what is known of a model, and by which source: empty where nobody said it."""
    purposes = [name for name in one.features if one.inventory[name].purpose]
    yield "sets", ", ".join(f"{each.name} {plural(each.performance.rows, 'row')}" for each in one.sets), "report"
    yield "leakage", leakage(one).text, "report"
    yield "performance", model_answer(one), "report"
    yield "features", f"{plural(len(one.features), 'feature')}: {names(one.features)}", "report"
    yield "origin of the features", "" if one.without_source else "said of each", "inventory"
    yield "purpose of the features", "said of each" if len(purposes) == len(one.features) else "", "inventory"
    told = next((each for each in grouped(one) if isinstance(each, str)), "") if one.groups else ""
    yield "subgroups", told, "report"
    yield "attacks", "" if one.attack is None else attacks(one), "report"
    yield "intended use, and who answers for it", "", "person"


def _facts_kept(one: Measurement) -> Iterator[tuple[str, str, str]]:
    yield "last assessment", sheet(one).answer, "report"
    yield "intended use, and who answers for it", "", "person"


def _facts_over(found: Quarters | None) -> Iterator[tuple[str, str, str]]:
    told = ""
    if found is not None:
        measured = number(sum(bool(one.measured) for one in found.quarters))
        told = f"{plural(len(found.quarters), 'quarter')}, {measured} measured"
    yield "over time", told, "ledger"


#: So many groups and features stand in a text.
_GROUPS, _FEATURES = 10, 20
_BY_CHANCE = (
    "Each interval is of one group: of many, about 1 in 20 lies outside of it by chance. A model that errs alike in "
    "all groups may still be unfair, and a group that no column names is not looked at."
)


# -- a model -------------------------------------------------------------------------------------------------------


@sheet.register(ModelAssessment)
def _model(one: ModelAssessment) -> Sheet:
    return Sheet(
        model_answer(one),
        given(leakage(one), _sets(one), _origin(one), _features(one), *grouped(one), attacks(one)),
        [".to_frame()", ".to_json()", ".plot()"],
        exact=True,
        chart=partial(_chart, one),
    )


def model_answer(one: ModelAssessment) -> str:
    """Return how well the model predicts."""
    return (
        f"{label(one.model)} predicts '{label(one.target)}' with {one.measure} {_score(one.test, one)} on the test, "
        f"and {_score(one.train, one)} on its training rows."
    )


def leakage(one: ModelAssessment) -> Verdict:
    """Return whether rows or persons of a set stand in the training too."""
    told = [
        f"{number(each.shared_persons)} of {plural(each.persons or 0, 'person')} of the {each.name} have training rows"
        for each in one.sets
        if each.shared_persons
    ]
    told += [
        f"{percent(each.repeated.observed)} of the {each.name}'s rows equal a training row, where {_twins(one)}"
        for each in one.sets
        if each.leaks and not each.shared_persons
    ]
    if told:
        text = f"Leaks: {'; '.join(told)}. What is told of those rows is too good."
    elif one.unit is None:
        text = f"No more rows are shared with the training than chance explains ({_twins(one)}); persons: name unit=."
    else:
        text = f"No person stands in two sets, and no more rows than chance explains ({_twins(one)})."
    return Verdict(not one.leaks, text, text)


def _twins(one: ModelAssessment) -> str:
    return f"{percent(one.train.twins.observed)} of those have a twin among them"


def _sets(one: ModelAssessment) -> Table:
    rows: list[Row] = [
        [
            Name(each.name), number(each.performance.rows), None if each.persons is None else number(each.persons),
            _score(each, one), _auc(each.performance), percent(each.repeated.observed),
            None if each.shared_persons is None else number(each.shared_persons),
        ]
        for each in one.sets
    ]  # fmt: skip
    lines = [
        f"  {each.name}: {plural(each.performance.rows, 'row')}, {one.measure} {_score(each, one)}"
        f"{_and_auc(each.performance)}; {percent(each.repeated.observed)} equal a training row."
        for each in one.sets
    ]
    heads = ["set", "rows", "persons", one.measure, "AUC", "equal a training row", "persons in training"]
    return Table(heads, rows, lines=lines)


def _and_auc(one: Performance) -> str:
    return "" if one.auc is None else f", AUC {_auc(one)}"


def _origin(one: ModelAssessment) -> str:
    direct = [name for name in one.features if name in one.inventory.direct]
    told = [f"{names(direct)} {'is a direct identifier' if len(direct) == 1 else 'are direct identifiers'}."]
    unsaid = one.without_source
    if unsaid:
        told.append(f"Where they come from is not said of {plural(len(unsaid), 'feature')}: {names(unsaid)}.")
    return " ".join(told[0 if direct else 1 :])


def _features(one: ModelAssessment) -> Table:
    entries = [one.inventory[name] for name in one.features]
    rows: list[Row] = [
        [
            Name(label(each.name)),
            Chip(short(each.role), str(each.role)),
            each.rating,
            label(each.source),
            label(each.purpose),
        ]
        for each in entries
    ]
    lines = [
        f"  {label(each.name)}: {each.role}, {each.rating} risk{f', from {label(each.source)}' if each.source else ''}."
        for each in entries
    ]
    return Table(["feature", "role", "risk", "source", "purpose"], rows, lines=lines[:_FEATURES], facts=True)


def grouped(one: ModelAssessment) -> Iterator[str | Table | Note]:
    """Yield which groups stand out, and what is told of each."""
    if not one.groups:
        yield "No groups were compared: groups= names columns."
        return
    worse = ", ".join(f"'{label(each.name)}' of {label(each.by)}" for each in one.worse)
    if one.kind == "classes":
        yield f"More often wrong than about the others: {worse}." if worse else "No group stands out by its errors."
    heads = ["group", "of", "rows", "error", "95 %", "against the others", "95 %", "chosen", "missed", "false alarms"]
    lines = [f"  {_group_line(each, one)}" for each in one.groups]
    yield Table(heads, [_group_row(each, one) for each in one.groups], lines=lines[:_GROUPS])
    if len(lines) > _GROUPS:
        yield f"And {number(len(lines) - _GROUPS)} more: .to_frame() has all."
    yield Note(_BY_CHANCE)


def _group_row(each: Group, one: ModelAssessment) -> Row:
    found = each.performance
    if found is None:
        return [Name(label(each.name)), label(each.by), number(each.rows), *([None] * 7)]
    rates = (found.chosen, found.missed, found.alarms)
    return [
        Name(label(each.name)), label(each.by), number(each.rows), _error(found.error, one), _ends(found),
        None if each.excess is None else _error(each.excess, one), _interval(each),
        *(None if rate is None or not rate.n else percent(rate.observed) for rate in rates),
    ]  # fmt: skip


def _group_line(each: Group, one: ModelAssessment) -> str:
    head = f"{label(each.name)} of {label(each.by)}: {plural(each.rows, 'row')}"
    if each.performance is None:
        return f"{head}, too few to tell."
    more = "" if each.excess is None else f", {_error(each.excess, one)} against the others"
    ends = _interval(each)
    return f"{head}, error {_error(each.performance.error, one)}{more}{f' ({ends})' if ends else ''}."


def _error(value: float, one: ModelAssessment) -> str:
    return percent(value) if one.kind == "classes" else number(value)


def _ends(found: Performance) -> str | None:
    return None if found.wrong is None else f"{percent(found.wrong.low)} to {percent(found.wrong.high)}"


def _interval(each: Group) -> str | None:
    return None if each.interval is None else " to ".join(map(percent, each.interval))


def attacks(one: ModelAssessment) -> str:
    """Return what attacks find, in their words."""
    found = None if one.attack is None else sheet_of(one.attack)
    return "No attack was tried: attack={} tries them." if found is None else found.answer


def _score(each: DataSet, one: ModelAssessment) -> str:
    return percent(each.score) if one.kind == "classes" else f"{each.score:.2f}"


def _auc(found: Performance) -> str | None:
    return None if found.auc is None else f"{found.auc:.3f}"


def _chart(one: ModelAssessment) -> Chart:
    """Return the error of each group with its interval; without groups that of each set."""
    told = [(each.name, each.performance) for each in one.groups if each.performance is not None]
    parts = told or [(each.name, each.performance) for each in one.sets]
    ends = [(one.error, one.error) if one.wrong is None else (one.wrong.low, one.wrong.high) for _, one in parts]
    drawn = Estimates(
        [label(name, 28) for name, _ in parts],
        [each.error for _, each in parts],
        [low for low, _ in ends],
        [high for _, high in ends],
        bars=False,
    )
    axis = "share of wrong answers (95 %)" if one.kind == "classes" else "mean size of the error"
    return Chart(model_answer(one).rstrip("."), "group" if told else "set", axis, drawn)
