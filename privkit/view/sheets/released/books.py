"""What plans and releases of several tables say, releases of rows that fit them, and comparisons of such rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from itertools import islice
from typing import TYPE_CHECKING

from privkit.dp.answers.persons import RelatedRows
from privkit.dp.noise.noise import ALPHA
from privkit.dp.statistics.books.tables import Tables
from privkit.dp.synthesis.synthetic import Synthetic
from privkit.transform.by_person import PersonFrames
from privkit.transform.evaluation import Evaluation
from privkit.values.writing import error_text, level_text, percent, to_error
from privkit.view.parts.chart import Across, Chart, Estimates, Heat, Kind
from privkit.view.parts.sheet import Block, Note, Row, Sheet, Table, given, in_columns, sheet
from privkit.view.parts.words import aligned, label, number, plural, value_text
from privkit.view.sheets.released.numbers import Cell

if TYPE_CHECKING:
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
    rows = [
        [label(one.name, 60), number(one.cells), f"± {error_text(one.accuracy)}", f"± {error_text(one.split)}"]
        for one in islice(asked.compared(plan.noise, ALPHA), _TABLES)  # of the others nothing is reckoned
    ]
    if not rows:
        return None
    heads = ["table", "cells", "each within", "by an equal split"]
    left = len(asked.asked) - len(rows) if isinstance(asked, Tables) else 0
    return in_columns(heads, rows, left=left, rest=".tables")


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
        given(compared(release.plan), _cells(release, rest, first), more, *reasons),
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
    return ", ".join(f"{label(name, 24)} {value_text(part, 40)}" for name, part in zip(names, parts, strict=True))


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
        return [value_text(one, 40) for one in axis]

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


#: Rows and columns that are shown.
_ROWS, _COLUMNS = 4, 8
_LONGEST_NOTE = 240
#: Tables of a comparison that are listed, and that are drawn.
_COMPARED, _COMPARED_DRAWN = 8, 20


def synthetic(release: Release, reasons: Sequence[Block], foot: str) -> Sheet:
    """Return what a release of synthetic rows says."""
    asked = release.plan.question.asked
    assert isinstance(asked, Synthetic)
    told, frame, off = book(release, reasons, foot), release.frame, release.distances
    fitted = int((~off["held_out"]).sum())
    answer = (
        f"{plural(len(frame), 'synthetic row')} of {plural(len(asked.made), 'column')}, drawn to fit "
        f"{plural(fitted, 'noisy table')}; {asked.main} in the first {number(len(asked.tables))} "
        f"± {error_text(release.plan.accuracy or 0.0)} or better ({level_text(1 - ALPHA)})"
    )
    own = off[~off["held_out"]]
    fits = (
        f"The rows' tables are {percent(float(own['distance'].mean()))} off the noisy ones in the mean; the noise "
        f"alone makes {percent(float(own['noise'].mean()))}: .distances."
    )
    remarks = [Note(f"Note: {label(one, _LONGEST_NOTE)}.") for one in release.remarks]
    drawn = told.chart
    assert drawn is not None
    steps = [".frame", ".distances", *told.then]
    return replace(
        told,
        answer=answer,
        blocks=given(_first_rows(release), fits, _held_out(off), *remarks, *told.blocks),
        then=steps,
        chart=lambda: replace(drawn(), title=answer),
    )


def _first_rows(release: Release) -> Table:
    """Return the first rows: they are synthetic, and may be shown."""
    frame = release.frame
    names = list(frame.columns[:_COLUMNS])
    shown = frame[names].head(_ROWS)
    rows: list[Row] = [
        ["missing" if gone else label(_cell_text(cell), 20) for cell, gone in zip(row, missing, strict=True)]
        for row, missing in zip(
            shown.astype(object).itertuples(index=False), shown.isna().itertuples(index=False), strict=True
        )
    ]
    heads = [label(name, 20) for name in names]
    return Table(heads, rows, lines=aligned([heads, *rows], "<" * len(heads)))  # type: ignore[list-item]


def _cell_text(value: object) -> str:
    """Return a cell as a row of few columns shows it: midnights as days, and fractions as numbers elsewhere."""
    if isinstance(value, datetime):
        midnight = value.time() == time(0)
        return f"{value:%Y-%m-%d}" if midnight else f"{value:%Y-%m-%d %H:%M}"
    return number(value) if isinstance(value, float) and not value.is_integer() else str(value)


def _held_out(off: pd.DataFrame) -> str:
    """Say how far the rows are from the tables that they were not fitted to."""
    held = off[off["held_out"]]
    if not len(held):
        return ""
    return (
        f"Off {plural(len(held), 'table')} to which they were not fitted: {percent(float(held['distance'].mean()))} "
        f"in the mean; the noise alone makes {percent(float(held['noise'].mean()))}."
    )


@sheet.register(RelatedRows)
def _related(found: RelatedRows) -> Sheet:
    own = found.distances["distance"]
    answer = (
        f"{plural(len(found.persons), 'synthetic person')} with {plural(len(found.events), 'synthetic event')}: "
        f"their tables are {percent(float(own.mean()))} off the noisy ones in the mean"
    )
    chosen = f"Events were chosen by what their persons have in {', '.join(map(label, found.shared))}."
    if found.loosened:
        chosen += f" Of {percent(found.loosened)} of them not all of that agrees."
    blocks: list[Block] = [
        chosen,
        "Kept within the noise of both releases: how many events persons have, tables of persons, and tables of one "
        "event with its person.",
        "Not kept: what the events of one person have in common beyond these columns, their order, and counts above "
        "the largest key.",
        "The key means nothing: persons are numbered.",
    ]
    return Sheet(answer, given(*blocks), [".persons", ".events", ".distances"])


@sheet.register(PersonFrames)
def _by_person(found: PersonFrames) -> Sheet:
    many = plural(len(found.persons) - found.repeated, "person")
    answer = f"{many} and {plural(len(found.events), 'event')}: two frames with a key"
    blocks: tuple[Block, ...] = (
        *([_repeated(found)] if found.repeated else []),
        "Ask dp_synthetic of both, in a project whose unit is the key: two answers cost what they cost together.",
        "Exact rows: for the owner's eyes.",
    )
    return Sheet(answer, blocks, [".persons", ".events"])


def _repeated(found: PersonFrames) -> str:
    """Say that rows of persons have one key: the tables may have come in the other order."""
    return (
        f"{plural(found.repeated, 'row')} have the key of an earlier row of persons: by_person(persons, events, "
        "key) takes the table with one row for each person first. With max_rows=1 one row of each counts, at random; "
        "events have the values of the first."
    )


# -- comparisons -----------------------------------------------------------------------------------------------------


@sheet.register(Evaluation)
def _evaluation(found: Evaluation) -> Sheet:
    off = percent(found.mean())
    answer = (
        f"{plural(found.rows[1], 'synthetic row')} beside {number(found.rows[0])} real ones: pairs of columns {off} off"
    )
    chance = percent(float(found.distances["chance"].mean()))
    blocks: list[Block] = [
        f"A random half of the real rows is {chance} off the other.",
        *(
            f"{label(name)} is {own} in the real rows and {made} in the synthetic ones: compared value by value, "
            "and a text is no number. Give both one type first."
            for name, own, made in found.types
        ),
        _propensity(found),
        _predicted(found),
        _compared_tables(found),
        "Exact functions of real rows: never to be packaged with the rows. What may leave: release.distances.",
    ]
    steps = [".to_frame()", *([".groups"] if found.groups is not None else []), ".plot()"]
    return Sheet(answer, given(*blocks), steps, exact=True, chart=lambda: _comparison_chart(found, answer))


def _propensity(found: Evaluation) -> str:
    if found.propensity is None:
        return ""
    return f"Telling real rows from synthetic ones: AUC {found.propensity:.3f} (0.5 is by chance)."


def _predicted(found: Evaluation) -> str:
    if found.target is None or found.real is None or found.synthetic is None:
        return ""
    how = f"{found.measure} {found.synthetic:.3f} by training on synthetic rows, {found.real:.3f} on real ones"
    return f"Predicting {label(found.target)} on real rows: {how}."


def _compared_tables(found: Evaluation) -> Table:
    frame = found.to_frame()
    rows = [
        [label(str(name), 60), percent(float(off)), percent(float(chance))]
        for name, off, chance in islice(zip(frame.index, frame["distance"], frame["chance"], strict=True), _COMPARED)
    ]
    return in_columns(["table", "off", "a half is off"], rows, left=len(frame) - len(rows))


def _comparison_chart(found: Evaluation, answer: str) -> Chart:
    frame = found.to_frame().head(_COMPARED_DRAWN)
    off = [float(one) for one in frame["distance"]]
    names = [label(str(name), 40) for name in frame.index]
    return Chart(
        answer, "share of rows that would have to change", "", Across(names, off, [percent(one) for one in off])
    )
