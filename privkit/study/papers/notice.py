"""The notice to customers, in plain words: what Art. 13 and 14 of the GDPR ask for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from privkit.inventory.column_entry import ColumnEntry
from privkit.inventory.column_names import SENSITIVE
from privkit.study.dossiers.terms import letter_of
from privkit.study.papers.drafting import Draft, said_of, sayings, words
from privkit.values.writing import chance

if TYPE_CHECKING:
    from privkit.study.papers.known import Budget, Known

#: The points of Art. 6(1), in words for the persons themselves.
_BECAUSE = {
    "a": "you agreed to it",
    "b": "we need it for our contract with you",
    "c": "a law obliges us to",
    "d": "it protects somebody's life",
    "e": "it is a task in the public interest",
    "f": "we have a legitimate interest in it",
}


#: What leaves without added chance, in plain words.
_PLAIN = {
    "anonymized rows": "rows about single persons, made coarser and without names",
    "checked counts": "counts of people, of which small ones are left out",
}
_TERM = (
    "It costs you nothing (Art. 12(5)). We answer within one month, or tell you within it why we need up to two more "
    "(Art. 12(3))."
)


def notice(known: Known, draft: Draft) -> Iterator[str]:
    """Yield the lines of the notice."""
    yield from ("# What we do with data about you", "")
    yield from (f"This is about {words(known.title)}. Drafted on {known.made.isoformat()}.", "")
    yield from ("## Who we are", "")
    yield f"- We are: {draft.blank('controller')}"
    yield f"- You reach us at: {draft.blank('contact')}"
    yield f"- Our data protection officer: {draft.blank('officer')}"
    yield from ("", "## What we use, for what, and for how long", "")
    yield from _uses(known, draft)
    yield from _asked_of_all(known, draft)
    if known.budget is not None:
        yield from ("", "## What we publish", "")
        yield from _published(known.budget)
    yield from ("", "## What you may ask of us", "")
    yield from _rights(known.letters)
    yield from ("", f"Write to us: {draft.blank('contact')}", "", _TERM, "")
    yield f"You may also complain to the supervisory authority (Art. 77): {draft.blank('authority')}"


def _uses(known: Known, draft: Draft) -> Iterator[str]:
    for purpose in sayings(known.entries, "purpose"):
        own = [entry for entry in known.entries if entry.purpose.strip() == purpose]
        yield from (f"### {words(purpose)}", "")
        yield f"- We use: {_plainly(own)}."
        yield from (f"- {line}" for line in _because(own))
        for fact, label in (
            ("consent", "You agreed to this"),
            ("source", "We have it from"),
            ("recipients", "Who else receives it"),
            ("retention", "We keep it until"),
        ):
            if told := said_of(own, fact, None):
                yield f"- {label}: {told}"
        yield ""
    for fact in ("purpose", "legal_basis", "source", "recipients", "retention"):
        if mark := draft.lacks(fact):
            yield from (mark, "")


def _plainly(entries: Sequence[ColumnEntry]) -> str:
    """Return what columns hold, in words where the audit or the owner's names have some; each once."""
    plain = (entry.what or entry.name.replace("_", " ") for entry in entries)
    return ", ".join(map(words, dict.fromkeys(plain)))


def _because(entries: Sequence[ColumnEntry]) -> Iterator[str]:
    """Yield why it is lawful: in plain words where the owner's are a point of Art. 6(1), else in the owner's."""
    for basis in sayings(entries, "legal_basis"):
        letter = letter_of(basis)
        yield f"We may, because {_BECAUSE[letter]} (Art. 6(1)({letter}))." if letter else f"We may, by: {words(basis)}"


def _asked_of_all(known: Known, draft: Draft) -> Iterator[str]:
    if "f" in known.letters:
        yield f"- Our legitimate interests: {draft.blank('interests')}"
    if known.inventory.by_role(SENSITIVE):
        yield f"- Data that are especially protected: {draft.blank('special')}"
    yield f"- Outside the European Economic Area: {draft.blank('transfers')}"
    yield f"- Whether you must give us the data: {draft.blank('required')}"
    yield f"- Decisions by a machine alone (Art. 22): {draft.blank('automated')}"


def _published(budget: Budget) -> Iterator[str]:
    plain = [told for kind, told in _PLAIN.items() if kind in budget.without_noise]
    plain += ["other tables"] if budget.without_noise - _PLAIN.keys() else []
    rows = "" if plain else ", never a row about one"
    but = ", but for what is named below" if plain else ""
    them, much = ("figures with added chance", "much of them") if plain else ("them", "much")
    yield (
        f"We publish figures about many people together{rows}. Chance is added to each figure before it leaves{but}. "
        f"Whoever wants to find out from {them} whether {_whose(budget)} among the data gains, over a guess, at most "
        f"{chance(budget.total.advantage)} (0 is nothing, 1 is certainty), whatever else he or she knows, and however "
        f"{much} we publish."
    )
    if plain:
        yield from ("", f"Without added chance left: {', and '.join(plain)}. Of these, that bound says nothing.")
    if budget.packages:
        what = "Tables" if plain else "Tables of such figures"
        out = sorted({(one.recipient, one.purpose, one.expires.isoformat()) for one in budget.packages})
        yield from ("", f"{what} were given to:", "")
        yield from (f"- {words(who)}, for {words(what)}, until {until}" for who, what, until in out)


def _whose(budget: Budget) -> str:
    unit = budget.unit
    if unit.max_rows is not None:
        return f"you are, with at most {unit.max_rows} rows,"
    if unit.column is None:
        return "one row about you is"
    return "you are" if unit.per is None else f"what you did in one {words(unit.per)} is"


def _rights(letters: frozenset[str]) -> Iterator[str]:
    """Yield what a person may ask; where a legal basis is not known, no right is left out for it."""
    yield "- to see what we hold about you, and get a copy (Art. 15)"
    yield "- to have it corrected (Art. 16)"
    yield "- to have it erased, where we need it no longer, or should not have it (Art. 17)"
    yield "- to have it set aside while a dispute lasts (Art. 18)"
    if letters & {"a", "b", ""}:
        where = "" if letters <= {"a", "b"} else ", where we use it by your consent or for a contract"
        yield f"- to take what you gave us with you, in a form that machines read{where} (Art. 20)"
    if letters & {"e", "f", ""}:
        where = "" if letters <= {"e", "f"} else ", where we use it for our interests or the public's"
        yield f"- to object, for reasons of your own{where} (Art. 21(1))"
    yield "- to object to direct marketing, always (Art. 21(2))"
    if letters & {"a", ""}:
        yield "- to take back a consent at any time, for what comes after (Art. 7(3))"
    yield "- not to be judged by a machine alone, in what matters (Art. 22)"
