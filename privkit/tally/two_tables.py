"""Matching two frames on columns: how many rows of the one each row of the other equals.

Two tables in the plain forms of a fuzzy comparison: texts in one case, days, numbers. Rows go in and come out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from privkit.errors import ColumnNotFoundError, ParameterError
from privkit.errors.risk import LinkError
from privkit.errors.root import type_told
from privkit.tally.cells.coding import first_rows
from privkit.tally.class_values import plain
from privkit.tally.codes import factorized, packed, plain_floats

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


_TEXT = {"string", "categorical"}
_NUMBER = {"integer", "floating", "decimal", "mixed-integer-float", "complex"}
_TIME = {"datetime64", "datetime"}
#: A label of an interval, or what is left of a code.
_DIGITS = r"-?(?:0|[1-9]\d*)(?:\.\d+)?"
_LABEL = re.compile(rf"{_DIGITS}(?:-| to ){_DIGITS}|\[{_DIGITS}, {_DIGITS}\)|(?:<|>=) {_DIGITS}|\w*\*+\w*")


@dataclass(frozen=True, eq=False)
class Matches:
    """What each row of a left table matches in a right one.

    Attributes
    ----------
    counts : array of int64, shape (n_left,)
        How many rows of the right table match; a row with a missing key matches none.
    partner : array of int64, shape (n_left,)
        The place of the match where there is exactly one, else -1.
    incomplete : int
        Left rows with a missing key.
    """

    counts: NDArray[np.int64]
    partner: NDArray[np.int64]
    incomplete: int

    @property
    def n_none(self) -> int:
        """Left rows that match nothing."""
        return int((self.counts == 0).sum())

    @property
    def n_single(self) -> int:
        """Left rows that match exactly one."""
        return int((self.counts == 1).sum())

    @property
    def n_several(self) -> int:
        """Left rows that match more."""
        return int((self.counts > 1).sum())

    def or_else(self, other: Matches) -> Matches:
        """Return these matches, and for rows that have none those of `other`."""
        none = self.counts == 0
        return Matches(
            np.where(none, other.counts, self.counts), np.where(none, other.partner, self.partner), other.incomplete
        )


@dataclass(frozen=True, eq=False)
class Pair:
    """Two tables as codes of the columns on which they are compared; -1 stands for missing.

    Attributes
    ----------
    left, right : sequence of arrays of int64
        One array per column; equal values have one code.
    """

    left: Sequence[NDArray[np.int64]]
    right: Sequence[NDArray[np.int64]]

    def shuffled(self, random: np.random.Generator) -> Pair:
        """Return the pair with each column of the left table shuffled on its own: the same values, no persons."""
        return Pair([codes[random.permutation(len(codes))] for codes in self.left], self.right)

    def common(self) -> list[NDArray[np.bool_]]:
        """Return for each column which rows of the left table have a value that occurs in it on the right."""
        return [np.isin(here, there[there >= 0]) for here, there in zip(self.left, self.right, strict=True)]

    def matches(self, *, missing: bool = False) -> Matches:
        """Return what each left row matches; `missing` tells whether missing equals missing."""
        complete, usable = _known(self.left), _known(self.right)
        incomplete = int((~complete).sum())
        if missing:
            complete[:], usable[:] = True, True
        both = [np.concatenate([a[complete], b[usable]]) + 1 for a, b in zip(self.left, self.right, strict=True)]
        keys = packed(both)[0]
        here = int(complete.sum())
        counts, partner = _counted(keys[:here], keys[here:])
        all_counts = np.zeros(len(complete), dtype=np.int64)
        all_partners = np.full(len(complete), -1, dtype=np.int64)
        all_counts[complete] = counts
        all_partners[complete] = np.where(partner >= 0, np.append(np.flatnonzero(usable), -1)[partner], -1)
        return Matches(all_counts, all_partners, incomplete)


def _known(columns: Sequence[NDArray[np.int64]]) -> NDArray[np.bool_]:
    known = columns[0] >= 0
    for codes in columns[1:]:
        known &= codes >= 0
    return known


def _counted(here: NDArray[np.int64], there: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how often each key of `here` stands in `there`, and where if once."""
    import pandas as pd

    group, distinct = pd.factorize(there)
    sizes = np.append(np.bincount(group, minlength=len(distinct)), 0)
    last = np.full(len(distinct) + 1, -1, dtype=np.int64)
    last[group] = np.arange(len(there))
    place = pd.Index(distinct).get_indexer(pd.Index(here)) if len(distinct) else np.full(len(here), -1)
    counts = sizes[place]
    return counts, np.where(counts == 1, last[place], -1)


def paired(left: pd.DataFrame, right: pd.DataFrame, pairs: Sequence[tuple[str, str]]) -> Pair:
    """Return two tables as a pair, to be matched on pairs of columns, exactly. Reads rows; spends nothing.

    Parameters
    ----------
    left, right : pandas.DataFrame
    pairs : sequence of (str, str)
        A column of `left` and its partner in `right`.

    Raises
    ------
    LinkError
        If a pair holds values of different kinds.
    FrameError
        If a column cannot be compared.
    """
    coded = [joint_codes(left[a], right[b]) for a, b in pairs]
    return Pair([a for a, _ in coded], [b for _, b in coded])


def joint_codes(left: pd.Series, right: pd.Series) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return codes of two columns in which equal values have one code; -1 stands for missing.

    Raises
    ------
    LinkError
        If the columns hold values of different kinds, so that none would equal another.
    """
    import pandas as pd

    refuse_kinds(left, right)
    both = pd.concat([plain_floats(plain(left)), plain_floats(plain(right))], ignore_index=True)
    both.name = left.name
    codes, _ = factorized(both)
    return codes[: len(left)], codes[len(left) :]


def refuse_kinds(left: pd.Series, right: pd.Series) -> None:
    """Refuse columns that hold values of different kinds.

    Raises
    ------
    LinkError
    """
    kinds = kind_of(left), kind_of(right)
    if "any" not in kinds and kinds[0] != kinds[1]:
        types = _named(left, kinds[0]), _named(right, kinds[1])
        raise LinkError.types_differ(str(left.name), types, labeled=labeled_apart(left, right))


def kind_of(column: pd.Series) -> str:
    """Return "text", "number", "boolean", "time", "time with a zone", "any" where mixed or empty, or another kind."""
    import pandas as pd

    if getattr(column.dtype, "tz", None) is not None:
        return "time with a zone"
    values: Any = column.cat.categories if isinstance(column.dtype, pd.CategoricalDtype) else column
    try:
        kind = pd.api.types.infer_dtype(values, skipna=True)
    except NotImplementedError:  # types of Arrow that pandas does not know
        return "any"
    if kind in {"empty", "mixed", "mixed-integer", "unknown-array"}:
        return "any"
    for name, kinds in (("text", _TEXT), ("number", _NUMBER), ("time", _TIME)):
        if kind in kinds:
            return name
    return str(kind)


def labeled_apart(left: pd.Series, right: pd.Series) -> bool:
    """Return whether one column holds labels that generalizing makes ("10-19", "[10, 20)", "80**"), the other none.

    Examples
    --------
    >>> import pandas as pd
    >>> ages, bands = pd.Series([17, 34]), pd.Series(["10-19", "*"])
    >>> labeled_apart(bands, ages), labeled_apart(ages, bands), labeled_apart(bands, bands), labeled_apart(ages, ages)
    (True, True, False, False)
    """
    here, there = sorted(map(_labeled, (left, right)))
    return here == 0 and there > 0.5


def _labeled(column: pd.Series) -> float:
    """Return the share of the distinct values, or of the first of them, that are such labels."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return 0.0
    values = [value for value in list(factorized(column)[1])[:_SAMPLE] if type(value) is not bytes]
    told = [str(value) for value in values if type(value) in (str, pd.Interval)]  # of no other class is a method called
    return sum(bool(_LABEL.fullmatch(text)) for text in told) / len(values) if values else 0.0


def _named(column: pd.Series, kind: str) -> str:
    return f"{kind} ({column.dtype})"


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
    exact : Pair
        The values as they were given, as codes: as `paired` has them.
    """

    left: pd.DataFrame
    right: pd.DataFrame
    kinds: tuple[Kind, ...]
    pair: Pair
    exact: Pair

    def shuffled(self, random: np.random.Generator) -> Records:
        """Return the records with each column of the left table shuffled on its own: the same values, no persons."""
        orders = [random.permutation(len(self.left)) for _ in self.kinds]
        mixed = {f"c{place}": self.left[f"c{place}"].to_numpy()[order] for place, order in enumerate(orders)}
        pair, exact = (
            Pair([column[order] for column, order in zip(codes.left, orders, strict=True)], codes.right)
            for codes in (self.pair, self.exact)
        )
        return Records(self.left.assign(**mixed), self.right, self.kinds, pair, exact)


def records(
    left: pd.DataFrame, right: pd.DataFrame, pairs: Sequence[tuple[str, str]], asked: Mapping[str, Kind]
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

    plain = [_plain_form(left[a], right[b], asked.get(a)) for a, b in pairs]
    n = len(left)
    here = {f"c{place}": column.values[:n] for place, column in enumerate(plain)}
    there = {f"c{place}": column.values[n:] for place, column in enumerate(plain)}
    return Records(
        pd.DataFrame({**here, "unique_id": np.arange(n)}),
        pd.DataFrame({**there, "unique_id": np.arange(len(right))}),
        tuple(column.kind for column in plain),
        Pair([column.codes[:n] for column in plain], [column.codes[n:] for column in plain]),
        Pair([column.given[:n] for column in plain], [column.given[n:] for column in plain]),
    )


@dataclass(frozen=True)
class _Plain:
    """A column of both tables, one after the other: plain values, their codes (-1 is missing), how to compare them.

    `given` are the codes of the values before they were made plain.
    """

    values: NDArray[Any]
    codes: NDArray[np.int64]
    given: NDArray[np.int64]
    kind: Kind


def _plain_form(left: pd.Series, right: pd.Series, asked: Kind | None) -> _Plain:
    import pandas as pd

    codes = np.concatenate(joint_codes(left, right))
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
            f"fuzzy[{left.name!r}]", repr(asked), f"what fits a column of kind {found}: 'exact' or 'code'"
        )
    else:
        forms = [_text(value) for value in distinct]
        kind = asked or ("exact" if found == "boolean" else _kind_of_texts([form for form in forms if form]))
    if asked is None and len(set(forms)) <= _FEW:
        kind = "exact"
    again, _ = pd.factorize(np.array([*forms, None], dtype=object), use_na_sentinel=True)
    dtype = np.float64 if kind == "number" else object
    return _Plain(np.array([*forms, None], dtype=dtype)[codes], again.astype(np.int64)[codes], codes, kind)


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


def asked_kinds(fuzzy: object, columns: Sequence[str]) -> dict[str, Kind]:
    """Return how the user wants columns compared.

    Raises
    ------
    ColumnNotFoundError, ParameterError
    """
    if fuzzy is True:
        return {}
    allowed = f"True, or a mapping from a column of `on` to one of {list(KINDS)}"
    if not isinstance(fuzzy, Mapping):
        raise ParameterError.of("fuzzy", type_told(fuzzy), allowed)
    names = [str(name) for name in fuzzy]
    if missing := [name for name in names if name not in columns]:
        raise ColumnNotFoundError.of("fuzzy", names, missing, columns)
    for name, kind in fuzzy.items():
        if kind not in KINDS:
            found = repr(kind) if isinstance(kind, str) else type_told(kind)
            raise ParameterError.of(f"fuzzy[{name!r}]", found, f"one of {list(KINDS)}")
    return dict(fuzzy)
