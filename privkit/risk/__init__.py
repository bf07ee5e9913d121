"""Re-identification, population and linkage risk: pure functions of a tally, and their reports.

The room and its first function share a name, and Python binds a package's name in its parent when it is imported. So
that ``pk.risk(df, ...)`` works at any time, the room itself can be called, and does what
:func:`privkit.risk.report.risk` does.
"""

from __future__ import annotations

import inspect
import sys
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    @property
    def __signature__(self) -> inspect.Signature:
        from privkit.risk.report import risk

        return inspect.signature(risk)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from privkit.risk.report import risk

        return risk(*args, **kwargs)


sys.modules[__name__].__class__ = _Room
