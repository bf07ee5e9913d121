"""What a project's releases cost over time, drawn; and what is left, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from privkit.dp.recorded import recorded_within
from privkit.project.ledger_view import describe
from privkit.values.exact import exact_text
from privkit.view.panels.base import WIDTH, area, dot, drawing, line, steps, words
from privkit.view.parts.markup import Markup
from privkit.view.parts.words import amount, label, number
from privkit.view.sheets.project import budgets, counted

if TYPE_CHECKING:
    from privkit.budget.account import Account
    from privkit.budget.entry import Balance, Charged, Counts, Entry

#: Points of a drawn line at most, and the last: more would not be seen.
_POINTS = 240
#: So many points have a dot each.
_DOTTED = 40
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, WIDTH - 12, 22, 112


@dataclass
class History:
    """When how much was charged: at some two hundred entries, evenly apart, however many there are.

    Every `step`-th entry counts from the first, and the step is a power of two: so what was read stays true as the
    ledger grows, every other point of it, and a panel that looked on shows the same as one that looks for the first
    time.

    Attributes
    ----------
    seen : int
        How many entries there were.
    points : list of (float, float)
        Seconds, and the total charged in ε or ρ then; the last is the last entry's.
    step : int
        How many entries lie between two points.
    """

    seen: int = 0
    points: list[tuple[float, float]] = field(default_factory=list)
    step: int = 1

    def update(self, account: Account, balance: Balance, listed: int) -> list[Entry]:
        """Read what is new, and return the last `listed` entries as they stand now."""
        count = balance.entries
        if count < self.seen:  # another ledger lies there
            self.seen, self.points, self.step = 0, [], 1
        if count > self.seen:
            del self.points[places(self.seen, self.step) :]  # the last entry then, which lies on no step
            while places(count, self.step) > _POINTS:
                self.step *= 2
                self.points = self.points[::2]
            wanted = list(range(1 + self.step * len(self.points), count + 1, self.step))
            if (count - 1) % self.step:
                wanted.append(count)
            self.points += [point(charged) for charged in account.charged_at(wanted)]
            self.seen = count
        return account.entries(after=max(count - listed, 0), until=count)


def places(count: int, step: int) -> int:
    """Return how many of `count` entries lie on a step.

    Examples
    --------
    >>> places(0, 1), places(5, 1), places(5, 2), places(6, 2), places(1, 8)
    (0, 5, 3, 3, 1)
    """
    return -(-count // step)


def point(charged: Charged) -> tuple[float, float]:
    """Return the seconds and the total of what was charged, to be drawn."""
    return datetime.fromisoformat(charged.time).timestamp(), float(charged.total.main)


def over_time(history: History, balance: Balance, counts: Counts) -> Markup | None:
    """Return the charges as a line over time below the budget's limit; None before the first."""
    if not history.points:
        return None
    points = history.points
    start, end = points[0][0], points[-1][0]
    if start == end:  # all in one second: by entry
        points = [(place, total) for place, (_, total) in enumerate(points, 1)]
        start, end = 0, max(len(points), 1)
    part = budgets(balance)[0]
    top = max(float(part.budget), points[-1][1]) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - start) / ((end - start) or 1)
        return _LEFT + across * (_RIGHT - _LEFT), _BOTTOM - y / top * (_BOTTOM - _TOP)

    limit = place(start, float(part.budget))[1]
    charged = number(points[-1][1])
    told = f"{part.symbol} charged over time: {charged} of {exact_text(part.budget)} in {counted(counts)}"
    corners = steps([place(start, 0.0), *(place(x, y) for x, y in points), place(end, points[-1][1])])
    first, last = _moments(history.points[0][0], history.points[-1][0])
    return drawing(
        told,
        area("pk-under-line", *corners, (corners[-1][0], _BOTTOM), (_LEFT, _BOTTOM)),
        line("pk-axis", (_LEFT, _TOP), (_LEFT, _BOTTOM), (_RIGHT, _BOTTOM)),
        line("pk-limit", (_LEFT, limit), (_RIGHT, limit)),
        line("pk-line", *corners),
        *(dot("pk-fill", *place(x, y)) for x, y in (points if len(points) <= _DOTTED else ())),
        words(4, 11, f"{part.symbol} charged", "start"),
        words(_LEFT - 6, limit + 4, exact_text(part.budget)[:6], "end"),
        words(_LEFT - 6, _BOTTOM + 4, 0, "end"),
        words(_RIGHT, limit - 5, "budget", "end"),
        words(_LEFT, _BOTTOM + 16, first, "start"),
        words(_RIGHT, _BOTTOM + 16, last, "end") if last else Markup(),
        height=_BOTTOM + 24,
    )


def _moments(first: float, last: float) -> tuple[str, str]:
    """Return how the ends of the time axis are told: to the second where they are close; the second empty if equal.

    Examples
    --------
    >>> _moments(0, 0), _moments(0, 75)
    (('1970-01-01 00:00 UTC', ''), ('1970-01-01 00:00:00 UTC', '00:01:15 UTC'))
    >>> _moments(0, 90_000)
    ('1970-01-01 00:00 UTC', '1970-01-02 01:00 UTC')
    """
    begin, end = (datetime.fromtimestamp(seconds, UTC) for seconds in (first, last))
    clock = "%H:%M:%S UTC" if 0 < last - first < 3600 else "%H:%M UTC"
    until = clock if begin.date() == end.date() else f"%Y-%m-%d {clock}"
    return begin.strftime(f"%Y-%m-%d {clock}"), end.strftime(until) if last > first else ""


def outlook(account: Account, last: Entry | None) -> str:
    """Return how many more releases like the last one the limits admit: public facts alone."""
    if last is None:
        return ""
    room = account.headroom(last.cost)
    within = recorded_within(last.question)
    asked = label(describe(last.question), 60) + (f" at {within}" if within else "")
    counted = {0: "No more", 1: "1 more"}.get(room.times, f"About {number(room.times)} more")
    scope = {"total": "", "analyst": " This analyst's limit ends it.", "window": " The window's limit ends it."}
    why = scope.get(room.limit, " The project's ceiling for one release is below it.")
    return f"{counted} like the last one: {asked}, for {amount(last.cost)} each.{why}"


def last_charged(entries: list[Entry]) -> Entry | None:
    """Return the last of the entries that cost something: what is only noted is no release."""
    return next((entry for entry in reversed(entries) if entry.cost.main), None)
