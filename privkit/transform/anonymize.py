"""`anonymize`, and `Anonymizer`: the same choices fitted on one table and applied to others."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from privkit.errors import ParameterError
from privkit.errors.anonymity import InfeasibleError, PromiseBrokenError
from privkit.progress import bar
from privkit.tally.frame import column_names
from privkit.transform.aggregates import asked_aggregates, check_aggregates, with_aggregates
from privkit.transform.anonymized import Anonymized, finished
from privkit.transform.hierarchies.hierarchy import Hierarchy
from privkit.transform.search.found import Found
from privkit.transform.search.search import Search
from privkit.transform.search.task import Task, check_weights, prepare
from privkit.values.arguments import public, typed
from privkit.values.show import Shown

if TYPE_CHECKING:
    from privkit.anonymity.criterion import Criterion
    from privkit.values.inputs import Frame, Share


Progress = Callable[[int, int, float | None], None]
#: A level, or the lowest and the highest one.
Allowed = int | str | tuple[int | str | None, int | str | None]


@typed
def anonymize(
    data: Frame,
    qi: str | Sequence[str],
    criteria: Criterion | None = None,
    *,
    k: int | None = None,
    hierarchies: Mapping[str, object] | None = None,
    suppress: Share = 0.02,
    utility: str = "loss",
    method: str = "optimal",
    weights: Mapping[str, float] | None = None,
    importance: Mapping[str, float] | None = None,
    keep: Sequence[str] = (),
    levels: Mapping[str, Allowed] | None = None,
    microaggregate: Mapping[str, str] | None = None,
    unit: str | None = None,
    keep_index: bool = False,
    time_limit: float | None = None,
    progress: bool | Progress | None = None,
) -> Anonymized:
    """Generalize the quasi-identifiers, and suppress a few records, until the criteria hold.

    Reads rows, gives a new frame, spends nothing. The criteria hold for every class of the result; what they do not
    promise (that nobody can be told apart by other columns, by other tables, or by a later release) stays open.

    Parameters
    ----------
    data : dataframe
        pandas, Polars or another that Narwhals reads. It is not changed. Of a lazy frame (Polars, DuckDB, Ibis,
        PySpark) the classes by the quasi-identifiers and the criteria's columns are fetched, and no rows; the new frame
        is a plan of the same engine, in no order.
    qi : str or sequence of str
        The quasi-identifiers. Missing values are values of their own.
    criteria : Criterion, optional
        What every class must meet: ``pk.KAnonymity(5) & pk.LDiversity("ill", 2)``. It holds of the frame that is handed
        out: classes are compared with what is kept (decision 9), unless a criterion says ``reference="input"``.
    k : int, optional
        Short for ``pk.KAnonymity(k)``.
    hierarchies : dict, optional
        Column → `Hierarchy`, a mapping value → label, or the path of a hierarchy file. The others are proposed from
        the columns' types, and the result says which.
    suppress : float
        The share of the records that may be left out, 0 to 1; rounded down to records. None may be, where δ-presence
        asks for more than 0 of everybody.
    utility : str
        What to minimize: ``"loss"``, ``"loss_arithmetic"``, ``"gcp"``, ``"precision"``, ``"entropy"``,
        ``"discernibility"``, ``"class_size"`` or ``"kl"``.
    method : {"optimal", "local", "cells"}
        ``"optimal"``: one level per column, the best node of the whole lattice. ``"local"``: levels differ between
        classes, which keeps far more; never worse than the best node. ``"cells"``: no hierarchies; single cells are
        replaced by ``*``, each kept as it is or not shown (local suppression).
    weights : dict, optional
        Column → how much its loss counts; 1 by default.
    importance : dict, optional
        With ``method="cells"``: column → how much a cell of it is worth keeping; 1 by default.
    keep : sequence of str
        Quasi-identifiers that must stay as they are.
    levels : dict, optional
        Column → (lowest level, highest level) that it may have, by number, by name or in the words of `level_words_`;
        None leaves an end open. One level alone fixes it. ``{"zip": (1, 3)}``: at least one digit is hidden, at most
        three.
    microaggregate : dict, optional
        Column of numbers → "mean" or "median": what its values become in each class, in place of intervals. Classes are
        formed by the other quasi-identifiers, so all rows of a class have one value, and the criteria hold with these
        columns as quasi-identifiers too. What is lost is the mean squared error in the report.
        ``{"age": "mean"}``. It is shown where at least k persons of the class have a value (3 where the goal names no
        k), else it is missing in the whole class, and the report says where. Means are for amounts; a median is for
        grades on a scale, since of an odd number of values it is one member's own. See
        `privkit.transform.aggregates` for what is not promised.
    unit : str, optional
        A column of ids: k, and the criteria on the table's risk, count distinct persons instead of rows.
    keep_index : bool
        Whether the index of a pandas frame stays. By default the result has plain row numbers: labels, and gaps between
        them, tell who the rows are of.
    time_limit : float, optional
        Seconds after which the best so far is returned; the result says so. Ctrl-C does the same.
    progress : bool or callable, optional
        True prints a line that is rewritten; a function is called with (judged, nodes, best loss or None).

    Returns
    -------
    Anonymized
        ``.frame`` (without the suppressed records), ``.levels_``, ``.suppressed_``, ``.loss_``, ``.report``.

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError, RoleConflictError
    HierarchyError
        If a hierarchy lacks values.
    InfeasibleError
        If no node meets the criteria; says what the best one reaches.

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.transform.hierarchies.hierarchy import Hierarchy
    >>> people = pd.DataFrame({"zip": ["8004", "8005", "8051", "8052"], "age": [31, 38, 52, 57]})
    >>> rungs = {"zip": Hierarchy.redact(), "age": Hierarchy.intervals(10, 20)}
    >>> out = anonymize(people, ["zip", "age"], k=2, hierarchies=rungs, suppress=0)
    >>> out.frame
        zip    age
    0  800*  30-39
    1  800*  30-39
    2  805*  50-59
    3  805*  50-59
    >>> out.levels_, out.suppressed_
    ({'zip': 1, 'age': 1}, 0)
    """
    again = partial(
        anonymize, qi=qi, criteria=criteria, k=k, hierarchies=hierarchies, suppress=suppress, utility=utility,
        method=method, weights=weights, importance=importance, keep=keep, levels=levels, microaggregate=microaggregate,
        unit=unit, time_limit=time_limit,
    )  # fmt: skip
    inside, forming = asked_aggregates(
        microaggregate, qi, keep=keep, levels=levels, hierarchies=hierarchies, weights=weights, importance=importance
    )
    hierarchies, weights = _asked(method, forming, hierarchies, weights, importance)
    deadline = _deadline(time_limit)
    if inside:
        check_aggregates(data, inside)
    task = prepare(
        data, forming, criteria, k=k, hierarchies=hierarchies, suppress=suppress, utility=utility, weights=weights,
        keep=keep, levels=levels, unit=unit,
    )  # fmt: skip
    if inside:
        _aggregable(task, inside)
    if method != "optimal" and task.populations:
        allowed = "'optimal' beside a table of the population"
        hint = "Classes of several levels overlap in it, so that a person would count in more than one."
        raise ParameterError.of("method", repr(method), allowed, hint)
    if method == "local" and task.judge.by_sets:
        allowed = "'optimal' or 'cells' where KAnonymity(of=) asks for k by some of the columns"
        hint = "Local recoding builds classes by all columns, so that it would generalize as for k without of=."
        raise ParameterError.of("method", repr(method), allowed, hint)
    if (error := task.judge.impossible()) is not None:
        raise error
    if method != "optimal":
        from privkit.transform.search.cells import recode_cells
        from privkit.transform.search.local import recode_locally

        recode = recode_cells if method == "cells" else recode_locally
        recoding, found = recode(task, lambda below: search(task, deadline, progress, below), deadline)
        found = replace(found, reason=found.reason or recoding.reason)
        out = finished(task, found, recoding.levels, recoding.gone, method=method, keep_index=keep_index)
        return replace(with_aggregates(out, inside), _again=again)
    found = search(task, deadline, progress)
    if found.node is None:
        raise infeasible(task, found)
    gone = _suppressed_combos(task, found.node) if found.suppressed else np.zeros(len(task.coding.counts), dtype=bool)
    node = np.array(found.node, dtype=np.int64)[:, None]
    locally = None if task.populations or task.judge.by_sets else partial(_local_loss, task)
    out = finished(task, found, node, gone, method=method, keep_index=keep_index, locally=locally)
    return replace(with_aggregates(out, inside), _again=again)


def _local_loss(task: Task) -> float | None:
    from privkit.transform.search.local import local_loss

    return local_loss(task)


def _aggregable(task: Task, inside: Mapping[str, str]) -> None:
    """Refuse goals that say nothing of a class of its own, or are about a column that is aggregated."""
    if used := [name for name in task.criterion.columns if name in inside]:
        raise ParameterError.of("microaggregate", repr(used), "columns that the criteria are not about")
    if task.judge.by_sets or task.populations:
        rule = "inside a class by all columns values are hidden only where its own rows are what the goal counts."
        raise ParameterError.together(("microaggregate", "criteria"), rule)


def _asked(
    method: str,
    qi: str | Sequence[str],
    hierarchies: Mapping[str, object] | None,
    weights: Mapping[str, float] | None,
    importance: Mapping[str, float] | None,
) -> tuple[Mapping[str, object] | None, Mapping[str, float] | None]:
    """Return the hierarchies and weights of a method; those of cells are two levels each, and what cells are worth."""
    if method not in ("optimal", "local", "cells"):
        raise ParameterError.of("method", repr(method), "'optimal', 'local' or 'cells'")
    if method != "cells":
        if importance is not None:
            rule = "importance= is of cells: method='cells'. Elsewhere weights= says how much a column's loss counts."
            raise ParameterError.together(("importance", "method"), rule)
        return hierarchies, weights
    if hierarchies is not None or weights is not None:
        rule = "method='cells' keeps a cell or replaces it by `*`, without hierarchies=; importance= is its weights=."
        raise ParameterError.together(("method", "hierarchies", "weights"), rule)
    columns = column_names(qi, "qi")
    check_weights(importance, columns, "importance")
    return dict.fromkeys(columns, Hierarchy.star()), importance


def search(task: Task, deadline: float | None, progress: bool | Progress | None, below: float = float("inf")) -> Found:
    """Return the best node of a task's lattice; one that loses more than `below` is of no use."""
    with bar(progress is True, "anonymize", "nodes") as step:
        told = progress if callable(progress) else None
        callback = told if step is None else lambda judged, nodes, loss: step(judged, nodes, _best(loss))
        run = Search(
            task.coding, task.judge, task.measure, task.limit, deadline, callback,
            most_levels=task.most_levels, least_levels=task.least_levels, below=below,
        )  # fmt: skip
        return run.run()


def _best(loss: float | None) -> str:
    return "no node that holds yet" if loss is None else f"best loss {loss:.4f}"


def infeasible(task: Task, found: Found) -> InfeasibleError:
    """Return the error that says what the best node reaches."""
    if found.reason:
        return InfeasibleError.none_so_far(repr(task.criterion), found.reason, found.judged)
    node, suppressed = found.nearest if found.nearest is not None else (task.most_levels, task.coding.n_rows)
    levels = dict(zip(task.coding.columns, node, strict=True))
    return InfeasibleError.no_node(
        repr(task.criterion),
        suppressed=suppressed,
        limit=task.limit,
        rows=task.coding.n_rows,
        levels={name: levels[name] for name in task.qi},
        least=found.nearest_is_least,
        everybody=task.judge.everybody,
    )


def _suppressed_combos(task: Task, node: tuple[int, ...]) -> np.ndarray:
    from privkit.transform.search.node_classes import Rollup

    rollup = Rollup(task.coding)
    violating = task.judge.violating(rollup.at(node))
    return violating[rollup.class_of_combo(node)] if len(violating) else np.zeros(0, dtype=bool)


def _deadline(time_limit: object) -> float | None:
    if time_limit is None:
        return None
    if isinstance(time_limit, bool) or not isinstance(time_limit, int | float) or not time_limit > 0:
        raise ParameterError.of("time_limit", repr(time_limit), "a number of seconds above 0")
    return time.monotonic() + time_limit


@public
class Anonymizer(Shown):
    """Find levels on one table and apply them to others: this month's, next month's.

    The parameters are those of `anonymize` with ``method="optimal"``. The result of `transform` meets the criteria
    by itself; it does not when two releases are joined (a person in both of them can be told apart by the two
    classes together).

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.transform.hierarchies.hierarchy import Hierarchy
    >>> march = pd.DataFrame({"zip": ["8004", "8005", "8051", "8052"]})
    >>> treat = Anonymizer(["zip"], k=2, hierarchies={"zip": Hierarchy.redact()}, suppress=0).fit(march)
    >>> treat.levels_
    {'zip': 1}
    >>> treat.transform(pd.DataFrame({"zip": ["8006", "8009"]})).frame["zip"].tolist()
    ['800*', '800*']
    """

    def __init__(
        self,
        qi: str | Sequence[str],
        criteria: Criterion | None = None,
        *,
        k: int | None = None,
        hierarchies: Mapping[str, object] | None = None,
        suppress: Share = 0.02,
        utility: str = "loss",
        weights: Mapping[str, float] | None = None,
        keep: Sequence[str] = (),
        levels: Mapping[str, Allowed] | None = None,
        microaggregate: Mapping[str, str] | None = None,
        unit: str | None = None,
        keep_index: bool = False,
        time_limit: float | None = None,
    ) -> None:
        self.qi, self.criteria, self.k, self.unit, self.keep_index = qi, criteria, k, unit, keep_index
        self.hierarchies, self.suppress = hierarchies, suppress
        self.utility, self.weights, self.keep, self.time_limit = utility, weights, keep, time_limit
        self.levels, self.microaggregate = levels, microaggregate

    def fit(self, data: Frame) -> Anonymizer:
        """Find the best levels for `data`; they are in `levels_`, the result in `fitted_`.

        Raises
        ------
        InfeasibleError and whatever `anonymize` raises.
        """
        self.fitted_ = anonymize(
            data, self.qi, self.criteria, k=self.k, hierarchies=self.hierarchies, suppress=self.suppress,
            utility=self.utility, weights=self.weights, keep=self.keep, levels=self.levels, unit=self.unit,
            time_limit=self.time_limit, keep_index=self.keep_index, microaggregate=self.microaggregate,
        )  # fmt: skip
        self.levels_ = self.fitted_.levels_
        self.hierarchies_ = self.fitted_.hierarchies
        return self

    def fit_transform(self, data: Frame) -> Anonymized:
        """Return `anonymize` of `data`, and remember the levels."""
        return self.fit(data).fitted_

    def transform(self, data: Frame, *, broken: str = "raise") -> Anonymized:
        """Apply the fitted levels to `data` and judge the result by itself.

        Parameters
        ----------
        data : dataframe
            New rows with the same quasi-identifiers.
        broken : {"raise", "suppress"}
            What to do where more records than the suppression limit lie in classes that violate the criteria.
            "suppress" leaves them all out, and the report tells how many; not where δ-presence asks for everybody.

        Raises
        ------
        ParameterError
            Before `fit`.
        PromiseBrokenError
            If the fitted levels do not keep the promise on these rows.
        HierarchyError
            If a hierarchy lacks new values.
        """
        if broken not in ("raise", "suppress"):
            raise ParameterError.of("broken", repr(broken), "'raise' or 'suppress'")
        if not hasattr(self, "fitted_"):
            raise ParameterError.together(("fit",), "fit(data) has to come first.")
        inside, forming = asked_aggregates(self.microaggregate, self.qi)
        if inside:
            check_aggregates(data, inside)
        try:
            task = prepare(
                data, forming, self.criteria, k=self.k, hierarchies=self.hierarchies_, suppress=self.suppress,
                utility=self.utility, weights=self.weights, keep=(), levels=None, unit=self.unit,
            )  # fmt: skip
        except InfeasibleError as error:
            rows = error.suppressed or 0
            raise PromiseBrokenError.of(repr(self.fitted_.criteria), rows, rows) from None
        node = tuple(
            min(self.levels_[name], size - 1) for name, size in zip(task.coding.columns, task.coding.shape, strict=True)
        )
        gone = _suppressed_combos(task, node)
        rows = int(task.coding.counts[gone].sum())
        if rows > task.limit and (broken == "raise" or task.judge.everybody):
            raise PromiseBrokenError.of(repr(task.criterion), rows, task.coding.n_rows)
        found = Found(node, float("nan"), rows, False, 0.0, 1)
        levels = np.array(node, dtype=np.int64)[:, None]
        answer = finished(task, found, levels, gone, method="fitted", keep_index=self.keep_index)
        return with_aggregates(replace(answer, proposed_=self.fitted_.proposed_), inside)
