"""How much each column adds to the sample uniques that others make."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.errors import PrivkitError
from privkit.tally.cells.kind import OTHER
from privkit.tally.engines.opening import lazy_engine
from privkit.tally.packed import packed
from privkit.tally.subsets import chosen_columns, codes_of, row_classes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.tally.engines.lazy import LazyEngine


@dataclass(frozen=True, slots=True)
class Contributions:
    """What columns add to uniqueness.

    Attributes
    ----------
    uniques : int
        Rows that are alone by all quasi-identifiers together.
    lost : dict
        Of each quasi-identifier: uniques that are none without it.
    gained : dict
        Of each other column: uniques that it would add. Columns that time did not allow are absent.
    """

    uniques: int
    lost: dict[str, int]
    gained: dict[str, int]


def contributions(
    data: object, qi: Sequence[str], others: Sequence[str], *, function: str, deadline: float | None = None
) -> Contributions:
    """Count the sample uniques by the quasi-identifiers, without each of them, and with each other column.

    Of a lazy frame one number is fetched for each. Reads rows; exact; spends nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"zip": list("aab"), "sex": list("fmm"), "plan": list("xyy")})
    >>> contributions(people, ["zip", "sex"], ["plan"], function="audit")
    Contributions(uniques=3, lost={'zip': 2, 'sex': 2}, gained={'plan': 0})
    """
    if (engine := lazy_engine(data, function, (*qi, *others))) is not None:
        return _there(engine, qi, others, deadline)
    found = row_classes(data, qi, function=function)
    uniques = int((found.sizes == 1).sum())
    lost, gained = {}, {}
    for place, name in enumerate(qi):
        if _late(deadline):
            break
        rest = [codes for number, codes in enumerate(found.codes) if number != place]
        fewer = _alone(packed(rest)[0], found.sizes) if rest else int(len(found.class_of) == 1)
        lost[name] = uniques - fewer
    for name in others:
        if _late(deadline):
            break
        try:
            codes, _ = codes_of(chosen_columns(data, [name], function, "columns")[name], function)
        except PrivkitError:  # values that cannot be compared
            continue
        both = packed([found.class_of, codes])[0]
        gained[name] = _alone(both, np.ones(len(both), dtype=np.int64)) - uniques
    return Contributions(uniques, lost, gained)


def _there(engine: LazyEngine, qi: Sequence[str], others: Sequence[str], deadline: float | None) -> Contributions:
    from privkit.tally.engines.lazy_facts import singles

    uniques = singles(engine, qi)
    lost, gained = {}, {}
    for name in qi:
        if _late(deadline):
            break
        lost[name] = uniques - singles(engine, [other for other in qi if other != name])
    for name in others:
        if _late(deadline):
            break
        if engine.schema[name].name != OTHER:  # values that cannot be compared
            gained[name] = singles(engine, (*qi, name)) - uniques
    return Contributions(uniques, lost, gained)


def _late(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() > deadline


def _alone(keys: NDArray[np.int64], sizes: NDArray[np.int64]) -> int:
    """Return how many rows have a key of their own, `sizes` being the rows of each key's entry."""
    import pandas as pd

    group, _ = pd.factorize(keys)
    return int((np.bincount(group, weights=sizes) == 1).sum())
