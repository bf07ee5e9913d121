"""The plots of anonymity reports."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from privkit.anonymity.kanonymity import KAnonymityReport
from privkit.anonymity.reports import CheckReport, ClassReport
from privkit.view.anonymity.bands import Band, bands, figure_bands
from privkit.view.anonymity.telling import telling
from privkit.view.parts.style import GOOD, SHORT, horizontal
from privkit.view.parts.words import number, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@singledispatch
def plot(value: object, ax: Axes) -> None:
    """Draw the value."""
    raise TypeError(f"{type(value).__name__} has no plot")


@plot.register(KAnonymityReport)
def _kanon(report: KAnonymityReport, ax: Axes) -> None:
    _bars(bands(report) if report.n_rows else [], report.n_rows, ax)
    ax.set_xlabel("class size (rows)" if report.unit is None else "persons in class")
    needed = "" if report.required is None else f", k = {number(report.required)} required"
    ax.set_title(f"k = {number(report.k)}{needed}")


@plot.register(ClassReport)
def _classes(report: ClassReport, ax: Axes) -> None:
    _bars(figure_bands(report) if report.n_rows else [], report.n_rows, ax)
    ax.set_xlabel(f"{report.symbol} of the class")
    told = telling(report)
    ax.set_title(f"{told.figure}; required: {told.goal}" if told.goal else told.figure)
    ax.tick_params(axis="x", labelrotation=30 if len(ax.get_xticks()) > 6 else 0)


@plot.register(CheckReport)
def _check(report: CheckReport, ax: Axes) -> None:
    """Draw the share of rows that break each part; one on the table as a whole is all or nothing."""
    n = max(report.n_rows, 1)
    short = [(0 if found.met else n) if found.rows_short is None else found.rows_short for found in report.findings]
    told = [f"{found.figure}, {'met' if found.met else 'not met'}" for found in report.findings]
    missed = [not found.met for found in report.findings]
    horizontal(
        ax, [repr(found.criterion) for found in report.findings], [rows / n for rows in short], told, short=missed
    )
    ax.set_xlim(0, 1.6)
    ax.set_xticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    ax.set_xlabel("rows in classes that break it")
    ax.set_ylabel("criterion")
    ax.set_title(f"{percent(report.rows_short, report.n_rows)} of {number(report.n_rows)} rows fall short of some part")


def _bars(shown: list[Band], n_rows: int, ax: Axes) -> None:
    """Draw rows by band, those that fall short hatched on top."""
    for place, band in enumerate(shown):
        met = band.rows - band.rows_short
        ax.bar(place, met, color=GOOD)
        ax.bar(place, band.rows_short, bottom=met, color=SHORT, hatch="///", edgecolor="white", linewidth=0)
        if band.rows:
            ax.annotate(percent(band.rows, n_rows), (place, band.rows), ha="center", va="bottom", fontsize=8)
    ax.set_xticks(range(len(shown)), [band.name for band in shown])
    ax.set_ylabel("rows")
    ax.yaxis.set_major_formatter(lambda value, _: number(value))
    ax.set_ylim(0, max([*(band.rows for band in shown), 1]) * 1.12)
