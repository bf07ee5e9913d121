"""Two tables in the plain forms of a fuzzy comparison: texts in one case, days, numbers. Rows go in and come out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from privkit.errors import ColumnNotFoundError, ParameterError
from privkit.tally.pairs import Pair, joint_codes, kind_of
from privkit.tally.subsets import first_rows

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

Kind = Literal["name", "code", "date", "number", "exact"]
KINDS: tuple[Kind, ...] = get_args(Kind)

#: Columns of at most so many distinct values are compared exactly: of two sexes none is nearly the other.
_FEW = 12
#: Distinct values of a text that are looked at, and the share of them that must be days.
_SAMPLE, _MOST = 1000, 0.95
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T].*)?")
_TIMES = {"time", "time with a zone", "date"}


@dataclass(frozen=True, eq=False)
class Records:
    """Two tables whose columns are `c0`, `c1`, ...: none of their own names reaches another library.

    Attributes
    ----------
    left, right : pandas.DataFrame
        Texts or floats, None or NaN where missing; and `unique_id`, the place of the row.
    kinds : tuple of {"name", "code", "date", "number", "exact"}
        How each column is to be compared.
    pair : Pair
        The same as codes.
    """

    left: pd.DataFrame
    right: pd.DataFrame
    kinds: tuple[Kind, ...]
    pair: Pair

    def shuffled(self, random: np.random.Generator) -> Records:
        """Return the records with each column of the left table shuffled on its own: the same values, no persons."""
        orders = [random.permutation(len(self.left)) for _ in self.kinds]
        mixed = {f"c{place}": self.left[f"c{place}"].to_numpy()[order] for place, order in enumerate(orders)}
        codes = [column[order] for column, order in zip(self.pair.left, orders, strict=True)]
        return Records(self.left.assign(**mixed), self.right, self.kinds, Pair(codes, self.pair.right))


def records(
    left: pd.DataFrame,
    right: pd.DataFrame,
    pairs: Sequence[tuple[str, str]],
    asked: Mapping[str, Kind],
    *,
    function: str,
) -> Records:
    """Return two tables in plain forms. Reads rows; spends nothing.

    Texts lose their case and needless spaces, times become days, and an empty text is missing.

    Parameters
    ----------
    left, right : pandas.DataFrame
    pairs : sequence of (str, str)
        A column of `left` and its partner in `right`.
    asked : mapping of str to str
        How to compare a column of `left`, where the user said so.

    Raises
    ------
    LinkError, FrameError, ParameterError
    """
    import pandas as pd

    plain = [_plain(left[a], right[b], asked.get(a), function) for a, b in pairs]
    n = len(left)
    here = {f"c{place}": column.values[:n] for place, column in enumerate(plain)}
    there = {f"c{place}": column.values[n:] for place, column in enumerate(plain)}
    return Records(
        pd.DataFrame({**here, "unique_id": np.arange(n)}),
        pd.DataFrame({**there, "unique_id": np.arange(len(right))}),
        tuple(column.kind for column in plain),
        Pair([column.codes[:n] for column in plain], [column.codes[n:] for column in plain]),
    )


@dataclass(frozen=True)
class _Plain:
    """A column of both tables, one after the other: plain values, their codes (-1 is missing), how to compare them."""

    values: NDArray[Any]
    codes: NDArray[np.int64]
    kind: Kind


def _plain(left: pd.Series, right: pd.Series, asked: Kind | None, function: str) -> _Plain:
    import pandas as pd

    codes = np.concatenate(joint_codes(left, right, function))
    first = first_rows(codes[codes >= 0], int(codes.max(initial=-1)) + 1)
    places = np.flatnonzero(codes >= 0)[first]
    distinct = [_at(left, right, place) for place in places]
    found = kind_of(left) if kind_of(left) != "any" else kind_of(right)
    kind: Kind
    forms: list[Any]
    if found in _TIMES and asked in {None, "date"}:
        kind, forms = asked or "date", [_day(value) for value in distinct]
    elif found == "number" and asked in {None, "number"}:
        kind, forms = "number", [float(value) for value in distinct]
    elif asked == "number" or (asked == "date" and found != "text"):
        raise ParameterError.of(
            function, f"fuzzy[{left.name!r}]", repr(asked), f"what fits a column of kind {found}: 'exact' or 'code'"
        )
    else:
        forms = [_text(value) for value in distinct]
        kind = asked or ("exact" if found == "boolean" else _kind_of_texts([form for form in forms if form]))
    if asked is None and len(set(forms)) <= _FEW:
        kind = "exact"
    again, _ = pd.factorize(np.array([*forms, None], dtype=object), use_na_sentinel=True)
    dtype = np.float64 if kind == "number" else object
    return _Plain(np.array([*forms, None], dtype=dtype)[codes], again.astype(np.int64)[codes], kind)


def _at(left: pd.Series, right: pd.Series, place: int) -> Any:
    return left.iat[place] if place < len(left) else right.iat[place - len(left)]


def _day(value: Any) -> str:
    return str(value.isoformat())[:10]


def _text(value: object) -> str | None:
    whole = isinstance(value, float) and value.is_integer()
    return " ".join(str(int(value) if whole else value).casefold().split()) or None  # type: ignore[call-overload]


def _kind_of_texts(texts: Sequence[str]) -> Kind:
    """Return "date" where nearly all look like a day, "code" where half have a digit, else "name"."""
    some = texts[:: max(len(texts) // _SAMPLE, 1)]
    if some and sum(bool(_DAY.fullmatch(text)) for text in some) >= _MOST * len(some):
        return "date"
    return "code" if 2 * sum(any(char.isdigit() for char in text) for text in some) > len(some) else "name"


def asked_kinds(fuzzy: object, columns: Sequence[str], function: str) -> dict[str, Kind]:
    """Return how the user wants columns compared.

    Raises
    ------
    ColumnNotFoundError, ParameterError
    """
    if fuzzy is True:
        return {}
    allowed = f"True, or a mapping from a column of `on` to one of {list(KINDS)}"
    if not isinstance(fuzzy, Mapping):
        raise ParameterError.of(function, "fuzzy", f"a {type(fuzzy).__name__}", allowed)
    names = [str(name) for name in fuzzy]
    if missing := [name for name in names if name not in columns]:
        raise ColumnNotFoundError.of(function, "fuzzy", names, missing, columns)
    for name, kind in fuzzy.items():
        if kind not in KINDS:
            found = repr(kind) if isinstance(kind, str) else f"a {type(kind).__name__}"
            raise ParameterError.of(function, f"fuzzy[{name!r}]", found, f"one of {list(KINDS)}")
    return dict(fuzzy)
