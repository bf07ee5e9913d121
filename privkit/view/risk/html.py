"""The HTML of risk reports."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from privkit.risk.copula import CopulaReport
from privkit.risk.linkage.link import LinkReport
from privkit.risk.report import RiskReport
from privkit.risk.suda import SudaReport
from privkit.risk.unicity import UnicityReport
from privkit.view.parts.markup import Markup, card, meter, note, table, tag
from privkit.view.parts.words import label, number, percent
from privkit.view.risk import text as words

if TYPE_CHECKING:
    from privkit.anonymity.population_uniques import UniquenessEstimates

#: Lines of a table; the whole of it is a frame.
_MOST = 12


@singledispatch
def html(value: object) -> Markup:
    """Return the value as HTML."""
    raise TypeError(f"{type(value).__name__} has no HTML")


@html.register(RiskReport)
def _risk(report: RiskReport) -> Markup:
    if not report.n_rows:
        return card(words.risk_answer(report), *map(_line, words.risk_reasons(report)))
    rows = [
        [
            found.attacker,
            number(found.highest),
            number(found.average),
            percent(found.rows_at_risk, report.n_rows),
            meter(found.average, f"average {found.attacker} risk", short=found.average > report.threshold.row_value),
        ]
        for found in report.attackers
    ]
    heads = ["attacker", "highest", "average", "above threshold", ""]
    plain = [reason for reason in words.risk_reasons(report) if reason.split(":")[0] not in {row[0] for row in rows}]
    return card(
        words.risk_answer(report),
        table(heads, rows, caption="Risk by attacker"),
        *map(_line, plain),
        None if report.uniqueness is None else _models(report.uniqueness, report.copula),
        then=words.risk_next(report),
        exact=True,
    )


def _models(found: UniquenessEstimates, copula: CopulaReport | None) -> Markup:
    rows = [
        [
            estimate.model + (" (chosen)" if estimate.model == found.chosen else ""),
            "no answer" if estimate.uniques is None else number(round(estimate.uniques)),
            "" if estimate.share is None else percent(estimate.share),
        ]
        for estimate in found.values()
    ]
    if copula is not None:
        rows.append(["copula", number(round(copula.uniqueness * copula.population)), percent(copula.uniqueness)])
    shown = table(["model", "population uniques", "share"], rows, caption="Uniques of the population, estimated")
    return tag("div", shown, *map(note, dict.fromkeys(words.estimate_note(estimate) for estimate in found.values())))


def _line(text: str) -> Markup:
    return tag("p", text)


@html.register(CopulaReport)
def _copula(report: CopulaReport) -> Markup:
    first, *rest = words.text(report).splitlines()
    return card(first, *map(_line, rest[:-1]), then=[".per_row", "df.privacy.risk(qi, population=...)"], exact=True)


@html.register(SudaReport)
def _suda(report: SudaReport) -> Markup:
    found = report.to_frame().head(_MOST)
    total = max(report.n_rows, 1)
    rows = [
        [
            " · ".join(label(name) for name in columns),
            number(msus),
            number(unique),
            meter(unique / total, f"{percent(unique, total)} of rows are alone by these columns", short=True),
        ]
        for columns, msus, unique in zip(found["columns"], found["msus"], found["unique_rows"], strict=True)
    ]
    heads = ["columns", "minimal for", "rows alone", "share of rows"]
    return card(
        words.suda_answer(report),
        *map(_line, words.suda_reasons(report)),
        table(heads, rows, caption="Sets of columns that single rows out") if rows else None,
        then=[".to_frame()", ".scores", ".plot()"],
        exact=True,
    )


@html.register(LinkReport)
def _link(report: LinkReport) -> Markup:
    found = report.to_frame()
    rows = [
        [name, number(hits), number(n), percent(share), f"{percent(low)} to {percent(high)}", meter(share, str(name))]
        for name, hits, n, share, low, high in found.itertuples(index=False)
    ]
    return card(
        words.link_answer(report),
        *map(_line, words.link_reasons(report)),
        table(["", "rows", "of", "share", "95 % (Wilson)", ""], rows, caption="Linkage") if report.n_rows else None,
        then=words.link_next(report),
        exact=True,
    )


@html.register(UnicityReport)
def _unicity(report: UnicityReport) -> Markup:
    rows = [
        [
            number(points),
            number(rate.n),
            percent(rate.observed),
            f"{percent(rate.low)} to {percent(rate.high)}",
            meter(rate.observed, f"singled out by {points}", short=True),
        ]
        for points, rate in report.by_points.items()
    ]
    return card(
        words.unicity_answer(report),
        *(_line(reason) for reason in words.unicity_reasons(report) if reason),
        table(["known points", "persons tried", "singled out", "95 % (Wilson)", ""], rows),
        note("Persons with fewer points were not tried."),
        then=[".to_frame()", ".plot()"],
        exact=True,
    )
