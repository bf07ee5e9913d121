"""Proposing a role: what the name, the values and their distinctness say together; and what leaves with a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from privkit.inventory.column_names import (
    CODE_OF_PERSON,
    DIRECT,
    OTHER,
    QUASI,
    SENSITIVE,
    Meaning,
    Role,
    is_measure,
    is_no_fact_of_persons,
    meaning_of_name,
    said_by,
    tells_a_place,
    tells_of_a_trial,
)
from privkit.tally.columns.facts import ColumnFacts, column_facts, few_rows
from privkit.tally.columns.shapes import AMOUNT, NATIONAL, VALID
from privkit.tally.selection import all_columns, index_tells

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Kinds of values that are dates or times.
_TIMES = {"time", "time with a zone", "date", "period"}
#: The share of sampled values that must have a form.
_MOST = 0.95
#: From this share of distinct values on, a column identifies.
_IDENTIFYING = 0.95
#: The share of values with a common given name that tells names of persons: about half of them have one; of towns,
#: streets, goods and trades one in thirty.
_GIVEN = 0.25
#: From this share of texts on in which an identifier stands, the column identifies.
_HALF = 0.5
#: Rows below which distinctness says nothing.
_FEWEST = 20
#: So many children has no family, nor so many members a household.
_MOST_PLACES = 30
#: The share of rows without a number from which on numbers are no codes by their distinctness alone.
_MOST_MISSING = 0.5
#: Different digits.
_DIGITS = 10
#: Shapes of whole numbers that are years, days or seconds.
_DATE_MASKS = {"d" * digits for digits in (4, 8, 10, 13)}
#: From how many columns about one sensitive thing, and from which share, others are taken to be about it as well.
_FEW_TELL, _TELL_SHARE = 3, 0.25
#: From how many columns about health on all of a trial are, its treatment among them.
HEALTH, _TRIAL_TELLS = "health", 2

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
#: What forms are called where a number of a country may stand as well.
_SHORT = {"international phone number": "phone number"}
#: Up to one in five random numbers passes these; where nearly all do and the values are many, that is no accident.
_BY_CHECKSUM = {
    "payment card number": Meaning("payment card number", DIRECT, "J"),
    "NHS number": Meaning("medical record number", DIRECT, "H"),
    VALID: Meaning("phone number", DIRECT, "D"),
    **{name: Meaning("national number of a person", DIRECT, "K") for name in NATIONAL.values()},
}
#: What has more to tell than yes or no: such a column is of something else, or tells whether it is known.
_NO_FLAGS = {"body measure", "date of birth", "year of birth", "date", "postal code", "position"}
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
    persons : bool
        Whether such a column tells that the table is about persons.
    """

    role: Role
    what: str
    hipaa: str
    evidence: tuple[str, ...]
    persons: bool = False


def propose(facts: ColumnFacts, persons: bool = True) -> Proposal:
    """Return the role that a column's name and facts suggest.

    A name counts where the values do not speak against it; a strong form of values counts alone, and so do their words
    where the name tells nothing; what one in ten random values passes needs the name, or nearly all of many values. A
    column that tells nearly all rows apart identifies, unless it measures something.

    Parameters
    ----------
    facts : ColumnFacts
        Its `said` by :func:`privkit.inventory.column_names.said_by`.
    persons : bool
        Whether the table tells of persons: else a plain "name" or "weight" is one of things.
    """
    named = meaning_of_name(facts.name)
    if named is not None and _is_place(facts, named):
        named = None
    evidence = [f"name: says {named.what}"] if named else []
    shown = {name: share for name, share in facts.forms.items() if share >= _MOST}
    evidence += [*_form_evidence(facts, named, shown), *_inside_evidence(facts), *_word_evidence(facts)]
    if _names_persons(facts):
        some = f"{_percent(facts.person_share)} of {facts.sampled:,} distinct"
        evidence.append(f"values: have the shape of persons' names, {some} with a common given name")
    if facts.mask and facts.mask_share >= 0.25:
        evidence.append(f"shape: {facts.mask} ({_percent(facts.mask_share)})")
    evidence += _distinctness(facts)
    meaning = _meaning(facts, named, shown, persons)
    if meaning is None:
        return Proposal(OTHER, "", "", tuple(evidence))
    if meaning.what == "free text" and facts.free_text:
        evidence.append("values: sentences, which may name persons")
    if meaning.article:
        evidence.append(f"protected more than other personal data (GDPR, article {meaning.article})")
    return Proposal(meaning.role, meaning.what, meaning.hipaa, tuple(evidence), meaning.persons)


def propose_all(table: Sequence[ColumnFacts]) -> list[Proposal]:
    """Return the roles of a whole table: what columns say of each other counts as well.

    A column that tells of persons (an age, a surname) makes a plain "name" one of persons. Where at least three
    columns, and a quarter of those that identify nobody, tell of one sensitive thing, as health, those of which nothing
    is known are taken to do so too: a laboratory's short names are in no list of words. In a trial, which has a column
    of treatments, two columns about health suffice.
    """
    found = [propose(facts) for facts in table]
    persons = any(one.persons for one in found)
    if not persons:
        return [propose(facts, persons=False) for facts in table]
    rest = sum(one.role in (SENSITIVE, OTHER) for one in found)
    told = Counter(one.what for one in found if one.role == SENSITIVE)
    what, times = max(told.items(), key=lambda one: one[1], default=("", 0))
    trial = what == HEALTH and any(tells_of_a_trial(facts.name) for facts in table)
    if (times < _FEW_TELL or times < rest * _TELL_SHARE) and not (trial and times >= _TRIAL_TELLS):
        return found
    beside = Proposal(
        SENSITIVE, f"{what}, by its neighbors", "", (f"neighbors: {times} of {rest} others tell of {what}",)
    )
    return [_beside(one, facts, beside) for one, facts in zip(found, table, strict=True)]


def _beside(one: Proposal, facts: ColumnFacts, beside: Proposal) -> Proposal:
    """Return the role of a column among columns about something sensitive."""
    constant = facts.distinct is not None and facts.distinct <= 1
    if one.role != OTHER or constant or facts.left_out or is_no_fact_of_persons(facts.name):
        return one
    return replace(beside, evidence=one.evidence + beside.evidence)


def _meaning(facts: ColumnFacts, named: Meaning | None, shown: dict[str, float], persons: bool) -> Meaning | None:
    by_form = next((meaning for form, meaning in _BY_FORM.items() if form in shown), None)
    if by_form is None and facts.sampled >= _FEWEST:
        by_form = next((meaning for form, meaning in _BY_CHECKSUM.items() if form in shown), None)
    by_words = facts.said.meaning if facts.said is not None else None
    if named is not None and _counts(facts, named, persons) and not (named.alone and by_words):
        return by_form if by_form is not None and by_form.role == DIRECT != named.role else named
    if by_form is not None:
        return by_form
    if named is not None and named.role == DIRECT and named.needs == "persons" and not persons:
        return None  # names of things
    if _names_persons(facts):
        return Meaning("name", DIRECT, "A", persons=True)
    if by_words is not None:
        return by_words
    if facts.kind in _TIMES:
        return Meaning("date", QUASI, "C")
    inside = max(facts.inside, key=facts.inside.__getitem__, default="")
    if inside and facts.inside[inside] >= _HALF:
        return _BY_FORM[inside]
    if facts.free_text or inside:
        return Meaning("free text", SENSITIVE)
    return Meaning("unique code", DIRECT, "R") if _identifies(facts) else None


def _names_persons(facts: ColumnFacts) -> bool:
    things = is_no_fact_of_persons(facts.name)
    return not things and facts.sampled >= _FEWEST and facts.person_share >= _GIVEN


def _counts(facts: ColumnFacts, named: Meaning, persons: bool) -> bool:
    """Return whether a name counts: what it needs is there, and the values do not speak against it."""
    if named.needs == "persons" and not persons:
        return False
    if named.needs == "values" and facts.kind == "text" and not _confirmed(facts, named):
        return False
    return not _contradicted(facts, named)


def _confirmed(facts: ColumnFacts, named: Meaning) -> bool:
    """Return whether texts have words of what the name says, are codes of two letters, or a yes and a no."""
    said = facts.said
    return said is not None and (said.short or said.flag or named.what in said.heard)


def _is_flag(facts: ColumnFacts) -> bool:
    """Return whether the values are a yes and a no: as truth values, as numbers, or in words."""
    said = facts.said
    return facts.rows >= _FEWEST and (facts.kind == "boolean" or (said is not None and said.flag))


def _contradicted(facts: ColumnFacts, named: Meaning) -> bool:
    """Return whether the values speak against the name: two values are no name, no number and no address."""
    if facts.distinct is None:
        return False
    values = facts.distinct - bool(facts.missing)
    few = values <= 2 and facts.rows >= _FEWEST and not (named.hipaa == "A" and facts.person_share >= _GIVEN)
    few = few or _is_flag(facts)
    if named.role == DIRECT:
        measured = facts.kind == "number" and (named.texts or not facts.whole)
        return few or measured or facts.kind in {"boolean", *_TIMES} or _counted(facts, named, values)
    if named.what == "position":
        return few
    if named.what in _NO_FLAGS and _is_flag(facts):
        return True
    if named.what == "date":
        return facts.kind == "number" and not (facts.whole and facts.mask in _DATE_MASKS)
    return named.what == "date of birth" and facts.kind == "number" and not facts.whole


def _counted(facts: ColumnFacts, named: Meaning, values: int) -> bool:
    """Return whether numbers of one digit under a bare "id" or "member" are a figure, not codes."""
    return named.alone and facts.kind == "number" and values <= _DIGITS and facts.rows >= _FEWEST * values


def _is_place(facts: ColumnFacts, named: Meaning) -> bool:
    """Return whether "child number" tells which of a few children of a family a row is of: it counts up from one."""
    few = facts.distinct is not None and _FEWEST * facts.distinct <= facts.rows and facts.distinct <= _MOST_PLACES
    return named.what == CODE_OF_PERSON and facts.from_one and few and tells_a_place(facts.name)


def _identifies(facts: ColumnFacts) -> bool:
    """Return whether nearly all rows with a value differ, and the values are codes and no measures."""
    if facts.distinct is None or facts.rows - facts.missing < _FEWEST or facts.kind not in {"text", "number", "any"}:
        return False
    if facts.kind == "number" and (not facts.coded or is_measure(facts.name)):
        return False
    if facts.kind == "number" and facts.missing > _MOST_MISSING * facts.rows:
        return False  # a number that is given to everybody is there; one that is measured in some is not
    if facts.kind == "text" and facts.forms.get(AMOUNT, 0) >= _MOST:
        return False  # prices and measures that were read as texts
    return facts.distinct - bool(facts.missing) >= _IDENTIFYING * (facts.rows - facts.missing)


def _word_evidence(facts: ColumnFacts) -> list[str]:
    if facts.said is None or facts.said.meaning is None:
        return []
    share = f"{_percent(facts.said.share)} of {facts.sampled:,} distinct"
    return [f"values: {share} have words that say {facts.said.meaning.what}"]


def _inside_evidence(facts: ColumnFacts) -> list[str]:
    told = ((_SHORT.get(form, form), share) for form, share in facts.inside.items())
    return [
        f"values: {_percent(share)} of {facts.sampled:,} distinct hold {_article(form)} {form} among other words"
        for form, share in told
    ]


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
    which = " that has one" if facts.missing else ""
    told = [f"uniqueness: nearly every row{which} has a value of its own"] if _identifies(facts) else []
    if facts.absent:
        told.append(f"values: {facts.absent}, which is text, not missing")
    if facts.dirty:
        several = "value differs" if facts.dirty == 1 else "values differ"
        told.append(
            f"dirt: {facts.dirty:,} {several} from another only by blanks, case, leading zeros or Unicode's forms"
        )
    return told


#: Rows that are looked at: enough to tell what a column is.
_ROWS = 1000


@dataclass(frozen=True, slots=True)
class Leaving:
    """The columns that leave with a table as they are, by their proposed roles. No value is held.

    Attributes
    ----------
    direct, quasi, sensitive, other : tuple of str
    index : bool
        Whether the index of a pandas frame leaves as well, and holds more than numbers of rows.
    looked : bool
        Whether some values were looked at; else names alone were.
    """

    direct: tuple[str, ...]
    quasi: tuple[str, ...]
    sensitive: tuple[str, ...]
    other: tuple[str, ...]
    index: bool
    looked: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.direct, *self.quasi, *self.sensitive, *self.other)


def leaving(data: object, used: Collection[str], *, units: Collection[str] = ()) -> Leaving:
    """Tell what a table holds beside the columns that a goal is about.

    Names, and a bounded look at values, judged as `audit` does; that a column tells nearly every row apart is judged by
    all its rows. Of a lazy frame the names alone. Reads rows; spends nothing.

    Parameters
    ----------
    data : dataframe
    used : collection of str
        Columns that somebody looks after: they were generalized, or are in the goal.
    units : collection of str
        Columns that are known to be ids of persons.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"name": ["Ann Lee", "Bo Day"], "age": ["20-29", "20-29"], "town": ["Rome", "Bern"]})
    >>> found = leaving(people, ["age"])
    >>> found.direct, found.quasi
    (('name',), ('town',))
    """
    names = all_columns(data)
    beside = [name for name in names if name not in used]
    some, whole = few_rows(data, beside, _ROWS)
    facts = () if some is None else column_facts(some, beside, look=said_by)
    looked = {one.name: one for one in facts}
    roles = _roles(names, looked)
    codes = [] if whole else [name for name in looked if roles[name] == (DIRECT, "unique code")]
    if codes:  # in a sample, what repeats may seem to be unique
        looked |= {one.name: one for one in column_facts(data, codes, look=said_by)}
        roles = _roles(names, looked)
    roles |= dict.fromkeys(units, (DIRECT, ""))

    def of(role: str) -> tuple[str, ...]:
        return tuple(name for name in beside if roles[name][0] == role)

    return Leaving(of(DIRECT), of(QUASI), of(SENSITIVE), of(OTHER), index_tells(data), some is not None)


def _roles(names: Sequence[str], looked: dict[str, ColumnFacts]) -> dict[str, tuple[str, str]]:
    """Return the role of each column, and what it seems to be; what was not looked at is judged by its name."""
    table = [looked.get(name) or ColumnFacts(name, "", "any", 0, left_out="its name alone") for name in names]
    return {facts.name: (one.role, one.what) for facts, one in zip(table, propose_all(table), strict=True)}
