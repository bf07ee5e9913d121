"""Shapes of values: what form a text has, whether its checksum is right. Values go in, shares come out.

National numbers of persons by python-stdnum, where it is installed (the extra ``stdnum``).

Phone numbers by phonenumbers, Google's library, where it is installed (the extra ``phone``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from ipaddress import AddressValueError, IPv6Address

from privkit.values.frozen import Frozen

#: Masks of fewer values than this are not shown: they would describe few persons.
_FEWEST = 10
_LONGEST_MASK = 28
#: Values looked at before a form is given up.
_FIRST = 30


@dataclass(frozen=True, slots=True)
class Form:
    """A form that values may have.

    Attributes
    ----------
    name : str
        For the evidence.
    strong : bool
        Whether the form alone tells what a column is; else its name must say the same.
    matches : function
        From a text to whether it has the form.
    """

    name: str
    strong: bool
    matches: Callable[[str], bool]


def _pattern(expression: str) -> Callable[[str], bool]:
    compiled = re.compile(expression)
    return lambda text: compiled.fullmatch(text) is not None


def luhn(text: str) -> bool:
    """Return whether the digits pass the check of payment cards (ISO/IEC 7812, annex B).

    One in ten random numbers passes.

    Examples
    --------
    >>> luhn("4111 1111 1111 1111"), luhn("4111 1111 1111 1112")
    (True, False)
    """
    digits = text.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit() and 13 <= len(digits) <= 19):
        return False
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(value - 9 * (value > 9) for value in doubled)) % 10 == 0


def iban(text: str) -> bool:
    """Return whether the text is an IBAN with the right check digits (ISO 13616, modulus 97).

    Examples
    --------
    >>> iban("GB82 WEST 1234 5698 7654 32"), iban("GB83 WEST 1234 5698 7654 32")
    (True, False)
    """
    plain = text.replace(" ", "").upper()
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", plain):
        return False
    return int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1


def vin(text: str) -> bool:
    """Return whether the text is a vehicle number with the right check digit (49 CFR 565.15).

    Examples
    --------
    >>> vin("1M8GDM9AXKP042788"), vin("1M8GDM9A1KP042788")
    (True, False)
    """
    plain = text.upper()
    if not re.fullmatch(r"[A-HJ-NPR-Z0-9]{17}", plain):
        return False
    values = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", [*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)], strict=True))
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    total = sum(weight * values.get(char, ord(char) - 48) for weight, char in zip(weights, plain, strict=True))
    return plain[8] == "0123456789X"[total % 11]


def nhs(text: str) -> bool:
    """Return whether the text is an NHS number with the right check digit (modulus 11). One in eleven passes.

    Examples
    --------
    >>> nhs("943 476 5919"), nhs("943 476 5918")
    (True, False)
    """
    digits = text.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) == 10):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits[:9], range(10, 1, -1), strict=True))
    return -total % 11 == int(digits[9])


def ssn(text: str) -> bool:
    """Return whether the text could be a US social security number; nine in ten random numbers of nine digits could.

    Examples
    --------
    >>> ssn("536-90-4399"), ssn("666-90-4399")
    (True, False)
    """
    found = re.fullmatch(r"([0-9]{3})[- ]?([0-9]{2})[- ]?([0-9]{4})", text)
    if found is None:
        return False
    area, group, serial = found.groups()
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def _ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except (AddressValueError, ValueError):
        return False
    return True


def _ipv4(text: str) -> bool:
    parts = text.split(".")
    return len(parts) == 4 and all(
        part.isascii() and part.isdigit() and len(part) <= 3 and int(part) < 256 for part in parts
    )


_DATE = r"(?:[0-9]{4}[-/.](?:0?[1-9]|1[0-2])[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.](?:[0-9]{4}|[0-9]{2}))"

#: What stands for a missing value in files of R, SAS, SPSS, spreadsheets and databases, in small letters.
_ABSENT = frozenset({"na", "n/a", "#n/a", "<na>", "nan", "null", "none", "missing", ".", "-", "--", "?"})
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

_WHOLE = r"(?:0|[1-9][0-9]{0,2}(?:[%s][0-9]{3})+|[1-9][0-9]*)"
_BEFORE_COMMA, _BEFORE_POINT = _WHOLE % " .'’", _WHOLE % " ,'’"
_COMMA_NUMBER = re.compile(rf"[+-]?{_BEFORE_COMMA}(?:,[0-9]+)?")
#: What a price or a measure looks like: one or two decimals behind a point or a comma. More digits may be a code's.
AMOUNT = "amount"
_AMOUNT = rf"[+-]?(?:{_BEFORE_POINT}\.|{_BEFORE_COMMA},)[0-9]{{1,2}}"


def absent_among(values: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the values that are words for a missing one, as files write it, and all others.

    Examples
    --------
    >>> absent_among(["17", "NA", "34", "."])
    (('.', 'NA'), ['17', '34'])
    """
    words = tuple(sorted(value for value in values if value.casefold() in _ABSENT))
    return words, [value for value in values if value.casefold() not in _ABSENT]


def are_numbers(values: Sequence[str]) -> bool:
    """Return whether there are values and all are written as numbers are; 007 is a code.

    Examples
    --------
    >>> are_numbers(["17", "-0.5", "1e-3"]), are_numbers(["17", "007"]), are_numbers([])
    (True, False, False)
    """
    return bool(values) and all(len(value) <= LONGEST and _NUMBER.fullmatch(value) is not None for value in values)


def are_comma_numbers(values: Sequence[str]) -> bool:
    """Return whether there are values and all are written as numbers are where a comma stands before the decimals.

    At least one has decimals, and 1,234 alone may be a thousand: two of three digits at most tell nothing.

    Examples
    --------
    >>> are_comma_numbers(["61,5", "7", "1.234,50"]), are_comma_numbers(["1,234", "2,500"])
    (True, False)
    """
    told = any(len(value.rpartition(",")[2]) != 3 for value in values if "," in value)
    return told and all(len(value) <= LONGEST and _COMMA_NUMBER.fullmatch(value) is not None for value in values)


#: A longer text has none of the forms, and looking at a megabyte of digits would take seconds.
LONGEST = 2048

#: The forms that are known. What one in ten random values passes, or dates and numbers share, is weak.
FORMS: tuple[Form, ...] = (
    Form("e-mail address", True, _pattern(r"[^@\s,;]+@[^@\s,;]+\.[A-Za-z]{2,}")),
    Form("URL", True, _pattern(r"(?:https?|ftp)://\S+|www\.\S+\.\S+")),
    Form("IPv6 address", True, _ipv6),
    Form("IPv4 address", False, _ipv4),
    Form("MAC address", True, _pattern(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}")),
    Form("UUID", True, _pattern(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}")),
    Form("IBAN", True, iban),
    Form("payment card number", False, luhn),
    Form("vehicle number (VIN)", True, vin),
    Form("social security number with dashes", True, lambda text: "-" in text and ssn(text)),
    Form("social security number", False, ssn),
    Form("NHS number", False, nhs),
    Form("international phone number", True, _pattern(r"\+[0-9][0-9 ()./-]{6,20}[0-9]")),
    Form("phone number", False, _pattern(r"[+(]?[0-9][0-9 ()./-]{5,20}[0-9]")),
    Form(AMOUNT, False, _pattern(_AMOUNT)),
    Form("date", True, _pattern(_DATE + r"(?:[T ][0-9]{1,2}:[0-9]{2}.*)?")),
    Form("postal code", False, _pattern(r"[0-9]{4,5}(?:-[0-9]{4})?|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}")),
    Form("pair of coordinates", True, _pattern(r"-?[0-9]{1,2}\.[0-9]{3,},\s*-?[0-9]{1,3}\.[0-9]{3,}")),
)


def form_shares(values: Sequence[str], more: Sequence[Form] = ()) -> dict[str, float]:
    """Return, for each form that at least half of the values have, the share of values that have it.

    Parameters
    ----------
    values : sequence of str
    more : sequence of Form
        Forms beside the known ones.

    Examples
    --------
    >>> form_shares(["a@b.org", "c@d.org"])
    {'e-mail address': 1.0}
    """
    shares = {}
    values = [value if len(value) <= LONGEST else "" for value in values]
    for form in (*FORMS, *more) if values else ():
        first = values[:_FIRST]
        if 2 * sum(map(form.matches, first)) < len(first):
            continue
        share = sum(map(form.matches, values)) / len(values)
        if share >= 0.5:
            shares[form.name] = share
    return shares


@dataclass(frozen=True)
class Absent:
    """Words for a missing value among numbers or dates; no words where there are none.

    Attributes
    ----------
    words : tuple of str
    kind : {"number", ""}
        What the column is without them, where that is not text.
    whole : bool
        Whether it is one of whole numbers.
    """

    words: tuple[str, ...] = ()
    kind: str = ""
    whole: bool = False

    @classmethod
    def among(cls, kind: str, values: Sequence[str]) -> Absent:
        """Look for them among some different values of a column of that kind."""
        words, rest = absent_among(values) if kind == "text" else ((), [])
        if words and are_numbers(rest):
            return cls(words, "number", all(float(one).is_integer() for one in rest))
        return cls(words) if words and form_shares(rest).get("date") == 1 else cls()

    def left(self, texts: Iterable[str]) -> list[str]:
        """Return the texts that are none of the words."""
        return [text for text in texts if text not in self.words]

    def told(self, cells: int | None = None) -> str:
        """Return which words stand in how many cells, if there are any."""
        listed = " or ".join(f"`{word}`" for word in self.words)
        many = "" if cells is None else "once " if cells == 1 else f"{cells:,} times "
        return f"{many}{listed} among {'numbers' if self.kind else 'dates'}" if self.words else ""


def mask(text: str) -> str:
    """Return the shape of a text: A and a for letters, d for digits, ? for what is neither nor common punctuation.

    Examples
    --------
    >>> mask("Ab-12/é"), mask("1234567890" * 4)
    ('Aa-dd/a', 'dddddddddddddddddddddddddddd…')
    """
    shape = "".join(_shape(char) for char in text[: _LONGEST_MASK + 1])
    return shape if len(shape) <= _LONGEST_MASK else shape[:_LONGEST_MASK] + "…"


def _shape(char: str) -> str:
    if char.isdigit():
        return "d"
    if char.isalpha():
        return "A" if char.isupper() else "a"
    return char if char in " -_./:,;@+()#" else "?"


def common_mask(values: Sequence[str]) -> tuple[str, float]:
    """Return the most frequent shape and its share; nothing where too few values share one."""
    if not values:
        return "", 0.0
    shape, count = Counter(map(mask, values)).most_common(1)[0]
    return (shape, count / len(values)) if count >= _FEWEST else ("", 0.0)


def is_free_text(values: Sequence[str]) -> bool:
    """Return whether the values are sentences: many words on average."""
    return bool(values) and sum(len(value.split()) for value in values) / len(values) >= 5


#: The number's name, by the module of python-stdnum that knows it.
NATIONAL = Frozen(
    {
        "at.vnr": "Austrian social insurance number",
        "br.cpf": "Brazilian CPF",
        "ch.ssn": "Swiss AHV number",
        "de.idnr": "German tax number",
        "es.nif": "Spanish NIF",
        "fr.nir": "French NIR",
        "it.codicefiscale": "Italian codice fiscale",
        "nl.bsn": "Dutch BSN",
        "pl.pesel": "Polish PESEL",
        "se.personnummer": "Swedish personnummer",
    }
)


@cache
def national_forms() -> tuple[Form, ...]:
    """Return the forms that python-stdnum can check; none where it is not installed."""
    forms = []
    for module, name in NATIONAL.items():
        try:
            valid: Callable[[str], bool] = import_module(f"stdnum.{module}").is_valid
        except ImportError:
            return ()
        forms.append(Form(name, False, valid))
    return tuple(forms)


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
