"""Notice within a process, for panels: of changes, and of stored answers that were given again."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType

Callback = Callable[[], None]
_subscribers: dict[tuple[str, str], list[Callback]] = {}
_replays: dict[tuple[str, str], Counter[int]] = {}


def subscribe(store: str, uid: str, callback: Callback) -> Callable[[], None]:
    """Call `callback` after each change of a project by this process; returns what ends the subscription."""
    callbacks = _subscribers.setdefault((store, uid), [])
    callbacks.append(callback)

    def end() -> None:
        if callback in callbacks:
            callbacks.remove(callback)

    return end


def notify(store: str, uid: str) -> None:
    """Tell the subscribers. One that fails is warned about: a panel must not undo a release."""
    for callback in list(_subscribers.get((store, uid), ())):
        try:
            callback()
        except Exception as error:  # noqa: BLE001
            warnings.warn(f"a subscriber of the ledger failed ({type(error).__name__})", RuntimeWarning, stacklevel=2)


def replayed(store: str, uid: str, entry: int) -> None:
    """Count that this process was given a stored answer again. In memory alone: a durable count would cost a write."""
    _replays.setdefault((store, uid), Counter())[entry] += 1


def replays(store: str, uid: str) -> Mapping[int, int]:
    """Return how often this process was given each entry's answer again, since it began.

    Examples
    --------
    >>> replayed("a ledger", "a project", 3)
    >>> dict(replays("a ledger", "a project"))
    {3: 1}
    """
    return MappingProxyType(_replays.get((store, uid), Counter()))
