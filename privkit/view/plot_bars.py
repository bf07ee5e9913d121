"""Horizontal bars with their names and figures: the plot of whatever is told by column, rule or plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privkit.view.style import GOOD, SHORT
from privkit.view.words import label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

#: More bars than this are not drawn: the largest are.
_MOST = 30


def horizontal(
    ax: Axes, names: Sequence[object], values: Sequence[float], told: Sequence[str], *, short: Sequence[bool] = ()
) -> None:
    """Draw a bar per name, from the top down, with its figure beside it; those that fall short are hatched.

    Parameters
    ----------
    ax : Axes
    names : sequence of str
    values : sequence of float
        How long the bars are, 0 or more.
    told : sequence of str
        What is written beside each.
    short : sequence of bool, optional
        Which fall short.
    """
    kept = sorted(sorted(range(len(values)), key=lambda place: -values[place])[:_MOST])
    bars = ax.barh(range(len(kept)), [values[place] for place in kept], height=0.62, facecolor=GOOD, linewidth=0)
    for bar, place in zip(bars, kept, strict=True):
        if short and short[place]:
            bar.set(facecolor=SHORT, edgecolor="white", hatch="///", linewidth=0)
    ax.bar_label(bars, [told[place] for place in kept], padding=4, fontsize=8)
    ax.set_yticks(range(len(kept)), [label(names[place], 28) for place in kept])
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(kept) - 0.4, -0.6)
    ax.set_xlim(0, max([*values, 1e-9]) * 1.25)
    ax.grid(visible=False, axis="y")
    if len(kept) < len(values):
        told_too = f"and {len(values) - len(kept)} shorter bars"
        ax.annotate(told_too, (1, 0), xycoords="axes fraction", ha="right", va="bottom", fontsize=8)


def shares(ax: Axes) -> None:
    """Let the axis of bars that are shares end at 100 %, with room for the figures."""
    ax.set_xlim(0, 1.18)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
