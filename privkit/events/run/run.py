"""One run of a recipe: its keys and mapping stores while it lasts, and what it counts."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from privkit.events.run.plain import Unfit, encoded
from privkit.events.secrets.key import Key, KeySource

if TYPE_CHECKING:
    from privkit.events.operations.operation import Operation
    from privkit.events.run.walk import FieldPath, Step
    from privkit.events.secrets.mapping_store import MappingSession, MappingStore

_RANDOM = secrets.SystemRandom()


class Run:
    """What the steps of one run share.

    Attributes
    ----------
    position : int
        The event that is being treated: its number from 1, in a file the number of its line.
    """

    def __init__(self) -> None:
        self.position = 0
        self._keys: dict[KeySource, Key] = {}
        self._stack = ExitStack()
        self._sessions: dict[str, MappingSession] = {}
        self._numbers: dict[str, dict[bytes, int]] = {}
        self._whose: dict[Step, tuple[str, str]] = {}

    def key(self, key: Key | KeySource | None) -> Key:
        """Return the key itself, read once in a run."""
        if isinstance(key, Key):
            return key
        assert key is not None
        if key not in self._keys:
            self._keys[key] = key.load()
        return self._keys[key]

    def session(self, store: MappingStore) -> MappingSession:
        """Return the open session of a mapping store, one per store and run."""
        name = str(store.path.resolve())
        if name not in self._sessions:
            self._sessions[name] = self._stack.enter_context(store.session())
        return self._sessions[name]

    def commit(self) -> None:
        """Make the new mappings durable; to be called before the output appears."""
        for session in self._sessions.values():
            session.commit()

    def close(self) -> None:
        """Give up the mapping stores; what was not committed is rolled back."""
        self._stack.close()

    def numbers(self, scope: str, value: bytes, start: int) -> int:
        """Return the number of a value in a scope, by first appearance in this run."""
        known = self._numbers.setdefault(scope, {})
        return known.setdefault(value, start + len(known))

    def subject(self, value: Any) -> bytes:
        """Return the value that something goes by as bytes; an event without one stands for itself alone."""
        return b"position %d" % self.position if value is None else encoded(value)

    def draw(self, key: Key | None, below: int, *parts: bytes) -> int:
        """Return a number from 0 to below - 1: by the key if there is one, else from the system's randomness."""
        return _RANDOM.randrange(below) if key is None else key.integer(parts, below)

    def told(self, step: Step, path: FieldPath, operation: Operation) -> Step:
        """Note whose step it is, so that a value that does not fit is told with its path and rule."""
        self._whose[step] = (str(path), f"{operation.op}({str(path)!r})")
        return step

    def blame(self, step: Step, unfit: Unfit) -> tuple[str, str]:
        """Return the path and the reason why a step failed."""
        path, rule = self._whose.get(step, ("", "a rule"))
        return path, f"{rule}: {unfit}"
