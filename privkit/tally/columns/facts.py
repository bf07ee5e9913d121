"""What a column is like: missing, distinct, unique, separating, and the shapes of its values. Never a value."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import FrameError
from privkit.tally.cells.cells import OTHER, TIME
from privkit.tally.cells.coding import first_rows
from privkit.tally.cells.columns import without_views
from privkit.tally.cells.showing import series_of
from privkit.tally.codes import NESTED
from privkit.tally.columns.shapes import Absent, common_mask, form_shares, is_free_text, national_forms, phone_forms
from privkit.tally.columns.texts import inside_shares, person_share
from privkit.tally.engines.lazy_columns import Figures, figures, sampled
from privkit.tally.frame import engine_of, lazy_engine
from privkit.tally.row_classes import chosen_columns, codes_of
from privkit.tally.two_tables import kind_of
from privkit.values.frozen import Frozen

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.tally.engines.lazy import LazyEngine

#: Kinds of columns whose values are looked at as texts: of times none, which may lie where Python has no dates.
_LOOKED_AT = frozenset({"text", "number", "any"})
#: From the sampled texts of a column to what they say.
Look = Callable[[Sequence[str]], object]

#: How often the values of each band of `ColumnFacts.spread` stand, at least.
BANDS = (1, 2, 5, 10, 100)
#: The share of numbers of one length that makes codes: amounts differ more. A longer number follows no other.
_ONE_LENGTH, _LONGEST = 0.85, 20
#: Distinct values whose shape is looked at, and among which dirt is looked for.
_SAMPLE, _MOST_DIRT = 1000, 10_000
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
    spread : tuple of int
        Different values that stand once, 2-4, 5-9, 10-99 times and more often (`BANDS`), missing counted as one.
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
    inside : mapping of str to float
        The share of sampled texts inside which, on any line, something of a form stands.
    person_share : float
        The share of the sample that looks like a person's name and has a common given name; 0 where not nearly all
        look like names.
    from_one : bool
        Whether whole numbers are all of those from 0 or 1 to the largest one.
    coded : bool
        Whether whole numbers are like codes and not like amounts: nearly all of one length, or one after the other.
    dirty : int
        Distinct texts that differ from another one only by blanks, case, leading zeros or Unicode's forms.
    absent : str
        Which words for a missing value stand among numbers or dates, in how many cells where rows are at hand; empty
        where none do. Numbers among which they stand are of the kind "number".
    said : object
        What `look` made of the sample; None where there was none.
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
    spread: tuple[int, ...] = ()
    separation: float | None = None
    whole: bool = False
    forms: Mapping[str, float] = field(default_factory=lambda: Frozen({}))
    sampled: int = 0
    mask: str = ""
    mask_share: float = 0.0
    free_text: bool = False
    inside: Mapping[str, float] = field(default_factory=lambda: Frozen({}))
    person_share: float = 0.0
    from_one: bool = False
    coded: bool = False
    dirty: int = 0
    absent: str = ""
    said: Any = None
    left_out: str = ""

    @property
    def distinction(self) -> float | None:
        """Different values per row, 0 to 1."""
        return None if self.distinct is None else self.distinct / self.rows if self.rows else 0.0

    @property
    def unique_share(self) -> float | None:
        """The share of rows whose value stands once."""
        return None if self.singles is None else self.singles / self.rows if self.rows else 0.0


def few_rows(data: object, columns: Sequence[str], most: int) -> tuple[Any, bool]:
    """Return some columns of at most `most` rows at even steps, and whether these are all; of a lazy frame nothing."""
    import narwhals as nw
    import pandas as pd

    if lazy_engine(data, columns) is not None:
        return None, False
    if isinstance(data, pd.DataFrame):
        step = max(-(-len(data) // most), 1)
        return data[list(columns)].iloc[::step], step == 1
    frame = nw.from_native(data, eager_only=True)  # type: ignore[call-overload]
    step = max(-(-len(frame) // most), 1)
    return frame.select(columns).gather_every(step).to_native(), step == 1


def column_facts(
    data: object,
    columns: Sequence[str],
    *,
    deadline: float | None = None,
    look: Look | None = None,
) -> Iterator[ColumnFacts]:
    """Give the facts of each column, one pass over the rows for each. Reads rows; exact; spends nothing.

    Of a lazy frame, a row of figures and about a thousand distinct values of each column are fetched.

    Parameters
    ----------
    data : dataframe
    columns : sequence of str
    deadline : float, optional
        By ``time.monotonic()``: columns after it get their type alone, and say so.
    look : function, optional
        From the sampled texts of a column to what they say, for `said`.
    """
    rows, dtypes, facts = _asked(data, columns, look)
    for name in columns:
        if deadline is not None and time.monotonic() > deadline:
            yield ColumnFacts(name, dtypes[name], "any", rows, left_out="time limit")
            continue
        try:
            found = facts(name)
        except FrameError:
            found = None
        yield found or ColumnFacts(name, dtypes[name], "nested", rows, left_out="values that cannot be compared")


def _asked(
    data: object, columns: Sequence[str], look: Look | None
) -> tuple[int, dict[str, str], Callable[[str], ColumnFacts | None]]:
    """Return how many rows there are, the columns' types, and what tells a column's facts; of no kind it is None."""
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        dtypes, frame = {name: str(data[name].dtype) for name in columns}, without_views(data)
        return len(data), dtypes, lambda name: _facts(name, frame[name], look)
    engine = engine_of(data)
    nested = {name: kind.shown for name, kind in engine.schema.items() if kind.name == OTHER}
    plain = [name for name in columns if name not in nested]
    if (lazy := lazy_engine(data)) is not None:
        dtypes = {name: lazy.columns[name].native for name in columns}
        return engine.n_rows(), dtypes, lambda name: None if name in nested else _facts_there(lazy, look, name)
    eager: Any = chosen_columns(data, plain, "columns")
    dtypes = nested | {name: str(eager[name].dtype) for name in plain}
    hours = {name for name, kind in engine.schema.items() if kind.name == TIME}  # whose cells are counts
    return (
        engine.n_rows(),
        dtypes,
        lambda name: None if name in nested else _facts(name, eager[name], look, "time" if name in hours else ""),
    )


def _facts_there(engine: LazyEngine, look: Look | None, name: str) -> ColumnFacts:
    """Return the facts of a column that lies in an engine: a row of figures and a sample of values are fetched."""
    found = figures(engine, name, BANDS)
    values = series_of(sampled(engine, name, found.distinct, _SAMPLE))
    kind = "time" if engine.columns[name].kind.name == TIME else kind_of(values)
    some: list[Any] = list(values.tolist()) if kind in _LOOKED_AT else []
    absent = Absent.among(kind, some)
    texts = sorted(absent.left(map(_text, some)))[:_SAMPLE]
    told = _told(found, absent, absent.told(), kind, texts, found.distinct, look)
    return ColumnFacts(name, engine.columns[name].native, **told, dirty=_dirty(kind, some))


def _facts(name: str, column: pd.Series, look: Look | None, known_kind: str = "") -> ColumnFacts:
    if column.dtype == object and any(type(value) in NESTED for value in column.to_numpy()):
        raise FrameError.column_type(name, "object", "Take its parts as columns of their own.")
    kind = known_kind or kind_of(column.iloc[:_FIRST_ROWS] if column.dtype == object else column)
    codes, known = codes_of(column)
    counts = np.bincount(codes, minlength=known)
    counts = counts[counts > 0]
    spread = tuple(np.bincount(np.searchsorted(BANDS, counts, "right") - 1, minlength=len(BANDS)).tolist())
    missing, together = int((codes == known).sum()), sum(count * (count - 1) for count in counts[counts > 1].tolist())
    whole = kind == "number" and _is_whole(column)
    found = Figures(len(column), missing, len(counts), spread, together, whole)
    some = _sample(column, codes, known, _MOST_DIRT) if kind == "text" else []
    absent = Absent.among(kind, some)
    texts = absent.left(map(_text, _sample(column, codes, known, _SAMPLE) if kind in _LOOKED_AT else []))
    words = absent.told(int(column.isin(absent.words).sum()))
    told = _told(found, absent, words, kind, texts, known, look)
    return ColumnFacts(name, str(column.dtype), **told, dirty=_dirty(kind, some))


def _told(  # noqa: PLR0917
    found: Figures, absent: Absent, words: str, kind: str, texts: list[str], distinct: int, look: Look | None
) -> dict[str, Any]:
    """Return what the figures of a column say, and what a sample of its values, as texts, looks like."""
    kind, whole, pairs = absent.kind or kind, found.whole or absent.whole, found.rows * (found.rows - 1)
    texts = texts if kind in _LOOKED_AT else []
    looked = kind != "number" or whole
    mask, share = common_mask(texts) if looked else ("", 0.0)
    forms = form_shares(texts, (*national_forms(), *phone_forms())) if looked else {}
    return {
        "kind": kind,
        "rows": found.rows,
        "missing": found.missing,
        "distinct": found.distinct,
        "singles": found.spread[0],
        "spread": found.spread,
        "separation": 1 - found.together / pairs if pairs else 0.0,
        "whole": whole,
        "absent": words,
        "forms": Frozen(forms),
        "sampled": len(texts),
        "coded": kind == "number"
        and whole
        and ((share >= _ONE_LENGTH and not mask.strip("d")) or _follow(texts, distinct)),
        "from_one": kind == "number" and whole and _from_one(texts, distinct),
        "mask": mask,
        "mask_share": share,
        "free_text": kind in {"text", "any"} and is_free_text(texts),
        "inside": Frozen(inside_shares(texts) if kind == "text" else {}),
        "person_share": person_share(texts) if kind in {"text", "any"} else 0.0,
        "said": look(texts) if look is not None else None,
    }


def _follow(texts: list[str], distinct: int) -> bool:
    """Return whether a sample of whole numbers lies as close as numbers that follow each other do."""
    numbers = [int(text) for text in texts if text.isdecimal() and len(text) <= _LONGEST]
    return len(numbers) == len(texts) > 0 and max(numbers) - min(numbers) < 2 * distinct


def _from_one(texts: list[str], distinct: int) -> bool:
    """Return whether all values are the numbers from 0 or 1 on, without a gap; `distinct` may count missing as one."""
    numbers = sorted(int(text) for text in texts if text.isdecimal() and len(text) <= _LONGEST)
    whole = len(numbers) == len(texts) >= distinct - 1
    return whole and bool(numbers) and numbers[0] in (0, 1) and numbers[-1] - numbers[0] + 1 == len(numbers)


def _dirty(kind: str, values: list[Any]) -> int:
    """Return how many of some distinct texts are another one but for blanks, case, leading zeros or Unicode's forms."""
    if kind != "text":
        return 0
    return len(values) - len({_normal(value) for value in values})


def _normal(value: object) -> str:
    text = " ".join(unicodedata.normalize("NFKC", str(value)).casefold().split())
    return text.lstrip("0") or "0" if text.isdigit() else text


def _sample(column: pd.Series, codes: NDArray[np.int64], known: int, most: int) -> list[Any]:
    """Return up to `most` distinct values, at even steps among all."""
    if not known:
        return []
    chosen = first_rows(codes, known + 1)[np.linspace(0, known - 1, min(known, most)).astype(np.int64)]
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
