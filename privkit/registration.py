"""`df.privacy` as soon as there are frames: without importing a library for those who do not use it.

The command line reads ledgers, and a Jupyter server that has the extension shows them, without a frame. So the accessor
is registered at once for each library that is loaded, and for others in the moment in which somebody imports them.
"""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

#: The libraries whose frames have an accessor.
LIBRARIES = ("pandas", "polars")
_ACCESSOR = "privkit.accessor"


def register() -> None:
    """Register `df.privacy` on the frames of each library, now or when it is imported."""
    for library in LIBRARIES:
        if library in sys.modules:
            _register(library)
        elif not any(isinstance(finder, _After) and finder.library == library for finder in sys.meta_path):
            sys.meta_path.insert(0, _After(library))


def _register(library: str) -> None:
    import_module(_ACCESSOR).register_on(library)


class _After(MetaPathFinder):
    """Finds a library where the other finders do, and registers the accessor once it is loaded."""

    def __init__(self, library: str) -> None:
        self.library = library
        self._here = threading.local()  # whether this thread is asking the other finders

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of the library with a loader that also registers; None for every other module."""
        if name != self.library or getattr(self._here, "asking", False):
            return None
        self._here.asking = True
        try:
            spec = find_spec(name)
        finally:
            self._here.asking = False
        if spec is not None and hasattr(spec.loader, "exec_module"):
            self._extend(spec.loader)
        return spec

    def _extend(self, loader: Any) -> None:
        load = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            _register(self.library)

        loader.exec_module = exec_module
