"""The tables of a book, one by one: what a release of several tables gives to show, and to compute on with. No data."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from privkit.dp.answers.arithmetic import index_of
from privkit.dp.answers.derived import Derived, Source
from privkit.dp.answers.linear import Errors
from privkit.dp.statistics.arranged import told_table
from privkit.dp.statistics.books.tables import Tables
from privkit.errors.tables import TablesError
from privkit.values.arguments import column_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.answers.release import Release

#: Terms of the errors of one table that are kept, so that sums and ratios of it can be computed.
_MOST_TERMS = 4_000_000


def book_of(release: Release) -> Tables | None:
    """Return what is asked, where it is several tables."""
    asked = release.plan.question.asked
    return asked if isinstance(asked, Tables) else None


def table_of(release: Release, book: Tables, by: Sequence[str]) -> Derived:
    """Return one table of a book, or one that lies within it.

    Its intervals come from the law of its errors, the same for every cell; sums and ratios of it from the same law of
    theirs, where its errors are few enough to be told one by one.

    Raises
    ------
    TablesError
    """
    names = tuple(column_name(name) for name in by)
    if not book.holds(names):
        raise TablesError.not_held(names, [told_table(one) for one in book.asked])
    keys, values, grain = book.margin(release.drawn, names)
    axes, question, place = book.axes(names), release.plan.question, release.provenance

    def limits(alpha: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        width = book.reached(axes, release.noise, alpha) + grain
        return values - width, values + width

    simulated = bool(getattr(release, "simulated", False))
    return Derived(
        book.main,
        values,
        None if keys is None else index_of(keys),
        limits,
        (Source(place.project, place.entry, place.question, release.loss, simulated),),
        errors=_errors(release, book, names),
        notes=() if question.unit.is_row else (f"the numbers are those after bounding: {question.bounds}",),
    )


def _errors(release: Release, book: Tables, names: tuple[str, ...]) -> Errors | None:
    """Return the errors of a table's cells, as weights of the noise of what was measured; None if they are too many."""
    size = book.cells_of(names)
    if size * book.width > _MOST_TERMS:
        return None
    told = release.provenance
    text = f"{told.project}\0{told.entry}\0{told.time}\0".encode() + release.drawn.tobytes()
    mark = hashlib.sha256(text).hexdigest()
    weights = book.weights_of(names)
    rows, columns = np.nonzero(np.abs(weights) > 1e-13)
    ends = np.array([span.stop for span in book.fit.spans])
    sources = np.searchsorted(ends, columns, side="right")
    starts = np.array([span.start for span in book.fit.spans])
    drawn = {f"{mark} {place}": layer for place, layer in enumerate(book.layers(release.noise))}
    return Errors(size, drawn, rows, sources, columns - starts[sources], weights[rows, columns])
