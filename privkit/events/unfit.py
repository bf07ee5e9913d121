"""What a rule raises when it meets a value that it cannot work with."""

from __future__ import annotations

from typing import Any

_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}


class Unfit(Exception):  # noqa: N818  # never leaves this room: apply() turns it into an EventError
    """A value does not fit a rule; the text names its kind, never the value."""

    @classmethod
    def of(cls, needed: str, found: Any) -> Unfit:
        """The rule needs `needed`, and met a value of another kind."""
        return cls(f"{needed} is needed, but it is {kind_of(found)}")


def kind_of(value: Any) -> str:
    """Return what kind of value it is, in JSON's terms."""
    return "null" if value is None else _KINDS.get(type(value), f"a {type(value).__name__}")
