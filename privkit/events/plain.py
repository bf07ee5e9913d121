"""Events as plain dicts, lists and scalars, copied so that the user's stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from privkit.events.unfit import Unfit

_SCALARS = frozenset({str, int, float, bool, type(None)})


def plain_event(event: Any) -> dict[str, Any]:
    """Return a copy of one event.

    Raises
    ------
    Unfit
        If it is no object, a field's name is no text, or it is nested too deeply.
    """
    if not isinstance(event, Mapping):
        raise Unfit.of("an object", event)
    try:
        return plain(event)  # type: ignore[no-any-return]
    except RecursionError:
        pass
    raise Unfit("the event is nested too deeply, or holds itself")


def plain(node: Any) -> Any:
    """Return a copy with dicts for mappings, lists for sequences and arrays, and Python's numbers for NumPy's."""
    kind = type(node)
    if kind in _SCALARS:
        return node
    if kind is dict:
        for name in node:
            if type(name) is not str:
                raise Unfit("the name of a field must be text")
        return {name: plain(value) for name, value in node.items()}
    if kind is list or kind is tuple:
        return [plain(value) for value in node]
    if isinstance(node, Mapping):
        return plain(dict(node))
    if hasattr(node, "tolist") and hasattr(node, "dtype"):  # of NumPy, which may not be loaded
        found = node.tolist()
        return found if type(found) in _SCALARS or not isinstance(found, list) else plain(found)
    return _missing_to_none(node)


def _missing_to_none(node: Any) -> Any:
    """Return None for pandas' missing values, which are equal to nothing."""
    if type(node).__name__ in ("NAType", "NaTType"):
        return None
    return node
