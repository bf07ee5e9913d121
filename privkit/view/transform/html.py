"""The HTML of transformations."""

from __future__ import annotations

from functools import singledispatch

from privkit.transform.anonymized import Anonymized
from privkit.transform.costs import AnonymizationReport
from privkit.transform.generalize import Generalized
from privkit.transform.lattice import Lattice
from privkit.transform.perturb import Perturbed
from privkit.view.parts.markup import Markup, badge, card, meter, table, tag
from privkit.view.parts.words import label
from privkit.view.transform.text import anonymized_answer, anonymized_next, anonymized_reasons
from privkit.view.transform.text import text as plain


@singledispatch
def html(value: object) -> Markup:
    """Return the value as HTML."""
    raise TypeError(f"{type(value).__name__} has no HTML")


@html.register(Anonymized)
def _anonymized(value: Anonymized) -> Markup:
    return card(
        anonymized_answer(value),
        *_verdicts(value.report),
        *(tag("p", reason) for reason in anonymized_reasons(value)),
        _columns(value),
        then=anonymized_next(value),
        exact=True,
    )


def _verdicts(report: AnonymizationReport) -> list[Markup]:
    return [badge(met, f"{name} is {'met' if met else 'not met'}") for name, met in report.after.criteria.items()]


def _columns(value: Anonymized) -> Markup:
    rows = [
        [label(name), value.levels_[name], f"{loss:.1%}", meter(loss, f"loss of {label(name)}: {loss:.1%}")]
        for name, loss in value.report.column_losses.items()
    ]
    return table(["column", "level", "loss", ""], rows, caption="Loss by column")


@html.register(AnonymizationReport)
def _report(report: AnonymizationReport) -> Markup:
    rows = [
        [name, *("" if cell is None else f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in cells)]
        for name, *cells in report.to_frame().itertuples()
    ]
    answer = "All criteria are met." if report.satisfied else "Not all criteria are met."
    return card(answer, *_verdicts(report), table(["", "before", "after"], rows), then=[".to_frame()"], exact=True)


@html.register(Generalized)
@html.register(Lattice)
@html.register(Perturbed)
def _plain(value: Generalized | Lattice | Perturbed) -> Markup:
    answer, *reasons = plain(value).splitlines()
    return card(answer, *(tag("p", reason) for reason in reasons), exact=True)
