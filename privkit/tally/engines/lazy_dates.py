"""Parts of dates in an engine's whole numbers: the calendar of `privkit.tally.cells.calendar`, on every engine alike.

No function of an engine's own calendar is asked: they differ in the years that they know, in time zones, and in what
they raise.
"""

from __future__ import annotations

import narwhals as nw

from privkit.tally.cells.calendar import FIRST, LAST

_A_DAY = {"D": 1, "s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}


def date_part(part: str, count: nw.Expr, unit: str) -> tuple[nw.Expr, nw.Expr]:
    """Return the year, month, day, weekday (Monday is 1) or hour of counts since 1970, and where they have a date."""
    length = _A_DAY[unit]
    low, high = FIRST * length, (LAST + 1) * length - 1
    dated = (count >= max(low, -(2**63) + 1)) & (count <= min(high, 2**63 - 1))
    dated = dated.fill_null(False)
    days, rest = _days(nw.when(dated).then(count).otherwise(nw.lit(0)), length)
    if part == "hour":
        return _over(rest, length // 24), dated
    if part == "weekday":
        return _weekday(days), dated
    return _civil(days)[("year", "month", "day").index(part)], dated


def _weekday(days: nw.Expr) -> nw.Expr:
    # 1970 began on a Thursday; the shift is a whole number of weeks, and larger than any day before 1970.
    return _rest(days + (3 + 7 * 200_000), 7) + 1


def _days(count: nw.Expr, length: int) -> tuple[nw.Expr, nw.Expr]:
    """Return the day of each count and what is left of it, exact for all counts of 64 bits but the least."""
    if length == 1:
        return count, nw.lit(0)
    negative = count < 0
    # Of negative counts one day more: then no product is beyond 64 bits.
    shifted = nw.when(negative).then(count + length).otherwise(count)
    guess = (shifted.cast(nw.Float64) * (1.0 / length)).floor().cast(nw.Int64)
    # The guess was rounded: it may be one off, which what is left tells.
    rest = shifted - guess * length
    mended = nw.when(rest < 0).then(guess - 1).otherwise(nw.when(rest >= length).then(guess + 1).otherwise(guess))
    left = nw.when(rest < 0).then(rest + length).otherwise(nw.when(rest >= length).then(rest - length).otherwise(rest))
    return nw.when(negative).then(mended - 1).otherwise(mended), left


def _over(number: nw.Expr, divisor: int) -> nw.Expr:
    """Divide whole numbers below 2**47 that are not negative, rounding down: a quotient of floats is exact enough."""
    return ((number.cast(nw.Float64) + 0.5) * (1.0 / divisor)).floor().cast(nw.Int64)


def _rest(number: nw.Expr, divisor: int) -> nw.Expr:
    return number - _over(number, divisor) * divisor


def _civil(days: nw.Expr) -> tuple[nw.Expr, nw.Expr, nw.Expr]:
    """Return year, month and day of days within the years 1 to 9999, as `privkit.tally.cells.calendar` does."""
    shifted = days + 719_468
    era = _over(shifted, 146_097)
    of_era = shifted - era * 146_097
    years = _over(of_era - _over(of_era, 1_460) + _over(of_era, 36_524) - _over(of_era, 146_096), 365)
    of_year = of_era - (years * 365 + _over(years, 4) - _over(years, 100))
    from_march = _over(of_year * 5 + 2, 153)
    day = of_year - _over(from_march * 153 + 2, 5) + 1
    month = nw.when(from_march < 10).then(from_march + 3).otherwise(from_march - 9)
    year = years + era * 400 + nw.when(month <= 2).then(nw.lit(1)).otherwise(nw.lit(0))
    return year, month, day
