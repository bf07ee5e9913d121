"""How a value shows itself: the one place from which a low room reaches up to `privkit.view`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes


def _view(module: str) -> Any:
    """Load a view by name when it is asked for, so that values import none of matplotlib and ipywidgets."""
    return import_module(f"privkit.view.{module}")


class Shown:
    """Mixin of frozen values that have a text, an HTML form, a plot or a panel in `privkit.view`."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the answer, the reason, and what to type next."""
        text: str = _view("text").render(self)
        return text

    def _repr_html_(self) -> str:
        html: str = _view("html").render(self)
        return html


class Plotted(Shown):
    """A shown value that also has a plot."""

    __slots__ = ()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the value with matplotlib.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib Axes
        """
        axes: Axes = _view("plots").draw(self, ax)
        return axes


class Paneled:
    """A value that also has a live panel."""

    __slots__ = ()

    def panel(self) -> Any:
        """Return a live panel of the value, for a notebook.

        It spends nothing by being shown. Where no kernel runs, its last picture stands still.

        Returns
        -------
        ipywidgets.Widget
        """
        return _view("panel").panel_of(self)


class Explorable(Paneled):
    """A report on classes whose panel can also explore how generalizing its columns would change them."""

    __slots__ = ()

    def panel(self, *, hierarchies: Mapping[str, object] | None = None) -> Any:
        """Return a live panel of the report: class sizes with a line that moves, and what each column contributes.

        It reads no rows and spends nothing. Where no kernel runs, its last picture stands still.

        Parameters
        ----------
        hierarchies : dict, optional
            Adds the lattice explorer: a level per column, and k, suppression and loss at once. Column → hierarchy, as
            in `anonymize`; one is proposed for each column that is not named, so that ``{}`` will do.

        Returns
        -------
        ipywidgets.Widget

        Raises
        ------
        HierarchyError
            If a hierarchy lacks values.
        ParameterError
            If the report counts persons: ``df.privacy.lattice(..., unit=...)`` explores those.
        """
        if hierarchies is None:
            return super().panel()
        return _view("panel").panel_of(self, hierarchies=hierarchies)
