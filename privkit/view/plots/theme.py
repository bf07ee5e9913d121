"""On what ground a figure stands, and with which ink: light, dark, or for print.

A figure has a ground of its own. Without one, a notebook would put a white plate under it on a dark page, and gray ink
that is readable on both is good on neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from privkit.errors import ParameterError
from privkit.errors.root import type_told

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Colors that people with any color vision can tell apart (Okabe and Ito 2008).
OKABE_ITO = {
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "orange": "#E69F00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
}

#: How opaque bars are below their whiskers: they stand out 3:1 from the ground, and the whiskers 3:1 from them.
BAR = 0.7


@dataclass(frozen=True, slots=True)
class Theme:
    """A ground, its ink, and the colors of what is well and of what falls short.

    The two differ in lightness too, and what falls short is hatched: nobody needs to see colors.

    Attributes
    ----------
    ground, ink : str
    good, short : str
    """

    ground: str
    ink: str
    good: str = OKABE_ITO["blue"]
    short: str = OKABE_ITO["vermillion"]


THEMES = {
    "light": Theme("#FFFFFF", "#222222"),
    "dark": Theme("#111111", "#EEEEEE", OKABE_ITO["sky"], OKABE_ITO["orange"]),
    "print": Theme("#FFFFFF", "#000000", "#4D4D4D", "#000000"),
}

_now: ContextVar[Theme] = ContextVar("privkit_theme", default=THEMES["light"])


def theme() -> Theme:
    """Return the theme in which is drawn at the moment."""
    return _now.get()


def theme_named(name: object, ax: Axes | None) -> Theme:
    """Return a theme by its name; for "auto", the one that fits the ground that is there.

    That is the ground of `ax`, or that of matplotlib's own style: dark after ``plt.style.use("dark_background")``.

    Raises
    ------
    ParameterError
        For no name of a theme.
    """
    if name == "auto":
        return THEMES["dark" if _dark(ax) else "light"]
    if not isinstance(name, str) or name not in THEMES:
        found = repr(name) if isinstance(name, str) else type_told(name)
        raise ParameterError.of("theme", found, 'one of "auto", "light", "dark", "print"')
    return THEMES[name]


def _dark(ax: Axes | None) -> bool:
    import matplotlib as mpl
    from matplotlib.colors import to_rgba

    faces = [ax.get_facecolor(), ax.figure.get_facecolor()] if ax is not None else [mpl.rcParams["figure.facecolor"]]
    for face in faces:
        red, green, blue, alpha = to_rgba(face)
        if alpha > 0.5:
            return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.5
    return False


@contextmanager
def themed(used: Theme) -> Iterator[None]:
    """Draw in a theme."""
    token = _now.set(used)
    try:
        yield
    finally:
        _now.reset(token)


def style(used: Theme) -> Any:  # matplotlib types its keys
    """Return matplotlib's parameters for a theme."""
    inks = ("axes.edgecolor", "axes.labelcolor", "axes.titlecolor", "text.color", "xtick.color", "ytick.color")
    grounds = ("figure.facecolor", "savefig.facecolor", "axes.facecolor")
    return {**dict.fromkeys(inks, used.ink), **dict.fromkeys(grounds, used.ground), "grid.color": used.ink, **_STYLE}


_STYLE: dict[str, Any] = {
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.alpha": 0.18,
    "grid.linewidth": 0.6,
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
