"""One run of a recipe: its keys and mapping stores while it lasts, and what it counts.

Which fields of an event the rules of a recipe cover, and what becomes of the others.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from privkit.events.run.plain import Unfit, encoded
from privkit.events.run.walk import FieldPath
from privkit.events.secrets.key import Key, KeySource

if TYPE_CHECKING:
    from privkit.events.operations.operation import Operation
    from privkit.events.run.walk import Step
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


Policy = Literal["refuse", "drop", "keep"]
#: How many different paths are remembered: fields may be named by data.
_MOST = 10_000


_CONTAINERS = frozenset({dict, list})


def _scalar(value: Any) -> bool:
    """Stand for "any single value is fine here": so many fields are of this kind that it is not called."""
    return type(value) not in _CONTAINERS or not value


@dataclass
class Node:
    """What is said about one place: as a value, as a whole branch, by name, for every element."""

    leaf: bool = False
    branch: bool = False
    names: dict[str, Node] = field(default_factory=dict)
    item: Node | None = None

    def at(self, steps: Iterable[str | None]) -> Node:
        """Return the node at some steps below, made where it is missing."""
        node = self
        for step in steps:
            if step is None:
                node.item = node.item or Node()
                node = node.item
            else:
                node = node.names.setdefault(step, Node())
        return node


def cover_tree(covered: Iterable[tuple[FieldPath, bool]]) -> Node:
    """Return what is covered as a tree; each path comes with whether everything inside it is."""
    root = Node()
    for path, branch in covered:
        node = root.at(path.steps)
        node.leaf = True
        node.branch = node.branch or branch
    return root


class Cover:
    """Checks events against the tree, collects the paths that no rule covers, and takes those fields out if asked to.

    Attributes
    ----------
    found : dict of str to int
        The paths that no rule covers, and in how many places they were met.
    """

    def __init__(self, root: Node, *, drop: bool) -> None:
        self.found: dict[str, int] = {}
        self._drop = drop
        check = self._checker(root, ())
        self.check: Callable[[dict[str, Any]], object] = (lambda event: None) if check is None else check

    def _checker(self, node: Node, at: tuple[str | None, ...]) -> Callable[[Any], bool] | None:
        """Return a function that tells whether a value is fine here; None where everything is."""
        if node.branch:
            return None
        inner = {
            name: _scalar if child.leaf and not child.branch and not child.names and child.item is None else checker
            for name, child in node.names.items()
            for checker in [self._checker(child, (*at, name))]
        }
        element = self._checker(node.item, (*at, None)) if node.item is not None else self._unknown
        by_name, in_list = self._names(inner, at), self._items(element, at)
        has_names, has_items, leaf = bool(inner) or not at, node.item is not None, node.leaf

        def check(value: Any) -> bool:
            kind = type(value)
            if kind is dict:
                return by_name(value) if has_names else not value
            if kind is list:
                return in_list(value) if has_items else not value
            return leaf or value is None

        return check

    def _names(
        self, inner: dict[str, Callable[[Any], bool] | None], at: tuple[str | None, ...]
    ) -> Callable[[Any], bool]:
        known = inner.keys()
        scalars = [name for name, rule in inner.items() if rule is _scalar]
        deeper = [(name, rule) for name, rule in inner.items() if rule is not None and rule is not _scalar]

        def check(branch: dict[str, Any]) -> bool:
            bad = []
            for name in scalars:
                if type(branch.get(name)) in _CONTAINERS and branch[name]:
                    bad.append(name)
            for name, rule in deeper:
                value = branch.get(name)
                if value is not None and not rule(value):
                    bad.append(name)
            if not branch.keys() <= known:
                bad += [name for name in branch if name not in known]
            if bad:
                self._lost(branch, bad, at)
            return True

        return check

    def _lost(self, branch: dict[str, Any], bad: list[str], at: tuple[str | None, ...]) -> None:
        """Note the fields of an object that nothing covers, and drop them if asked to."""
        for name in bad:
            self._note((*at, name), branch[name])
            if self._drop:
                del branch[name]

    def _items(self, element: Callable[[Any], bool] | None, at: tuple[str | None, ...]) -> Callable[[Any], bool]:
        note, drop = self._note, self._drop

        def check(items: list[Any]) -> bool:
            if element is None:
                return True
            lost = [index for index, item in enumerate(items) if not element(item)]
            for index in reversed(lost):
                note((*at, None), items[index])
                if drop:
                    del items[index]
            return True

        return check

    @staticmethod
    def _unknown(value: Any) -> bool:
        return False

    def _note(self, at: tuple[str | None, ...], value: Any) -> None:
        for steps in leaves(value, at):
            path = str(FieldPath(steps))
            if path in self.found or len(self.found) < _MOST:
                self.found[path] = self.found.get(path, 0) + 1


def leaves(value: Any, at: tuple[str | None, ...] = ()) -> list[tuple[str | None, ...]]:
    """Return the paths of all values in `value`, each once; of an empty object or list its own.

    Examples
    --------
    >>> [str(FieldPath(steps)) for steps in leaves({"a": {"b": 1}, "c": [{"d": 2}, {"d": 3}]})]
    ['a.b', 'c[].d']
    """
    if type(value) is dict and value:
        return [steps for name, inner in value.items() for steps in leaves(inner, (*at, name))]
    if type(value) is list and value:
        return list(dict.fromkeys(steps for inner in value for steps in leaves(inner, (*at, None))))
    return [at]
