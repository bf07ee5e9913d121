"""The HTML of anonymity reports."""

from __future__ import annotations

from functools import singledispatch

from privkit.anonymity.kanon import KAnonymityReport
from privkit.view.bands_anonymity import Band, bands
from privkit.view.markup import Markup, badge, card, meter, table, tag
from privkit.view.text_anonymity import kanon_answer, kanon_next, kanon_reasons
from privkit.view.words import number, percent


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
    heads = ["class size" if report.unit is None else "persons in class", "classes", "rows", "share of rows", ""]
    return table(heads, [_band(report, band) for band in bands(report)], caption="Rows by the size of their class")


def _band(report: KAnonymityReport, band: Band) -> list[object]:
    share = percent(band.rows, report.n_rows)
    bar = meter(band.rows / report.n_rows, f"{share} of rows in classes of size {band.name}", short=band.short)
    return [band.name, number(band.classes), number(band.rows), share, bar]
