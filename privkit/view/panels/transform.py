"""The lattice explorer: pick a level per column, and see k, suppression and loss move at once.

What the panels of reports on classes share: the column contributions and the lattice explorer below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ipywidgets import HTML, SelectionSlider, Widget

from privkit.anonymity.class_sizes import Contributions
from privkit.anonymity.kanonymity import KAnonymity
from privkit.transform.lattice import Lattice, lattice_of
from privkit.view import text
from privkit.view.html import block
from privkit.view.panels.base import STYLE, Panel, at, inserted, panel
from privkit.view.panels.classes import contribution_lines, contributions, histogram
from privkit.view.parts.calls import call
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


class LatticeExplorer(Panel):
    """A slider per column, from its values as they are to ``*``, and what each choice reaches and costs.

    Exact, for the owner's eyes; spends nothing.

    Parameters
    ----------
    lattice : Lattice
    levels : mapping of str to int, optional
        Where the sliders begin; at the values as they are by default.
    then : callable, optional
        Returns what to type next, where that is not ``panel.lattice.apply(panel.levels_)``.

    Attributes
    ----------
    lattice : Lattice
    levels_ : dict of str to int
        The levels that are chosen, ready for ``lattice.apply``.
    node_ : dict
        Their figures, as ``lattice.node`` tells them.
    """

    def __init__(
        self, lattice: Lattice, levels: Mapping[str, int] | None = None, then: Callable[[], str] | None = None
    ) -> None:
        self.lattice = lattice
        self.levels_ = {name: int((levels or {}).get(name, 0)) for name in lattice.columns}
        self.node_: dict[str, Any] = {}
        self._known: dict[tuple[int, ...], tuple[dict[str, Any], Sizes]] = {}
        self._then = then or (lambda: "panel.lattice.apply(panel.levels_)")
        self._picture = HTML()
        names = lattice.level_names()
        self.sliders = {name: self._slider(name, names[name]) for name in lattice.columns}
        self._worst = self._figures({name: size - 1 for name, size in lattice.shape.items()})[0]["loss"]
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

    def judge(self, k: int) -> None:
        """Judge every node by another k."""
        with self.calm(self._picture):
            self.lattice = self.lattice.at_k(k)
            self._known.clear()
            self._draw()

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
        self._picture.value = str(picture(self.lattice, self.levels_, found, self._worst, self.then()))

    def still(self) -> str:
        """Return the picture as it is now."""
        return str(self._picture.value)

    def words(self) -> str:
        """Return the lattice's text, and the node that is shown."""
        levels = _typed(self.levels_)
        told = f"At {levels}: {answer(self.lattice, self.node_)}; {verdict(self.lattice, self.node_)}."
        return inserted(text.render(self.lattice, lambda _: [self.then()]), [told])

    def then(self) -> str:
        """Return what to type next: the levels that are chosen, applied."""
        return self._then()


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

    def then() -> str:
        typed = call(report, "lattice", found.columns, k=k(), unit=unit, hierarchies=... if hierarchies else None)
        return f"{typed.replace('Ellipsis', '...')}.apply(panel.explorer.levels_)"

    return LatticeExplorer(found, then=then)


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
