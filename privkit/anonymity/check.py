"""Checking a composed criterion: each part met or not, and the rows that fall short of any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.anonymity.alpha_k import alpha_k
from privkit.anonymity.beta_likeness import beta_likeness
from privkit.anonymity.class_report import quasi_identifiers
from privkit.anonymity.criteria import (
    AlphaK,
    AverageRisk,
    BetaLikeness,
    Criterion,
    DeltaDisclosure,
    DeltaPresence,
    KAnonymity,
    KMap,
    LDiversity,
    PopulationUniqueness,
    SampleUniqueness,
    TCloseness,
)
from privkit.anonymity.delta_disclosure import delta_disclosure
from privkit.anonymity.kanonymity import kanon
from privkit.anonymity.ldiversity import ldiv
from privkit.anonymity.population import delta_presence, kmap
from privkit.anonymity.population_uniques import chosen_estimate
from privkit.anonymity.tcloseness import tclose
from privkit.errors import ParameterError
from privkit.tally.class_values import matches
from privkit.tally.coded_classes import CodedTally, count_classes
from privkit.values.arguments import typed
from privkit.values.exact import Exact
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.anonymity.class_report import ClassReport
    from privkit.tally.classes import Tally


@dataclass(frozen=True, slots=True)
class Finding:
    """One part of a criterion, checked.

    Attributes
    ----------
    criterion : Criterion
    met : bool
    figure : str
        What the table reaches, as ``k = 3``.
    rows_short : int or None
        Rows in classes that break it; None for criteria on the table as a whole.
    """

    criterion: Criterion
    met: bool
    figure: str
    rows_short: int | None


@dataclass(frozen=True, eq=False, repr=False)
class CheckReport(Plotted):
    """A composed criterion against a table. Exact, for the owner's eyes; no release.

    Attributes
    ----------
    criterion : Criterion
        What was asked for.
    qi : tuple of str
        The quasi-identifiers.
    findings : tuple of Finding
        One per part.
    n_rows, n_classes : int
    rows_short : int
        Rows in classes that break at least one part.
    """

    criterion: Criterion
    qi: tuple[str, ...]
    findings: tuple[Finding, ...]
    n_rows: int
    n_classes: int
    rows_short: int

    @property
    def satisfied(self) -> bool:
        """Whether every part is met."""
        return all(finding.met for finding in self.findings)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per part: `criterion`, `met`, `figure`, `rows_short`, `paper`."""
        import pandas as pd

        rows = [(repr(f.criterion), f.met, f.figure, f.rows_short, f.criterion.paper) for f in self.findings]
        frame = pd.DataFrame(rows, columns=["criterion", "met", "figure", "rows_short", "paper"])
        return frame.astype({"rows_short": "Int64"})


@typed
def check(data: object, qi: str | Sequence[str], criteria: Criterion) -> CheckReport:
    """Tell which parts of a criterion a table meets.

    Reads rows, once per part; exact; spends nothing.

    Parameters
    ----------
    data : dataframe
        pandas, Polars, DuckDB, or another that Narwhals reads.
    qi : str or sequence of str
        The quasi-identifiers.
    criteria : Criterion
        One criterion, or several composed with ``&``.

    Returns
    -------
    CheckReport

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError
    RoleConflictError
        If a sensitive attribute is one of the quasi-identifiers.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.anonymity.criteria import KAnonymity, LDiversity
    >>> people = pd.DataFrame({"zip": ["8004", "8004", "8005"], "ill": ["flu", "cold", "flu"]})
    >>> check(people, "zip", KAnonymity(1) & LDiversity("ill", 2)).rows_short
    1
    """
    if not isinstance(criteria, Criterion):
        hint = "Example: pk.KAnonymity(5) & pk.LDiversity('churned', 2)."
        raise ParameterError.of("check", "criteria", f"a {type(criteria).__name__}", "a criterion", hint)
    columns = quasi_identifiers(data, qi, "check")
    classes = count_classes(data, columns, function="check")
    findings, broken = [], np.zeros(classes.n_classes, dtype=bool)
    for part in criteria.parts:
        finding, short = _finding(data, columns, classes, part)
        findings.append(finding)
        broken |= short
    rows_short = int(classes.sizes[broken].sum())
    return CheckReport(criteria, columns, tuple(findings), classes.n_rows, classes.n_classes, rows_short)


def _finding(data: object, qi: tuple[str, ...], classes: Tally, part: Criterion) -> tuple[Finding, NDArray[np.bool_]]:
    """Return the finding on one part, and the classes that break it."""
    if not part.per_class:
        met, figure = _whole(classes, part)
        return Finding(part, met, figure, None), np.zeros(classes.n_classes, dtype=bool)
    if isinstance(part, KAnonymity):
        found = kanon(data, qi, k=part.k, unit=part.unit)
        short = _aligned(found.tally.counts < part.k, found.tally, classes)
        return Finding(part, bool(found.satisfied), f"k = {found.k}", found.rows_short), short
    report, figure = _judged(data, qi, part)
    assert report.short is not None  # judged
    finding = Finding(part, bool(report.satisfied), figure, report.rows_short)
    return finding, _aligned(report.short, report.classes, classes)


def _judged(data: object, qi: tuple[str, ...], part: Criterion) -> tuple[ClassReport, str]:
    """Return the report with the verdict on one part, and the figure in words."""
    if isinstance(part, LDiversity):
        diversity = ldiv(data, qi, part.sensitive, l=part.l, kind=part.kind, c=part.c)
        return diversity, f"l = {_short(diversity.l)}"
    if isinstance(part, TCloseness):
        closeness = tclose(data, qi, part.sensitive, t=part.t, distance=part.distance)
        return closeness, f"t = {_short(closeness.t)}"
    if isinstance(part, BetaLikeness):
        likeness = beta_likeness(data, qi, part.sensitive, beta=part.beta, kind=part.kind)
        return likeness, f"β = {_short(likeness.beta)}"
    if isinstance(part, DeltaDisclosure):
        disclosure = delta_disclosure(data, qi, part.sensitive, delta=part.delta, absent=part.absent)
        return disclosure, f"δ = {_short(disclosure.delta)}"
    if isinstance(part, AlphaK):
        alpha = alpha_k(data, qi, part.sensitive, alpha=part.alpha, k=part.k)
        return alpha, f"α = {_short(alpha.alpha)}, k = {alpha.k}"
    if isinstance(part, KMap):
        mapped = kmap(data, qi, population=part.population, k=part.k, significance=part.significance)
        return mapped, f"k = {mapped.k}"
    if isinstance(part, DeltaPresence):
        present = delta_presence(data, qi, population=part.population, low=part.low, high=part.high)
        return present, f"δ = {_short(present.low)} to {_short(present.highest)}"
    raise ParameterError.of("check", "criteria", f"a {type(part).__name__}", "criteria of privkit")


def _whole(classes: Tally, part: Criterion) -> tuple[bool, str]:
    """Return the verdict on a table as a whole, and the figure in words."""
    n, sizes = classes.n_rows, classes.sizes
    if isinstance(part, AverageRisk):
        risk = Exact(classes.n_classes, n) if n else Exact(0)
        return risk <= part.risk, f"average risk = {_short(risk)}"
    if isinstance(part, SampleUniqueness):
        share = Exact(int((sizes == 1).sum()), n) if n else Exact(0)
        return share <= part.share, f"sample uniques = {_short(share)}"
    assert isinstance(part, PopulationUniqueness)
    estimate = chosen_estimate(sizes, part.population, "check")
    assert estimate.share is not None  # the rule chooses a model that found an answer
    return estimate.share <= float(part.share), f"population uniques = {_short(estimate.share)} ({estimate.title})"


def _aligned(mask: NDArray[np.bool_], theirs: Tally, ours: Tally) -> NDArray[np.bool_]:
    """Return a mask over `theirs` as one over `ours`: the same classes, perhaps in another order."""
    if isinstance(theirs, CodedTally) and isinstance(ours, CodedTally):
        return mask  # both are in ascending order of one key
    aligned: NDArray[np.bool_] = mask[matches(ours, theirs, "check")]
    return aligned


def _short(figure: float | Exact) -> str:
    return f"{int(figure)}" if float(figure).is_integer() else f"{float(figure):.4g}"
