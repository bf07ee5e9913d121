"""The text of transformations."""

from __future__ import annotations

from functools import singledispatch

from privkit.transform.anonymized import Anonymized
from privkit.transform.costs import AnonymizationReport
from privkit.transform.generalize import Generalized
from privkit.transform.lattice import Lattice
from privkit.transform.perturb import Perturbed
from privkit.values.show import printable
from privkit.view.parts.words import label, lines, names, number, percent, plural


@singledispatch
def text(value: object) -> str:
    """Return the value as text."""
    raise TypeError(f"{type(value).__name__} has no text")


def anonymized_next(value: Anonymized) -> list[str]:
    """Return what to type next; suppressed rows are at hand where rows are."""
    return [".frame", ".report", ".plot()", *([] if value.is_lazy else [".with_suppressed()"])]


@text.register(Anonymized)
def _anonymized(value: Anonymized) -> str:
    return lines(anonymized_answer(value), *anonymized_reasons(value), then=anonymized_next(value))


def anonymized_answer(value: Anonymized) -> str:
    """Return the first line: what holds, and what it cost."""
    verdict = "holds" if value.report.satisfied else "does NOT hold"
    return f"{value.criteria!r} {verdict}: {value.utility} = {value.loss_:.4f}, {_suppressed(value)}."


def anonymized_reasons(value: Anonymized) -> list[str]:
    """Return the lines after the first: levels, classes, the search, proposed hierarchies."""
    after, before = value.report.after, value.report.before
    reasons = [
        f"Levels: {', '.join(f'{label(name)} {level}' for name, level in value.levels_.items())}"
        + (" (the highest used; they differ between classes)." if value.method == "local" else "."),
        f"k {number(before.k)} → {number(after.k)}, classes {number(before.classes)} → {number(after.classes)}, "
        f"average risk {before.average_risk:.4f} → {after.average_risk:.4f}.",
        _search(value),
    ]
    if value.proposed_:
        reasons.append(f"Hierarchies of {names(value.proposed_)} were proposed from their types: look at .hierarchies.")
    if value.is_lazy:
        reasons.append("Columns that tell nearly every row apart were not looked for: .identifying_ asks the engine.")
    elif value.identifying_:
        reasons.append(
            f"Unchanged, and telling nearly every row apart: {names(value.identifying_)}. Drop or pseudonymize them."
        )
    return [reason for reason in reasons if reason]


def _suppressed(value: Anonymized) -> str:
    rows = value.n_rows
    return f"{number(value.suppressed_)} of {plural(rows, 'record')} suppressed" + (
        f" ({percent(value.suppressed_, rows)})" if value.suppressed_ else ""
    )


def _search(value: Anonymized) -> str:
    if value.method not in ("optimal", "local"):
        return ""
    if value.reason:
        return f"Not proved optimal: {value.reason}. No node is better than {value.bound_:.4f}."
    if value.method == "local":
        return f"Never worse than the best node of the lattice, of which {plural(value.judged_, 'node')} were judged."
    return f"The optimum of the whole lattice ({plural(value.judged_, 'node')} judged)."


@text.register(AnonymizationReport)
def _report(report: AnonymizationReport) -> str:
    met = [f"{name}: {'met' if ok else 'NOT met'}" for name, ok in report.after.criteria.items()]
    answer = "All criteria are met." if report.satisfied else "Not all criteria are met."
    losses = ", ".join(f"{name} {loss:.1%}" for name, loss in report.column_losses.items())
    utility = ", ".join(f"{name} {value:.4g}" for name, value in report.after.utility.items())
    highest = f"Highest risk {report.before.highest_risk:.4g} → {report.after.highest_risk:.4g}"
    risk = f"{highest}; {plural(report.suppressed, 'record')} suppressed."
    return lines(answer, *met, risk, f"Loss by column: {losses}.", f"Utility: {utility}.", then=[".to_frame()"])


@text.register(Generalized)
def _generalized(value: Generalized) -> str:
    levels = ", ".join(f"{name} {level}" for name, level in value.levels_.items())
    reasons = ["This alone promises nothing: check what it reaches."]
    if value.proposed_:
        reasons.append(f"Hierarchies of {names(value.proposed_)} were proposed from their types: look at .hierarchies.")
    return lines(f"Generalized to levels: {levels}.", *reasons, then=[".frame", "pk.kanon(out.frame, qi)"])


@text.register(Lattice)
def _lattice(value: Lattice) -> str:
    criterion = printable(repr(value.task.criterion))
    shape = " × ".join(f"{label(name)} {levels}" for name, levels in value.shape.items())
    return lines(
        f"Lattice of {plural(value.n_nodes, 'node')}: {shape}.",
        f"Judged by {criterion} with at most {number(value.task.limit)} records suppressed.",
        then=[".nodes()", ".node({...})", ".apply({...})"],
    )


@text.register(Perturbed)
def _perturbed(value: Perturbed) -> str:
    return lines(
        f"{value.method}: {names(value.columns)} changed in {percent(value.changed_, value.n_rows)} of rows.",
        f"It does not promise: {value.no_promise}",
        then=[".frame", ".to_frame()"],
    )
