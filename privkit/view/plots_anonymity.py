"""The plots of anonymity reports."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from privkit.anonymity.kanon import KAnonymityReport
from privkit.anonymity.report import ClassReport
from privkit.view.bands_anonymity import Band, bands, figure_bands
from privkit.view.style import GOOD, SHORT
from privkit.view.telling_anonymity import telling
from privkit.view.words import number, percent

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
    ax.margins(y=0.12)
