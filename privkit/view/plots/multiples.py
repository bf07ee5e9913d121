"""How small multiples are drawn: a chart for each statistic, with an axis of its own; and ranked values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from privkit.view.parts.chart import Estimates, Fan, Moments, Panels, Point, Ranked, Timeline
from privkit.view.parts.words import label, number
from privkit.view.plots.kinds import mark
from privkit.view.plots.theme import BAR, theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from privkit.view.parts.chart import Chart


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
    ax.set_ylim(len(places) - 0.4, -0.6)
    ax.grid(visible=False, axis="y")
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
    ax.set_yticks(range(len(drawn.names)), [label(name, 28) for name in drawn.names])
    ax.tick_params(axis="y", length=0)
    ax.set_xlim(left=min(0, *drawn.lower))
    ax.grid(visible=True, axis="x")
    ax.xaxis.set_major_formatter(lambda value, _: number(value))
    could: Any = {"facecolor": "none", "edgecolor": theme().ink, "hatch": "///", "label": "could be among them"}
    handles = [Patch(color=theme().good, alpha=BAR, label="named"), Patch(linewidth=0.8, **could)]
    if not all(drawn.named):
        ax.legend(handles=handles, loc="lower right")
