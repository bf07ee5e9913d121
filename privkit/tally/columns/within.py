"""Identifiers that stand inside texts, on any of their lines: an address in a note tells as much as one by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

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
