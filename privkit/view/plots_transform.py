"""The plots of transformations."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from privkit.transform.anonymized import Anonymized
from privkit.view.style import GOOD
from privkit.view.words import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@singledispatch
def plot(value: object, ax: Axes) -> None:
    """Draw the value."""
    raise TypeError(f"{type(value).__name__} has no plot")


@plot.register(Anonymized)
def _anonymized(value: Anonymized, ax: Axes) -> None:
    losses = value.report.column_losses
    names = [label(name, 20) for name in losses]
    bars = ax.barh(names, [100 * loss for loss in losses.values()], color=GOOD)
    ax.bar_label(bars, fmt="%.1f %%", padding=3)
    ax.set_xlim(0, 110)
    ax.invert_yaxis()
    ax.set_xlabel("loss of the column (%)")
    ax.set_title(f"{value.utility} = {value.loss_:.4f}, k = {value.report.after.k}, {value.suppressed_:,} suppressed")
