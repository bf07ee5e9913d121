"""The plot of a sheet: for a slide or a paper, on a ground of its own, and readable without color vision."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from privkit.values.show import is_simulated
from privkit.view.parts.chart import Across, Chart, Estimates, Heat, Moments, Panels, Ranked
from privkit.view.parts.sheet import sheet_of
from privkit.view.plots.axes import grid, height
from privkit.view.plots.kinds import drawn
from privkit.view.plots.theme import style, theme, theme_named, themed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: A longer title is broken; a longer foot too.
_LONG, _FOOT = 80, 110


def draw(value: object, ax: Axes | None = None, theme: object = "auto") -> Axes:
    """Draw the value on `ax`, in the style that `ax` has; on axes of a new figure, in privkit's, by default."""
    found = sheet_of(value)
    if found is None or found.chart is None:
        raise TypeError(f"{type(value).__name__} has no plot")
    with themed(theme_named(theme, ax)):
        chart = found.chart()
        with canvas(ax, size=size(chart)) as axes:
            drawn(chart, axes)
            if is_simulated(value):
                _mark(axes)
            if ax is None:
                wrapped(axes)
                _foot(axes, chart.foot)
    return axes


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
    with plt.rc_context(style(theme())):
        _, axes = plt.subplots(figsize=size)
        interactive = plt.isinteractive()
        yield axes
    (plt.ion if interactive else plt.ioff)()


def size(chart: Chart) -> tuple[float, float]:
    """Return the width and height of a figure, in inches: room for what stands below each other, and side by side."""
    if isinstance(chart.drawn, Panels):
        rows, columns = grid(len(chart.drawn.charts))
        return max(6.4, min(3.4 * columns, 11.0)), max(3.2, min(0.8 + height(chart.drawn) * rows, 14.0))
    lines = 0
    if isinstance(chart.drawn, Estimates) and chart.drawn.lies:
        lines = min(len(chart.drawn.names), 60)
    elif isinstance(chart.drawn, Heat):
        lines = len(chart.drawn.rows)
    elif isinstance(chart.drawn, Across):
        lines = min(len(chart.drawn.names), 30)
    elif isinstance(chart.drawn, Moments | Ranked):
        lines = min(len(chart.drawn.names), 40)
    return 6.4, max(3.2, min(1.2 + 0.17 * lines, 11.0))


def wrapped(axes: Axes) -> None:
    """Break a long title into lines, so that it ends with the figure."""
    for place in ("left", "center"):
        title = axes.get_title(loc=place)
        if len(title) > _LONG:
            axes.set_title("\n".join(textwrap.wrap(title, _LONG)), loc=place)


def _foot(axes: Axes, told: str) -> None:
    """Write what a reader must know who sees the figure alone."""
    if told:
        lines = "\n".join(textwrap.wrap(told, _FOOT))
        axes.figure.supxlabel(lines, x=0.01, ha="left", fontsize=7)


def _mark(axes: Axes) -> None:
    """Write SIMULATED across the axes and into the title."""
    place: Any = {"ha": "center", "va": "center", "rotation": 25, "zorder": 10}
    axes.text(0.5, 0.5, "SIMULATED", transform=axes.transAxes, fontsize=28, color=theme().short, alpha=0.45, **place)
    axes.set_title(f"SIMULATED: {axes.get_title(loc='left') or axes.get_title()}", loc=_titled(axes))


def _titled(axes: Axes) -> Any:
    """Return where the title of the axes stands: the user's own style may have it in the middle."""
    return "left" if axes.get_title(loc="left") else "center"
