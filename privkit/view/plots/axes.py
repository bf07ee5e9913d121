"""How what has an axis of its own is drawn: what is in order of time or ranked, and charts beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from privkit.view.parts.chart import UPRIGHT, Chart, Estimates, Fan, Moments, Panels, Point, Ranked, Timeline
from privkit.view.parts.words import label, number
from privkit.view.plots.kinds import around, below_each_other, mark, named_along
from privkit.view.plots.theme import BAR, theme

if TYPE_CHECKING:
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
    below_each_other(ax, drawn.names, _MOST)
    if not any(drawn.names):
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
    low, high = min(lower), max(upper)
    room = 0.08 * (high - low) or 1.0
    ax.set_xlim(low - room, high + room)
    _time_along(ax, drawn.values)
    ax.grid(visible=True, axis="x")


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


def grid(count: int) -> tuple[int, int]:
    """Return in how many rows and columns so many charts stand."""
    columns = count if count <= 3 else 2 if count == 4 else 3
    return -(-count // columns), columns


def height(drawn: Panels) -> float:
    """Return how high one row of charts is, in inches: names that stand below each other need room."""
    return min(1.1 + 0.17 * max(8, *map(_lines, drawn.charts)), 9.0)


def _lines(chart: Chart) -> int:
    """Return how many names stand below each other in a chart."""
    if isinstance(chart.drawn, Moments) or (isinstance(chart.drawn, Estimates) and chart.drawn.lies):
        return min(len(chart.drawn.names), 60)
    return 0


@mark.register(Panels)
def _panels(drawn: Panels, ax: Axes) -> None:
    """Draw each chart in a part of the axes, which then only hold the title."""
    rows, columns = grid(len(drawn.charts))
    place = ax.get_subplotspec()
    inside: Any = None
    if place is not None:  # the title keeps a row of its own, or it would be drawn over
        outer = place.subgridspec(2, 1, height_ratios=(0.001, 1))
        ax.set_subplotspec(outer[0])
        inside = outer[1].subgridspec(rows, columns)
    ax.set_axis_off()
    for part, chart in enumerate(drawn.charts):
        row, column = divmod(part, columns)
        if inside is not None:
            inner = ax.figure.add_subplot(inside[row, column])
        else:
            inner = ax.inset_axes((column / columns, 1 - (row + 0.9) / rows, 0.78 / columns, 0.62 / rows))
        _part(chart, inner)


def _part(chart: Chart, inner: Axes) -> None:
    """Draw one chart; of its axes, the one that is its unit is named."""
    mark(chart.drawn, inner)
    inner.set_title(chart.title, loc="left", fontsize=9)
    inner.set_xlabel(chart.x, fontsize=8)
    inner.set_ylabel(chart.y, fontsize=8)
    inner.tick_params(labelsize=7)
    if isinstance(chart.drawn, Point | Timeline | Moments):
        inner.xaxis.get_offset_text().set_fontsize(7)
    if isinstance(chart.drawn, Fan):
        inner.legend(ncols=3, loc="lower right", bbox_to_anchor=(1, 1.0), fontsize=7, columnspacing=1, handletextpad=0)
    if isinstance(chart.drawn, Point):
        inner.locator_params(axis="x", nbins=4)


@mark.register(Ranked)
def _ranked(drawn: Ranked, ax: Axes) -> None:
    places = list(range(len(drawn.names)))
    below_each_other(ax, drawn.names, len(places))
    if drawn.values:
        _counted(drawn, ax)
    else:
        for place, name in zip(places, drawn.names, strict=True):
            ax.annotate(label(name, 60), (0.03, place), xycoords=("axes fraction", "data"), va="center", fontsize=9)
        ax.set_yticks(places, [str(place + 1) for place in places])
        ax.set_xticks([])
        for side in ("bottom", "left"):
            ax.spines[side].set_visible(False)
        ax.tick_params(axis="y", length=0)
    if drawn.told:
        ax.annotate(drawn.told, (1, 1), xycoords="axes fraction", ha="right", va="bottom", fontsize=8)


def _counted(drawn: Ranked, ax: Axes) -> None:
    """Draw bars: those of named values filled, of others empty."""
    from matplotlib.patches import Patch

    for place, (value, named) in enumerate(zip(drawn.values, drawn.named, strict=True)):
        paint: Any = {"color": theme().good, "alpha": BAR, "linewidth": 0}
        if not named:
            paint = {"facecolor": "none", "edgecolor": theme().ink, "linewidth": 0.8, "hatch": "///"}
        ax.barh(place, value, 0.66, **paint)
        ends = drawn.lower[place], drawn.upper[place]
        ax.plot(ends, (place, place), color=theme().ink, linewidth=1.4)
    ax.tick_params(axis="y", length=0)
    ax.set_xlim(left=min(0, *drawn.lower))
    ax.grid(visible=True, axis="x")
    ax.xaxis.set_major_formatter(lambda value, _: number(value))
    could: Any = {"facecolor": "none", "edgecolor": theme().ink, "hatch": "///", "label": "could be among them"}
    handles = [Patch(color=theme().good, alpha=BAR, label="named"), Patch(linewidth=0.8, **could)]
    if not all(drawn.named):
        ax.legend(handles=handles, loc="lower right")
