"""The plot of a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privkit.view.rooms import view_of
from privkit.view.style import canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw(value: object, ax: Axes | None = None) -> Axes:
    """Draw the value on `ax`, in the style that `ax` has; on axes of a new figure, in privkit's, by default."""
    view = view_of("plots", value)
    if view is None:
        raise TypeError(f"{type(value).__name__} has no plot")
    with canvas(ax) as axes:
        view.plot(value, axes)
    return axes
