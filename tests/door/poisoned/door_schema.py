"""Columns under test: a type of an engine, how it is built of values, ordinary values, odd ones, and keys that fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

#: The columns beside the one under test, and their rows: groups, persons, numbers, days.
BESIDE = ("k", "who", "x", "t")


@dataclass(frozen=True)
class Schema:
    """One type of column.

    Attributes
    ----------
    engine, dtype : str
    kind : str
        Of `privkit.tally.cells.cells`; "any" where either a refusal or an answer is right.
    build : callable
        From values to a column of the engine, of this type whatever they are; None is missing.
    plain, odd : tuple
        Values; `build` takes them.
    keys : tuple
        Public keys of this kind: what a person would type.
    where : str, optional
        A filter on the column ``v``.
    """

    engine: str
    dtype: str
    kind: str
    build: Callable[[Sequence[Any]], Any]
    plain: tuple[Any, ...]
    odd: tuple[Any, ...]
    keys: tuple[Any, ...] = ()
    where: str | None = None

    @property
    def name(self) -> str:
        return f"{self.engine} {self.dtype}"


@dataclass(frozen=True)
class Row:
    """A row: the value under test, and what stands beside it."""

    v: Any
    k: str | None
    who: str | None
    x: float | None
    t: int  # days since 1970


def columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    return {name: [getattr(row, name) for row in rows] for name in BESIDE}


_NARROW = {"float32": "f4", "Float32": "f4", "FLOAT": "f4", "float16": "f2", "halffloat": "f2"}


def narrowed(schema: Schema, value: float) -> float:
    """Return what a column of floats makes of a value: far ones are infinite in a narrow type."""
    with np.errstate(all="ignore"):
        return float(np.dtype(_NARROW.get(schema.dtype, "f8")).type(value))
