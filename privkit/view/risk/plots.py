"""The plots of risk reports."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from matplotlib.patches import Patch

from privkit.risk.copula import CopulaReport
from privkit.risk.linkage.link import LinkReport
from privkit.risk.report import RiskReport
from privkit.risk.suda import SudaReport
from privkit.risk.unicity import UnicityReport
from privkit.view.parts.style import GOOD, INK, SHORT
from privkit.view.parts.words import number, percent
from privkit.view.risk.text import risk_answer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from privkit.risk.attackers import Rate


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
    end = len(report.attackers) - 0.5
    ax.annotate(f"threshold\n{number(limit)}", (end + 0.02, limit), ha="left", va="bottom", fontsize=8)
    ax.set_xlim(-0.5, end + 0.45)
    ax.set_xticks(range(len(report.attackers)), [found.attacker for found in report.attackers])
    ax.set_ylim(0, 1.12)
    ax.set_xlabel("attacker")
    ax.set_ylabel("risk")
    ax.legend(handles=_legend(), ncols=3, loc="upper right", bbox_to_anchor=(1, -0.2))
    ax.set_title(risk_answer(report))


def _legend() -> list[Patch]:
    return [
        Patch(color=SHORT, label="highest"),
        Patch(color=GOOD, label="average"),
        Patch(facecolor="none", edgecolor=INK, hatch="///", linewidth=0, label="above the threshold"),
    ]


@plot.register(CopulaReport)
def _copula(report: CopulaReport, ax: Axes) -> None:
    rows, *_ = ax.hist(report.per_row["uniqueness"], bins=[place / 20 for place in range(21)], color=GOOD, rwidth=0.92)
    ax.set_ylim(0, max([*rows, 1]) * 1.2)  # type: ignore[arg-type]
    ax.axvline(report.uniqueness, color=INK, linestyle="--", linewidth=1)
    ax.annotate("mean", (report.uniqueness, 1), xycoords=("data", "axes fraction"), xytext=(3, -3),
                textcoords="offset points", va="top", fontsize=8)  # fmt: skip
    ax.set_xlim(0, 1)
    ax.set_xlabel("probability that the row's person is unique in the population")
    ax.set_ylabel("rows drawn")
    ax.yaxis.set_major_formatter(lambda value, _: number(value))
    ax.set_title(f"{percent(report.uniqueness)} unique among {number(report.population)}, by the model")


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
    ax.set_xlabel("what is counted")
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
