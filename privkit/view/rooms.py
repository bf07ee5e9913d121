"""Where a value's views are: the room that its class lives in decides."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from privkit.view.parts.sheet import Sheet, sheet


def room_of(value: object) -> str:
    """Return the room of the value's class, or of the first base that privkit defines (users may subclass).

    Examples
    --------
    >>> from privkit.values.loss import PrivacyLoss
    >>> room_of(PrivacyLoss.of(epsilon=1))
    'values'
    """
    for base in type(value).__mro__:
        parts = base.__module__.split(".")
        if parts[0] == "privkit" and len(parts) > 1 and base.__module__ != "privkit.values.show":
            return parts[1]
    raise TypeError(f"{type(value).__name__} is no value of privkit")


def view_of(kind: str, value: object) -> Any:
    """Return the module of `value`'s room in ``sheets`` or ``panels``; None where there is none."""
    module = f"privkit.view.{kind}.{room_of(value)}"
    return import_module(module) if find_spec(module) else None


def sheet_of(value: object) -> Sheet | None:
    """Return what a value says of itself; None where nothing of its room does."""
    return None if view_of("sheets", value) is None else sheet(value)
