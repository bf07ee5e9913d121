"""Which columns and rows a table has, and what is handed out of it: by consent, of a person, without others' traces."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np

from privkit.errors import DuplicateColumnError, FrameError
from privkit.tally.cells.columns import without_views
from privkit.tally.codes import factorized
from privkit.tally.frame import names_of, open_frame
from privkit.tally.row_classes import chosen_columns

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_SEPARATORS = re.compile(r"\s*[;,|]\s*")


def eager_frame(data: object, columns: Iterable[str], argument: str) -> Any:
    """Return `data` with its columns checked; refuse a lazy frame, whose rows cannot be chosen by their place.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError
    """
    frame = open_frame(data, list(columns), argument)
    if isinstance(frame, nw.LazyFrame):
        raise FrameError.unsupported(f"a lazy {type(data).__name__}; collect it first")
    return data


def all_columns(data: object) -> list[str]:
    """Return the names of all columns, each of which must be a unique text. Reads the schema, never a row.

    Raises
    ------
    DuplicateColumnError, FrameError
    """
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        names = list(data.columns)
        doubled = sorted({str(name) for name in names if names.count(name) > 1})
        if doubled:
            raise DuplicateColumnError.in_frame(doubled)
        return [name for name in names if isinstance(name, str)]  # see `unnamed_columns`
    return names_of(open_frame(data))


#: What gives text for a name to every column, of several levels too.
NAMES_THEM = "df.set_axis([*map(str, df.columns)], axis=1)"


def unnamed_columns(data: object) -> int:
    """Return how many columns have a name that is no text, and are looked at by nothing."""
    import pandas as pd

    return sum(not isinstance(name, str) for name in data.columns) if isinstance(data, pd.DataFrame) else 0


def counts_rows(index: pd.Index) -> bool:
    """Return whether a pandas index says nothing about the rows: whole numbers without a name."""
    import pandas as pd

    return index.nlevels == 1 and index.name is None and pd.api.types.is_integer_dtype(index.dtype)


def index_tells(data: object) -> bool:
    """Return whether data has an index that says more than which row is which."""
    import pandas as pd

    index = getattr(data, "index", None)
    return isinstance(index, pd.Index) and not counts_rows(index)


def with_index(data: object) -> dict[str, pd.DataFrame | None]:
    """Return the names of all columns and of a pandas frame's index, with a frame of its own for each level of that.

    Numbers without a name count the rows, and are none. A level without a name is called "index"; a column goes before
    a level of its name.
    """
    import pandas as pd

    names: dict[str, pd.DataFrame | None] = dict.fromkeys(all_columns(data))
    if not isinstance(data, pd.DataFrame) or counts_rows(data.index):
        return names
    for level in range(data.index.nlevels):
        name = data.index.names[level]
        plain = "index" if name is None else str(name)
        if plain in names:
            plain = next(
                f"index {place}" for place in range(level, level + len(names) + 1) if f"index {place}" not in names
            )
        names[plain] = pd.DataFrame({plain: data.index.get_level_values(level).array})
    return names


def kept_rows(data: Any, mask: NDArray[np.bool_]) -> Any:
    """Return the rows where `mask` is True, in a new frame of the same engine."""
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return without_traces(without_views(data).loc[mask])
    frame = nw.from_native(data, eager_only=True)
    # An empty list is no mask to Narwhals.
    return (frame.filter(mask.tolist()) if len(mask) else frame.head(0)).to_native()


def handed_out(frame: Any, *, keep_index: bool) -> Any:
    """Return a frame with plain row numbers in place of its index, unless that is to be kept.

    An index leaves with the table: labels may be ids, and plain numbers with gaps join two tables of the same rows.

    Examples
    --------
    >>> import pandas as pd
    >>> handed_out(pd.DataFrame({"zip": ["8004"]}, index=["ada@example.org"]), keep_index=False).index.tolist()
    [0]
    """
    import pandas as pd

    if keep_index or not isinstance(frame, pd.DataFrame):
        return frame
    plain = pd.RangeIndex(len(frame))
    if counts_rows(frame.index) and frame.index.equals(plain):
        return frame
    return frame.set_axis(plain, axis=0)


def without_traces(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame without what pandas keeps of rows that are gone: unused categories, and ``attrs``.

    Categories, the levels of an index and attributes go into Parquet and pickle files, whoever's values they are.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"city": pd.Categorical(["Rome", "Secretville"])})
    >>> frame.attrs["by"] = "ada@example.org"
    >>> kept = without_traces(frame.iloc[:1])
    >>> list(kept["city"].cat.categories), kept.attrs
    (['Rome'], {})
    """
    import pandas as pd

    frame = without_views(frame)
    kept = frame.copy(deep=False)
    kept.attrs = {}
    for place, (_, column) in enumerate(frame.items()):  # iloc takes twice the time
        dtype = column.dtype
        if isinstance(dtype, pd.CategoricalDtype) and _has_unused(column):
            kept.isetitem(place, column.cat.remove_unused_categories().array)
        elif isinstance(dtype, pd.ArrowDtype) and _has_dictionary(dtype):
            kept.isetitem(place, _with_own_dictionary(column).array)
    if isinstance(kept.index, pd.MultiIndex):
        kept.index = kept.index.remove_unused_levels()
    elif isinstance(kept.index, pd.CategoricalIndex):
        kept.index = kept.index.remove_unused_categories()
    return kept


def _has_unused(column: pd.Series) -> bool:
    """Whether some category has no row: counting codes is quick, and most columns have none."""
    codes = column.cat.codes.to_numpy().astype(np.intp)
    return not np.bincount(codes + 1, minlength=len(column.cat.categories) + 1)[1:].all()


def _has_dictionary(dtype: pd.ArrowDtype) -> bool:
    """Whether values stand in a dictionary; pandas' own word for it fails for types that it does not know."""
    import pyarrow as pa

    return pa.types.is_dictionary(dtype.pyarrow_dtype)


def _with_own_dictionary(column: pd.Series) -> pd.Series:
    import pandas as pd
    import pyarrow as pa

    array = pa.chunked_array(column.array.__arrow_array__())
    try:
        found = array.cast(array.type.value_type).combine_chunks().dictionary_encode().cast(array.type)
    except NotImplementedError:  # Arrow's, for nested values: its text holds their type alone
        found = pa.chunked_array([_of_used(chunk) for chunk in array.chunks], array.type)
    return pd.Series(pd.arrays.ArrowExtensionArray(found), index=column.index, name=column.name)


def _of_used(chunk: Any) -> Any:
    """Return a part of a column, its dictionary without values of no row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    used = pc.unique(chunk.indices).drop_null()
    places = pc.index_in(chunk.indices, used).cast(chunk.indices.type)
    return pa.DictionaryArray.from_arrays(places, chunk.dictionary.take(used), ordered=chunk.type.ordered)


def rows_consenting(data: object, column: str, purpose: str) -> NDArray[np.bool_]:
    """Return the rows whose consent names the purpose. Missing is no consent.

    A column of true and false is taken as it is; of texts, as purposes between ``;``, ``,`` or ``|``; of lists, as
    purposes.
    """
    import pandas as pd

    values = chosen_columns(data, [column], "column")[column]
    if pd.api.types.is_bool_dtype(values.dtype):
        return np.asarray(values.fillna(False), dtype=bool)
    codes, distinct = _factorized(values)
    covered = np.array([*(_covers(value, purpose) for value in distinct), False], dtype=bool)
    return covered[codes]


def _factorized(values: pd.Series) -> tuple[NDArray[np.int64], list[Any]]:
    """Return each row's place among the distinct values, -1 for missing; of lists, each row is its own."""
    try:
        codes, distinct = factorized(values)
    except FrameError:
        return np.arange(len(values)), list(values)
    return codes, list(distinct)


def _covers(value: object, purpose: str) -> bool:
    if isinstance(value, str):
        return purpose in _SEPARATORS.split(value.strip())
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return any(isinstance(item, str) and item.strip() == purpose for item in value)
    return False


def ids_consenting(consents: object, on: str, purpose: str, today: date) -> pd.Series:
    """Return the ids that have a consent for the purpose which was given by `today` and not withdrawn or expired.

    `consents` has the id, `purpose`, and optionally `given`, `withdrawn` and `until` (dates).
    """
    import pandas as pd

    names = names_of(open_frame(consents, [on, "purpose"], "consents"))
    dated = [name for name in ("given", "withdrawn", "until") if name in names]
    table = chosen_columns(consents, [on, "purpose", *dated], "consents")
    valid = np.array((table["purpose"] == purpose).fillna(False), dtype=bool)
    now = pd.Timestamp(today)
    for name in dated:
        days = _days(table[name], name)
        if name == "given":
            valid &= (days <= now).to_numpy(dtype=bool)
        elif name == "withdrawn":
            valid &= (days.isna() | (days > now)).to_numpy(dtype=bool)
        else:
            valid &= (days.isna() | (days >= now)).to_numpy(dtype=bool)
    return table.loc[valid, on].dropna()


def _days(column: pd.Series, name: str) -> pd.Series:
    import pandas as pd

    try:
        days = pd.to_datetime(column, format="ISO8601" if column.dtype != "datetime64[ns]" else None)
    except (ValueError, TypeError):
        hint = "It must hold dates, as 2026-12-31."
        raise FrameError.column_type(name, str(column.dtype), hint) from None
    return days.dt.tz_localize(None) if getattr(days.dt, "tz", None) is not None else days


def rows_in(data: object, column: str, ids: pd.Series) -> NDArray[np.bool_]:
    """Return the rows whose id is among `ids`; a row without an id is not."""
    from privkit.tally.two_tables import joint_codes

    own = chosen_columns(data, [column], "on")[column]
    here, there = joint_codes(own, ids.rename(column))
    return np.isin(here, there) & (here >= 0)


def rows_of(data: object, column: str, person: str) -> NDArray[np.bool_]:
    """Return the rows whose value in `column` is the id; numbers and their texts are one (7, 7.0, "7", not "007")."""
    import pandas as pd

    values = chosen_columns(data, [column], "on")[column]
    codes, distinct = _factorized(values.astype(object) if isinstance(values.dtype, pd.CategoricalDtype) else values)
    same = np.array([*(id_text(value) == person for value in distinct), False], dtype=bool)
    return same[codes]


def id_text(value: object) -> str | None:
    """Return an id as text: whole numbers without a decimal point; None for what is no id.

    Examples
    --------
    >>> id_text(7.0), id_text("007"), id_text(None)
    ('7', '007', None)
    """
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()
    if isinstance(value, bool | list | tuple | dict | set) or hasattr(value, "__array__"):
        return None
    try:
        if value is None or value != value:  # noqa: PLR0124  # NaN
            return None
    except Exception:  # noqa: BLE001 - what cannot be compared is no id
        return None
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return str(value)
