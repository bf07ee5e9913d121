"""`df.privacy` as soon as there are pandas frames: without importing pandas for those who use none.

The command line reads ledgers, and a Jupyter server that has the extension shows them, without a frame. So the accessor
is registered at once where pandas is loaded, and else in the moment in which somebody imports it.
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

_LIBRARY, _ACCESSOR = "pandas", "privkit.accessor"


def register() -> None:
    """Register `df.privacy`, now or when pandas is imported."""
    if _LIBRARY in sys.modules:
        import_module(_ACCESSOR)
    elif not any(isinstance(finder, _AfterPandas) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterPandas())


class _AfterPandas(MetaPathFinder):
    """Finds pandas where the other finders do, and registers the accessor once it is loaded."""

    def __init__(self) -> None:
        self._here = threading.local()  # whether this thread is asking the other finders

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of pandas with a loader that also registers; None for every other module."""
        if name != _LIBRARY or getattr(self._here, "asking", False):
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
            import_module(_ACCESSOR)

        loader.exec_module = exec_module
