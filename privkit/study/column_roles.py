"""Proposing a role: what the name, the values and their distinctness say together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from privkit.study.column_names import DIRECT, OTHER, QUASI, SENSITIVE, Meaning, Role, meaning_of_name
from privkit.tally.shapes import NATIONAL, VALID

if TYPE_CHECKING:
    from privkit.tally.columns import ColumnFacts

#: Kinds of values that are dates or times.
_TIMES = {"time", "time with a zone", "date", "period"}
#: The share of sampled values that must have a form.
_MOST = 0.95
#: From this share of distinct values on, a column identifies.
_IDENTIFYING = 0.95
#: The share of values with a common given name that tells names of persons: about half of them have one; of towns,
#: streets, goods and trades one in thirty.
_GIVEN = 0.25
#: Rows below which distinctness says nothing.
_FEWEST = 20

#: What a strong form of values says without a name.
_BY_FORM = {
    "e-mail address": Meaning("e-mail address", DIRECT, "F"),
    "URL": Meaning("URL", DIRECT, "N"),
    "IPv6 address": Meaning("IP address", DIRECT, "O"),
    "MAC address": Meaning("device identifier", DIRECT, "M"),
    "UUID": Meaning("unique code", DIRECT, "R"),
    "IBAN": Meaning("account number", DIRECT, "J"),
    "vehicle number (VIN)": Meaning("vehicle number", DIRECT, "L"),
    "social security number with dashes": Meaning("social security number", DIRECT, "G"),
    "international phone number": Meaning("phone number", DIRECT, "D"),
    "date": Meaning("date", QUASI, "C"),
    "pair of coordinates": Meaning("position", QUASI, "B"),
}
#: Up to one in five random numbers passes these; where nearly all do and the values are many, that is no accident.
_BY_CHECKSUM = {
    "payment card number": Meaning("payment card number", DIRECT, "J"),
    "NHS number": Meaning("medical record number", DIRECT, "H"),
    VALID: Meaning("phone number", DIRECT, "D"),
    **{name: Meaning("national number of a person", DIRECT, "K") for name in NATIONAL.values()},
}
#: Where a name says this, values of another form speak against it.
_TOLD_BY_FORM = {"e-mail address", "phone number", "social security number", "payment card number", "URL", "IP address"}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed role with its reasons.

    Attributes
    ----------
    role : Role
    what : str
        What the column seems to hold; empty where nothing is known.
    hipaa : str
        The letter of the HIPAA class; empty where there is none.
    evidence : tuple of str
        The reasons. No value is among them.
    """

    role: Role
    what: str
    hipaa: str
    evidence: tuple[str, ...]


def propose(facts: ColumnFacts) -> Proposal:
    """Return the role that a column's name and facts suggest.

    A name counts where the values do not speak against it; a strong form of values counts alone; what one in ten
    random values passes needs the name, or nearly all of many values. A column that tells nearly all rows apart
    identifies, unless it measures something.
    """
    named = meaning_of_name(facts.name)
    evidence = [f"name: says {named.what}"] if named else []
    shown = {name: share for name, share in facts.forms.items() if share >= _MOST}
    evidence += _form_evidence(facts, named, shown)
    if _names_persons(facts):
        some = f"{_percent(facts.person_share)} of {facts.sampled:,} distinct"
        evidence.append(f"values: have the shape of persons' names, {some} with a common given name")
    if facts.mask and facts.mask_share >= 0.25:
        evidence.append(f"shape: {facts.mask} ({_percent(facts.mask_share)})")
    evidence += _distinctness(facts)
    meaning = _meaning(facts, named, shown)
    if meaning is None:
        return Proposal(OTHER, "", "", tuple(evidence))
    if meaning.what == "free text":
        evidence.append("values: sentences, which may name persons")
    return Proposal(meaning.role, meaning.what, meaning.hipaa, tuple(evidence))


def _meaning(facts: ColumnFacts, named: Meaning | None, shown: dict[str, float]) -> Meaning | None:
    by_form = next((meaning for form, meaning in _BY_FORM.items() if form in shown), None)
    if by_form is None and facts.sampled >= _FEWEST:
        by_form = next((meaning for form, meaning in _BY_CHECKSUM.items() if form in shown), None)
    if named is not None and not _contradicted(facts, named):
        return by_form if by_form is not None and by_form.role == DIRECT != named.role else named
    if by_form is not None:
        return by_form
    if _names_persons(facts):
        return Meaning("name", DIRECT, "A")
    if facts.kind in _TIMES:
        return Meaning("date", QUASI, "C")
    if facts.free_text:
        return Meaning("free text", SENSITIVE)
    return Meaning("unique code", DIRECT, "R") if _identifies(facts) else None


def _names_persons(facts: ColumnFacts) -> bool:
    return facts.sampled >= _FEWEST and facts.person_share >= _GIVEN


def _contradicted(facts: ColumnFacts, named: Meaning) -> bool:
    """Return whether the values speak against the name: two values are no name, no number and no address."""
    few = facts.distinct is not None and facts.distinct - bool(facts.missing) <= 2 and facts.rows >= _FEWEST
    if named.role == DIRECT:
        return few or facts.kind in {"boolean", *_TIMES}
    if named.what in {"date of birth", "date"}:
        return facts.kind == "number" and not facts.whole
    return False


def _identifies(facts: ColumnFacts) -> bool:
    """Return whether nearly all rows with a value differ, and the values are codes and no measures."""
    if facts.distinct is None or facts.rows - facts.missing < _FEWEST or facts.kind not in {"text", "number", "any"}:
        return False
    if facts.kind == "number" and not facts.whole:
        return False
    return facts.distinct - bool(facts.missing) >= _IDENTIFYING * (facts.rows - facts.missing)


def _form_evidence(facts: ColumnFacts, named: Meaning | None, shown: dict[str, float]) -> list[str]:
    told = []
    for form, share in shown.items():
        strong = form in _BY_FORM or form in _BY_CHECKSUM
        if strong or (named is not None and form in named.forms):
            told.append(
                f"values: {_percent(share)} of {facts.sampled:,} distinct have the form of {_article(form)} {form}"
            )
    if named is not None and named.what in _TOLD_BY_FORM and facts.sampled and not any(f in shown for f in named.forms):
        told.append(f"values: do not have the form of {_article(named.what)} {named.what}")
    return told


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeioAEIO" or noun.startswith("NHS") else "a"


def _distinctness(facts: ColumnFacts) -> list[str]:
    if facts.left_out:
        return [f"values: not looked at ({facts.left_out})"]
    if _identifies(facts):
        return ["uniqueness: nearly every row has a value of its own"]
    return []
