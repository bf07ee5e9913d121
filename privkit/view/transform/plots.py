"""The plots of transformations."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from privkit.transform.anonymized import Anonymized
from privkit.transform.costs import AnonymizationReport
from privkit.transform.generalize import Generalized
from privkit.transform.lattice import Lattice
from privkit.transform.perturb import Perturbed
from privkit.view.parts.style import GOOD, INK, SHORT, horizontal, shares
from privkit.view.parts.words import number, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@singledispatch
def plot(value: object, ax: Axes) -> None:
    """Draw the value."""
    raise TypeError(f"{type(value).__name__} has no plot")


@plot.register(Anonymized)
def _anonymized(value: Anonymized, ax: Axes) -> None:
    _losses(value.report, ax)
    k = number(value.report.after.k)
    ax.set_title(f"{value.utility} = {number(value.loss_)}, k = {k}, {number(value.suppressed_)} suppressed")


@plot.register(AnonymizationReport)
def _report(report: AnonymizationReport, ax: Axes) -> None:
    _losses(report, ax)
    before, after = number(report.before.k), number(report.after.k)
    ax.set_title(f"k {before} → {after}, {number(report.suppressed)} suppressed")


def _losses(report: AnonymizationReport, ax: Axes) -> None:
    losses = report.column_losses
    horizontal(ax, list(losses), list(losses.values()), [percent(loss) for loss in losses.values()])
    shares(ax)
    ax.set_xlabel("mean loss of the column's cells")
    ax.set_ylabel("column")


@plot.register(Generalized)
def _generalized(value: Generalized, ax: Axes) -> None:
    """Draw how high each column was generalized; a height that depends on the column's values is not known here."""
    heights = {name: max(value.hierarchies[name].height or level, 1) for name, level in value.levels_.items()}
    levels = [level / heights[name] for name, level in value.levels_.items()]
    told = [f"{level} of {heights[name]}" for name, level in value.levels_.items()]
    horizontal(ax, list(value.levels_), levels, told)
    shares(ax)
    ax.set_xlabel("level, of the hierarchy's height")
    ax.set_ylabel("column")
    ax.set_title("How far each column was generalized")


@plot.register(Perturbed)
def _perturbed(value: Perturbed, ax: Axes) -> None:
    """Draw what is left of each column: the correlation of old and new values, or the share that is unchanged."""
    kept = {
        name: (figures.get("correlation", figures.get("unchanged", float("nan"))), "correlation" in figures)
        for name, figures in value.figures_.items()
    }
    known = {name: (float(share), of) for name, (share, of) in kept.items() if share == share}  # noqa: PLR0124  # NaN
    told = [f"r = {share:.3f}" if of else f"{percent(share)} unchanged" for share, of in known.values()]
    horizontal(ax, list(known), [max(share, 0.0) for share, _ in known.values()], told)
    ax.set_xlim(0, 1.35)
    ax.set_xticks([0, 0.5, 1])
    ax.set_xlabel("correlation of old and new values, or share unchanged")
    ax.set_ylabel("column")
    ax.set_title(f"{number(value.changed_)} of {number(value.n_rows)} rows changed")


@plot.register(Lattice)
def _lattice(lattice: Lattice, ax: Axes) -> None:
    """Draw every node: what it loses against what it suppresses; those that are allowed are filled."""
    nodes, n = lattice.nodes(), max(lattice.task.coding.n_rows, 1)
    share, met = nodes["suppressed"] / n, nodes["feasible"]
    loss, above = nodes["loss"], "needs more suppressed"
    ax.scatter(share[~met], loss[~met], s=22, facecolors="none", edgecolors=SHORT, marker="s", label=above)
    ax.scatter(share[met], loss[met], s=22, color=GOOD, marker="o", label="allowed")
    ax.axvline(lattice.task.limit / n, color=INK, linestyle="--", linewidth=1)
    ax.annotate("limit", (lattice.task.limit / n, 1), xycoords=("data", "axes fraction"), xytext=(3, -3),
                textcoords="offset points", va="top", fontsize=8)  # fmt: skip
    ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    ax.set_xlim(-0.03, 1.03)
    ax.set_xlabel("records suppressed")
    ax.set_ylabel(lattice.task.utility)
    ax.legend(loc="upper right", bbox_to_anchor=(1, -0.18), ncols=2)
    ax.set_title(f"{number(int(met.sum()))} of {number(len(nodes))} nodes are allowed by {lattice.task.criterion}")
