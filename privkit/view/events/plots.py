"""The plots of what a recipe did to events."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from privkit.events.run.result import EventsReport
from privkit.view.parts.style import horizontal
from privkit.view.parts.words import label, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@singledispatch
def plot(value: object, ax: Axes) -> None:
    """Draw the value."""
    raise TypeError(f"{type(value).__name__} has no plot")


@plot.register(EventsReport)
def _events(report: EventsReport, ax: Axes) -> None:
    names = [f"{rule.op} {', '.join(label(path, 20) for path in rule.paths[:2])}".strip() for rule in report.rules]
    counts = [rule.count for rule in report.rules]
    horizontal(ax, names, counts, [number(count) for count in counts])
    ax.xaxis.set_major_formatter(lambda value, _: number(value))
    ax.set_xlabel("values touched")
    ax.set_ylabel("rule")
    ax.set_title(_exposed(report))


def _exposed(report: EventsReport) -> str:
    came = f"{number(report.n_in)} events in, {number(report.n_out)} out"
    if report.before is None or report.after is None:
        return came
    return f"{came}; unique ones {number(report.before.n_unique)} → {number(report.after.n_unique)}"
