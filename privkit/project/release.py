"""Reserve → measure → commit: the one way from a plan to a noisy answer.

Answers as the ledger stores them: the noisy integers, and with which versions they were drawn.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache, partial
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.budget.abstract_account import Turn, replayed
from privkit.budget.entry import Entry, Reservation
from privkit.budget.machine.process import notebook_name
from privkit.dp.answers.provenance import Provenance
from privkit.dp.answers.release import Release
from privkit.dp.dates import accuracy_told
from privkit.dp.measurement import draw, make_measurement
from privkit.dp.noise.noise import ALPHA
from privkit.dp.simulate import SimulatedRelease, can_simulate, simulate
from privkit.errors import (
    ColumnNotFoundError,
    FrameError,
    MeasurementError,
    ParameterError,
    PrivkitError,
    nothing_spent,
)
from privkit.errors.calls import called
from privkit.errors.column_kind import ColumnKindError
from privkit.errors.dp import UnitColumnError
from privkit.errors.root import type_told
from privkit.project.naming import ASKED_BEFORE, FRAME, Name, name_of
from privkit.tally.cells.calendar import zone_known
from privkit.tally.cells.cells import OTHER
from privkit.tally.frame import engine_of, schema_mark
from privkit.tally.groups import check_derived_keys, check_key_types, column_kind
from privkit.tally.predicate import check_selection
from privkit.values.exact import exact_text
from privkit.values.interrupts import INTERRUPTS
from privkit.values.show import warn

if TYPE_CHECKING:
    from privkit.dp.plan import Plan
    from privkit.dp.question import Question
    from privkit.project.project import Project
    from privkit.tally.engines.contract import Engine
    from privkit.values.loss import PrivacyLoss

_LIBRARIES = ("jupyter-privkit", "opendp", "narwhals", "pandas", "numpy")


def release(
    project: Project,
    plan: Plan,
    data: object,
    *,
    again: bool = False,
    version: str | None = None,
    checked: object = None,
) -> Release:
    """Answer a plan from `data`, or replay its stored answer.

    The price is durably reserved before a row is grouped for it, and stays spent whatever happens after: a crash can
    waste budget, never hide it. The answer is stored before it is returned. What is refused is refused by the schema,
    the arguments and the ledger alone, never by the rows.

    Parameters
    ----------
    again : bool
        Draw anew although the answer is known.
    version : str, optional
        The owner's name for this state of the data, in place of its fingerprint; needed for replay on lazy frames.
    checked : optional
        The mark of the schema (`privkit.tally.frame.schema_mark`) with which the plan was made: where it still holds,
        the frame was checked.

    Raises
    ------
    InsufficientBudgetError, CeilingError
        Nothing was spent.
    MeasurementError
        The measurement failed; its price stays spent.

    An interrupt ends the question wherever it falls, and a note on it tells what was spent.
    """
    turn = Turn(project.account)
    try:
        try:
            if checked is None or checked != schema_mark(data):
                with nothing_spent():
                    check_frame(data, plan.question)
            return _released(project, plan, data, turn, again=again, version=version)
        except BaseException as error:
            turn.left(error)
            raise
    except BaseException as error:  # once more, since an interrupt may have hit the line above
        turn.left(error)
        raise


def _released(project: Project, plan: Plan, data: object, turn: Turn, *, again: bool, version: str | None) -> Release:
    with nothing_spent():
        if not isinstance(again, bool):
            raise ParameterError.of("again", type_told(again), "True or False")
        measurement = _measurement(project, plan)
        question = plan.canonical()
        name = name_of(project, plan.question, question, data, version=version, again=again)
        if not again and (before := _answered_earlier(project, plan, name, data, version)) is not None:
            plan, name = before
            question = plan.canonical()
        if name.entry is None and (again or name.looked or project.account.find(name.key) is None):
            for told in plan.question.asked.warned(plan.noise):
                warn(f"{called()}: {told}.")
        ways = partial(_ways, plan)
        reserved = name.entry or project.account.reserve(
            name.key, _recorded(question, name, plan), plan.loss, again=again, ways=ways, turn=turn, looked=name.looked
        )
    if isinstance(reserved, Entry):
        replayed(project.account.store, project.account.uid, reserved.seq)
        return _decoded(project, plan, reserved, replayed=True)
    if name.failed:
        project.account.fail(reserved)
        raise MeasurementError.of(plan.loss, reserved.seq)
    entry = _answered(project, plan, reserved, measurement, data)
    return _decoded(project, plan, entry, replayed=False)


def _answered_earlier(
    project: Project, plan: Plan, name: Name, data: object, version: str | None
) -> tuple[Plan, Name] | None:
    """Return the plan and name by which an earlier version answered the same as another statistic; None if it did not.

    What is asked of the ledger depends on the rows through their fingerprint alone, as in `name_of`.
    """
    if plan.earlier is None or name.entry is not None or name.key is None:
        return None
    if not name.looked and project.account.find(name.key) is not None:
        return None
    _, *forms = plan.asked_as()
    for before in forms:
        found = name_of(project, before.question, before.canonical(), data, version=version, again=False)
        if found.entry is not None or not (found.looked or project.account.find(found.key) is None):
            return before, found
    return None


def _recorded(question: dict[str, Any], name: Name, plan: Plan) -> dict[str, Any]:
    """Return what the ledger holds of a question: itself, and what is public of where it was asked, and of what."""
    about: dict[str, Any] = {"notebook": notebook_name(), FRAME: list(name.frame) or None, ASKED_BEFORE: name.before}
    about["public"] = [source.canonical() for source in plan.public] or None
    return {**question, **{field: told for field, told in about.items() if told is not None}}


def _measurement(project: Project, plan: Plan) -> Any:
    """Return what draws the answer, made before anything is charged; None where a simulator draws it."""
    if not project.simulated:
        return make_measurement(plan)
    can_simulate(plan)
    return None


def _answered(project: Project, plan: Plan, reserved: Reservation, measurement: Any, data: object) -> Entry:
    """Draw the answer and store it; what fails in drawing is told without its cause, which may hold private values."""
    try:
        with project.account.ending(reserved):
            cells: Any = (
                simulate(project.account, plan, data, reserved.seq) if project.simulated else draw(measurement, data)
            )
            return project.account.commit(reserved, encode_answer(plan, cells))
    except (PrivkitError, *INTERRUPTS):  # of the ledger: no value is in it
        raise
    except BaseException:  # noqa: BLE001, S110  # raised below, outside this block, so that no traceback leads to the cause
        pass
    raise MeasurementError.of(plan.loss, reserved.seq)


def _ways(plan: Plan, left: PrivacyLoss) -> str:
    """Return how to go on when the budget falls short."""
    replay = "replay an earlier release: project.ledger"
    if left.main <= 0:
        return replay
    main = "rho" if left.measure.concentrated else "epsilon"
    try:
        smaller = plan.repriced(left.main)
    except PrivkitError:  # what is left is too little to buy anything
        return replay
    less, asked = _width(smaller), _width(plan)
    widths = f" (each {plan.question.statistic} {less} instead of {asked})" if less != asked and less and asked else ""
    return f"{main}={exact_text(left.main)}{widths}, or {replay}"


def _width(plan: Plan) -> str:
    """Return how accurate a plan is, in its own unit; empty where that depends on the rows."""
    return accuracy_told(plan.question.asked, plan.accuracy)


def check_frame(data: object, question: Question, engine: Engine | None = None) -> None:
    """Refuse a frame that cannot answer the question. Reads the schema, never a row.

    Parameters
    ----------
    data : dataframe
    question : Question
    engine : Engine, optional
        That of the frame, where it is open already.

    Raises
    ------
    FrameError, ColumnNotFoundError, DuplicateColumnError, KeysError
    """
    engine = engine_of(data) if engine is None else engine
    schema = engine.schema
    columns = list(schema) or list(getattr(data, "columns", ()))  # of a pandas frame, names that are no text
    if not columns:
        raise FrameError.unsupported("a frame without columns")
    _check_unit(engine, question, columns)
    derived, own = check_selection(engine, question.selected) if question.selected else {}, question.selected.derived
    for argument, names in (("by", question.by), ("column", question.asked.read), ("columns", question.frame_columns)):
        if names:
            engine_of(engine, [name for name in names if name not in own], argument)
    for name in question.frame_columns:
        if schema[name].name == OTHER and name in (*question.unit.columns, *question.asked.read, *question.by):
            raise ColumnKindError.values(name, schema[name].shown, engine.library)
    if (keys := question.asked.typed_keys(question)) is not None:
        check_key_types(engine, keys.without(own))
        check_derived_keys({name: derived[name] for name in own}, keys)
    for name in question.by if question.keys is None else ():
        if name not in own and "no key" in (found := column_kind(engine, name))[0]:
            raise ColumnKindError.groups(name, found[1], schema[name].name, engine.library)
    for name in question.asked.columns:
        kind, shown = (derived[name],) * 2 if name in own else column_kind(engine, name)
        if kind not in ("number", "integer", "boolean") and question.dates is None:
            raise ColumnKindError.numbers(name, shown, kind, engine.library)


def _check_unit(engine: Engine, question: Question, columns: Sequence[str]) -> None:
    """Refuse a frame in which units cannot be told apart, and a question that would mix them up."""
    unit = question.unit
    for name in unit.columns:
        if name not in columns:
            raise ColumnNotFoundError.unit(name, str(unit), columns)
    if unit.column is not None and unit.column in (*question.by, *question.asked.read):
        raise UnitColumnError.of_unit(unit.column)
    for name, value in question.selected.missing:
        if value is not None and name in unit.columns:
            raise UnitColumnError.of_missing(name)
    if unit.time is not None:
        kind = engine.schema[unit.time]
        if not kind.has_dates:
            raise ColumnKindError.dates(unit.time, kind.shown, kind.name, engine.library)
        if kind.zone and not zone_known(kind.zone):
            raise ColumnKindError.zone(unit.time, kind.zone, engine.library)


def _decoded(project: Project, plan: Plan, entry: Entry, *, replayed: bool) -> Release:
    assert entry.answer is not None  # committed
    told: dict[str, Any] = {"project": project.name, "entry": entry.seq, "time": entry.time}
    told |= {"before": entry.question.get(ASKED_BEFORE), "replays": entry.key is not None}
    found = decode_answer(plan, entry.answer, **told, replayed=replayed)
    return SimulatedRelease.of(found) if project.simulated else found


def encode_answer(plan: Plan, drawn: Sequence[int] | Mapping[str, int | Sequence[int]]) -> str:
    """Return the noisy integers as the text that the ledger stores: in canonical order of the keys, with versions."""
    if isinstance(drawn, Mapping):  # the groups showed up by their noisy counts
        keys_ = sorted(drawn)
        cells = [int(cell) for key in keys_ for cell in np.atleast_1d(drawn[key])]
        found = {"keys": keys_, "cells": cells, "versions": _versions()}
        return json.dumps(found, separators=(",", ":"), sort_keys=True)
    cells = [int(cell) for cell in drawn]
    if (keys := plan.question.keys) is not None:
        width = len(cells) // len(keys)
        cells = [cell for place in keys.canonical_order for cell in cells[place * width : (place + 1) * width]]
    return json.dumps({"cells": cells, "versions": _versions()}, separators=(",", ":"), sort_keys=True)


def decode_answer(
    plan: Plan,
    answer: str,
    *,
    project: str,
    entry: int,
    time: str,
    replayed: bool,
    before: int | None = None,
    replays: bool = True,
) -> Release:
    """Return the release that a stored answer holds, in the order in which the plan's keys were asked."""
    stored = json.loads(answer)
    noise, used = plan.question.asked.noise_told(plan.noise), plan.noise.used
    plan = plan.question.asked.answered(plan, stored.get("keys"))
    question, cells = plan.question, np.array(stored["cells"], dtype=np.int64)
    cells = cells.reshape(question.groups, -1) if question.groups else cells.reshape(0, question.asked.width)
    if "keys" not in stored and (keys := question.keys) is not None:
        ordered = np.empty_like(cells)
        ordered[keys.canonical_order] = cells
        cells = ordered
    place: dict[str, Any] = {"project": project, "entry": entry, "time": time, "versions": stored["versions"]}
    known = question.asked.limits(cells[:1], plan.noise, ALPHA) if len(cells) else {}
    return Release(plan, cells, Provenance.of(plan, known, noise, used, **place), replayed, before, replays)


def answers(release: Release, stored: str) -> bool:
    """Whether a stored answer is that of a release: the same noisy integers, in whatever order the keys were asked."""
    told = json.loads(stored)
    if "keys" in told:  # found groups stand in the order in which they are stored
        return np.array_equal(release.drawn.ravel(), told["cells"])
    return bool(json.loads(encode_answer(release.plan, [*map(int, release.drawn.ravel())]))["cells"] == told["cells"])


@cache
def _versions() -> dict[str, str]:
    found = {}
    for library in _LIBRARIES:
        try:
            found[library] = version_of(library)
        except PackageNotFoundError:  # run from a checkout
            found[library] = "not installed"
    return found
