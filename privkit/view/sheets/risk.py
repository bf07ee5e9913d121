"""What risk reports say."""

from __future__ import annotations

from privkit.anonymity.population_uniques import UniquenessEstimate, UniquenessEstimates
from privkit.anonymity.table_risk import SampleUniqueness
from privkit.risk.attackers import AttackerRisk, Threshold
from privkit.risk.copula import CopulaReport
from privkit.risk.report import RiskReport
from privkit.risk.suda import SudaReport
from privkit.risk.unicity import UnicityReport
from privkit.values.writing import error_percent
from privkit.view.parts.calls import call
from privkit.view.parts.chart import Bars, Chart, Pairs, Spread
from privkit.view.parts.sheet import Between, Block, Meter, Note, Row, Share, Sheet, Table, given, sheet
from privkit.view.parts.words import label, names, number, part_of, percent, plural
from privkit.view.sheets.linkage import WILSON, rates

#: Lines of a table; the whole of it is a frame.
_MOST = 12


# -- risk ----------------------------------------------------------------------------------------------------------


@sheet.register(RiskReport)
def _risk(report: RiskReport) -> Sheet:
    blocks, then = given(*_risk_blocks(report)), _risk_next(report)
    return Sheet(_risk_answer(report), blocks, then, exact=report.n_rows > 0, chart=lambda: _risk_chart(report))


def _risk_blocks(report: RiskReport) -> list[Block]:
    if not report.n_rows:
        return ["A table without rows tells about nobody."]
    blocks: list[Block] = [_attackers(report), *_households(report), *_population(report)]
    if report.threshold.name:
        blocks.append(f"Threshold from {report.threshold.source}. Below it is no proof of anonymity.")
    return [*blocks, *([] if report.uniqueness is None else _models(report.uniqueness, report.copula))]


def _attackers(report: RiskReport) -> Table:
    limit, found, by_row = report.threshold.row_value, report.attackers, report.unit is not None
    heads = ["attacker", "highest", "average", "above threshold", ""]
    if by_row:
        heads = [
            "attacker",
            "highest",
            "average",
            "persons above threshold",
            "",
            "average of rows",
            "rows above threshold",
        ]
    rows: list[Row] = [
        [
            one.attacker,
            one.highest,
            one.average,
            Share(one.share_at_risk),
            Meter(one.average, f"average {one.attacker} risk", one.average > float(limit)),
            *((one.row_average, Share(one.row_share_at_risk)) if by_row else ()),
        ]
        for one in found
    ]
    lines = [
        f"{one.attacker}: highest {number(one.highest)}, average {number(one.average)}, "
        f"{percent(one.share_at_risk)} above the threshold{_of_rows(one) if by_row else ''}."
        for one in found
    ]
    return Table(heads, rows, "Risk by attacker", lines)


def _of_rows(one: AttackerRisk) -> str:
    return f"; of rows average {number(one.row_average)}, {percent(one.row_share_at_risk)} above"


def _households(report: RiskReport) -> list[str]:
    if (found := report.household) is None:
        return []
    who = "person" if report.unit else "row"
    return [
        f"Households ({names([found.column])}, {number(found.n_households)}): {number(found.expected)} {who}s are "
        f"expected to be found with somebody of theirs, {number(found.expected_alone)} by themselves; highest "
        f"{number(found.highest)}, {percent(found.share_at_risk)} above the threshold."
    ]


def _models(found: UniquenessEstimates, copula: CopulaReport | None) -> list[Block]:
    rows: list[Row] = [
        [
            estimate.model + (" (chosen)" if estimate.model == found.chosen else ""),
            "no answer" if estimate.uniques is None else round(estimate.uniques),
            None if estimate.share is None else Share(estimate.share),
        ]
        for estimate in found.values()
    ]
    if copula is not None:
        rows.append(["copula", round(copula.uniqueness * copula.population), Share(copula.uniqueness)])
    notes = dict.fromkeys(
        estimate.note if estimate.valid else f"{estimate.model}: {estimate.note}" for estimate in found.values()
    )
    shown = Table(["model", "population uniques", "share"], rows, "Uniques of the population, estimated")
    return [shown, *(Note(note, told=False) for note in notes)]


def _risk_chart(report: RiskReport) -> Chart:
    found, limit = report.attackers, float(report.threshold.row_value)
    drawn = Pairs(
        [one.attacker for one in found],
        ("highest", [one.highest for one in found]),
        ("average", [one.average for one in found]),
        limit,
        f"threshold\n{number(limit)}",
        "above the threshold",
    )
    return Chart(_risk_answer(report), "attacker", "risk", drawn)


def _threshold(threshold: Threshold) -> str:
    named = f" ({threshold.name})" if threshold.name else ""
    value = number(float(threshold.value))
    return f"the share of uniques {value}{named}" if threshold.measure == "uniqueness" else f"risk {value}{named}"


def _risk_answer(report: RiskReport) -> str:
    """Return the first line: how many are at risk, and the highest and average risk."""
    if not report.n_rows:
        return "Risk: the table has no rows."
    who = "person" if report.unit else "row"
    found = report.prosecutor
    if report.threshold.measure == "uniqueness":
        verb = "above" if report.exceeds else "not above"
        share = f"{percent(report.n_unique, report.n_counted)} of {plural(report.n_counted, who)} are sample uniques"
        return f"{share}: {verb} {_threshold(report.threshold)}."
    return (
        f"{part_of(found.at_risk, report.n_counted, who)} "
        f"{'is' if found.at_risk == 1 else 'are'} above {_threshold(report.threshold)}."
    )


def _population(report: RiskReport) -> list[str]:
    told = []
    if report.k_map is None:
        more = "population= tells more" if report.population is None else "a table of the population tells more"
        told.append(f"Journalist and marketer take the data as its own population (an upper bound); {more}.")
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
        told.append(_estimate(report.uniqueness.estimate))
    if report.copula is not None:
        share = f"{percent(report.copula.uniqueness)} (± {error_percent(report.copula.error)} from drawing rows)"
        told.append(
            f"By a Gaussian copula (Rocher et al. 2019) {share} of the population are unique, sampling fraction "
            f"{number(report.copula.sampling_fraction)}; all rests on that model."
        )
    return told


def _estimate(found: UniquenessEstimate) -> str:
    fraction = f"sampling fraction {number(found.sampling_fraction)}"
    if found.uniques is None:
        return f"Population uniques: the model {found.model} found no answer ({fraction}). {found.note}"
    uniques = f"{number(round(found.uniques))} ({percent(found.share or 0)})"
    return f"Estimated population uniques: {uniques}, model {found.model}, {fraction}."


def _risk_next(report: RiskReport) -> list[str]:
    if not report.n_rows:
        return []
    look, limit = [".to_frame()", ".plot()", ".panel()"], report.threshold
    if report.unit is None:
        first = call(report, "suda", report.qi)
    else:
        first = call(report, "unicity", unit=report.unit, columns=list(report.qi))
    if report.exceeds and limit.measure == "uniqueness":
        goal = SampleUniqueness(limit.value, unit=report.unit)
        return [call(report, "anonymize", report.qi, goal), first, *look]
    if report.exceeds and limit.cell and limit.cell <= report.n_counted:
        return [call(report, "anonymize", report.qi, k=limit.cell, unit=report.unit), first, *look]
    return [first, *look]


@sheet.register(CopulaReport)
def _copula(report: CopulaReport) -> Sheet:
    drawn = f"sampling fraction {number(report.sampling_fraction)}, {plural(len(report.per_row), 'row')} drawn"
    persons, unique = number(report.population), percent(report.uniqueness)
    return Sheet(
        f"An estimated {unique} (± {error_percent(report.error)} from drawing rows) of {persons} persons are unique by "
        f"{names(report.qi)}.",
        (
            f"A match with a row would be right with probability {number(report.correctness)} on average.",
            f"Model: {report.model}; {drawn}.",
            "All stands and falls with the model, which knows nothing of values that the table lacks.",
        ),
        [".per_row", call(report, "risk", report.qi, population=report.population)],
        exact=True,
        chart=lambda: Chart(
            f"{unique} unique among {persons}, by the model",
            "probability that the row's person is unique in the population",
            "rows drawn",
            Spread(report.per_row["uniqueness"].tolist(), report.uniqueness),
        ),
    )


# -- suda ----------------------------------------------------------------------------------------------------------


@sheet.register(SudaReport)
def _suda(report: SudaReport) -> Sheet:
    heads = ["columns", "minimal for", "rows alone", "share of rows"]
    sizes, counts = [str(size) for size in report.by_size], list(report.by_size.values())
    unique = f"{number(report.n_unique)} of {number(report.n_rows)}"
    return Sheet(
        _suda_answer(report),
        given(*_suda_reasons(report), Table(heads, lambda: _sets(report), "Sets of columns that single rows out")),
        [".to_frame()", ".scores", ".plot()"],
        exact=True,
        chart=lambda: Chart(
            f"{unique} rows are sample uniques",
            "columns in the set",
            "minimal sample uniques",
            Bars(sizes, counts, [number(count) for count in counts], counts),
        ),
    )


def _sets(report: SudaReport) -> list[Row]:
    found, total = report.to_frame().head(_MOST), max(report.n_rows, 1)
    columns = (found[name].tolist() for name in ("columns", "msus", "unique_rows"))
    return [
        [
            " · ".join(label(name) for name in by),
            msus,
            unique,
            Meter(unique / total, f"{percent(unique, total)} of rows are alone by these columns", short=True),
        ]
        for by, msus, unique in zip(*columns, strict=True)
    ]


def _suda_answer(report: SudaReport) -> str:
    """Return the first line: how many rows are alone, and by how few columns."""
    if not report.by_size:
        if report.stopped == "time":
            return (
                f"No minimal sample unique up to {plural(report.searched, 'column')}: the time limit ended the search."
            )
        return f"No row of {number(report.n_rows)} is alone by up to {plural(report.searched, 'column')}."
    share = part_of(report.n_unique, report.n_rows)
    return f"{share} are sample uniques, some by {plural(min(report.by_size), 'column')} alone."


def _suda_reasons(report: SudaReport) -> list[str]:
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


# -- unicity -------------------------------------------------------------------------------------------------------


@sheet.register(UnicityReport)
def _unicity(report: UnicityReport) -> Sheet:
    rows: list[Row] = [
        [
            points,
            rate.n,
            Share(rate.observed),
            Between(rate.low, rate.high, shares=True),
            Meter(rate.observed, f"singled out by {points}", short=True),
        ]
        for points, rate in report.by_points.items()
    ]
    heads = ["known points", "persons tried", "singled out", "95 % (Wilson)", ""]
    fewer = Note("Persons with fewer points were not tried.")
    return Sheet(
        _unicity_answer(report),
        given(*_unicity_reasons(report), Table(heads, rows), fewer),
        [".to_frame()", ".plot()"],
        exact=True,
        chart=lambda: Chart(
            "Persons singled out",
            "known points",
            WILSON,
            rates({str(points): rate for points, rate in report.by_points.items()}),
        ),
    )


def _unicity_answer(report: UnicityReport) -> str:
    """Return the first line: the share of persons singled out by the largest number of points."""
    tried = {points: rate for points, rate in report.by_points.items() if rate.n}
    if not tried:
        return "Unicity: no person has as many points."
    points, rate = next(reversed(tried.items()))
    known = f"{plural(points, 'known point')} of {names(report.columns)}"
    return f"{known} single out {percent(rate.observed)} of {names([report.unit])}."


def _unicity_reasons(report: UnicityReport) -> list[str]:
    shares = ", ".join(f"{points}: {percent(rate.observed)}" for points, rate in report.by_points.items() if rate.n)
    most = max((rate.n for rate in report.by_points.values()), default=0)
    told = [
        f"By number of points: {shares}." if shares else "",
        f"Of {number(report.n_persons)} persons, up to {number(most)} drawn at random were tried.",
    ]
    if report.n_without_id:
        told.append(f"{plural(report.n_without_id, 'row')} without {names([report.unit])} left out.")
    return told
