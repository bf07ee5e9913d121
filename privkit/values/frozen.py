"""What nobody changes, and how it is pickled: a mapping, and values that remember what was computed of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class PickledByFields:
    """A dataclass whose cached properties stay behind: of a shared value, what is known is up to earlier calls."""

    __slots__ = ()

    def __getstate__(self) -> dict[str, object]:
        """Return the fields alone."""
        return {one.name: getattr(self, one.name) for one in fields(self)}  # type: ignore[arg-type]


class Frozen(Mapping[K, V]):
    """A mapping of its own entries, for reading alone; Python's own read-only view of a dict is not pickled.

    Examples
    --------
    >>> held = Frozen({"uniques": 3})
    >>> held["uniques"], held == {"uniques": 3}, held
    (3, True, {'uniques': 3})
    """

    __slots__ = ("_held",)

    def __init__(self, entries: Mapping[K, V]) -> None:
        self._held = dict(entries)

    def __getitem__(self, key: K) -> V:
        """Return the entry of a key."""
        return self._held[key]

    def __iter__(self) -> Iterator[K]:
        """Give the keys, in their order."""
        return iter(self._held)

    def __len__(self) -> int:
        """Return how many entries there are."""
        return len(self._held)

    def __repr__(self) -> str:
        """Return the entries, as a dict shows them."""
        return repr(self._held)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how it is made anew."""
        return Frozen, (self._held,)
