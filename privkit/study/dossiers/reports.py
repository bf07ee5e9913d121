"""What may stand in a dossier: results and reports that tell figures and names of columns, and no value of a cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from privkit.anonymity.kanonymity import KAnonymityReport
from privkit.anonymity.ksets import KSetsReport
from privkit.anonymity.reports import CheckReport, ClassReport
from privkit.attacks.claims import Attacks
from privkit.attacks.pipelines.report import PipelineAudit
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
