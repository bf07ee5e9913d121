"""Stable transformations: frame → integers, each with the proof of how far one person can move them.

A transformation here is an OpenDP user transformation. What OpenDP cannot know, and we vouch for, is its stability
map; so each carries its proof, a test that searches neighboring frames for a counterexample, and an oracle test that
OpenDP's own dataframe route asks for the same noise.

The input metric counts persons: D ~ D′ at distance d if D′ comes from D by adding or removing all rows of d persons
(a row is a person where the unit is the row).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.engine import features
from privkit.tally.classes import class_sizes
from privkit.tally.frame import open_frame
from privkit.tally.keyed import matched
from privkit.tally.persons import bounded_counts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.dp.question import CountQuestion


def count_rows(data: object, question: CountQuestion, function: str = "dp_count") -> NDArray[np.int64]:
    """Count the rows of each key exactly, each person within the bounds; shape (question.cells,).

    Reads rows; what it returns is private until noise is added.
    """
    if question.unit.column is not None:
        return bounded_counts(data, question.unit.column, question.bounds, question.keys, function=function)
    if question.keys is None:
        frame = open_frame(data, function)
        return np.array([_length(frame)], dtype=np.int64)
    return matched(class_sizes(data, question.by, function=function), question.keys)


def _length(frame: Any) -> int:
    import narwhals as nw

    return int(frame.select(nw.len()).collect("pandas").item()) if isinstance(frame, nw.LazyFrame) else len(frame)


def make_count(question: CountQuestion) -> Any:
    """Return the count as an OpenDP transformation from frames to vectors of integers under L1 distance.

    Claim
    -----
    If D and D′ differ in d persons, ‖count(D) − count(D′)‖₁ ≤ d · L1, where L1 = ``question.bounds.l1``.

    Proof
    -----
    *The unit is the row* (L1 = 1). Whether a row counts, and for which key, depends on that row alone: the keys are
    fixed before the data, distinct, and a row equals at most one of them. So the count is a sum over rows of vectors,
    each 0 or a unit vector, and one row more or less moves it by at most 1.

    *The unit is a column.* Rows without an id are left out, row by row. Let D_p be the multiset of rows of person p
    with a key. `bounded_counts` keeps of D_p a part that depends on D_p and on the salt alone, and the salt is drawn
    independently of the data. So for each salt the count is a sum over persons of vectors c_p(D_p) ≥ 0, and one person
    more or less moves it by ‖c_p‖₁, which is at most `max_rows`, or at most `max_groups` · `per_group`, by construction.
    Since that holds for each salt, it holds for the draw.

    By the triangle inequality d persons move it by at most d · L1. The counts are exact: 64-bit integers that would
    need 2**53 rows to round. ∎

    The sampling of rows within a person is that of Wilson et al. 2020 (arXiv 1909.01917), section 3.
    """
    with features() as dp:
        return dp.transformations.make_user_transformation(
            dp.domains.user_domain("frame", lambda _: True),
            dp.metrics.user_distance("persons added or removed"),
            dp.domains.vector_domain(dp.domains.atom_domain(T="i64")),
            dp.metrics.l1_distance(T="i64"),
            lambda rows: rows.read(lambda data: count_rows(data, question)),
            lambda persons: persons * question.bounds.l1,
        )
