"""The groups of an attribute's values along a tree, for the hierarchical distance between distributions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors.transform import HierarchyError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


def tree_levels(tree: object, values: pd.Index, column: str, function: str) -> list[NDArray[np.int64]]:
    """Return the group of each value at the levels of a tree below its root, from the values themselves upwards.

    The root is the lowest level at which one group covers the whole hierarchy, or above the last where none does:
    a second root on top of it (a ``*`` over "any") would make all distances smaller and tell nothing.
    Missing is a group of its own below the root.

    Parameters
    ----------
    tree : hierarchy or mapping
        What `pk.TCloseness` takes.
    values : pandas.Index
        The column's values; missing, where it occurs, is the last.
    column, function : str
        For the errors.

    Raises
    ------
    HierarchyError
        If the tree lacks a value.

    Examples
    --------
    >>> import pandas as pd
    >>> parts = {"flu": ("lung", "any"), "asthma": ("lung", "any"), "ulcer": ("stomach", "any")}
    >>> [codes.tolist() for codes in tree_levels(parts, pd.Index(["flu", "asthma", "ulcer"]), "ill", "tclose")]
    [[0, 1, 2], [0, 0, 1]]
    """
    if isinstance(tree, Mapping):
        return _mapped(tree, values, column, function)
    levels: Any = tree.lay(values, column, function).levels  # type: ignore[attr-defined]  # a ValueTree
    root = next((place for place, level in enumerate(levels) if place and _is_root(level)), len(levels) - 1)
    return [np.asarray(level.codes, dtype=np.int64) for level in levels[: max(root, 1)]]


def _is_root(level: Any) -> bool:
    labels = [place for place, label in enumerate(level.labels) if label is not None]
    return len(labels) == 1 and bool(level.shares[labels[0]] > 1 - 1e-12)


def _mapped(tree: Mapping[Any, Any], values: pd.Index, column: str, function: str) -> list[NDArray[np.int64]]:
    import pandas as pd

    known = [value for value in values if not pd.isna(value)]
    if lacking := sum(value not in tree for value in known):
        raise HierarchyError.unmapped(function, column, lacking, len(known))
    paths = {value: _path(labels) for value, labels in tree.items()}
    rows = list(paths.values())
    height = len(rows[0]) if rows else 0
    for row, path in enumerate(rows, start=1):
        if len(path) != height:
            raise HierarchyError.ragged(function, row, len(path), height)
    root = next((level for level in range(height) if len({path[level] for path in rows}) == 1), height)
    levels = [np.arange(len(values))]
    for level in range(root):
        groups: dict[Any, int] = {}
        codes = [groups.setdefault(paths[value][level], len(groups)) for value in known]
        codes += [len(groups)] * (len(values) - len(known))
        levels.append(np.array(codes, dtype=np.int64))
    return levels


def _path(labels: Any) -> tuple[Any, ...]:
    return tuple(labels) if isinstance(labels, tuple | list) else (labels,)
