"""Which module shows a value: the room that its class lives in decides."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any


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
    """Return the module that shows `value` as `kind` ("text", "html" or "plots"); None where there is none."""
    module = f"privkit.view.{room_of(value)}.{kind}"
    return import_module(module) if find_spec(module) else None
