"""The lattice explorer: all settings as a map, a level per column, and k, suppression and loss that move at once.

What the panels of reports on classes share: the column contributions and the lattice explorer below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from ipywidgets import HTML, Button, Layout, SelectionSlider, Text, Widget

from privkit.anonymity.class_sizes import Contributions
from privkit.anonymity.kanonymity import KAnonymity
from privkit.tally.classes import STAR
from privkit.transform.anonymized import Anonymized
from privkit.transform.lattice import Lattice, lattice, lattice_of
from privkit.values.show import printable
from privkit.view import text
from privkit.view.html import block
from privkit.view.panels.atlas import MOST, Atlas, begin
from privkit.view.panels.base import STYLE, Panel, at, inserted, panel
from privkit.view.panels.classes import contribution_lines, contributions, histogram
from privkit.view.parts.markup import Markup, badge, card, join, tag
from privkit.view.parts.sheet import Meter, Row, Table
from privkit.view.parts.words import label, number, percent, plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from privkit.anonymity.class_sizes import Sizes
    from privkit.anonymity.kanonymity import KAnonymityReport
    from privkit.risk.report import RiskReport

#: Nodes that are remembered.
_KEPT = 512
#: A smaller lattice is mapped anew whenever its goal moves; a larger one when that is asked for.
_QUICK = 500
#: A level is named by a label of as many records, at least.
_COMMON = 5


class LatticeExplorer(Panel):
    """A map of all settings by what they suppress and lose, and a slider per column from its values to ``*``.

    It begins at the best setting, which the map marks with a star. The slider ``trade-off`` goes along those that no
    other one beats in both; in JupyterLab a click on the map goes to the nearest point. Exact, for the owner's eyes;
    spends nothing.

    Parameters
    ----------
    lattice : Lattice
    levels : mapping of str to int, optional
        Where the sliders begin; at the best setting by default.
    then : str, optional
        What to type to apply the levels that are chosen, where that is not ``.apply()`` of this panel.

    Attributes
    ----------
    lattice : Lattice
    levels_ : dict of str to int
        The levels that are chosen, ready for ``lattice.apply``.
    node_ : dict
        Their figures, as ``lattice.node`` tells them.
    atlas : Atlas or None
        All settings; None where there are more than 20,000.
    """

    def __init__(
        self,
        lattice: Lattice,
        levels: Mapping[str, int] | None = None,
        then: str = ".apply()",
        hierarchies: Mapping[str, object] | None = None,
    ) -> None:
        self.lattice, self._steps, self._hierarchies = lattice, then, hierarchies
        self.atlas = Atlas.of(lattice) if lattice.n_nodes <= MOST else None
        best = begin(lattice) if self.atlas is None else self.atlas.at(self.atlas.start)
        self.levels_ = {name: int((best if levels is None else levels).get(name, 0)) for name in lattice.columns}
        self.node_: dict[str, Any] = {}
        self._known: dict[tuple[int, ...], tuple[dict[str, Any], Sizes]] = {}
        self._moving = False
        self._map, self._picture = HTML(), HTML()
        names = level_names(lattice)
        self.sliders = {name: self._slider(name, names[name]) for name in lattice.columns}
        self._worst = self._figures({name: size - 1 for name, size in lattice.shape.items()})[0]["loss"]
        self.trade = SelectionSlider(
            options=[("", -1)],
            description="trade-off",
            style={"description_width": "9em"},
            layout=Layout(width="96%", max_width="44em"),
        )
        #: Where the extension writes the spot of a click.
        self.spot = Text(layout=Layout(display="none"))
        self.spot.add_class("privkit-spot")
        self.redraw = Button(description="Draw the map for this goal", layout=Layout(width="auto", display="none"))
        super().__init__([self._map, self.spot, self.redraw, self.trade, *self.sliders.values(), self._picture])
        self.trade.observe(lambda change: self._go(change.new), "value")
        self.spot.observe(lambda change: self._clicked(change.new), "value")
        self.redraw.on_click(lambda _: self._remap())
        with self.calm(self._picture):
            self._charted()
            self._draw()

    def _slider(self, column: str, names: list[str]) -> SelectionSlider:
        options = [(name, level) for level, name in enumerate(names)]
        slider = SelectionSlider(
            options=options,
            value=min(self.levels_[column], len(names) - 1),
            description=label(column, 24),
            style={"description_width": "9em"},
            layout={"width": "96%", "max_width": "44em"},
        )
        slider.observe(lambda change: self._move({column: change.new}), "value")
        return slider

    def _move(self, levels: Mapping[str, int]) -> None:
        if not self._moving:
            self.show(levels)

    def show(self, levels: Mapping[str, int] | None = None) -> None:
        """Move to other levels; columns that are not named stay. Without levels, to the best setting."""
        if levels is None:
            levels = begin(self.lattice) if self.atlas is None else self.atlas.at(self.atlas.start)
        with self.calm(self._picture):
            self.levels_ = {**self.levels_, **levels}
            self._moving = True
            try:
                for name, level in levels.items():
                    self.sliders[name].value = level
            finally:
                self._moving = False
            self._draw()

    def _go(self, place: int) -> None:
        """Move to a setting of the map."""
        if not self._moving and self.atlas is not None and place >= 0:
            self.show(self.atlas.at(place))

    def _clicked(self, spot: str) -> None:
        """Move to the setting that is nearest to a spot of the map."""
        x, _, y = spot.partition(",")
        try:
            at = float(x), float(y)
        except ValueError:
            return
        if self.atlas is not None:
            self._go(self.atlas.nearest(*at))

    def judge(self, k: int) -> None:
        """Judge every node by another k."""
        with self.calm(self._picture):
            self.lattice = self.lattice.at_k(k)
            self._known.clear()
            if self.lattice.n_nodes <= _QUICK:
                self._remap()
            else:
                self.atlas, self.redraw.layout.display = None, "" if self.lattice.n_nodes <= MOST else "none"
                self._charted()
                self._draw()

    def _remap(self) -> None:
        self.redraw.layout.display = "none"
        self.atlas = Atlas.of(self.lattice)
        self._charted()
        self._draw()

    def _charted(self) -> None:
        """Draw the ground of the map, and set what the trade-off slider goes along."""
        atlas = self.atlas
        self.trade.layout.display = "none" if atlas is None else ""
        self._ground = [] if atlas is None else atlas.ground()
        self._along = [] if atlas is None else atlas.frontier()
        if atlas is not None:
            rows = self.lattice.task.coding.n_rows
            told = [
                f"{percent(int(atlas.suppressed[at]), rows)} for {number(float(atlas.loss[at]))}" for at in self._along
            ]
            self._moving = True
            self.trade.options = list(zip(told, self._along, strict=True))
            self._moving = False

    def _figures(self, levels: Mapping[str, int]) -> tuple[dict[str, Any], Sizes]:
        place = tuple(levels.values())
        if place not in self._known:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[place] = self.lattice.node(levels), self.lattice.measured(levels)
        return self._known[place]

    def _draw(self) -> None:
        found = self._figures(self.levels_)
        self.node_ = found[0]
        self._map.value = str(self._mapped())
        self._picture.value = str(picture(self.lattice, self.levels_, found, self._worst, self.then()))

    def _mapped(self) -> Markup:
        atlas, task = self.atlas, self.lattice.task
        if atlas is None:
            why = "is not drawn for this goal yet" if self.lattice.n_nodes <= MOST else f"is of {number(MOST)} at most"
            return card(f"{plural(self.lattice.n_nodes, 'setting')}: the map {why}", STYLE)
        # Beside what is shown stands the last one of the slider that suppresses no more.
        within = [at for at in self._along if atlas.suppressed[at] <= self.node_["suppressed"]]
        self._moving = True
        self.trade.value = (within or self._along)[-1]
        self._moving = False
        return card(
            f"{plural(len(atlas.loss), 'setting')} by {task.criterion}: suppressed against {task.utility}",
            STYLE,
            atlas.drawn(self._ground, self.node_),
            tag("p", atlas.told(self.node_)),
        )

    def apply(self, data: object = None) -> Anonymized:
        """Return a table at the levels that are chosen: the lattice's own, or that which a report's panel is about.

        Raises
        ------
        InfeasibleError
            If that needs more records suppressed than allowed.
        """
        found = self.lattice
        if data is not None:
            found = lattice(
                data, list(found.columns), found.task.criterion, hierarchies=self._hierarchies, unit=found.unit
            )
        return found.apply(self.levels_)

    def still(self) -> str:
        """Return the map and the picture as they are now."""
        return str(join([Markup(self._map.value), Markup(self._picture.value)]))

    def words(self) -> str:
        """Return the lattice's text, the map in words, and the node that is shown."""
        levels = _typed(self.levels_)
        told = [f"At {levels}: {answer(self.lattice, self.node_)}; {verdict(self.lattice, self.node_)}."]
        told += [] if self.atlas is None else [printable(self.atlas.told(self.node_))]
        return inserted(text.render(self.lattice, lambda _: [self.then()]), told)

    def then(self) -> str:
        """Return what to type next: the chosen levels, applied; where that is not allowed, the best ones."""
        return self._steps if self.node_["feasible"] else f"{self._steps.rpartition('.')[0]}.show()"


def level_names(lattice: Lattice) -> dict[str, list[str]]:
    """Return the names of each column's levels, with a label that is common there: no value of the table is one.

    Where a criterion counts persons no label is told, as many records may be of one person.
    """
    coding, named = lattice.task.coding, dict[str, list[str]]()
    asked = [part.k for part in lattice.task.criterion.parts if isinstance(part, KAnonymity)]
    for ladder, codes in zip(coding.ladders, coding.combos, strict=True):
        named[ladder.column] = []
        for place, level in enumerate(ladder.levels):
            rows = np.bincount(level.codes[codes], weights=coding.counts, minlength=len(level.labels))
            common = int(rows.argmax()) if len(rows) else 0
            plain = place and lattice.unit is None and level.name != STAR and len(rows)
            such = plain and rows[common] >= max([_COMMON, *asked])
            like = f", as {label(level.labels[common], 14)}" if such else ""
            named[ladder.column].append(f"{place}: {label(level.name, 28)}{like}")
    return {name: named[name] for name in lattice.columns}


def answer(lattice: Lattice, node: Mapping[str, Any]) -> str:
    """Return a node's figures in one line."""
    gone = percent(node["suppressed"], lattice.task.coding.n_rows)
    return f"k = {number(node['k'])}, {gone} suppressed, {lattice.task.utility} = {number(node['loss'])}"


def verdict(lattice: Lattice, node: Mapping[str, Any]) -> str:
    """Return whether the criteria hold at a node, with how many records suppressed."""
    suppressed, task = node["suppressed"], lattice.task
    if node["feasible"]:
        return f"{task.criterion} holds with {number(suppressed)} of {plural(task.coding.n_rows, 'record')} suppressed"
    return f"{number(suppressed)} records would have to be suppressed; {number(task.limit)} are allowed"


def picture(
    lattice: Lattice, levels: Mapping[str, int], found: tuple[Mapping[str, Any], Sizes], worst: float, then: str
) -> Markup:
    """Return what a node reaches and costs: its figures, and its classes by size."""
    task, (node, sizes) = lattice.task, found
    n, suppressed = task.coding.n_rows, node["suppressed"]
    loss = node["loss"] / worst if worst else 0.0
    gone = f"{number(suppressed)} ({percent(suppressed, n)})"
    rows: list[Row] = [
        ["k of what is kept", node["k"], None],
        ["classes", node["classes"], None],
        ["suppressed", gone, _bar(suppressed / n if n else 0, task.limit / n if n else 0)],
        [task.utility, node["loss"], Meter(loss, f"{percent(min(loss, 1))} of the loss with all at *")],
    ]
    return card(
        answer(lattice, node),
        STYLE,
        badge(node["feasible"], verdict(lattice, node)),
        block(Table(["figure", "value", ""], rows)),
        _classes(lattice, sizes),
        tag("p", "Its levels: ", tag("code", _typed(levels))),
        then=[then],
        exact=True,
    )


def _classes(lattice: Lattice, sizes: Sizes) -> Markup | None:
    """Draw the class sizes before suppression, with a line at the k that is asked for."""
    parts = [part for part in lattice.task.criterion.parts if isinstance(part, KAnonymity)]
    asked = [part.k for part in parts if part.unit == lattice.unit]
    if not asked or not sizes.n_rows:
        return None
    what = "rows" if lattice.unit is None else "persons"
    return histogram(sizes, max(asked), f"k = {number(max(asked))}", f"class size at these levels ({what})")


def _bar(share: float, limit: float) -> Meter:
    return Meter(share, f"{percent(share)} suppressed, {percent(limit)} allowed", short=share > limit)


def _typed(levels: Mapping[str, int]) -> str:
    return "{" + ", ".join(f"'{label(name, 24)}': {level}" for name, level in levels.items()) + "}"


_TITLE = "What generalizing would change"


def explorer_of(
    report: KAnonymityReport | RiskReport, k: Callable[[], int], hierarchies: Mapping[str, object] | None
) -> LatticeExplorer | None:
    """Return the explorer of a report's classes, judged by k as it is now; None without hierarchies or rows."""
    tally, unit = report.tally, report.unit
    if hierarchies is None or not tally.n_rows:
        return None
    found = lattice_of(tally, k=min(k(), tally.n_rows), hierarchies=hierarchies, unit=unit).at_k(k())
    return LatticeExplorer(found, then=".explorer.apply(df)", hierarchies=hierarchies)


def shown_below(explorer: LatticeExplorer | None) -> list[Widget]:
    """Return the explorer with its heading."""
    return [] if explorer is None else [HTML(str(card(_TITLE))), explorer]


def steps_of(explorer: LatticeExplorer | None) -> Callable[[Sequence[str]], list[str]]:
    """Return what makes the steps of a report's panel of the report's: the explorer's own first."""
    return at(".report", *([] if explorer is None else [explorer.then()]))


def still_of(parts: Sequence[str], columns: Contributions, k: int, explorer: LatticeExplorer | None) -> str:
    """Return a report's still picture: its HTML, what each column contributes, and the explorer's node."""
    shown = [*map(Markup, parts), card("What each column contributes", contributions(columns, k))]
    if explorer is not None:
        shown += [card(_TITLE), Markup(explorer.still())]
    return str(join(shown))


def words_of(text: str, columns: Contributions, k: int, explorer: LatticeExplorer | None, *more: str) -> str:
    """Return a report's text with the same."""
    below = [] if explorer is None else [_TITLE, *explorer.words().splitlines()]
    return inserted(
        text, [*more, *contribution_lines(columns, k), *(line for line in below if not line.startswith("next: "))]
    )


@panel.register(Lattice)
def _lattice(lattice: Lattice) -> LatticeExplorer:
    return LatticeExplorer(lattice)
