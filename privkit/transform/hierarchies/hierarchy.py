"""`Hierarchy`: what the values of a column become, level by level, until all are one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.tally.codes import column_codes, is_missing
from privkit.transform.hierarchies.intervals import Intervals, Number, bound_of, cell_of, interval_steps
from privkit.transform.hierarchies.ladder import (
    STAR,
    Ladder,
    Level,
    Table,
    drawn,
    from_tree,
    read_rows,
    text,
    top,
    worded,
    write_rows,
)
from privkit.transform.hierarchies.proposals import proposal
from privkit.transform.hierarchies.rules import PERIODS, Dates, Function, Rare, Redact
from privkit.values.arguments import public
from privkit.values.show import Shown

if TYPE_CHECKING:
    import pandas as pd


class Source(Protocol):
    """Where a hierarchy's levels come from."""

    def levels(self, values: pd.Index, column: str) -> tuple[list[Level], float]:
        """Return the levels above the raw values, and the share of one raw value."""

    def describe(self) -> list[str]:
        """Return one line per level."""


@public
@dataclass(frozen=True, repr=False)
class Hierarchy(Shown):
    """The levels of a column, from the raw values (level 0) to ``*`` (the last level).

    Build one with `read_csv`, `from_rows`, `from_mapping`, `from_tree`, `ordered`, `intervals`, `redact`, `dates`,
    `rare`, `location`, `cells` or `star`; `propose` looks at a column's type and says what it chose.
    A level's look-up is total, or it fails and says how many values are missing. A missing value (NaN, None) is
    a value of its own at each level below ``*``. Hierarchies hold no rows and spend nothing.

    Attributes
    ----------
    source : Table, Intervals, Redact, Dates, Rare or Function
        Where the levels come from.
    note : str
        How it came about, where `propose` made it.
    doubt : str
        What the column seems to be that `propose` did not read it as, as dates in a form with two meanings; else "".

    Examples
    --------
    >>> import pandas as pd
    >>> jobs = Hierarchy.from_mapping({"nurse": "care", "doctor": "care", "smith": "craft"})
    >>> jobs.apply(pd.Series(["nurse", "smith"]), level=1).tolist()
    ['care', 'craft']
    >>> Hierarchy.intervals(5, 10).apply(pd.Series([17, 34]), level=2).tolist()
    ['10-19', '30-39']
    >>> Hierarchy.redact().apply(pd.Series(["8004", "8051"]), level=2).tolist()
    ['80**', '80**']
    """

    source: Source
    note: str = ""
    doubt: str = ""

    @classmethod
    def read_csv(cls, path: str | Path, sep: str = ";", *, encoding: str = "utf-8") -> Hierarchy:
        """Read a hierarchy in ARX's form: no header, column 0 the value, one column per level.

        Raises
        ------
        FileError
            If the file is not there, or cannot be read.
        HierarchyError
            If rows differ in length, or a value occurs twice with different labels.
        """
        return cls(Table.of(read_rows(path, sep, encoding)))

    @classmethod
    def from_rows(cls, rows: Iterable[Sequence[Any]], names: Sequence[str] = ()) -> Hierarchy:
        """Take rows ``(value, label at level 1, ...)``; a level ``*`` is added where they end in several groups."""
        return cls(Table.of(rows, names))

    @classmethod
    def from_mapping(cls, mapping: Mapping[Any, Any]) -> Hierarchy:
        """Take value → label, or value → (label at level 1, label at level 2, ...)."""
        rows = [
            (value, *(labels if isinstance(labels, tuple | list) else (labels,))) for value, labels in mapping.items()
        ]
        return cls(Table.of(rows, starred=True))

    @classmethod
    def from_tree(cls, tree: Mapping[Any, Any]) -> Hierarchy:
        """Take nested mappings of groups, with lists of values as leaves."""
        if not isinstance(tree, Mapping):
            raise ParameterError.of("tree", type_told(tree), "a mapping of groups")
        return cls(Table.of(from_tree(tree), starred=True))

    @classmethod
    def ordered(cls, values: Sequence[Any], *sizes: int) -> Hierarchy:
        """Group neighbors of an ordered list, `sizes` values at a time.

        Examples
        --------
        >>> Hierarchy.ordered(["xs", "s", "m", "l", "xl"], 2).labels(1)
        ['xs..s', 'm..l', 'xl']
        """
        listed = list(values)
        if not sizes or any(not isinstance(size, int) or size < 1 for size in sizes):
            raise ParameterError.of("sizes", repr(sizes), "positive whole numbers, one per level")

        def label(place: int, size: int) -> str:
            group = listed[place // size * size : (place // size + 1) * size]
            return text(group[0]) if len(group) == 1 else f"{text(group[0])}..{text(group[-1])}"

        rows = [(value, *[label(place, size) for size in sizes]) for place, value in enumerate(listed)]
        return cls(Table.of(rows))

    @classmethod
    def intervals(
        cls,
        *widths: Number,
        edges: Sequence[Sequence[Number]] | None = None,
        lower: Number | None = None,
        upper: Number | None = None,
    ) -> Hierarchy:
        """Cut numbers into half-open intervals [a, b), wider from level to level. Never quantiles.

        Numbers, widths and edges are taken for the decimals that they are written as: 0.3 lies in [0.3, 0.4). A label
        holds its value, whatever other rows there are. Columns of whole numbers, by their type, are labeled "10-19".

        Parameters
        ----------
        *widths : int, float or Decimal
            The width at each level, in the column's unit.
        edges : sequence of sequences of numbers, optional
            Instead of widths: the edges at each level. Below the first and from the last on there is one group each.
        lower, upper : int, float or Decimal, optional
            Where the first interval begins and the last ends. Values outside are coded as one group on each
            side (bottom and top coding). By default intervals begin at multiples of the width, and
            infinite values are a group of their own, "inf" or "-inf".

        Examples
        --------
        >>> import pandas as pd
        >>> ages = Hierarchy.intervals(10, lower=20, upper=60)
        >>> ages.apply(pd.Series([17, 34, 71]), level=1).tolist()
        ['< 20', '30-39', '>= 60']
        >>> Hierarchy.intervals(0.1).apply(pd.Series([0.3, 0.95]), level=1).tolist()
        ['[0.3, 0.4)', '[0.9, 1)']
        """
        try:
            if bool(widths) == (edges is not None):
                raise ValueError
            steps, ends = interval_steps(widths, edges), (bound_of(lower), bound_of(upper))
            if ends[0] is not None and ends[1] is not None and ends[0] >= ends[1]:
                raise ValueError
        except (ValueError, TypeError):
            raise ParameterError.of(
                "widths",
                repr(widths or edges),
                "positive numbers, or edges= in ascending order, with lower < upper",
                "Example: Hierarchy.intervals(5, 10, 20, lower=0, upper=100).",
            ) from None
        return cls(Intervals(steps, *ends))

    @classmethod
    def redact(cls, *, side: str = "right", char: str = "*", step: int = 1, length: int | None = None) -> Hierarchy:
        """Hide the characters of a code (zip, diagnosis, account) one after the other.

        Parameters
        ----------
        side : {"right", "left"}
            Where to begin.
        char : str
            What stands for a hidden character.
        step : int
            How many more are hidden at each level.
        length : int, optional
            The code's length; by default that of the longest value.
        """
        if side not in ("right", "left") or not isinstance(step, int) or step < 1:
            raise ParameterError.of("side, step", f"{side!r}, {step!r}", "'right' or 'left', and a step of at least 1")
        return cls(Redact(side, char, step, length))

    @classmethod
    def dates(cls, *periods: str, format: str | None = None) -> Hierarchy:
        """Name the period of a date: day, week, month, quarter, year, decade.

        Reads dates of any type, and texts as ISO 8601 writes them (2026-01-31, with or without a time of day). Other
        texts are refused, since 01/02 has two meanings, until `format` says how they are written. Intervals of time
        (pandas' Period) count by their first days, and stay as they are where they are longer than a period.

        ISO weeks cross the ends of months and years. With ``"week"`` among the periods the search treats that level
        as a branch of its own, below ``*`` alone.

        Parameters
        ----------
        *periods : str
            From short to long; by default all but the week.
        format : str, optional
            How texts and numbers are written, in the codes of `datetime.strptime`: ``"%d.%m.%Y"``, ``"%Y%m%d"``.

        Examples
        --------
        >>> import pandas as pd
        >>> Hierarchy.dates("month", format="%d.%m.%Y").apply(pd.Series(["01.02.2020"]), "month").tolist()
        ['2020-02']
        """
        chosen = periods or Dates.periods
        if any(period not in PERIODS for period in chosen) or list(chosen) != sorted(chosen, key=PERIODS.index):
            raise ParameterError.of("periods", repr(chosen), f"of {PERIODS}, from short to long")
        if format is not None and (not isinstance(format, str) or "%" not in format):
            found = repr(format) if isinstance(format, str) else type_told(format)
            raise ParameterError.of("format", found, "a text with codes, such as '%d.%m.%Y'")
        return cls(Dates(tuple(chosen), format))

    @classmethod
    def rare(cls, other: str = "OTHER", *, below: int) -> Hierarchy:
        """Put all values with fewer than `below` rows into one group. Exact side only: it depends on the counts.

        A missing value with few rows is put there too. Where the group itself has fewer than `below` rows, the next
        rarest values join it.
        """
        if not isinstance(below, int) or below < 1:
            raise ParameterError.of("below", repr(below), "a whole number of rows, at least 1")
        return cls(Rare(other, below))

    @classmethod
    def location(cls, *degrees: float) -> Hierarchy:
        """Put a latitude or a longitude into cells of so many degrees, larger from level to level.

        One degree of latitude is 111 km; of longitude as much at the equator, 56 km at 60° north.
        """
        return cls(Intervals(_degrees(degrees), degrees=True))

    @classmethod
    def cells(cls, places: Mapping[Any, tuple[float, float]], *degrees: float) -> Hierarchy:
        """Put cell towers, by their (latitude, longitude), into larger cells of so many degrees."""
        steps = _degrees(degrees or (0.1, 0.5, 1))
        try:
            rows = [
                (tower, *[f"{cell_of(lat, step)}, {cell_of(lon, step)}" for step in steps])
                for tower, (lat, lon) in places.items()
            ]
        except (ValueError, TypeError, AttributeError):  # its text may hold a value
            told = "tower → (latitude, longitude), in degrees"
            raise ParameterError.of("places", type_told(places), f"a dict {told}") from None
        return cls(Table.of(rows))

    @classmethod
    def star(cls) -> Hierarchy:
        """Keep the value or replace it by ``*``: two levels, for any type."""
        return cls(Function())

    @classmethod
    def propose(cls, column: pd.Series) -> Hierarchy:
        """Propose a hierarchy from a column's type and range; `.note` says which and why.

        Reads the column. Look at the proposal before you publish anything made with it.
        """
        return cls(*proposal(_series(column)))

    @property
    def names(self) -> tuple[str, ...]:
        """The levels' names, as far as they do not depend on a column."""
        source = self.source
        return source.names if isinstance(source, Table) else tuple(source.describe())

    @property
    def height(self) -> int | None:
        """How many levels there are above the raw values; None where a column decides."""
        return None if isinstance(self.source, Redact) else len(self.names) - 1

    def lay(self, values: pd.Index, column: str, counts: Sequence[int] | None = None) -> Ladder:
        """Return the levels of the distinct `values` of a column; missing stays a value of its own below ``*``.

        Raises
        ------
        HierarchyError
            If a value has no place; says how many.
        """
        missing = len(values) > 0 and is_missing(values[-1])
        source = self.source
        whole = isinstance(source, Rare)  # by counts, of which a missing value has one too
        present = values[:-1] if missing and not whole else values
        if isinstance(source, Rare):
            upper, base = source.levels(present, column, None if counts is None else list(counts))
        else:
            upper, base = source.levels(present, column)
        distinct = values[:-1] if missing else values
        raw = Level("value", np.arange(len(distinct)), list(distinct), np.full(len(distinct), base or 0.0), "as it is")
        if missing and not whole and upper[-1].labels != [STAR]:
            upper.append(top(len(present)))  # the one level at which missing is like any other
        levels = [raw, *upper]
        if missing:
            own = 1 if whole else len(levels) - 1
            levels = [*map(_with_missing, levels[:own]), *(levels[own:] if whole else [top(len(values))])]
        return Ladder(column, values, worded(levels), base)

    def apply(self, column: pd.Series, level: int | str) -> pd.Series:
        """Return the column's labels at a level, as ordered categories in the hierarchy's order."""
        codes, values = column_codes(_series(column))
        name = column.name if isinstance(column.name, str) else "column"
        ladder = self.lay(values, name, np.bincount(codes, minlength=len(values)).tolist())
        number = ladder.number(level)
        answer = column.copy() if number == 0 else ladder.categories(number, codes, column.index)
        answer.name = column.name
        return answer

    def labels(self, level: int) -> list[Any]:
        """Return the labels of a table's level, in its order."""
        if not isinstance(self.source, Table):
            raise ParameterError.of(
                "level", repr(level), "asked of a hierarchy given as a table", "Try .apply(column, level)."
            )
        return list(dict.fromkeys(row[level] for row in self.source.rows))

    def missing(self, column: pd.Series) -> list[Any]:
        """Return the values of `column` that a table lacks. They are personal data: look, do not publish."""
        _, values = column_codes(_series(column))
        if not isinstance(self.source, Table):
            return []
        return [value for value in values if not is_missing(value) and text(value) not in self.source.places]

    def or_other(self, label: str = "OTHER") -> Hierarchy:
        """Return the same table with a group for all values that it lacks."""
        if not isinstance(self.source, Table):
            return self
        return replace(self, source=replace(self.source, other=label))

    def to_rows(self, column: pd.Series | None = None) -> list[tuple[Any, ...]]:
        """Return the table's rows; for a hierarchy of rules, those of the values of `column`."""
        if isinstance(self.source, Table):
            return list(self.source.rows)
        if column is None:
            raise ParameterError.of("column", "None", "a column, whose values the rules are applied to")
        codes, values = column_codes(_series(column))
        ladder = self.lay(values, str(column.name), np.bincount(codes, minlength=len(values)).tolist())
        return list(zip(*[[level.labels[code] for code in level.codes] for level in ladder.levels], strict=True))

    def write_csv(
        self, path: str | Path, sep: str = ";", *, column: pd.Series | None = None, encoding: str = "utf-8"
    ) -> None:
        """Write the form that `read_csv` and ARX read."""
        write_rows(path, self.to_rows(column), sep, encoding)

    def show(self, column: pd.Series | None = None, *, limit: int = 40) -> str:
        """Draw the hierarchy as a tree of text; `column` gives the values where it is made of rules."""
        if column is None and not isinstance(self.source, Table):
            return "\n".join(f"{place}  {name}" for place, name in enumerate(self.source.describe()))
        return drawn(self.to_rows(column), limit)


def _degrees(degrees: Sequence[Any]) -> tuple[Any, ...]:
    try:
        return interval_steps(degrees, None) if degrees else _degrees([None])
    except (ValueError, TypeError):
        raise ParameterError.of("degrees", repr(degrees), "positive numbers, small to large") from None


def _with_missing(level: Level) -> Level:
    share = float(level.shares.min()) if len(level.shares) else 1.0
    codes = np.append(level.codes, len(level.labels))
    return replace(level, codes=codes, labels=[*level.labels, None], shares=np.append(level.shares, share))


def _series(column: object) -> pd.Series:
    """Return what is given for a column, if it is one of pandas."""
    import pandas as pd

    if isinstance(column, pd.Series):
        return column
    raise ParameterError.of("column", type_told(column), "a pandas column: df['zip']")
