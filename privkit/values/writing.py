"""How numbers are written: the one place for texts, pages, panels and what is published beside a release.

A number with an error is rounded to it: two digits of the error count, and it is rounded up. A bound of a chance is
rounded up too, and never reads as certainty. Small amounts are powers of ten.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from privkit.values.exact import exact_text
from privkit.values.show import printable

#: Digits of an error that count.
_DIGITS = 2
#: Digits of a bound of a chance that count; of what is missing to certainty, one less.
_OF_CHANCE = 3
_WIDE = Context(prec=800)
#: From here on numbers are told as powers of ten.
_LONG = 10**16
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def number(value: float) -> str:
    """Return a number with its thousands apart; a fraction with four digits that count, and no more from 1,000 on.

    What is longer than a person reads, from 10¹⁶ on, has four digits and a power of ten.

    Examples
    --------
    >>> number(11267), number(0.75107751), number(3.0), number(20003.4), number(-float("inf"))
    ('11,267', '0.7511', '3', '20,003', '−∞')
    >>> number(2.0**512), number(-(2**64))
    ('1.341·10¹⁵⁴', '-1.845·10¹⁹')
    """
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if abs(value) >= _LONG:
        return tens(_plain(Context(prec=4).create_decimal(_decimal(value))))
    if float(value).is_integer() or 1000 <= abs(value) < float("inf"):
        return f"{round(value):,}"
    return f"{float(value):,.4g}"  # a fraction takes no such format before Python 3.12


def percent(part: float, whole: float = 1) -> str:
    """Return a share in percent, or a difference of two; one that is not 0 or 1 never reads as if it were.

    Examples
    --------
    >>> percent(11267, 20000), percent(1, 10**6), percent(999_999, 10**6), percent(0, 5)
    ('56.3 %', '<0.1 %', '>99.9 %', '0 %')
    >>> percent(-0.009)
    '−0.9 %'
    """
    if whole == 0 or part == 0:
        return "0 %"
    share = Fraction(part) / Fraction(whole)
    if share < 0:
        return "−" + percent(-part, whole)
    if share == 1:
        return "100 %"
    if share < Fraction(1, 1000):
        return "<0.1 %"
    if Fraction(999, 1000) < share < 1:
        return ">99.9 %"
    return f"{float(share * 100):.1f} %"


def level_text(level: float) -> str:
    """Return the level of an interval in percent, as it was said.

    Examples
    --------
    >>> level_text(0.95), level_text(0.999)
    ('95 %', '99.9 %')
    """
    return f"{_plain(Decimal(repr(float(level))) * 100)} %"


# -- numbers with an error ---------------------------------------------------------------------------------------------


def error_text(width: float | Decimal) -> str:
    """Return an error in two digits that count, rounded up.

    Examples
    --------
    >>> error_text(0.1116), error_text(19.89), error_text(6), error_text(1234), error_text(0.0996)
    ('0.12', '20', '6', '1,300', '0.10')
    """
    return number(float(width)) if _bare(width) else _at(width, _place(width), ROUND_CEILING)


def error_percent(share: float) -> str:
    """Return an error that is a share in percent, rounded up as :func:`error_text` does.

    Examples
    --------
    >>> error_percent(0.0994), error_percent(0.05), error_percent(0.00021)
    ('10 %', '5 %', '0.021 %')
    """
    return f"{error_text(_decimal(share) * 100)} %"


def with_error(value: float, width: float | None) -> str:
    """Return a number rounded to its error, and the error; the number alone where there is none.

    What is told holds all from `value` − `width` to `value` + `width`: by what the number was rounded, the error is
    wider.

    Examples
    --------
    >>> with_error(4.4937, 0.1116), with_error(19_981.3, 19.89), with_error(812, 6), with_error(3.25, None)
    ('4.49 ± 0.12', '19,981 ± 21', '812 ± 6', '3.25')
    >>> with_error(19_984, 116.2), with_error(-0.4, 12.5)
    ('19,980 ± 130', '0 ± 13')
    """
    if width is None:
        return number(value)
    if not (math.isfinite(value) and math.isfinite(width)):
        return f"{to_error(value, width)} ± {error_text(width)}"
    center, half = _decimal(value), _decimal(width)
    return _around(value, width, center - half, center + half)


def _around(value: float, width: float, lower: Decimal, upper: Decimal) -> str:
    """Return a number rounded to its error, with an error that reaches from there to both ends."""
    shown = _rounded(value, _to(value, width), ROUND_HALF_EVEN)
    return f"{_told(shown)} ± {error_text(max(shown - lower, upper - shown))}"


def with_interval(value: float, lower: float, upper: float) -> str:
    """Return a number with its error where its interval reaches as far on both sides, else with the interval's ends.

    As far: the reaches differ by less than one unit of the last digit that is shown, so that they are the same but for
    rounding to it. What is told holds the interval: the error reaches from the rounded number to the farther end.

    Examples
    --------
    >>> with_interval(4.4937, 4.3821, 4.6053), with_interval(812, 806, 818), with_interval(3.25, 3.25, 3.25)
    ('4.49 ± 0.12', '812 ± 6', '3.25 ± 0')
    >>> with_interval(40.46, 36.93, 44.08), with_interval(7, 1, 15)  # 3.53 and 3.62; 6 and 8
    ('40.5 ± 3.6', '7, 1 to 15')
    >>> with_interval(63.24, 59.37, 67.11)  # 63.2 + 3.9 is less than 67.11
    '63.2 ± 4.0'
    >>> with_interval(4.4937, 4.3821, 4.7053), with_interval(0.02, 0.0, 0.31), with_interval(7, -math.inf, math.inf)
    ('4.49, 4.38 to 4.71', '0.02, 0.00 to 0.31', '7, −∞ to ∞')
    """
    below, above, width = value - lower, upper - value, (upper - lower) / 2
    if _as_far(below, above, width):
        return _around(value, width, _decimal(lower), _decimal(upper))
    return f"{to_error(value, width)}, {' to '.join(ends(lower, upper))}"


def _as_far(below: float, above: float, width: float) -> bool:
    if not (math.isfinite(below) and math.isfinite(above)):
        return False
    if _bare(width):
        return below == above
    return abs(_decimal(above) - _decimal(below)) < Decimal(1).scaleb(_place(width))


def to_error(value: float, width: float | None) -> str:
    """Return a number, rounded to the last digit of its error; beside a whole one, a number that is none keeps a digit.

    Examples
    --------
    >>> to_error(0.23, 1.0), to_error(812, 6.0), to_error(4.4937, 0.1116)
    ('0.2', '812', '4.49')
    """
    if width is None or not (math.isfinite(width) and math.isfinite(value)):
        return number(value)
    return _at(value, _to(value, width), ROUND_HALF_EVEN)


def _to(value: float, width: float) -> int:
    """Return the power of ten of the last digit of a number with this error; without an error, all digits count."""
    return _last_of(value) if _bare(width) else _place(width, whole=float(value).is_integer())


def ends(lower: float, upper: float) -> tuple[str, str]:
    """Return the ends of an interval, rounded outwards, to the last digit of half its width.

    Examples
    --------
    >>> ends(4.3821, 4.6053), ends(-3, 9), ends(-math.inf, math.inf), ends(-math.inf, 4.38213)
    (('4.38', '4.61'), ('-3', '9'), ('−∞', '∞'), ('−∞', '4.383'))
    """
    width = (upper - lower) / 2
    if not math.isfinite(width) or _bare(width):
        return _end(lower, ROUND_FLOOR), _end(upper, ROUND_CEILING)
    whole = float(lower).is_integer() and float(upper).is_integer()
    place = 0 if whole else _place(width, whole=False)  # whole ends stay whole
    return _at(lower, place, ROUND_FLOOR), _at(upper, place, ROUND_CEILING)


def _end(value: float, rounding: str) -> str:
    """Return an end of an interval that has no width, or of an endless one, to four digits or the last whole one."""
    if math.isinf(value):
        return number(value)
    return _at(value, max(min(_decimal(value).adjusted() - 3, 0), _last_of(value)), rounding)


def _bare(width: float | Decimal) -> bool:
    return not math.isfinite(width) or width <= 0


def _decimal(value: float | Decimal) -> Decimal:
    """Return a number as it is written: of a float, the shortest decimal that it prints as."""
    return Decimal(value) if isinstance(value, int | Decimal) else Decimal(repr(float(value)))


def _last_of(value: float) -> int:
    """Return the power of ten of the last digit of a number."""
    exponent = _decimal(value).normalize(_WIDE).as_tuple().exponent
    assert isinstance(exponent, int)  # of a finite number
    return min(exponent, 0)


def _place(width: float | Decimal, *, whole: bool = True) -> int:
    """Return the power of ten of the last digit that counts; a whole error of one digit has no more."""
    read = _decimal(width)
    last = Decimal(1).scaleb(read.adjusted() - _DIGITS + 1)
    # 0.0996 is 0.10 and not 0.100: rounding up may lead to the next power of ten.
    place = read.quantize(last, rounding=ROUND_CEILING, context=_WIDE).adjusted() - _DIGITS + 1
    return max(place, 0) if whole and read == read.to_integral_value() else place


def _rounded(value: float | Decimal, place: int, rounding: str) -> Decimal:
    rounded = _decimal(value).quantize(Decimal(1).scaleb(place), rounding=rounding, context=_WIDE)
    return abs(rounded) if rounded == 0 else rounded


def _told(rounded: Decimal) -> str:
    """Return a rounded number with all of its digits; a long one as a power of ten, which is the same number."""
    if abs(rounded) >= _LONG:
        return tens(_plain(rounded))
    exponent = rounded.as_tuple().exponent
    assert isinstance(exponent, int)  # of a finite number
    return f"{rounded:,.{max(-exponent, 0)}f}"


def _at(value: float | Decimal, place: int, rounding: str) -> str:
    return _told(_rounded(value, place, rounding))


# -- chances and small amounts -----------------------------------------------------------------------------------------


def chance(bound: float) -> str:
    """Return the bound of a chance, rounded up: three digits that count, or two of what is missing to certainty.

    Examples
    --------
    >>> chance(0.46211716), chance(0.0702411), chance(0.9999092), chance(1.0), chance(0.0), chance(5e-10)
    ('0.463', '0.0703', '0.99991', '1', '0', '5·10⁻¹⁰')
    """
    if bound in (0, 1):
        return str(int(bound))
    read = Decimal(repr(bound))
    rounded = read.quantize(Decimal(1).scaleb(_last(read)), rounding=ROUND_CEILING, context=_WIDE)
    return tens(_plain(rounded))


def chance_percent(bound: float) -> str:
    """Return the bound of a chance in percent, rounded up as :func:`chance` does.

    Examples
    --------
    >>> chance_percent(0.0122140), chance_percent(0.99967), chance_percent(1.0)
    ('1.23 %', '99.967 %', '100 %')
    """
    read = Decimal(repr(float(bound)))
    if 0 < bound < 1:
        read = read.quantize(Decimal(1).scaleb(_last(read)), rounding=ROUND_CEILING, context=_WIDE)
    return f"{tens(_plain(read * 100))} %"


def _last(read: Decimal) -> int:
    return min(read.adjusted() - _OF_CHANCE, (1 - read).adjusted() - _OF_CHANCE + 1) + 1


def amount_shown(amount: Fraction) -> str:
    """Return an exact amount as texts show it; what is typed or stored is `privkit.values.exact.exact_text`.

    Examples
    --------
    >>> amount_shown(Fraction(1, 10**6)), amount_shown(Fraction(1, 3)), amount_shown(Fraction(1, 4))
    ('10⁻⁶', '1/3', '0.25')
    """
    return tens(exact_text(amount))


def tens(text: str) -> str:
    """Return an amount as a person writes it, what is below a thousandth as a power of ten.

    Examples
    --------
    >>> tens("1e-06"), tens("2.5e-07"), tens("0.0005"), tens("0.3"), tens("1/3")
    ('10⁻⁶', '2.5·10⁻⁷', '5·10⁻⁴', '0.3', '1/3')
    """
    if not re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", text) or (read := Decimal(text)) == 0:
        return text
    if Decimal("0.001") <= abs(read) < Decimal(10) ** 16:
        return text
    digits = _plain(read.scaleb(-read.adjusted()))
    power = f"10{str(read.adjusted()).translate(_RAISED)}"
    return {"1": power, "-1": f"-{power}"}.get(digits, f"{digits}·{power}")


def _plain(value: Decimal) -> str:
    """Return a decimal without an exponent and without zeros at its end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


#: A longer name is cut.
LONGEST_NAME = 60


def label(name: object, longest: int = LONGEST_NAME) -> str:
    r"""Return a column's name in a form that is fit to print.

    Control characters, line breaks and characters that turn the direction of writing are spelled out, and long
    names are cut: a name comes with the data, and may be hostile.

    Examples
    --------
    >>> label("zip"), label("two\nlines"), label("a" * 100, longest=5)
    ('zip', 'two\\nlines', 'aaaa…')
    """
    text = str(name)
    text = text[: longest - 1] + "…" if len(text) > longest else text
    return printable(text)


def names(columns: Iterable[object], most: int = 6) -> str:
    """Return column names in quotes, the first `most` of them.

    Examples
    --------
    >>> names(["zip", "age"]), names("abcd", most=2)
    ("'zip', 'age'", "'a', 'b' and 2 more")
    """
    columns = list(columns)
    text = ", ".join(f"'{label(name)}'" for name in columns[:most])
    return text if len(columns) <= most else f"{text} and {len(columns) - most} more"


def plural(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "class", "classes"), plural(2000, "row")
    ('1 class', '2,000 rows')
    """
    return f"{number(count)} {one if count == 1 else many or one + 's'}"
