"""How what has an axis of time is drawn: numbers in order of time, and moments by name."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from privkit.view.parts.chart import UPRIGHT, Moments, Timeline
from privkit.view.parts.words import label, number
from privkit.view.plots.kinds import around, mark, named_along
from privkit.view.plots.theme import BAR, theme

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from matplotlib.axes import Axes

#: So few groups have their own names below the axis; of more, the axis names some times.
_NAMED = 7
#: So many names of moments stand below each other.
_MOST = 40


@mark.register(Timeline)
def _timeline(drawn: Timeline, ax: Axes) -> None:
    begins, ends = _days(drawn.begins), _days(drawn.ends)
    widths = [end - begin for begin, end in zip(begins, ends, strict=True)]
    if not any(widths):  # moments: each stands in the middle of the narrowest room that there is for one
        room = min((two - one for one, two in pairwise(begins) if two > one), default=1.0)
        begins, widths = [begin - room / 2 for begin in begins], [room] * len(begins)
    middles = [begin + width / 2 for begin, width in zip(begins, widths, strict=True)]
    many = len(middles) > UPRIGHT
    paint: Any = {"fmt": "none" if drawn.bars else "o", "color": theme().good, "ecolor": theme().ink}
    paint |= {
        "elinewidth": 0.8 if len(middles) > 60 else 1.4,
        "capsize": 0 if many else 3,
        "markersize": 3 if many else 5,
    }
    if drawn.bars:
        thinner = [0.86 * width for width in widths]
        ax.bar(middles, drawn.values, thinner, color=theme().good, alpha=BAR, linewidth=0)
    ax.errorbar(middles, drawn.values, yerr=around(drawn.values, drawn.lower, drawn.upper), **paint)
    if len(middles) <= _NAMED:
        angle, size = named_along(drawn.names)
        ax.set_xticks(middles, list(drawn.names), rotation=angle, fontsize=size)
    else:
        _time_along(ax, drawn.begins)
    ax.set_xlim(begins[0] - widths[0] / 4, begins[-1] + 1.25 * widths[-1])
    ax.yaxis.set_major_formatter(lambda value, _: number(value))
    if drawn.aside:
        ax.annotate(label(drawn.aside, 60), (1, 1), xycoords="axes fraction", ha="right", va="bottom", fontsize=8)


@mark.register(Moments)
def _moments(drawn: Moments, ax: Axes) -> None:
    values, lower, upper = map(_days, (drawn.values, drawn.lower, drawn.upper))
    places, count = list(range(len(values))), len(values)
    reach = around(values, lower, upper)
    paint: Any = {"fmt": "o", "color": theme().good, "ecolor": theme().ink, "elinewidth": 1.4}
    ax.errorbar(values, places, xerr=reach, capsize=3 if count <= UPRIGHT else 0, **paint)
    if any(drawn.names):
        every = -(-count // _MOST)
        ax.set_yticks(places[::every], [label(name, 28) for name in drawn.names[::every]])
    else:
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
    ax.set_ylim(count - 0.4, -0.6)
    low, high = min(lower), max(upper)
    room = 0.08 * (high - low) or 1.0
    ax.set_xlim(low - room, high + room)
    _time_along(ax, drawn.values)
    ax.grid(visible=True, axis="x")
    ax.grid(visible=False, axis="y")


def _days(moments: Sequence[date]) -> list[float]:
    """Return moments as matplotlib counts them: in days."""
    from matplotlib.dates import date2num

    return [float(date2num(moment)) for moment in moments]


def _time_along(ax: Axes, moments: Sequence[date]) -> None:
    """Let the horizontal axis name a few times, in the moments' own zone."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    zones = (getattr(moment, "tzinfo", None) for moment in moments)
    zone: Any = next((each for each in zones if each is not None), None)
    locator = AutoDateLocator(tz=zone, minticks=3, maxticks=8)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=zone))
