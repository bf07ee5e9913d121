"""Columns that were left as they were beside generalized ones: which tell these again, and which tell rows apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import FrameError
from privkit.tally.cells.cells import BYTES, INTEGER, TEXT, UNSIGNED, WIDE
from privkit.tally.codes import factorized, packed, tells
from privkit.tally.row_classes import chosen_columns, row_classes

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.transform.anonymized import Anonymized

#: Kinds of columns that may identify by themselves; measurements as floats and points in time do so by chance.
_TELLING = (INTEGER, UNSIGNED, WIDE, TEXT, BYTES)
#: Rows by which it is judged which columns tell each other.
_JUDGED = 50_000


def twins(out: Anonymized) -> dict[str, tuple[str, ...]]:
    """Return the left columns that tell quasi-identifiers again, by rows at even steps."""
    coarser = [name for name, level in out.levels_.items() if level]
    left = [name for name in out.leaving_.columns if name not in out.leaving_.direct]
    if not coarser or not left:
        return {}
    step = max(-(-int(out.kept_.sum()) // _JUDGED), 1)
    given = {name: _codes(out.source[name][out.kept_][::step]) for name in coarser}
    classes = row_classes(out.frame, out.qi).class_of[::step]
    beside = chosen_columns(out.frame, left, "columns").iloc[::step]
    found = {}
    for name in left:
        try:
            codes = _codes(beside[name])
        except FrameError:  # values that cannot be compared
            continue
        if len(np.unique(packed([classes, codes + 1])[0])) == len(np.unique(classes)):
            continue  # the class tells it already
        if told := tuple(quasi for quasi, own in given.items() if tells(own, codes) or tells(codes, own)):
            found[name] = told
    return found


def _codes(column: pd.Series) -> NDArray[np.int64]:
    """Return each row's code, -1 for missing."""
    return factorized(column)[0].astype(np.int64, copy=False)


def telling_apart(frame: Any, used: set[str]) -> tuple[str, ...]:
    """Return the columns of a plan with more than 9 distinct values for 10 rows; asks its engine."""
    from privkit.tally.frame import engine_of

    engine = engine_of(frame)
    names = [name for name, kind in engine.schema.items() if name not in used and kind.name in _TELLING]
    rows = engine.n_rows() if names else 0
    return tuple(name for name in names if rows > 10 and int(engine.distinct(name, None)[0]) > 0.9 * rows)
