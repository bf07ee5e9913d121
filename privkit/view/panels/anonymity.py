"""The live panel of k-anonymity: the class sizes, and a line for k that moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipywidgets import HTML, BoundedIntText, HBox, IntSlider

from privkit.anonymity.class_sizes import Contributions, Sizes
from privkit.anonymity.kanonymity import KAnonymityReport
from privkit.values.show import changed
from privkit.view import html, text
from privkit.view.panels.base import NUMBER, SLIDER, STYLE, WRAPPED, Panel, panel
from privkit.view.panels.below import explorer_of, shown_below, steps_of, still_of, words_of
from privkit.view.panels.classes import contributions, histogram
from privkit.view.parts.markup import Markup, badge, card, tag
from privkit.view.parts.words import names, number, percent, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: Where the slider ends, at least and at most: a larger k is typed.
_LEAST, _MOST = 20, 100


@panel.register(KAnonymityReport)
def _kanon(report: KAnonymityReport, hierarchies: Mapping[str, object] | None = None) -> KPanel:
    return KPanel(report, hierarchies)


class KPanel(Panel):
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
        self.report = changed(report, required=report.required or 5)
        self._sizes = Sizes.of(report.crowds.sizes, report.crowds.counts)
        self._columns = Contributions(report.tally)
        self._picture = HTML()
        k, end = self.report.required or 5, min(max(self._sizes.largest + 1, _LEAST), _MOST)
        most = max(report.n_rows, k, end)
        self.slider = IntSlider(k, 1, max(end, k), description="k", readout=False, layout=SLIDER)
        self.number = BoundedIntText(k, min=1, max=most, description="k =", layout=NUMBER)
        self.explorer = explorer_of(report, lambda: self.report.required or 1, hierarchies)
        super().__init__([HBox([self.slider, self.number], layout=WRAPPED), self._picture, *shown_below(self.explorer)])
        self.slider.observe(lambda change: self.show(change.new), "value")
        self.number.observe(lambda change: self.show(change.new), "value")
        self._draw()

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

    def _draw(self) -> None:
        self._picture.value = str(picture(self.report, self._sizes, self._columns))

    def _steps(self) -> Callable[[Sequence[str]], list[str]]:
        return steps_of(self.explorer)

    def still(self) -> str:
        """Return the report's HTML at the k that is shown, what each column contributes, and the explorer."""
        return still_of(
            [html.render(self.report, self._steps())], self._columns, self.report.required or 1, self.explorer
        )

    def words(self) -> str:
        """Return the same as text."""
        return words_of(
            text.render(self.report, self._steps()), self._columns, self.report.required or 1, self.explorer
        )


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
