"""What the report on a criterion says, in parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

from privkit.anonymity.alpha_k import AlphaKReport
from privkit.anonymity.beta_likeness import BetaLikenessReport
from privkit.anonymity.delta_disclosure import DeltaDisclosureReport
from privkit.anonymity.ldiversity import LDiversityReport
from privkit.anonymity.population import KMapReport
from privkit.anonymity.presence import DeltaPresenceReport
from privkit.anonymity.reports import ClassReport
from privkit.anonymity.tcloseness import TClosenessReport
from privkit.values.exact import exact_text
from privkit.view.parts.words import label, names, number, percent, plural


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
    return f"{plural(report.n_classes, 'class', 'classes')} by {names(report.qi) or 'no column'}"


def _of(report: ClassReport) -> str:
    return f"'{label(report.sensitive)}'"  # type: ignore[attr-defined]


@telling.register(LDiversityReport)
def _ldiv(report: LDiversityReport) -> Telling:
    c = "" if report.c is None else f" with c = {exact_text(report.c)}"
    least = {
        "distinct": f"has {plural(int(report.l), 'value')} of {_of(report)}",
        "entropy": f"is as diverse as {number(report.l)} equally frequent values of {_of(report)}",
        "recursive": f"reaches recursive l = {number(report.l)}{c} in {_of(report)}",
    }[report.kind]
    part = report.criterion
    goal = "" if part is None else f"{report.kind} l = {number(float(part.l))}{c} in {_of(report)}"
    return Telling(f"l = {number(report.l)}", f"the least diverse of {_among(report)} {least}", goal)


@telling.register(TClosenessReport)
def _tclose(report: TClosenessReport) -> Telling:
    distance = report.distance if isinstance(report.distance, str) else "hierarchical"
    part = report.criterion
    goal = "" if part is None else f"t = {exact_text(part.t)} in {_of(report)} ({distance} distance)"
    return Telling(
        f"t = {number(float(report.t))}",
        f"of {_among(report)} the farthest from the table in {_of(report)} ({distance} distance) "
        f"is {number(float(report.t))} away",
        goal,
    )


@telling.register(BetaLikenessReport)
def _beta(report: BetaLikenessReport) -> Telling:
    part = report.criterion
    goal = "" if part is None else f"{report.kind} β = {exact_text(part.beta)} in {_of(report)}"
    return Telling(
        f"β = {number(float(report.beta))}",
        f"in {_among(report)} a value of {_of(report)} is up to {number(float(1 + report.beta))} times "
        "as frequent as in the table",
        goal,
    )


@telling.register(DeltaDisclosureReport)
def _delta(report: DeltaDisclosureReport) -> Telling:
    part = report.criterion
    goal = "" if part is None else f"δ = {exact_text(part.delta)} in {_of(report)}"
    figure = number(report.delta)
    sense = f"in {_among(report)} a value of {_of(report)} is up to 2^{figure} times as frequent, or as rare,"
    sense += " as in the table"
    if figure == "∞":
        sense = f"of {_among(report)} some lack a value of {_of(report)}"
    return Telling(f"δ = {figure}", sense, goal)


@telling.register(AlphaKReport)
def _alpha(report: AlphaKReport) -> Telling:
    part = report.criterion
    goal = "" if part is None else f"α = {exact_text(part.alpha)} in {_of(report)} with k = {number(part.k)}"
    return Telling(
        f"α = {number(float(report.alpha))}, k = {number(report.k)}",
        f"in {_among(report)} one value of {_of(report)} makes up to {percent(float(report.alpha))} of a class, "
        f"and the smallest has {plural(report.k, 'row')}",
        goal,
    )


@telling.register(KMapReport)
def _kmap(report: KMapReport) -> Telling:
    part = report.criterion
    bound = "" if part is None else f"{number(part.k)}-map"
    if report.significance is not None:
        sense = (
            f"every one of {_among(report)} is taken to fit so many of {plural(report.population, 'person')}, "
            f"an estimate tested at the level {exact_text(report.significance)}"
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
    bound = "" if part is None else f"δ = {exact_text(part.low)} to {exact_text(part.high)}"
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
