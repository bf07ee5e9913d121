"""Phone numbers by phonenumbers, Google's library, where it is installed (the extra ``phone``)."""

from __future__ import annotations

import re
from functools import cache

from privkit.tally.shapes import Form

#: The form's name, for the evidence.
VALID = "valid phone number"

_DIGITS = re.compile(r"(?:\+|00)?[1-9][0-9]{9,14}")
_MARKS = re.compile(r"[ ()./-]")


@cache
def phone_forms() -> tuple[Form, ...]:
    """Return the form of valid phone numbers with their country's code; none where phonenumbers is not installed.

    The code may stand after +, after 00, or at once, as in an MSISDN. A number without it may be of any country, so
    that nearly all numbers of some lengths would do: such columns need the name.
    """
    try:
        import phonenumbers
    except ImportError:
        return ()

    def valid(text: str) -> bool:
        plain = _MARKS.sub("", text)
        if not _DIGITS.fullmatch(plain):
            return False
        try:
            return bool(phonenumbers.is_valid_number(phonenumbers.parse("+" + plain.lstrip("+0"))))
        except phonenumbers.NumberParseException:
            return False

    return (Form(VALID, False, valid),)
