"""Live panels. Loaded when ``.panel()`` is called: nothing else imports ipywidgets.

The room that a value's class lives in decides, as for texts: ``privkit/view/panels/ROOM.py`` registers its panels.

A panel where ipywidgets is missing: the picture alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from privkit.view import html, text
from privkit.view.parts.markup import Markup, join, note, tag
from privkit.view.parts.sheet import view_of

_WHY = "ipywidgets cannot be loaded here, so this panel stands still."


@dataclass(frozen=True, repr=False)
class StillPanel:
    """A value's text and HTML, with a word on why nothing moves.

    Attributes
    ----------
    value : object
        What it shows.
    """

    value: Any

    def __repr__(self) -> str:
        """Return the value's text."""
        return f"{text.render(self.value)}\n{_WHY}"

    def _repr_html_(self) -> str:
        return str(join([Markup(html.render(self.value)), tag("div", note(_WHY), class_="privkit")]))


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
    view_of("panels", value)
    from privkit.view.panels.base import panel
    from privkit.view.panels.notebook import in_place_of_earlier

    return in_place_of_earlier(lambda: panel(value, **options))


def question_of(data: object, project: Any) -> Any:
    """Return the panel in which a question to a project takes shape; without ipywidgets, the project's text."""
    if find_spec("ipywidgets") is None:
        return StillPanel(project)
    from privkit.view.panels.notebook import in_place_of_earlier
    from privkit.view.panels.shape import QuestionPanel

    return in_place_of_earlier(lambda: QuestionPanel(data, project))
