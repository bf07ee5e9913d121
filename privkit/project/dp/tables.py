"""Many tables in one release."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations, islice
from typing import TYPE_CHECKING, Any, Unpack

from privkit.dp.noise.noise import ALPHA
from privkit.dp.statistics.arranged import OTHER, told_table
from privkit.dp.statistics.books.tables import Tables
from privkit.dp.statistics.counts import Count
from privkit.errors import ParameterError, nothing_spent
from privkit.errors.disclosure import LevelsError, TablesError
from privkit.errors.root import type_told
from privkit.project.asking import Asking, asks, check_columns, planned
from privkit.project.current import current_project
from privkit.project.known import Known
from privkit.tally.books import words
from privkit.tally.groups import dated_keys
from privkit.values.arguments import column_name
from privkit.values.bounds import ContributionBounds, contribution_bounds
from privkit.values.exact import exact
from privkit.values.expression.selection import selection
from privkit.values.keys import Keys, public_keys

if TYPE_CHECKING:
    from privkit.dp.plan import Plan
    from privkit.values.inputs import Frame, Names, NestedNames
    from privkit.values.unit import PrivacyUnit

#: Cells that are planned, sets of columns, and weights of one set in another: see :func:`_check`.
MOST_CELLS, MOST_SETS, MOST_WEIGHTS = 2_000_000, 5_000, 500_000_000


@asks("Price a book of tables without touching rows. Spends nothing; ``.release()`` runs it.")
def dp_tables(
    data: Frame,
    tables: NestedNames | None = None,
    *,
    order: int | None = None,
    columns: Names | None = None,
    importance: Mapping[Any, float] | str | None = None,
    of: str = "rows",
    **asking: Unpack[Asking],
) -> Plan:
    """Count rows in many tables at once under differential privacy, far better than one by one. Spends budget.

    Reads rows. The tables share columns, so what one tells helps the others: they are planned together, measured with
    noise of their own, and fitted to each other. Each adds up with every other, exactly, and none is less accurate than
    where the loss is split among them.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    tables : list of tuple of str, optional
        Each table by its columns. The total ``()`` comes with any other one, so that it asks nothing more, unless
        `importance` names it.
    order : int, optional
        In place of `tables`: all tables of one to `order` of the `columns`.
    columns : list of str, optional
        The columns for `order`.
    importance : dict, or "cells", optional
        From tables to numbers above 0, 1 by default: the plan makes important ones more accurate. It is compared with
        the best split for that importance. "cells" makes each table as important as it has cells, which errs least per
        cell; small tables are less accurate then.
    of : {"rows"}
        Distinct persons do not add up, and are refused.
    **asking

    Returns
    -------
    Release
        ``.table("sex", "age_band")`` is a frame of `count`, `lower` and `upper`, indexed by the keys; so is any table
        that lies within one that was asked for. ``.total("sex")`` is the same to compute on with. ``.to_frame()`` has
        all.

    Raises
    ------
    TablesError, LevelsError
        If tables, keys or importance are not what they must be, or there are too many cells. Nothing was spent.
    PrivkitError
        One of its kinds; nothing was spent, except after `MeasurementError`.

    Notes
    -----
    `keys` is a dict with a list of public values for each column; those of derived columns (``pk.cut``) and of columns
    of which the project declares them may be left out, and a release of one column's groups stands for its own. Every
    column has one more level, "(other or missing)", so that each row is in one cell of every table. `accuracy` is the
    greatest half-width of the 95 % interval of any table's cells. Persons' rows are bounded once for all tables, to
    `max_rows` (or `max_groups` · `per_group`) rows of one person in all.

    The proofs are in `privkit.dp.statistics.books.tables`, `residuals` and `strategy`; after ResidualPlanner
    (Xiao, He, Zhang and Kifer 2023, arXiv 2305.08175).

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> people = pd.DataFrame({"sex": ["f", "m"] * 500, "city": ["Bern"] * 600 + ["Basel"] * 400})
    >>> project = pk.open_project("book", rho=1, unit=pk.ROW, store=ledger_path)
    >>> keys = {"sex": ["f", "m"], "city": ["Basel", "Bern"]}
    >>> release = people.privacy.dp_tables([("sex",), ("city",), ("sex", "city")], keys=keys, rho=0.5)
    >>> release.table("sex").index.tolist(), project.spent
    (['f', 'm', '(other or missing)'], ρ = 0.5)
    >>> both = release.table("sex", "city")["count"]
    >>> bool((both.groupby("city", sort=False).sum() == release.table("city")["count"]).all())
    True
    """
    with nothing_spent():
        if of != "rows":
            raise TablesError.persons()
        asked = _asked(tables, order, columns, importance)
    return _planned(data, asked, importance, asking)


@asks("Price a crosstab; spends nothing. The parameters are those of :func:`dp_crosstab`.")
def dp_crosstab(data: Frame, index: str, columns: str, *, margins: bool = False, **asking: Unpack[Asking]) -> Plan:
    """Count the rows of every pair of public values of two columns under differential privacy. Spends budget.

    Reads rows. Give both lists of values: ``keys={"sex": ["f", "m"], "band": [...]}``. One row is in one cell, so the
    whole table costs what one count does.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    index, columns : str
        The two columns.
    margins : bool
        Whether the counts of each column by itself are asked for as well: the answer is that of :func:`dp_tables` for
        the three tables, planned together. Margins that add up many cells are more accurate than sums of the plain
        table, and cells less accurate than there: the plan tells both. All add up exactly, each column having the level
        "(other or missing)".
    **asking

    Returns
    -------
    Release
        ``.value.unstack()`` is the table. With margins, ``.table(index, columns)``, ``.table(index)``,
        ``.table(columns)`` and ``.total()``.

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> people = pd.DataFrame({"sex": ["f", "m"] * 500, "city": ["Bern"] * 600 + ["Basel"] * 400})
    >>> project = pk.open_project("margins", rho=1, unit=pk.ROW, store=ledger_path)
    >>> keys = {"sex": ["f", "m"], "city": ["Basel", "Bern"]}
    >>> release = dp_crosstab(people, "sex", "city", keys=keys, margins=True, rho=0.5)
    >>> list(release.plan.tables.index), release.table("sex").index.tolist()
    (['sex × city', 'sex', 'city'], ['f', 'm', '(other or missing)'])
    """
    with nothing_spent():
        by = (column_name(index), column_name(columns))
        if not isinstance(margins, bool):
            raise ParameterError.of("margins", type_told(margins), "True or False")
        if margins and by[0] == by[1]:
            raise TablesError.twice(f"the column {by[0]!r} in a table")
    if margins:
        return _planned(data, (by, by[:1], by[1:]), None, asking)
    return planned(data, list(by), lambda _: Count(), **asking)


def _planned(data: object, asked: tuple[tuple[str, ...], ...], importance: object, asking: Asking) -> Plan:
    """Return the plan of a book of tables, by the better noise where there is a choice."""
    with nothing_spent():
        keys = asking.pop("keys", None)
        known = Known(asking)
        levels = _levels(data, asked, keys, known, asking)
        _check(levels, asked)
        important = _importance(importance, levels, asked)
        project = found if (found := asking.get("project")) is not None else current_project()
        if not project.unit.is_row and words([len(keys) + 1 for keys in levels]) is None:
            raise TablesError.apart()
        kinds = kinds_of(project.account.measure, asking)

    def plan_of(laplace: bool) -> Plan:
        made = Tables.of(levels, asked, important, laplace=laplace)
        return planned(data, None, lambda _: made, bounded=in_all(project.unit, asking), known=known, **asking)

    return _better([plan_of(laplace) for laplace in kinds])


def _better(plans: list[Plan]) -> Plan:
    """Return the cheapest plan; of several the more accurate one, found without all tables of one that cannot be it."""
    least = min(plan.loss.main for plan in plans)
    plans = [plan for plan in plans if plan.loss.main == least]
    floors = {
        place: plan.question.asked.least_width(plan.noise, ALPHA, None) or 0.0 for place, plan in enumerate(plans)
    }
    found, accuracy = plans[0], math.inf
    for place in sorted(floors, key=lambda place: (floors[place], place)) if len(plans) > 1 else ():
        if floors[place] < accuracy and (told := plans[place].accuracy) is not None and told < accuracy:
            found, accuracy = plans[place], told
    return found


def in_all(unit: PrivacyUnit, asking: Mapping[str, Any]) -> Callable[[ContributionBounds | None], ContributionBounds]:
    """Return what makes of the bounds that were asked for one on a person's rows in all tables together."""
    limits = {name: asking.get(name) for name in ("max_rows", "max_groups", "per_group")}
    return lambda default: ContributionBounds(max_rows=contribution_bounds(unit, **limits, default=default).l1)


def kinds_of(measure: Any, asking: Mapping[str, Any]) -> tuple[bool, ...]:
    """Return whether Laplace noise is planned for, or not, or both are looked at."""
    delta, named = asking.get("delta"), asking.get("mechanism")
    named = named.lower() if isinstance(named, str) else None
    if named == "laplace":
        return (True,)
    if measure.concentrated:
        return (False,)
    if not measure.has_delta or delta is None or delta == 0:
        return (True,)  # where Gaussian noise was named, the price refuses it
    return (False,) if named == "gaussian" else (True, False)


def _asked(tables: object, order: object, columns: object, importance: object) -> tuple[tuple[str, ...], ...]:
    """Return the tables as they were asked for, without a total that would come all the same."""
    if tables is not None:
        if order is not None or columns is not None:
            raise TablesError.shape("beside order= or columns=")
        found = _named(tables)
    else:
        found = _by_order(order, columns)
    once: set[frozenset[str]] = set()
    for names in found:
        if len(set(names)) < len(names):
            raise TablesError.twice(f"the column {next(name for name in names if names.count(name) > 1)!r} in a table")
        if frozenset(names) in once:
            raise TablesError.twice(f"the table {told_table(names)!r}")
        once.add(frozenset(names))
    if not any(found):
        raise TablesError.shape("without a column")
    return found if isinstance(importance, Mapping) and () in importance else tuple(filter(None, found))


def _listed(value: object) -> bool:
    return isinstance(value, list | tuple) and not isinstance(value, str)


def _named(tables: object) -> tuple[tuple[str, ...], ...]:
    if isinstance(tables, str) or not isinstance(tables, list | tuple):
        raise TablesError.shape(f"as {type_told(tables)}")
    if not tables:
        raise TablesError.shape("as an empty list")
    found = []
    for one in tables:
        if not isinstance(one, str | list | tuple):
            raise TablesError.shape(f"with {type_told(one)}")
        found.append((column_name(one),) if isinstance(one, str) else tuple(column_name(name) for name in one))
    return tuple(found)


def _by_order(order: object, columns: object) -> tuple[tuple[str, ...], ...]:
    if order is None or columns is None:
        raise TablesError.shape("as None")
    if isinstance(columns, str) or not isinstance(columns, list | tuple) or not columns:
        raise TablesError.shape(f"beside columns as {type_told(columns)}" if columns else "beside no columns")
    names = tuple(column_name(name) for name in columns)
    if len(set(names)) < len(names):
        raise TablesError.twice(f"the column {next(name for name in names if names.count(name) > 1)!r}")
    if isinstance(order, bool) or not isinstance(order, int) or not 1 <= order <= len(names):
        raise TablesError.order(str(order) if isinstance(order, int) else type_told(order), len(names))
    many = sum(math.comb(len(names), size) for size in range(1, order + 1))
    if many > MOST_SETS:
        raise TablesError.sets(many, MOST_SETS)
    return tuple(part for size in range(1, order + 1) for part in combinations(names, size))


def _levels(
    data: object, asked: Iterable[Sequence[str]], keys: object, known: Known, asking: Mapping[str, Any]
) -> tuple[Keys, ...]:
    """Return the public values of each column, by name in ascending order."""
    names = sorted({name for table in asked for name in table})
    check_columns(data, names, "tables", asking)
    selected = selection(*(asking.get(name) for name in ("where", "derive", "missing")))
    found, lacking = [], []
    for name, own in known.levels(names, keys, selected).items():
        if own is None:
            lacking.append(name)
            continue
        made = public_keys((name,), own)
        made = dated_keys(data, made) if name not in selected.derived else made
        if any(key == (OTHER,) for key in made.values):
            raise LevelsError.reserved(name, OTHER)
        found.append(made)
    if lacking:
        raise LevelsError.required(lacking)
    return tuple(found)


def _check(levels: tuple[Keys, ...], asked: tuple[tuple[str, ...], ...]) -> None:
    """Refuse tables that are too large, before all that lies within them is listed.

    The law of a table of m columns weighs every set that may be measured in 2^m ways: what takes longest of all.
    """
    sizes = {keys.by[0]: len(keys) + 1 for keys in levels}
    each = {names: math.prod(sizes[name] for name in names) for names in asked}
    largest = max(asked, key=each.__getitem__)
    if (cells := sum(each.values())) > MOST_CELLS:
        raise TablesError.cells(told_table(largest), cells, MOST_CELLS)
    if (many := len({part for names in asked for part in _within(names)})) > MOST_SETS:
        raise TablesError.sets(many, MOST_SETS)
    if many * sum(2 ** len(names) for names in asked) > MOST_WEIGHTS:
        deepest = max(asked, key=len)
        raise TablesError.work(told_table(deepest), len(deepest))


def _within(names: tuple[str, ...]) -> Iterator[frozenset[str]]:
    """Give all that lies within a table, or more of it than is planned."""
    each = (frozenset(part) for size in range(len(names) + 1) for part in combinations(names, size))
    return islice(each, MOST_SETS + 1)


def _importance(
    importance: object, levels: tuple[Keys, ...], asked: tuple[tuple[str, ...], ...]
) -> dict[frozenset[str], Fraction]:
    found = {frozenset(names): Fraction(1) for names in asked}
    if importance is None:
        return found
    if importance == "cells":
        sizes = {keys.by[0]: len(keys) + 1 for keys in levels}
        return {names: Fraction(math.prod(sizes[name] for name in names)) for names in found}
    if not isinstance(importance, Mapping):
        raise TablesError.importance(f"as {type_told(importance)}")
    for names, weight in importance.items():
        table = frozenset([names] if isinstance(names, str) else names if isinstance(names, tuple) else [object()])
        if table not in found:
            raise TablesError.importance("for a table that is not asked for")
        found[table] = exact(weight, "importance")
    return found
