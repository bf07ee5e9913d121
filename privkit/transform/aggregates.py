"""Numbers that become the mean or median of their class: over how many persons, and what that does not promise.

*Claim.* What is shown for a class is made of present values of at least m distinct persons: m is the largest k that the
goal names, or 3 where it names none of 2 or more. Persons are the distinct ids of each unit column of the goal, and
rows where it has none. *Proof.* A mean or median skips missing values, so it is made of the rows of the class that have
one. `persons_behind` counts the distinct pairs of class and id among these rows alone, rows without an id as one person
of their class; `shown_aggregates` leaves a value only where that number reaches m by every unit, else the cell is
missing in all rows of the class.

*Claim.* Criteria that hold by the quasi-identifiers hold with the aggregated columns as quasi-identifiers too. *Proof.*
All rows of a class have one cell, a number or missing; so the classes by both are the classes by the first.

*What is not promised.*

- A median of an odd number of values is one member's own value; of an even number it is the mean of the two in the
  middle, which may be equal. Nobody is told whose it is, but who knows the value finds it. Means are for amounts,
  medians for grades on a scale (Domingo-Ferrer and Mateo-Sanz 2002, doi 10.1109/69.979982; Domingo-Ferrer and Torra
  2005, doi 10.1007/s10618-005-0007-5). So the report calls a median what it is.
- Where all persons of a class have the same value, the mean is that value, and so everybody's. Neither k nor m counts
  different values.
- A mean of integers, or of floats but for rounding, tells their exact sum to who knows how many there are. Who knows
  all values but one computes the last: with k = 2, each of two persons the other's. One large value, or a person of
  many rows, may make up nearly all of a sum; no rule of dominance is applied.
- Without a unit column rows count as persons, so a person with several rows counts several times.
- A missing cell tells that fewer than m persons of the class have a value.
- Several releases of overlapping tables: their means differ by those who came or went. That is outside of what is
  judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from privkit.anonymity.figures import one_word
from privkit.errors import FrameError, ParameterError
from privkit.errors.root import type_told
from privkit.tally.codes import factorized, packed
from privkit.tally.frame import column_names, open_frame
from privkit.tally.row_classes import row_classes
from privkit.transform.as_pandas import is_lazy, pandas_frame
from privkit.transform.perturbed import number_column

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.anonymity.criterion import Criterion
    from privkit.transform.anonymized import Anonymized

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: What the values of a group may become.
FUNCTIONS = ("mean", "median")
#: The persons behind a value where a goal names no k: of two, each knows the other's by their mean.
LEAST = 3


def numbers_of(frame: pd.DataFrame, name: str, *, missing: bool) -> Floats:
    """Return a column as floats, NaN for missing where that is allowed."""
    values: Floats = np.asarray(
        number_column(frame, name).astype("float64").to_numpy(dtype=np.float64, na_value=np.nan)
    )
    bad = np.isinf(values) if missing else ~np.isfinite(values)
    if bad.any():
        what = "infinite" if missing else "missing or infinite"
        raise FrameError.column_type(name, str(frame[name].dtype), f"It has {what} values: drop or fill them first.")
    return values


# -- over how many persons ---------------------------------------------------------------------------------------------


class Behind(NamedTuple):
    """Who must stand behind a value that is shown.

    Attributes
    ----------
    least : int
        So many distinct persons with a value.
    units : tuple of str
        Columns of ids, by each of which they are counted; none where rows are.
    told : bool
        Whether the number comes from what was asked; else it is `LEAST`.
    """

    least: int
    units: tuple[str, ...] = ()
    told: bool = True


def behind(criterion: Criterion) -> Behind:
    """Return who a goal asks to stand behind a value.

    Examples
    --------
    >>> from privkit import KAnonymity, TCloseness
    >>> behind(KAnonymity(5, unit="id") & TCloseness("ill", 0.2))
    Behind(least=5, units=('id',), told=True)
    >>> behind(TCloseness("ill", 0.2))
    Behind(least=3, units=(), told=False)
    """
    k = max((getattr(part, "k", None) or 1 for part in criterion.parts), default=1)
    units = dict.fromkeys(part.columns[0] for part in criterion.parts if part.counts_units and part.columns)
    return Behind(k if k > 1 else LEAST, tuple(units), k > 1)


def persons_behind(values: Floats, group: Ints, frame: pd.DataFrame, units: Sequence[str]) -> Ints:
    """Return how many persons of each group have a value, by the unit that finds fewest; shape (n_groups,).

    Rows without an id are one person of their group together. Without units every row is a person.

    Examples
    --------
    >>> import pandas as pd
    >>> visits = pd.DataFrame({"id": ["a", "a", "b", "c"]})
    >>> paid, group = np.array([1.0, 2.0, np.nan, 4.0]), np.array([0, 0, 0, 1])
    >>> persons_behind(paid, group, visits, ["id"]).tolist(), persons_behind(paid, group, visits, []).tolist()
    ([1, 1], [2, 1])
    """
    n_groups, there = int(group.max(initial=-1)) + 1, np.flatnonzero(~np.isnan(values))
    counts = [np.bincount(group[there], minlength=n_groups)] if not units else []
    for unit in units:
        persons = factorized(frame[unit])[0].astype(np.int64, copy=False)[there] + 1
        first = np.unique(packed([group[there], persons])[0], return_index=True)[1]
        counts.append(np.bincount(group[there][first], minlength=n_groups))
    return np.asarray(np.minimum.reduce(counts), dtype=np.int64)


@dataclass(frozen=True)
class Aggregate:
    """What a column's numbers became inside their classes, over how many persons, and what that lost.

    Attributes
    ----------
    function : str
        "mean" or "median".
    mean_squared_error : float
        Between the values before and after, over the kept rows that had one; the mean of all of these values stands for
        what is hidden.
    variance : float
        Of these values before: what all rows together, as one class, would lose by their mean.
    least : int
        The fewest persons with a value whose mean or median is shown.
    units : tuple of str
        Columns of ids by which they are counted, by each of them; none where rows are.
    asked : bool
        Whether `least` is what the goal names; else it is 3, since the goal names no k of 2 or more.
    hidden_classes, hidden_values : int
        Classes with a value whose mean or median is hidden, since fewer persons have one, and the values in them.
    """

    function: str
    mean_squared_error: float
    variance: float
    least: int
    units: tuple[str, ...] = ()
    asked: bool = True
    hidden_classes: int = 0
    hidden_values: int = 0

    @property
    def share(self) -> float:
        """The error as a share of the variance; 0 where all values were equal."""
        return self.mean_squared_error / self.variance if self.variance else 0.0


def notes(told: Mapping[str, Aggregate], what: str = "class") -> list[str]:
    """Return what is hidden and why, and what a median is; a sentence each, without any value.

    Examples
    --------
    >>> notes({"age": Aggregate("median", 0.0, 1.0, least=3, asked=False, hidden_classes=1, hidden_values=2)})[0]
    "Hidden, as fewer than 3 rows of a class have a value: 'age' in 1 class (2 values); no k was named."
    """
    several = {"class": "classes"}.get(what, f"{what}s")
    answer = []
    for (least, units, asked), names in _alike(told).items():
        if hidden := [name for name in names if told[name].hidden_values]:
            told_of = (
                f"{name!r} in {one.hidden_classes:,} {what if one.hidden_classes == 1 else several} "
                f"({one.hidden_values:,} value{'' if one.hidden_values == 1 else 's'})"
                for name, one in ((name, told[name]) for name in hidden)
            )
            whom = f"persons (by {' or '.join(map(repr, units))})" if units else "rows"
            why = f"Hidden, as fewer than {least:,} {whom} of a {what} have a value"
            answer.append(f"{why}: {', '.join(told_of)}{'' if asked else '; no k was named'}.")
    if any(one.function == "median" for one in told.values()):
        answer.append(
            f"A median of an odd number of values is one member's own value: it hides which member of the {what}, not "
            "the value."
        )
    return answer


def _alike(told: Mapping[str, Aggregate]) -> dict[tuple[int, tuple[str, ...], bool], list[str]]:
    """Return the columns by who must stand behind their values."""
    answer: dict[tuple[int, tuple[str, ...], bool], list[str]] = {}
    for name, one in told.items():
        answer.setdefault((one.least, one.units, one.asked), []).append(name)
    return answer


def shown_aggregates(
    values: Floats, group: Ints, function: str, frame: pd.DataFrame, asked: Behind
) -> tuple[Floats, Aggregate]:
    """Return for each row what is shown for its group, missing where too few stand behind it; and what that lost."""
    made = aggregated(values, group, function)
    few = persons_behind(values, group, frame, asked.units) < asked.least
    there = ~np.isnan(values)
    hidden = few[group] & there
    made[few[group]] = np.nan
    center = float(values[there].mean()) if there.any() else 0.0
    told = Aggregate(
        function,
        # Who sees nothing of a class takes the mean of all rows.
        squared_error(values, np.where(hidden, center, made)),
        float(np.var(values[there])) if there.any() else 0.0,
        least=asked.least,
        units=asked.units,
        asked=asked.told,
        hidden_classes=len(np.unique(group[hidden])),
        hidden_values=int(hidden.sum()),
    )
    return made, told


def aggregated(values: Floats, group: Ints, function: str) -> Floats:
    """Return for each row the mean, or median, of its group's values that are not missing: one float per group.

    Examples
    --------
    >>> aggregated(np.array([1.0, 4.0, np.nan, 7.0]), np.array([0, 0, 0, 1]), "mean").tolist()
    [2.5, 2.5, 2.5, 7.0]
    """
    import pandas as pd

    if not len(values):
        return values
    of_groups = pd.Series(values).groupby(group).agg(function)
    return np.array(of_groups.reindex(range(int(group.max()) + 1)).to_numpy()[group], dtype=np.float64)


def squared_error(before: Floats, after: Floats) -> float:
    """Return the mean squared difference where a value was there; 0 where none was."""
    there = ~np.isnan(before)
    return float(((after[there] - before[there]) ** 2).mean()) if there.any() else 0.0


# -- as a part of `anonymize` ------------------------------------------------------------------------------------------


def asked_aggregates(asked: object, qi: str | Sequence[str], **others: object) -> tuple[dict[str, str], list[str]]:
    """Return what columns become inside their classes, and the quasi-identifiers that form these.

    Raises
    ------
    ParameterError
        If no column is left to form classes, or one has another part to play as well.
    """
    columns = list(column_names(qi, "qi"))
    if asked is None:
        return {}, columns
    if not isinstance(asked, Mapping) or not all(isinstance(name, str) for name in asked):
        raise ParameterError.of("microaggregate", type_told(asked), "a dict column → 'mean' or 'median'")
    for name, function in asked.items():
        one_word(function, f"microaggregate[{name!r}]", FUNCTIONS)
    for argument, used in others.items():
        if both := [name for name in used or () if name in asked]:  # type: ignore[attr-defined]
            raise ParameterError.of(argument, repr(both), "columns that microaggregate= does not name")
    if not (left := [name for name in columns if name not in asked]):
        rule = "a quasi-identifier that is not aggregated must be left: the classes are formed by it."
        raise ParameterError.together(("qi", "microaggregate"), rule)
    return dict(asked), left


def check_aggregates(data: object, asked: Mapping[str, str]) -> None:
    """Refuse columns that are not there or hold no numbers, before anything is searched; and rows of an engine.

    Raises
    ------
    ColumnNotFoundError, FrameError
    """
    open_frame(data, tuple(asked), "microaggregate")
    if is_lazy(data):
        hint = (
            "Take microaggregate(out.frame, columns, within=qi, least=k) of what anonymize() hands out, with unit= "
            "where the goal counts persons."
        )
        raise FrameError.rows_elsewhere("microaggregate=", hint)
    frame = pandas_frame(data)
    for name in asked:
        numbers_of(frame, name, missing=True)


def with_aggregates(out: Anonymized, asked: Mapping[str, str]) -> Anonymized:
    """Return a result in which numbers are those of their class, over at least as many persons as the goal names.

    The loss is the mean squared error of the rows that are kept, as in ARX; where a value is hidden, that of the mean
    of all of them.
    """
    if not asked:
        return out
    import narwhals as nw

    source, group = out.source[out.kept_], row_classes(out.frame, out.qi).class_of
    made, told, persons = {}, {}, behind(out.criteria)
    for name, function in asked.items():
        before = numbers_of(source, name, missing=True)
        made[name], told[name] = shown_aggregates(before, group, function, source, persons)
    frame: Any = out.frame
    if hasattr(frame, "iloc"):
        frame = frame.assign(**made)
    else:
        here = nw.from_native(frame, eager_only=True)
        series = [nw.new_series(name, values, backend=here.implementation) for name, values in made.items()]
        frame = here.with_columns(*series).to_native()
    return replace(out, frame=frame, report=replace(out.report, aggregates=told))
