"""`generalize`: chosen levels applied to chosen columns; and hierarchies as given, or in a file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, partial
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import FileError, FrameError, ParameterError
from privkit.errors.anonymity import HierarchyError
from privkit.errors.root import type_told
from privkit.inventory.column_roles import Leaving, leaving
from privkit.tally.frame import column_names, open_frame
from privkit.tally.row_classes import by_group
from privkit.tally.selection import handed_out
from privkit.transform.as_pandas import pandas_frame
from privkit.transform.decimals import decimal
from privkit.transform.hierarchies.hierarchy import Hierarchy, Source
from privkit.transform.hierarchies.intervals import Intervals
from privkit.transform.hierarchies.ladder import Table, text
from privkit.transform.hierarchies.rules import Dates, Rare, Redact
from privkit.transform.search.coding import encode, resolve
from privkit.transform.source import InEngine, source_of
from privkit.values.arguments import public, typed
from privkit.values.files import write_whole
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.transform.search.coding import Coding
    from privkit.values.inputs import Frame


@public
@dataclass(frozen=True, eq=False, repr=False)
class Generalized(Plotted):
    """A frame with some columns generalized. That alone promises nothing: ask `kanon` what it reaches.

    Attributes
    ----------
    frame : dataframe
        The new frame; generalized columns are ordered categories.
    levels_ : dict of str to int
        The level of each column.
    level_words_ : dict of str to str
        What that level leaves of a value: "first two digits".
    hierarchies : dict of str to Hierarchy
        What was applied.
    proposed_ : tuple of str
        Columns whose hierarchy was proposed from their type.
    """

    frame: Any
    levels_: dict[str, int]
    level_words_: dict[str, str]
    hierarchies: dict[str, Hierarchy]
    proposed_: tuple[str, ...] = ()
    #: The rows that were given, and what counts how much each of them lost: personal data, which no file of it has.
    _source: object = None
    _losses: Callable[[], dict[str, NDArray[np.float64]]] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled or copied: not the rows that were given."""
        return self.__dict__ | {"_source": None, "_losses": None}

    def by_group(self, columns: str | Sequence[str]) -> pd.DataFrame:
        """Return what the levels cost the rows of each group. Reads rows; spends nothing; for the owner's eyes.

        Parameters
        ----------
        columns : str or sequence of str
            Groups by their values, as they were before.

        Returns
        -------
        pandas.DataFrame
            A row for each group: `rows`, the mean `loss` over the columns, and the `loss of` each: (s − b) / (1 − b),
            s being the share of the domain that the row's label covers and b that of a single value.

        Raises
        ------
        FrameError
            For rows of an engine, which were not fetched, and for a result that was copied or read from a file.
        ColumnNotFoundError, DuplicateColumnError, ParameterError

        Examples
        --------
        >>> import pandas as pd
        >>> people = pd.DataFrame({"sex": ["f", "m"] * 2, "town": ["A", "B", "A", "C"]})
        >>> rare = Hierarchy.from_mapping({"A": "A", "B": "other", "C": "other"})
        >>> generalize(people, {"town": (rare, 1)}).by_group("sex")["loss"].round(3).tolist()
        [0.0, 0.5]
        """
        if self._source is None or self._losses is None:
            way = "Take the result as the call gave it, of rows that are here: not of a lazy frame, nor saved."
            raise FrameError.rows_elsewhere("by_group()", way)
        return by_group(pandas_frame(self._source), columns, self._losses())

    @cached_property
    @typed
    def leaving_(self) -> Leaving:
        """What `frame` holds beside the generalized columns, by the audit's judgement; of a plan by the names alone."""
        return leaving(self.frame, self.levels_)


@typed
def generalize(
    data: Frame,
    levels: Mapping[str, int | str | tuple[Hierarchy, int | str]],
    *,
    hierarchies: Mapping[str, object] | None = None,
    keep_index: bool = False,
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
        Column → level (a number, its name, or its words in `level_words_`), or column → (hierarchy, level).
    hierarchies : dict, optional
        Column → `Hierarchy`, a mapping value → label, or the path of a hierarchy file. Without one a hierarchy is
        proposed from the column's type.
    keep_index : bool
        Whether the index of a pandas frame stays. By default the result has plain row numbers: labels, and gaps between
        them, tell who the rows are of.

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
    if not isinstance(levels, Mapping) or not levels:
        raise ParameterError.of("levels", type_told(levels), "a dict column → level, with at least one column")
    columns = column_names(list(levels), "levels")
    open_frame(data, columns, "levels")
    source = source_of(data, columns)
    given = {**(hierarchies or {}), **{name: pair[0] for name, pair in levels.items() if isinstance(pair, tuple)}}
    chosen, proposed = resolve(source.frame, columns, given)
    coding = encode(source.frame, chosen, (), rows=source.rows)
    wanted = {name: pair[1] if isinstance(pair, tuple) else pair for name, pair in levels.items()}
    numbers = {ladder.column: ladder.number(wanted[ladder.column]) for ladder in coding.ladders}
    if isinstance(source, InEngine):
        answer = source.generalized(coding, [numbers[name] for name in coding.columns])
    else:
        node = np.array([[numbers[name]] for name in coding.columns], dtype=np.int64)
        answer, _ = source.handed(coding, node, np.zeros(0, dtype=bool))
    here, lost = (None, None) if isinstance(source, InEngine) else (data, partial(_lost, coding, numbers))
    words = {ladder.column: ladder.levels[numbers[ladder.column]].words for ladder in coding.ladders}
    return Generalized(handed_out(answer, keep_index=keep_index), numbers, words, chosen, proposed, here, lost)


def _lost(coding: Coding, numbers: Mapping[str, int]) -> dict[str, NDArray[np.float64]]:
    """Return what each row lost, of all columns and of each: see `privkit.transform.costs.losses_of`."""
    parts = {}
    for ladder, values in zip(coding.ladders, coding.combos, strict=True):
        step = ladder.levels[numbers[ladder.column]]
        parts[f"loss of {ladder.column}"] = ladder.lost(step.shares[step.codes][values])[coding.row_combo]
    return {"loss": np.mean(list(parts.values()), axis=0), **parts}


@typed
def read_hierarchies(path: str | Path) -> dict[str, Hierarchy]:
    """Read a file of hierarchies: one table per column, with one key that says the kind.

    ``intervals = [5, 10]`` or ``edges = [[0, 18, 65], [0, 65]]`` (with ``lower``, ``upper``), ``redact = {side =
    "right"}``, ``dates = ["month", "year"]`` (with ``format``), ``mapping = {nurse = "care"}``, ``table = [["8004",
    "80**", "*"], ...]`` (with ``names`` of the levels, and ``other``, a group for all other values), ``csv =
    "file.csv"`` (with ``sep``; relative to the file), ``rare = {below = 20}``, ``location = [0.1, 1]``, ``star =
    true``. A number of more digits than a float holds is a text.

    Raises
    ------
    FileError
        If there is no such file.
    HierarchyError
        If the file is no TOML, or a column's table names no kind or a wrong one.
    """
    place = Path(path)
    if not place.is_file():
        raise FileError.of(place.name, "there is no such file of hierarchies")
    try:
        read = tomllib.loads(place.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        raise HierarchyError(f"{place.name} is no TOML file. Example: [age]\\nintervals = [5, 10, 20].") from None
    return {column: _hierarchy(column, told, place.parent) for column, told in read.items()}


def _hierarchy(column: str, told: Any, folder: Path) -> Hierarchy:
    kinds: dict[str, Callable[[Any, dict[str, Any]], Hierarchy]] = {
        "intervals": lambda widths, more: Hierarchy.intervals(*_numbers(widths), **_numbers(more)),
        "edges": lambda edges, more: Hierarchy.intervals(edges=_numbers(edges), **_numbers(more)),
        "redact": lambda options, more: Hierarchy.redact(**(options if isinstance(options, dict) else {}), **more),
        "dates": lambda periods, more: Hierarchy.dates(*periods, **more),
        "mapping": lambda mapping, more: Hierarchy.from_mapping(mapping, **more),
        "table": lambda rows, more: _listed(rows, **more),
        "csv": lambda name, more: Hierarchy.read_csv(_beside(column, folder, name), **more),
        "rare": lambda options, more: Hierarchy.rare(**options, **more),
        "location": lambda degrees, more: Hierarchy.location(*_numbers(degrees), **more),
        "star": lambda _, more: Hierarchy.star(**more),
    }
    given = [kind for kind in kinds if isinstance(told, dict) and kind in told]
    if len(given) != 1:
        raise HierarchyError(f"column {column!r} must name one kind of hierarchy: {', '.join(kinds)}.")
    more = {name: value for name, value in told.items() if name != given[0]}
    try:
        return kinds[given[0]](told[given[0]], more)
    except TypeError:
        raise HierarchyError(
            f"column {column!r}: {given[0]} does not go with {', '.join(more) or 'its value'}."
        ) from None


def _listed(rows: Any, *, names: Any = (), other: str | None = None) -> Hierarchy:
    found = Hierarchy.from_rows(rows, names)
    return found if other is None else found.or_other(other)


def _numbers(told: Any) -> Any:
    """Return numbers in lists or tables, those written as texts for their digits included."""
    if isinstance(told, dict):
        return {name: _numbers(one) for name, one in told.items()}
    if isinstance(told, list):
        return [_numbers(one) for one in told]
    try:
        return decimal(told) if isinstance(told, str) else told
    except ValueError:
        return told  # which intervals refuse


def _beside(column: str, folder: Path, name: str) -> Path:
    """Return the file that is named, if it lies in the folder: the file of hierarchies may be somebody else's.

    What it names is read, and `write_hierarchies` may write it out again.
    """
    place = (folder / name).resolve()
    if not place.is_relative_to(folder.resolve()):
        raise HierarchyError(f"column {column!r}: csv must name a file beside the file of hierarchies, or below it.")
    return place


@typed
def write_hierarchies(path: str | Path, hierarchies: Mapping[str, Hierarchy]) -> None:
    """Write hierarchies to a file that `read_hierarchies` reads: rules as rules, so that they serve other rows as well.

    Only tables hold values: those that they were given. So ``write_hierarchies("h.toml", out.hierarchies)`` keeps what
    `anonymize` used, for next month's rows and for ``privkit anonymize --hierarchies h.toml``.

    Raises
    ------
    ParameterError
        If something else than hierarchies is given.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_hierarchies(Path(folder) / "h.toml", {"age": Hierarchy.intervals(5, 10)})
    ...     print((Path(folder) / "h.toml").read_text().strip())
    ...     sorted(read_hierarchies(Path(folder) / "h.toml"))
    ["age"]
    intervals = [5, 10]
    ['age']
    """
    if not isinstance(hierarchies, Mapping) or not all(isinstance(one, Hierarchy) for one in hierarchies.values()):
        found = type_told(hierarchies) if not isinstance(hierarchies, Mapping) else "values that are no pk.Hierarchy"
        raise ParameterError.of("hierarchies", found, "a dict column → pk.Hierarchy, such as out.hierarchies")
    parts = [
        f"[{_toml(column)}]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in _told(one.source).items())
        for column, one in hierarchies.items()
    ]
    write_whole(path, "\n".join(parts))


def _told(source: Source) -> dict[str, Any]:
    """Return a hierarchy's kind and options, as `_hierarchy` takes them."""
    match source:
        case Table():
            rows = {text(row[0]): [text(label) for label in row] for row in source.rows}
            other = {} if source.other is None else {"other": source.other}
            return {"table": list(rows.values()), "names": source.names, **other}
        case Intervals():
            listed = isinstance(source.steps[0], tuple)
            ends = {"lower": source.lower, "upper": source.upper}
            kind = "location" if source.degrees else "edges" if listed else "intervals"
            return {kind: source.steps, **{name: end for name, end in ends.items() if end is not None}}
        case Dates():
            return {"dates": source.periods, **({} if source.format is None else {"format": source.format})}
        case Redact():
            length = {} if source.length is None else {"length": source.length}
            return {"redact": {"side": source.side, "char": source.char, "step": source.step, **length}}
        case Rare():
            return {"rare": {"other": source.other, "below": source.below}}
    return {"star": True}


def _toml(value: Any) -> str:
    """Return a value as TOML writes it; a number that no float holds is a text, which `_hierarchy` takes for one."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name} = {_toml(one)}' for name, one in value.items())}}}"
    if isinstance(value, list):
        return "[\n" + "".join(f"  {_toml(tuple(row))},\n" for row in value) + "]"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, Decimal):
        near = float(value)
        return repr(near) if isfinite(near) and decimal(near) == value else json.dumps(str(value))
    return json.dumps(value, ensure_ascii=False).replace("\x7f", r"\u007f")
