"""Notice within a process, for panels: of changes, and of stored answers that were given again."""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

#: The folder of this package, whose frames a warning passes by.
_HERE = str(Path(__file__).parents[1])
Callback = Callable[[], None]
_subscribers: dict[tuple[str, str], list[Callback]] = {}
_replays: dict[tuple[str, str], Counter[int]] = {}


def warn(message: str) -> None:
    """Warn, and point to the line outside privkit that led here, however many calls lie between."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, UserWarning, stacklevel=level)


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
