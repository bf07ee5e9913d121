"""Rows to share, under differential privacy."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Unpack

from privkit.dp.statistics.arranged import OTHER, told_table
from privkit.dp.synthesis.model import all_pairs
from privkit.dp.synthesis.synthetic import MOST_ROWS, Synthetic
from privkit.errors import nothing_spent
from privkit.errors.arguments import ParameterError
from privkit.errors.disclosure import LevelsError
from privkit.errors.root import type_told
from privkit.errors.synthetic import ColumnDomainError, SyntheticError
from privkit.project.asking import Asking, asks, check_columns, planned
from privkit.project.current import current_project
from privkit.project.dp.rules import check_keys, filled, rules_of
from privkit.project.dp.tables import MOST_CELLS, in_all, kinds_of
from privkit.project.known import Known
from privkit.tally.books import words
from privkit.tally.frame import engine_of
from privkit.tally.groups import dated_keys
from privkit.tally.predicate import language_kind
from privkit.values.arguments import column_name, whole
from privkit.values.exact import exact
from privkit.values.expression.builders import cut
from privkit.values.expression.checking import checked
from privkit.values.expression.days import DateCut
from privkit.values.expression.nodes import Cut
from privkit.values.expression.selection import selection
from privkit.values.keys import Keys, public_keys
from privkit.values.vouched import vouched

if TYPE_CHECKING:
    from privkit.dp.plan import Plan
    from privkit.values.inputs import Frame, Names

#: Columns at most: their pairs are all looked at.
MOST_COLUMNS = 60
_HELD = "Example: held_out=0.1."


@asks("Price synthetic rows without touching rows. Spends nothing; ``.release()`` draws them.")
def dp_synthetic(
    data: Frame,
    columns: Names,
    *,
    cuts: Mapping[str, Any] | None = None,
    target: str | None = None,
    rows: int | None = None,
    rounds: int | None = None,
    constraints: Sequence[object] | None = None,
    held_out: float | None = None,
    progress: bool = False,
    **asking: Unpack[Asking],
) -> Plan:
    """Draw rows in the original schema that fit noisy tables, under differential privacy. Spends budget.

    Reads rows. Tables of single columns, or of all pairs with a `target`, are measured first. Then pairs of columns are
    chosen one after another, where the model so far fits worst (by a noisy maximum), measured, and fitted. At last rows
    are drawn that fit all that was measured. What three or more columns do together is kept as far as pairs tell it.

    Parameters
    ----------
    data : dataframe
        pandas, or another that Narwhals reads.
    columns : list of str
        Two or more. The rows have them in the frame's order.
    cuts : dict, optional
        From columns of numbers or dates to the edges of their bins, as a public fact: a list as of ``pk.cut``, or a
        ``pk.cut``. Values are drawn uniformly within a bin: whole numbers where the column has these, days as
        midnights.
    target : str, optional
        A column that others shall be learned to predict: its pairs with all others are measured first.
    rows : int, optional
        How many rows to draw; by default as many as the noisy tables tell.
    rounds : int, optional
        How many further pairs are measured; by default half of them.
    constraints : list of str, optional
        What the owner states of every row, as public facts: conditions (``"age >= 18"``, ``"not (age < 18 and married ==
        'yes')"``), written as for `where`, and columns of which one decides another (``"city -> country"``). No drawn row
        breaks one. Keys and bins must decide a condition; of a missing value it states nothing.
    held_out : number, optional
        The share of the loss, between 0 and 1, that measures up to five pairs to which rows are not fitted: `.distances`
        tells how far off the rows are from them.
    progress : bool
        Whether to show a progress bar on standard error.
    **asking

    Returns
    -------
    Release
        ``.frame`` has the rows, in the original types. ``.table("age", "income")`` and the like are the tables of the
        first round, with intervals. ``.distances`` tells how far the rows are from each table that they were drawn to
        fit.

    Raises
    ------
    SyntheticError, ColumnDomainError, LevelsError
        If columns lack public values, or there are too many cells. Nothing was spent.
    PrivkitError
        One of its kinds; nothing was spent, except after `MeasurementError`.

    Notes
    -----
    `keys` is a dict with a list of public values for each column that is not cut; those of derived columns (``pk.cut``)
    and of columns of which the project declares them may be left out. What is none of them, and missing values, become
    missing values in the rows, where the column's type holds these.

    The whole price is reserved before the first round. Ctrl-C ends the rounds: rows are drawn from what was measured
    until then, the answer says so, and it replays. Persons' rows are bounded once for all tables.

    The proofs are in `privkit.dp.synthesis.synthetic`, `running` and `privkit.dp.noise.rounds`; after AIM (McKenna,
    Mullins, Sheldon and Miklau 2022, arXiv 2201.12677) and AIM+GReM (arXiv 2602.05674).

    Examples
    --------
    >>> import pandas as pd, privkit as pk
    >>> people = pd.DataFrame({"sex": ["f", "m"] * 500, "age": [25, 31, 48, 67] * 250, "old": [False, False, False, True] * 250})
    >>> project = pk.open_project("rows", rho=1, unit=pk.ROW, store=ledger_path)
    >>> domains = {"keys": {"sex": ["f", "m"], "old": [False, True]}, "cuts": {"age": [18, 30, 45, 65, 100]}}
    >>> release = people.privacy.dp_synthetic(["sex", "age", "old"], **domains, rows=800, rho=0.5)
    >>> release.frame.shape, list(release.frame.dtypes) == list(people.dtypes), project.spent
    ((800, 3), True, ρ = 0.5)
    """  # noqa: E501 - a line of an example
    with nothing_spent():
        names = _columns(data, columns)
        for argument in ("accuracy", "relative", "assume_rows", "keys_share"):
            if asking.get(argument) is not None:
                raise SyntheticError.accuracy(argument)
        known = Known(asking)
        derived, inner = _derived(data, names, cuts, asking, known)
        keys = asking.pop("keys", None)
        levels = _levels(data, names, keys, known, derived, inner, asking)
        _check(levels)
        made = tuple(filled(data, name, inner[name], derived) for name in names)
        for one, of in zip(made, (inner[name] for name in names), strict=True):
            check_keys(one, next([key[0] for key in keys.values] for keys in levels if keys.by[0] == of))
        aim = _target(target, inner)
        many = None if rows is None else whole(rows, "rows", least=1, below=None)
        if many is not None and many > MOST_ROWS:
            raise ParameterError.of("rows", f"{many:,}", f"at most {MOST_ROWS:,}")
        turns = None if rounds is None else whole(rounds, "rounds", least=0)
        share = Fraction(0) if held_out is None else Fraction(exact(held_out, "held_out", below=1, hint=_HELD))
        if not isinstance(progress, bool):
            raise ParameterError.of("progress", type_told(progress), "True or False")
        rules = rules_of(data, constraints, made, levels, derived)
        project = found if (found := asking.get("project")) is not None else current_project()
        laplaces = kinds_of(project.account.measure, asking)
    arguments: dict[str, Any] = {**asking, "derive": derived or None}

    own: dict[str, Any] = {"target": aim, "rows": many, "rounds": turns}
    own |= {"rules": rules, "held": share, "progress": progress}

    def plan_of(laplace: bool) -> Plan:
        asked = Synthetic.asks(levels, made, laplace=laplace, **own)
        return planned(data, None, lambda _: asked, bounded=in_all(project.unit, asking), known=known, **arguments)

    plans = [plan_of(laplace) for laplace in laplaces]
    return min(plans, key=lambda plan: (plan.loss.main, _width(plan)))


def _width(plan: Plan) -> float:
    """Return how far the noise of a further pair carries: what the kinds of noise are compared by."""
    noise: Any = plan.noise
    return float((noise.later if noise.measuring else noise.one).half_width())


def _columns(data: object, columns: object) -> list[str]:
    """Return the columns in the frame's order, derived ones last."""
    if isinstance(columns, str) or not isinstance(columns, list | tuple):
        raise SyntheticError.columns(f"as {type_told(columns)}")
    names = [column_name(name, "columns") for name in columns]
    if len(set(names)) < len(names):
        raise SyntheticError.columns("with one of them twice")
    if len(names) < 2 or len(names) > MOST_COLUMNS:
        raise SyntheticError.columns(f"of which there are {len(names)} (at most {MOST_COLUMNS})")
    order = {name: place for place, name in enumerate(engine_of(data).schema)}
    return sorted(names, key=lambda name: order.get(name, len(order) + names.index(name)))


def _derived(
    data: object, names: Sequence[str], cuts: object, asking: Mapping[str, Any], known: Known
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the derived columns with those that are cut, and of each column the one of its levels."""
    said, reason = vouched(cuts)
    if said is not None and not isinstance(said, Mapping):
        raise SyntheticError.cuts(f"as {type_told(said)}")
    given: dict[Any, Any] = dict(said or {})
    derive = asking.get("derive")
    if derive is not None and not isinstance(derive, Mapping):
        raise ParameterError.of("derive", type_told(derive), "a dict of names and expressions")
    derived: dict[str, Any] = dict(derive or {})
    check_columns(data, list(names), "columns", asking)
    if strange := [name for name in given if name not in names or name in derived]:
        raise SyntheticError.cuts(
            f"of {', '.join(map(repr, strange))}, which are no columns of the frame that are asked for"
        )
    keys, _ = vouched(asking.get("keys"))
    with_keys = set(keys) if isinstance(keys, Mapping) else set()
    inner = {name: name for name in names}
    engine = engine_of(data)
    schema = engine.schema
    taken = {*schema, *derived}
    for name in names:
        if name in given and name in with_keys:
            raise SyntheticError.both(name)
        free = name not in given and name not in with_keys and name not in derived
        if name in given or (free and known.declares("bins", name)):
            edges = given.get(name)
            own = edges if isinstance(edges, Cut | DateCut) else cut(name, _edges(name, edges, known, reason))
            if own.columns != (name,) and set(own.columns) != {name}:
                raise SyntheticError.cuts(f"of {name!r} that look at another column")
            if name in schema:
                checked(own, {name: language_kind(schema[name])}, f"cuts[{name!r}]", engine.library)
            inner[name] = _free(f"{name} (bins)", taken)
            derived[inner[name]] = own
            taken.add(inner[name])
    return derived, inner


def _edges(name: str, edges: object, known: Known, reason: str | None) -> Any:
    """Return the edges of a call, or those that the project declares."""
    own, why = vouched(edges)
    if own is not None:
        known.vouched("bins", name, why or reason)
        return list(own) if isinstance(own, tuple | range) else own
    days = known.days(name, {"bins": None, "every": None, "start": None, "end": None})
    return list(known.bins(name, None)) if days is None else days["edges"]


def _free(name: str, taken: set[str]) -> str:
    """Return a name that no column has."""
    while name in taken:
        name += "_"
    return sys.intern(name)  # one text for all plans of one question, so that what is pickled of them has one length


def _levels(  # noqa: PLR0917
    data: object,
    names: Sequence[str],
    keys: object,
    known: Known,
    derived: Mapping[str, Any],
    inner: Mapping[str, str],
    asking: Mapping[str, Any],
) -> tuple[Keys, ...]:
    """Return the public values of each column of levels, by name in ascending order."""
    selected = selection(asking.get("where"), dict(derived) or None, asking.get("missing"))
    found, lacking, back = [], [], {level: name for name, level in inner.items()}
    for level, own in known.levels(sorted(inner.values()), keys, selected).items():
        if own is None:
            lacking.append(back[level])
            continue
        made = public_keys((level,), own)
        made = dated_keys(data, made) if level not in selected.derived else made
        if any(key == (OTHER,) for key in made.values):
            raise LevelsError.reserved(back[level], OTHER)
        found.append(made)
    if lacking:
        ordered = sorted(lacking, key=list(names).index)
        raise ColumnDomainError.required(ordered, _examples(data, ordered))
    return tuple(found)


def _examples(data: object, names: Sequence[str]) -> dict[str, str]:
    """Return what to type for the first column of numbers, of dates and of other values, by the schema alone."""
    schema = engine_of(data).schema
    found: dict[str, tuple[str, str]] = {}
    kinds = dict.fromkeys(("number", "integer"), "[0, 10, 20]")
    kinds |= dict.fromkeys(
        ("date", "datetime", "datetime with time zone"), "['2026-01-01', '2026-07-01', '2027-01-01']"
    )
    for name in names:
        kind = language_kind(schema[name]) if name in schema else ""
        values = "[True, False]" if kind == "boolean" else "['a', 'b']"
        told = f"cuts={{{name!r}: {kinds[kind]}}}" if kind in kinds else f"keys={{{name!r}: {values}}}"
        found.setdefault(told.partition(": ")[2], (name, told))
    return dict(found.values())


def _check(levels: tuple[Keys, ...]) -> None:
    """Refuse tables that are too large, and rows that two numbers cannot hold."""
    sizes = [len(keys) + 1 for keys in levels]
    each = {pair: math.prod(sizes[axis] for axis in pair) for pair in all_pairs(len(sizes))}
    if (cells := sum(each.values())) > MOST_CELLS:
        largest = max(each, key=each.__getitem__)
        raise SyntheticError.domain(told_table([levels[axis].by[0] for axis in largest]), cells, MOST_CELLS)
    if words(sizes) is None:
        raise SyntheticError.combinations()


def _target(target: object, inner: Mapping[str, str]) -> str | None:
    if target is None:
        return None
    name = column_name(target, "target")
    if name not in inner:
        raise SyntheticError.target(repr(name))
    return inner[name]
