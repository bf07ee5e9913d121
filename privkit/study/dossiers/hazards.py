"""NIST SP 800-226's privacy hazards: those that the ledger or the inventory can speak of, and what they say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from privkit.attacks.models.report import ModelAttackReport
from privkit.study.assessments.assessment import ModelAssessment
from privkit.study.dossiers.form import NotApplicable
from privkit.study.dossiers.statement import MODELS, ROWS, Statement
from privkit.values.show import printable
from privkit.values.writing import chance

if TYPE_CHECKING:
    from privkit.inventory.inventory import Inventory
    from privkit.study.assessments.measured import Measurement
    from privkit.study.shared_package import SharedPackage

#: So many packages are named.
_MOST = 8
#: NIST calls an ε up to this conservative, and the upper end of what is deployed one that may mean little.
CONSERVATIVE, UPPER_END = 1, 20


def hazards(
    told: Statement,
    inventory: Inventory | None,
    reports: Sequence[object] = (),
    packages: Sequence[SharedPackage] = (),
    measured: Sequence[Measurement] = (),
) -> Iterator[tuple[str, Any]]:
    """Yield the hazards that something is known of, by their ids; `NotApplicable` where one does not arise.

    Parameters
    ----------
    packages : sequence of SharedPackage
        All that were handed out, those that were deleted since too.
    measured : sequence of Measurement
        The last of each kind.
    """
    known: dict[int, Any] = {**dict(_loss(told)), **dict(_unit(told, inventory)), **dict(_beside(packages))}
    known |= {**dict(_algorithms(told)), 15: _models(told, reports, measured), **dict(_utility(told))}
    if inventory is not None:
        known |= dict(_exposure(inventory))
    yield from ((f"nist.{number}", text) for number, text in sorted(known.items()))


def _loss(told: Statement) -> Iterator[tuple[int, Any]]:
    charged, budget, measure = told.charged, told.terms.budget, told.terms.budget.measure
    gained = f"advantage on one unit at most {chance(charged.advantage)}"
    if measure.concentrated:
        yield 1, f"Charged {charged} of {budget}, in a concentrated measure: {gained}. It has no bare ε."
        yield 2, NotApplicable("The project counts in a concentrated measure.")
        yield 5, NotApplicable("The loss is told in ρ, and no ε of another δ beside it.")
        yield 7, "Nothing was converted for this dossier: the parameters are the ones that were charged."
        return
    yield 1, f"Charged {charged} of {budget}: {_judged(charged.main)}; {gained}."
    if not measure.has_delta:
        yield 2, NotApplicable("The project counts in pure ε, which has no δ.")
        yield 5, NotApplicable("No δ is spent.")
        yield 7, NotApplicable("No δ is spent, and nothing is converted.")
        return
    gaussian = sum("Gaussian" in one.noise for one in told.charges)
    yield (
        2,
        f"Yes: losses are summed in (ε, δ), where ρ counts many entries more tightly; {gaussian:,} of "
        f"{len(told.charges):,} entries use Gaussian noise.",
    )
    spent = {one.cost.delta for one in told.charges if one.cost.delta}
    yield 5, f"Different δ of single charges: {len(spent):,}. They are summed, and compared as totals alone."
    yield 7, "Nothing was converted: the parameters are the ones that were charged."


def _judged(epsilon: Fraction) -> str:
    if epsilon <= CONSERVATIVE:
        return "at most 1, which NIST calls conservative"
    if epsilon <= UPPER_END:
        return "between 1 and 20, as in many deployments; the upper end may not protect meaningfully"
    return "above 20: LARGE, it may not protect meaningfully"


def _unit(told: Statement, inventory: Inventory | None) -> Iterator[tuple[int, Any]]:
    unit = told.terms.unit
    whose = "one unit's rows" if unit.column is not None or unit.max_rows is not None else "one row"
    yield (
        3,
        f"Protected is {unit}. Not protected is what more than {whose} can tell: facts about groups, households or "
        "everybody, and that the data exist.",
    )
    if unit.column is not None:
        inside = f" within one {unit.per}: over n of them the loss is up to n times as much" if unit.per else ""
        yield 4, f"No: all rows of one {unit.column!r} are protected together{inside}."
    elif unit.max_rows is not None:
        yield 4, f"At most {unit.max_rows} rows of a person are protected together; no id tells, it is vouched for."
    elif inventory is not None and inventory.direct and inventory.rows:  # else nothing tells
        repeated = inventory.unit
        yield (
            4,
            "The unit is the row, and the inventory finds no id that repeats."
            if repeated is None
            else f"YES: the unit is the row, and {repeated!r} repeats, so that a person has several rows.",
        )
    yield 6, f"No: all charges have one unit, the project's: {unit}."


def _beside(packages: Sequence[SharedPackage]) -> Iterator[tuple[int, str]]:
    """Yield what left without differential privacy, by the register; nothing where it knows of none."""
    out = [(one, ", ".join(f"{name!r}, {kind}" for name, kind in one.without_noise)) for one in packages]
    parts = [f"package {one.id} for {one.recipient} ({tables})" for one, tables in out if tables]
    if parts:
        more = f" and {len(parts) - _MOST:,} more" if len(parts) > _MOST else ""
        shown = printable("; ".join(parts[:_MOST]))
        yield 8, f"YES, by the register: {shown}{more}. What left by another way, it does not know."


def _models(told: Statement, reports: Sequence[object], measured: Sequence[Measurement]) -> Any:
    """Return what is known of models: those that the ledger charged, and those that were assessed or attacked."""
    trained = sum(bool(MODELS & {*one.statistics}) for one in told.charges)
    parts = [f"entries that train a model: {trained:,}, each one release under differential privacy"] if trained else []
    for report in reports:
        if isinstance(report, ModelAssessment):
            attack = "no attack was tried" if report.attack is None else _first(report.attack)
            parts.append(f"{report.model}, as it was assessed: {attack}")
        elif isinstance(report, ModelAttackReport):
            parts.append(_first(report))
    kept = [one for one in measured if one.what in ("model", "model attack")]
    if kept and not any(isinstance(one, ModelAssessment | ModelAttackReport) for one in reports):
        parts += [
            f"{one.table}, recorded on {one.on}: "
            + ("no attack was recorded" if one.auc is None else f"the strongest attack's AUC is {one.auc:.3f}")
            for one in kept
        ]
    if not parts:
        return NotApplicable("No model was trained in this project, and none was assessed.")
    return printable(f"{'; '.join(parts)}.")


def _first(report: object) -> str:
    return repr(report).partition("\n")[0].rstrip(".")


def _algorithms(told: Statement) -> Iterator[tuple[int, Any]]:
    drawn = ", ".join(told.versions)
    yield (
        9,
        "Noise is drawn by OpenDP; the transformations before it are privkit's own, each with a proof and an "
        f"independent oracle{f' ({drawn})' if drawn else ''}.",
    )
    made = sum(bool(ROWS & {*one.statistics}) for one in told.charges)
    yield (
        16,
        f"Entries of synthetic rows: {made:,}, all drawn from noisy tables that the ledger charged."
        if made
        else NotApplicable("No synthetic rows were made in this project."),
    )
    yield 17, NotApplicable("privkit makes synthetic rows from noisy tables, and by no deep model.")
    terms = told.terms
    limits = [f"a budget of {terms.budget}"]
    each = "limits of their own for analysts" if terms.allotments else f"at most {terms.per_analyst} by each analyst"
    limits += [each] if terms.per_analyst else []
    limits += [f"at most {terms.window}"] if terms.window else []
    yield (
        19,
        f"Each question is charged before it is answered, within {', '.join(limits)}; what does not fit is refused. "
        f"Analysts so far: {told.analysts}.",
    )
    yield (
        21,
        "Sums are exact whole numbers before noise is drawn, and errors depend on the schema alone. Running time is "
        "not hidden: do not let strangers ask and measure it.",
    )


def _utility(told: Statement) -> Iterator[tuple[int, Any]]:
    clipped = sorted({name for one in told.charges for name in one.clipped})
    found = sum(one.groups == "found" for one in told.charges)
    named = sum(one.groups == "named" for one in told.charges)
    parts = [f"values of {', '.join(map(repr, clipped))} were clipped to public bounds"] if clipped else []
    parts += [f"groups whose noisy counts fell below a threshold were left out ({found:,} entries)"] if found else []
    column = told.terms.unit.column
    parts += [f"rows beyond the contribution bounds, and rows without {column!r}, were left out"] if column else []
    yield 12, f"Systematic: {'; '.join(parts)}." if parts else "No value was clipped, and no row or group left out."
    if column is None:
        yield 13, NotApplicable("No id tells persons apart, so that nothing is bounded by person.")
    else:
        yield 13, f"Noise grows with the bounds: {told.terms.bounds or 'those that each call said'}."
    if named or found:
        yield 14, f"Entries whose groups were named: {named:,}; found by noisy counts, at a price: {found:,}."
    else:
        yield 14, NotApplicable("No entry asks by groups.")


def _exposure(inventory: Inventory) -> Iterator[tuple[int, Any]]:
    texts = [entry.name for entry in inventory if entry.what == "free text"]
    yield (
        18,
        f"Free text, which may name others, in {', '.join(map(repr, texts))}."
        if texts
        else "The inventory has no column of free text; tables alone are asked.",
    )
    for number, name in ((22, "stored"), (23, "access")):
        if said := said_of(inventory, name):
            yield number, said
    if said := said_of(inventory, "source"):
        basis = said_of(inventory, "legal_basis")
        yield 24, said + (f" Legal basis: {basis}" if basis else "")


def said_of(inventory: Inventory, fact: str) -> str:
    """Return what the owner says of a fact, each saying once, with the columns that it is said of."""
    told: dict[str, list[str]] = {}
    for entry in inventory:
        value = getattr(entry, fact)
        if text := (", ".join(value) if isinstance(value, tuple) else str(value or "")).strip():
            told.setdefault(printable(text), []).append(entry.name)
    every = sum(map(len, told.values())) == len(inventory)
    if every and len(told) == 1:
        return f"{next(iter(told))}."
    return " ".join(f"{text} ({', '.join(map(repr, names))})." for text, names in told.items())
