"""What each setting of a recoding costs: the way from the table as it was to what is handed out, cheapest cut first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from privkit.transform.costs import cell_shares

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.transform.search.task import Task


def cuts_of(task: Task, levels: NDArray[np.int64], gone: NDArray[np.bool_]) -> pd.DataFrame:
    r"""Return the records by the setting that they were cut off at, as `Anonymized.cuts_` tells them.

    Notes
    -----
    A record costs :math:`\sum_c w_c (s_c - b_c) / (1 - b_c)`: of each column the share of the domain that its cell
    covers, less that of a single value, by the column's weight. After cut j the loss is that of the table in which the
    records of later cuts are as they were; after the last one it is `report.after.utility["loss"]` itself
    (Iyengar 2002, as in ARX: :math:`\prod_c (1 + v_c)^{w_c} - 1`).
    """
    import pandas as pd

    coding, weights = task.coding, task.measure.weights
    counts = coding.counts.astype(np.float64)
    level_of = np.broadcast_to(levels, (len(coding.ladders), len(counts)))
    out = gone if len(gone) else np.zeros(len(counts), dtype=bool)
    raw = cell_shares(task, np.zeros((len(coding.ladders), 1), dtype=np.int64), np.zeros(len(counts), dtype=bool))
    shares = cell_shares(task, levels, gone)
    # Settings as rows; what is suppressed is one of them, whatever its levels were.
    settings, place = np.unique(np.vstack([np.where(out, -1, level_of), out]), axis=1, return_inverse=True)
    place = place.reshape(-1)

    def by_setting(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(place, weights=values, minlength=settings.shape[1]).astype(np.float64)

    records = by_setting(counts)
    price, totals = np.zeros(len(records)), []
    for ladder, share, own, weight in zip(coding.ladders, shares, raw, weights, strict=True):
        more = by_setting(counts * (share - own))
        price += weight * more / (1 - ladder.base) if ladder.base < 1 else 0.0
        totals.append((float((counts * own).sum()), more))
    # Settings that cost a record the same go by their levels, in the alphabetical order of the columns.
    named = dict(zip(coding.columns, settings, strict=False))
    levels_first = [named[name] for name in sorted(named)]
    order = np.lexsort((*levels_first[::-1], np.round(price / np.maximum(records, 1), 12), settings[-1]))
    n, log = max(coding.n_rows, 1), np.zeros(len(order))
    for ladder, (start, more), weight in zip(coding.ladders, totals, weights, strict=True):
        if ladder.base < 1:
            lost = (start + np.cumsum(more[order]) - n * ladder.base) / (n - n * ladder.base)
            log += weight * np.log1p(np.maximum(lost, 0.0))
    kept = settings[-1][order] == 0
    told = {name: pd.array(named[name][order], dtype="Int64") for name in task.qi}
    for column in told.values():
        column[~kept] = pd.NA
    return pd.DataFrame(
        {**told, "suppressed": ~kept, "records": records[order].astype(np.int64), "loss": np.expm1(log)}
    )
