"""What a column is like: missing, distinct, unique, separating, and the shapes of its values. Never a value."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import DuplicateColumnError
from privkit.errors.base import PrivkitError
from privkit.tally.frame import open_frame
from privkit.tally.names import person_share
from privkit.tally.national import national_forms
from privkit.tally.pairs import kind_of
from privkit.tally.phones import phone_forms
from privkit.tally.shapes import common_mask, form_shares, is_free_text
from privkit.tally.subsets import chosen_columns, codes_of

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

#: Distinct values whose shape is looked at.
_SAMPLE = 1000
#: Rows from which the kind of a column of objects is told by its first rows.
_FIRST_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """Facts of one column. Exact counts; shapes from a bounded sample of distinct values.

    Attributes
    ----------
    name, dtype : str
    kind : {"text", "number", "boolean", "time", ...}
        What the values are.
    rows, missing : int
        Rows, and those without a value.
    distinct : int or None
        Different values, missing counted as one; None where they were not counted (see `left_out`).
    singles : int or None
        Rows whose value stands once.
    separation : float or None
        The share of pairs of rows that the column tells apart, 1 - Σ c (c - 1) / (n (n - 1)) (Motwani and Xu 2007).
    whole : bool
        Whether numbers are all whole.
    forms : mapping of str to float
        The share of sampled distinct values that have a known form.
    sampled : int
        How many distinct values were looked at.
    mask : str
        The most frequent shape, d for digits and a for letters; empty where few values share one.
    mask_share : float
        Its share of the sample.
    free_text : bool
        Whether the values are sentences.
    person_share : float
        The share of the sample that looks like a person's name and has a common given name; 0 where not nearly all
        look like names.
    left_out : str
        Why a column was not looked at; empty where it was.
    """

    name: str
    dtype: str
    kind: str
    rows: int
    missing: int = 0
    distinct: int | None = None
    singles: int | None = None
    separation: float | None = None
    whole: bool = False
    forms: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    sampled: int = 0
    mask: str = ""
    mask_share: float = 0.0
    free_text: bool = False
    person_share: float = 0.0
    left_out: str = ""

    @property
    def distinction(self) -> float | None:
        """Different values per row, 0 to 1."""
        return None if self.distinct is None else self.distinct / self.rows if self.rows else 0.0

    @property
    def unique_share(self) -> float | None:
        """The share of rows whose value stands once."""
        return None if self.singles is None else self.singles / self.rows if self.rows else 0.0


def all_columns(data: object, function: str) -> list[str]:
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
            raise DuplicateColumnError.in_frame(function, doubled)
        return [name for name in names if isinstance(name, str)]  # see `unnamed_columns`
    return list(open_frame(data, function).collect_schema().names())


def unnamed_columns(data: object) -> int:
    """Return how many columns have a name that is no text, and are looked at by nothing."""
    import pandas as pd

    return sum(not isinstance(name, str) for name in data.columns) if isinstance(data, pd.DataFrame) else 0


def counts_rows(index: pd.Index) -> bool:
    """Return whether a pandas index says nothing about the rows: whole numbers without a name."""
    import pandas as pd

    return index.nlevels == 1 and index.name is None and pd.api.types.is_integer_dtype(index.dtype)


def column_facts(
    data: object, columns: Sequence[str], *, function: str, deadline: float | None = None
) -> Iterator[ColumnFacts]:
    """Give the facts of each column, one pass over the rows for each. Reads rows; exact; spends nothing.

    Parameters
    ----------
    data : dataframe
    columns : sequence of str
    deadline : float, optional
        By ``time.monotonic()``: columns after it get their type alone, and say so.
    """
    eager = _eager(data, columns, function)
    for name in columns:
        column = eager[name]
        if deadline is not None and time.monotonic() > deadline:
            yield ColumnFacts(name, str(column.dtype), "any", len(column), left_out="time limit")
            continue
        try:
            yield _facts(name, column, function)
        except PrivkitError:
            yield ColumnFacts(name, str(column.dtype), "nested", len(column), left_out="values that cannot be compared")


def _eager(data: object, columns: Sequence[str], function: str) -> Any:
    import pandas as pd

    return data if isinstance(data, pd.DataFrame) else chosen_columns(data, columns, function, "columns")


def _facts(name: str, column: pd.Series, function: str) -> ColumnFacts:
    kind = kind_of(column.iloc[:_FIRST_ROWS] if column.dtype == object else column)
    codes, known = codes_of(column, function)
    counts = np.bincount(codes, minlength=known)
    counts = counts[counts > 0]
    missing = int(column.isna().sum())
    sample = _sample(column, codes, known)
    texts = [_text(value) for value in sample] if kind in {"text", "number", "any"} else []
    mask, share = common_mask(texts) if kind != "number" or _is_whole(column) else ("", 0.0)
    return ColumnFacts(
        name,
        str(column.dtype),
        kind,
        len(column),
        missing,
        distinct=len(counts),
        singles=int((counts == 1).sum()),
        separation=_separation(counts),
        whole=kind == "number" and _is_whole(column),
        forms=MappingProxyType(form_shares(texts, (*national_forms(), *phone_forms())))
        if kind != "number" or _is_whole(column)
        else MappingProxyType({}),
        sampled=len(texts),
        mask=mask,
        mask_share=share,
        free_text=kind in {"text", "any"} and is_free_text(texts),
        person_share=person_share(texts) if kind in {"text", "any"} else 0.0,
    )


def _separation(counts: NDArray[np.int64]) -> float:
    n = int(counts.sum())
    if n < 2:
        return 0.0
    together = sum(int(count) * (int(count) - 1) for count in counts[counts > 1])
    return 1 - together / (n * (n - 1))


def _sample(column: pd.Series, codes: NDArray[np.int64], known: int) -> list[Any]:
    """Return up to a thousand distinct values, at even steps among all."""
    if not known:
        return []
    first = np.zeros(known + 1, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    chosen = first[:known][np.linspace(0, known - 1, min(known, _SAMPLE)).astype(np.int64)]
    return list(column.iloc[chosen].tolist())


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _is_whole(column: pd.Series) -> bool:
    import pandas as pd

    if pd.api.types.is_integer_dtype(column.dtype):
        return True
    if not pd.api.types.is_float_dtype(column.dtype):
        return False
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    with np.errstate(invalid="ignore"):
        return bool(np.all((values % 1 == 0) | np.isnan(values)))
