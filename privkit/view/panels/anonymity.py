"""The live panel of k-anonymity: the class sizes, and a line for k that moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipywidgets import BoundedIntText, IntSlider

from privkit.anonymity.class_sizes import Contributions, Sizes
from privkit.anonymity.kanonymity import KAnonymityReport
from privkit.values.show import changed
from privkit.view import html
from privkit.view.panels.base import NUMBER, SLIDER, STYLE, panel
from privkit.view.panels.classes import contributions, histogram
from privkit.view.panels.report import ReportPanel, sizes_of
from privkit.view.parts.markup import Markup, badge, card, tag
from privkit.view.parts.words import names, number, percent, plural

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Where the slider ends, at least and at most: a larger k is typed.
_LEAST, _MOST = 20, 100


@panel.register(KAnonymityReport)
def _kanon(report: KAnonymityReport, hierarchies: Mapping[str, object] | None = None) -> KPanel:
    return KPanel(report, hierarchies)


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


def picture(report: KAnonymityReport, sizes: Sizes, columns: Contributions) -> Markup:
    """Return the verdict at the report's k, the histogram with its line, and what each column contributes."""
    k = report.required or 1
    if not sizes.n_rows:
        return Markup(html.render(report))
    short, what = sizes.rows_below(k), "rows" if report.unit is None else "persons"
    left = f"{number(short)} of {plural(sizes.n_rows, what[:-1])} ({percent(short, sizes.n_rows)})"
    told = f"k = {number(k)} holds" if not short else f"k = {number(k)}: {left} fall short"
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
