"""`generalize`: chosen levels applied to chosen columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import ParameterError
from privkit.errors.anonymity import HierarchyError
from privkit.tally.frame import column_names, open_frame
from privkit.transform.hierarchies.hierarchy import Hierarchy
from privkit.transform.search.coding import encode
from privkit.transform.source import InEngine, source_of
from privkit.values.arguments import typed
from privkit.values.show import Plotted

if TYPE_CHECKING:
    from privkit.transform.hierarchies.ladder import Ladder


@dataclass(frozen=True, eq=False, repr=False)
class Generalized(Plotted):
    """A frame with some columns generalized. That alone promises nothing: ask `kanon` what it reaches.

    Attributes
    ----------
    frame : dataframe
        The new frame; generalized columns are ordered categories.
    levels_ : dict of str to int
        The level of each column.
    hierarchies : dict of str to Hierarchy
        What was applied.
    proposed_ : tuple of str
        Columns whose hierarchy was proposed from their type.
    """

    frame: Any
    levels_: dict[str, int]
    hierarchies: dict[str, Hierarchy]
    proposed_: tuple[str, ...] = ()


@typed
def generalize(
    data: object,
    levels: Mapping[str, int | str | tuple[Hierarchy, int | str]],
    *,
    hierarchies: Mapping[str, object] | None = None,
) -> Generalized:
    """Replace the values of columns by their groups at chosen levels.

    Reads rows, gives a new frame, spends nothing. Missing values stay missing below the last level.

    Of a lazy frame (Polars, DuckDB, Ibis, PySpark) the distinct combinations of these columns are fetched, and no
    rows: the new frame is a plan of the same engine, in no order, whose generalized columns are text (numbers where all
    labels are). Values that come to the engine's data later are missing there.

    Parameters
    ----------
    data : dataframe
        pandas, Polars or another that Narwhals reads. It is not changed.
    levels : dict
        Column → level (a number, or its name), or column → (hierarchy, level).
    hierarchies : dict, optional
        Column → `Hierarchy`, a mapping value → label, or the path of a hierarchy file. Without one a hierarchy is
        proposed from the column's type.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError
    HierarchyError
        If a hierarchy lacks values, or has no such level.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"zip": ["8004", "8051"], "age": [31, 47]})
    >>> generalize(people, {"zip": (Hierarchy.redact(), 2), "age": (Hierarchy.intervals(10), 1)}).frame
        zip    age
    0  80**  30-39
    1  80**  40-49
    """
    function = "generalize"
    if not isinstance(levels, Mapping) or not levels:
        raise ParameterError.of(
            function, "levels", f"a {type(levels).__name__}", "a dict column → level, with at least one column"
        )
    columns = column_names(list(levels), function, "levels")
    open_frame(data, function, columns, "levels")
    source = source_of(data, columns, function)
    given = {**(hierarchies or {}), **{name: pair[0] for name, pair in levels.items() if isinstance(pair, tuple)}}
    chosen, proposed = resolve(source.frame, columns, given, function)
    coding = encode(source.frame, chosen, (), function, rows=source.rows)
    wanted = {name: pair[1] if isinstance(pair, tuple) else pair for name, pair in levels.items()}
    numbers = {ladder.column: level_number(ladder, wanted[ladder.column], function) for ladder in coding.ladders}
    if isinstance(source, InEngine):
        answer = source.generalized(coding, [numbers[name] for name in coding.columns])
    else:
        node = np.array([[numbers[name]] for name in coding.columns], dtype=np.int64)
        answer, _ = source.handed(coding, node, np.zeros(0, dtype=bool))
    return Generalized(answer, numbers, chosen, proposed)


def level_number(ladder: Ladder, level: object, function: str) -> int:
    """Return a level's number, given by number or by name.

    Raises
    ------
    HierarchyError
        If there is none.
    """
    names = [step.name for step in ladder.levels]
    if isinstance(level, str) and level in names:
        return names.index(level)
    if isinstance(level, int | np.integer) and not isinstance(level, bool) and -len(names) <= level < len(names):
        return int(level) % len(names)
    raise HierarchyError.level(function, ladder.column, level, names)


def resolve(
    frame: Any, columns: tuple[str, ...], given: Mapping[str, object], function: str
) -> tuple[dict[str, Hierarchy], tuple[str, ...]]:
    """Return a hierarchy for each column, and for which of them it was proposed.

    Raises
    ------
    HierarchyError
        If one is given for a column that is not asked for.
    ParameterError
        If something else than a hierarchy is given.
    """
    if unknown := [name for name in given if name not in columns]:
        raise HierarchyError.not_quasi(function, unknown, columns)
    chosen: dict[str, Hierarchy] = {}
    for name in columns:
        what = given.get(name)
        if isinstance(what, Hierarchy):
            chosen[name] = what
        elif isinstance(what, Mapping):
            chosen[name] = Hierarchy.from_mapping(what)
        elif isinstance(what, str) or hasattr(what, "__fspath__"):
            chosen[name] = Hierarchy.read_csv(what)  # type: ignore[arg-type]
        elif what is None:
            chosen[name] = Hierarchy.propose(frame[name])
        else:
            raise ParameterError.of(
                function,
                f"hierarchies[{name!r}]",
                f"a {type(what).__name__}",
                "a pk.Hierarchy, a dict or the path of a file",
            )
    return chosen, tuple(name for name in columns if given.get(name) is None)
