"""The text of risk reports."""

from __future__ import annotations

from functools import singledispatch

from privkit.anonymity.population_uniques import UniquenessEstimate
from privkit.risk.attackers import Threshold
from privkit.risk.copula import CopulaReport
from privkit.risk.linkage.fuzzy import FuzzyLinkage
from privkit.risk.linkage.link import LinkReport
from privkit.risk.report import RiskReport
from privkit.risk.suda import SudaReport
from privkit.risk.unicity import UnicityReport
from privkit.view.parts.words import argument, lines, names, number, percent, plural


@singledispatch
def text(value: object) -> str:
    """Return the value as text."""
    raise TypeError(f"{type(value).__name__} has no text")


# -- risk ----------------------------------------------------------------------------------------------------------


@text.register(RiskReport)
def _risk(report: RiskReport) -> str:
    return lines(risk_answer(report), *risk_reasons(report), then=risk_next(report))


def threshold_words(threshold: Threshold) -> str:
    """Return the threshold with its name."""
    named = f" ({threshold.name})" if threshold.name else ""
    value = number(float(threshold.value))
    return f"the share of uniques {value}{named}" if threshold.measure == "uniqueness" else f"risk {value}{named}"


def risk_answer(report: RiskReport) -> str:
    """Return the first line: how many are at risk, and the highest and average risk."""
    if not report.n_rows:
        return "Risk: the table has no rows."
    who = "person" if report.unit else "row"
    found = report.prosecutor
    if report.threshold.measure == "uniqueness":
        verb = "above" if report.exceeds else "not above"
        share = f"{percent(report.n_unique, report.n_rows)} of {plural(report.n_rows, who)} are sample uniques"
        return f"{share}: {verb} {threshold_words(report.threshold)}."
    return (
        f"{number(found.rows_at_risk)} of {plural(report.n_rows, who)} ({percent(found.rows_at_risk, report.n_rows)}) "
        f"{'is' if found.rows_at_risk == 1 else 'are'} above {threshold_words(report.threshold)}."
    )


def risk_reasons(report: RiskReport) -> list[str]:
    """Return the attackers, the population and what limits the figures."""
    if not report.n_rows:
        return ["A table without rows tells about nobody."]
    reasons = [
        f"{found.attacker}: highest {number(found.highest)}, average {number(found.average)}, "
        f"{percent(found.rows_at_risk, report.n_rows)} above the threshold."
        for found in report.attackers
    ]
    reasons += _population(report)
    if report.threshold.name:
        reasons.append(f"Threshold from {report.threshold.source}. Below it is no proof of anonymity.")
    return reasons


def _population(report: RiskReport) -> list[str]:
    told = []
    if report.k_map is None:
        told.append(
            "Journalist and marketer take the data as its own population (an upper bound); population= tells more."
        )
    else:
        told.append(
            f"k-map = {number(report.k_map)} in a population of {number(report.population or 0)}; "
            f"{plural(report.population_unique or 0, 'sample unique is', 'sample uniques are')} unique there too."
        )
    if report.classes_outside:
        told.append(
            f"The population lacks rows of {plural(report.classes_outside, 'class', 'classes')} of the data, so it is "
            "not a table of everybody; their size in the data counts instead."
        )
    if report.uniqueness is not None:
        told.append(estimate_words(report.uniqueness.estimate))
    if report.copula is not None:
        share = f"{percent(report.copula.uniqueness)} (± {percent(report.copula.error)} from drawing rows)"
        told.append(
            f"By a Gaussian copula (Rocher et al. 2019) {share} of the population are unique, sampling fraction "
            f"{number(report.copula.sampling_fraction)}; all rests on that model."
        )
    return told


def estimate_words(found: UniquenessEstimate) -> str:
    """Return one estimate of population uniques with its model and sampling fraction."""
    fraction = f"sampling fraction {number(found.sampling_fraction)}"
    if found.uniques is None:
        return f"Population uniques: the model {found.model} found no answer ({fraction}). {found.note}"
    uniques = f"{number(round(found.uniques))} ({percent(found.share or 0)})"
    return f"Estimated population uniques: {uniques}, model {found.model}, {fraction}."


def estimate_note(found: UniquenessEstimate) -> str:
    """Return the limits of an estimate, or which model found no answer and why."""
    return found.note if found.valid else f"{found.model}: {found.note}"


def risk_next(report: RiskReport) -> list[str]:
    """Return what to type next."""
    if not report.n_rows:
        return []
    look = [".to_frame()", ".plot()"]
    first = f"df.privacy.suda({argument(report.qi)})"
    if report.exceeds and report.threshold.measure == "row" and report.threshold.cell:
        return [f"df.privacy.anonymize({argument(report.qi)}, k={report.threshold.cell})", first, *look]
    return [first, *look]


@text.register(CopulaReport)
def _copula(report: CopulaReport) -> str:
    share = f"{percent(report.uniqueness)} (± {percent(report.error)} from drawing rows)"
    drawn = f"sampling fraction {number(report.sampling_fraction)}, {plural(len(report.per_row), 'row')} drawn"
    return lines(
        f"An estimated {share} of {number(report.population)} persons are unique by {names(report.qi)}.",
        f"A match with a row would be right with probability {number(report.correctness)} on average.",
        f"Model: {report.model}; {drawn}.",
        "All stands and falls with the model, which knows nothing of values that the table lacks.",
        then=[".per_row", "df.privacy.risk(qi, population=...)"],
    )


# -- suda ----------------------------------------------------------------------------------------------------------


@text.register(SudaReport)
def _suda(report: SudaReport) -> str:
    return lines(suda_answer(report), *suda_reasons(report), then=[".to_frame()", ".scores", ".plot()"])


def suda_answer(report: SudaReport) -> str:
    """Return the first line: how many rows are alone, and by how few columns."""
    if not report.by_size:
        if report.stopped == "time":
            return (
                f"No minimal sample unique up to {plural(report.searched, 'column')}: the time limit ended the search."
            )
        return f"No row of {number(report.n_rows)} is alone by up to {plural(report.searched, 'column')}."
    share = f"{number(report.n_unique)} of {plural(report.n_rows, 'row')} ({percent(report.n_unique, report.n_rows)})"
    return f"{share} are sample uniques, some by {plural(min(report.by_size), 'column')} alone."


def suda_reasons(report: SudaReport) -> list[str]:
    """Return the minimal sample uniques by size, the columns that make them, and what was left out."""
    told = []
    if report.by_size:
        sizes = ", ".join(f"{number(count)} of {size}" for size, count in report.by_size.items())
        told.append(f"Minimal sample uniques by their number of columns: {sizes}.")
        top = [f"{names([name])} {percent(share)}" for name, share in list(report.by_column.items())[:4] if share]
        told.append(f"Columns that take part: {', '.join(top)}.")
    if report.dis is not None:
        told.append(
            f"DIS = {number(report.dis)}: how often a unique match would be right, "
            f"at sampling fraction {number(report.sampling_fraction or 0)}."
        )
    if report.stopped:
        why = {"size": "max_size", "time": "the time limit", "memory": "memory"}[report.stopped]
        told.append(
            f"Left out by {why}: sets of more than {plural(report.searched, 'column')}; scores lack their part."
        )
    return told


# -- linkage -------------------------------------------------------------------------------------------------------


@text.register(LinkReport)
def _link(report: LinkReport) -> str:
    return lines(link_answer(report), *link_reasons(report), then=link_next(report))


def link_answer(report: LinkReport) -> str:
    """Return the first line: how many rows are singled out."""
    share = f"{number(report.n_single)} of {plural(report.n_rows, 'row')} ({percent(report.n_single, report.n_rows)})"
    nearly = f", compared fuzzily at probability {number(report.fuzzy.probability)}" if report.fuzzy else ""
    return f"{share} match exactly one of {plural(report.n_other, 'row')} by {names(report.on)}{nearly}."


def link_reasons(report: LinkReport) -> list[str]:
    """Return what the truth, the control and chance say."""
    told = [
        f"{number(report.n_none)} match none, {number(report.n_several)} several: {plural(report.n_pairs, 'pair')}."
    ]
    if report.n_incomplete:
        missing = "missing never matches" if report.fuzzy is None else "missing is no evidence for a match"
        told.append(f"{plural(report.n_incomplete, 'row has', 'rows have')} a missing value there: {missing}.")
    if report.fuzzy is not None:
        told.append(fuzzy_words(report.fuzzy))
    if report.n_right is not None:
        told.append(
            f"{number(report.n_right)} of the {plural(report.n_single, 'single match', 'single matches')} are right."
        )
    if report.n_unjudged:
        told.append(f"About {plural(report.n_unjudged, 'single match', 'single matches')} the truth says nothing.")
    if report.n_unknown:
        told.append(f"{plural(report.n_unknown, 'id', 'ids')} of the truth stand in neither table.")
    told.append(f"By chance (columns shuffled) {_rate(report.baseline)} would.")
    if report.control is not None and report.excess is not None:
        told.append(
            f"Of people known to be absent {_rate(report.control)} do; risk above that control "
            f"{percent(report.excess.value)} (95 %: {percent(report.excess.low)} to {percent(report.excess.high)})."
        )
    if not report.informative:
        told.append("The attack does no better than chance: these figures say little about a better one.")
    return told


def fuzzy_words(how: FuzzyLinkage) -> str:
    """Return how two tables were compared, and which pairs were not."""
    kinds = ", ".join(f"{names([name])} as {kind}" for name, kind in how.comparisons.items())
    if not how.compared_on:
        return f"{how.library} compared no pair: none agrees in one column, or too many do (max_pairs)."
    where = " or ".join(" and ".join(names([name]) for name in block) for block in how.compared_on)
    return (
        f"{how.library} compared {kinds}, in up to {plural(how.n_compared, 'pair')}: those that agree in {where}. "
        "Others were not compared."
    )


def _rate(rate: object) -> str:
    return f"{percent(rate.observed)}"  # type: ignore[attr-defined]


def link_next(report: LinkReport) -> list[str]:
    """Return what to type next."""
    change = [f"df.privacy.anonymize({argument(report.on)}, k=5)"] if report.n_single else []
    return [*change, ".to_frame()", ".plot()"]


# -- unicity -------------------------------------------------------------------------------------------------------


@text.register(UnicityReport)
def _unicity(report: UnicityReport) -> str:
    return lines(unicity_answer(report), *unicity_reasons(report), then=[".to_frame()", ".plot()"])


def unicity_answer(report: UnicityReport) -> str:
    """Return the first line: the share of persons singled out by the largest number of points."""
    tried = {points: rate for points, rate in report.by_points.items() if rate.n}
    if not tried:
        return "Unicity: no person has as many points."
    points, rate = next(reversed(tried.items()))
    known = f"{plural(points, 'known point')} of {names(report.columns)}"
    return f"{known} single out {percent(rate.observed)} of {names([report.unit])}."


def unicity_reasons(report: UnicityReport) -> list[str]:
    """Return the shares by number of points, and whom they are about."""
    shares = ", ".join(f"{points}: {percent(rate.observed)}" for points, rate in report.by_points.items() if rate.n)
    most = max((rate.n for rate in report.by_points.values()), default=0)
    told = [
        f"By number of points: {shares}." if shares else "",
        f"Of {number(report.n_persons)} persons, up to {number(most)} drawn at random were tried.",
    ]
    if report.n_without_id:
        told.append(f"{plural(report.n_without_id, 'row')} without {names([report.unit])} left out.")
    return told
