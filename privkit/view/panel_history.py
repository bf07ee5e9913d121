"""What a project's releases cost over time, drawn; and what is left, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

from privkit.project.ledger_view import describe
from privkit.view.markup import Markup
from privkit.view.panel_drawing import WIDTH, area, dot, drawing, line, steps, words
from privkit.view.parts_project import parts
from privkit.view.text_dp import amount
from privkit.view.words import label, number

if TYPE_CHECKING:
    from privkit.budget.account import Account
    from privkit.budget.balance import Balance
    from privkit.budget.entry import Entry

#: Points of a drawn line at most: more would not be seen.
_POINTS = 240
#: So many points have a dot each.
_DOTTED = 40
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, WIDTH - 12, 22, 112
_ALPHA = 0.05
#: Statistics whose answer is one noisy whole number.
_COUNTED = frozenset({"count", "persons", "nunique", "histogram"})


@dataclass
class History:
    """When how much was charged: read once, then only what is new.

    Attributes
    ----------
    seen : int
        The entries that were read.
    points : list of (float, float)
        Seconds, and the total charged in ε or ρ then.
    """

    seen: int = 0
    points: list[tuple[float, float]] = field(default_factory=list)
    _total: Any = 0

    def update(self, account: Account, balance: Balance, listed: int) -> list[Entry]:
        """Read the entries that are new, and return the last `listed` ones as they stand now."""
        if balance.entries < self.seen:  # another ledger lies there
            self.seen, self.points, self._total = 0, [], 0
        first = max(balance.entries - listed, 0)
        entries = account.entries(after=min(first, self.seen))
        for entry in entries:
            if entry.seq > self.seen:
                self._total += entry.cost.main
                self.points.append((datetime.fromisoformat(entry.time).timestamp(), float(self._total)))
                self.seen = entry.seq
        return [entry for entry in entries if entry.seq > first]


def over_time(history: History, balance: Balance) -> Markup | None:
    """Return the charges as a line over time below the budget's limit; None before the first."""
    if not history.points:
        return None
    points = _thinned(history.points)
    start, end = points[0][0], points[-1][0]
    if start == end:  # all in one second: by entry
        points = [(place, total) for place, (_, total) in enumerate(points, 1)]
        start, end = 0, max(len(points), 1)
    part = parts(balance)[0]
    top = max(float(part.budget), points[-1][1]) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - start) / ((end - start) or 1)
        return _LEFT + across * (_RIGHT - _LEFT), _BOTTOM - y / top * (_BOTTOM - _TOP)

    limit = place(start, float(part.budget))[1]
    charged = number(points[-1][1])
    told = f"{part.symbol} charged over time: {charged} of {part.budget} in {number(history.seen)} entries"
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
        words(_LEFT - 6, limit + 4, str(part.budget)[:6], "end"),
        words(_LEFT - 6, _BOTTOM + 4, 0, "end"),
        words(_RIGHT, limit - 5, "budget", "end"),
        words(_LEFT, _BOTTOM + 16, first, "start"),
        words(_RIGHT, _BOTTOM + 16, last, "end") if last else Markup(),
        height=_BOTTOM + 24,
    )


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return about as many points as can be seen; totals only grow, so every one that is left is true."""
    apart = math.ceil(len(points) / _POINTS)
    return points[::apart] if (len(points) - 1) % apart == 0 else [*points[::apart], points[-1]]


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
    within = accuracy(last.question)
    asked = label(describe(last.question), 60) + (f" at {within}" if within else "")
    counted = {0: "No more", 1: "1 more"}.get(room.times, f"About {number(room.times)} more")
    scope = {"total": "", "analyst": " This analyst's limit ends it.", "window": " The window's limit ends it."}
    why = scope.get(room.limit, " The project's ceiling for one release is below it.")
    return f"{counted} like the last one: {asked}, for {amount(last.cost)} each.{why}"


def accuracy(question: Mapping[str, Any]) -> str:
    """Return how far the noise carries a recorded answer in 95 of 100 cases; empty where its record does not tell.

    Examples
    --------
    >>> accuracy({"statistic": "count", "mechanism": "discrete Laplace", "scale": "10.0"})
    '± 30'
    >>> accuracy({"statistic": "mean", "mechanism": "discrete Laplace", "scale": "10.0"})
    ''
    """
    counted = question.get("statistic") in _COUNTED
    if not counted and question.get("statistic") != "sum":
        return ""
    scale = float(question.get("scale") or "nan")
    if not math.isfinite(scale) or scale <= 0:
        return ""
    if question.get("mechanism") == "discrete Gaussian":
        return f"± {number(float(f'{NormalDist().inv_cdf(1 - _ALPHA / 2) * scale:.4g}'))}"
    if question.get("mechanism") != "discrete Laplace":
        return ""
    return f"± {number(_laplace(scale) if counted else float(f'{scale * math.log(1 / _ALPHA):.4g}'))}"


def _laplace(scale: float) -> int:
    """Return the least h with P(|error| > h) = 2·q^(h+1) / (1 + q) ≤ α, for q = exp(−1/scale)."""
    q = math.exp(-1 / scale)
    return max(math.ceil(math.log(_ALPHA * (1 + q) / 2) * -scale - 1e-9) - 1, 0) if q else 0
