"""The plots of plans and releases."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

import numpy as np

from privkit.dp.answers.release import Release
from privkit.dp.plan import Plan
from privkit.view.dp.text import Cell, amount, cells, chosen, release_answer, statistic, within
from privkit.view.parts.style import GOOD, INK
from privkit.view.parts.words import label, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

#: More keys than this are not named one by one.
_NAMED = 60
#: So many letters stand side by side below an axis.
_WIDE = 84


@singledispatch
def plot(value: object, ax: Axes) -> None:
    """Draw the value."""
    raise TypeError(f"{type(value).__name__} has no plot")


@plot.register(Plan)
def _plan(plan: Plan, ax: Axes) -> None:
    """Draw the chance of each error of one number: the noise's own distribution."""
    step = plan.question.asked.step
    width = plan.noise.half_width() * step
    reach = max(2 * width, 3 * step)
    errors = np.linspace(-reach, reach, min(int(2 * reach / step) + 1, 801))
    errors = np.unique(errors.round()) if step == 1 else errors
    chance = plan.noise.chance(errors / step)
    chance = chance if step == 1 else chance / chance.max()
    inside = np.abs(errors) <= width
    ax.fill_between(errors, chance, where=inside.tolist(), color=GOOD, alpha=0.35, linewidth=0)
    ax.plot(errors, chance, color=GOOD, linewidth=1.2)
    ax.set_ylim(bottom=0)
    direct = plan.accuracy is not None and not plan.question.asked.needs_rows
    ax.set_xlabel("error of one number" if direct else "noise of the sums that it is computed from")
    ax.set_ylabel("chance" if step == 1 else "chance, relative to no error")
    ax.set_title(f"{statistic(plan.question)} {within(plan)} for {amount(plan.loss)}")


@plot.register(Release)
def _release(release: Release, ax: Axes) -> None:
    if release.plan.question.keys is None and not release.has_interval:
        _chosen(release, ax)
    elif release.plan.question.keys is None:
        _total(release, ax)
    else:
        _by_key(release, ax)
    ax.set_title(release_answer(release))


def named_along(shown: Sequence[Cell]) -> tuple[int, int]:
    """Return how names stand below an axis so that none meets the next: their angle, and their size."""
    if sum(len(cell.name) + 2 for cell in shown) <= _WIDE:
        return 0, 8
    return 90, 8 if len(shown) <= _NAMED // 2 else 6


def _chosen(release: Release, ax: Axes) -> None:
    """Draw a number that was chosen among public candidates, on their axis; what is no number stands as text."""
    value, candidates = release.cells[0], getattr(release.plan.question.asked, "candidates", None)
    if isinstance(value, list) or candidates is None or len(candidates) < 2:
        ax.text(0.5, 0.5, chosen(value), ha="center", va="center")
        ax.set_axis_off()
        return
    low, high = float(min(candidates)), float(max(candidates))
    ax.plot([float(value)], [0], "o", color=GOOD)
    ax.annotate(chosen(value), (float(value), 0), xytext=(0, 8), textcoords="offset points", ha="center", fontsize=8)
    ax.set_xlim(low - 0.02 * (high - low), high + 0.02 * (high - low))
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(f"{statistic(release.plan.question)}, among {number(len(candidates))} public candidates")


def _total(release: Release, ax: Axes) -> None:
    """Draw one number with its interval; the axis ends near them, since one number has nothing to stand on."""
    cell = cells(release)[0]
    value, width = cell.value, max(cell.upper - cell.lower, 1e-9) / 2
    around = [[value - cell.lower], [cell.upper - value]]
    ax.errorbar([value], [0], xerr=around, fmt="o", color=GOOD, ecolor=GOOD, elinewidth=1.5, capsize=5)
    ax.set_xlim(value - 3 * width - 1, value + 3 * width + 1)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.xaxis.set_major_formatter(lambda place, _: number(place))
    ax.set_xlabel(release.plan.question.statistic)


def _by_key(release: Release, ax: Axes) -> None:
    shown = cells(release, None)
    places = range(len(shown))
    values = [cell.value for cell in shown]
    named = len(shown) <= _NAMED
    ax.bar(places, values, color=GOOD, alpha=0.55, linewidth=0)
    ax.errorbar(
        places,
        values,
        yerr=[[c.value - c.lower for c in shown], [c.upper - c.value for c in shown]],
        fmt="none",
        ecolor=INK,
        elinewidth=1.2,
        capsize=3 if len(shown) < 20 else 0,
    )
    if named:
        rotation, size = named_along(shown)
        ax.set_xticks(places, [cell.name for cell in shown], rotation=rotation, fontsize=size)
    else:
        ax.set_xticks([])
    ax.set_xlabel(", ".join(label(name) for name in release.plan.question.by))
    ax.set_ylabel(release.plan.question.statistic)
    ax.yaxis.set_major_formatter(lambda value, _: number(value))
