"""The HTML of anonymity reports."""

from __future__ import annotations

from functools import singledispatch

from privkit.anonymity.kanonymity import KAnonymityReport
from privkit.anonymity.reports import CheckReport, ClassReport
from privkit.view.anonymity import telling
from privkit.view.anonymity.bands import Band, bands, figure_bands
from privkit.view.anonymity.text import check_answer, check_next, kanon_answer, kanon_next, kanon_reasons
from privkit.view.parts.markup import Markup, badge, card, meter, table, tag
from privkit.view.parts.words import label, number, percent

#: Over the share and its bar.
_SHARE = tag("th", "share of rows", scope="col", colspan=2)


@singledispatch
def html(value: object) -> Markup:
    """Return the value as HTML."""
    raise TypeError(f"{type(value).__name__} has no HTML")


@html.register(KAnonymityReport)
def _kanon(report: KAnonymityReport) -> Markup:
    verdict = None
    if report.required is not None:
        verdict = badge(
            report.satisfied, f"k = {number(report.required)} is {'met' if report.satisfied else 'not met'}"
        )
    return card(
        kanon_answer(report),
        verdict,
        *(tag("p", reason) for reason in kanon_reasons(report)),
        _sizes(report) if report.n_rows else None,
        then=kanon_next(report),
        exact=True,
    )


def _sizes(report: KAnonymityReport) -> Markup:
    heads = ["class size" if report.unit is None else "persons in class", "classes", "rows", _SHARE]
    return table(heads, [_band(report, band) for band in bands(report)], caption="Rows by the size of their class")


def _band(report: KAnonymityReport | ClassReport, band: Band) -> list[object]:
    share = percent(band.rows, report.n_rows)
    bar = meter(band.rows / report.n_rows, f"{share} of rows: {band.name}", short=band.short)
    return [band.name, number(band.classes), number(band.rows), share, bar]


@html.register(ClassReport)
def _classes(report: ClassReport) -> Markup:
    goal = telling.telling(report).goal
    verdict = badge(report.satisfied, f"{goal} is {'met' if report.satisfied else 'not met'}") if goal else None
    return card(
        telling.answer(report),
        verdict,
        *(tag("p", reason) for reason in telling.reasons(report)),
        _figures(report) if report.n_rows else None,
        then=telling.then(report),
        exact=True,
    )


def _figures(report: ClassReport) -> Markup:
    heads = [report.symbol, "classes", "rows", _SHARE]
    rows = [_band(report, band) for band in figure_bands(report)]
    return table(heads, rows, caption=f"Rows by the {report.symbol} of their class")


@html.register(CheckReport)
def _check(report: CheckReport) -> Markup:
    heads = ["criterion", "verdict", "reached", "rows short"]
    rows = [
        [
            tag("span", label(finding.criterion, 100), title=finding.criterion.paper),
            badge(finding.met, "met" if finding.met else "not met"),
            finding.figure,
            "–" if finding.rows_short is None else number(finding.rows_short),
        ]
        for finding in report.findings
    ]
    return card(check_answer(report), table(heads, rows), then=check_next(report), exact=True)
