"""The plot of a value."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from privkit.view.parts.style import canvas
from privkit.view.rooms import view_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: A longer title is broken.
_LONG = 80


def draw(value: object, ax: Axes | None = None) -> Axes:
    """Draw the value on `ax`, in the style that `ax` has; on axes of a new figure, in privkit's, by default."""
    view = view_of("plots", value)
    if view is None:
        raise TypeError(f"{type(value).__name__} has no plot")
    with canvas(ax) as axes:
        view.plot(value, axes)
        if ax is None:
            wrapped(axes)
    return axes


def wrapped(axes: Axes) -> None:
    """Break a long title into lines, so that it ends with the figure."""
    for place in ("left", "center"):
        title = axes.get_title(loc=place)
        if len(title) > _LONG:
            axes.set_title("\n".join(textwrap.wrap(title, _LONG)), loc=place)
