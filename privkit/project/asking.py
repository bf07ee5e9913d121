"""What every ``dp_*`` function has in common: who asks, of which groups, at which price."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypedDict, TypeVar, cast

from privkit.dp.check import PlanCheck
from privkit.dp.check import checked as checked_plan
from privkit.dp.plan import Plan, make_plan
from privkit.dp.price import Price, check_delta
from privkit.dp.question import Question, fetched
from privkit.dp.simulate import marked_plan
from privkit.dp.statistics.open_groups import FINDING, OpenGroups
from privkit.errors import KeysError, ParameterError, nothing_spent
from privkit.errors.calls import call_name, calling
from privkit.errors.column_kind import ColumnKindError
from privkit.errors.dp import ValueBoundsRequiredError
from privkit.project.current import current_project
from privkit.project.known import Known
from privkit.project.naming import earlier_questions, made_earlier, name_of, standing
from privkit.project.project import Project
from privkit.project.release import check_frame, release
from privkit.tally.frame import column_names, engine_of, schema_mark
from privkit.tally.groups import column_kind, dated_keys
from privkit.values.arguments import typed
from privkit.values.bounds import ContributionBounds, contribution_bounds
from privkit.values.exact import exact
from privkit.values.expression.selection import selection
from privkit.values.interrupts import put_off
from privkit.values.keys import Keys, public_keys

if TYPE_CHECKING:
    from privkit.dp.answers.release import Release
    from privkit.dp.question import Standing
    from privkit.dp.statistics.statistic import Statistic
    from privkit.tally.cells.cells import Kind
    from privkit.values.inputs import Accuracy, Amount, Condition, Derivations, Fill, Groups, Quantity
    from privkit.values.unit import PrivacyUnit

P = ParamSpec("P")
R = TypeVar("R")


class Asking(TypedDict, total=False):
    """The keyword arguments that all ``dp_*`` functions share; their plans take all but the first.

    Parameters
    ----------
    again : bool
        Draw fresh noise although the answer is known; charged anew.
    keys : list, dict of lists, or list of tuples, optional
        The groups to release, a public fact; needed with `by`. Rows of no key are left out.
    where : str, optional
        Which rows count, as a condition on single rows: ``"age >= 65 and plan == 'basic'"``.
    derive : dict, optional
        Columns made row by row: ``{"age_band": pk.cut("age", [18, 65])}``; grouped by a cut, its labels are the keys, and
        so it is with ``pk.month`` and the like, ``pk.recode``, ``pk.lookup`` and ``pk.when``.
    missing : "drop", a value, or a dict of column → one of them, optional
        What stands for missing values. By default those of a summed column are left out.
    epsilon, rho : number or PrivacyLoss, optional
        The loss to spend, in the project's measure; ``epsilon=project.remaining`` spends all that is left.
    delta : number, optional
        In projects with a δ: how much of it to spend besides, which lets Gaussian noise take part.
    advantage : number, optional
        In place of `epsilon` or `rho`: the greatest advantage that any attacker may have on one unit, true less false
        positives, between 0 and 1. In projects with a δ, say `delta` too.
    accuracy : number, optional
        In place of `epsilon` or `rho`: the half-width of the 95 % interval to reach; of a quantile a share of ranks, up to
        0.5. Of several numbers it is that of the first; of several quantiles each one's.
    relative : number, optional
        The same as a share of the answer: ``relative=0.05, assume_rows=1000`` asks a count within ±50; a sum or a mean is
        taken in the middle of its bounds.
    keys_share : number, optional
        Where keys are not public (`delta` in place of `keys`): the share of the loss that finds the groups; 0.25 if unsaid.
    assume_rows : int, optional
        How many rows each group is publicly known to have, where the accuracy depends on it.
    mechanism : {"laplace", "gaussian"}, optional
        The noise to use in place of the better one.
    max_rows : int, optional
        How many rows of one person count, in all; where the project's unit is a column.
    max_groups, per_group : int, optional
        In place of `max_rows`: how many groups of one person count, and how many rows in each.
    version : str, optional
        The owner's name for this state of the data, in place of its fingerprint.
    project : Project, optional
        The project to charge; by default the one opened last.
    """  # noqa: E501 - a line here is as wide as in the functions' own docstrings

    again: bool
    keys: Groups | None
    where: Condition | None
    derive: Derivations | None
    missing: Fill | None
    epsilon: Amount | None
    rho: Amount | None
    delta: Amount | None
    advantage: Quantity | None
    accuracy: Accuracy | None
    relative: Quantity | None
    keys_share: Quantity | None
    assume_rows: int | None
    mechanism: str | None
    max_rows: int | None
    max_groups: int | None
    per_group: int | None
    version: str | None
    project: Project | None


class Asked(Protocol[P]):
    """A ``dp_*`` function: called, it releases; its `plan` takes the same arguments and prices them."""

    __name__: str
    plan: Callable[P, Plan]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Release:
        """Release the answer; `again` draws it anew."""


#: Every ``dp_*`` function by its name: it is in here by being decorated.
FUNCTIONS: dict[str, Asked[...]] = {}

#: What stands in a docstring for the shared arguments, and for the errors that all of them raise.
_PLACE = "**asking\n"
_RAISING = "**raises"
_RAISES = """Raises
------
PrivkitError
    One of its kinds; nothing was spent, except after `MeasurementError`."""
_OF_PLAN = """Returns
-------
Plan
    `.loss`, `.accuracy`, `.mechanism`, `.scale`, `.sensitivity`."""


def asks(price: str) -> Callable[[Callable[P, Plan]], Asked[P]]:
    """Make of a function that says what is asked, and so returns a plan, the one that releases it, with its `plan`.

    Both take what it takes, with ``**asking`` spelled out in signature and docstring, so that help and completion show
    every name; and ``**raises`` in the docstring, which tells of the release.

    Parameters
    ----------
    price : str
        The first line of the plan's docstring; the parameters follow.
    """

    def made(function: Callable[P, Plan]) -> Asked[P]:
        signature = inspect.signature(function)
        doc = inspect.cleandoc(function.__doc__ or "").replace(_RAISING, _RAISES)
        own = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
        again, *shared = [one for one in _shared() if one.name not in signature.parameters]
        taken = frozenset(signature.parameters)
        about = doc[doc.find("Parameters\n---") : doc.find("Returns\n---")].replace(
            _PLACE, _described(taken | {"again"})
        )
        plan = _spelled(function, signature.replace(parameters=[*own, *shared]), f"{price}\n\n{about}{_OF_PLAN}")

        def released(*args: P.args, **kwargs: P.kwargs) -> Release:
            drawn_anew = cast("bool", kwargs.pop("again", False))
            return function(*args, **kwargs).release(again=drawn_anew)

        spelled = signature.replace(parameters=[*own, again, *shared], return_annotation="Release")
        told = doc.replace(_PLACE, _described(taken))
        asked = cast("Asked[P]", _spelled(wraps(function)(released), spelled, told))
        plan.__qualname__ = f"{asked.__name__}.plan"
        asked.plan = plan
        FUNCTIONS[asked.__name__] = asked
        return asked

    return made


def _shared() -> list[inspect.Parameter]:
    """Return the shared arguments as parameters of a signature."""
    found = []
    for name, annotation in Asking.__annotations__.items():
        default = False if name == "again" else None
        text = getattr(annotation, "__forward_arg__", annotation)
        found.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=text))
    return found


def _described(left_out: frozenset[str]) -> str:
    """Return what the docstring says of the shared arguments."""
    _, _, text = inspect.cleandoc(Asking.__doc__ or "").partition("----------\n")
    parts = re.split(r"\n(?=\w)", text)
    return "\n".join(part for part in parts if part.split()[0] not in left_out) + "\n"


def _spelled(function: Callable[P, R], signature: inspect.Signature, doc: str) -> Callable[P, R]:
    """Return the function under this signature and docstring, its errors in our words."""
    names = frozenset(signature.parameters)

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if not kwargs.keys() <= names:
            signature.bind(*args, **kwargs)  # which says what is wrong
        try:
            return function(*args, **kwargs)
        except ValueBoundsRequiredError as error:
            lacking = error
        with nothing_spent():  # bounds of a column that is none, or holds text, help nobody
            data = signature.bind(*args, **kwargs).arguments["data"]
            check_columns(data, [lacking.column], "column", kwargs)
            _check_no_text(data, lacking.column)
        raise lacking

    call.__signature__ = signature  # type: ignore[attr-defined]
    found = typed(call, budget=True)
    found.__doc__ = doc
    return found


def planned(
    data: object,
    by: str | Sequence[str] | None,
    statistic: Callable[[PrivacyUnit], Statistic],
    *,
    bounded: Callable[[ContributionBounds | None], ContributionBounds] | None = None,
    grouped: Callable[[Keys | None], Keys] | None = None,
    dates: Kind | None = None,
    known: Known | None = None,
    **asking: Any,
) -> Plan:
    """Return the plan of one call, ready to be released from `data`. Reads the schema, never a row.

    Parameters
    ----------
    statistic : callable
        Makes the statistic, given the project's privacy unit.
    bounded : callable, optional
        Makes the contribution bounds from the project's default, where the call's arguments do not.
    grouped : callable, optional
        Makes the groups that are answered from the keys that were named.
    dates : Kind, optional
        The kind of the column of dates of which the answer is one.
    known : Known, optional
        What the project declares as public, where the call asked for it already.
    **asking
        What all functions share: see :class:`Asking`.

    Raises
    ------
    PrivkitError
        Nothing was spent.
    """
    with nothing_spent():
        project = found if (found := asking.get("project")) is not None else current_project()
        known = Known(asking) if known is None else known
        measure, unit = project.account.measure, project.unit
        asked = statistic(unit)
        if bounded is None:
            limits = {name: asking.get(name) for name in ("max_rows", "max_groups", "per_group")}
            bounds = contribution_bounds(unit, **limits, default=project.bounds)
        else:
            bounds = bounded(project.bounds)
        price = Price.said(asking)
        check_delta(measure, price.delta)  # before it is taken for a way to find groups
        open_keys = measure.has_delta and price.delta is not None and grouped is None
        question = _question(data, asked, by, unit, bounds, open_keys=open_keys, known=known, asking=asking)
        engine = engine_of(data)
        keys = None if question.keys is None else dated_keys(engine, question.keys)
        typed = replace(question, keys=keys if grouped is None else grouped(keys), dates=dates)
        check_frame(data, typed, engine)
        checked = schema_mark(data)
        used = typed.selected.used_by(typed.columns)
        question = typed if used is typed.selected else replace(typed, selected=used)
        with put_off():  # prices are found by asking OpenDP
            plan = make_plan(question, measure, price)
        earlier = earlier_questions(typed, question, project.account)
        before = partial(made_earlier, earlier, measure, price) if earlier else None
        sent, version, name = fetched(data, question), asking.get("version"), call_name()
        notes = (
            *plan.notes,
            *(_unused(typed) if question is not typed else ()),
            *_not_known_again(sent, version),
            *project.account.terms.refused(plan.loss),
        )
        plan = replace(plan, fetched=sent, notes=notes, public=known.sources, earlier=before)

    def run(asked: Plan, again: bool) -> Release:
        # What comes back must not hold the frame, as this function does.
        alone = replace(asked, run=None, remaining=None, look=None, peek=None, named=None)
        with calling(name):  # a plan that is released later is still what was asked
            return release(project, alone, data, again=again, version=version, checked=checked)

    def look(asked: Plan) -> Standing | None:
        each = (standing(project, one.question, one.canonical(), data, version=version) for one in asked.asked_as())
        found = [told for told in each if told is not None]
        return next((told for told in found if told.replays), found[0] if found else None)

    def named(asked: Plan) -> str | None:
        return name_of(project, asked.question, asked.canonical(), data, version=version, again=True).key

    def peek(asked: Plan, other: object) -> PlanCheck:
        frame = data if other is None else other
        with calling("check"), nothing_spent():
            check_frame(frame, asked.question)
            project.note_check(asked.question.frame_columns)
            return checked_plan(asked, frame)

    return (marked_plan(plan) if project.simulated else plan).bound_to(
        run, lambda: project.remaining, look, peek, named
    )


def _not_known_again(sent: tuple[str, ...] | None, version: str | None) -> tuple[str, ...]:
    """Say that the answer to rows in an engine is not replayed, where nothing names their state."""
    told = "asked again, it is charged again: rows in an engine are known again only by version=, as version='2026-11'"
    return (told,) if sent is not None and version is None else ()


def _unused(typed: Question) -> tuple[str, ...]:
    """Say what derive= and missing= name in vain."""
    names = ", ".join(map(repr, typed.unused))
    told = "derive= or missing= is left out, since nothing of the question uses it: it is the same question without"
    return (f"{names} of {told}",) if names else ()


def check_columns(data: object, columns: Sequence[str], argument: str, asking: Mapping[str, Any]) -> None:
    """Refuse names that are columns of nothing, before their keys or bounds are asked for. Reads the schema, no row.

    Raises
    ------
    FrameError, ColumnNotFoundError, DuplicateColumnError
    """
    derive = asking.get("derive")
    made = derive if isinstance(derive, Mapping) else ()
    engine_of(data, tuple(dict.fromkeys(name for name in columns if name not in made)), argument)


def _check_no_text(data: object, column: str) -> None:
    """Refuse a column of text where numbers are needed. Reads the schema, no row."""
    engine = engine_of(data)
    if column in engine.schema and (kind := column_kind(engine, column))[0] == "text":
        raise ColumnKindError.numbers(column, kind[1], kind[0], engine.library)


def _question(
    data: object,
    asked: Statistic,
    by: str | Sequence[str] | None,
    unit: PrivacyUnit,
    bounds: ContributionBounds,
    *,
    open_keys: bool,
    known: Known,
    asking: Mapping[str, Any],
) -> Question:
    """Return the question; where no keys are named and groups may show up (`open_keys`), of the groups that do."""
    columns = () if by is None else column_names(by, "by")
    keys, keys_share = asking.get("keys"), asking.get("keys_share")
    if not columns and keys is not None:
        raise KeysError.without_by()
    about = asked.columns[0] if asked.columns else None
    selected = selection(asking.get("where"), asking.get("derive"), asking.get("missing"), column=about)
    if keys is None and open_keys and selected.parts_of_dates & set(columns):  # as for any column: groups show up
        return Question(_shown(asked, columns, keys_share), unit, bounds, None, selected)
    keys = known.keys(columns, keys, selected, declared=not (open_keys and keys_share is not None))
    if columns and keys is None and open_keys:
        return Question(_shown(asked, columns, keys_share), unit, bounds, None, selected)
    if keys_share is not None:
        raise ParameterError.together(
            ("keys_share",), "keys_share= is for groups without public keys: by= and delta=, no keys=."
        )
    if columns and keys is None:
        check_columns(data, columns, "by", asking)
        years: dict[str, list[object]] = {name: [2024, 2025, 2026] for name in selected.parts_of_dates}
        raise KeysError.such_as(columns, years, with_delta=asking.get("delta") is None)
    return Question(asked, unit, bounds, public_keys(columns, keys) if columns else None, selected)


def _shown(asked: Statistic, columns: tuple[str, ...], share: object) -> Statistic:
    """Return the statistic of the groups that show up: counts show themselves, for others the groups come first."""
    if share is None and (showing := asked.showing(columns)) is not None:
        return showing
    part = FINDING if share is None else exact(share, "keys_share", below=1, hint="Example: keys_share=0.25.")
    return OpenGroups(columns, asked, Fraction(part))
