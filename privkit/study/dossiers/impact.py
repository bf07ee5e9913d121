"""An impact assessment by the CNIL's method: what is known of its 36 questions, and its application's JSON.

Keys and ids are those of the application's own example file and architecture (decision 28); no word of it is here.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from privkit.errors.root import listed
from privkit.events.run.result import EventsResult
from privkit.study.dossiers.form import Answer, NotApplicable, impact_fields
from privkit.study.dossiers.hazards import said_of
from privkit.study.dossiers.terms import letter_of
from privkit.transform.anonymized import Anonymized
from privkit.transform.costs import AnonymizationReport
from privkit.transform.generalize import Generalized
from privkit.transform.perturbed import Perturbed
from privkit.values.show import printable

if TYPE_CHECKING:
    from datetime import date

    from privkit.inventory.inventory import Inventory
    from privkit.study.dossiers.statement import Statement

#: What each kind of result does against being found.
_MEASURES: Mapping[type[Any], str] = {
    Anonymized: "Anonymized rows",
    AnonymizationReport: "Anonymized rows",
    Generalized: "Coarser values",
    Perturbed: "Perturbed values",
    EventsResult: "A recipe for events",
}
_NOISE = "Differential privacy"


# -- what is known -------------------------------------------------------------------------------------------------


def found_of(
    told: Statement | None, inventory: Inventory | None, reports: Sequence[object]
) -> Iterator[tuple[str, Any]]:
    """Yield the questions that the inventory, results and the ledger speak of, by their ids."""
    if inventory is not None:
        known = dict(_columns(inventory))
        yield from ((f"pia.{number}", value) for number, value in known.items() if value)
    if titles := tuple(measures(told, reports)):
        yield "pia.324", titles


def _columns(inventory: Inventory) -> Iterator[tuple[int, Any]]:
    facts = {
        name: said_of(inventory, name)
        for name in ("purpose", "legal_basis", "source", "stored", "access", "consent", "retention", "recipients")
    }
    roles = [f"{len(names):,} {role}" for role, names in _roles(inventory).items()]
    if facts["purpose"]:
        yield 111, f"{facts['purpose']} In a table of {len(inventory):,} columns: {', '.join(roles)}."
    columns = "; ".join(f"{entry.name!r} ({entry.what or entry.role})" for entry in inventory)
    labels = {"recipients": "Received by", "access": "Access", "retention": "Kept until"}
    yield 121, printable(f"Columns: {columns}. {_told(facts, labels)}".strip())
    labels = {"source": "From", "stored": "Stored", "recipients": "Received by", "retention": "Deleted after"}
    yield 122, facts["source"] and facts["retention"] and _told(facts, labels)
    yield from ((123, facts["stored"]), (211, facts["purpose"]), (212, facts["legal_basis"]))
    if facts["purpose"]:
        without = [entry.name for entry in inventory if not entry.purpose.strip()]
        lacking = f" No purpose is said of {listed(without)}." if without else ""
        yield 213, printable(f"Needed for: {facts['purpose']}{lacking}")
    yield from ((215, facts["retention"]), (222, facts["consent"] or _no_consent(inventory)))


def _roles(inventory: Inventory) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in inventory:
        found.setdefault(entry.role, []).append(entry.name)
    return found


def _told(facts: Mapping[str, str], labels: Mapping[str, str]) -> str:
    return " ".join(f"{label}: {facts[name]}" for name, label in labels.items() if facts[name])


def _no_consent(inventory: Inventory) -> NotApplicable | None:
    """Return that nothing rests on consent, where every column's legal basis is known and is another."""
    letters = {letter_of(entry.legal_basis) for entry in inventory}
    return NotApplicable("No column is held on consent.") if letters and not letters & {"", "a"} else None


def measures(told: Statement | None, reports: Sequence[object]) -> dict[str, str]:
    """Return what was done against persons being found: title → what came of it."""
    found: dict[str, str] = {}
    for report in reports:
        if title := _MEASURES.get(type(report)):
            first = repr(report).partition("\n")[0]
            count = sum(name.partition(" (")[0] == title for name in found)
            found[f"{title} ({count + 1})" if count else title] = first
    if told is not None:
        unit = told.terms.unit
        found[_NOISE] = printable(
            f"Each answer of the project has noise, within a budget of {told.terms.budget}, of which {told.charged} "
            f"is charged; protected is {unit}."
        )
    return found


# -- the application's JSON ------------------------------------------------------------------------------------------

#: Keys of `pia` that only the application itself fills, with their types.
_INSIDE = {
    "dbVersion": "integer", "tableName": "string", "serverUrl": "null", "objectStore": "object",
    "structure_id": "null", "structure_name": "string", "structure_sector_name": "string", "structure_data": "null",
    "progress": "integer", "lock_version": "integer", "is_archive": "integer",
}  # fmt: skip
_PERSONS = ("author_name", "evaluator_name", "validator_name", "dpos_names", "people_names")
_TEXTS = (
    *_PERSONS, "dpo_opinion", "concerned_people_opinion", "concerned_people_searched_content", "rejection_reason",
    "applied_adjustments", "category",
)  # fmt: skip
_PIA = 1


def as_pia(title: str, made: date, answers: Sequence[Answer], done: Mapping[str, str]) -> dict[str, Any]:
    """Return an assessment as the application's JSON: questions that are open are left out, and nobody is named.

    Parameters
    ----------
    answers : sequence of Answer
        Of the 36 questions.
    done : Mapping
        What `measures` returns.
    """
    moment = f"{made.isoformat()}T00:00:00.000Z"
    at = {"pia_id": _PIA, "created_at": moment, "updated_at": moment}
    known = [one for one in answers if one.state != "asked"]
    return {
        "pia": {
            "id": _PIA,
            "name": printable(title),
            "status": 0,
            "numberOfQuestions": len(impact_fields()),
            "is_example": 0,
            "dpo_status": 0,
            "concerned_people_status": 0,
            "concerned_people_searched_opinion": False,
            **dict.fromkeys(_TEXTS, ""),
            "created_at": moment,
            "updated_at": moment,
        },
        "answers": [
            {"id": place, "reference_to": int(one.field.name), "data": _data(one), **at}
            for place, one in enumerate(known, 1)
        ],
        "measures": [
            {"id": place, "title": name, "content": _rich(text), "placeholder": "measures.default_placeholder", **at}
            for place, (name, text) in enumerate(done.items(), 1)
        ],
        "evaluations": [],
        "comments": [],
    }


def _data(one: Answer) -> dict[str, Any]:
    if one.field.kind == "texts":
        return {"text": None, "gauge": None, "list": list(map(printable, one.value))}
    if one.field.kind == "level":
        level, why = one.value
        return {"text": _rich(why) if why else "", "gauge": level, "list": []}
    return {"text": _rich(one.text), "gauge": 0, "list": []}


def _rich(text: str) -> str:
    """Return a text for a field that shows HTML, in which nothing is markup."""
    return f"<p>{html.escape(printable(text))}</p>"


def pia_schema() -> dict[str, Any]:
    """Return the JSON Schema of the application's file, made of its keys and of our questions."""
    text, whole, texts = {"type": "string"}, {"type": "integer"}, {"type": "array", "items": {"type": "string"}}
    at = {"id": whole, "pia_id": whole, "created_at": {"type": ["string", "null"]}, "updated_at": text}
    data = _object({"text": {"type": ["string", "null"]}, "gauge": {"enum": [None, *range(5)]}, "list": texts})
    question = {"enum": [int(field.name) for field in impact_fields()]}
    pia = {
        **dict.fromkeys((*_TEXTS, "name", "created_at", "updated_at"), text),
        **dict.fromkeys(("id", "status", "numberOfQuestions", "is_example", "dpo_status"), whole),
        "concerned_people_status": whole,
        "concerned_people_searched_opinion": {"type": "boolean"},
        **{key: {"type": kind} for key, kind in _INSIDE.items()},
    }
    parts = {
        "answers": _object({**at, "reference_to": question, "data": data}, "updated_at"),
        "measures": _object({**at, "title": text, "content": text, "placeholder": text}, "updated_at"),
        "evaluations": {"type": "object"},
        "comments": {"type": "object"},
    }
    told = {name: {"type": "array", "items": one} for name, one in parts.items()}
    beside = ("numberOfQuestions", "is_example", *_INSIDE)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_object({"pia": _object(pia, *beside), **told}),
    }


def _object(properties: Mapping[str, Any], *optional: str) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "additionalProperties": False, "properties": dict(properties), "required": required}
