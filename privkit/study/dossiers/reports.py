"""Reports in a dossier: which may stand there, and what they say to WP216's three questions.

They tell figures and names of columns, and no value of a cell. Where no report speaks of a question, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from privkit.anonymity.kanonymity import KAnonymityReport
from privkit.anonymity.ksets import KSetsReport
from privkit.anonymity.ldiversity import LDiversityReport
from privkit.anonymity.reports import CheckReport, ClassReport
from privkit.anonymity.tcloseness import TClosenessReport
from privkit.attacks.claims import Attacks, TableAttack
from privkit.attacks.models.report import ModelAttackReport
from privkit.attacks.pipelines.report import PipelineAudit
from privkit.attacks.releases import ReleaseAttackReport
from privkit.attacks.tables import AttackReport
from privkit.disclosure.check import OutputCheck
from privkit.dp.answers.arithmetic import Released
from privkit.errors.root import type_told
from privkit.events.run.exposure import EventsReport
from privkit.events.run.result import EventsResult
from privkit.inventory.inventory import Inventory
from privkit.inventory.inventory_check import InventoryCheck
from privkit.risk.copula import CopulaReport
from privkit.risk.link import LinkReport
from privkit.risk.report import RiskReport
from privkit.risk.suda import SudaReport
from privkit.risk.unicity import UnicityReport
from privkit.study.assessments.assessment import ModelAssessment
from privkit.study.gate import GateReport
from privkit.transform.anonymized import Anonymized
from privkit.transform.costs import AnonymizationReport
from privkit.transform.evaluation import Evaluation
from privkit.transform.generalize import Generalized
from privkit.transform.perturbed import Perturbed
from privkit.values.show import is_simulated
from privkit.values.writing import percent

#: Who could be found.
FOUND: tuple[type[Any], ...] = (
    ClassReport, CheckReport, KAnonymityReport, KSetsReport, RiskReport, SudaReport, UnicityReport, CopulaReport,
    LinkReport, Attacks, PipelineAudit, OutputCheck, GateReport, InventoryCheck, EventsReport,
)  # fmt: skip
#: What was changed.
CHANGED: tuple[type[Any], ...] = (Anonymized, AnonymizationReport, Generalized, Perturbed, Evaluation, EventsResult)

#: What was assessed of models.
ASSESSED: tuple[type[Any], ...] = (ModelAssessment,)


def problems_of(reports: Sequence[object]) -> Iterator[str]:
    """Yield what is wrong with each report that a dossier does not take; what it holds is not told."""
    for place, report in enumerate(reports):
        where = f"reports[{place}]"
        if is_simulated(report):
            yield f"{where} was drawn by the teaching simulator, and protects nobody."
        elif isinstance(report, Inventory):
            yield f"{where} is an inventory: it is told by inventory=."
        elif isinstance(report, Released):
            yield f"{where} is a release: it is told by project=, from its ledger."
        elif not isinstance(report, (*FOUND, *CHANGED, *ASSESSED)):
            yield f"{where} is {type_told(report)}, no report or result: a dossier holds no rows."


_QUESTIONS = ("singling_out", "linkability", "inference")


def opinion(reports: Sequence[object], inventory: Inventory | None) -> Iterator[tuple[str, str]]:
    """Yield what attacks and reports say of each question, by its id."""
    told: dict[str, list[str]] = {}
    if inventory is not None and inventory.uniques is not None and inventory.rows:
        share = percent(inventory.uniques, inventory.rows)
        told["singling_out"] = [f"audit: the quasi-identifiers leave {share} of the rows alone"]
    for report in reports:
        for question, text in _says(report):
            told.setdefault(question, []).append(text)
    yield from ((f"wp216.{name}", f"{'; '.join(told[name])}.") for name in _QUESTIONS if name in told)


def _says(report: object) -> Iterator[tuple[str, str]]:
    """Yield the question that a report speaks of, and what it says."""
    if isinstance(report, AttackReport):
        for name in _QUESTIONS:
            yield name, f"attack: {_attack(report[name])}"
    elif isinstance(report, ReleaseAttackReport):
        each = ", ".join(f"{name} {_attack(one)}" for name, one in report.items() if name != "membership")
        yield "inference", f"attack on published counts: {each}"
    elif isinstance(report, ModelAssessment):
        yield from _says(report.attack)
    elif isinstance(report, ModelAttackReport):
        if (found := report.get("inference")) is not None:
            low, high = found.interval
            yield (
                "inference",
                f"attack on a model: excess {_share(found.excess)} (95 %: {_share(low)} to {_share(high)})",
            )
    elif isinstance(report, KAnonymityReport):
        whom = "persons" if report.unit else "rows"
        yield "singling_out", f"k-anonymity: k = {report.k:,} ({whom})"
    elif isinstance(report, RiskReport):
        yield "singling_out", f"risk: {percent(report.n_unique, report.n_counted)} are sample uniques"
    elif isinstance(report, SudaReport | UnicityReport):
        yield "singling_out", repr(report).partition("\n")[0].rstrip(".")
    elif isinstance(report, LinkReport):
        share = percent(report.n_single, report.n_rows)
        yield "linkability", f"linkage: {share} of the rows match exactly one of {report.n_other:,} others"
    elif isinstance(report, LDiversityReport | TClosenessReport):
        held = {None: "no limit asked", True: "the limit holds", False: "FALLS SHORT"}[report.satisfied]
        yield "inference", f"{type(report).__name__.removesuffix('Report')}: {held}"


def _attack(one: TableAttack) -> str:
    """Return what an attack finds, and from which planted share on it would have found something."""
    low, high = one.interval
    power = (
        "it finds no planted copy, so that this says nothing"
        if one.power is None
        else (f"it finds copies of {percent(one.power)} of the rows")
    )
    if one.excess is None:
        return f"at most {percent(max(high, 0))}, without controls; {power}"
    return f"excess {_share(one.excess)} (95 %: {_share(low)} to {_share(high)}); {power}"


def _share(value: float) -> str:
    return f"−{percent(-value)}" if value < 0 else percent(value)
