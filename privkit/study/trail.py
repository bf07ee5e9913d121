"""The audit trail of a project: who did what, when, and from where; and what of it is unusual. It reads the ledger."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from privkit.budget.notes import REGISTER
from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.project.ledger_view import describe
from privkit.project.session import SESSION, plain
from privkit.study.register import account_of
from privkit.values.arguments import positive_int, public
from privkit.values.show import Shown

if TYPE_CHECKING:
    import pandas as pd

    from privkit.budget.entry import Entry
    from privkit.values.loss import PrivacyLoss

#: Whoever charges more than this within `_MINUTES` is told as a burst.
_MOST, _MINUTES = 20, 60
#: The hours of a day in which charges are usual.
_HOURS = (6, 22)


@dataclass(frozen=True, slots=True)
class TrailEvent:
    """One thing that was done in a project. No cell value.

    Attributes
    ----------
    entry : int
        Its number in the ledger.
    time : datetime.datetime
        In UTC; no event is before the one before it.
    by : str
        The analyst, as the session named him.
    notebook, host : str
        From where, if that session said so (``PRIVKIT_TELL``); else the Jupyter notebook that a question was asked in,
        which is recorded with it; else empty.
    what : str
        In words.
    state : str
        "committed", "reserved", "failed" or "orphaned".
    cost : PrivacyLoss
    """

    entry: int
    time: datetime
    by: str
    notebook: str
    host: str
    what: str
    state: str
    cost: PrivacyLoss

    @property
    def charged(self) -> bool:
        """Whether it cost anything."""
        return bool(self.cost.main or self.cost.delta)


@dataclass(frozen=True, slots=True)
class Unusual:
    """Something of a trail that somebody should look at; it is no accusation.

    Attributes
    ----------
    kind : str
        "new spender", "new notebook", "new host", "hour" or "burst".
    event : TrailEvent
        With which it showed.
    why : str
    """

    kind: str
    event: TrailEvent
    why: str


@public
class Trail(Shown):
    """Everything that was done in a project, in order: releases, facts, packages, requests, its end.

    Get it from ``project.trail``; iterate for the events. It is read from the ledger, whose chain
    ``project.ledger.verify()`` checks. Names are what sessions said of themselves: it is no login.

    Attributes
    ----------
    project : str
    """

    def __init__(self, project: Any) -> None:
        self.account = account_of(project)
        self.project = self.account.name

    def __iter__(self) -> Iterator[TrailEvent]:
        told: dict[str, tuple[str, str]] = {}
        for entry in self.account.each():
            if (session := _session(entry)) is not None:
                told[entry.holder] = session
            yield _event(entry, *told.get(entry.holder, ("", "")))

    def __len__(self) -> int:
        return self.account.balance().entries

    def to_frame(self) -> pd.DataFrame:
        """Return a row per event: `entry`, `time`, `by`, `notebook`, `host`, `what`, `state`, `charged`.

        Raises
        ------
        LedgerDamagedError
        """
        import pandas as pd

        names = ["entry", "time", "by", "notebook", "host", "what", "state", "charged"]
        return pd.DataFrame([[getattr(one, name) for name in names] for one in self], columns=names)

    def unusual(
        self, *, hours: tuple[int, int] = _HOURS, zone: str = "UTC", burst: int = _MOST, minutes: int = _MINUTES
    ) -> tuple[Unusual, ...]:
        """Return what somebody should look at, in order.

        A *new spender* is an analyst's first charge, but for the first one of the project; a *new notebook* or *host*
        is the first charge from there by somebody who had charged from another. An *hour* is a charge at a time of day
        outside of `hours`. A *burst* is the charge with which an analyst has more than `burst` within `minutes`; it is
        reported once until it has ebbed away.

        Parameters
        ----------
        hours : (int, int)
            From which hour on, and until which, charges are usual; ``(22, 6)`` is a night.
        zone : str
            The zone of these hours, as "Europe/Zurich".
        burst, minutes : int

        Raises
        ------
        ParameterError
        LedgerDamagedError

        Examples
        --------
        >>> import pandas as pd, privkit as pk
        >>> df = pd.DataFrame({"plan": ["basic", "plus"] * 50})
        >>> project = pk.open_project("looked at", epsilon=1, unit=pk.ROW, store=ledger_path, analyst="ada")
        >>> count = df.privacy.dp_count(epsilon=0.1, project=project)
        >>> other = pk.open_project("looked at", store=ledger_path, analyst="bo")
        >>> count = df.privacy.dp_count(where="plan == 'plus'", epsilon=0.1, project=other)
        >>> [(one.kind, one.event.by, one.event.entry) for one in project.trail.unusual(hours=(0, 24))]
        [('new spender', 'bo', 2)]
        """
        between, at = _usual(hours), _zone(zone)
        most, length = positive_int(burst, "burst"), timedelta(minutes=positive_int(minutes, "minutes"))
        found: list[Unusual] = []
        places: dict[str, dict[str, set[str]]] = {}
        recent: dict[str, deque[datetime]] = {}
        ebbing: set[str] = set()
        for event in self:
            if not event.charged:
                continue
            found += _new(event, places)
            local = event.time.astimezone(at)
            if not between(local.hour):
                found.append(Unusual("hour", event, f"charged at {local:%H:%M} ({zone})"))
            times = recent.setdefault(event.by, deque())
            times.append(event.time)
            while event.time - times[0] > length:
                times.popleft()
            if len(times) <= most:
                ebbing.discard(event.by)
            elif event.by not in ebbing:
                ebbing.add(event.by)
                found.append(Unusual("burst", event, f"{len(times)} charges within {minutes} minutes"))
        return tuple(found)


def _session(entry: Entry) -> tuple[str, str] | None:
    """Return notebook and host, where an entry tells them of its session."""
    record = entry.question.get("record") if entry.question.get("statistic") == REGISTER else None
    if not isinstance(record, dict) or record.get("what") != SESSION:
        return None
    return str(record.get("notebook", "")), str(record.get("host", ""))


def _event(entry: Entry, notebook: str, host: str) -> TrailEvent:
    time = datetime.fromisoformat(entry.time)
    what = describe(entry.question)
    notebook = notebook or plain(str(entry.question.get("notebook") or ""))
    return TrailEvent(entry.seq, time, entry.analyst, notebook, host, what, entry.state, entry.cost)


def _new(event: TrailEvent, places: dict[str, dict[str, set[str]]]) -> Iterator[Unusual]:
    """Yield who, and from where, had not charged before."""
    before = places.get(event.by)
    if before is None:
        if places:
            yield Unusual("new spender", event, f"{event.by} had charged nothing before")
        before = places[event.by] = {"notebook": set(), "host": set()}
    for kind, place in (("notebook", event.notebook), ("host", event.host)):
        if place and before[kind] and place not in before[kind]:
            yield Unusual(f"new {kind}", event, f"{event.by} had charged from other {kind}s before")
        before[kind] |= {place} - {""}


def _usual(hours: object) -> Callable[[int], bool]:
    """Return whether an hour is a usual one."""
    pair = hours if isinstance(hours, tuple) and len(hours) == 2 else (0, 0)
    first, last = pair
    if not all(type(one) is int and 0 <= one <= 24 for one in pair) or first == last:
        raise ParameterError.of("hours", type_told(hours), "two hours from 0 to 24", "Example: hours=(6, 22).")
    return lambda hour: first <= hour < last if first < last else hour >= first or hour < last


def _zone(zone: object) -> ZoneInfo:
    try:
        return ZoneInfo(zone)  # type: ignore[arg-type]
    except (KeyError, ValueError, TypeError, OSError):
        raise ParameterError.of("zone", type_told(zone), "the name of a zone", "Example: 'Europe/Zurich'.") from None
