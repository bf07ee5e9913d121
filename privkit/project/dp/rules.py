"""What the owner says of every row of synthetic data, read against the schema and the public levels. Reads no row.

A condition must be told by the levels: it holds of all values of a key or a bin, or of none. So each combination of
levels is looked at through some of its values: of a key the key itself; of a bin both ends, and what lies at and beside
the numbers that the condition compares with. Between these numbers a comparison has one answer, so that no value of the
bin is left unseen; where a condition does more than compare the column with numbers, all values of its bins are looked
at, if they are whole or days. Of a missing value a condition that is not true and not false says nothing.

How the columns of synthetic rows become values again: by what the schema says of their types. Reads no row.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.statistics.arranged import canonical_levels
from privkit.dp.synthesis.drawing import Filled
from privkit.dp.synthesis.model import MOST_COMBINATIONS, Condition, Rules
from privkit.errors.root import type_told
from privkit.errors.synthetic import RulesError, SyntheticError
from privkit.tally.cells.cells import BOOLEAN, DATE, FLOAT, INSTANT, INTEGER, TEXT, UNSIGNED
from privkit.tally.frame import engine_of
from privkit.tally.predicate import apply, language_kind
from privkit.values.expression.checking import BOOLEAN as CONDITION
from privkit.values.expression.checking import checked, kind_of_values
from privkit.values.expression.days import DateCut
from privkit.values.expression.nodes import Column, Compare, Cut, Expression, IsIn, IsMissing, Literal
from privkit.values.expression.parsing import parsed
from privkit.values.expression.selection import Selection

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.tally.cells.cells import Kind
    from privkit.values.keys import Keys


#: Of a column of another library, the type that pandas holds it in, missing values included.
_TYPES = {BOOLEAN: "boolean", INTEGER: "Int64", UNSIGNED: "UInt64", FLOAT: "float64", TEXT: "str", DATE: "object"}


def filled(data: object, name: str, level: str, derived: Mapping[str, Any]) -> Filled:
    """Return how a column's levels become values.

    Raises
    ------
    SyntheticError
        If its bins cannot be filled.
    """
    schema = engine_of(data).schema
    if name not in schema:  # derived: its own values
        return Filled(name, level)
    dtype = _dtype(data, name, schema[name])
    made = derived.get(level) if level != name else None
    if made is None:
        return Filled(name, level, dtype)
    return filled_bins(name, level, dtype, made)


def filled_bins(name: str, level: str, dtype: str, made: Cut | DateCut) -> Filled:
    """Return how bins become values of a type.

    Raises
    ------
    SyntheticError
    """
    if isinstance(made, DateCut):
        found = Filled(name, level, dtype, made.edges)
    else:
        found = Filled(
            name, level, dtype, _closed(name, dtype, tuple(map(float, made.edges)), right=made.right), made.right
        )
    if not found.is_whole and not found.of_days:
        _check_floats(found)
    if found.of_days and "[ns" in dtype and not all("1677-09-22" <= str(edge) <= "2262-04-12" for edge in found.edges):
        raise SyntheticError.edges(name, f"reach beyond what {dtype} holds")
    if found.is_whole:
        bins, (least, most) = found.bins(), _range(dtype)
        if any(first >= after for first, after in bins):
            raise SyntheticError.edges(name, "include one without a whole number")
        if bins[0][0] < least or bins[-1][1] - 1 > most:
            raise SyntheticError.edges(name, f"reach beyond what {dtype} holds")
    return found


def _check_floats(made: Filled) -> None:
    """Refuse bins of numbers whose values are infinite in a type of fewer bits."""
    few = {"float32": np.float32, "float[pyarrow]": np.float32, "float16": np.float16, "halffloat[pyarrow]": np.float16}
    kind: Any = few.get(made.dtype.lower(), np.float64)
    if any(abs(float(edge)) > float(np.finfo(kind).max) for edge in made.edges):
        raise SyntheticError.edges(made.name, f"reach beyond what {made.dtype} holds")


def _closed(name: str, dtype: str, edges: tuple[float, ...], *, right: bool) -> tuple[float, ...]:
    """Return edges with an end in place of an open one: a bin without one is filled as wide as the bin beside it.

    Of whole numbers it ends where the type does.
    """
    if all(map(math.isfinite, edges)):
        return edges
    finite = [edge for edge in edges if math.isfinite(edge)]
    if len(finite) < 2:
        raise SyntheticError.edges(name, "have an open end, and no bin beside it whose width could stand for its own")
    low, high = 2 * finite[0] - finite[1], 2 * finite[-1] - finite[-2]
    if dtype.lower().startswith(("int", "uint")):
        least, most = _range(dtype)
        low, high = max(low, float(least - right)), min(high, float(most + (not right)))
    found = ((low,) if edges[0] == -math.inf else ()), tuple(finite), ((high,) if edges[-1] == math.inf else ())
    return tuple(edge for part in found for edge in part)


def check_keys(made: Filled, values: Iterable[object]) -> None:
    """Refuse keys that a type of whole numbers does not hold: rows would be of another type.

    Raises
    ------
    SyntheticError
    """
    if made.edges or not made.is_whole:
        return
    least, most = _range(made.dtype)
    for value in values:
        whole = isinstance(value, int) or (isinstance(value, float | Decimal) and value == value // 1)
        if value is not None and not (whole and least <= value <= most):  # type: ignore[operator]
            raise SyntheticError.keys_beyond(made.name, made.dtype)


def _range(dtype: str) -> tuple[int, int]:
    bits = int(dtype.lower().removeprefix("u").removeprefix("int").partition("[")[0] or 64)
    return (0, 2**bits - 1) if dtype.lower().startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _dtype(data: Any, name: str, kind: Kind) -> str:
    """Return the type in which pandas holds a column, so that its name makes it again."""
    if type(data).__module__.startswith("pandas"):
        own = data[name].dtype
        own = getattr(own, "subtype", own) if str(own).startswith("Sparse[") else own
        return next((shown for shown in (str(own), kind.shown) if _makes(shown, own)), _other(kind))
    return _other(kind)


def _makes(shown: str, own: object) -> bool:
    """Whether a type's name makes that type: but for categories, which are others, and for texts of Arrow's own."""
    import pandas as pd

    try:
        made = pd.api.types.pandas_dtype(shown)
    except (TypeError, ValueError, NotImplementedError):
        return False
    return made == own or isinstance(made, pd.StringDtype | pd.CategoricalDtype)


def _other(kind: Kind) -> str:
    """Return the type in which pandas holds such values of another library."""
    if kind.name == INSTANT:
        unit = kind.unit if kind.unit in ("s", "ms", "us", "ns") else "us"
        return f"datetime64[{unit}, {kind.zone}]" if kind.zone else f"datetime64[{unit}]"
    return _TYPES.get(kind.name, "object")


_ARROW = re.compile(r"\s*(?:->|→)\s*")
#: Values at which one condition is looked at, and values of one bin that are listed.
_MOST_VALUES, _MOST_LISTED = 2_000_000, 50_000


def rules_of(
    data: object, given: object, made: Sequence[Filled], levels: Sequence[Keys], derived: Mapping[str, Expression]
) -> Rules:
    """Return the rules that ``constraints=`` says.

    Raises
    ------
    RulesError, ExpressionError, ColumnNotFoundError
        If one cannot be told by the levels, or no row is left.
    """
    if given is None:
        return Rules()
    if isinstance(given, str | Expression):
        given = [given]
    if not isinstance(given, list | tuple):
        raise RulesError.shape(type_told(given))
    by_name, by_level = {one.name: one for one in made}, {keys.by[0]: canonical_levels(keys) for keys in levels}
    conditions, decided = [], []
    for one in given:
        if isinstance(one, str) and _ARROW.search(one):
            pair = tuple(_named(part, by_name) for part in _ARROW.split(one, maxsplit=1))
            decided.append((pair[0], pair[1]))
        elif isinstance(one, str | Expression):
            conditions.append(_condition(data, parsed(one, "constraints"), by_name, by_level, levels, derived))
        else:
            raise RulesError.shape(f"a list with {type_told(one)}")
    found = Rules(tuple(conditions), _ordered(list(dict.fromkeys(decided)), by_name))
    _check(found, made, levels)
    return found


def _named(text: str, by_name: Mapping[str, Filled]) -> str:
    name = text.strip()
    if name not in by_name:
        raise RulesError.column(name)
    return by_name[name].level


def _ordered(decided: list[tuple[str, str]], by_name: Mapping[str, Filled]) -> tuple[tuple[str, str], ...]:
    """Return dependencies, none before one that decides its first column."""
    named, found, left = {one.level: name for name, one in by_name.items()}, [], list(decided)
    while left:
        first = next((one for one in left if all(one[0] != other[1] for other in left)), None)
        if first is None:
            raise RulesError.circle(" -> ".join(named[name] for name in left[0]))
        found.append(first)
        left.remove(first)
    return tuple(found)


def _check(rules: Rules, made: Sequence[Filled], levels: Sequence[Keys]) -> None:
    """Refuse rules that leave no row, or tie together more than can be laid out."""
    names, sizes = [keys.by[0] for keys in levels], [len(keys) + 1 for keys in levels]
    named = {one.level: one.name for one in made}
    for axes in rules.groups(names):
        if (many := math.prod(sizes[axis] for axis in axes)) > MOST_COMBINATIONS:
            raise RulesError.entangled([named[names[axis]] for axis in axes], many, MOST_COMBINATIONS)
    for part in rules.parts(names, sizes, [left_by_type(keys, made) for keys in levels]):
        if not part.left.any():
            own = {names[axis] for axis in part.axes}
            raise RulesError.contradiction([one.text for one in rules.conditions if own & set(one.columns)])
        for axis in part.axes:
            told = [one.text for one in rules.conditions if names[axis] in one.columns]
            if told and not part.margin((axis,))[_named_levels(levels[axis])].any():
                raise RulesError.only_missing(named[names[axis]], told)


def _named_levels(keys: Keys) -> NDArray[np.int64]:
    """Return the places of the levels that are values: neither missing nor the one for all else."""
    return np.flatnonzero([key[0] is not None for key in canonical_levels(keys).values])


def left_by_type(keys: Keys, made: Sequence[Filled]) -> NDArray[np.bool_]:
    """Return which levels the type of a column holds."""
    one = next(one for one in made if one.level == keys.by[0])
    return one.left(canonical_levels(keys))


def _condition(  # noqa: PLR0917
    data: object,
    said: Expression,
    by_name: Mapping[str, Filled],
    by_level: Mapping[str, Keys],
    levels: Sequence[Keys],
    derived: Mapping[str, Expression],
) -> Condition:
    """Return what a condition leaves."""
    for name in said.columns:
        if name not in by_name:
            raise RulesError.column(name)
    if not said.columns:
        raise RulesError.no_column(str(said))
    kinds = _kinds(data, by_name, by_level, derived)
    if checked(said, kinds, "constraints", engine_of(data).library) != CONDITION:
        raise RulesError.no_truth(str(said))
    columns = sorted(said.columns, key=lambda name: by_name[name].level)
    points = [_points(said, name, by_name[name], by_level[by_name[name].level], levels) for name in columns]
    if math.prod(map(len, points)) > _MOST_VALUES:
        raise RulesError.entangled(columns, math.prod(map(len, points)), _MOST_VALUES)
    true = _holds(said, columns, points, [by_name[name] for name in columns])
    sizes = [len(by_level[by_name[name].level]) + 1 for name in columns]
    code = np.zeros(1, dtype=np.int64)
    for own, size in zip(points, sizes, strict=True):
        code = (code[:, None] * size + np.array([level for level, _ in own], dtype=np.int64)).reshape(-1)
    many = math.prod(sizes)
    wrong, right = np.bincount(code[~true], minlength=many) > 0, np.bincount(code[true], minlength=many) > 0
    if (wrong & right).any():
        cut = [name for name in columns if by_name[name].edges]
        marks = [str(value) for name in cut for value in _literals(said, name) if value is not None]
        raise RulesError.cut_through(str(said), cut, list(dict.fromkeys(marks)))
    return Condition.of(said.canonical(), tuple(by_name[name].level for name in columns), ~wrong.reshape(sizes))


def _kinds(
    data: object, by_name: Mapping[str, Filled], by_level: Mapping[str, Keys], derived: Mapping[str, Expression]
) -> dict[str, str]:
    """Return what the language calls each column."""
    schema, found = engine_of(data).schema, {}
    for name, one in by_name.items():
        if name in schema:
            found[name] = language_kind(schema[name])
        else:  # derived: as its keys are
            assert name in derived
            found[name] = kind_of_values([key[0] for key in by_level[one.level].values if key[0] is not None])
    return found


def _points(
    said: Expression, name: str, one: Filled, canonical: Keys, levels: Sequence[Keys]
) -> list[tuple[int, object]]:
    """Return levels with the values through which a condition is looked at; the level for all else is missing."""
    other = (len(canonical), None)
    own = [key[0] for key in canonical.values]
    if not one.edges:
        return [*enumerate(own), other]
    in_order = [key[0] for keys in levels if keys.by[0] == one.level for key in keys.values]
    places = {label: own.index(label) for label in in_order}
    listed = list(_literals(said, name))
    each = (
        _listed(one) if any(value is None for value in listed) else _beside(one, [v for v in listed if v is not None])
    )
    if each is None:
        raise RulesError.only_compared(str(said), name)
    return [*((places[in_order[bin_]], value) for bin_, value in each), other]


def _literals(said: Expression, name: str) -> Iterator[object]:
    """Give what a column is compared with; None where something else is done of it."""
    match said:
        case Compare(_, Column(column), Literal(value)) | Compare(_, Literal(value), Column(column)):
            if column == name:
                yield value
        case IsIn(Column(column), values, _):
            yield from (values if column == name else ())
        case IsMissing(Column(), _):
            return
        case Column(column):
            if column == name:
                yield None
        case _:
            for part in said.parts():
                yield from _literals(part, name)


def _listed(one: Filled) -> list[tuple[int, object]] | None:
    """Return all values of all bins; None where they cannot be listed."""
    if not (one.is_whole or one.of_days):
        return None
    bins = one.bins()
    if bins[-1][1] - bins[0][0] > _MOST_LISTED:
        return None
    return [(place, one.value(number)) for place, (first, after) in enumerate(bins) for number in range(first, after)]


def _beside(one: Filled, literals: Sequence[object]) -> list[tuple[int, object]]:
    """Return of each bin its ends, and what lies at and beside the literals."""
    found: list[tuple[int, object]] = []
    if one.is_whole or one.of_days:
        marks = [math.floor(number) for value in literals if (number := _number(value, days=one.of_days)) is not None]
        for place, (first, after) in enumerate(one.bins()):
            own = {first, after - 1, *(mark + side for mark in marks for side in (-1, 0, 1))}
            found += [(place, one.value(number)) for number in sorted(own) if first <= number < after]
        return found
    at = [float(number) for value in literals if (number := _number(value, days=False)) is not None]
    for place, (low, high) in enumerate(zip(one.edges[:-1], one.edges[1:], strict=True)):
        least, most = one.ends(float(low), float(high))
        beside = (
            side
            for mark in at
            for side in (float(np.nextafter(mark, -np.inf)), mark, float(np.nextafter(mark, np.inf)))
        )
        found += [(place, value) for value in sorted({least, most, *beside}) if least <= value <= most]
    return found


def _number(value: object, *, days: bool) -> float | None:
    """Return a literal as a number, or a day as a count of days; None where it is neither."""
    if days:
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                return None
        return float(value.toordinal()) if isinstance(value, date) else None
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _holds(
    said: Expression, columns: Sequence[str], points: Sequence[list[tuple[int, object]]], made: Sequence[Filled]
) -> NDArray[np.bool_]:
    """Return of each combination of values whether the condition is not false; the last column fastest."""
    import pandas as pd

    places = np.meshgrid(*(np.arange(len(own)) for own in points), indexing="ij")
    frame = pd.DataFrame(
        {
            name: one.typed([value for _, value in own]).take(place.reshape(-1)).reset_index(drop=True)
            for name, one, own, place in zip(columns, made, points, places, strict=True)
        }
    )
    told = "holds"
    while told in frame:
        told += "_"
    cells = apply(frame, Selection(derive=((told, said),))).collect([told])[told].of_values_alone()
    true, missing = np.asarray(cells.values, dtype=bool), np.asarray(cells.is_missing(), dtype=bool)
    return np.asarray(true | missing)
