"""The live panel of a risk report: the class sizes, and a threshold that moves."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ipywidgets import BoundedFloatText, FloatLogSlider

from privkit.anonymity.class_sizes import Contributions, Sizes
from privkit.risk.report import RiskReport
from privkit.view import html
from privkit.view.html import block
from privkit.view.panels.anonymity import ReportPanel
from privkit.view.panels.base import NUMBER, SLIDER, STYLE, panel
from privkit.view.panels.classes import contributions, histogram
from privkit.view.parts.markup import Markup, badge, card, tag
from privkit.view.parts.sheet import Table
from privkit.view.parts.words import names, number, percent, plural

_LOWEST = 0.01


class RiskPanel(ReportPanel[RiskReport]):
    """The rows by the size of their class, and how many are at risk above a threshold that you move.

    Exact, for the owner's eyes.

    Parameters
    ----------
    report : RiskReport
    hierarchies : mapping, optional
        Adds the lattice explorer, judged by the least class size that the threshold lets pass.

    Attributes
    ----------
    report : RiskReport
    threshold : float
        The prosecutor risk above which a row is counted, strictly.
    explorer : LatticeExplorer or None
    """

    def __init__(self, report: RiskReport, hierarchies: Mapping[str, object] | None = None) -> None:
        self.threshold = start = _start(report)
        slider = FloatLogSlider(
            start, min=math.log10(_LOWEST), max=0, step=0.02, description="threshold", readout=False, layout=SLIDER
        )
        number = BoundedFloatText(start, min=_LOWEST, max=1, step=0.01, description="risk >", layout=NUMBER)
        super().__init__(report, slider, number, hierarchies)
        self.slider.observe(lambda change: self.show(float(f"{change.new:.2g}")), "value")

    def show(self, threshold: float) -> None:
        """Move the line to a threshold."""
        if threshold == self.threshold:
            return
        with self.calm(self._picture):
            before, self.threshold = _least(self.threshold), threshold
            self.number.value = threshold
            if abs(math.log(self.slider.value / threshold)) > 0.04:  # else the slider's own step
                self.slider.value = threshold
            self._draw()
            if self.explorer is not None and _least(threshold) != before:
                self.explorer.judge(_least(threshold))

    def _least(self) -> int:
        return _least(self.threshold)

    def _draw(self) -> None:
        self._picture.value = str(picture(self.report, self._sizes, self._columns, self.threshold))

    def still(self) -> str:
        """Return the report's HTML, how many are above the threshold, the column contributions, and the explorer."""
        return super().still()

    def _remark(self) -> str:
        return _above(self.report, self._sizes, self.threshold) if self._sizes.n_rows else ""


panel.register(RiskReport, RiskPanel)


def picture(report: RiskReport, sizes: Sizes, columns: Contributions, threshold: float) -> Markup:
    """Return how many rows are at risk above the threshold, the histogram with its line, columns and attackers."""
    if not sizes.n_rows:
        return Markup(html.render(report))
    least = _least(threshold)
    what = "rows" if report.unit is None else "persons"
    rows = [[found.attacker, found.highest, found.average] for found in report.attackers]
    return card(
        f"highest risk {number(report.prosecutor.highest)} by {names(report.qi)}",
        STYLE,
        badge(not sizes.rows_below(least), _above(report, sizes, threshold)),
        tag("p", f"That is every class of fewer than {plural(least, what[:-1])}: the risk is 1 over its size."),
        histogram(sizes, least, f"risk {number(threshold)}", f"class size ({what})", what),
        contributions(columns, least),
        block(Table(["attacker", "highest", "average"], rows, "Risk by attacker")),
        exact=True,
    )


def _above(report: RiskReport, sizes: Sizes, threshold: float) -> str:
    """Return how many rows are above the threshold, and their share."""
    what = "rows" if report.unit is None else "persons"
    above = sizes.rows_below(_least(threshold))
    share = f"{number(above)} of {number(sizes.n_rows)} {what} ({percent(above, sizes.n_rows)})"
    return f"{share} at a prosecutor risk above {number(threshold)}"


def _least(threshold: float) -> int:
    """Return the smallest size f of a class with 1/f ≤ threshold: 0.2 means 5, although 1/0.2 is no whole number.

    Examples
    --------
    >>> _least(0.2), _least(0.09), _least(1), _least(0.34)
    (5, 12, 1, 3)
    """
    return max(math.ceil(1 / threshold - 1e-9), 1)


def _start(report: RiskReport) -> float:
    """Return the report's threshold for rows; 0.2 where it is about uniques alone."""
    limit = float(report.threshold.row_value)
    return limit if _LOWEST <= limit <= 1 else 0.2
