"""What reports on linkage say, and how rates with their intervals are drawn."""

from __future__ import annotations

from collections.abc import Mapping

from privkit.risk.attackers import Rate
from privkit.risk.fuzzy import FuzzyLinkage
from privkit.risk.link import LinkReport
from privkit.view.parts.calls import call
from privkit.view.parts.chart import Bars, Chart
from privkit.view.parts.sheet import Between, Meter, Row, Share, Sheet, Table, given, sheet
from privkit.view.parts.words import names, number, part_of, percent, plural


@sheet.register(LinkReport)
def _link(report: LinkReport) -> Sheet:
    change = [call(report, "anonymize", report.on, k=5)] if report.n_single and report.n_rows >= 5 else []
    found = {
        "single match": report.singled,
        "right match": report.right,
        "control": report.control,
        "by chance": report.baseline,
    }
    heads = ["", "rows", "of", "share", "95 % (Wilson)", ""]
    table = Table(heads, lambda: _linked(report), "Linkage") if report.n_rows else None
    return Sheet(
        _link_answer(report),
        given(*_link_reasons(report), table),
        [*change, ".to_frame()", ".plot()"],
        exact=True,
        chart=lambda: Chart(
            _apart(report) or f"{percent(report.n_single, report.n_rows)} of rows match exactly one",
            "what is counted",
            WILSON,
            rates({name: rate for name, rate in found.items() if rate is not None}),
        ),
    )


def _linked(report: LinkReport) -> list[Row]:
    return [
        [name, hits, n, Share(share), Between(low, high, shares=True), Meter(share, str(name))]
        for name, hits, n, share, low, high in report.to_frame().itertuples(index=False)
    ]


#: What stands along the axis of rates.
WILSON = "share (95 %, Wilson)"


def rates(named: Mapping[str, Rate]) -> Bars:
    """Return rates by name, each with its interval."""
    found = list(named.values())
    told = [percent(rate.observed) for rate in found]
    limits = [(rate.low, rate.high) for rate in found]
    return Bars(list(named), [rate.observed for rate in found], told, limits=limits, top=1.12)


def _link_answer(report: LinkReport) -> str:
    """Return the first line: how many rows are singled out; that none could be is no share of 0."""
    if apart := _apart(report):
        return apart
    nearly = f", compared fuzzily at probability {number(report.fuzzy.probability)}" if report.fuzzy else ""
    share = part_of(report.n_single, report.n_rows)
    return f"{share} match exactly one of {plural(report.n_other, 'row')} by {names(report.on)}{nearly}."


def _apart(report: LinkReport) -> str:
    """Return why nothing could be found, whoever looks so."""
    if report.fuzzy is not None and not report.fuzzy.compared_on and not report.n_pairs:
        return "Nothing could match: no pair of rows was compared. That says nothing about the risk."
    if report.n_reachable or report.n_reachable is None or report.n_incomplete == report.n_rows:
        return ""
    lacking = f" of {names(report.apart)}" if report.apart else ""
    return (
        f"Nothing could match: exact agreement by {names(report.on)} was asked, and every row has a value{lacking} "
        "that the other table lacks. That says nothing about an attacker who takes the nearest."
    )


def _link_reasons(report: LinkReport) -> list[str]:
    beyond = report.n_rows - report.n_incomplete - (report.n_reachable or 0)
    told = [
        f"{number(report.n_none)} match none, {number(report.n_several)} several: {plural(report.n_pairs, 'pair')}."
    ]
    if report.labeled:
        told.append(
            f"{names(report.labeled)} {'holds' if len(report.labeled) == 1 else 'hold'} labels of intervals or hidden "
            "characters in one table alone: bring the other to the same levels, or compare the values as they were."
        )
    if report.n_incomplete:
        missing = "missing never matches" if report.fuzzy is None else "missing is no evidence for a match"
        told.append(f"{plural(report.n_incomplete, 'row has', 'rows have')} a missing value there: {missing}.")
    if report.n_reachable and beyond:
        rows = plural(beyond, "row has", "rows have")
        told.append(f"{rows} a value that the other table lacks: where exact agreement is asked, nobody finds them.")
    if report.fuzzy is not None:
        told.append(_fuzzy(report.fuzzy))
    if report.n_right is not None:
        told.append(
            f"{number(report.n_right)} of the {plural(report.n_single, 'single match', 'single matches')} are right."
        )
    if report.n_unjudged:
        told.append(f"About {plural(report.n_unjudged, 'single match', 'single matches')} the truth says nothing.")
    if report.n_unknown:
        told.append(f"{plural(report.n_unknown, 'id', 'ids')} of the truth stand in neither table.")
    told.append(f"By chance (columns shuffled) {percent(report.baseline.observed)} would.")
    if report.control is not None and report.excess is not None:
        told.append(
            f"Of people known to be absent {percent(report.control.observed)} do; risk above that control "
            f"{percent(report.excess.value)} (95 %: {percent(report.excess.low)} to {percent(report.excess.high)})."
        )
    if not report.informative and not _apart(report):
        told.append("The attack does no better than chance: these figures say little about a better one.")
    return told


def _fuzzy(how: FuzzyLinkage) -> str:
    kinds = ", ".join(f"{names([name])} as {kind}" for name, kind in how.comparisons.items())
    rows = plural(how.n_equal, "row has an equal and matches", "rows have equals and match")
    equal = f"{rows} {'it' if how.n_equal == 1 else 'them'}. "
    if not how.compared_on:
        return f"{equal}{how.library} compared no pair: none agrees in one column, or too many do (max_pairs)."
    where = " or ".join(" and ".join(names([name]) for name in block) for block in how.compared_on)
    return (
        f"{equal}{how.library} compared {kinds}, in up to {plural(how.n_compared, 'pair')}: those that agree in "
        f"{where}. Others were not compared."
    )
