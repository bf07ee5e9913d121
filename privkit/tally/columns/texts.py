"""What stands inside texts: identifiers of a known form, on any of their lines, and common given names of persons."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files

from privkit.tally.columns.shapes import LONGEST, iban, ssn

_FEWEST_DIGITS, _MOST_DIGITS = 9, 15
_DAY = re.compile(r"[0-9]{1,4}[ /-][0-9]{1,2}[ /-][0-9]{1,4}\b")


def _phone(found: str) -> bool:
    """Return whether groups of digits are as many as those of a phone number, and no date."""
    digits = sum(letter.isdigit() for letter in found)
    return found[0] == "+" or (_FEWEST_DIGITS <= digits <= _MOST_DIGITS and not _DAY.match(found))


#: Of each form, where it may stand in a text, and what else must hold of what stands there.
_INSIDE: Mapping[str, tuple[re.Pattern[str], Callable[[str], bool]]] = {
    "e-mail address": (re.compile(r"(?<!\S)[<(\"']?[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b"), bool),
    "international phone number": (
        re.compile(
            r"(?<![\w+])(?:\+[0-9](?:[ ()./-]{0,3}[0-9]){7,14}"
            r"|\(?0[0-9]{1,4}\)?(?:[ /-][0-9]{2,4}){2,4}"
            r"|\(?[0-9]{3}\)?[ -][0-9]{3}-[0-9]{4})(?!\w)"
        ),
        _phone,
    ),
    "social security number with dashes": (re.compile(r"(?<![\w-])[0-9]{3}-[0-9]{2}-[0-9]{4}(?![\w-])"), ssn),
    "IBAN": (re.compile(r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"), iban),
}


def inside_shares(values: Sequence[str]) -> dict[str, float]:
    r"""Return, for each form that stands inside some of the texts, the share of those in which it does.

    A text that is nothing but the form does not count: :func:`privkit.tally.columns.shapes.form_shares` tells it.

    Examples
    --------
    >>> inside_shares(["call back\n+41 79 555 01 02", "no answer"]), inside_shares(["+41 79 555 01 02"])
    ({'international phone number': 0.5}, {})
    """
    shares = {}
    for form, (pattern, holds) in _INSIDE.items():
        many = sum(_is_inside(value[:LONGEST], pattern, holds) for value in values)
        if many:
            shares[form] = many / len(values)
    return shares


def _is_inside(text: str, pattern: re.Pattern[str], holds: Callable[[str], bool]) -> bool:
    return any(found[0] != text and holds(found[0]) for found in pattern.finditer(text))


_WORDS = re.compile(r"[^\W\d_][\w'’.-]*(?:,? [^\W\d_][\w'’.-]*){0,3}")
_SPLIT = re.compile(r"[ ,.-]+")
#: Places that carry a saint's name.
_PLACES = frozenset({"san", "santa", "santo", "são", "sao", "saint", "sainte", "st", "sankt", "fort", "port", "mount"})
#: What nearly all values must be for any to count.
_MOST = 0.95


def person_share(values: Sequence[str]) -> float:
    """Return the share of values that have a common given name among their words; 0 unless nearly all are words.

    Up to four words of letters are taken for a name, in any case, with hyphens, apostrophes, initials or a comma.

    Examples
    --------
    >>> person_share(["Susan Kraus", "Dorn, Martin", "Anna-Lena Weiss"]), person_share(["San Juan", "New York", "Bern"])
    (0.6666666666666666, 0.0)
    """
    if not values or sum(_WORDS.fullmatch(value) is not None for value in values) < _MOST * len(values):
        return 0.0
    return sum(map(_given, values)) / len(values)


def _given(value: str) -> bool:
    words = _SPLIT.split(value.casefold())
    return words[0] not in _PLACES and any(word in _given_names() for word in words)


@cache
def _given_names() -> frozenset[str]:
    text = files("privkit.tally.columns").joinpath("given_names.txt").read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())
