"""What the panels of reports on classes share: a line that moves, and the lattice explorer below it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ipywidgets import HTML, HBox, Widget

from privkit.anonymity.class_sizes import Contributions, Sizes
from privkit.transform.lattice import lattice_of
from privkit.view import html, text
from privkit.view.panels.base import WRAPPED, Panel, at, inserted
from privkit.view.panels.classes import contribution_lines, contributions
from privkit.view.panels.transform import LatticeExplorer
from privkit.view.parts.markup import Markup, card, join

if TYPE_CHECKING:
    from privkit.anonymity.kanonymity import KAnonymityReport
    from privkit.risk.report import RiskReport

_TITLE = "What generalizing would change"


def sizes_of(report: KAnonymityReport | RiskReport) -> Sizes:
    """Return the sizes of a report's classes."""
    return Sizes.of(report.crowds.sizes, report.crowds.counts)


Report = TypeVar("Report", bound="KAnonymityReport | RiskReport")


class ReportPanel(Panel, Generic[Report]):
    """A report's rows by the size of their class, with a line that a slider and a number move.

    Below it stand what each column contributes to the classes left of the line and, where hierarchies are given, the
    lattice explorer, judged by the line.

    Attributes
    ----------
    report : KAnonymityReport or RiskReport
    explorer : LatticeExplorer or None
    """

    def __init__(
        self, report: Report, slider: Widget, number: Widget, hierarchies: Mapping[str, object] | None
    ) -> None:
        self.report: Report = report
        self.slider, self.number, self._picture = slider, number, HTML()
        self._sizes = sizes_of(report)
        self._columns = Contributions(report.tally)
        self.explorer = self._explorer(hierarchies)
        below = [] if self.explorer is None else [HTML(str(card(_TITLE))), self.explorer]
        super().__init__([HBox([slider, number], layout=WRAPPED), self._picture, *below])
        self.number.observe(lambda change: self.show(change.new), "value")
        self._draw()

    def _explorer(self, hierarchies: Mapping[str, object] | None) -> LatticeExplorer | None:
        """Return the explorer of the report's classes; None without hierarchies or rows."""
        tally, unit, k = self.report.tally, self.report.unit, self._least()
        if hierarchies is None or not tally.n_rows:
            return None
        found = lattice_of(tally, k=min(k, tally.n_rows), hierarchies=hierarchies, unit=unit).at_k(k)
        return LatticeExplorer(found, then=".explorer.apply(df)", hierarchies=hierarchies)

    def show(self, line: Any) -> None:
        """Move the line."""
        raise NotImplementedError

    def _least(self) -> int:
        """Return the size of the smallest class that does not stand left of the line."""
        raise NotImplementedError

    def _draw(self) -> None:
        raise NotImplementedError

    def _told(self) -> str:
        """Return what is told of the line beside the report; empty where the report tells it."""
        return ""

    def _steps(self) -> Callable[[Sequence[str]], list[str]]:
        """Return what makes the panel's steps of the report's: the explorer's own first."""
        return at(".report", *([] if self.explorer is None else [self.explorer.then()]))

    def still(self) -> str:
        """Return the report's HTML at the k that is shown, what each column contributes, and the explorer."""
        shown = [Markup(html.render(self.report, self._steps())), *([card(told)] if (told := self._told()) else [])]
        shown.append(card("What each column contributes", contributions(self._columns, self._least())))
        if self.explorer is not None:
            shown += [card(_TITLE), Markup(self.explorer.still())]
        return str(join(shown))

    def words(self) -> str:
        """Return the same as text."""
        more = [f"{told}."] if (told := self._told()) else []
        more += contribution_lines(self._columns, self._least())
        below = [] if self.explorer is None else [_TITLE, *self.explorer.words().splitlines()]
        more += [line for line in below if not line.startswith("next: ")]
        return inserted(text.render(self.report, self._steps()), more)
