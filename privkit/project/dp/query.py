"""Several statistics in one release, and the usual summary of a column.

A query that is priced by the accuracies wanted of its numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Unpack

from privkit.dp.statistics.clipped import WithClipped
from privkit.dp.statistics.counts import Count
from privkit.dp.statistics.moments import Deviation, Mean
from privkit.dp.statistics.quantile import Quantile, probability, public_candidates
from privkit.dp.statistics.quantiles import ENOUGH, Quantiles, percentage, quantiles_of
from privkit.dp.statistics.several import Several
from privkit.dp.statistics.sums import Sum
from privkit.errors import ParameterError, nothing_spent
from privkit.errors.dp import PriceError
from privkit.errors.root import close_matches, type_told
from privkit.project.asking import Asking, asks, planned
from privkit.project.known import Known
from privkit.tally.groups import date_kind
from privkit.values.arguments import column_name, true_or_false
from privkit.values.bounds import ValueBounds
from privkit.values.exact import exact, exact_text

if TYPE_CHECKING:
    from privkit.dp.plan import Plan
    from privkit.dp.statistics.statistic import Statistic
    from privkit.values.inputs import Frame, Pair


#: Where δ is shared, a part gets less of it than alone: the whole is raised in steps until all accuracies are reached.
_STEP, _STEPS = Fraction(101, 100), 500


def planned_by_accuracies(data: object, by: str | Sequence[str] | None, several: Several, **asking: Any) -> Plan:
    """Return the plan of a query whose parts get what the wanted accuracies need, or less where a cap says so.

    Each part is priced alone at the accuracies wanted of its numbers; the dearest of them counts. The loss of the whole
    is the sum, shared in proportion. Reads the schema, never a row.

    Parameters
    ----------
    several : Several
        The statistics; their shares are found here.
    **asking
        `accuracy` is a dict from names to half-widths; `epsilon` or `rho` is a cap.

    Raises
    ------
    ParameterError
        If a name is unknown, or nothing is wanted of a part.
    """
    wanted = _wanted(asking.pop("accuracy"), several)
    caps = {name: asking.pop(name, None) for name in ("epsilon", "rho")}

    def at(asked: Several, **price: Any) -> Plan:
        return planned(data, by, lambda _: asked, **{**asking, **price})

    needs = [Fraction(0)] * len(several.parts)
    for name, place, of in several.outputs:
        if name in wanted:
            alone = Several((several.parts[place],), (Fraction(1),), ((name, 0, of),))
            plan = at(alone, accuracy=wanted[name])
            needs[place] = max(needs[place], plan.loss.main)
    measure, total = plan.loss.measure, sum(needs, Fraction(0))
    main, other = ("rho", "epsilon") if measure.concentrated else ("epsilon", "rho")
    if caps[other] is not None:
        raise PriceError.measure(other, measure.value, f"Give {main}= as the cap.")
    shared = replace(several, shares=tuple(need / total for need in needs))

    if caps[main] is not None and (most := exact(caps[main], main)) < total:
        needed, given = exact_text(total), exact_text(most)
        note = f"the wanted accuracies need {main} = {needed}; all of them are fitted to {main} = {given}"
        plan = at(shared, **{main: most})
        return replace(plan, notes=(*plan.notes, note))
    for _ in range(_STEPS):
        plan = at(shared, **{main: total})
        widths = plan.accuracies
        if all((widths[name] or 0.0) <= float(width) for name, width in wanted.items()):
            return plan
        total = Fraction(math.ceil(total * _STEP * 10**6), 10**6)
    told = ", ".join(f"{name!r}: {exact_text(width)}" for name, width in wanted.items())
    raise PriceError.unreachable(f"{{{told}}}")


def _wanted(accuracy: Mapping[Any, Any], several: Several) -> dict[str, Fraction]:
    names = [name for name, _, _ in several.outputs]
    if unknown := [name for name in accuracy if name not in names]:
        raise ParameterError.of("accuracy", f"names {unknown!r}", f"names of statistics: {names!r}")
    measured = {place for name, place, _ in several.outputs if name in accuracy}
    if missing := [name for name, place, _ in several.outputs if place not in measured]:
        raise ParameterError.of("accuracy", f"nothing for {missing!r}", "a half-width for each thing that is measured")
    return {name: exact(width, f"accuracy[{name!r}]") for name, width in accuracy.items()}


#: What comes from the sums of a column's numbers, and of their squares.
_MOMENTS = frozenset({"mean", "var", "std"})
_ALLOWED = (
    "'count'; ('count', column, bounds), ('sum', column, bounds), ('mean', column, bounds), ('var', column, bounds), "
    "('std', column, bounds), ('median', column, bounds), ('clipped', column, bounds); or ('quantile', column, q, "
    "bounds). Bounds that the project declares may be left out"
)
#: From each kind to how many items say it: its name, the column, a probability, the bounds.
_ITEMS = {"count": 3, "sum": 3, "mean": 3, "var": 3, "std": 3, "clipped": 3, "median": 3, "quantile": 4}


@dataclass(frozen=True, slots=True)
class _Number:
    """One number that is asked for: `ends` bound the values of a column, `candidates` and `q` make a quantile."""

    kind: str
    column: str = ""
    ends: ValueBounds | None = None
    q: tuple[int, int] | None = None
    candidates: tuple[float, ...] = ()

    def shares(self, other: _Number) -> bool:
        """Whether another number is of the same values of the same column."""
        return (self.column, self.ends) == (other.column, other.ends)


@asks("Price several statistics; spends nothing. The parameters are those of :func:`dp_query`.")
def dp_query(
    data: Frame,
    statistics: Mapping[str, object],
    by: str | Sequence[str] | None = None,
    *,
    weights: Mapping[str, float] | None = None,
    **asking: Unpack[Asking],
) -> Plan:
    """Answer several statistics of the same groups in one release, sharing its loss. Spends budget.

    Reads rows. What comes from the same sums is measured once: mean, sum and count of a column cost one share, and
    six or more quantiles of a column with the same bounds come from one tree of counts. A median or a quantile is the
    one that :func:`dp_median` and :func:`dp_quantile` release alone at its share of the loss, with its interval.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    statistics : dict
        From the name of each number to what it is: ``"count"``, ``("mean", column, bounds)``, likewise ``"sum"``,
        ``"var"``, ``"std"``, ``"median"`` and ``"count"`` (of the values that are there), or
        ``("quantile", column, q, bounds)``. ``("clipped", column, bounds)`` is the share of the column's rows that lie
        outside its bounds, for an eighth more noise on what else is asked of it. Bounds may be left out where the
        project declares them, or candidates.
    by : str or list of str, optional
        The columns to group by.
    weights : dict, optional
        From names to weights, by which the loss is shared among what is measured; 1 by default.
    accuracy : dict, optional
        In place of `weights`: from names to the half-widths to reach, at least one of each thing measured. The price is
        what they need; `epsilon` (or `rho`) beside it is a cap, to which all of them are fitted in proportion.
    **asking

    Returns
    -------
    Release
        `.value` is a frame with a column for each name; `.to_frame()` has the intervals as well.

    **raises

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> people = pd.DataFrame({"age": [20, 40, 60] * 1000})
    >>> project = pk.open_project("query", epsilon=1, unit=pk.ROW, store=ledger_path)
    >>> asked = {"n": "count", "mean_age": ("mean", "age", (0, 100)), "sum_age": ("sum", "age", (0, 100))}
    >>> dp_query(people, asked, epsilon=0.5).value.columns.tolist()
    ['n', 'mean_age', 'sum_age']
    """
    with nothing_spent():
        known = Known(asking)
        several = several_of(statistics, weights, known, data)
        if isinstance(asking.get("accuracy"), Mapping):
            if weights is not None:
                together = "give weights= or accuracy= by names, not both: each says how the loss is shared."
                raise ParameterError.together(("weights", "accuracy"), together)
            return planned_by_accuracies(data, by, several, known=known, **asking)
    return planned(data, by, lambda _: several, known=known, **asking)


@asks("Price a description; spends nothing. The parameters are those of :func:`dp_describe`.")
def dp_describe(
    data: Frame,
    column: str,
    by: str | Sequence[str] | None = None,
    *,
    bounds: Pair | None = None,
    clipped: bool = False,
    **asking: Unpack[Asking],
) -> Plan:
    """Describe a column under differential privacy: count, mean, std and quartiles at one price. Spends budget.

    Reads rows. Half of the loss goes to count, mean and standard deviation, which come from the same sums, and a sixth
    to each quartile. There is no minimum and no maximum: one person decides them.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    column : str
        A column of numbers.
    by : str or list of str, optional
        The columns to group by.
    bounds : (lower, upper)
        Public bounds of one value; values outside are clipped.
    clipped : bool
        Whether to tell the share of rows that lie outside the bounds, as one more column, for an eighth more noise on
        count, mean and std.
    **asking

    Returns
    -------
    Release
        `.value` is a frame with the columns count, mean, std, 25%, 50% and 75%.
    """
    with nothing_spent():
        known = Known(asking)
        ends = known.bounds(column_name(column), bounds)
        asked: dict[str, object] = {name: (name, column, ends) for name in ("count", "mean", "std")}
        asked |= {f"{percent}%": ("quantile", column, percent / 100, ends) for percent in (25, 50, 75)}
        asked |= {"clipped": ("clipped", column, ends)} if true_or_false(clipped, "clipped") else {}
        several = several_of(asked, {"count": 3, "mean": 3, "std": 3}, known)
    return planned(data, by, lambda _: several, known=known, **asking)


def several_of(statistics: object, weights: object, known: Known, data: object = None) -> Several:
    """Return the statistics that were named, each measured once.

    Parameters
    ----------
    data : dataframe, optional
        Its schema tells columns of dates, whose quantiles are asked one by one.

    Raises
    ------
    ParameterError
        If a statistic is unknown or a weight is out of range.
    """
    if not isinstance(statistics, Mapping) or not statistics:
        raise ParameterError.of("statistics", type_told(statistics), f"a dict from names to {_ALLOWED}")
    asked = {_text(name): _asked(name, what, known, data) for name, what in statistics.items()}
    given = _weights(weights, asked)
    of = {(one.column, one.ends): {own.kind for own in asked.values() if one.shares(own)} for one in asked.values()}
    trees = _trees(asked.values())
    parts: dict[Statistic, Fraction] = {}
    found: list[tuple[str, Statistic, str]] = []
    for name, one in asked.items():
        if one.q is not None and (tree := trees.get((one.column, one.candidates))) is not None:
            # Each quantile brings its weight to the tree that answers all of them.
            parts[tree] = parts.get(tree, Fraction(0)) + given[name]
            found.append((name, tree, percentage(*one.q)))
            continue
        part = _part(one, of[one.column, one.ends])
        parts[part] = max(parts.get(part, Fraction(0)), given[name])
        found.append((name, part, part.main if isinstance(part, Quantile) else one.kind))
    ordered = sorted(parts, key=lambda part: repr(part.canonical()))  # the order of asking makes no other question
    total = sum(parts.values(), Fraction(0))
    outputs = tuple((name, ordered.index(part), kind) for name, part, kind in found)
    return Several(tuple(ordered), tuple(parts[part] / total for part in ordered), outputs, decimals=True)


def _trees(asked: Iterable[_Number]) -> dict[tuple[str, tuple[float, ...]], Quantiles]:
    """Return by column and candidates the tree of counts, where enough quantiles are asked for one to be better."""
    wanted: dict[tuple[str, tuple[float, ...]], set[tuple[int, int]]] = {}
    for one in asked:
        if one.q is not None:
            wanted.setdefault((one.column, one.candidates), set()).add(one.q)
    return {
        (column, candidates): quantiles_of(column, sorted(of), candidates)
        for (column, candidates), of in wanted.items()
        if len(of) >= ENOUGH
    }


def _part(one: _Number, kinds: set[str]) -> Statistic:
    """Return what is measured for a number beside those `kinds` that share its column and its bounds.

    It is the moments of its column where those are measured anyway, and has the share of clipped rows where that is
    asked.
    """
    if one.q is not None:
        return Quantile(one.column, *one.q, one.candidates)
    if one.ends is None:
        return Count()
    moments = kinds & _MOMENTS
    inner: Mean | Sum
    if moments - {"mean"}:
        inner = Deviation(one.column, one.ends)
    elif not moments and (kinds == {"clipped", "sum"} or ("clipped" not in kinds and one.kind == "sum")):
        inner = Sum(one.column, one.ends)
    else:
        inner = Mean(one.column, one.ends)
    return WithClipped(inner) if "clipped" in kinds else inner


def _text(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise ParameterError.of("statistics", f"{type_told(name)} as a name", "names as text")
    return name


def _asked(name: str, what: object, known: Known, data: object) -> _Number:
    """Return what a statistic says, its bounds those of the project where it says none."""
    if what == "count" and isinstance(what, str):
        return _Number("count")
    size = _ITEMS.get(what[0]) if isinstance(what, tuple) and what and isinstance(what[0], str) else None
    if not isinstance(what, tuple) or size is None or len(what) not in (size - 1, size):
        raise ParameterError.of("statistics", f"{name!r} as {_said(what)}", _ALLOWED)
    kind, column = what[0], column_name(what[1])
    given = what[-1] if len(what) == size else None  # a fact of the project, where it is left out
    if kind not in ("median", "quantile"):
        return _Number(kind, column, given if isinstance(given, ValueBounds) else known.bounds(column, given))
    q = probability(what[2] if kind == "quantile" else 0.5)
    if data is not None and date_kind(data, column) is not None:
        raise ParameterError.together(
            ["statistics"], f"{column!r} holds dates: ask its {kind} alone, by dp_{kind}, which answers with dates."
        )
    within = isinstance(given, ValueBounds)
    candidates = public_candidates(given, None, column) if within else known.candidates(column, given, None)
    return _Number("quantile", column, q=q, candidates=candidates)


def _said(what: object) -> str:
    """Return what stands for a statistic and is none: by its kind, and what that may have meant."""
    kind = what[0] if isinstance(what, tuple) and what else what
    if not isinstance(kind, str):
        return "something else"
    if kind in _ITEMS:
        return f"{kind!r} and not all, or more, of what belongs to it"
    close = close_matches(kind, _ITEMS, 1)
    return repr(kind[:40]) + (f" (close to {close[0]!r})" if close else "")


def _weights(weights: object, asked: Mapping[str, Any]) -> dict[str, Fraction]:
    if weights is None:
        weights = {}
    if not isinstance(weights, Mapping) or (unknown := [name for name in weights if name not in asked]):
        found = type_told(weights) if not isinstance(weights, Mapping) else f"names {unknown!r}"
        raise ParameterError.of("weights", found, "a dict from names of statistics to numbers > 0")
    return {name: exact(weights.get(name, 1), f"weights[{name!r}]") for name in asked}
