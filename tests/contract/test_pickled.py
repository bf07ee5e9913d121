"""Every public value is pickled and copied, or refuses in words: what is in `REFUSING` says why.

The values are those of the register of the golden views, which has every class that shows itself.
"""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re

import pandas as pd
import pinned_values
import pytest

import privkit as pk
from privkit.errors.arguments import PanelCopyError
from privkit.errors.events import SecretLeakError
from privkit.errors.facts import SimulatedError
from privkit.errors.project import ProjectCopyError
from privkit.view.panels.base import Panel

#: What has a reason not to be pickled: a handle of a ledger, a secret.
REFUSING = {
    "Project": ProjectCopyError,
    "LedgerView": ProjectCopyError,
    "Odometer": ProjectCopyError,
    "Sharing": ProjectCopyError,
    "SubjectRequests": ProjectCopyError,
    "Measurements": ProjectCopyError,
    "Trail": ProjectCopyError,
    "Key": SecretLeakError,
    "Recipe": SecretLeakError,
    "EventsResult": SecretLeakError,
}
#: What may hold a key: where it holds none, it is pickled.
WITH_A_KEY = ("Recipe", "EventsResult")
#: What a plan says of its project, whose ledger is gone when this runs, and what it can do with it.
_OF_THE_LEDGER = ("The project has", "What is left cannot be told", "Entry ", "next: ")
#: A plan's price: one that was asked already, as by a hint that another test ran, costs nothing.
_PRICE = re.compile(r", (for|at no cost: it replays) .*")
#: Plans lose what holds the frame and the project, and prices are made of plans.
ALONE = ("Plan", "StudyPrice")


def refusal(value):
    """Return the error with which a value refuses to be pickled; None where it is."""
    if isinstance(value, Panel):
        return PanelCopyError
    return SimulatedError if getattr(value, "simulated", False) is True else REFUSING.get(type(value).__name__)


def told(value, *, without=()):
    if not without:
        return repr(value)
    return [_PRICE.sub("", line) for line in repr(value).splitlines() if not line.startswith(without)]


def test_every_public_value_is_pickled_and_copied_or_refuses_in_words(shown):
    """In one test, since the values are made once: each that fails is named."""
    wrong, refused = [], set()
    for name, value in shown[1].items():
        if (error := refusal(value)) is not None:
            try:
                pickle.dumps(value)
                if type(value).__name__ not in WITH_A_KEY:
                    wrong.append(f"{name}: is pickled")
            except error as found:
                refused.add(type(value).__name__)
                wrong += [f"{name}: {found}"] if len(str(found)) < 40 else []
            except Exception as found:  # noqa: BLE001
                wrong.append(f"{name}: {type(found).__name__}: {found}")
            continue
        less = _OF_THE_LEDGER if type(value).__name__ in ALONE else ()
        for way in (lambda value: pickle.loads(pickle.dumps(value)), copy.copy, copy.deepcopy):
            try:
                other = way(value)
            except Exception as found:  # noqa: BLE001
                wrong.append(f"{name}: {type(found).__name__}: {found}")
                break
            if type(other) is not type(value) or told(other, without=less) != told(value, without=less):
                wrong.append(f"{name}: reads another way")
    assert not wrong, "\n".join(wrong)
    assert set(REFUSING) <= refused
    assert len(shown[1]) > 150


def test_panels_refuse_to_be_copied_too(shown):
    panels = [value for value in shown[1].values() if isinstance(value, Panel)]
    assert len(panels) > 5
    for panel in panels:
        for way in (copy.copy, copy.deepcopy):
            with pytest.raises(PanelCopyError, match=r"\.panel\(\)"):
                way(panel)


@pytest.fixture
def project(tmp_path):
    return pk.open_project("pickled", epsilon=1000, unit=pk.ROW, store=tmp_path / "ledger.db", ceiling=1000)


FRAME = pd.DataFrame({"a": ["x", "y"] * 60, "b": ["u", "v", "v"] * 40, "secret": ["CANARY"] * 120})


def test_a_pickled_plan_holds_no_row_and_stands_alone(project):
    plan = pk.plan.dp_count(FRAME, "a", keys=["x", "y"], epsilon=1, project=project)
    stored = pickle.dumps(plan)
    assert b"CANARY" not in stored
    assert len(stored) < 10_000
    other = pickle.loads(stored)
    assert other == plan
    assert other.repriced(2).loss.main == 2
    assert "release()" not in repr(other)  # its next steps are those that it has
    with pytest.raises(pk.ParameterError, match="stands alone"):
        other.release()
    assert copy.deepcopy(plan).release().value.tolist()  # in this process it is the plan itself


def test_released_rows_and_what_is_made_of_releases_compute_on(project):
    keys = {"a": ["x", "y"], "b": ["u", "v"]}
    rows = pk.dp_synthetic(FRAME, ["a", "b"], keys=keys, epsilon=500, rows=30, project=project)
    other = pickle.loads(pickle.dumps(rows))
    assert other.frame.equals(rows.frame)
    assert other.distances.equals(rows.distances)
    table = pickle.loads(pickle.dumps(other.estimate().non_negative().rounded(5)))
    assert table.table("a").equals(rows.estimate().non_negative().rounded(5).table("a"))
    count = pk.dp_count(FRAME, "a", keys=["x", "y"], epsilon=100, project=project)
    for made in (count / count.total(), count - count.total(), count.suppressed(70), count.estimate()):
        again = pickle.loads(pickle.dumps(made))
        assert again.to_frame().equals(made.to_frame())
        assert again.interval(0.9).lower.equals(made.interval(0.9).lower)
    evaluated = pk.evaluate(FRAME[["a", "b"]], rows.frame, target="b", by="a")
    assert repr(pickle.loads(pickle.dumps(evaluated))) == repr(evaluated)


def test_what_is_derived_of_a_simulated_release_is_no_way_round():
    lesson = pk.open_project("lesson", epsilon=5, unit=pk.ROW, simulate=True, seed=1)
    made = pk.dp_count(FRAME, "a", keys=["x", "y"], epsilon=1, project=lesson).total()
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(SimulatedError):
            way(made)


def test_the_register_is_that_of_the_golden_views(shown, tmp_path):
    assert set(shown[1]) <= set(pinned_values.makers(tmp_path))


def test_what_was_computed_of_a_question_is_not_pickled_with_it(ledger_path):
    project = pk.open_project("kept", epsilon=1, unit=pk.ROW, store=ledger_path)
    frame = pd.DataFrame({"ward": [1, 2]})
    question = pk.plan.dp_count(frame, "ward", keys=[1, 2], epsilon=0.1, project=project).question
    assert question.sensitivity
    assert question.keys.samples
    again = pickle.loads(pickle.dumps(question))
    for one in (again, again.keys):
        assert vars(one).keys() == {field.name for field in dataclasses.fields(one)}
    assert (again.sensitivity, again.columns, again.canonical()) == (
        question.sensitivity,
        question.columns,
        question.canonical(),
    )
