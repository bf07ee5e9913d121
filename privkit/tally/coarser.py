"""Class sizes by fewer columns, from the classes by all of them: what each column adds to how rare rows are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.packed import packed
from privkit.tally.subsets import codes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from privkit.tally.classes import Tally


@dataclass(frozen=True, eq=False)
class Coarser:
    """The sizes of the classes by one column, and by all but one.

    Attributes
    ----------
    alone : dict of str to array of int64, shape (n_classes,)
        Of each column: the rows of each of its values.
    without : dict of str to array of int64, shape (n_classes,)
        Of each column: the rows of each class by all the others; one class where there is no other.
    """

    alone: dict[str, NDArray[np.int64]]
    without: dict[str, NDArray[np.int64]]


def coarser(tally: Tally, *, function: str) -> Coarser:
    """Return the class sizes by each column alone and by all columns but it.

    Counts rows: persons of several classes cannot be added up. A function of the tally; spends nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.tally.classes import class_sizes
    >>> tally = class_sizes(pd.DataFrame({"zip": list("aab"), "sex": list("fmm")}), ["zip", "sex"])
    >>> found = coarser(tally, function="kanon")
    >>> {name: sorted(sizes.tolist()) for name, sizes in found.alone.items()}
    {'zip': [1, 2], 'sex': [1, 2]}
    >>> {name: sorted(sizes.tolist()) for name, sizes in found.without.items()}
    {'zip': [1, 2], 'sex': [1, 2]}
    """
    codes = {name: codes_of(tally.keys[name], function)[0] for name in tally.by}
    alone = {name: _merged([column], tally.sizes) for name, column in codes.items()}
    without = {
        name: _merged([column for other, column in codes.items() if other != name], tally.sizes) for name in tally.by
    }
    return Coarser(alone, without)


def _merged(codes: Sequence[NDArray[np.int64]], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    import pandas as pd

    if not codes:
        return np.array([sizes.sum()] if len(sizes) else [], dtype=np.int64)
    group, _ = pd.factorize(packed(codes)[0])
    merged = np.zeros(int(group.max(initial=-1)) + 1, dtype=np.int64)
    np.add.at(merged, group, sizes)
    return merged
