"""The quarters of a project: what was measured, spent, asked and shared in each, side by side.

What the ledger and its register know is read from them; what needs the data is read from what was recorded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from fractions import Fraction
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.study.assessments.measured import Measurement, Measurements, last_of_each
from privkit.study.register import OLDEST, account_of, legible, today
from privkit.study.requests import SubjectRequest, requests_of
from privkit.study.shared_package import packages_of
from privkit.study.written import written
from privkit.values.arguments import public
from privkit.values.expression.days import period_of
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd

    from privkit.budget.entry import Entry
    from privkit.values.loss import PrivacyLoss

#: The version of the JSON.
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter of a project. Days are in UTC, as the ledger's times are.

    Attributes
    ----------
    begin, end : datetime.date
        Its first and its last day.
    charges : int
        Entries that were charged in it, whatever became of them.
    charged, total : PrivacyLoss
        What they cost, and all that was charged until its end.
    uniqueness, risk, auc : float or None
        Of what was measured in it: the share of uniques, a prosecutor's average risk, and the strongest attack on a
        model. The last figure of each table; of several tables the highest. None where nothing was measured.
    overdue : int or None
        Columns that were kept beyond their day at its end (today, of the current quarter), by the last inventory of
        each table until then; None where there was none.
    opened, ended, in_time : int
        Requests that were received in it; that were answered or refused in it; and those of them in time.
    open, late : int
        Requests that were received and not ended at its end, and those of them past their day.
    shared, due : int
        Packages that were handed out in it; and those whose deletion was to be confirmed at its end, as the register
        stood then.
    measured : int
        How many measurements were made in it.
    """

    begin: date
    end: date
    charges: int
    charged: PrivacyLoss
    total: PrivacyLoss
    uniqueness: float | None
    risk: float | None
    auc: float | None
    overdue: int | None
    opened: int
    ended: int
    in_time: int
    open: int
    late: int
    shared: int
    due: int
    measured: int

    @property
    def name(self) -> str:
        """The year and the quarter, as ``"2026-Q4"``."""
        return period_of(self.begin, "quarter")[0]

    @property
    def empty(self) -> bool:
        """Whether nothing was charged, measured, received, ended or handed out in it."""
        return not (self.charges or self.measured or self.opened or self.ended or self.shared)


@public
@dataclass(frozen=True, eq=False, repr=False)
class Quarters(Plotted):
    """A project, quarter by quarter, from when it was begun. Exact figures, for the owner's eyes; no release.

    Attributes
    ----------
    project : str
    on : datetime.date
        The day on which it was made, in UTC; the last quarter goes until then.
    budget : PrivacyLoss
    quarters : tuple of Quarter
        In order, without gaps.
    latest : tuple of Measurement
        The last of each kind that was recorded of each table.
    missing : tuple of int
        Measurements that were recorded and are not in the file as they were.
    """

    project: str
    on: date
    budget: PrivacyLoss
    quarters: tuple[Quarter, ...]
    latest: tuple[Measurement, ...] = ()
    missing: tuple[int, ...] = ()

    @property
    def empty(self) -> tuple[str, ...]:
        """The names of quarters in which nothing was charged, measured, asked or shared."""
        return tuple(one.name for one in self.quarters if one.empty)

    def to_frame(self) -> pd.DataFrame:
        """Return a row per quarter, under its name.

        `begin`, `end`, `charges`, `epsilon` or `rho` that was charged in it and `total` until its end (floats),
        `uniqueness`, `risk`, `auc`, `overdue`, `requests_opened`, `requests_ended`, `requests_in_time`,
        `requests_open`, `requests_late`, `packages_shared`, `packages_due`, `measured`.
        """
        import pandas as pd

        names = list(_COLUMNS)
        rows = [[_plain(getattr(one, name)) for name in names] for one in self.quarters]
        index = pd.Index([one.name for one in self.quarters], name="quarter", dtype="object")
        heads = list(_COLUMNS.values())
        heads[names.index("charged")] = "rho" if self.budget.measure.concentrated else "epsilon"
        frame = pd.DataFrame(rows, index, heads)
        return frame.astype({"overdue": "Int64", **dict.fromkeys(["uniqueness", "risk", "auc"], "float64")})

    def to_json(self, path: str | Path | None = None) -> str:
        """Return the quarters as JSON, amounts exactly, and write it to `path` where given.

        Raises
        ------
        FileError
            If it cannot be written.
        """
        quarters = [
            {"quarter": one.name} | {part.name: _text(getattr(one, part.name)) for part in fields(one)}
            for one in self.quarters
        ]
        whole = {"privkit_quarters": _VERSION, "project": self.project, "on": self.on.isoformat(), "quarters": quarters}
        return written(json.dumps(whole | {"missing": list(self.missing)}, ensure_ascii=False, indent=1) + "\n", path)


#: What a frame calls each figure.
_COLUMNS = {
    "begin": "begin", "end": "end", "charges": "charges", "charged": "charged", "total": "total",
    "uniqueness": "uniqueness", "risk": "risk", "auc": "auc", "overdue": "overdue", "opened": "requests_opened",
    "ended": "requests_ended", "in_time": "requests_in_time", "open": "requests_open", "late": "requests_late",
    "shared": "packages_shared", "due": "packages_due", "measured": "measured",
}  # fmt: skip


def _plain(value: Any) -> Any:
    return float(value.main) if hasattr(value, "main") else value


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float) else str(value)


def quarters_between(first: date, last: date) -> list[tuple[date, date]]:
    """Return the first and the last day of each quarter from that of one day to that of another.

    Examples
    --------
    >>> [(begin.isoformat(), end.isoformat()) for begin, end in quarters_between(date(2025, 12, 31), date(2026, 1, 1))]
    [('2025-10-01', '2025-12-31'), ('2026-01-01', '2026-03-31')]
    """
    found: list[tuple[date, date]] = []
    day = first
    while not found or day <= last:
        _, begin, day = period_of(day, "quarter")
        found.append((begin, day - timedelta(days=1)))
    return found


def quarters(project: Any) -> Quarters:
    """Return the quarters of a project: see :meth:`privkit.values.accountable.Accountable.quarters`."""
    account, made = account_of(project), today()
    measured = Measurements(project).as_it_stands()
    charges = [(_day(entry), entry.cost) for entry in account.each() if entry.cost.main or entry.cost.delta]
    known = _Known(account.name, account.terms.budget, date.fromisoformat(account.begun[:10]), made, charges)
    found = legible(account.store, lambda entries: known.quarters(list(entries), list(measured)), account.registered())
    kinds = dict.fromkeys(one.what for one in measured)
    latest = [each for kind in kinds for each in last_of_each(one for one in measured if one.what == kind)]
    return Quarters(account.name, made, account.terms.budget, found, tuple(latest), measured.missing)


def _day(entry: Entry) -> date:
    return date.fromisoformat(entry.time[:10])


@dataclass(frozen=True, slots=True)
class _Known:
    """What a ledger tells of a project: its name and budget, when it was begun, today, and each charge with its day."""

    name: str
    budget: PrivacyLoss
    begun: date
    made: date
    charges: Sequence[tuple[date, PrivacyLoss]]

    def quarters(self, registered: Sequence[Entry], measured: Sequence[Measurement]) -> tuple[Quarter, ...]:
        """Return the quarters from the first day of which anything is known to the last, or to today."""
        asked = requests_of(registered).values()
        days = [self.begun, self.made, *(on for on, _ in self.charges), *map(_day, registered)]
        days += [*(one.on for one in measured), *(one.received for one in asked)]
        days = [max(each, OLDEST) for each in days]  # an earlier version took any day, and each quarter is a row
        total, found = self.budget.replace(Fraction(0)), []
        for begin, end in quarters_between(min(days), max(days)):
            costs = [cost for on, cost in self.charges if begin <= on <= end]
            charged = sum(costs, self.budget.replace(Fraction(0)))
            total += charged
            new = [one for one in measured if begin <= one.on <= end]
            found.append(
                Quarter(
                    begin, end, len(costs), charged, total,
                    uniqueness=_highest(new, attrgetter("uniqueness")),
                    risk=_highest(new, attrgetter("risk")),
                    auc=_highest(new, attrgetter("auc")),
                    overdue=_overdue(measured, end, min(end, self.made)),
                    **_asked(asked, begin, end, min(end, self.made)),
                    **_shared(self.name, registered, begin, end, min(end, self.made)),
                    measured=len(new),
                )
            )  # fmt: skip
        return tuple(found)


def _highest(new: Sequence[Measurement], figure: Callable[[Measurement], float | None]) -> float | None:
    """Return the highest of what was last measured of each table; None where nothing was."""
    return max([value for one in last_of_each(new, figure) if (value := figure(one)) is not None], default=None)


def _overdue(measured: Sequence[Measurement], end: date, judged: date) -> int | None:
    """Return how many columns were kept too long, by the last inventory of each table."""
    last = last_of_each((one for one in measured if one.on <= end), lambda one: one.retention)
    return sum(len(one.overdue(judged)) for one in last) if last else None


def _asked(asked: Collection[SubjectRequest], begin: date, end: date, judged: date) -> dict[str, int]:
    """Return what became of requests in a quarter, and what was open at its end.

    A request that was extended was not past its day when it was: so its day is told by what is known now.
    """
    ended = [one for one in asked if one.ended is not None and begin <= one.ended <= end]
    still = [one for one in asked if one.received <= end and (one.ended is None or one.ended > end)]
    return {
        "opened": sum(begin <= one.received <= end for one in asked),
        "ended": len(ended),
        "in_time": sum(one.in_time for one in ended),
        "open": len(still),
        "late": sum(one.due < judged for one in still),
    }


def _shared(name: str, registered: Sequence[Entry], begin: date, end: date, judged: date) -> dict[str, int]:
    """Return how many packages were handed out in a quarter, and whose deletion was due as the register then stood."""
    stood = packages_of(name, [entry for entry in registered if _day(entry) <= end]).values()
    made = (date.fromisoformat(one.made[:10]) for one in stood)
    return {"shared": sum(begin <= on for on in made), "due": sum(one.is_due(judged) for one in stood)}
