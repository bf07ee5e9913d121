"""Kinds of cells: what a column's schema alone promises of its values."""

from __future__ import annotations

from dataclasses import dataclass, field

BOOLEAN = "boolean"
#: Whole numbers that fit in 64 bits with a sign, and those that fit in 64 bits without one.
INTEGER, UNSIGNED = "integer", "unsigned"
#: Whole numbers beyond 64 bits, and decimals: exact, never through a float.
WIDE = "wide"
FLOAT = "float"
TEXT, BYTES = "text", "bytes"
#: Counts of days; of a unit of time since 1970, in UTC where the kind has a zone; since midnight; and between moments.
DATE, INSTANT, TIME, DURATION = "date", "instant", "time", "duration"
#: Python objects, read one by one.
OBJECT = "object"
#: Whatever cannot be told apart value by value: nested values, intervals, periods, complex numbers.
OTHER = "other"

#: Kinds whose cells are numbers that can be clipped, summed and ranked.
NUMBERS = (BOOLEAN, INTEGER, UNSIGNED, WIDE, FLOAT)
#: Kinds whose cells are counts of a unit of time, in 64 bits.
COUNTS = (DATE, INSTANT, TIME, DURATION)


@dataclass(frozen=True, slots=True)
class Kind:
    """What the schema promises of a column's cells. Two columns of one kind hold cells that can be compared.

    Attributes
    ----------
    name : str
        One of the constants of this module.
    unit : {"", "D", "s", "ms", "us", "ns"}
        What a count of time counts.
    zone : str
        The time zone in which the dates of an instant are read; "" for one without a zone.
    shown : str
        The type's own name, for messages.
    """

    name: str
    unit: str = ""
    zone: str = ""
    shown: str = field(default="", compare=False)

    @property
    def is_number(self) -> bool:
        """Whether cells can be summed and ranked."""
        return self.name in NUMBERS

    @property
    def has_dates(self) -> bool:
        """Whether cells have a date: a year, a month, a window."""
        return self.name in (DATE, INSTANT)

    @property
    def word(self) -> str:
        """What a person calls it; messages say it.

        Examples
        --------
        >>> Kind(UNSIGNED).word, Kind(INSTANT, "us", "Europe/Zurich").word
        ('number', 'datetime with time zone')
        """
        if self.name == BOOLEAN:
            return "boolean"
        if self.is_number:
            return "number"
        if self.name == INSTANT:
            return "datetime with time zone" if self.zone else "datetime"
        return self.name
