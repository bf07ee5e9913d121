"""The plot of a sheet: readable in a paper, on a light and on a dark page, and without color vision."""

from __future__ import annotations

import textwrap
from contextlib import contextmanager
from functools import singledispatch
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from privkit.values.show import is_simulated
from privkit.view.parts.chart import (
    Across,
    Bars,
    Budgets,
    Chart,
    Choice,
    Cloud,
    Curve,
    Estimates,
    Pairs,
    Point,
    Spread,
    Steps,
)
from privkit.view.parts.words import label, number
from privkit.view.rooms import sheet_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes


#: Colors that people with any color vision can tell apart (Okabe and Ito 2008).
OKABE_ITO = MappingProxyType(
    {
        "blue": "#0072B2",
        "vermillion": "#D55E00",
        "green": "#009E73",
        "orange": "#E69F00",
        "purple": "#CC79A7",
        "sky": "#56B4E9",
        "yellow": "#F0E442",
    }
)
#: What is well, and what falls short: they differ in lightness too, and bars that fall short are hatched.
GOOD, SHORT = OKABE_ITO["blue"], OKABE_ITO["vermillion"]
#: Text and lines: contrast above 4:1 on white and on black alike.
INK = "#767676"

_STYLE: Any = {
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": INK,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "hatch.linewidth": 0.6,
    "figure.constrained_layout.use": True,
    # Column names are text, never a formula.
    "text.usetex": False,
    "text.parse_math": False,
    # Text stays text in vector files, so that a journal can set it.
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}


@contextmanager
def canvas(ax: Axes | None = None, *, size: tuple[float, float] = (6.4, 3.2)) -> Iterator[Axes]:
    """Give axes to draw on: `ax` as it is, or those of a new figure in privkit's style.

    Parameters
    ----------
    ax : matplotlib Axes, optional
        The user's axes keep the user's style: only data and labels are drawn.
    size : (float, float)
        Width and height of a new figure, in inches.
    """
    if ax is not None:
        yield ax
        return
    import matplotlib.pyplot as plt

    # The first figure loads the backend, which in a notebook turns interactive mode on. The context would turn it off
    # again at its end, and no plot but the first would be shown.
    with plt.rc_context(_STYLE):
        _, axes = plt.subplots(figsize=size)
        interactive = plt.isinteractive()
        yield axes
    (plt.ion if interactive else plt.ioff)()


#: A longer title is broken.
_LONG = 80
#: More bars than this are not drawn from left to right: the largest are.
_MOST = 30
#: More names than this are not written below an axis; and more than half as many, smaller.
_NAMED = 60
#: So many letters stand side by side below an axis.
_WIDE = 84
#: Bars that fall short.
_HATCHED: Any = {"color": SHORT, "hatch": "///", "edgecolor": "white", "linewidth": 0}


def draw(value: object, ax: Axes | None = None) -> Axes:
    """Draw the value on `ax`, in the style that `ax` has; on axes of a new figure, in privkit's, by default."""
    found = sheet_of(value)
    if found is None or found.chart is None:
        raise TypeError(f"{type(value).__name__} has no plot")
    chart = found.chart()
    with canvas(ax) as axes:
        drawn(chart, axes)
        if is_simulated(value):
            _mark(axes)
        if ax is None:
            wrapped(axes)
    return axes


def drawn(chart: Chart, axes: Axes) -> None:
    """Draw a chart on axes."""
    mark(chart.drawn, axes)
    if chart.x:
        axes.set_xlabel(chart.x)
    if chart.y:
        axes.set_ylabel(chart.y)
    axes.set_title(chart.title)


def wrapped(axes: Axes) -> None:
    """Break a long title into lines, so that it ends with the figure."""
    for place in ("left", "center"):
        title = axes.get_title(loc=place)
        if len(title) > _LONG:
            axes.set_title("\n".join(textwrap.wrap(title, _LONG)), loc=place)


def _mark(axes: Axes) -> None:
    """Write SIMULATED across the axes and into the title."""
    place: Any = {"ha": "center", "va": "center", "rotation": 25, "zorder": 10}
    axes.text(0.5, 0.5, "SIMULATED", transform=axes.transAxes, fontsize=28, color=SHORT, alpha=0.45, **place)
    axes.set_title(f"SIMULATED: {axes.get_title(loc='left') or axes.get_title()}")


# -- kinds of drawings ---------------------------------------------------------------------------------------------


@singledispatch
def mark(drawn: object, ax: Axes) -> None:
    """Draw the numbers of a chart."""
    raise TypeError(f"{type(drawn).__name__} is no kind of drawing")


@mark.register(Bars)
def _bars(drawn: Bars, ax: Axes) -> None:
    for place, value in enumerate(drawn.values):
        under = drawn.short[place] if drawn.short else 0
        ax.bar(place, value - under, color=GOOD)
        if drawn.short:
            ax.bar(place, under, bottom=value - under, **_HATCHED)
    heights = [high for _, high in drawn.limits] or drawn.values
    for place, ends in enumerate(drawn.limits):
        ax.plot([place, place], ends, color=INK, linewidth=1.2)
    for place, (height, told) in enumerate(zip(heights, drawn.told, strict=True)):
        if told:
            ax.annotate(told, (place, height), ha="center", va="bottom", fontsize=8)
    ax.set_xticks(range(len(drawn.names)), list(drawn.names), rotation=30 if named_along(drawn.names)[0] else 0)
    ax.set_ylim(0, drawn.top or max([*drawn.values, 1]) * 1.12)
    if not drawn.top:
        ax.yaxis.set_major_formatter(lambda value, _: number(value))


@mark.register(Across)
def _across(drawn: Across, ax: Axes) -> None:
    values = drawn.values
    kept = sorted(sorted(range(len(values)), key=lambda place: -values[place])[:_MOST])
    bars = ax.barh(range(len(kept)), [values[place] for place in kept], height=0.62, facecolor=GOOD, linewidth=0)
    for bar, place in zip(bars, kept, strict=True):
        if drawn.short and drawn.short[place]:
            bar.set(facecolor=SHORT, edgecolor="white", hatch="///", linewidth=0)
    ax.bar_label(bars, [drawn.told[place] for place in kept], padding=4, fontsize=8)
    ax.set_yticks(range(len(kept)), [label(drawn.names[place], 28) for place in kept])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(kept) - 0.4, -0.6)
    ax.set_xlim(0, drawn.end or max([*values, 1e-9]) * 1.25)
    if drawn.ticks is None:
        ax.xaxis.set_major_formatter(lambda value, _: number(value))
    else:
        ax.set_xticks(list(drawn.ticks), list(drawn.ticks.values()))
    ax.grid(visible=False, axis="y")
    if len(kept) < len(values):
        left = f"and {len(values) - len(kept)} shorter bars"
        ax.annotate(left, (1, 0), xycoords="axes fraction", ha="right", va="bottom", fontsize=8)


@mark.register(Pairs)
def _pairs(drawn: Pairs, ax: Axes) -> None:
    from matplotlib.patches import Patch

    for place, pair in enumerate(zip(drawn.first[1], drawn.second[1], strict=True)):
        for value, offset, color in zip(pair, (-0.2, 0.2), (SHORT, GOOD), strict=True):
            hatch = "///" if value > drawn.limit else None
            ax.bar(place + offset, value, 0.36, color=color, hatch=hatch, edgecolor="white", linewidth=0)
            ax.annotate(number(value), (place + offset, value), ha="center", va="bottom", fontsize=8)
    end = len(drawn.names) - 0.5
    ax.axhline(drawn.limit, color=INK, linestyle="--", linewidth=1)
    ax.annotate(drawn.said, (end + 0.02, drawn.limit), ha="left", va="bottom", fontsize=8)
    ax.set_xlim(-0.5, end + 0.45)
    ax.set_xticks(range(len(drawn.names)), list(drawn.names))
    ax.set_ylim(0, 1.12)
    handles = [
        Patch(color=SHORT, label=drawn.first[0]),
        Patch(color=GOOD, label=drawn.second[0]),
        Patch(facecolor="none", edgecolor=INK, hatch="///", linewidth=0, label=drawn.exceeded),
    ]
    ax.legend(handles=handles, ncols=3, loc="upper right", bbox_to_anchor=(1, -0.2))


@mark.register(Spread)
def _spread(drawn: Spread, ax: Axes) -> None:
    rows, *_ = ax.hist(drawn.values, bins=[place / 20 for place in range(21)], color=GOOD, rwidth=0.92)
    ax.set_ylim(0, max([*rows, 1]) * 1.2)  # type: ignore[arg-type]
    ax.axvline(drawn.mean, color=INK, linestyle="--", linewidth=1)
    _beside(ax, drawn.mean, "mean")
    ax.set_xlim(0, 1)
    ax.yaxis.set_major_formatter(lambda value, _: number(value))


def _beside(ax: Axes, x: float, text: str) -> None:
    """Say what an upright line is, at its upper end."""
    where: Any = {"xycoords": ("data", "axes fraction"), "xytext": (3, -3), "textcoords": "offset points"}
    ax.annotate(text, (x, 1), va="top", fontsize=8, **where)


@mark.register(Curve)
def _curve(drawn: Curve, ax: Axes) -> None:
    ax.fill_between(drawn.x, drawn.y, where=list(drawn.inside), color=GOOD, alpha=0.35, linewidth=0)
    ax.plot(drawn.x, drawn.y, color=GOOD, linewidth=1.2)
    ax.set_ylim(bottom=0)


@mark.register(Point)
def _point(drawn: Point, ax: Axes) -> None:
    value, width = drawn.value, max(drawn.upper - drawn.lower, 1e-9) / 2
    around = [[value - drawn.lower], [drawn.upper - value]]
    ax.errorbar([value], [0], xerr=around, fmt="o", color=GOOD, ecolor=GOOD, elinewidth=1.5, capsize=5)
    _alone(ax, value - 3 * width - 1, value + 3 * width + 1)
    ax.xaxis.set_major_formatter(lambda place, _: number(place))


@mark.register(Choice)
def _choice(drawn: Choice, ax: Axes) -> None:
    if drawn.value is None:
        ax.text(0.5, 0.5, drawn.told, ha="center", va="center")
        ax.set_axis_off()
        return
    ax.plot([drawn.value], [0], "o", color=GOOD)
    above: Any = {"xytext": (0, 8), "textcoords": "offset points"}
    ax.annotate(drawn.told, (drawn.value, 0), ha="center", fontsize=8, **above)
    room = 0.02 * (drawn.high - drawn.low)
    _alone(ax, drawn.low - room, drawn.high + room)


def _alone(ax: Axes, low: float, high: float) -> None:
    """Let an axis from left to right stand alone."""
    ax.set_xlim(low, high)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)


@mark.register(Estimates)
def _estimates(drawn: Estimates, ax: Axes) -> None:
    places, count = range(len(drawn.names)), len(drawn.names)
    below = [max(value - low, 0) for value, low in zip(drawn.values, drawn.lower, strict=True)]
    above = [max(high - value, 0) for value, high in zip(drawn.values, drawn.upper, strict=True)]
    if drawn.bars:
        ax.bar(places, drawn.values, color=GOOD, alpha=0.55, linewidth=0)
    ax.errorbar(
        places,
        drawn.values,
        yerr=[below, above],
        fmt="none" if drawn.bars else "o",
        color=GOOD,
        ecolor=INK,
        elinewidth=1.2,
        capsize=3 if count < 20 else 0,
    )
    named = any(drawn.names) and count <= _NAMED
    angle, size = named_along(drawn.names)
    ax.set_xticks(places, list(drawn.names), rotation=angle, fontsize=size) if named else ax.set_xticks([])
    ax.yaxis.set_major_formatter(lambda value, _: number(value))


def named_along(names: Sequence[str]) -> tuple[int, int]:
    """Return how names stand below an axis so that none meets the next: their angle, and their size."""
    if sum(len(name) + 2 for name in names) <= _WIDE:
        return 0, 8
    return 90, 8 if len(names) <= _NAMED // 2 else 6


@mark.register(Budgets)
def _budgets(drawn: Budgets, ax: Axes) -> None:
    for place, (spent, held) in enumerate(zip(drawn.spent, drawn.reserved, strict=True)):
        pieces: list[tuple[str, float, float, dict[str, Any]]] = [
            ("spent", 0, spent, {"color": GOOD, "linewidth": 0}),
            ("reserved", spent, held, {"color": SHORT, "hatch": "///", "linewidth": 0}),
            ("left", spent + held, max(1 - spent - held, 0), {"facecolor": "none", "edgecolor": INK, "linewidth": 0.8}),
        ]
        for name, left, length, paint in pieces:
            ax.barh(place, length, height=0.5, left=left, label=None if place else name, **paint)
    ax.set_yticks(range(len(drawn.names)), list(drawn.names))
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    ax.set_ylim(max(len(drawn.names), 2) - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    ax.legend(ncols=3, loc="upper right", bbox_to_anchor=(1, -0.2))


@mark.register(Steps)
def _steps(drawn: Steps, ax: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    # What was last stands.
    x, y = [*drawn.x, drawn.x[-1] + 0.5], [*drawn.y, drawn.y[-1]]
    ax.step(x, y, where="post", color=GOOD, linewidth=1.8)
    ax.axhline(drawn.limit, color=SHORT, linestyle="--", linewidth=1.2)
    beside: Any = {"xytext": (2, 2), "textcoords": "offset points"}
    ax.annotate(drawn.said, (0, drawn.limit), color=SHORT, fontsize=8, **beside)
    ax.set_ylim(0, max(drawn.limit, drawn.y[-1]) * 1.15)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


@mark.register(Cloud)
def _cloud(drawn: Cloud, ax: Axes) -> None:
    bad: Any = {"facecolors": "none", "edgecolors": SHORT, "marker": "s", "label": drawn.bad}
    good: Any = {"color": GOOD, "marker": "o", "label": drawn.good}
    for allowed, paint in ((False, bad), (True, good)):
        kept = [place for place, fits in enumerate(drawn.allowed) if fits == allowed]
        ax.scatter([drawn.x[place] for place in kept], [drawn.y[place] for place in kept], s=22, **paint)
    ax.axvline(drawn.limit, color=INK, linestyle="--", linewidth=1)
    _beside(ax, drawn.limit, "limit")
    ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    ax.set_xlim(-0.03, 1.03)
    ax.legend(loc="upper right", bbox_to_anchor=(1, -0.18), ncols=2)
