"""What a transformation reached and what it cost: figures before and after, from the tally alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from privkit.tally.codes import distinct
from privkit.transform.search.cells import cell_utility
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.transform.search.task import Task

    Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Standing:
    """A table's classes in figures.

    Attributes
    ----------
    rows, classes, k, uniques : int
        Rows, equivalence classes, the smallest class, classes of one row.
    highest_risk, average_risk : float
        1 over the smallest class; classes over rows (prosecutor risk).
    criteria : dict of str to bool
        Whether each criterion is met, against the distribution of the table before.
    utility : dict of str to float
        Each utility measure; empty before.
    """

    rows: int
    classes: int
    k: int
    uniques: int
    highest_risk: float
    average_risk: float
    criteria: dict[str, bool]
    utility: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class AnonymizationReport(Plotted):
    """Before and after. Exact, for the owner's eyes.

    Attributes
    ----------
    before, after : Standing
    suppressed : int
        Records left out.
    column_losses : dict of str to float
        The mean loss of each quasi-identifier, 0 to 1.
    """

    before: Standing
    after: Standing
    suppressed: int
    column_losses: dict[str, float]

    @property
    def satisfied(self) -> bool:
        """Whether every criterion is met."""
        return all(self.after.criteria.values())

    def to_frame(self) -> pd.DataFrame:
        """Return the figures: columns `before` and `after`."""
        import pandas as pd

        rows = {
            name: (getattr(self.before, name), getattr(self.after, name))
            for name in ("rows", "classes", "k", "uniques", "highest_risk", "average_risk")
        }
        rows |= {name: (self.before.criteria[name], met) for name, met in self.after.criteria.items()}
        rows |= {name: (None, value) for name, value in self.after.utility.items()}
        return pd.DataFrame.from_dict(rows, orient="index", columns=["before", "after"], dtype=object)


def final_classes(task: Task, levels: Ints, gone: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Return the class of each combination that is kept, and the places of those combinations."""
    coding = task.coding
    kept = np.flatnonzero(~gone) if len(gone) else np.arange(len(coding.counts))
    code = np.zeros(len(kept), dtype=np.int64)
    for place, ladder in enumerate(coding.ladders):
        level = np.broadcast_to(levels[place], (len(coding.counts),))[kept]
        offsets = np.cumsum([0, *[len(step.labels) for step in ladder.levels]])
        table = np.array([step.codes for step in ladder.levels])
        group = offsets[level] + table[level, coding.combos[place, kept]]
        code = distinct(code * int(offsets[-1]) + group)[1]
    return code, kept


def standing(task: Task, class_of: Ints, kept: Ints) -> Standing:
    """Return the figures of the classes of the kept combinations."""
    from privkit.transform.search.local import classes_of

    judge, classes = task.judge, classes_of(task, class_of, kept)
    n_classes, sizes = len(classes.sizes), classes.sizes
    met = {repr(part): not judge.alone(part).judge(classes).violating.any() for part in task.criterion.parts}
    k, rows = int(sizes.min(initial=int(sizes.max(initial=0)))), int(sizes.sum())
    return Standing(
        rows, n_classes, k, int((sizes == 1).sum()), 1 / k if k else 0.0, n_classes / rows if rows else 0.0, met
    )


def report_of(task: Task, levels: Ints, gone: NDArray[np.bool_]) -> tuple[AnonymizationReport, float]:
    """Return the report on a transformation, and the value of the task's own measure."""
    coding = task.coding
    everything = np.arange(len(coding.counts))
    before = standing(task, everything, everything)
    class_of, kept = final_classes(task, levels, gone)
    after = standing(task, class_of, kept)
    utility, columns = cell_utility(task, levels, gone, class_of, kept)
    after.utility.update(utility)
    losses = dict(zip(coding.columns, columns, strict=True))
    suppressed = int(coding.counts.sum() - coding.counts[kept].sum())
    answer = AnonymizationReport(before, after, suppressed, {name: losses[name] for name in task.qi})
    return answer, utility.get(task.measure.name, float("nan"))
