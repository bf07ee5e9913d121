"""Live panels. Loaded when ``.panel()`` is called: nothing else imports ipywidgets.

The room that a value's class lives in decides, as for texts: ``privkit/view/panel_<room>.py`` has ``panel(value)``.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from privkit.view.panel_still import StillPanel
from privkit.view.rooms import view_of

if TYPE_CHECKING:
    from privkit.project.project import Project


def panel_of(value: object, **options: Any) -> Any:
    """Return the panel of a value.

    Parameters
    ----------
    value : Project, Plan, KAnonymityReport, RiskReport or Lattice
        What it shows.
    **options : object
        What its panel takes besides: ``hierarchies`` for reports.

    Returns
    -------
    ipywidgets.Widget
        A `StillPanel` where ipywidgets is missing.

    Raises
    ------
    TypeError
        If the value has no panel.
    """
    if find_spec("ipywidgets") is None:
        return StillPanel(value)
    view = view_of("panel", value)
    if view is None:
        raise TypeError(f"{type(value).__name__} has no panel")
    return view.panel(value, **options)


def budget_panel(project: Project) -> Any:
    """Return the live panel of a project's budget."""
    return panel_of(project)
