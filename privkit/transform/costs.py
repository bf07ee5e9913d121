"""What a transformation reached and what it cost: figures before and after, and every utility measure.

What each setting of a recoding costs: the way from the table as it was to what is handed out, cheapest cut first.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import starmap
from typing import TYPE_CHECKING

import numpy as np

from privkit.anonymity.crowds import Crowds, persons_of
from privkit.anonymity.ksets import Crossing
from privkit.tally.cells.coding import first_rows
from privkit.tally.codes import distinct, packed
from privkit.transform.aggregates import Aggregate, notes
from privkit.transform.search.node_classes import classes_of
from privkit.values.arguments import public
from privkit.values.show import Plotted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from privkit.anonymity.ksets import BySets
    from privkit.transform.search.task import Task

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Standing:
    """A table's classes in figures.

    Attributes
    ----------
    rows, classes, k, uniques : int
        Rows, equivalence classes, the size of the smallest class, and the rows that are alone in theirs. Where a
        criterion counts persons: the persons of that class, and the persons who are alone in one of theirs.
    highest_risk, average_risk : float
        1 over k; the mean of the rows' prosecutor risks, or of the persons', as `risk` tells them.
    criteria : dict of str to bool
        Whether the table meets each criterion by itself; one with ``reference="input"``, beside the table before.
    utility : dict of str to float
        Each utility measure; empty before.
    persons : int or None
        Where a criterion counts persons: how many there are.
    row_average_risk : float or None
        And the mean of the rows' risks, each 1 over the persons of its class.
    by_sets : dict of str to BySets
        Of each criterion on sets of columns (``of=``): the k of each set, and which sets are weak.
    """

    rows: int
    classes: int
    k: int
    uniques: int
    highest_risk: float
    average_risk: float
    criteria: dict[str, bool]
    utility: dict[str, float] = field(default_factory=dict)
    persons: int | None = None
    row_average_risk: float | None = None
    by_sets: dict[str, BySets] = field(default_factory=dict)


@public
@dataclass(frozen=True, repr=False)
class AnonymizationReport(Plotted):
    """Before and after. Exact, for the owner's eyes.

    Attributes
    ----------
    before, after : Standing
    suppressed : int
        Records left out.
    column_losses : dict of str to float
        The mean loss of each quasi-identifier, 0 to 1; columns that are aggregated have none: see `not_counted`.
    aggregates : dict of str to Aggregate
        Columns that are the mean or median of their class → over how many persons, and with which mean squared error.
    """

    before: Standing
    after: Standing
    suppressed: int
    column_losses: dict[str, float]
    aggregates: dict[str, Aggregate] = field(default_factory=dict)

    @property
    def satisfied(self) -> bool:
        """Whether every criterion is met."""
        return all(self.after.criteria.values())

    @property
    def not_counted(self) -> tuple[str, ...]:
        """The columns that are aggregated: no measure of `utility` and no column's loss says what they lost.

        Their own figure is the mean squared error in `aggregates`: it is of another kind, so that none is made of both.
        """
        return tuple(self.aggregates)

    @property
    def aggregate_notes(self) -> list[str]:
        """What of the aggregates is hidden and why, and what a median is; a sentence each."""
        return notes(self.aggregates)

    def to_frame(self) -> pd.DataFrame:
        """Return the figures: columns `before` and `after`."""
        import pandas as pd

        rows = {
            name: (getattr(self.before, name), getattr(self.after, name))
            for name in (
                "rows",
                "persons",
                "classes",
                "k",
                "uniques",
                "highest_risk",
                "average_risk",
                "row_average_risk",
            )
            if getattr(self.after, name) is not None
        }
        for name, sets in self.after.by_sets.items():
            rows[f"k by {sets.known}"] = (self.before.by_sets[name].k, sets.k)
        rows |= {name: (self.before.criteria[name], met) for name, met in self.after.criteria.items()}
        rows |= {name: (None, value) for name, value in self.after.utility.items()}
        for name, one in self.aggregates.items():
            rows |= {
                f"mean squared error of {name}": (None, one.mean_squared_error),
                f"hidden values of {name}": (None, one.hidden_values),
            }
        return pd.DataFrame.from_dict(rows, orient="index", columns=["before", "after"], dtype=object)


def final_classes(task: Task, levels: Ints, gone: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Return the class of each combination that is kept, and the places of those combinations."""
    kept = np.flatnonzero(~gone) if len(gone) else np.arange(len(task.coding.counts))
    labels = list(cell_labels(task, levels, kept))
    return distinct(packed(labels)[0])[1] if labels else np.zeros(len(kept), dtype=np.int64), kept


def cell_labels(task: Task, levels: Ints, kept: Ints) -> Ints:
    """Return the label of each kept combination in each column, as a code; shape (n_columns, n_kept)."""
    coding, answer = task.coding, []
    for place, ladder in enumerate(coding.ladders):
        level = np.broadcast_to(levels[place], (len(coding.counts),))[kept]
        answer.append(ladder.groups(level, coding.combos[place, kept]))
    return np.array(answer, dtype=np.int64).reshape(len(coding.ladders), len(kept))


def standing(task: Task, class_of: Ints, kept: Ints, levels: Ints) -> Standing:
    """Return the figures of the classes of the kept combinations; of one node, where populations are counted."""
    judge, classes = task.judge, classes_of(task.coding, class_of, kept)
    node = tuple(int(level) for level in levels[:, 0]) if levels.size else ()
    sets: dict[str, BySets] = {}
    if judge.by_sets:
        first = first_rows(class_of, len(classes.sizes))
        labels = cell_labels(task, levels, kept)[:, first]
        classes = replace(classes, labels=labels)
        for goal in judge.by_sets:
            members = None if goal.unit is None else classes.members(goal.unit, task.coding)
            asked = [labels[task.coding.columns.index(name)] for name in task.qi]
            sets[repr(goal)] = Crossing(asked, goal.of or 1, classes.sizes, members).figures(task.qi, goal.k)
    if task.populations:
        first = first_rows(class_of, len(classes.sizes))
        people = {part: persons[kept][first] for part, persons in judge.people_of(node).items()}
        classes = replace(classes, people=people)
    met: dict[str, bool] = {}
    for part in task.criterion.parts:  # two may be shown alike, with other tables or hierarchies
        met[repr(part)] = met.get(repr(part), True) and judge.alone(part).holds(classes)
    unit = persons_of(task.criterion)
    rows = found = Crowds(classes.counts(unit, task.coding), classes.sizes)
    if unit is not None:
        found = Crowds.of_persons(classes.members(unit, task.coding), rows.sizes)
    persons = {} if unit is None else {"persons": found.total, "row_average_risk": rows.average}
    figures = (rows.total, len(classes.sizes), found.least, found.alone, found.highest, found.average)
    return Standing(*figures, met, by_sets=sets, **persons)  # type: ignore[arg-type]


def report_of(task: Task, levels: Ints, gone: NDArray[np.bool_]) -> tuple[AnonymizationReport, float]:
    """Return the report on a transformation, and the value of the task's own measure."""
    coding = task.coding
    everything = np.arange(len(coding.counts))
    before = standing(task, everything, everything, np.zeros((len(coding.ladders), 1), dtype=np.int64))
    class_of, kept = final_classes(task, levels, gone)
    after = standing(task, class_of, kept, levels)
    utility, columns = cell_utility(task, levels, gone, class_of, kept)
    after.utility.update(utility)
    losses = dict(zip(coding.columns, columns, strict=True))
    suppressed = int(coding.counts.sum() - coding.counts[kept].sum())
    answer = AnonymizationReport(before, after, suppressed, {name: losses[name] for name in task.qi})
    return answer, utility.get(task.measure.name, float("nan"))


def cell_shares(task: Task, levels: Ints, gone: NDArray[np.bool_]) -> list[Floats]:
    """Return per column the share of the domain that each combination's cell covers; 1 where suppressed."""
    answer = []
    for place, ladder in enumerate(task.coding.ladders):
        level = np.broadcast_to(levels[place], (len(task.coding.counts),))
        table = np.array([step.shares[step.codes] for step in ladder.levels])
        shares = table[level, task.coding.combos[place]]
        answer.append(np.where(gone, 1.0, shares) if len(gone) else shares)
    return answer


def cell_utility(
    task: Task, levels: Ints, gone: NDArray[np.bool_], class_of: Ints, kept: Ints
) -> tuple[dict[str, float], list[float]]:
    """Return every measure by name, and each column's loss v (see `measures.ArithmeticLoss`)."""
    measures, losses = _cell_measures(task, levels, gone, class_of, kept)
    return {name: measure() for name, measure in measures.items()}, losses


def cell_value(task: Task, levels: Ints, gone: NDArray[np.bool_]) -> float:
    """Return the task's own measure alone."""
    return _cell_measures(task, levels, gone, *final_classes(task, levels, gone))[0][task.measure.name]()


def _cell_measures(
    task: Task, levels: Ints, gone: NDArray[np.bool_], class_of: Ints, kept: Ints
) -> tuple[dict[str, Callable[[], float]], list[float]]:
    coding = task.coding
    n, counts = max(coding.n_rows, 1), coding.counts.astype(np.float64)
    weights, losses = task.measure.weights, []
    out = gone if len(gone) else np.zeros(len(counts), dtype=bool)
    level_of = [np.broadcast_to(level, (len(counts),)) for level in levels]
    shares = cell_shares(task, levels, gone)
    for ladder, share in zip(coding.ladders, shares, strict=True):
        total = float((counts * share).sum())
        losses.append(max(0.0, (total - n * ladder.base) / (n - n * ladder.base)) if ladder.base < 1 else 0.0)

    def mean(costs: Iterable[Floats]) -> float:
        return float(weights @ np.array([float((counts * cost).sum()) for cost in costs])) / n

    def bits(place: int, level: Ints) -> float:
        return _bits(task, place, level, out)

    raw = [(level == 0) & ~out for level in level_of]
    heights = [max(ladder.n_levels - 1, 1) for ladder in coding.ladders]
    sizes = np.bincount(class_of, weights=counts[kept]) if len(class_of) else np.zeros(0)
    lost = n - float(sizes.sum()) if coding.n_rows else 0.0
    return {
        "loss": lambda: float(np.expm1(sum(w * np.log1p(loss) for w, loss in zip(weights, losses, strict=True)))),
        "loss_arithmetic": lambda: float(weights @ np.array(losses)),
        "gcp": lambda: mean(np.where(own, 0.0, share) for own, share in zip(raw, shares, strict=True)),
        "precision": lambda: mean(
            np.where(out, 1.0, level / top) for level, top in zip(level_of, heights, strict=True)
        ),
        "entropy": lambda: float(weights @ np.array(list(starmap(bits, enumerate(level_of))))) * len(weights),
        "discernibility": lambda: float((sizes**2).sum() + lost * n),
        "class_size": lambda: n / max(len(sizes) + bool(lost), 1),
        "kl": lambda: _divergence(task, levels, class_of, kept, lost),
    }, losses


def _bits(task: Task, place: int, level: Ints, out: NDArray[np.bool_]) -> float:
    """Non-uniform entropy: a group's rows are all rows of the table with a value in it."""
    ladder, coding = task.coding.ladders[place], task.coding
    values, counts, width = coding.combos[place], coding.counts, len(ladder.values)
    if not len(counts):
        return 0.0
    rows = np.bincount(values, weights=counts, minlength=width)
    groups = [np.bincount(step.codes, weights=rows, minlength=len(step.labels)) for step in ladder.levels]
    per_value = np.array([group[step.codes] for group, step in zip(groups, ladder.levels, strict=True)])
    there = np.bincount(level * width + values, weights=counts, minlength=per_value.size).reshape(per_value.shape)
    own, at = np.broadcast_to(rows, there.shape), there > 0
    total = -float((there[at] * np.log2(own[at] / per_value[at])).sum())
    if out.any():
        lost = np.bincount(ladder.groups(level, values)[out], weights=counts[out])
        lost = lost[lost > 0]
        total -= float((lost * np.log2(lost / lost.sum())).sum())
    return max(0.0, total)


def _divergence(task: Task, levels: Ints, class_of: Ints, kept: Ints, lost: float) -> float:
    coding = task.coding
    n = max(coding.n_rows, 1)
    domain, cells = 0.0, np.zeros(len(kept))
    for place, ladder in enumerate(coding.ladders):
        level = np.broadcast_to(levels[place], (len(coding.counts),))[kept]
        table = np.log([np.maximum(step.shares[step.codes] * ladder.leaves, 1.0) for step in ladder.levels])
        cells += table[level, coding.combos[place, kept]]
        domain += np.log(ladder.leaves)
    shares = coding.counts / n
    entropy = float((shares * np.log(np.where(shares > 0, shares, 1))).sum())
    sizes = np.bincount(class_of, weights=coding.counts[kept]) if len(class_of) else np.zeros(0)
    told = float((shares[kept] * (np.log(sizes[class_of] / n) - cells)).sum())
    told += lost / n * (np.log(lost / n) - domain) if lost else 0.0
    return max(0.0, float(entropy - told))


def losses_of(task: Task, levels: Ints, gone: NDArray[np.bool_]) -> dict[str, Floats]:
    """Return what each row lost: `suppressed` (0 or 1), `loss`, and of each quasi-identifier its part.

    Of a column it is (s − b) / (1 − b), s being the share of the domain that the row's cell covers and b that of a
    single value; `loss` is their mean by the measure's weights. Over all rows the means are ``report.column_losses``
    and ``report.after.utility["loss_arithmetic"]``.
    """
    coding = task.coding
    out = gone if len(gone) else np.zeros(len(coding.counts), dtype=bool)
    found = {"suppressed": out.astype(np.float64)}
    shares = cell_shares(task, levels, gone)
    parts = {ladder.column: ladder.lost(share) for ladder, share in zip(coding.ladders, shares, strict=True)}
    found["loss"] = np.asarray(task.measure.weights @ np.array([parts[name] for name in coding.columns]))
    found |= {f"loss of {name}": parts[name] for name in task.qi}
    return {name: values[coding.row_combo] for name, values in found.items()}


def cuts_of(task: Task, levels: Ints, gone: NDArray[np.bool_]) -> pd.DataFrame:
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

    def by_setting(values: Floats) -> Floats:
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
