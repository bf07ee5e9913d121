"""What plans and releases of several tables say."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from privkit.dp.noise.noise import ALPHA
from privkit.dp.statistics.books.tables import Tables
from privkit.values.writing import error_text, level_text, to_error
from privkit.view.parts.chart import Chart, Estimates, Heat, Kind
from privkit.view.parts.sheet import Block, Note, Row, Sheet, Table, given
from privkit.view.parts.words import aligned, label, number, plural
from privkit.view.sheets.released.numbers import Cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from privkit.dp.answers.release import Release
    from privkit.dp.plan import Plan

#: Tables, and cells, that are listed; the rest is in ``.tables``, and in ``.to_frame()``.
_TABLES, _CELLS = 12, 20
#: Cells that are drawn.
_DRAWN = 60


def compared(plan: Plan) -> Table | None:
    """Return how accurate each table is, and how it were alone; None where the answer is not of several tables."""
    asked = plan.question.asked
    rows: list[Row] = [
        [label(one.name, 60), number(one.cells), f"± {error_text(one.accuracy)}", f"± {error_text(one.split)}"]
        for one in islice(asked.compared(plan.noise, ALPHA), _TABLES)  # of the others nothing is reckoned
    ]
    if not rows:
        return None
    heads = ["table", "cells", "each within", "by an equal split"]
    left = len(asked.asked) - len(rows) if isinstance(asked, Tables) else 0
    rest = [f"  … {number(left)} more: .tables"] if left else []
    return Table(heads, rows, lines=[*aligned([heads, *rows], "<>>>"), *rest])  # type: ignore[list-item]


def book(release: Release, reasons: Sequence[Block], foot: str) -> Sheet:
    """Return what a release of several tables says: how accurate each is, and the first cells."""
    asked = _asked(release)
    level = level_text(1 - ALPHA)
    each = f"each ± {error_text(release.plan.accuracy or 0.0)} or better ({level})"
    answer = f"{asked.headline}: {plural(release.plan.question.cells, 'number')}, {each}"
    columns = ", ".join(map(repr, asked.asked[0]))
    first = f".table({columns})" if columns else ".total()"
    rest = release.plan.question.cells - _CELLS
    more = Note(f"… {number(rest)} more: .to_frame(), or a table: {first}", told=False) if rest > 0 else None
    return Sheet(
        answer,
        given([compared(release.plan), _cells(release, rest, first), more, *reasons]),
        [first, ".to_frame()", ".total()", ".provenance", ".plot()"],
        chart=lambda: _chart(release, answer, foot),
    )


def _first(release: Release, most: int) -> list[Cell]:
    """Return the first cells, by their names."""
    found: list[Cell] = []
    for names in _asked(release).asked:
        frame = release.total(list(names)).to_frame()
        rows = zip(
            frame.index.tolist(), *(frame[column].tolist() for column in ("count", "lower", "upper")), strict=True
        )
        for key, value, low, high in islice(rows, most - len(found)):
            found.append(Cell(_named(names, key), value, low, high))
        if len(found) >= most:
            break
    return found


def _named(names: Sequence[str], key: object) -> str:
    """Return a cell's key in a form that is fit to print."""
    if not names:
        return "all rows"
    parts = key if isinstance(key, tuple) else (key,)
    told = ("missing" if part is None or part != part else label(part, 40) for part in parts)  # noqa: PLR0124
    return ", ".join(f"{label(name, 24)} {part}" for name, part in zip(names, told, strict=True))


def _cells(release: Release, rest: int, first: str) -> Table:
    rows: list[Row] = [[one.name, one.whole] for one in _first(release, _CELLS)]
    tail = [f"  … {number(rest)} more: .to_frame(), or a table: {first}"] if rest > 0 else []
    return Table(["cell", "count"], rows, lines=[*aligned(rows, "<>"), *tail])  # type: ignore[arg-type]


def _chart(release: Release, answer: str, foot: str) -> Chart:
    """Return the drawing of the first table: of two columns as a heat table, else as bars with their intervals."""
    tables = _asked(release).asked
    two = [one for one in tables if len(one) == 2]
    shown = two[0] if two else tables[0]
    frame = release.total(list(shown)).to_frame()
    if len(shown) == 2 and len(frame) <= _DRAWN * 4:
        return Chart(answer, label(shown[1]), label(shown[0]), _heat(frame), foot)
    drawn = _estimates(frame.head(_DRAWN), shown)
    by = ", ".join(map(label, shown))
    x, y = ("count", by) if drawn.lies else (by, "count")
    return Chart(answer, x, y, drawn, foot)


def _heat(frame: pd.DataFrame) -> Kind:
    table = frame["count"].unstack(sort=False)
    pairs = zip(frame["count"], (frame["upper"] - frame["lower"]) / 2, strict=True)
    shown = frame.assign(told=[to_error(value, width) for value, width in pairs])["told"].unstack(sort=False)

    def texts(axis: pd.Index) -> list[str]:
        return ["missing" if one is None else label(one, 40) for one in axis]

    return Heat(texts(table.index), texts(table.columns), table.to_numpy().tolist(), shown.to_numpy().tolist())


def _estimates(frame: pd.DataFrame, names: Sequence[str]) -> Estimates:
    keys = [_named(names, key) for key in frame.index]
    values, lower, upper = (frame[column].tolist() for column in ("count", "lower", "upper"))
    return Estimates(keys, values, lower, upper, bars=True)


def _asked(release: Release) -> Tables:
    """Return what was asked."""
    asked = release.plan.question.asked
    assert isinstance(asked, Tables)
    return asked
