"""A tree over the values of an attribute, for distances between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class ValueTree(Protocol):
    """What a hierarchy offers to a criterion: the group of each value, level by level, up to one root.

    `pk.Hierarchy` is one. A mapping from each value to its label, or its labels at level 1, 2, ..., serves as well.
    """

    def lay(self, values: Any, column: str, function: str) -> Any:
        """Return an object whose ``levels``, from the values to the root, have ``codes``: one group per value."""
        ...


def is_tree(distance: object) -> bool:
    """Return whether `distance` gives groups of values.

    Examples
    --------
    >>> is_tree({"flu": "lung", "ulcer": "stomach"}), is_tree("flu")
    (True, False)
    """
    return isinstance(distance, Mapping | ValueTree)
