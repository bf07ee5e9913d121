"""The live panels of transformations: the lattice explorer."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from privkit.transform.lattice import Lattice
from privkit.view.parts.explorer import LatticeExplorer


@singledispatch
def panel(value: object) -> Any:
    """Return the value's panel."""
    raise TypeError(f"{type(value).__name__} has no panel")


@panel.register(Lattice)
def _lattice(lattice: Lattice) -> LatticeExplorer:
    return LatticeExplorer(lattice)
