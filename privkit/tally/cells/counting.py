"""Dates that a user typed, as counts of a column's unit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

from privkit.tally.cells.kind import DATE, Kind
from privkit.values.expression import checking

#: Units of time in a second, and their length in days.
_A_MICROSECOND = {"s": Fraction(1, 10**6), "ms": Fraction(1, 10**3), "us": Fraction(1), "ns": Fraction(10**3)}
_DAY = 86_400 * 10**6


def moment_count(text: str, kind: Kind) -> Fraction:
    """Return how many of the kind's units lie between 1970 and the date that a text names; exact.

    Examples
    --------
    >>> moment_count("1970-01-02T00:00:00.5", Kind("instant", "s"))
    Fraction(172801, 2)
    >>> moment_count("1970-01-01T01:00+01:00", Kind("instant", "ns", "Europe/Zurich"))
    Fraction(0, 1)
    """
    words = checking.DATE if kind.name == DATE else checking.MOMENT if kind.zone else checking.DATETIME
    found = checking.moment(text, words)
    assert found is not None  # the language's checks came before
    if not isinstance(found, datetime):
        microseconds = (found - date(1970, 1, 1)).days * _DAY
    else:
        since = found - datetime(1970, 1, 1, tzinfo=UTC if kind.zone else None)
        microseconds = (since.days * 86_400 + since.seconds) * 10**6 + since.microseconds
    if kind.unit == "D":
        return Fraction(microseconds, _DAY)
    return microseconds * _A_MICROSECOND[kind.unit]
