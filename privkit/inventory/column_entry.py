"""One column of a data inventory: what privkit found, and what the owner says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Literal

from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.inventory.column_names import DIRECT, HIPAA, OTHER, QUASI, ROLES, SENSITIVE, Role

Rating = Literal["high", "medium", "low"]

#: What the owner says of a column; all optional texts but the last two.
OWNER = ("purpose", "source", "stored", "access", "legal_basis", "consent", "retention", "recipients")

#: Above this share of rows that a column singles out its risk is high (small-area rules, El Emam).
_HIGH = 0.05
#: Below this share of different values an id repeats: a few rows may be doubled by mistake.
_REPEATING = 0.95


@dataclass(frozen=True, slots=True)
class ColumnEntry:
    """A column of an inventory.

    Attributes
    ----------
    name, dtype : str
    role : Role
        The owner's role where given, else the proposed one.
    proposed : Role
        What privkit proposed.
    what : str
        What the column seems to hold.
    hipaa : str
        The letter of the HIPAA Safe Harbor class; empty where there is none.
    evidence : tuple of str
        Why; no value is shown.
    missing_share, distinction, separation, unique_share : float or None
        Shares of rows without a value; different values per row; pairs of rows told apart; rows whose value stands
        once. None where the column was not looked at.
    distinct : int or None
        Different values.
    frequencies : tuple of int
        How many of them stand once, 2-4, 5-9, 10-99 times, and 100 times or more; missing is one value. Empty where
        they were not counted.
    uniques_with_others : int or None
        Of a quasi-identifier: sample uniques that would be none without this column, or that it makes beside those
        that do not tell the same. Of another column: sample uniques that it would add to the quasi-identifiers. None
        for direct identifiers, and where left out.
    dirty : int
        Different values that are another one but for blanks, case, leading zeros or Unicode's forms: they split
        classes.
    rows : int
    left_out : str
        What was not looked at, and why.
    purpose, source, stored, access, legal_basis, consent : str
        Why the column is needed, where it comes from, where it is stored, who has access, on what legal basis, and
        what consent covers it. Empty where the owner has not said.
    retention : datetime.date or None
        Until when it may be kept.
    recipients : tuple of str
        Who receives it.
    """

    name: str
    dtype: str
    role: Role
    proposed: Role
    what: str = ""
    hipaa: str = ""
    evidence: tuple[str, ...] = ()
    missing_share: float | None = None
    distinct: int | None = None
    frequencies: tuple[int, ...] = ()
    distinction: float | None = None
    separation: float | None = None
    unique_share: float | None = None
    uniques_with_others: int | None = None
    dirty: int = 0
    rows: int = 0
    left_out: str = ""
    purpose: str = ""
    source: str = ""
    stored: str = ""
    access: str = ""
    legal_basis: str = ""
    consent: str = ""
    retention: date | None = None
    recipients: tuple[str, ...] = ()

    @property
    def overruled(self) -> bool:
        """Whether the owner changed the proposed role."""
        return self.role != self.proposed

    @property
    def repeats(self) -> bool:
        """Whether values stand in several rows: an id that repeats is one of persons with several rows."""
        if self.distinct is None or not self.rows:
            return False
        missing = self.missing_share or 0.0
        return self.distinct - bool(missing) < _REPEATING * self.rows * (1 - missing)

    @property
    def personal(self) -> bool:
        """Whether the column needs a purpose: all roles but other."""
        return self.role != OTHER

    @property
    def hipaa_class(self) -> str:
        """The HIPAA class in words; empty where there is none."""
        return f"{self.hipaa}: {HIPAA[self.hipaa]}" if self.hipaa else ""

    @property
    def rating(self) -> Rating:
        """The risk of a column in these rows.

        High: a direct identifier, a column that alone singles out more than 5 % of the rows (small-area rules, El
        Emam), or a quasi-identifier that does so with the others. Medium: it singles out some rows, would add more than
        5 % if others knew it, is sensitive, or was not looked at. Low: none of these.
        """
        alone = self.unique_share or 0.0
        together = (self.uniques_with_others or 0) / self.rows if self.rows else 0.0
        if self.role == DIRECT or max(alone, together if self.role == QUASI else 0.0) > _HIGH:
            return "high"
        if self.unique_share is None or self.role == SENSITIVE:
            return "medium"
        enough = 0.0 if self.role == QUASI else _HIGH
        return "medium" if alone > 0 or together > enough else "low"

    @property
    def action(self) -> str:
        """What to do with the column before the table is shared."""
        if self.role == DIRECT:
            return "drop, or pseudonymize where rows of one person must stay together"
        if self.role == QUASI:
            if self.rating == "low":
                return "keep: it adds no unique row to the others; look again once they are generalized"
            return _GENERALIZE.get(self.hipaa, "generalize")
        if self.role == SENSITIVE:
            text = "drop, or read it before sharing: sentences may name persons"
            return text if self.what == "free text" else "keep only if needed, and check l-diversity or t-closeness"
        if self.rating == "high":
            return "round or drop: its values single rows out"
        return "keep if needed"


_GENERALIZE = {
    "B": "generalize (postal code to 3 digits, place to region)",
    "C": "generalize (date to year, age to bands, 90 and above together)",
}


def fact_names() -> tuple[str, ...]:
    """Return the names of all fields, in order."""
    return tuple(item.name for item in fields(ColumnEntry))


_SHORT: Mapping[str, Role] = {"direct": DIRECT, "quasi": QUASI, "qi": QUASI, **{role: role for role in ROLES}}


def role_of(role: object, argument: str) -> Role:
    """Return a role from its name or its short name.

    Raises
    ------
    ParameterError
    """
    if isinstance(role, str) and role.lower() in _SHORT:
        return _SHORT[role.lower()]
    found = repr(role) if isinstance(role, str) else type_told(role)
    raise ParameterError.of(argument, found, f"one of {list(ROLES)}, or short: 'direct', 'quasi'")


def owner_facts(facts: Mapping[str, object]) -> dict[str, object]:
    """Return the owner's facts in the types of an entry.

    Raises
    ------
    ParameterError
        For an unknown fact, or one of another type.
    """
    told: dict[str, object] = {}
    for name, value in facts.items():
        if name == "role":
            told[name] = role_of(value, "role")
        elif name not in OWNER:
            raise ParameterError.of("facts", repr(name), f"one of {['role', *OWNER]}")
        elif name == "retention":
            told[name] = None if value is None else day(value, name)
        elif name == "recipients":
            several = [value] if isinstance(value, str) else value
            if not isinstance(several, Sequence) or any(not isinstance(item, str) for item in several):
                raise ParameterError.of(name, type_told(value), "a text, or a list of texts")
            told[name] = tuple(several)
        elif isinstance(value, str):
            told[name] = value
        else:
            raise ParameterError.of(name, type_told(value), "a text")
    return told


def kept_too_long(entry: ColumnEntry, on: date) -> bool:
    """Return whether a column may no longer be kept on a day, by its owner's word."""
    return entry.retention is not None and entry.retention < on


def today() -> date:
    """Return the day in UTC, as the ledger's times are: one clock, whatever zone the machine is set to."""
    return datetime.now(UTC).date()


def day_or_today(value: object, argument: str) -> date:
    """Return a date from a date or its ISO text; today where none is given.

    Raises
    ------
    ParameterError
    """
    return today() if value is None else day(value, argument)


def day(value: object, argument: str) -> date:
    """Return a date from a date or its ISO text.

    Raises
    ------
    ParameterError
    """
    if isinstance(value, date) and value == value:  # noqa: PLR0124  # NaT
        return value.date() if isinstance(value, datetime) else value
    try:
        return date.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ParameterError.of(argument, type_told(value), "a date, or its text as '2027-12-31'") from None
