"""The lattice explorer: pick a level per column, and see k, suppression and loss move at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ipywidgets import HTML, SelectionSlider

from privkit.view import text
from privkit.view.markup import Markup, badge, card, meter, table, tag
from privkit.view.panel_base import Panel
from privkit.view.panel_style import STYLE
from privkit.view.words import label, number, percent, plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from privkit.transform.lattice import Lattice

#: Nodes that are remembered.
_KEPT = 512


class LatticeExplorer(Panel):
    """A slider per column, from its values as they are to ``*``, and what each choice reaches and costs.

    Exact, for the owner's eyes; spends nothing.

    Attributes
    ----------
    lattice : Lattice
    levels_ : dict of str to int
        The levels that are chosen, ready for ``lattice.apply``.
    node_ : dict
        Their figures, as ``lattice.node`` tells them.
    """

    def __init__(self, lattice: Lattice, levels: Mapping[str, int] | None = None) -> None:
        self.lattice = lattice
        self.levels_ = {name: int((levels or {}).get(name, 0)) for name in lattice.columns}
        self.node_: dict[str, Any] = {}
        self._known: dict[tuple[int, ...], dict[str, Any]] = {}
        self._picture = HTML()
        names = lattice.level_names()
        self.sliders = {name: self._slider(name, names[name]) for name in lattice.columns}
        self._worst = self._figures({name: size - 1 for name, size in lattice.shape.items()})["loss"]
        super().__init__([*self.sliders.values(), self._picture])
        with self.calm(self._picture):
            self._draw()

    def _slider(self, column: str, names: list[str]) -> SelectionSlider:
        options = [(f"{level}: {label(name, 28)}", level) for level, name in enumerate(names)]
        slider = SelectionSlider(
            options=options,
            value=min(self.levels_[column], len(names) - 1),
            description=label(column, 24),
            style={"description_width": "9em"},
            layout={"width": "36em"},
        )
        slider.observe(lambda change: self._move(column, change.new), "value")
        return slider

    def _move(self, column: str, level: int) -> None:
        with self.calm(self._picture):
            self.levels_ = {**self.levels_, column: level}
            self._draw()

    def show(self, levels: Mapping[str, int]) -> None:
        """Move to other levels; columns that are not named stay."""
        for name, level in levels.items():
            self.sliders[name].value = level

    def _figures(self, levels: Mapping[str, int]) -> dict[str, Any]:
        place = tuple(levels.values())
        if place not in self._known:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[place] = self.lattice.node(levels)
        return self._known[place]

    def _draw(self) -> None:
        self.node_ = self._figures(self.levels_)
        self._picture.value = str(picture(self.lattice, self.levels_, self.node_, self._worst))

    def still(self) -> str:
        """Return the picture as it is now."""
        return str(self._picture.value)

    def words(self) -> str:
        """Return the lattice's text."""
        return text.render(self.lattice)


def picture(lattice: Lattice, levels: Mapping[str, int], node: Mapping[str, Any], worst: float) -> Markup:
    """Return what a node reaches and costs."""
    task = lattice.task
    n = task.coding.n_rows
    suppressed, limit = node["suppressed"], task.limit
    met = f"{task.criterion} holds with {number(suppressed)} of {plural(n, 'record')} suppressed"
    unmet = f"{number(suppressed)} records would have to be suppressed; {number(limit)} are allowed"
    loss = node["loss"] / worst if worst else 0.0
    gone = f"{number(suppressed)} ({percent(suppressed, n)})"
    rows = [
        ["k of what is kept", number(node["k"]), ""],
        ["classes", number(node["classes"]), ""],
        ["suppressed", gone, _bar(suppressed / n if n else 0, limit / n if n else 0)],
        [task.utility, number(node["loss"]), meter(loss, f"{percent(min(loss, 1))} of the loss with all at *")],
    ]
    return card(
        f"k = {number(node['k'])}, {percent(suppressed, n)} suppressed, {task.utility} = {number(node['loss'])}",
        STYLE,
        badge(node["feasible"], met if node["feasible"] else unmet),
        table(["figure", "value", ""], rows),
        tag("p", "Its levels: ", tag("code", _typed(levels))),
        then=["panel.lattice.apply(panel.levels_)"],
        exact=True,
    )


def _bar(share: float, limit: float) -> Markup:
    return meter(share, f"{percent(share)} suppressed, {percent(limit)} allowed", short=share > limit)


def _typed(levels: Mapping[str, int]) -> str:
    return "{" + ", ".join(f"'{label(name, 24)}': {level}" for name, level in levels.items()) + "}"
