"""What a dossier says: its own sheet, and the sections of the document, each made of blocks and of others' sheets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from privkit.inventory.column_entry import OWNER, kept_too_long
from privkit.risk.attackers import PRESETS
from privkit.risk.report import RiskReport
from privkit.study.dossiers.changes import DossierChanges
from privkit.study.dossiers.dossier import Dossier
from privkit.study.dossiers.form import FORMS, Answer
from privkit.study.dossiers.statement import Charge, Statement
from privkit.study.dossiers.terms import terms_of
from privkit.values.exact import exact_text
from privkit.values.writing import chance, chance_percent
from privkit.view.parts.sheet import Block, Code, Meter, Name, Note, Row, Sheet, Table, Verdict, given, sheet, sheet_of
from privkit.view.parts.words import amount, attacker, label, names, number, percent, plural, unit_words
from privkit.view.sheets.assessed import assessed
from privkit.view.sheets.project import budgets

#: Letters of a cell that holds what a form is told.
_LONG = 1000


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the document.

    Attributes
    ----------
    title : str
    blocks : tuple of Block
    sheets : tuple of (str, Sheet)
        What others say of themselves, each under its heading.
    """

    title: str
    blocks: tuple[Block, ...] = ()
    sheets: tuple[tuple[str, Sheet], ...] = ()


# -- a dossier, and what moved -------------------------------------------------------------------------------------


@sheet.register(Dossier)
def _dossier(one: Dossier) -> Sheet:
    shown = one.open_questions[:8]
    more = len(one.open_questions) - len(shown)
    lines = [f"  {name}: {label(ask, 100)}" for name, ask in shown]
    lines += [f"  … and {number(more)} more: .open_questions"] if more else []
    return Sheet(
        f"Dossier of '{label(one.title)}', made on {one.made.isoformat()}.",
        given(
            f"{one.coverage}.",
            "; ".join(filter(None, _parts(one))) + ".",
            f"{plural(len(one.open_questions), 'question')} stay open for a person." if shown else None,
            Table(["question", "what is asked"], _questions(one), lines=lines, facts=True) if shown else None,
        ),
        [".save('dossier.html')", ".open_questions", ".to_registry()" if one.statement else ""],
        exact=True,
    )


def _parts(one: Dossier) -> Iterator[str]:
    if one.inventory is not None:
        yield plural(len(one.inventory), "column")
    if one.reports:
        yield plural(len(one.reports), "report")
    if (told := one.statement) is not None:
        yield f"{plural(len(told.charges), 'charge')}, {amount(told.charged)} of {amount(told.terms.budget)}"


def _questions(one: Dossier) -> list[Row]:
    return [[Code(name), label(ask, _LONG)] for name, ask in one.open_questions]


@sheet.register(DossierChanges)
def _changes(found: DossierChanges) -> Sheet:
    rows: list[Row] = [[label(one.what), label(one.before, _LONG), label(one.after, _LONG)] for one in found]
    lines = [f"  {label(one.what)}: {label(one.before, 80) or '–'} → {label(one.after, 80) or '–'}" for one in found]
    return Sheet(
        f"{plural(len(found), 'change')} from {found.earlier} to {found.later}." if rows else "Nothing moved.",
        given(Table(["what", "before", "after"], rows, lines=lines, facts=True) if rows else None),
        [".to_frame()"] if rows else [],
        exact=True,
    )


# -- the document --------------------------------------------------------------------------------------------------


def sections(one: Dossier) -> list[Section]:
    """Return the parts of the document, in order; what there is nothing of says so."""
    return [
        Section("In short", _short(one)),
        Section("What is held, and why", tuple(_held(one))),
        Section("Who could be found", _none(_found(one), "No report was given."), _found(one)),
        Section("Models, and what was measured over time", *assessed(one.reports, one.quarters)),
        Section("What was changed", _none(one.changed, "No result was given."), _sheets(one.changed)),
        Section("What was released", tuple(_released(one.statement))),
        Section("Who received what", tuple(_shared(one))),
        Section("What persons asked for, and drills", tuple(_drills(one)), _sheets(list(filter(None, [one.requests])))),
        Section("What risk is left", tuple(_residual(one))),
        *(Section(title, tuple(_form(one, form))) for form, title in _FORMS.items()),
        Section("Impact assessment by the CNIL's method, its 36 questions", tuple(_assessed(one))),
        Section("Open questions", given(Table(["question", "what is asked"], _questions(one), facts=True))),
        Section("How it stands", tuple(_standing(one))),
    ]


_UNSHARED = "No register that was given has a package: a person must say who received what, for what, and until when."
_UNASKED = "No request of a person and no drill stands in a register that was given."
_FORMS = {
    "wp216": "Three questions of the Article 29 Working Party (Opinion 05/2014, WP216)",
    "nist": "Hazards by NIST SP 800-226, in the blocks of its pyramid",
    "registry": "Record for the OpenDP Deployments Registry",
}


def _none(there: object, text: str) -> tuple[Block, ...]:
    return () if there else (text,)


def _sheets(values: Sequence[object]) -> tuple[tuple[str, Sheet], ...]:
    return tuple((_kind(value), found) for value in values if (found := sheet_of(value)) is not None)


def _kind(value: object) -> str:
    """Return what a value is called, in words: the name of its class, apart."""
    first, *others = re.findall("[A-Z][a-z]*", type(value).__name__)
    if len(first) == 1:  # k-anonymity, l-diversity: the letter is a number's
        return f"{first.lower()}-{' '.join(others).lower()}"
    return " ".join([first, *map(str.lower, others)])


def _found(one: Dossier) -> tuple[tuple[str, Sheet], ...]:
    return _sheets([*([one.inventory] if one.inventory is not None else []), *one.found])


def entries_told(entries: tuple[int, ...]) -> str:
    """Return which entries of the ledger a table comes from; nothing where it comes from none."""
    return f" of {'entry' if len(entries) == 1 else 'entries'} {', '.join(map(str, entries))}" if entries else ""


_SHARED = ("package", "recipient", "what", "purpose", "legal basis", "until", "approved by", "state")


def _shared(one: Dossier) -> Iterator[Block]:
    """Yield each package. Who packed it stays in the ledger, as all names of analysts."""
    if not one.sharing:
        yield _UNSHARED
        return
    rows: list[Row] = [
        [
            number(each.id),
            Name(label(each.recipient)),
            ", ".join(f"{label(name)} ({kind}{entries_told(entries)})" for name, kind, entries in each.tables),
            label(each.purpose, 200),
            label(each.basis, 200),
            each.expires.isoformat(),
            ", ".join(map(label, each.approvals)) or "–",
            f"{each.state} on {each.deleted}" if each.deleted else each.state,
        ]
        for each in one.sharing
    ]
    yield Table(_SHARED, rows, facts=True, whole=("until",))


def _drills(one: Dossier) -> Iterator[Block]:
    if not one.drills:
        yield _UNASKED if not one.requests else "No drill was held."
        return
    rows: list[Row] = [
        [
            number(each.id),
            label(each.scenario, 200),
            f"{each.known_since:%Y-%m-%d %H:%M} UTC",
            number(each.persons),
            ", ".join(label(table.name) for table in each.tables),
            ", ".join(map(label, each.calls)) or "–",
        ]
        for each in one.drills
    ]
    yield Table(["drill", "supposed", "known since", "persons, as said", "tables", "to be called"], rows, facts=True)


def _short(one: Dossier) -> tuple[Block, ...]:
    rows: list[Row] = [
        [FORMS[form], part.filled, part.applicable, Meter(part.share, percent(part.filled, part.applicable))]
        for form, part in one.coverage.forms.items()
    ]
    return given(
        "; ".join(_parts(one)) + ".",
        f"{one.coverage}. {plural(len(one.open_questions), 'question')} stay open for a person.",
        Table(["form", "filled without a person", "that apply", "share"], rows),
        Note("Exact figures of raw data and names of columns: for the owner's eyes. No value of a cell is in it."),
    )


# -- what is held --------------------------------------------------------------------------------------------------


def _held(one: Dossier) -> Iterator[Block]:
    inventory = one.inventory
    if inventory is None:
        yield "No table and no inventory was given."
        return
    said = [fact for fact in OWNER if any(getattr(entry, fact) for entry in inventory)]
    rows: list[Row] = [
        [Name(label(entry.name)), str(entry.role), *(_fact(getattr(entry, fact)) for fact in said)]
        for entry in inventory
    ]
    yield Table(["column", "role", *map(_spaced, said)], rows, facts=True)
    if late := [entry.name for entry in inventory if kept_too_long(entry, one.made)]:
        yield f"Kept too long by {one.made.isoformat()}, by the owner's word: {label(', '.join(map(repr, late)), 400)}."
    unsaid = [_spaced(fact) for fact in OWNER if fact not in said]
    if unsaid:
        yield Note(f"The owner has said nothing of: {', '.join(unsaid)}.")
    terms: list[Row] = [
        [
            _spaced(str(term["kind"])),
            label(term["said"], 200),
            Code(str(term["iri"])) if term["iri"] else "no term of that name",
        ]
        for term in terms_of(inventory)
    ]
    if terms:
        yield Table(["fact", "as it was said", "term of the Data Privacy Vocabulary"], terms, facts=True)


def _spaced(fact: str) -> str:
    return fact.replace("_", " ")


def _fact(value: object) -> str:
    told = ", ".join(map(str, value)) if isinstance(value, tuple) else value
    return label(told, 200) if told else "–"


# -- what was released ---------------------------------------------------------------------------------------------


def _released(told: Statement | None) -> Iterator[Block]:
    if told is None:
        yield "No project was given."
        return
    yield f"Project '{label(told.name)}', begun on {told.begun[:10]}, protects {unit_words(told.terms.unit)}."
    yield from budgets(told.balance)
    charged = told.charged
    yield attacker(charged.advantage, charged.attack_success, told.terms.unit)
    if told.ended is not None:
        how = "Removed" if told.ended.removed else "Closed"
        yield f"{how} on {told.ended.time[:10]} ({label(told.ended.reason, 200)})."
    for one in told.extensions:
        held = f" until then it was {one.before.budget}" if one.before.budget != one.after.budget else ""
        raised = f"to {one.after.budget};{held}" if held else "for analysts"
        yield f"The budget was extended on {one.time[:10]} {raised} ({label(one.reason, 200)})."
    if told.note:
        yield Note(told.note)
    if not told.charges:
        yield "Nothing was charged yet."
        return
    yield Table(_HEADS, [_charge(one) for one in told.charges], facts=True, whole=("time (UTC)", "cost"))
    if told.versions:
        yield Note(f"Drawn with {', '.join(told.versions)}.")
    yield Note("What was refused is not recorded. Names of analysts stay in the ledger.")


_HEADS = ("entry", "time (UTC)", "question", "cost", "advantage", "found at 1 % alarms", "state", "where it comes from")


def _charge(one: Charge) -> Row:
    comes = [one.noise, *one.public, f"drawn anew, number {one.draw}" if one.draw > 1 else "", one.hash[:12]]
    return [
        number(one.entry),
        one.time.replace("T", " ").rstrip("Z"),
        label(one.question, 200),
        amount(one.cost),
        chance(one.advantage),
        chance_percent(one.attack_success),
        one.state,
        label("; ".join(filter(None, comes)), 300),
    ]


# -- what risk is left ---------------------------------------------------------------------------------------------


def _residual(one: Dossier) -> Iterator[Block]:
    """Yield each preset with its source, against each report on risk, and against the audit's uniques."""
    risks = [report for report in one.found if isinstance(report, RiskReport)]
    if not risks and (one.inventory is None or one.inventory.uniques is None):
        yield "No report on risk was given: nothing is compared with the presets."
        return
    rows: list[Row] = []
    for preset in PRESETS.values():
        for whose, figure in _figures(one, risks, preset.measure):
            within = figure <= preset.value
            met = Verdict(within, f"{percent(figure.numerator, figure.denominator)}: {'within' if within else 'above'}")
            rows.append([Name(preset.name), f"at most {exact_text(preset.value)}", whose, met, preset.source])
    yield Table(["preset", "limit", "of", "found", "source"], rows, facts=True)
    yield Note("Being within a preset is no proof of anonymity: presets are precedents from practice, not law.")


def _figures(one: Dossier, risks: Sequence[RiskReport], measure: str) -> Iterator[tuple[str, Fraction]]:
    """Yield what is compared, exactly: one over the smallest class, or the share of uniques; and whose it is."""
    for report in risks:
        whose = f"risk by {names(report.qi)}"
        if measure == "row" and report.n_classes:
            yield whose, Fraction(1, int(report.sizes.min()))
        elif measure != "row" and report.n_counted:
            yield whose, Fraction(report.n_unique, report.n_counted)
    inventory = one.inventory
    if measure != "row" and inventory is not None and inventory.uniques is not None and inventory.rows:
        yield "audit, all quasi-identifiers", Fraction(inventory.uniques, inventory.rows)


# -- forms ---------------------------------------------------------------------------------------------------------


def _assessed(one: Dossier) -> Iterator[Block]:
    """Yield the questions with who fills each: a count, and no aim."""
    by: Counter[str] = Counter(answer.state if answer.state != "filled" else answer.source for answer in one.impact)
    counts = [f"{number(by[who])} {words}" for who, words in _WHO.items() if by[who]]
    yield f"Of {plural(len(one.impact), 'question')}: {', '.join(counts)}."
    heads = ["question", "what is asked", "what is known", "by"]
    yield Table(heads, [_answer(answer, blocks=False) for answer in one.impact], facts=True)


_WHO = {
    "inventory": "filled by the inventory",
    "report": "by results and the ledger",
    "person": "by a person",
    "not applicable": "without an object",
    "asked": "open for a person",
}


def _form(one: Dossier, form: str) -> Iterator[Block]:
    part = one.coverage.forms[form]
    yield f"{number(part.filled)} of {plural(part.applicable, 'field')} that apply were filled without a person."
    own = [answer for answer in one.answers if answer.field.form == form]
    blocks = any(answer.field.block for answer in own)
    heads = ["field", *(["block"] if blocks else []), "what is asked", "what is known", "by"]
    yield Table(heads, [_answer(answer, blocks=blocks) for answer in own], facts=True)


def _answer(one: Answer, *, blocks: bool) -> Row:
    asked = one.state == "asked"
    known = Verdict(None, "open") if asked else label(one.text, _LONG)
    if one.state == "not applicable":
        known = f"Does not apply: {label(one.text, _LONG)}"
    by = "a person" if one.source == "person" else one.source
    name = _spaced(one.field.name.replace(".", ": "))  # in words, so that lines may end in it
    return [name, *([one.field.block] if blocks else []), one.field.ask, known, by]


def _standing(one: Dossier) -> Iterator[Block]:
    yield f"Made on {one.made.isoformat()}."
    yield f"To be looked at again on {one.review.isoformat()}." if one.review else "No day for a review was set."
    if (told := one.statement) is not None:
        yield f"The ledger's head: record {number(told.balance.seq)}, SHA-256 {told.balance.hash}."
    yield f"Signed by {'_' * 30} as {'_' * 20} on {'_' * 12}"
