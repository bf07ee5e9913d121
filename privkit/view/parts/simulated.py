"""The mark on everything that is simulated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from privkit.values.show import SIMULATED
from privkit.view.parts.markup import Markup, join, tag
from privkit.view.parts.style import SHORT

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def html(inner: str) -> str:
    """Return a value's HTML between two lines that say that it is simulated."""
    mark = tag("p", tag("strong", SIMULATED), role="note")
    return str(join([mark, Markup(inner), mark]))


def plot(axes: Axes) -> Axes:
    """Write SIMULATED across the axes and into the title."""
    place: Any = {"ha": "center", "va": "center", "rotation": 25, "zorder": 10}
    axes.text(0.5, 0.5, "SIMULATED", transform=axes.transAxes, fontsize=28, color=SHORT, alpha=0.45, **place)
    axes.set_title(f"SIMULATED: {axes.get_title(loc='left') or axes.get_title()}")
    return axes
