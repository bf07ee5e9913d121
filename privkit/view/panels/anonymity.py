"""Live panels of reports on classes: a line that moves, the lattice explorer below it; and that of k-anonymity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ipywidgets import HTML, BoundedIntText, HBox, IntSlider, Widget

from privkit.anonymity.class_sizes import Contributions, Sizes
from privkit.anonymity.kanonymity import KAnonymityReport
from privkit.transform.lattice import lattice_of
from privkit.values.show import changed
from privkit.view import html, text
from privkit.view.panels.base import NUMBER, SLIDER, STYLE, WRAPPED, Panel, at, inserted, panel
from privkit.view.panels.classes import contribution_lines, contributions, histogram
from privkit.view.panels.transform import LatticeExplorer
from privkit.view.parts.markup import Markup, badge, card, join, tag
from privkit.view.parts.words import names, number, part_of, plural

if TYPE_CHECKING:
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

    def _remark(self) -> str:
        """Return what is told of the line beside the report; empty where the report tells it."""
        return ""

    def _steps(self) -> Callable[[Sequence[str]], list[str]]:
        """Return what makes the panel's steps of the report's: the explorer's own first."""
        return at(".report", *([] if self.explorer is None else [self.explorer.then()]))

    def still(self) -> str:
        """Return the report's HTML at the k that is shown, what each column contributes, and the explorer."""
        shown = [
            Markup(html.render(self.report, self._steps())),
            *([card(remark)] if (remark := self._remark()) else []),
        ]
        shown.append(card("What each column contributes", contributions(self._columns, self._least())))
        if self.explorer is not None:
            shown += [card(_TITLE), Markup(self.explorer.still())]
        return str(join(shown))

    def words(self) -> str:
        """Return the same as text."""
        more = [f"{remark}."] if (remark := self._remark()) else []
        more += contribution_lines(self._columns, self._least())
        below = [] if self.explorer is None else [_TITLE, *self.explorer.words().splitlines()]
        more += [line for line in below if not line.startswith("next: ")]
        return inserted(text.render(self.report, self._steps()), more)


# -- k-anonymity ---------------------------------------------------------------------------------------------------

#: Where the slider ends, at least and at most: a larger k is typed.
_LEAST, _MOST = 20, 100


class KPanel(ReportPanel[KAnonymityReport]):
    """The rows by the size of their class, and how many fall short of a k that you move. Exact, for the owner's eyes.

    Parameters
    ----------
    report : KAnonymityReport
    hierarchies : mapping, optional
        Adds the lattice explorer, judged by the k that is shown.

    Attributes
    ----------
    report : KAnonymityReport
        The report with the k that is shown.
    explorer : LatticeExplorer or None
    """

    def __init__(self, report: KAnonymityReport, hierarchies: Mapping[str, object] | None = None) -> None:
        k, end = report.required or 5, min(max(sizes_of(report).largest + 1, _LEAST), _MOST)
        slider = IntSlider(k, 1, max(end, k), description="k", readout=False, layout=SLIDER)
        most = max(report.n_rows, k, end)
        number = BoundedIntText(k, min=1, max=most, description="k =", layout=NUMBER)
        super().__init__(changed(report, required=k), slider, number, hierarchies)
        self.slider.observe(lambda change: self.show(change.new), "value")

    def show(self, k: int) -> None:
        """Move the line to `k`."""
        if k == self.report.required:
            return
        with self.calm(self._picture):
            self.report = changed(self.report, required=k)
            self.number.value = k
            self.slider.value = min(k, self.slider.max)
            self._draw()
            if self.explorer is not None:
                self.explorer.judge(k)

    def _least(self) -> int:
        return self.report.required or 1

    def _draw(self) -> None:
        self._picture.value = str(picture(self.report, self._sizes, self._columns))


panel.register(KAnonymityReport, KPanel)


def picture(report: KAnonymityReport, sizes: Sizes, columns: Contributions) -> Markup:
    """Return the verdict at the report's k, the histogram with its line, and what each column contributes."""
    k = report.required or 1
    if not sizes.n_rows:
        return Markup(html.render(report))
    short, what = sizes.rows_below(k), "rows" if report.unit is None else "persons"
    told = (
        f"k = {number(k)}: {part_of(short, sizes.n_rows, what[:-1])} fall short" if short else f"k = {number(k)} holds"
    )
    return card(
        f"k = {number(report.k)} by {names(report.qi)}",
        STYLE,
        badge(not short, told),
        tag(
            "p",
            f"They are in {plural(report.classes_short or 0, 'class', 'classes')} of fewer than {number(k)} {what}.",
        )
        if short
        else None,
        histogram(sizes, k, f"k = {number(k)}", f"class size ({what})", what),
        contributions(columns, k),
        exact=True,
    )
