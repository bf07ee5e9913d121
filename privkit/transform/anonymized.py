"""What `anonymize` hands out, and what columns that were left as they were beside the generalized ones tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.anonymity.criterion import SensitivePart
from privkit.anonymity.crowds import persons_of
from privkit.anonymity.kanonymity import kanon
from privkit.errors import FrameError
from privkit.inventory.column_roles import Leaving, leaving
from privkit.tally.cells.cells import BYTES, INTEGER, TEXT, UNSIGNED, WIDE
from privkit.tally.codes import factorized, packed, tells
from privkit.tally.row_classes import by_group, chosen_columns, row_classes
from privkit.tally.selection import counts_rows, handed_out
from privkit.transform.costs import AnonymizationReport, cuts_of, losses_of, report_of
from privkit.transform.search.task import as_handed_out
from privkit.transform.source import starred
from privkit.values.arguments import public, typed
from privkit.values.show import Attackable, Plotted

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.anonymity.criterion import Criterion
    from privkit.transform.hierarchies.hierarchy import Hierarchy
    from privkit.transform.search.found import Found
    from privkit.transform.search.task import Task


@public
@dataclass(frozen=True, eq=False, repr=False)
class Anonymized(Attackable, Plotted):
    """The result of `anonymize`.

    Attributes
    ----------
    frame : dataframe
        The rows that are left, in their order, under plain row numbers or their index. Columns of one level are ordered
        categories; untouched columns are as they were. Suppressed records are not in it (see `with_suppressed`).
        Of a lazy frame: a plan of the same engine, in no order, whose generalized columns are text (numbers where all
        labels are). Rows of combinations that the search did not see, since the engine's data changed after it, are
        left out.
    levels_ : dict of str to int
        The level of each quasi-identifier; where levels differ ("local", "cells"), the highest that is used.
    level_words_ : dict of str to str
        What that level leaves of a value: "first two digits".
    suppressed_ : int
        Records left out.
    loss_ : float
        The value of the chosen utility measure.
    utility : str
        Its name.
    criteria : Criterion
        What holds. A table of a population in it is generalized as the frame is, so that `check` takes both.
    n_rows : int
        Records that were given.
    optimal_ : bool
        Whether no node of the lattice has a lower loss (full-domain generalization).
    bound_ : float
        A bound below the loss of every node.
    judged_ : int
        Nodes whose classes were counted.
    reason : str
        Why the search ended early, or "".
    method : str
        "optimal", "local" or "cells"; "node" and "fitted" where the levels were given.
    hierarchies : dict of str to Hierarchy
        What was used for each column.
    proposed_ : tuple of str
        Columns whose hierarchy was proposed from their type: look at them.
    report : AnonymizationReport
        Before and after: criteria, utility, risk.
    """

    frame: Any
    levels_: dict[str, int]
    level_words_: dict[str, str]
    suppressed_: int
    loss_: float
    utility: str
    criteria: Criterion
    n_rows: int
    optimal_: bool
    bound_: float
    judged_: int
    reason: str
    method: str
    hierarchies: dict[str, Hierarchy]
    proposed_: tuple[str, ...]
    report: AnonymizationReport
    _kept: NDArray[np.bool_] | None
    _source: pd.DataFrame | None
    _cuts: Callable[[], pd.DataFrame]
    _keep_index: bool = False
    _locally: Callable[[], float | None] | None = None
    #: What each row lost.
    _losses: Callable[[], dict[str, NDArray[np.float64]]] | None = None
    #: What made it, of other rows; None where its levels were given.
    _again: Callable[[Any], Anonymized] | None = None

    @cached_property
    def local_loss_(self) -> float | None:
        """What ``method="local"`` loses at most, of one level per column; None where finding out takes long."""
        return None if self._locally is None else self._locally()

    @cached_property
    def cuts_(self) -> pd.DataFrame:
        """Which settings were used for how many records, those first that cost a record least: the way to `loss_`.

        One setting, and what is suppressed, of one level per column; many of ``method="local"``, where each part of the
        table is cut off at its own. No cell value is in it. Exact, for the owner's eyes; reads no rows, spends nothing.

        Returns
        -------
        pandas.DataFrame
            A row for each setting: the level of each quasi-identifier (missing where `suppressed`), how many `records`
            have it, and the `loss` of the table in which they, and all rows above, are recoded so, and the rest is as
            it was. The last one is ``report.after.utility["loss"]``.

        Examples
        --------
        >>> import pandas as pd, privkit as pk
        >>> people = pd.DataFrame({"age": [21, 22, 23, 24, 50, 90], "zip": ["8001", "8001", "8002", "8002", "9", "9"]})
        >>> out = pk.anonymize(people, ["age", "zip"], k=2, suppress=1, method="local")
        >>> int(out.cuts_["records"].sum()), out.cuts_["loss"].is_monotonic_increasing
        (6, True)
        >>> float(out.cuts_["loss"].iloc[-1]) == out.loss_
        True
        """
        return self._cuts()

    @property
    def kept_(self) -> NDArray[np.bool_]:
        """Which of the rows that were given are in `frame`; shape (n_rows,).

        Raises
        ------
        FrameError
            For rows of an engine, which have no order.
        """
        if self._kept is None:
            hint = "Take .suppressed_ for how many are gone, and .frame for those that are kept."
            raise FrameError.rows_elsewhere("kept_", hint)
        return self._kept

    @property
    def source(self) -> pd.DataFrame:
        """The rows that were given. They are personal data: save `frame`, not this object.

        Raises
        ------
        FrameError
            For rows of an engine, which were not fetched.
        """
        if self._source is None:
            raise FrameError.rows_elsewhere("source", "Take the frame that you gave to anonymize().")
        return self._source

    @property
    def is_lazy(self) -> bool:
        """Whether `frame` is a plan of an engine."""
        return self._source is None

    @property
    def qi(self) -> tuple[str, ...]:
        """The quasi-identifiers."""
        return tuple(self.levels_)

    def with_suppressed(self) -> pd.DataFrame:
        """Return all rows, with ``*`` in the quasi-identifiers of the suppressed ones.

        Their other columns are shown, but those that are aggregated. Read again they are one class, which need not meet
        the criteria, and reports say so: leave them out by ``whole[whole[qi].ne("*").any(axis=1)]``.
        """
        import pandas as pd

        if self.is_lazy:
            hint = "Suppressed rows are those of the frame that you gave whose class is not in .frame."
            raise FrameError.rows_elsewhere("with_suppressed()", hint)
        if not isinstance(self.frame, pd.DataFrame):
            raise FrameError.only_pandas(self.frame)
        suppressed = pd.Series(~self.kept_)
        whole = pd.concat([self.frame, self.source.loc[~self.kept_]]) if suppressed.any() else self.frame
        order = np.concatenate([np.flatnonzero(self.kept_), np.flatnonzero(~self.kept_)])
        for name in self.qi:  # concat drops categories that differ
            if isinstance(self.frame[name].dtype, pd.CategoricalDtype):
                cells = pd.concat(
                    [self.frame[name].astype(object), pd.Series([None] * int(suppressed.sum()), dtype=object)]
                )
                whole[name] = pd.Categorical(cells.tolist(), dtype=self.frame[name].dtype)  # type: ignore[call-overload]
        for name in self.report.aggregates:  # no value of a suppressed row stands beside its class's
            whole[name] = np.append(self.frame[name], np.full(int(suppressed.sum()), np.nan))
        whole = handed_out(whole.iloc[np.argsort(order, kind="stable")], keep_index=self._keep_index)
        return starred(whole, self.qi, ~self.kept_)

    def by_group(self, columns: str | Sequence[str]) -> pd.DataFrame:
        """Return what the recoding cost the rows of each group. Reads rows; spends nothing; for the owner's eyes.

        Parameters
        ----------
        columns : str or sequence of str
            Groups by their values, as they were before.

        Returns
        -------
        pandas.DataFrame
            A row for each group: `rows`, the share of them that is `suppressed`, the mean `loss`, and the `loss of`
            each quasi-identifier. Over all rows they are ``report.after.utility["loss_arithmetic"]`` and
            ``report.column_losses``.

        Raises
        ------
        FrameError
            For rows of an engine, which were not fetched.
        ColumnNotFoundError, DuplicateColumnError, ParameterError

        Examples
        --------
        >>> import pandas as pd, privkit as pk
        >>> people = pd.DataFrame({"sex": ["f", "m"] * 4, "age": [21, 21, 21, 21, 21, 90, 21, 91], "zip": ["a"] * 8})
        >>> out = pk.anonymize(people, ["age", "zip"], k=2, suppress=0.5, hierarchies={"age": pk.Hierarchy.star()})
        >>> out.by_group("sex")["suppressed"].tolist()
        [0.0, 0.5]
        """
        assert self._losses is not None
        return by_group(self.source, columns, self._losses())

    def to_frame(self) -> pd.DataFrame:
        """Return the report's figures, before and after."""
        return self.report.to_frame()

    @cached_property
    @typed
    def leaving_(self) -> Leaving:
        """What `frame` holds beside the quasi-identifiers and the goal's sensitive attributes, as the audit judges.

        Of a plan of an engine, by the names alone: `identifying_` asks it.
        """
        goal = {part.sensitive for part in self.criteria.parts if isinstance(part, SensitivePart)}
        units = [name for name in self.criteria.columns if name not in goal]
        return leaving(self.frame, {*self.qi, *goal, *self.report.aggregates}, units=units)

    @cached_property
    @typed
    def identifying_(self) -> tuple[str, ...]:
        """Columns that were left as they were and identify by themselves: drop or pseudonymize them.

        Where `frame` is a plan of an engine, this asks it for the number of distinct values of each column, and names
        those that tell nearly every row apart as well: more than 9 values for 10 rows.
        """
        direct = self.leaving_.direct
        if not self.is_lazy:
            return direct
        telling = telling_apart(self.frame, {*self.qi, *self.criteria.columns})
        return tuple(name for name in self.leaving_.columns if name in {*direct, *telling})

    @cached_property
    @typed
    def twins_(self) -> dict[str, tuple[str, ...]]:
        """Columns that were left as they were → the generalized quasi-identifiers that each tells again.

        A left column tells a quasi-identifier again where values of one go with values of the other in the rows that
        were given (a year with the days in it, a town with its postal codes), more than chance explains, and rows
        of one class differ in it: who reads it knows more of the value than its label says. Judged by up
        to 50,000 rows. Direct identifiers tell all and are in `leaving_`. Empty for a plan of an engine.
        """
        return {} if self.is_lazy else twins(self)

    @cached_property
    @typed
    def k_with_twins_(self) -> int:
        """The size of the smallest class where `twins_` are known as well; persons where the criteria count these."""
        unit = persons_of(self.criteria)
        return kanon(self.frame, (*self.qi, *self.twins_), unit=unit).k

    @property
    def index_left_out_(self) -> bool:
        """Whether the rows had labels that say something, in whose place there are plain numbers now."""
        return self._source is not None and not self._keep_index and not counts_rows(self._source.index)

    @cached_property
    def classes_(self) -> int:
        """How many equivalence classes the result has."""
        return self.report.after.classes


def finished(
    task: Task,
    found: Found,
    levels: NDArray[np.int64],
    gone: NDArray[np.bool_],
    *,
    method: str,
    keep_index: bool = False,
    locally: Callable[[], float | None] | None = None,
) -> Anonymized:
    """Return the result of a search: the rows recoded, and the report; `locally` tells what local recoding loses."""
    coding = task.coding
    frame, kept = task.source.handed(coding, levels, gone)
    report, loss = report_of(task, levels, gone)
    highest = dict(zip(coding.columns, (int(row.max(initial=0)) for row in levels), strict=True))
    words = {ladder.column: ladder.levels[highest[ladder.column]].words for ladder in coding.ladders}
    return Anonymized(
        frame=handed_out(frame, keep_index=keep_index),
        levels_={name: highest[name] for name in task.qi},
        level_words_={name: words[name] for name in task.qi},
        suppressed_=report.suppressed,
        loss_=found.loss if method == "optimal" else loss,
        utility=task.measure.name,
        criteria=as_handed_out(task.criterion, task.populations, levels),
        n_rows=coding.n_rows,
        optimal_=found.optimal and method == "optimal",
        bound_=found.bound,
        judged_=found.judged,
        reason=found.reason,
        method=method,
        hierarchies=task.hierarchies,
        proposed_=task.proposed,
        report=report,
        _kept=kept,
        _source=None if kept is None else task.source.frame,
        _keep_index=keep_index,
        _locally=locally,
        _cuts=partial(cuts_of, task, levels, gone),
        _losses=partial(losses_of, task, levels, gone),
    )


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
