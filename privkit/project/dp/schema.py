"""How the columns of synthetic rows become values again: by what the schema says of their types. Reads no row."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from privkit.dp.synthesis.drawing import Filled
from privkit.errors.synthetic import SyntheticError
from privkit.tally.cells.cells import BOOLEAN, DATE, FLOAT, INSTANT, INTEGER, TEXT, UNSIGNED
from privkit.tally.engines.opening import engine_of
from privkit.values.expression.days import DateCut
from privkit.values.expression.nodes import Cut

if TYPE_CHECKING:
    from privkit.tally.cells.cells import Kind

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
    dtype = _dtype(data, schema[name])
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
    if found.is_whole:
        bins, (least, most) = found.bins(), _range(dtype)
        if any(first >= after for first, after in bins):
            raise SyntheticError.edges(name, "include one without a whole number")
        if bins[0][0] < least or bins[-1][1] - 1 > most:
            raise SyntheticError.edges(name, f"reach beyond what {dtype} holds")
    return found


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
    bits = int(dtype.lower().removeprefix("u").removeprefix("int") or 64)
    return (0, 2**bits - 1) if dtype.lower().startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _dtype(data: object, kind: Kind) -> str:
    """Return the type in which pandas holds a column."""
    if type(data).__module__.startswith("pandas"):
        return kind.shown
    if kind.name == INSTANT:
        unit = kind.unit if kind.unit in ("s", "ms", "us", "ns") else "us"
        return f"datetime64[{unit}, {kind.zone}]" if kind.zone else f"datetime64[{unit}]"
    return _TYPES.get(kind.name, "object")
