"""A released table as one publishes it: a great_tables table, made of a release and of what its sheet says."""

from __future__ import annotations

import math
from datetime import date
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from privkit.dp.answers.release import Release
from privkit.dp.dates import limits_in
from privkit.dp.noise.noise import ALPHA
from privkit.errors.engines import LibraryRequiredError
from privkit.values.show import SIMULATED, is_simulated, printable
from privkit.values.writing import level_text
from privkit.view.parts.sheet import sheet_of
from privkit.view.parts.words import dates_text, day_text, label, value_text
from privkit.view.plots.theme import theme_named
from privkit.view.sheets.released.numbers import Cell, chosen

if TYPE_CHECKING:
    import pandas as pd
    from great_tables import GT

    from privkit.dp.answers.derived import Derived


def table_of(value: Release | Derived, theme: object = "light") -> GT:
    """Return a release, or what was made of some, as a table: keys, numbers rounded to their error, intervals.

    Raises
    ------
    LibraryRequiredError
        Where great_tables is not installed.
    ParameterError
        For no name of a theme.
    """
    colors = theme_named(theme, None)
    try:
        from great_tables import GT
    except ImportError:
        raise LibraryRequiredError.of("great_tables", "tables") from None
    frame = value.to_frame()
    keys = [] if frame.index.names == [None] else [str(name) for name in frame.index.names]
    numbers = list(value.estimates) if isinstance(value, Release) else [str(frame.columns[0])]
    spanned = [name for name in numbers if limits_in(frame, name, numbers[0]) is not None]
    name = f"privkit-{token_hex(4)}"  # as great_tables would call it, at random: a page may hold several
    table = GT(_shown(frame, keys, numbers, spanned), rowname_col=_key(0) if keys else None, id=name)
    table = _labeled(_headed(table, value), keys, numbers, spanned)
    # Each cell has its ground: a notebook in a dark theme gives rows one of its own, on which the ink is not seen.
    # Intervals stand in one line where there is room for it.
    table = table.opt_css(
        f"#{name} .gt_row {{ background-color: {colors.ground}; }}\n"
        f"@media (min-width: 700px) {{ #{name} .gt_row {{ white-space: nowrap; }} }}"
    )
    return table.tab_options(table_background_color=colors.ground, table_font_color=colors.ink)


def _headed(table: GT, value: Release | Derived) -> GT:
    """Return the table with the question above it, and below it what one must know of its numbers."""
    found = sheet_of(value)
    assert found is not None
    assert found.chart is not None
    chart = found.chart()
    table = table.tab_header(title=chart.title, subtitle=SIMULATED if is_simulated(value) else None)
    notes = [value.provenance.line] if isinstance(value, Release) else [chart.foot, *map(str, value.sources)]
    for note in notes:
        table = table.tab_source_note(printable(note))
    return table


def _shown(frame: pd.DataFrame, keys: list[str], numbers: list[str], spanned: list[str]) -> pd.DataFrame:
    """Return what each cell reads as: a row for each key, and of each number its interval beside it."""
    import pandas as pd

    columns: dict[str, list[str]] = {}
    for place in range(len(keys)):
        columns[_key(place)] = [value_text(value) for value in frame.index.get_level_values(place)]
    for name in numbers:
        values, limits = frame[name].tolist(), limits_in(frame, name, numbers[0])
        if limits is None:
            columns[_number(numbers, name)] = [_plain(value) for value in values]
            continue
        both = [_with_interval(*cell) for cell in zip(values, *(ends.tolist() for ends in limits), strict=True)]
        columns[_number(numbers, name)] = [shown for shown, _ in both]
        columns[_interval(numbers, name)] = [interval for _, interval in both]
    return pd.DataFrame(columns, dtype=object)


def _labeled(table: GT, keys: list[str], numbers: list[str], spanned: list[str]) -> GT:
    """Return the table with heads; a number and its interval stand below one where there are several."""
    heads = {_key(place): label(name) for place, name in enumerate(keys)}
    level = f"{level_text(1 - ALPHA)} interval"
    for name in numbers:
        below = len(numbers) > 1 and name in spanned
        heads[_number(numbers, name)] = "" if below else label(name)
        if name in spanned:
            heads[_interval(numbers, name)] = level
        if below:
            columns = [_number(numbers, name), _interval(numbers, name)]
            table = table.tab_spanner(label=label(name), columns=columns)
    if keys:
        table = table.tab_stubhead(label=heads.pop(_key(0)))
    names = [column for column in heads if column.startswith("key")]
    table = table.cols_align("left", columns=names) if names else table
    wide = [column for column in heads if column not in names]
    return table.cols_label(dict[str, Any](heads)).cols_align("right", columns=wide)


def _key(place: int) -> str:
    return f"key{place}"


def _number(numbers: list[str], name: str) -> str:
    return f"number{numbers.index(name)}"


def _interval(numbers: list[str], name: str) -> str:
    return f"interval{numbers.index(name)}"


def _with_interval(value: Any, lower: Any, upper: Any) -> tuple[str, str]:
    """Return a number rounded to its error, or a date, and its interval, rounded outwards; neither if left out."""
    if isinstance(value, date):
        return dates_text(value, lower, upper)
    cell = Cell("", value, lower, upper)
    return cell.shown, "" if math.isnan(value) else cell.span


def _plain(value: object) -> str:
    """Return what was chosen: a number, a date, or public values."""
    if isinstance(value, date):
        return day_text(value)
    return chosen(value) if isinstance(value, list | tuple | int | float) else value_text(value)
