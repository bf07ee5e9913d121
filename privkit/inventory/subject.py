"""What persons ask for and allow: finding and erasing somebody across tables; the rows that a purpose may use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from privkit.errors import ColumnNotFoundError, ParameterError
from privkit.errors.root import type_told
from privkit.inventory.column_entry import day_or_today
from privkit.inventory.column_roles import leaving
from privkit.tally.selection import (
    eager_frame,
    handed_out,
    id_text,
    ids_consenting,
    kept_rows,
    rows_consenting,
    rows_in,
    rows_of,
    with_index,
)
from privkit.values.arguments import public, typed
from privkit.values.frozen import Frozen
from privkit.values.show import Shown

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.values.inputs import Frame, Frames, Identifier

#: What no search through frames reaches.
UNREACHED = (
    "releases that were published: noisy figures are not taken back, and cannot be traced to a person",
    "packages and files that were handed over: tell their recipients",
    "backups, caches, notebook outputs and checkpoints",
    "models that were trained on the rows",
    "rows under another id or pseudonym of the same person",
    "the id within longer texts, lists or nested values",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person appears.

    Attributes
    ----------
    table, column : str
    rows : int
        Rows that have the id there.
    """

    table: str
    column: str
    rows: int


@public
@dataclass(frozen=True, eq=False, repr=False)
class SubjectReport(Shown):
    """Where a person appears in some tables. Its text holds neither the id nor a value.

    Attributes
    ----------
    places : tuple of Place
        Tables and columns of ids that have the id.
    mentions : tuple of Place
        Other columns that have such a value, an amount or an age of anybody: `on` names them where they are ids.
    searched : tuple of str
        All tables that were searched.
    not_searched : tuple of str
        Tables without the column asked for.
    unreached : tuple of str
        What a search of tables cannot reach.
    """

    places: tuple[Place, ...]
    mentions: tuple[Place, ...]
    searched: tuple[str, ...]
    not_searched: tuple[str, ...]
    unreached: tuple[str, ...]
    _frames: Mapping[str, Any]
    _masks: Mapping[str, NDArray[np.bool_]]

    @property
    def found(self) -> bool:
        """Whether any table has the id, in a column of ids."""
        return bool(self.places)

    @property
    def n_rows(self) -> int:
        """Rows that have the id in a column of ids, in all tables."""
        return sum(int(mask.sum()) for mask in self._masks.values())

    def rows(self, table: str | None = None) -> Any:
        """Return the person's rows in one table, for the answer to the person. Clear the output before sharing.

        Raises
        ------
        ParameterError
            If the table was not searched, or several were and none is named.
        """
        if table is None and len(self.searched) == 1:
            table = self.searched[0]
        if table is None or table not in self._masks:
            found = "None" if table is None else repr(table)
            raise ParameterError.of("table", found, f"one of {list(self.searched)}")
        return kept_rows(self._frames[table], self._masks[table])

    def to_frame(self) -> pd.DataFrame:
        """Return a row per place of the person: `table`, `column`, `rows`."""
        import pandas as pd

        rows = [(place.table, place.column, place.rows) for place in self.places]
        return pd.DataFrame(rows, columns=["table", "column", "rows"])


@public
@dataclass(frozen=True, eq=False, repr=False)
class ErasureReport(Shown):
    """Tables without somebody's rows.

    Attributes
    ----------
    frames : mapping of str to dataframe
        The tables anew, without the rows; the given ones are unchanged: replace them where they are stored.
    removed : mapping of str to int
        Rows left out of each table.
    mentions : tuple of Place
        Other columns that still have the id, in rows of other persons: look at them.
    not_searched, unreached : tuple of str
        Tables without the column asked for; what an erasure in tables cannot reach.
    """

    frames: Mapping[str, Any]
    removed: Mapping[str, int]
    mentions: tuple[Place, ...]
    not_searched: tuple[str, ...]
    unreached: tuple[str, ...]

    @property
    @typed
    def frame(self) -> Any:
        """The table, where there is one only.

        Raises
        ------
        ParameterError
        """
        if len(self.frames) != 1:
            raise ParameterError.together(("frames",), f"there are {len(self.frames)} tables: use .frames[name].")
        return next(iter(self.frames.values()))

    @property
    def n_removed(self) -> int:
        """Rows left out, in all tables."""
        return sum(self.removed.values())

    def to_frame(self) -> pd.DataFrame:
        """Return a row per table: `table`, `removed`."""
        import pandas as pd

        return pd.DataFrame(list(self.removed.items()), columns=["table", "removed"])


@typed
def find_subject(frames: Frames, id: Identifier, *, on: str | Mapping[str, str] | None = None) -> SubjectReport:
    """Find where a person appears: which tables and columns have the id, and in how many rows.

    Reads rows; spends nothing. Numbers and their texts are one (7, 7.0 and "7", but not "007").

    Parameters
    ----------
    frames : dataframe, sequence of dataframes, or mapping of str to dataframe
        pandas or eager Polars. Tables of a sequence are called by their place, "0", "1", ...
    id : str or number
        The person's id. No report shows it.
    on : str or mapping of str to str, optional
        The id's column, or one for each table; by default every column is searched, and the index of a pandas frame
        (by its name, else as "index"). Rows are then the person's where the id is in a direct identifier, as
        `audit` judges by names and a bounded look; in a table without any, in a column that is no quasi-identifier
        and nothing sensitive. Where else such a value appears, an age or a blood value, is listed as mentions.

    Raises
    ------
    ColumnNotFoundError, FrameError, ParameterError

    Examples
    --------
    >>> import pandas as pd
    >>> tables = {"orders": pd.DataFrame({"who": [1, 2, 1]}), "calls": pd.DataFrame({"from": ["1"], "to": ["3"]})}
    >>> find_subject(tables, 1).to_frame().to_dict("list")
    {'table': ['orders', 'calls'], 'column': ['who', 'from'], 'rows': [2, 1]}
    """
    person = _person(id)
    tables, columns, without = _tables(frames, on)
    places, mentions, masks = [], [], {}
    for table, data in tables.items():
        if table in without:
            continue
        ids = columns[table] if on is not None else _ids(data)
        masks[table], here = _search(data, table, ids, person)
        places += here
        mentions += _search(data, table, [name for name in columns[table] if name not in ids], person)[1]
    told = tuple(places), tuple(mentions), tuple(masks), without, UNREACHED
    return SubjectReport(*told, Frozen(tables), Frozen(masks))


@typed
def erase_subject(
    frames: Frames, id: Identifier, *, on: str | Mapping[str, str], keep_index: bool = False
) -> ErasureReport:
    """Return the tables without a person's rows, and say what an erasure in tables cannot reach.

    Reads rows; spends nothing; changes nothing in place. Columns other than `on` that have the id (a referrer, a called
    number) belong to rows of others: these stay, and are listed as mentions.

    Parameters
    ----------
    frames : dataframe, sequence of dataframes, or mapping of str to dataframe
    id : str or number
    on : str or mapping of str to str
        The column of ids (or the name of an index) whose rows are the person's, or one for each table.
    keep_index : bool
        Whether the index of a pandas frame stays. By default the result has plain row numbers: labels, and gaps between
        them, tell who the rows are of.

    Raises
    ------
    ColumnNotFoundError, FrameError, ParameterError

    Examples
    --------
    >>> import pandas as pd
    >>> erase_subject(pd.DataFrame({"who": [1, 2, 1]}), 1, on="who").frame["who"].tolist()
    [2]
    """
    person = _person(id)
    if on is None:
        raise ParameterError.of("on", "None", "the column of ids, or a mapping from table to column")
    tables, columns, without = _tables(frames, on)
    kept, removed, mentions = {}, {}, []
    for table, data in tables.items():
        if table in without:
            kept[table] = data
            mentions += _search(data, table, list(with_index(data)), person)[1]
            continue
        mask, _ = _search(data, table, columns[table], person)
        kept[table], removed[table] = kept_rows(data, ~mask), int(mask.sum())
        others = [name for name in with_index(data) if name not in columns[table]]
        mentions += _search(kept[table], table, others, person)[1]
    kept = {table: handed_out(data, keep_index=keep_index) for table, data in kept.items()}
    return ErasureReport(Frozen(kept), Frozen(removed), tuple(mentions), without, UNREACHED)


def _person(id: object) -> str:
    person = id_text(id)
    if person is None or not person:
        raise ParameterError.of("id", f"{type_told(id)} that is no id", "a text or a number")
    return person


def _tables(frames: object, on: object) -> tuple[dict[str, Any], dict[str, list[str]], tuple[str, ...]]:
    """Return the tables, the columns to search in each, and the tables that lack the column."""
    tables = _named(frames)
    if not tables or any(not isinstance(name, str) for name in tables):
        raise ParameterError.of(
            "frames", "no tables by name", "a dataframe, several, or a mapping from name to dataframe"
        )
    columns: dict[str, list[str]] = {}
    without = []
    for table, data in tables.items():
        eager_frame(data, (), "frames")
        present = list(with_index(data))
        asked = on.get(table) if isinstance(on, Mapping) else on
        if asked is None and on is None:
            columns[table] = present
        elif isinstance(asked, str) and asked in present:
            columns[table] = [asked]
        elif isinstance(on, Mapping) and asked is not None:
            raise ColumnNotFoundError.of(f"on[{table!r}]", asked, [asked], present)
        else:
            without.append(table)
    if isinstance(on, Mapping) and (unknown := [name for name in on if name not in tables]):
        raise ParameterError.of("on", f"tables {unknown!r}", f"tables among {list(tables)}")
    if len(without) == len(tables):
        raise ColumnNotFoundError.of("on", on, [on], present)
    return tables, columns, tuple(without)


def _ids(data: Any) -> list[str]:
    """Return the columns that hold ids of persons: direct identifiers, or without any all that may be some."""
    levels = with_index(data)
    beside = [leaving(level, ()) for level in levels.values() if level is not None]
    found = [leaving(data, ()), *beside]
    direct = {name for one in found for name in one.direct}
    chosen = direct or {name for one in found for name in one.other}
    return [name for name in levels if name in chosen]


def _named(frames: object) -> dict[str, Any]:
    if isinstance(frames, Mapping):
        return dict(frames)
    if isinstance(frames, Sequence) and not isinstance(frames, str):
        return {str(place): frame for place, frame in enumerate(frames)}
    return {"data": frames}


def _search(data: Any, table: str, columns: list[str], person: str) -> tuple[NDArray[np.bool_], list[Place]]:
    import numpy as np

    whole, places = np.zeros(len(data), dtype=bool), []
    levels = with_index(data)
    for column in columns:
        mask = rows_of(data if levels[column] is None else levels[column], column, person)
        if count := int(mask.sum()):
            places.append(Place(table, column, count))
            whole |= mask
    return whole, places


@typed
def consented(
    data: Frame,
    purpose: str,
    *,
    column: str = "consent",
    consents: Frame | None = None,
    on: str | None = None,
    today: date | str | None = None,
    keep_index: bool = False,
) -> Any:
    """Return the rows whose consent covers a purpose, in a new frame of the same kind. Missing is no consent.

    Reads rows; spends nothing. A purpose that no consent names gives a table without rows.

    Parameters
    ----------
    data : dataframe
        pandas or eager Polars.
    purpose : str
        As the consents name it, exactly.
    column : str
        Where the consent of a row is written: texts of purposes between ``;``, ``,`` or ``|``, lists of them, or true
        and false. Not used with `consents`.
    consents : dataframe, optional
        A table of consents instead: the id (`on`), `purpose`, and optionally the dates `given`, `withdrawn`, `until`.
    on : str, optional
        The id's column, in `data` and in `consents`.
    today : date or str, optional
        The day to judge by; by default today in UTC, as in the ledger.
    keep_index : bool
        Whether the index of a pandas frame stays. By default the result has plain row numbers: labels, and gaps between
        them, tell who the rows are of.

    Raises
    ------
    ColumnNotFoundError, FrameError, LinkError, ParameterError

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"id": [1, 2, 3], "consent": ["research; marketing", "marketing", None]})
    >>> consented(people, "research")["id"].tolist()
    [1]
    """
    if not isinstance(purpose, str) or not purpose.strip():
        found = "an empty text" if isinstance(purpose, str) else type_told(purpose)
        raise ParameterError.of("purpose", found, "the name of one purpose")
    if (consents is None) != (on is None):
        rule = "consents= and on= belong together: a table of consents, and the id's column. Example: on='customer_id'."
        raise ParameterError.together(("consents", "on"), rule)
    if consents is None:
        eager_frame(data, [column], "column")
        mask = rows_consenting(data, column, purpose.strip())
        return handed_out(kept_rows(data, mask), keep_index=keep_index)
    assert on is not None  # by the rule above
    eager_frame(data, [on], "on")
    judged = day_or_today(today, "today")
    ids = ids_consenting(consents, on, purpose.strip(), judged)
    kept = kept_rows(data, rows_in(data, on, ids))
    return handed_out(kept, keep_index=keep_index)
