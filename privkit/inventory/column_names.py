"""What a column's name says, and the words of its values: the words stand in ``words.toml``, in several languages."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Role = Literal["direct identifier", "quasi-identifier", "sensitive", "other"]

DIRECT: Role = "direct identifier"
QUASI: Role = "quasi-identifier"
SENSITIVE: Role = "sensitive"
OTHER: Role = "other"
ROLES: tuple[Role, ...] = (DIRECT, QUASI, SENSITIVE, OTHER)

#: The identifiers of HIPAA's Safe Harbor, 45 CFR 164.514(b)(2)(i), by letter.
HIPAA = {
    "A": "names",
    "B": "geography smaller than a state",
    "C": "dates but the year, and ages over 89",
    "D": "telephone numbers",
    "E": "fax numbers",
    "F": "e-mail addresses",
    "G": "social security numbers",
    "H": "medical record numbers",
    "I": "health plan numbers",
    "J": "account numbers",
    "K": "certificate and license numbers",
    "L": "vehicle identifiers",
    "M": "device identifiers",
    "N": "URLs",
    "O": "IP addresses",
    "P": "biometric identifiers",
    "Q": "full-face photographs",
    "R": "any other unique number or code",
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name, or values, say about a column.

    Attributes
    ----------
    what : str
        In words; empty where it is nothing about persons.
    role : Role
    hipaa : str
        The letter of the HIPAA class; empty where there is none.
    forms : tuple of str
        Forms of values that confirm it.
    needs : {"", "persons", "values"}
        What else must say so: other columns that the table tells of persons, or the words of the values.
    persons : bool
        Whether a table with such a column tells of persons.
    counts : bool
        Whether a number of it still tells of the person.
    article : int
        The article of the GDPR that protects it more than other personal data; 0 for none.
    alone : bool
        Whether its phrases count only as whole names.
    texts : bool
        Whether numbers cannot be it.
    """

    what: str
    role: Role
    hipaa: str = ""
    forms: tuple[str, ...] = ()
    needs: Literal["", "persons", "values"] = ""
    persons: bool = False
    counts: bool = False
    article: int = 0
    alone: bool = False
    texts: bool = False


CODE_OF_PERSON, DATE = "code of a person", "date"


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of ``words.toml``, ready to be looked up."""

    phrases: Mapping[str, Meaning]
    known: frozenset[str]
    beginnings: Mapping[str, Meaning]
    ends: Mapping[str, Meaning]
    values: Mapping[str, Meaning]
    person: Meaning
    grammar: Mapping[str, frozenset[str]]


def _phrases(text: str) -> list[str]:
    return [" ".join(phrase.split()) for phrase in text.split(",") if phrase.strip()]


@cache
def _words() -> _Words:
    read: dict[str, Any] = tomllib.loads(files("privkit.inventory").joinpath("words.toml").read_text(encoding="utf-8"))
    phrases: dict[str, Meaning] = {}
    cut: dict[bool, dict[str, Meaning]] = {True: {}, False: {}}
    values: dict[str, Meaning] = {}
    for line in read["meaning"]:
        meaning = _meaning(line)
        for phrase in _phrases(line["names"]):
            if "*" in phrase:
                cut[phrase.startswith("*")][phrase.strip("*")] = meaning
            else:
                phrases[phrase] = meaning
        values.update(dict.fromkeys(_phrases(line.get("values", "")), meaning))
    grammar = {name: frozenset(_phrases(text)) for name, text in read["grammar"].items()}
    known = frozenset(word for phrase in phrases for word in phrase.split()).union(*grammar.values())
    person = next(meaning for meaning in phrases.values() if meaning.what == CODE_OF_PERSON)
    return _Words(phrases, known, cut[False], cut[True], values, person, grammar)


_ROLES: Mapping[str, Role] = {"direct": DIRECT, "quasi": QUASI, "sensitive": SENSITIVE, "other": OTHER}


def _meaning(line: Mapping[str, Any]) -> Meaning:
    told = {
        name: line[name]
        for name in ("what", "hipaa", "needs", "persons", "counts", "article", "alone", "texts")
        if name in line
    }
    return Meaning(**told, role=_ROLES[line["role"]], forms=tuple(line.get("forms", ())))


_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def plain(text: str) -> str:
    """Return a text without accents, in small letters.

    Examples
    --------
    >>> plain("Género"), plain("Straße")
    ('genero', 'strasse')
    """
    bare = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    return "".join(char for char in bare if not unicodedata.combining(char)).lower()


def words_of(name: str) -> list[str]:
    """Return the words of a column's name.

    Examples
    --------
    >>> words_of("dateOfBirth"), words_of("ZIP_code.2"), words_of("Año")
    (['date', 'of', 'birth'], ['zip', 'code', '2'], ['ano'])
    """
    return [word for word in re.split(r"[^a-z0-9]+", plain(_CAMEL.sub(" ", name))) if word]


def _stem(word: str) -> str:
    """Return a word as the phrases have it: without a number at its end, in the singular."""
    known = _words().known
    bare = word.rstrip("0123456789")
    for form in (word, bare, *(_singulars(bare))):
        if form in known:
            return form
    return bare or word


def _singulars(word: str) -> Iterator[str]:
    for plural, singular in (("ies", "y"), ("ses", "sis"), ("es", ""), ("s", "")):
        if len(word) > 3 and word.endswith(plural):
            yield word[: -len(plural)] + singular


#: What statisticians write before a word for its logarithm or for how many there are, and behind it for its square.
_BEFORE, _BEHIND = ("log", "ln", "l", "n"), ("sq",)
#: Shorter words end others by chance.
_LONG_WORD = 4


def _told(word: str) -> bool:
    """Return whether a word alone says what a column holds."""
    return bool((found := _words().phrases.get(_stem(word))) and found.what)


def _parted(word: str) -> list[str]:
    """Return the words that a word is joined of, where both are known, or the last says a code or groups.

    ``familysize`` is a size, ``agegrp`` tells of an age, ``lwage`` of a wage and ``nkids`` of how many.
    """
    known = _words().known
    if word in known:
        return [word]
    for start in _BEFORE:
        if word.startswith(start) and len(word) - len(start) >= _LONG_WORD and _told(word[len(start) :]):
            return [start, _stem(word[len(start) :])]
    for end in _BEHIND:
        if word.endswith(end) and _told(word[: -len(end)]):
            return [_stem(word[: -len(end)]), end]
    if len(word) < 6:
        return [word]
    for cut in range(len(word) - 2, 2, -1):
        first, second = _stem(word[:cut]), _stem(word[cut:])
        if first in known and second in known:
            return [first, second]
    for end in ("id", "nr", "no", "grp", "cat", "band"):
        if word.endswith(end) and _stem(word[: -len(end)]) in known:
            return [_stem(word[: -len(end)]), end]
    return [word]


def meaning_of_name(name: str) -> Meaning | None:
    """Return what a column's name says; the longest phrase decides, the last words before the first.

    A direct identifier's words count where nothing around them says that the column only tells about one.

    Examples
    --------
    >>> meaning_of_name("customer_email").what, meaning_of_name("diagnoses").what, meaning_of_name("plan_name")
    ('e-mail address', 'health', None)
    """
    found = _found(name)
    return found if found is not None and found.what else None


def is_no_fact_of_persons(name: str) -> bool:
    """Return whether the whole name is known for what tells of no person, as ``weekday``."""
    found = _found(name)
    return found is not None and not found.what


def tells_of_a_trial(name: str) -> bool:
    """Return whether the whole name says that persons are treated, as ``treatment``.

    Examples
    --------
    >>> tells_of_a_trial("trt"), tells_of_a_trial("Treatment.Group"), tells_of_a_trial("water_treatment")
    (True, True, False)
    """
    return " ".join(words_of(name)) in _words().grammar["trials"]


def tells_a_place(name: str) -> bool:
    """Return whether a name may say which of a few persons of a family it is: ``childNum`` does, ``child_id`` not."""
    *_, kin, last = ["", "", *map(_stem, words_of(name))]
    return kin in _words().grammar["kin"] and last in _words().grammar["ordinals"]


@cache
def _found(name: str) -> Meaning | None:
    words = words_of(name)
    stems = [_stem(word) for word in words]
    dated: Meaning | None = None  # a date of what the other words say, if they say anything
    parts = [part for word in stems for part in _parted(word)]
    if whole := _phrase(words, stems, 0, len(words)) or _of_person(parts):
        return whole
    for length in range(min(len(parts), 5), 0, -1):
        for start in range(len(parts) - length, -1, -1):
            found = _phrase(parts, parts, start, length)
            if found is not None and not _misleading(found, parts, start, length):
                if found.what != DATE:
                    return found
                dated = dated or found
    return next(filter(None, map(_cut, parts)), dated)


def _phrase(words: Sequence[str], stems: Sequence[str], start: int, length: int) -> Meaning | None:
    phrases = _words().phrases
    told = " ".join(words[start : start + length])
    stem = " ".join(stems[start : start + length])
    found = phrases.get(told) or phrases.get(stem) or phrases.get(told.replace(" ", ""))
    grammar = _words().grammar
    if found is None and length == 1 and told not in grammar["quantities"] | grammar["measures"]:
        # "jobs" is known for "number of jobs", and is more than one job
        return next(filter(None, map(phrases.get, _singulars(told))), None)
    return found


def _cut(word: str) -> Meaning | None:
    """Return what the beginning or the end of a longer word says."""
    table = _words()
    for length in range(len(word) - 1, 2, -1):
        found = table.beginnings.get(word[:length]) or table.ends.get(word[-length:])
        if found is not None:
            return found
    return table.beginnings.get(word)


def _of_person(words: Sequence[str]) -> Meaning | None:
    """Return what a person with a code or a name says, ``student_no``, or a person alone, ``patient``."""
    table = _words()
    persons = table.grammar["persons"]
    if len(words) == 1 and words[0] in table.grammar["bare"]:
        return table.phrases["id"]
    if len(words) < 2 or words[-2] not in persons:
        return None
    if words[-1] == "name":
        return table.phrases["full name"]
    return table.person if words[-1] in table.grammar["codes"] else None


def _misleading(found: Meaning, words: Sequence[str], start: int, length: int) -> bool:
    """Return whether the words around the phrase say that the column only tells about such a thing."""
    grammar = _words().grammar
    before, after = words[:start], [word for word in words[start + length :] if not word.isdigit()]
    if found.alone:  # "id number" is an id, "order id" is not one of a person
        return bool(before) or not set(after) <= (grammar["codes"] if found.what else set())
    if found.counts:
        return bool(found.article and set(after) & grammar["goods"])
    if after[:1] == ["of"] and not set(after) & grammar["persons"]:
        return True  # the age of an account
    counted = bool(set(before) & grammar["quantities"])
    if found.role == DIRECT:
        return counted or before[-1:] == ["of"] or not set(after) <= grammar["tails"] | grammar["persons"]
    return bool(set(after) & grammar["about"]) or (counted and not found.persons)


def is_measure(name: str) -> bool:
    """Return whether a name says that a column measures something, so that its values are no codes.

    A longer word that ends with the word of a measure says so, too: abbreviations stand before it.

    Examples
    --------
    >>> is_measure("total_amount"), is_measure("pctime"), is_measure("order_ref")
    (True, True, False)
    """
    measures = _words().grammar["measures"]
    ends = tuple(word for word in measures if len(word) >= _LONG_WORD)
    return any(_stem(word) in measures or word.endswith(ends) for word in words_of(name))


#: Longer values are sentences, and more different values no categories.
_MOST_WORDS, _MOST_VALUES, _YES_AND_NO = 6, 200, 2


@dataclass(frozen=True, slots=True)
class Said:
    """What the words of some different values say.

    Attributes
    ----------
    meaning : Meaning or None
        What most of them say: two at least, and half of them.
    share : float
        The share that says so.
    heard : frozenset of str
        What any of them says.
    short : bool
        Whether all are short, as codes are.
    flag : bool
        Whether they are a yes and a no, however written.
    """

    meaning: Meaning | None
    share: float
    heard: frozenset[str]
    short: bool
    flag: bool


def said_by(values: Sequence[str]) -> Said | None:
    """Return what the words of a column's different values say; None where they are too many for categories.

    Examples
    --------
    >>> said_by(["Catholic", "Muslim", "none"]).meaning.what, said_by(["red", "green"]).meaning
    ('religion or belief', None)
    """
    if not values or len(values) > _MOST_VALUES:
        return None
    counts = Counter(meaning for value in values for meaning in _said(value))
    most, number = max(counts.items(), key=lambda one: (one[1], one[0].what)) if counts else (None, 0)
    enough = number >= max(2, len(values) / 2)
    heard = frozenset(meaning.what for meaning in counts)
    most = most if enough else None
    return Said(most, number / len(values), heard, max(map(len, values)) <= 2, _is_flag(values))


def _is_flag(values: Sequence[str]) -> bool:
    """Return whether some different values are a yes, a no, or both, and nothing else but words for neither."""
    grammar = _words().grammar
    told = {" ".join(re.split(r"[^a-z0-9]+", plain(value))).strip() for value in values} - {"", *grammar["blanks"]}
    return 0 < len(told) <= _YES_AND_NO and told <= grammar["flags"]


def _said(value: str) -> set[Meaning]:
    """Return what the phrases of a value say."""
    words = re.split(r"[^a-z0-9]+", plain(value))
    words = [word for word in words if word]
    table = _words().values
    if len(words) > _MOST_WORDS:
        return set()
    runs = (words[start:end] for start in range(len(words)) for end in range(start + 1, min(start + 3, len(words)) + 1))
    found = (table.get(" ".join(run)) for run in runs if len(run[0]) > 1 or len(words) == 1)
    return {meaning for meaning in found if meaning is not None}
