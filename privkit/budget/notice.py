"""Notice of changes within a process, for panels."""

from __future__ import annotations

import warnings
from collections.abc import Callable

Callback = Callable[[], None]
_subscribers: dict[tuple[str, str], list[Callback]] = {}


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
