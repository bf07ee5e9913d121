"""The hierarchy that is proposed for a column, from its type, its name and the range of its values."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.inventory.column_names import meaning_of_name
from privkit.tally.codes import factorized
from privkit.tally.columns.shapes import absent_among, are_comma_numbers, are_numbers, form_shares
from privkit.transform.decimals import Decimals, exact_quotient, infinite_ends
from privkit.transform.hierarchies.intervals import Intervals, Number, written
from privkit.transform.hierarchies.rules import Dates, Function, Redact, iso_day, of_intervals

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: Up to so many different values, numbers and codes are taken for categories.
_FEW = 12
#: Values further from the quartiles than so many times the distance between these do not stretch the intervals
#: (the outer fences of Tukey 1977). Each different value counts once, however many rows have it.
_FENCE = 3
#: The share of different texts, and of how many, that must have the form of a date, for a column to seem one of dates.
_MOST, _SAMPLE = 0.9, 1000

#: Postal codes as countries write them, of lengths that may differ: 01067, 02134-1000, SW1A 1AA, PL-00-950.
_POSTAL = re.compile(r"[0-9A-Za-z](?:[ -]?[0-9A-Za-z]){2,11}")

Rule = Dates | Function | Intervals | Redact
_KEEP_OR_HIDE = "keeps the value or hides it"
_PERIODS = ", ".join(Dates.periods)


def proposal(column: pd.Series) -> tuple[Rule, str, str]:
    """Return a rule for a column by its type and range, a note that says which and why, and what is in doubt.

    Intervals for numbers, periods for dates (as types of their own, as Python's, or as ISO 8601 writes them), redaction
    for codes of one length and for postal codes by the column's name, else keep-or-star. In doubt are texts that seem
    to be dates or numbers and are none as they stand: nothing is guessed, since 01/02 has two meanings.

    Raises
    ------
    FrameError
        If values cannot be told apart.

    Examples
    --------
    >>> import pandas as pd
    >>> proposal(pd.Series(["8004", "8051", "3012"], name="zip"))[1]
    'Proposed from the type of zip: text of one length; hides one character more at each level.'
    >>> proposal(pd.Series([8004, 8051, 3012], name="zip"))[1]
    'Proposed from the type of zip: postal codes, by its name; hides one digit more at each level.'
    """
    import pandas as pd

    categories = isinstance(column.dtype, pd.CategoricalDtype)
    values = column.cat.categories if categories else factorized(column)[1]
    rule, why = _proposed(column, values)
    texts = not isinstance(rule, Dates) and {type(value) for value in values} == {str}
    doubt = _doubt(list(values)) if texts else ""
    if texts and not doubt and not categories and isinstance(rule, Function) and are_numbers(list(values)):
        doubt = "holds numbers as texts: converted to numbers it would have intervals" if len(values) > _FEW else ""
    told = f" It {doubt}." if doubt else ""
    return rule, f"Proposed from the type of {column.name}: {why}.{told}", doubt


def _doubt(texts: list[str]) -> str:
    """Return what texts seem to be that nobody reads them as: dates and numbers, with words for missing among them."""
    absent, rest = absent_among(texts)
    words = ", ".join(f"`{word}`" for word in absent)
    among = f"has {words} among its %s: with missing values in place of it they are read as %s"
    if absent and are_numbers(rest):
        return among % ("numbers", "numbers")
    if are_comma_numbers(rest):
        return "holds numbers with a decimal comma: converted to numbers it would have intervals"
    strange = sum(iso_day(one) is None for one in rest)
    if rest and not strange:  # without a word for missing, categories that somebody made of dates
        return among % ("dates", "dates") if absent else ""
    if form_shares(rest[:: len(rest) // _SAMPLE + 1]).get("date", 0) < _MOST:
        return ""
    if 2 * strange < len(rest):
        return f"looks like dates as ISO 8601 writes them, but {strange} of {len(texts)} distinct values are none"
    return "looks like dates, but not as ISO 8601 writes them: pk.Hierarchy.dates(format='%d.%m.%Y'), say, reads them"


def _proposed(column: pd.Series, values: Any) -> tuple[Rule, str]:
    import pandas as pd

    if isinstance(column.dtype, pd.CategoricalDtype):
        return Function(), f"categories; {_KEEP_OR_HIDE}"
    if pd.api.types.is_bool_dtype(column.dtype):
        return Function(), f"yes or no; {_KEEP_OR_HIDE}"
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return Dates(), f"dates; {_PERIODS}"
    if pd.api.types.is_numeric_dtype(values.dtype):
        return _of_numbers(column, values)
    kinds = {type(value) for value in values}
    if kinds == {pd.Period}:
        rule = of_intervals(values)
        return rule, f"intervals of time, by their first days; {', '.join(rule.periods)}"
    if kinds and all(issubclass(kind, dt.date | np.datetime64) for kind in kinds):
        return Dates(), f"dates; {_PERIODS}"
    if kinds and all(issubclass(kind, int | float | Decimal | np.number) and kind is not bool for kind in kinds):
        return _of_numbers(column, values)
    if kinds == {str}:
        return _of_texts(str(column.name), list(values))
    return Function(), f"categories; {_KEEP_OR_HIDE}"


def _of_texts(name: str, texts: list[str]) -> tuple[Rule, str]:
    length, even = len(texts[0]), len({len(one) for one in texts}) == 1
    if all(iso_day(one) for one in texts):
        return Dates(), f"dates as ISO 8601 writes them; {_PERIODS}"
    many = len(texts) > _FEW and length <= 12 and all(one.isalnum() for one in texts)
    if length > 1 and even and (many or all(one.isascii() and one.isdigit() for one in texts)):
        return Redact(), "text of one length; hides one character more at each level"
    once = len({one.lstrip("0") for one in texts}) == len(texts)  # 1067 beside 01067 is one code in two ways
    if once and _names_postal_codes(name) and all(_POSTAL.fullmatch(one) for one in texts):
        return Redact(), "postal codes, by its name; hides one character more at each level"
    return Function(), f"categories; {_KEEP_OR_HIDE}"


def _of_numbers(column: pd.Series, values: Any) -> tuple[Rule, str]:
    ends = infinite_ends(values)
    finite = values[ends == 0]
    try:
        numbers = Decimals.of(finite)
    except ValueError:  # complex numbers, and what nobody would write out
        return Function(), f"numbers without an order or with too many digits; {_KEEP_OR_HIDE}"
    if len(np.unique(numbers.counts)) < len(finite):  # floats that differ in digits far behind the point
        numbers = Decimals.of(list(finite))
    if len(finite) == len(values) and _are_postal_codes(str(column.name), numbers):
        return Redact(), "postal codes, by its name; hides one digit more at each level"
    if len(numbers) <= _FEW:
        return Function(), f"categories; {_KEEP_OR_HIDE}"
    counts = np.sort(numbers.counts)
    fences = _fences(counts)
    inner = counts[(counts >= fences[0]) & (counts <= fences[1])]
    low, high = (Fraction(int(inner[place]), 10**numbers.places) for place in (0, -1))
    widths = _widths(high - low)
    shown = ", ".join(written(_plain(width)) for width in widths)
    below = bool(counts[0] < fences[0] or (ends < 0).any())
    above = bool(counts[-1] > fences[1] or (ends > 0).any())
    if not below and not above:
        return Intervals(tuple(map(_plain, widths))), f"numbers; intervals of width {shown}"
    edges = _edges(widths, low, high, below=below, above=above)
    steps = tuple(tuple(map(_plain, level)) for level in edges)
    far = [f"below {written(steps[0][0])}"] * below + [f"above {written(steps[0][-1])}"] * above
    return Intervals(steps), (
        f"numbers; intervals of width {shown}, which the few values far {' or '.join(far)} do not stretch: they join "
        "the outermost group. These edges were chosen by looking at the values; for public ones: "
        "pk.Hierarchy.intervals(..., lower=, upper=)"
    )


def _are_postal_codes(name: str, numbers: Decimals) -> bool:
    """Whether whole numbers of 3 to 10 digits stand in a column whose name says that they are postal codes."""
    if not _names_postal_codes(name) or not len(numbers):
        return False
    one, counts = 10**numbers.places, numbers.counts
    return bool((counts % one == 0).all() and counts.min() >= 100 * one and counts.max() < 10**10 * one)


def _names_postal_codes(name: str) -> bool:
    meaning = meaning_of_name(name)
    return meaning is not None and meaning.what == "postal code"


def _fences(counts: NDArray[Any]) -> tuple[int, int]:
    """Return the ends beyond which different values, in ascending order, are outliers."""
    first, third = int(counts[len(counts) // 4]), int(counts[3 * len(counts) // 4])
    reach = _FENCE * (third - first)
    return first - reach, third + reach


def _widths(span: Fraction) -> list[Fraction]:
    """Return about four nested widths, from a twentieth of the span up to about half of it: 1, 2 or 5, and its doubles.

    Examples
    --------
    >>> [str(width) for width in _widths(Fraction(299, 4))]
    ['5', '10', '20', '40']
    """
    power = Fraction(10) ** (_digits(span) - 3)
    while 20 * 10 * power < span:
        power *= 10
    widths = [next(step * power for step in (1, 2, 5, 10) if 20 * step * power >= span)]
    while widths[-1] * 2 < span:
        widths.append(widths[-1] * 2)
    return widths


def _digits(number: Fraction) -> int:
    """Return about how many digits a positive number has before the point; negative where it begins after zeros."""
    return len(str(number.numerator)) - len(str(number.denominator))


def _edges(widths: list[Fraction], low: Fraction, high: Fraction, *, below: bool, above: bool) -> list[list[Fraction]]:
    """Return the edges of each level: multiples of its width, and all of them edges of the level below.

    Where values lie far `below`, they share the first group with the first interval of those that do not; else no value
    lies below the first edge. So with `above` and the last.
    """
    finest, coarsest = widths[0], widths[-1]
    start = (low // finest + 1) * finest if below else low // coarsest * coarsest
    end = high // finest * finest if above else (high // coarsest + 1) * coarsest
    edges = [start + place * finest for place in range(int((end - start) / finest) + 1)]
    levels = [[edge for edge in edges if edge % width == 0] for width in widths]
    return [level for level in levels if level]


def _plain(number: Fraction) -> Number:
    """Return a decimal fraction as a whole number or as a decimal."""
    if number.denominator == 1:
        return int(number)
    return exact_quotient(number.numerator, number.denominator)
