"""Persons told apart by an id: a code for each row, and a keyed hash of the id itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.cells.cells import Cells
from privkit.tally.cells.coding import coded, narrow_codes
from privkit.tally.cells.hashing import hashed, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Persons", "persons", "spread"]

#: Codes stay below this.
_NARROW = 2**31


@dataclass(frozen=True, eq=False)
class Persons:
    """The person of each row.

    Attributes
    ----------
    codes : array of int64, shape (n_rows,)
        Which person, below 2**31; -1 for a row without an id. A code depends on who else is in the data.
    hashed : function
        From codes and a salt of 16 bytes to a keyed hash, uint64, of each code's id: of the id, not of the code, so
        that it depends on nobody else.
    """

    codes: NDArray[np.int64]
    hashed: Callable[[NDArray[np.int64], bytes], NDArray[np.uint64]]


def persons(cells: Cells) -> Persons:
    """Return the person of each row. Two rows are one person only if their ids are the same value.

    Examples
    --------
    >>> from privkit.tally.cells.kind import INTEGER, Kind
    >>> who = persons(Cells(Kind(INTEGER), np.array([2**60, 2**60 + 5, 2**60])))
    >>> int(who.codes[0]) == int(who.codes[2]) != int(who.codes[1])
    True
    """
    narrow = narrow_codes(cells, _NARROW)
    if narrow is not None:
        codes, least = narrow
        dtype = cells.values.dtype
        wide = np.uint64 if dtype.kind == "u" else np.int64
        return Persons(codes, lambda of, salt: hashed(Cells(cells.kind, of.astype(wide) + wide(least)), salt))
    codes, distinct = coded(cells)
    return Persons(codes, lambda of, salt: _hashed_ids(distinct, of, salt))


def _hashed_ids(distinct: Cells, codes: NDArray[np.int64], salt: bytes) -> NDArray[np.uint64]:
    """Return the hash of each code's id, made once for each id that is asked for."""
    needed = np.flatnonzero(np.bincount(codes, minlength=len(distinct)))
    table = np.zeros(len(distinct), dtype=np.uint64)
    table[needed] = hashed(distinct.at(needed), salt)
    return table[codes]
