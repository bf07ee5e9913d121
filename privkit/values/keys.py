"""Public keys: the groups of a release, named by the user and never read from the data."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import product
from typing import Any

from privkit.errors import KeysError, NotPublicError
from privkit.errors.root import type_told
from privkit.values.frozen import PickledByFields
from privkit.values.vouched import PublicValues, Table, public_values, vouched

__all__ = ["KeyValue", "Keys", "PublicValues", "codes_of", "decoded", "public_keys", "public_values"]

#: The kinds of value that a key may be. Missing (None or NaN) is a key like any other. Decimals are found, not named.
KeyValue = str | int | float | bool | date | datetime | Decimal | None

_KINDS = (str, int, float, bool, date, datetime, type(None))
#: Values of these types are one exactly where Python takes them for equal, whatever of them stands beside another.
_PLAIN = frozenset({str, int, date, type(None)})
#: Whole numbers of more bits have no text: Python refuses to write more than 4300 digits.
_MOST_BITS = 13_000


@dataclass(frozen=True, eq=False)
class Keys(PickledByFields):
    """The groups of a release, in the order in which the user named them.

    Two values are one group only if they are the same value: 1 and 1.0 are, True is another than 1, and instants are
    told apart in UTC, so that those of a repeated hour are two. Python's equality says otherwise of all but the first.

    Attributes
    ----------
    by : tuple of str
        The columns.
    values : tuple of tuple
        One tuple per group, one value per column.
    reason : str or None
        Why they are public, where the user had to vouch for them.
    told : bool
        Whether they were told by open groups: then an instant stands for its whole microsecond.
    """

    by: tuple[str, ...]
    values: tuple[tuple[KeyValue, ...], ...]
    reason: str | None = None
    told: bool = False

    def __len__(self) -> int:
        return len(self.values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Keys):
            return NotImplemented
        mine, others = (self.by, self.reason, self.values), (other.by, other.reason, other.values)
        return mine == others and self._coded == other._coded

    def __hash__(self) -> int:
        return hash((self.by, self.reason, self.values))

    def without(self, columns: Sequence[str]) -> Keys:
        """Return the distinct keys of the other columns; with none left, one empty key."""
        places = [place for place, name in enumerate(self.by) if name not in columns]
        if len(places) == len(self.by):
            return self
        once: dict[tuple[str, ...], tuple[KeyValue, ...]] = {}
        for at, key in enumerate(self.values):
            once.setdefault(tuple(self.codes[p][at] for p in places), tuple(key[p] for p in places))
        return Keys(tuple(self.by[place] for place in places), tuple(once.values()), self.reason, self.told)

    def canonical(self) -> list[str]:
        """Return the keys as text with their types, in an order that does not depend on the user's."""
        return [self._coded[place] for place in self.canonical_order]

    @cached_property
    def codes(self) -> list[list[str]]:
        """For each column a text of each key's value; values have one text only if they are the same."""
        return [codes_of(column) for column in zip(*self.values, strict=True)]

    @cached_property
    def samples(self) -> list[list[KeyValue]]:
        """For each column one value of each type; datetimes with a time zone and without one are two."""
        columns = zip(*self.values, strict=True)
        return [list({(type(v), getattr(v, "tzinfo", None) is None): v for v in column}.values()) for column in columns]

    @cached_property
    def canonical_order(self) -> list[int]:
        """The places of the keys in canonical order, so that stored answers do not depend on the user's."""
        return sorted(range(len(self)), key=self._coded.__getitem__)

    @cached_property
    def _coded(self) -> list[str]:
        """A text for each key that is the same for keys that select the same rows: 1 and 1.0, two zones of a moment."""
        if not self.by:
            return ["[]"] * len(self)
        return [f"[{', '.join(codes)}]" for codes in zip(*self.codes, strict=True)]


def public_keys(by: Sequence[str], keys: object) -> Keys:
    """Return the keys that the user named for the columns of `by`.

    Parameters
    ----------
    by : sequence of str
        The columns.
    keys : list, dict or PublicValues
        For one column a list of values. For several a dict of lists (all combinations), or a list of tuples.

    Raises
    ------
    KeysError
        If keys are missing, doubled, empty or of another shape.
    NotPublicError
        If the container is one in which data is held (Series, Index, array, frame).

    Examples
    --------
    >>> public_keys(["zip3"], ["103", "130"]).values
    (('103',), ('130',))
    >>> len(public_keys(["sex", "age"], {"sex": ["f", "m"], "age": range(18, 21)}))
    6
    """
    by = tuple(by)
    if keys is None:
        raise KeysError.required(by)
    keys, reason = vouched(keys)
    if isinstance(keys, Keys):
        return _of_keys(by, keys, reason)
    if isinstance(keys, Table):
        keys = _of_table(by, keys)
    if (texts := _texts(by, keys)) is not None:
        return _text_keys(by, texts, reason)
    if isinstance(keys, Mapping):
        values = _product(by, keys)
    elif len(by) == 1:
        values = [(value,) for value in _listed(keys, "a list of values")]
    else:
        values = _tuples(by, keys)
    unified = tuple(tuple(_unified(value) for value in key) for key in values)
    if not unified:
        raise KeysError.shape("without a value", "a list with at least one value")
    return _once(by, unified, reason)


def _once(by: tuple[str, ...], values: tuple[tuple[KeyValue, ...], ...], reason: str | None) -> Keys:
    refuse_doubled(values)
    return Keys(by, values, reason)


def refuse_doubled(values: Sequence[tuple[KeyValue, ...]]) -> None:
    """Refuse keys of which two are the same."""
    if {type(value) for key in values for value in key} <= _PLAIN:
        distinct = len(set(values))
    else:
        distinct = len(set(zip(*map(codes_of, zip(*values, strict=True)), strict=True)))
    if doubled := len(values) - distinct:
        raise KeysError.duplicates(doubled)


def _of_keys(by: tuple[str, ...], keys: Keys, reason: str | None) -> Keys:
    """Return the keys of an earlier release for the columns of `by`, in their order."""
    if not set(by) <= set(keys.by):
        raise KeysError.shape(f"of {list(keys.by)}", f"those of a release by {list(by)}")
    kept = keys.without([name for name in keys.by if name not in by])
    if not len(kept):
        raise KeysError.shape("of a release without a group", "a list with at least one value")
    places = [kept.by.index(name) for name in by]
    return Keys(by, tuple(tuple(key[place] for place in places) for key in kept.values), reason or keys.reason)


def _of_table(by: tuple[str, ...], table: Table) -> list[Any]:
    """Return the rows of a frame of keys, its columns in the order of `by`."""
    if set(table.columns) != set(by) or len(table.columns) != len(by):
        found = f"as a frame with the columns {list(table.columns)}"
        raise KeysError.shape(found, f"a frame with the columns {list(by)}")
    places = [table.columns.index(name) for name in by]
    return [tuple(row[place] for place in places) if len(by) > 1 else row[places[0]] for row in table.rows]


def _texts(by: tuple[str, ...], keys: object) -> tuple[tuple[str, ...], ...] | None:
    """Return the lists of `keys`, one for each column, where they are lists of nothing but texts; else None."""
    if isinstance(keys, Mapping):
        lists = [keys[name] for name in by] if set(keys) == set(by) else []
    else:
        lists = [keys] if len(by) == 1 else []
    plain = lists and all(isinstance(part, list | tuple) and set(map(type, part)) == {str} for part in lists)
    return tuple(map(tuple, lists)) if plain else None


@lru_cache(maxsize=16)
def _text_keys(by: tuple[str, ...], lists: tuple[tuple[str, ...], ...], reason: str | None) -> Keys:
    """Return keys that are texts, all combinations of the lists.

    What is derived of them is kept, since a notebook asks much of the same groups.
    """
    for values in lists:
        refuse_doubled([(value,) for value in values])
    return Keys(by, tuple(product(*lists)), reason)


def _listed(values: object, allowed: str) -> list[Any]:
    if isinstance(values, str | bytes) or not isinstance(values, list | tuple | range | set | frozenset):
        if hasattr(values, "dtype") or hasattr(values, "columns") or hasattr(values, "__array__"):
            raise NotPublicError.of("keys", type(values).__name__)
        raise KeysError.shape(f"as {type_told(values)}", allowed)
    return sorted(values, key=str) if isinstance(values, set | frozenset) else list(values)


def _product(by: tuple[str, ...], keys: Mapping[Any, Any]) -> list[tuple[Any, ...]]:
    if set(keys) != set(by):
        raise KeysError.shape(f"for {list(keys)}", f"a dict with one list for each of {list(by)}")
    lists = [_listed(keys[name], "a dict of lists") for name in by]
    for values in lists:
        refuse_doubled([(_unified(value),) for value in values])
    return list(product(*lists))


def _tuples(by: tuple[str, ...], keys: object) -> list[tuple[Any, ...]]:
    allowed = f"a dict of lists, or a list of tuples with one value for each of {list(by)}"
    values = _listed(keys, allowed)
    if any(not isinstance(key, tuple) or len(key) != len(by) for key in values):
        raise KeysError.shape("whose entries do not match by=", allowed)
    return values


def _unified(value: Any) -> KeyValue:
    """Return a plain value: missing is None, 0.0 has no sign, and NumPy scalars are refused by their type."""
    if hasattr(value, "dtype"):
        raise NotPublicError.of("keys", f"list of {type(value).__name__}")
    if isinstance(value, float | datetime) and value != value:  # noqa: PLR0124  # NaN, and pandas' NaT
        return None
    if not isinstance(value, _KINDS):
        raise KeysError.shape(f"with {type_told(value)}", "text, whole or decimal numbers, booleans, dates or None")
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise KeysError.shape("with a whole number of thousands of digits", "of numbers that can be written")
    return _plain_value(value)


def _plain_value(value: KeyValue) -> KeyValue:
    """Return a value of a class of one's own, like a member of an enumeration, as the text or number that it is."""
    if isinstance(value, float):
        return float.__add__(value, 0.0)
    if isinstance(value, str):
        return value if type(value) is str else str.__str__(value)
    return int.__add__(value, 0) if isinstance(value, int) and type(value) not in (int, bool) else value


def codes_of(values: Sequence[KeyValue]) -> list[str]:
    """Return a text of each value, with its type; two have one text only if they are the same value.

    Numbers are told by value, so that 1 and 1.0 are one, and instants in UTC.

    Examples
    --------
    >>> codes_of([1, 1.0, True, "1", None])
    ["('int', '1')", "('int', '1')", "('bool', 'True')", "('str', '1')", "('NoneType', 'None')"]
    """
    known: dict[tuple[type, KeyValue], str] = {}
    found = []
    for value in values:
        if isinstance(value, datetime):  # those of a repeated hour are equal, for Python
            found.append(repr(_coded_value(value)))
            continue
        name = type(value), value
        if name not in known:
            known[name] = repr(_coded_value(value))
        found.append(known[name])
    return found


def _coded_value(value: KeyValue) -> tuple[str, str]:
    if isinstance(value, Decimal) and value.is_finite():
        whole = int(value) if value == value.to_integral_value() else None
        value = whole if whole is not None else float(value) if Decimal(float(value)) == value else value.normalize()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime):
        return "datetime", _moment(value)
    return type(value).__name__, str(value)


def _moment(value: datetime) -> str:
    """Return the text of a datetime, of one with a time zone in UTC."""
    offset = value.utcoffset()
    if offset is None:
        return str(value.replace(tzinfo=None))
    try:
        return str(value.astimezone(UTC))
    except (OverflowError, ValueError):  # on the first or last day that Python has
        return str(value.replace(tzinfo=None) - datetime.min - offset)


def decoded(code: str) -> KeyValue:
    """Return the value that a text of :func:`codes_of` tells: another of the same value may have been meant.

    Examples
    --------
    >>> [decoded(code) for code in codes_of(["1", 1.0, 2.5, True, None, date(2026, 11, 23)])]
    ['1', 1, 2.5, True, None, datetime.date(2026, 11, 23)]
    """
    kind, text = literal_eval(code)
    readers: dict[str, Any] = {
        "str": str,
        "int": int,
        "float": float,
        "bool": "True".__eq__,
        "NoneType": lambda _: None,
        "date": date.fromisoformat,
        "datetime": datetime.fromisoformat,
        "Decimal": Decimal,
    }
    found: KeyValue = readers[kind](text)
    return found
