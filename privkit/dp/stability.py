"""Stable transformations: frame → integers, with the proof of how far one person can move them.

A transformation here is an OpenDP user transformation. What OpenDP cannot know, and we vouch for, is its stability
map; so it carries its proof, a test that searches neighboring frames for a counterexample, and an oracle test that
OpenDP's own dataframe route asks for the same noise.

The input metric counts persons: D ~ D′ at distance d if D′ comes from D by adding or removing all rows of d persons
(a row is a person where the unit is the row).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from privkit.dp.engine import features
from privkit.dp.noise import Laplace, Noise, integers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from privkit.dp.question import Question


def frames(dp: Any) -> tuple[Any, Any]:
    """Return OpenDP's domain of frames, and the metric that counts persons."""
    return dp.domains.user_domain("frame", lambda _: True), dp.metrics.user_distance("persons added or removed")


def exact_cells(data: object, question: Question, function: str = "dp_*") -> NDArray[np.int64]:
    """Return the exact integers that get noise, group by group. Reads rows; private until noise is added."""
    return question.asked.exact(question.rows(data, function), question, function).reshape(-1)


def make_sums(question: Question, noise: type[Noise]) -> Any:
    """Return the statistic as an OpenDP transformation from frames to integers, under the metric of the noise.

    Claim
    -----
    If D and D′ differ in d persons, ‖f(D) − f(D′)‖₁ ≤ d · L1 and ‖f(D) − f(D′)‖₂ ≤ d · L2, where L1 and L2 are those of
    ``question.sensitivity``.

    Proof
    -----
    Each contribution (a row with a key and a value, or a person's total of a group) adds to the block of its own group
    a vector of whole numbers whose norms are at most those of ``question.asked.reach``; the statistic's docstring
    proves that. Blocks of distinct groups are disjoint, and the keys are fixed before the data.

    Filters, derived columns and values for missing ones look at one row alone and come first, so that they turn one
    row into at most one (`privkit.tally.predicate.apply`).

    *The unit is the row.* Whether a row contributes, to which group and what, depends on that row alone. So f is a sum
    over rows, and one row more or less moves it by one contribution.

    *The unit is a column.* Rows without an id, a key or a value are left out, row by row. Let D_p be the multiset of
    the rest of person p. What is kept of D_p depends on D_p and on the salt alone (`privkit.tally.persons`,
    `privkit.tally.bounding`), and the salt is drawn independently of the data. So for each salt f is a sum over
    persons of f_p(D_p), and one person more or less moves it by f_p, which has at most R contributions, or at most P
    in each of G groups, by construction: :class:`~privkit.dp.sensitivity.Sensitivity` has the norms. Since that holds
    for each salt, and the salt does not depend on the data, it holds for the mechanism (which is a mixture over salts;
    ε, (ε, δ) and ρ are all quasi-convex).

    By the triangle inequality d persons move it by at most d times as much. The sums are exact: they are taken in
    64-bit integers, which 2**31 rows cannot overflow. ∎

    The sampling of rows within a person is that of Wilson et al. 2020 (arXiv 1909.01917), section 3.
    """
    norms = question.sensitivity
    with features() as dp:
        if issubclass(noise, Laplace):
            metric, stated = dp.metrics.l1_distance(T="i64"), (lambda persons: persons * norms.l1)
        else:
            metric, stated = dp.metrics.l2_distance(T="f64"), (lambda persons: persons * norms.l2)
        return dp.transformations.make_user_transformation(
            *frames(dp),
            integers(dp),
            metric,
            lambda rows: rows.read(lambda data: exact_cells(data, question)),
            stated,
        )
