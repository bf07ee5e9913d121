"""What a dossier says of models, and of what was measured over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from privkit.study.assessments.assessment import ModelAssessment
from privkit.view.parts.sheet import Row, Table, Verdict, sheet
from privkit.view.parts.words import label, names, number, plural
from privkit.view.sheets.assessed import models as said
from privkit.view.sheets.assessed import over_time  # noqa: F401 - what quarters say is registered by being loaded

if TYPE_CHECKING:
    from privkit.study.assessments.measured import Measurement
    from privkit.study.assessments.quarters import Quarters
    from privkit.view.parts.sheet import Block, Sheet


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
    yield "leakage", said.leakage(one).text, "report"
    yield "performance", said.answer(one), "report"
    yield "features", f"{plural(len(one.features), 'feature')}: {names(one.features)}", "report"
    yield "origin of the features", "" if one.without_source else "said of each", "inventory"
    yield "purpose of the features", "said of each" if len(purposes) == len(one.features) else "", "inventory"
    yield (
        "subgroups",
        next((each for each in said.grouped(one) if isinstance(each, str)), "") if one.groups else "",
        "report",
    )
    yield "attacks", "" if one.attack is None else said.attacks(one), "report"
    yield "intended use, and who answers for it", "", "person"


def _facts_kept(one: Measurement) -> Iterator[tuple[str, str, str]]:
    yield "last assessment", sheet(one).answer, "report"
    yield "intended use, and who answers for it", "", "person"


def _facts_over(found: Quarters | None) -> Iterator[tuple[str, str, str]]:
    told = "" if found is None else f"{plural(len(found.quarters), 'quarter')}, {number(_measured(found))} measured"
    yield "over time", told, "ledger"


def _measured(found: Quarters) -> int:
    return sum(bool(one.measured) for one in found.quarters)
