"""The plots of risk reports."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from privkit.risk.link import LinkReport
from privkit.risk.report import RiskReport
from privkit.risk.suda import SudaReport
from privkit.risk.unicity import UnicityReport
from privkit.view.style import GOOD, INK, SHORT
from privkit.view.words import number, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from privkit.risk.rates import Rate


@singledispatch
def plot(value: object, ax: Axes) -> None:
    """Draw the value."""
    raise TypeError(f"{type(value).__name__} has no plot")


@plot.register(RiskReport)
def _risk(report: RiskReport, ax: Axes) -> None:
    limit = float(report.threshold.row_value)
    for place, found in enumerate(report.attackers):
        for offset, value, color in ((-0.2, found.highest, SHORT), (0.2, found.average, GOOD)):
            ax.bar(
                place + offset,
                value,
                0.36,
                color=color,
                hatch="///" if value > limit else None,
                edgecolor="white",
                linewidth=0,
            )
            ax.annotate(number(value), (place + offset, value), ha="center", va="bottom", fontsize=8)
    ax.axhline(limit, color=INK, linestyle="--", linewidth=1)
    ax.annotate("threshold", (len(report.attackers) - 0.5, limit), ha="right", va="bottom", fontsize=8)
    ax.set_xticks(range(len(report.attackers)), [found.attacker for found in report.attackers])
    ax.set_ylim(0, 1.12)
    ax.set_ylabel("risk")
    ax.set_title("Highest and average risk by attacker")


@plot.register(SudaReport)
def _suda(report: SudaReport, ax: Axes) -> None:
    _counts(ax, list(report.by_size), list(report.by_size.values()))
    ax.set_xlabel("columns in the set")
    ax.set_ylabel("minimal sample uniques")
    ax.set_title(f"{number(report.n_unique)} of {number(report.n_rows)} rows are sample uniques")


def _counts(ax: Axes, names: list[int], counts: list[int]) -> None:
    for place, count in enumerate(counts):
        ax.bar(place, count, color=SHORT, hatch="///", edgecolor="white", linewidth=0)
        ax.annotate(number(count), (place, count), ha="center", va="bottom", fontsize=8)
    ax.set_xticks(range(len(names)), [str(name) for name in names])
    ax.yaxis.set_major_formatter(lambda value, _: number(value))
    ax.margins(y=0.12)


@plot.register(LinkReport)
def _link(report: LinkReport, ax: Axes) -> None:
    rates = {
        "single match": report.singled,
        "right match": report.right,
        "control": report.control,
        "by chance": report.baseline,
    }
    _rates(ax, {name: rate for name, rate in rates.items() if rate is not None})
    ax.set_title(f"{percent(report.n_single, report.n_rows)} of rows match exactly one")


@plot.register(UnicityReport)
def _unicity(report: UnicityReport, ax: Axes) -> None:
    _rates(ax, {str(points): rate for points, rate in report.by_points.items()})
    ax.set_xlabel("known points")
    ax.set_title("Persons singled out")


def _rates(ax: Axes, rates: dict[str, Rate]) -> None:
    for place, rate in enumerate(rates.values()):
        ax.bar(place, rate.observed, color=GOOD)
        ax.plot([place, place], [rate.low, rate.high], color=INK, linewidth=1.2)
        ax.annotate(percent(rate.observed), (place, rate.high), ha="center", va="bottom", fontsize=8)
    ax.set_xticks(range(len(rates)), list(rates))
    ax.set_ylim(0, 1.12)
    ax.set_ylabel("share (95 %, Wilson)")
