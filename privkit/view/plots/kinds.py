"""How each kind of drawing is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import singledispatch
from typing import TYPE_CHECKING, Any

from privkit.view.parts import chart
from privkit.view.parts.words import label, number
from privkit.view.plots.theme import BAR, theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: More bars than this are not drawn from left to right: the largest are.
_MOST = 30
#: More names than this are not all written below each other.
_NAMED = 60
#: More names than this are not all written side by side.
_SPARSE = 16
#: So many letters stand side by side below an axis.
_WIDE = 84
#: So many numbers of a table are written into it.
_WRITTEN = 160


def drawn(shown: chart.Chart, axes: Axes) -> None:
    """Draw a chart on axes."""
    mark(shown.drawn, axes)
    if shown.x:
        axes.set_xlabel(shown.x)
    if shown.y:
        axes.set_ylabel(shown.y)
    axes.set_title(shown.title)


def _hatched() -> dict[str, Any]:
    """Return how bars that fall short are painted."""
    return {"color": theme().short, "hatch": "///", "edgecolor": theme().ground, "linewidth": 0}


# -- kinds of drawings ---------------------------------------------------------------------------------------------


@singledispatch
def mark(drawn: object, ax: Axes) -> None:
    """Draw the numbers of a chart."""
    raise TypeError(f"{type(drawn).__name__} is no kind of drawing")


@mark.register(chart.Bars)
def _bars(drawn: chart.Bars, ax: Axes) -> None:
    for place, value in enumerate(drawn.values):
        under = drawn.short[place] if drawn.short else 0
        ax.bar(place, value - under, color=theme().good)
        if drawn.short:
            ax.bar(place, under, bottom=value - under, **_hatched())
    heights = [high for _, high in drawn.limits] or drawn.values
    for place, ends in enumerate(drawn.limits):
        ax.plot([place, place], ends, color=theme().ink, linewidth=1.2)
    for place, (height, told) in enumerate(zip(heights, drawn.told, strict=True)):
        if told:
            ax.annotate(told, (place, height), ha="center", va="bottom", fontsize=8)
    ax.set_xticks(range(len(drawn.names)), list(drawn.names), rotation=30 if named_along(drawn.names)[0] else 0)
    ax.set_ylim(0, drawn.top or max([*drawn.values, 1]) * 1.12)
    if not drawn.top:
        ax.yaxis.set_major_formatter(lambda value, _: number(value))


@mark.register(chart.Across)
def _across(drawn: chart.Across, ax: Axes) -> None:
    values = drawn.values
    kept = sorted(sorted(range(len(values)), key=lambda place: -values[place])[:_MOST])
    bars = ax.barh(
        range(len(kept)), [values[place] for place in kept], height=0.62, facecolor=theme().good, linewidth=0
    )
    for bar, place in zip(bars, kept, strict=True):
        if drawn.short and drawn.short[place]:
            bar.set(facecolor=theme().short, edgecolor=theme().ground, hatch="///", linewidth=0)
    ax.bar_label(bars, [drawn.told[place] for place in kept], padding=4, fontsize=8)
    below_each_other(ax, [drawn.names[place] for place in kept])
    ax.tick_params(axis="y", length=0)
    ax.set_xlim(0, drawn.end or max([*values, 1e-9]) * 1.25)
    if drawn.ticks is None:
        ax.xaxis.set_major_formatter(lambda value, _: number(value))
    else:
        ax.set_xticks(list(drawn.ticks), list(drawn.ticks.values()))
    if len(kept) < len(values):
        left = f"and {len(values) - len(kept)} shorter bars"
        ax.annotate(left, (1, 0), xycoords="axes fraction", ha="right", va="bottom", fontsize=8)


@mark.register(chart.Pairs)
def _pairs(drawn: chart.Pairs, ax: Axes) -> None:
    from matplotlib.patches import Patch

    for place, pair in enumerate(zip(drawn.first[1], drawn.second[1], strict=True)):
        for value, offset, color in zip(pair, (-0.2, 0.2), (theme().short, theme().good), strict=True):
            hatch = "///" if value > drawn.limit else None
            ax.bar(place + offset, value, 0.36, color=color, hatch=hatch, edgecolor=theme().ground, linewidth=0)
            ax.annotate(number(value), (place + offset, value), ha="center", va="bottom", fontsize=8)
    end = len(drawn.names) - 0.5
    ax.axhline(drawn.limit, color=theme().ink, linestyle="--", linewidth=1)
    ax.annotate(drawn.said, (end + 0.02, drawn.limit), ha="left", va="bottom", fontsize=8)
    ax.set_xlim(-0.5, end + 0.45)
    ax.set_xticks(range(len(drawn.names)), list(drawn.names))
    ax.set_ylim(0, 1.12)
    handles = [
        Patch(color=theme().short, label=drawn.first[0]),
        Patch(color=theme().good, label=drawn.second[0]),
        Patch(facecolor="none", edgecolor=theme().ink, hatch="///", linewidth=0, label=drawn.exceeded),
    ]
    ax.legend(handles=handles, ncols=3, loc="upper right", bbox_to_anchor=(1, -0.2))


@mark.register(chart.Spread)
def _spread(drawn: chart.Spread, ax: Axes) -> None:
    rows, *_ = ax.hist(drawn.values, bins=[place / 20 for place in range(21)], color=theme().good, rwidth=0.92)
    ax.set_ylim(0, max([*rows, 1]) * 1.2)  # type: ignore[arg-type]
    ax.axvline(drawn.mean, color=theme().ink, linestyle="--", linewidth=1)
    _beside(ax, drawn.mean, "mean")
    ax.set_xlim(0, 1)
    ax.yaxis.set_major_formatter(lambda value, _: number(value))


def _beside(ax: Axes, x: float, text: str) -> None:
    """Say what an upright line is, at its upper end."""
    where: Any = {"xycoords": ("data", "axes fraction"), "xytext": (3, -3), "textcoords": "offset points"}
    ax.annotate(text, (x, 1), va="top", fontsize=8, **where)


@mark.register(chart.Curve)
def _curve(drawn: chart.Curve, ax: Axes) -> None:
    ax.fill_between(drawn.x, drawn.y, where=list(drawn.inside), color=theme().good, alpha=0.35, linewidth=0)
    ax.plot(drawn.x, drawn.y, color=theme().good, linewidth=1.2)
    ax.set_ylim(bottom=0)


@mark.register(chart.Point)
def _point(drawn: chart.Point, ax: Axes) -> None:
    value, width = drawn.value, (drawn.upper - drawn.lower) / 2
    known = math.isfinite(width)  # of a fit that noise can make singular, and of some ratios, it is not
    reach = (3 * width if known else 0) or max(abs(value) / 10, 1.0)
    if known:
        paint: Any = {"color": theme().good, "ecolor": theme().good, "elinewidth": 1.5, "capsize": 5}
        ax.errorbar([value], [0], xerr=around([value], [drawn.lower], [drawn.upper]), fmt="o", **paint)
    else:
        ax.plot([value], [0], "o", markerfacecolor="none", markeredgecolor=theme().good)
        ax.axhline(0, color=theme().good, linewidth=1.5, zorder=0)
        above: Any = {"xytext": (0, 8), "textcoords": "offset points"}
        told = f"{number(drawn.lower)} to {number(drawn.upper)}"
        ax.annotate(told, (value, 0), ha="center", fontsize=8, **above)
    _alone(ax, value - reach, value + reach)
    ax.xaxis.set_major_formatter(lambda place, _: number(place))


@mark.register(chart.Choice)
def _choice(drawn: chart.Choice, ax: Axes) -> None:
    if drawn.value is None:
        ax.text(0.5, 0.5, drawn.told, ha="center", va="center")
        ax.set_axis_off()
        return
    ax.plot([drawn.value], [0], "o", color=theme().good)
    above: Any = {"xytext": (0, 8), "textcoords": "offset points"}
    ax.annotate(drawn.told, (drawn.value, 0), ha="center", fontsize=8, **above)
    room = 0.02 * (drawn.high - drawn.low)
    _alone(ax, drawn.low - room, drawn.high + room)


@mark.register(chart.Range)
def _range(drawn: chart.Range, ax: Axes) -> None:
    ax.plot([drawn.low, drawn.high], [0, 0], color=theme().good, linewidth=6, alpha=BAR, solid_capstyle="butt")
    above: Any = {"xytext": (0, 11), "textcoords": "offset points", "ha": "center", "fontsize": 8}
    for end, told in zip((drawn.low, drawn.high), drawn.told, strict=True):
        ax.plot([end], [0], "|", color=theme().ink, markersize=16)
        ax.annotate(told, (end, 0), **above)
    low, high = min(drawn.low, 0.0), max(drawn.high, 0.0)
    _alone(ax, low - 0.05 * (high - low), high + 0.05 * (high - low))
    ax.xaxis.set_major_formatter(lambda place, _: number(place))


def _alone(ax: Axes, low: float, high: float) -> None:
    """Let an axis from left to right stand alone."""
    ax.set_xlim(low, high)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)


@mark.register(chart.Estimates)
def _estimates(drawn: chart.Estimates, ax: Axes) -> None:
    places, count = list(range(len(drawn.names))), len(drawn.names)
    reach = around(drawn.values, drawn.lower, drawn.upper)
    paint: Any = {"fmt": "none" if drawn.bars else "o", "color": theme().good, "ecolor": theme().ink, "elinewidth": 1.4}
    paint |= {"capsize": 3 if count <= chart.UPRIGHT else 0, "markersize": 5 if count <= chart.UPRIGHT else 3}
    if drawn.lies:
        if drawn.bars:
            ax.barh(places, drawn.values, color=theme().good, alpha=BAR, linewidth=0)
        ax.errorbar(drawn.values, places, xerr=reach, **paint)
        below_each_other(ax, drawn.names, _NAMED, fontsize=8 if count <= 30 else 6)
        ax.xaxis.set_major_formatter(lambda value, _: number(value))
        ax.grid(visible=True, axis="x")
        return
    if drawn.bars:
        ax.bar(places, drawn.values, color=theme().good, alpha=BAR, linewidth=0)
    ax.errorbar(places, drawn.values, yerr=reach, **paint)
    if any(drawn.names):
        every = -(-count // _SPARSE)
        angle, size = named_along(drawn.names[::every])
        ax.set_xticks(places[::every], list(drawn.names)[::every], rotation=angle, fontsize=size)
    else:
        ax.set_xticks([])
    ax.set_xlim(-0.6, max(count, 1) - 0.4)
    ax.yaxis.set_major_formatter(lambda value, _: number(value))


def around(values: Sequence[float], lower: Sequence[float], upper: Sequence[float]) -> list[list[float]]:
    """Return how far each interval reaches below its number, and above; noise may put a number beside it."""
    below = [max(value - low, 0) for value, low in zip(values, lower, strict=True)]
    return [below, [max(high - value, 0) for value, high in zip(values, upper, strict=True)]]


@mark.register(chart.Histogram)
def _histogram(drawn: chart.Histogram, ax: Axes) -> None:
    widths = [high - low for low, high in zip(drawn.edges, drawn.edges[1:], strict=False)]
    edged: Any = {"edgecolor": theme().ground, "linewidth": 0.8}
    ax.bar(drawn.edges[:-1], drawn.values, widths, align="edge", color=theme().good, alpha=BAR, **edged)
    middles = [low + width / 2 for low, width in zip(drawn.edges, widths, strict=False)]
    reach = around(drawn.values, drawn.lower, drawn.upper)
    ax.errorbar(middles, drawn.values, yerr=reach, fmt="none", ecolor=theme().ink, elinewidth=1.4, capsize=2)
    if len(drawn.edges) <= chart.UPRIGHT:
        ax.set_xticks(list(drawn.edges))
    ax.xaxis.set_major_formatter(lambda value, _: number(value))
    ax.yaxis.set_major_formatter(lambda value, _: number(value))


@mark.register(chart.Heat)
def _heat(drawn: chart.Heat, ax: Axes) -> None:
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    colors = LinearSegmentedColormap.from_list("privkit", [theme().ground, theme().good])
    cells = [value for row in drawn.values for value in row]
    low, high = min([0.0, *cells]), max([1e-9, *cells])
    ax.imshow([list(row) for row in drawn.values], cmap=colors, vmin=low, vmax=high, aspect="auto")
    every = -(-len(drawn.columns) // _SPARSE)
    columns = [label(name, 20) for name in drawn.columns[::every]]
    ax.set_xticks(range(0, len(drawn.columns), every), columns, rotation=named_along(columns)[0])
    ax.set_yticks(range(len(drawn.rows)), [label(name, 28) for name in drawn.rows])
    ax.tick_params(length=0)
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    for row, values in enumerate(drawn.values if len(cells) <= _WRITTEN else ()):
        for column, value in enumerate(values):
            red, green, blue = to_rgb(colors((value - low) / (high - low)))
            light = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.4
            ink = "#111111" if light else "#FFFFFF"
            told = drawn.told[row][column] if drawn.told else number(value)
            ax.annotate(told, (column, row), ha="center", va="center", fontsize=8, color=ink)


@mark.register(chart.Fan)
def _fan(drawn: chart.Fan, ax: Axes) -> None:
    markers = "v<s>^oDPX*"
    apart = min(0.7 / len(drawn.levels), 0.2)  # side by side, or one's interval would lie on another's
    for level, (name, numbers) in enumerate(zip(drawn.levels, drawn.drawn, strict=True)):
        places = [place + (level - (len(drawn.levels) - 1) / 2) * apart for place in range(len(drawn.names))]
        reach = around(numbers.values, numbers.lower, numbers.upper)
        bars: Any = {"fmt": "none", "ecolor": theme().ink, "elinewidth": 1.2, "capsize": 2, "zorder": 2}
        ax.errorbar(places, numbers.values, yerr=reach, **bars)
        sign: Any = {"marker": markers[level % len(markers)], "facecolors": theme().good, "edgecolors": theme().ink}
        ax.scatter(places, numbers.values, s=26, label=name, zorder=3, **sign)
    every = -(-len(drawn.names) // _SPARSE)
    angle, size = named_along(drawn.names[::every])
    ax.set_xticks(range(0, len(drawn.names), every), list(drawn.names)[::every], rotation=angle, fontsize=size)
    ax.set_xlim(-0.6, len(drawn.names) - 0.4)
    ax.yaxis.set_major_formatter(lambda value, _: number(value))
    below = -0.14 if not angle else -0.45  # of the names
    ax.legend(ncols=min(len(drawn.levels), 6), loc="upper right", bbox_to_anchor=(1, below))


@mark.register(chart.Nothing)
def _nothing(drawn: chart.Nothing, ax: Axes) -> None:
    ax.text(0.5, 0.5, drawn.told, ha="center", va="center", transform=ax.transAxes)
    ax.set_axis_off()


def below_each_other(ax: Axes, names: Sequence[str], most: int = _MOST, **paint: Any) -> None:
    """Write names below each other along the upright axis, only some of them where there are more than `most`."""
    every = -(-len(names) // most) or 1
    ax.set_yticks(range(0, len(names), every), [label(name, 28) for name in names[::every]], **paint)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.grid(visible=False, axis="y")


def named_along(names: Sequence[str]) -> tuple[int, int]:
    """Return how names stand below an axis so that none meets the next: their angle, and their size."""
    if sum(len(name) + 2 for name in names) <= _WIDE:
        return 0, 8
    return (30, 8) if max(map(len, names)) > 12 or len(names) <= 8 else (90, 8)


@mark.register(chart.Budgets)
def _budgets(drawn: chart.Budgets, ax: Axes) -> None:
    empty: dict[str, Any] = {"facecolor": "none", "edgecolor": theme().ink, "linewidth": 0.8}
    for place, (spent, held) in enumerate(zip(drawn.spent, drawn.reserved, strict=True)):
        pieces: list[tuple[str, float, float, dict[str, Any]]] = [
            ("spent", 0, spent, {"color": theme().good, "linewidth": 0}),
            ("reserved", spent, held, {"color": theme().short, "hatch": "///", "linewidth": 0}),
            ("left", spent + held, max(1 - spent - held, 0), empty),
        ]
        for name, left, length, paint in pieces:
            ax.barh(place, length, height=0.5, left=left, label=None if place else name, **paint)
    ax.set_yticks(range(len(drawn.names)), list(drawn.names))
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    ax.set_ylim(max(len(drawn.names), 2) - 0.5, -0.5)
    ax.grid(visible=False, axis="y")
    ax.legend(ncols=3, loc="upper right", bbox_to_anchor=(1, -0.2))


@mark.register(chart.Steps)
def _steps(drawn: chart.Steps, ax: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    # What was last stands.
    x, y = [*drawn.x, drawn.x[-1] + 0.5], [*drawn.y, drawn.y[-1]]
    ax.step(x, y, where="post", color=theme().good, linewidth=1.8)
    ax.axhline(drawn.limit, color=theme().short, linestyle="--", linewidth=1.2)
    beside: Any = {"xytext": (2, 2), "textcoords": "offset points"}
    ax.annotate(drawn.said, (0, drawn.limit), color=theme().short, fontsize=8, **beside)
    ax.set_ylim(0, max(drawn.limit, drawn.y[-1]) * 1.15)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


@mark.register(chart.Path)
def _path(drawn: chart.Path, ax: Axes) -> None:
    ax.plot([0, *drawn.x], [0, *drawn.y], color=theme().good, linewidth=1.8, marker="o", markersize=3)
    ax.fill_between([0, *drawn.x], [0, *drawn.y], color=theme().good, alpha=0.14, linewidth=0)
    if drawn.limit is not None:
        ax.axhline(drawn.limit, color=theme().short, linestyle="--", linewidth=1.2)
        beside: Any = {"xytext": (2, 2), "textcoords": "offset points"}
        ax.annotate(drawn.said, (0, drawn.limit), color=theme().short, fontsize=8, **beside)
    ax.set_ylim(0, max(drawn.limit or 0, *drawn.y) * 1.15 or 1)
    ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")


@mark.register(chart.Cloud)
def _cloud(drawn: chart.Cloud, ax: Axes) -> None:
    bad: Any = {"facecolors": "none", "edgecolors": theme().short, "marker": "s", "label": drawn.bad}
    good: Any = {"color": theme().good, "marker": "o", "label": drawn.good}
    for allowed, paint in ((False, bad), (True, good)):
        kept = [place for place, fits in enumerate(drawn.allowed) if fits == allowed]
        ax.scatter([drawn.x[place] for place in kept], [drawn.y[place] for place in kept], s=22, **paint)
    if drawn.best >= 0:
        best = drawn.x[drawn.best], drawn.y[drawn.best]
        ax.scatter(*best, marker="*", s=160, color=theme().short, edgecolors=theme().ink, zorder=4, label=drawn.said)
    ax.axvline(drawn.limit, color=theme().ink, linestyle="--", linewidth=1)
    _beside(ax, drawn.limit, "limit")
    ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    end = max([drawn.limit, *drawn.x]) * 1.08 or 1.0
    ax.set_xlim(-0.03 * end, end)
    ax.legend(loc="upper right", bbox_to_anchor=(1, -0.18), ncols=2)
