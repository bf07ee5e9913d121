"""What reports on equivalence classes say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial, singledispatch
from typing import TYPE_CHECKING

from privkit.anonymity.alpha_k import AlphaKReport
from privkit.anonymity.bands import Band, figure_bands, size_bands
from privkit.anonymity.beta_likeness import BetaLikenessReport
from privkit.anonymity.check import CheckReport, Finding
from privkit.anonymity.class_report import ClassReport
from privkit.anonymity.criteria import (
    AlphaK,
    BetaLikeness,
    DeltaDisclosure,
    DeltaPresence,
    KMap,
    LDiversity,
    TCloseness,
)
from privkit.anonymity.delta_disclosure import DeltaDisclosureReport
from privkit.anonymity.kanonymity import KAnonymityReport
from privkit.anonymity.ldiversity import LDiversityReport
from privkit.anonymity.population import DeltaPresenceReport, KMapReport
from privkit.anonymity.tcloseness import TClosenessReport
from privkit.view.parts.chart import Across, Bars, Chart
from privkit.view.parts.sheet import Hinted, Meter, Row, Share, Sheet, Table, Verdict, given, sheet
from privkit.view.parts.words import argument, label, names, number, percent, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


# -- k-anonymity ---------------------------------------------------------------------------------------------------


@sheet.register(KAnonymityReport)
def _kanon(report: KAnonymityReport) -> Sheet:
    bands = partial(size_bands, report)
    head = "class size" if report.unit is None else "persons in class"
    goal = None if report.required is None else f"k = {number(report.required)}"
    return Sheet(
        _kanon_answer(report),
        given(
            [
                None if goal is None else judged(report.satisfied, goal),
                *_kanon_reasons(report),
                _banded(report, bands, head, "size") if report.n_rows else None,
            ]
        ),
        _kanon_next(report),
        exact=True,
        chart=lambda: Chart(
            f"k = {number(report.k)}" + (f", {goal} required" if goal else ""),
            "class size (rows)" if report.unit is None else head,
            "rows",
            _bars(bands() if report.n_rows else [], report.n_rows),
        ),
    )


def judged(met: bool | None, what: str) -> Verdict:
    """Return whether a goal is met, in words."""
    return Verdict(met, f"{what} is {'met' if met else 'not met'}")


def _banded(
    report: KAnonymityReport | ClassReport, bands: Callable[[], Sequence[Band]], head: str, figure: str
) -> Table:
    """Return the rows by the size, or by the figure, of their class."""
    n = report.n_rows

    def row(band: Band) -> Row:
        bar = Meter(band.rows / n, f"{percent(band.rows, n)} of rows: {_range(band)}", band.short)
        return [_range(band), band.classes, band.rows, Share(band.rows, n), bar]

    heads = [head, "classes", "rows", "share of rows", ""]
    return Table(heads, lambda: [row(band) for band in bands()], f"Rows by the {figure} of their class")


def _range(band: Band) -> str:
    return number(band.low) if band.low == band.high else f"{number(band.low)}–{number(band.high)}"


def _bars(bands: Sequence[Band], n_rows: int) -> Bars:
    """Return rows by band, with those that fall short."""
    return Bars(
        [_range(band) for band in bands],
        [band.rows for band in bands],
        [percent(band.rows, n_rows) if band.rows else "" for band in bands],
        [band.rows_short for band in bands],
    )


def _fall_short(short: int, rows: int) -> str:
    verb = "falls" if short == 1 else "fall"
    return f"{number(short)} of {plural(rows, 'row')} ({percent(short, rows)}) {verb} short"


def _kanon_answer(report: KAnonymityReport) -> str:
    """Return the first line: k, and whether it is enough."""
    if not report.n_rows:
        return "k = 0: the table has no rows."
    if report.satisfied is False:
        short = _fall_short(report.rows_short or 0, report.n_rows)
        return f"k = {number(report.k)}: {short} of k = {number(report.required or 0)}."
    met = f" k = {number(report.required)} is met." if report.required is not None else ""
    return f"k = {number(report.k)}: the smallest of {_smallest(report)}.{met}"


def _smallest(report: KAnonymityReport) -> str:
    members = plural(report.k, "row")
    if report.unit is not None:
        members = f"{plural(report.k, 'person', 'persons')} ({names([report.unit])})"
    return f"{plural(report.n_classes, 'class', 'classes')} by {names(report.qi)} has {members}"


def _kanon_reasons(report: KAnonymityReport) -> list[str]:
    """Return the lines after the first: the classes where the first line is about rows, and the sample uniques."""
    if not report.n_rows:
        return [f"Classes by {names(report.qi)}: none. A table without rows tells about nobody."]
    reasons = []
    if report.satisfied is False:
        reasons.append(f"The smallest of {_smallest(report)}.")
        if (report.required or 0) > report.n_rows:
            reasons.append(f"The table has {plural(report.n_rows, 'row')}: no generalization reaches this k.")
    reasons.append(_uniques(report))
    return reasons


def _uniques(report: KAnonymityReport) -> str:
    unique = report.n_unique
    if report.unit is not None:
        alone = f"{plural(unique, 'class holds', 'classes hold')} one person alone."
        return alone if unique else "No person is alone in a class."
    if not unique:
        return "No row is a sample unique."
    share = f"{number(unique)} of {plural(report.n_rows, 'row')} ({percent(unique, report.n_rows)})"
    if unique == 1:
        return f"{share} is a sample unique: no other row has its values."
    return f"{share} are sample uniques: no other row has their values."


def _kanon_next(report: KAnonymityReport) -> list[str]:
    if not report.n_rows:
        return []
    look = [".smallest(10)", ".plot()"]
    if report.satisfied is False and (report.required or 0) <= report.n_rows:
        return [f"df.privacy.anonymize({argument(report.qi)}, k={report.required})", *look]
    return look


# -- criteria on classes -------------------------------------------------------------------------------------------


@sheet.register(ClassReport)
def _classes(report: ClassReport) -> Sheet:
    told, bands = telling(report), partial(figure_bands, report)
    return Sheet(
        _classes_answer(report, told),
        given(
            [
                judged(report.satisfied, told.goal) if told.goal else None,
                *_classes_reasons(report, told),
                _banded(report, bands, report.symbol, report.symbol) if report.n_rows else None,
            ]
        ),
        _classes_next(report),
        exact=True,
        chart=lambda: Chart(
            f"{told.figure}; required: {told.goal}" if told.goal else told.figure,
            f"{report.symbol} of the class",
            "rows",
            _bars(bands() if report.n_rows else [], report.n_rows),
        ),
    )


def _classes_answer(report: ClassReport, told: Telling) -> str:
    """Return the first line: the figure, and whether it is enough."""
    if not report.n_rows:
        return f"{told.figure}: the table has no rows."
    if report.satisfied is False:
        return f"{told.figure}: {_fall_short(report.rows_short or 0, report.n_rows)} of {told.goal}."
    met = f" {told.goal} is met." if report.satisfied else ""
    return f"{told.figure}: {told.sense}.{met}"


def _classes_reasons(report: ClassReport, told: Telling) -> list[str]:
    if not report.n_rows:
        return [f"Classes by {names(report.qi)}: none. A table without rows tells about nobody."]
    found = []
    if report.satisfied is False:
        falls = f"; {plural(report.classes_short or 0, 'class falls', 'classes fall')} short"
        found.append(f"{told.sense[:1].upper()}{told.sense[1:]}{falls}.")
    return [*found, told.remark]


def _classes_next(report: ClassReport) -> list[str]:
    if not report.n_rows:
        return []
    look = [".worst(10)", ".plot()"]
    typed = repr(report.criterion)
    if report.satisfied is False and "..." not in typed and len(typed) < 80:
        look.insert(0, f"df.privacy.anonymize({argument(report.qi)}, pk.{typed})")
    return look


@dataclass(frozen=True, slots=True)
class Telling:
    """The parts.

    Attributes
    ----------
    figure : str
        The figure: ``l = 2``.
    sense : str
        What it means, a sentence without its capital.
    goal : str
        The criterion, where one was given: ``distinct l = 3 in 'ill'``.
    remark : str
        What else must be known.
    """

    figure: str
    sense: str
    goal: str = ""
    remark: str = ""


@singledispatch
def telling(report: object) -> Telling:
    """Return the parts."""
    raise TypeError(f"{type(report).__name__} has nothing to tell")


def _among(report: ClassReport) -> str:
    return f"{plural(report.n_classes, 'class', 'classes')} by {names(report.qi)}"


def _of(report: ClassReport) -> str:
    return f"'{label(report.sensitive)}'"  # type: ignore[attr-defined]


@telling.register(LDiversityReport)
def _ldiv(report: LDiversityReport) -> Telling:
    c = "" if report.c is None else f" with c = {report.c}"
    least = {
        "distinct": f"has {plural(int(report.l), 'value')} of {_of(report)}",
        "entropy": f"is as diverse as {number(report.l)} equally frequent values of {_of(report)}",
        "recursive": f"reaches recursive l = {number(report.l)}{c} in {_of(report)}",
    }[report.kind]
    part = report.criterion
    bound = number(float(part.l)) if isinstance(part, LDiversity) else ""
    return Telling(
        f"l = {number(report.l)}",
        f"the least diverse of {_among(report)} {least}",
        bound and f"{report.kind} l = {bound}{c} in {_of(report)}",
    )


@telling.register(TClosenessReport)
def _tclose(report: TClosenessReport) -> Telling:
    distance = report.distance if isinstance(report.distance, str) else "hierarchical"
    part = report.criterion
    bound = f"t = {part.t}" if isinstance(part, TCloseness) else ""
    return Telling(
        f"t = {number(float(report.t))}",
        f"of {_among(report)} the farthest from the table in {_of(report)} ({distance} distance) "
        f"is {number(float(report.t))} away",
        bound and f"{bound} in {_of(report)} ({distance} distance)",
    )


@telling.register(BetaLikenessReport)
def _beta(report: BetaLikenessReport) -> Telling:
    part = report.criterion
    bound = f"{report.kind} β = {part.beta}" if isinstance(part, BetaLikeness) else ""
    return Telling(
        f"β = {number(float(report.beta))}",
        f"in {_among(report)} a value of {_of(report)} is up to {number(float(1 + report.beta))} times "
        "as frequent as in the table",
        bound and f"{bound} in {_of(report)}",
    )


@telling.register(DeltaDisclosureReport)
def _delta(report: DeltaDisclosureReport) -> Telling:
    part = report.criterion
    bound = f"δ = {part.delta}" if isinstance(part, DeltaDisclosure) else ""
    figure = number(report.delta)
    sense = f"in {_among(report)} a value of {_of(report)} is up to 2^{figure} times as frequent, or as rare,"
    sense += " as in the table"
    if figure == "∞":
        sense = f"of {_among(report)} some lack a value of {_of(report)}"
    return Telling(f"δ = {figure}", sense, bound and f"{bound} in {_of(report)}")


@telling.register(AlphaKReport)
def _alpha(report: AlphaKReport) -> Telling:
    part = report.criterion
    bound = ""
    if isinstance(part, AlphaK):
        bound = f"α = {part.alpha} in {_of(report)} with k = {number(part.k)}"
    return Telling(
        f"α = {number(float(report.alpha))}, k = {number(report.k)}",
        f"in {_among(report)} one value of {_of(report)} makes up to {percent(float(report.alpha))} of a class, "
        f"and the smallest has {plural(report.k, 'row')}",
        bound,
    )


@telling.register(KMapReport)
def _kmap(report: KMapReport) -> Telling:
    part = report.criterion
    bound = f"{number(part.k)}-map" if isinstance(part, KMap) else ""
    if report.significance is not None:
        sense = (
            f"every one of {_among(report)} is taken to fit so many of {plural(report.population, 'person')}, "
            f"an estimate tested at the level {report.significance}"
        )
        return Telling(f"k = {number(report.k)}, estimated", sense, bound)
    absent = report.n_absent
    remark = (
        f"The population of {plural(report.population, 'row')} lacks {plural(absent, 'class', 'classes')} of the table."
    )
    return Telling(
        f"k = {number(report.k)}",
        f"of {_among(report)} the rarest fits {plural(report.k, 'person')} of the population",
        bound,
        remark if absent else "",
    )


@telling.register(DeltaPresenceReport)
def _presence(report: DeltaPresenceReport) -> Telling:
    low, high = number(float(report.low)), number(float(report.highest))
    part = report.criterion
    bound = f"δ = {part.low} to {part.high}" if isinstance(part, DeltaPresence) else ""
    remarks = []
    if report.n_outside:
        remarks.append(f"{plural(report.n_outside, 'person')} of the population are in no class of the table.")
    if report.n_absent:
        remarks.append(
            f"{plural(report.n_absent, 'class has', 'classes have')} more rows in the table than persons in the "
            "population, which so does not hold the table."
        )
    return Telling(
        f"δ = {low} to {high}",
        f"by {names(report.qi)} a person of the population is in the table with a probability of {low} to {high}",
        bound,
        " ".join(remarks),
    )


# -- a check -------------------------------------------------------------------------------------------------------


@sheet.register(CheckReport)
def _check(report: CheckReport) -> Sheet:
    heads = ["criterion", "verdict", "reached", "rows short"]
    rows = [_finding(found) for found in report.findings]
    return Sheet(
        _check_answer(report),
        (Table(heads, rows, lines=[_finding_line(found) for found in report.findings]),),
        _check_next(report),
        exact=True,
        chart=lambda: _check_chart(report),
    )


def _finding(found: Finding) -> Row:
    return [
        Hinted(label(found.criterion, 100), found.criterion.paper),
        Verdict(found.met, _met(found)),
        found.figure,
        "–" if found.rows_short is None else found.rows_short,
    ]


def _met(found: Finding) -> str:
    return "met" if found.met else "not met"


def _finding_line(found: Finding) -> str:
    """Return a part, what the table reaches, and the rows short."""
    short = f", {plural(found.rows_short, 'row')} short" if found.rows_short else ""
    return f"  {_met(found):7}  {label(found.criterion, 100)}: {found.figure}{short}"


def _check_chart(report: CheckReport) -> Chart:
    """Return the share of rows that break each part; one on the table as a whole is all or nothing."""
    whole = max(report.n_rows, 1)
    short = [(0 if found.met else whole) if found.rows_short is None else found.rows_short for found in report.findings]
    drawn = Across(
        [repr(found.criterion) for found in report.findings],
        [rows / whole for rows in short],
        [f"{found.figure}, {_met(found)}" for found in report.findings],
        [not found.met for found in report.findings],
        end=1.6,
        ticks={0: "0 %", 0.5: "50 %", 1: "100 %"},
    )
    share = f"{percent(report.rows_short, report.n_rows)} of {number(report.n_rows)}"
    return Chart(f"{share} rows fall short of some part", "rows in classes that break it", "criterion", drawn)


def _check_answer(report: CheckReport) -> str:
    """Return the first line: how many parts are met."""
    parts = len(report.findings)
    if report.satisfied:
        return "met: the criterion." if parts == 1 else f"met: all {parts} criteria."
    unmet = sum(not found.met for found in report.findings)
    short = f" {_fall_short(report.rows_short, report.n_rows)}." if report.rows_short else ""
    return f"not met: {unmet} of {plural(parts, 'criterion', 'criteria')}.{short}"


def _check_next(report: CheckReport) -> list[str]:
    typed = repr(report.criterion)
    look = [".to_frame()"]
    if not report.satisfied and report.n_rows and "..." not in typed and len(typed) < 80:
        criteria = " & ".join(f"pk.{found.criterion!r}" for found in report.findings)
        look.insert(0, f"df.privacy.anonymize({argument(report.qi)}, {criteria})")
    return look
