"""The lattice explorer: all settings as a map, a level per column, and k, suppression and loss that move at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ipywidgets import HTML, Button, Layout, SelectionSlider, Text

from privkit.anonymity.class_sizes import Sizes
from privkit.anonymity.kanonymity import KAnonymity
from privkit.transform.anonymized import Anonymized
from privkit.transform.lattice import Lattice, Survey, lattice
from privkit.values.inputs import Frame
from privkit.values.show import printable
from privkit.view import text
from privkit.view.html import block
from privkit.view.panels.base import STYLE, Panel, inserted, panel
from privkit.view.panels.classes import histogram
from privkit.view.panels.lattice import MOST, Atlas, begin, example, example_line, in_pieces, steps_of_levels
from privkit.view.panels.source import Source, applied, applied_to_table, typed
from privkit.view.parts.markup import Markup, badge, card, join, meter, tag
from privkit.view.parts.sheet import Meter, Row, Table
from privkit.view.parts.words import label, number, percent, plural

#: Nodes that are remembered.
_KEPT = 512
#: A smaller lattice is mapped anew whenever its goal moves; a larger one when that is asked for.
_QUICK = 500


def _named(description: str, options: Sequence[tuple[str, int]], **value: int) -> SelectionSlider:
    """Return a slider of steps that have names."""
    style, layout = {"description_width": "9em"}, {"width": "96%", "max_width": "44em"}
    slider = SelectionSlider(options=options, description=description, style=style, layout=layout, **value)
    slider.add_class("privkit-named")
    return slider


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
        All settings; None where there are more than 60,000, and in a kernel until those of a large one are judged.
    """

    def __init__(
        self,
        lattice: Lattice,
        levels: Mapping[str, int] | None = None,
        then: str = ".apply()",
        hierarchies: Mapping[str, object] | None = None,
    ) -> None:
        self.lattice, self._steps, self._hierarchies = lattice, then, hierarchies
        self._source = Source.here()
        self._survey: Survey | None = None
        #: The map of what the survey has judged, and its ground.
        self._part: tuple[Atlas, list[Markup]] | None = None
        self.atlas = Atlas.of(lattice) if lattice.n_nodes <= _QUICK else None
        best = begin(lattice) if self.atlas is None else self.atlas.at(self.atlas.start)
        self.levels_ = {name: int((best if levels is None else levels).get(name, 0)) for name in lattice.columns}
        self.node_: dict[str, Any] = {}
        self._known: dict[tuple[int, ...], tuple[dict[str, Any], Sizes]] = {}
        self._moving = False
        self._map, self._picture, self._typed = HTML(), HTML(), HTML()
        self._labels = steps_of_levels(lattice)
        self.sliders = {name: self._slider(name, self._labels[name].names) for name in lattice.columns}
        self._worst = self._figures({name: size - 1 for name, size in lattice.shape.items()})[0]["loss"]
        self.trade = _named("trade-off", [("", -1)])
        #: Where the extension writes the spot of a click.
        self.spot = Text(layout=Layout(display="none"))
        self.spot.add_class("privkit-spot")
        self.redraw = Button(description="Draw the map for this goal", layout=Layout(width="auto", display="none"))
        super().__init__(
            [self._map, self.spot, self.redraw, self.trade, *self.sliders.values(), self._picture, self._typed]
        )
        self.trade.observe(lambda change: self._go(change.new), "value")
        self.spot.observe(lambda change: self._clicked(change.new), "value")
        self.redraw.on_click(lambda _: self._remap())
        with self.calm(self._picture):
            if self.atlas is None and lattice.n_nodes <= MOST:
                self._remap(first=levels is None)
            else:
                self._charted()
                self._draw()

    def _slider(self, column: str, names: Sequence[str]) -> SelectionSlider:
        options = [(name, level) for level, name in enumerate(names)]
        slider = _named(label(column, 24), options, value=min(self.levels_[column], len(names) - 1))
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
                self.atlas = self._survey = None
                self.redraw.layout.display = "" if self.lattice.n_nodes <= MOST else "none"
                self._charted()
                self._draw()

    def _remap(self, *, first: bool = False) -> None:
        """Draw the map; in a kernel a large one comes in pieces, and the panel stays at hand. What was chosen stays."""
        self.redraw.layout.display = "none"
        began = self.levels_ if first else None
        self._part = None
        if self.lattice.n_nodes <= _QUICK:
            self.atlas = Atlas.of(self.lattice)
        else:
            self._survey = in_pieces(self.lattice, self._awaits, lambda _: self._surveyed(began))
            if self._survey.judged == self.lattice.n_nodes:
                return self._surveyed(began)
        self._charted()
        return self._draw()

    def _awaits(self, survey: Survey) -> bool:
        """Whether the map is still that of the goal, of a panel that is not closed."""
        return survey is self._survey and self.comm is not None

    def _surveyed(self, began: Mapping[str, int] | None) -> None:
        """Show how far the map is, or the map. Where none is allowed, and nobody moved, begin at the nearest one."""
        survey = self._survey
        assert survey is not None
        with self.calm(self._picture):
            if survey.judged < self.lattice.n_nodes:
                self._part = self._so_far(survey)
                self._map.value = str(self._mapped())
                return
            self.atlas, self._survey = Atlas.by(self.lattice, survey.nodes()), None
            self._charted()
            if self.atlas.best is None and self.levels_ == began:
                self.show(self.atlas.at(self.atlas.start))
            else:
                self._draw()

    def _so_far(self, survey: Survey) -> tuple[Atlas, list[Markup]]:
        part = Atlas.so_far(survey, self.node_)
        return part, part.ground(star=False)

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
        shown = example(self._labels, self.levels_)
        self._picture.value = str(picture(self.lattice, self.levels_, found, self._worst, self.then(), shown))
        self._typed.value = str(self._code())

    def _mapped(self) -> Markup:
        atlas, task = self.atlas, self.lattice.task
        if atlas is None and self._survey is not None:
            share = self._survey.judged / self.lattice.n_nodes
            told = f"{percent(share)} of {plural(self.lattice.n_nodes, 'setting')} judged for the map"
            part, ground = self._part = self._part or self._so_far(self._survey)
            drawn = part.drawn(ground, self.node_)
            return card(f"The best setting is shown; {told}", STYLE, meter(share, told, cells=30), drawn)
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

    def apply(self, data: Frame | None = None) -> Anonymized:
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
        return str(join([Markup(part.value) for part in (self._map, self._picture, self._typed)]))

    def words(self) -> str:
        """Return the lattice's text, the map in words, and the node that is shown."""
        levels = _typed(self.levels_)
        told = [f"At {levels}: {answer(self.lattice, self.node_)}; {verdict(self.lattice, self.node_)}."]
        told += [] if self.atlas is None else [printable(self.atlas.told(self.node_))]
        told.append(example_line(self._labels, self.levels_))
        return inserted(text.render(self.lattice, lambda _: [self.then()]), told)

    def code(self) -> str:
        """Return the code that applies the levels that are chosen; empty where they are not allowed."""
        if not self.node_["feasible"]:
            return ""
        if self._hierarchies is None:
            return applied(self._source, self.lattice, self.levels_)
        return applied_to_table(self._source, self.lattice, self.levels_, self._hierarchies)

    def _code(self) -> Markup:
        if code := self.code():
            return card("The same as code", typed(code, applies=True))
        return card("Not allowed as it is", tag("p", "There is nothing to apply: move to a setting that is allowed."))

    def then(self) -> str:
        """Return what to type next: the chosen levels, applied; where that is not allowed, the best ones."""
        return self._steps if self.node_["feasible"] else f"{self._steps.rpartition('.')[0]}.show()"


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
    lattice: Lattice,
    levels: Mapping[str, int],
    found: tuple[Mapping[str, Any], Sizes],
    worst: float,
    then: str,
    *shown: Markup,
) -> Markup:
    """Return what a node reaches and costs: its figures, its classes by size, and what is shown of a value."""
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
        *shown,
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


panel.register(Lattice, LatticeExplorer)
