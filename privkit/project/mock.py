"""Rows made of a schema alone, to develop with before any access: no row is read, and nothing is like the real ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.synthesis.drawing import Filled, uniform
from privkit.errors.root import type_told
from privkit.errors.synthetic import MockError
from privkit.project.dp.rules import check_keys, filled, filled_bins
from privkit.tally.frame import engine_of
from privkit.values.arguments import typed, whole
from privkit.values.expression.builders import cut
from privkit.values.expression.days import DateCut
from privkit.values.expression.nodes import Cut
from privkit.values.keys import public_keys
from privkit.values.vouched import vouched

if TYPE_CHECKING:
    import pandas as pd

    from privkit.values.inputs import Frame

#: The column that says that rows are made up.
MARK = "mock"
#: What columns hold of which neither keys nor bins are said, by what their type begins with.
_TEXTS, _NUMBERS, _DAYS = ("mock-1", "mock-2", "mock-3"), (0.0, 100.0), ("2000-01-01", "2001-01-01")
_MOST_ROWS = 1_000_000


@typed
def mock(
    schema: Mapping[str, str] | Frame,
    rows: int,
    *,
    keys: Mapping[str, Any] | None = None,
    cuts: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Make rows of a schema alone, to develop with before any access. Reads no row; spends nothing.

    Every column is uniform and independent of the others: nothing of it is like real rows. The last column, `mock`, is
    True everywhere (``mock_`` where the schema has one of that name), so that rows that are made up are marked as such.

    Parameters
    ----------
    schema : dict or dataframe
        From columns to their types, as pandas writes them; or a frame, of which names and types alone are looked at.
    rows : int
    keys : dict, optional
        From columns to lists of public values.
    cuts : dict, optional
        From columns of numbers or dates to the edges of their bins, within which values are uniform.
    seed : int
        The same seed gives the same rows.

    Returns
    -------
    pandas.DataFrame
        Without keys and cuts, texts are "mock-1" to "mock-3", numbers lie from 0 up to 100, and dates in the year 2000.

    Raises
    ------
    MockError
        If a type is not known, or keys or cuts are of no column.

    Examples
    --------
    >>> made = mock({"sex": "str", "age": "int64"}, 3, keys={"sex": ["f", "m"]}, cuts={"age": [18, 65]})
    >>> list(made.columns), made["age"].between(18, 64).all(), made["mock"].all()
    (['sex', 'age', 'mock'], np.True_, np.True_)
    """
    import pandas as pd

    many = whole(rows, "rows", least=0)
    if many > _MOST_ROWS:
        raise MockError.rows(many, _MOST_ROWS)
    types = _types(schema)
    said, bins = _of_columns(keys, "keys", types), _of_columns(cuts, "cuts", types)
    chances = uniform(whole(seed, "seed"), many, 2 * len(types)) if many else np.empty((0, 2 * len(types)))
    found = {}
    for place, (name, dtype) in enumerate(types.items()):
        one, values = _filled(name, dtype, said.get(name), bins.get(name))
        levels = len(one.edges) - 1 if one.edges else len(values)
        codes = np.minimum((chances[:, 2 * place] * levels).astype(np.int64), levels - 1)
        found[name] = one.values(codes, values, chances[:, 2 * place + 1])
    mark = MARK
    while mark in found:
        mark += "_"
    return pd.DataFrame({**found, mark: np.ones(many, dtype=bool)})


def _types(schema: object) -> dict[str, str]:
    """Return the type of each column."""
    import pandas as pd

    if not isinstance(schema, Mapping):
        names = list(engine_of(schema).schema)
        return {name: filled(schema, name, name, {}).dtype for name in names}
    found = {}
    for name, dtype in schema.items():
        if not isinstance(name, str):
            raise MockError.schema(f"with {type_told(name)} as a name")
        try:
            found[name] = str(pd.api.types.pandas_dtype(dtype)) if dtype != "date" else "object"
        except (TypeError, ValueError):
            raise MockError.dtype(name) from None
    if not found:
        raise MockError.schema("without a column")
    return found


def _of_columns(given: object, argument: str, types: Mapping[str, str]) -> dict[str, Any]:
    own, _ = vouched(given)
    if own is None:
        return {}
    if not isinstance(own, Mapping):
        raise MockError.shape(argument, type_told(own))
    if strange := [str(name) for name in own if name not in types]:
        raise MockError.unknown(argument, strange)
    return dict(own)


def _filled(name: str, dtype: str, keys: object, edges: object) -> tuple[Filled, tuple[Any, ...]]:
    """Return how a column is made, and the values that its levels stand for."""
    if keys is not None and edges is not None:
        raise MockError.both(name)
    if keys is not None:
        levels = tuple(key[0] for key in public_keys((name,), keys).values)
        check_keys(named := Filled(name, name, dtype), levels)
        return named, levels
    if edges is not None:
        made = edges if isinstance(edges, Cut | DateCut) else cut(name, vouched(edges)[0])
        return filled_bins(name, name, dtype, made), ()
    if dtype in ("bool", "boolean"):
        return Filled(name, name, dtype), (False, True)
    if dtype.startswith("datetime64"):
        return Filled(name, name, dtype, _DAYS), ()
    if dtype.lower().startswith(("int", "uint", "float")):
        return Filled(name, name, dtype, _NUMBERS), ()
    return Filled(name, name, dtype if dtype in ("str", "string", "category") else "object"), _TEXTS
