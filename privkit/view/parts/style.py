"""How plots look: readable in a paper, on a light and on a dark page, and without color vision.

Horizontal bars with their names and figures: the plot of whatever is told by column, rule or plan.
"""

from __future__ import annotations

from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from privkit.view.parts.words import label

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
