"""The plots of anonymity reports."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from privkit.anonymity.kanon import KAnonymityReport
from privkit.view.bands_anonymity import bands
from privkit.view.style import GOOD, SHORT
from privkit.view.words import number, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@singledispatch
def plot(value: object, ax: Axes) -> None:
    """Draw the value."""
    raise TypeError(f"{type(value).__name__} has no plot")


@plot.register(KAnonymityReport)
def _kanon(report: KAnonymityReport, ax: Axes) -> None:
    shown = bands(report)
    for place, band in enumerate(shown):
        color, hatch = (SHORT, "///") if band.short else (GOOD, None)
        ax.bar(place, band.rows, color=color, hatch=hatch, edgecolor="white", linewidth=0)
        if band.rows:
            ax.annotate(percent(band.rows, report.n_rows), (place, band.rows), ha="center", va="bottom", fontsize=8)
    ax.set_xticks(range(len(shown)), [band.name for band in shown])
    ax.set_xlabel("class size (rows)" if report.unit is None else "persons in class")
    ax.set_ylabel("rows")
    ax.yaxis.set_major_formatter(lambda value, _: number(value))
    ax.margins(y=0.12)
    needed = "" if report.required is None else f", k = {number(report.required)} required"
    ax.set_title(f"k = {number(report.k)}{needed}")
