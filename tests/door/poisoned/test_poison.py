"""A sample of the poison search; the long one is ``tests/slow/poison_search.py``."""

from __future__ import annotations

import door_cells
import poison
import pytest
from door_questions import UNITS

import privkit as pk
from privkit.errors import MeasurementError

SEED, SAMPLE = 14, 12


@pytest.mark.sample(1.0)
@pytest.mark.parametrize("engine", poison.ENGINES)
def test_one_row_of_any_value_changes_nothing_that_can_be_seen(engine):
    outcomes, findings = poison.searched(SEED, SAMPLE, [engine])
    assert not findings, f"{len(findings)} findings:\n{poison.by_fault(findings)}"
    assert outcomes["answer"] > SAMPLE // 2, outcomes


def test_the_pairs_are_the_same_for_the_same_seed():
    one, two = (list(poison.pairs(3, 50)) for _ in range(2))
    assert [str(pair) for pair in one] == [str(pair) for pair in two]
    assert [str(pair) for pair in one] != [str(pair) for pair in poison.pairs(4, 50)]


def test_every_engine_type_and_unit_comes_up_before_any_comes_up_twice():
    types = {(schema.name, unit) for schemas, _ in poison.ENGINES.values() for schema in schemas for unit in UNITS}
    drawn = [(pair.schema.name, pair.unit) for pair in poison.pairs(1, 1000)]
    assert len(set(drawn)) == 1000
    assert set(drawn) <= types


# -- power: each fault that the search looks for is found where it is put in ------------------------------------------


def found(number=15):
    return {finding.fault for finding in poison.searched(SEED, number, ["pandas"])[1]}


@pytest.mark.landing
def test_it_finds_cells_that_move_by_more_than_is_declared(monkeypatch):
    honest = door_cells.declared
    monkeypatch.setattr(door_cells, "declared", lambda question: {n: v / 2 for n, v in honest(question).items()})
    assert "moved too far" in found()


@pytest.mark.landing
def test_it_finds_what_is_printed_raised_and_left_in_the_ledger(monkeypatch):
    rows = []

    def asked(module, name, *default):
        function = getattr(module, name, *default)
        if module is not pk or not name.startswith("dp_"):
            return function

        def call(frame, *args, **given):
            rows.append(len(frame))
            if len(frame) % 2:  # D has an even number of rows
                print("a value")
                raise MeasurementError("the measurement failed")
            return function(frame, *args, **given)

        return call

    monkeypatch.setattr(poison, "getattr", asked, raising=False)
    faults = found()
    assert rows
    assert {"printed", "charged and failed"} <= faults


@pytest.mark.landing
def test_it_finds_replay_that_depends_on_a_row(monkeypatch):
    from privkit.project import naming

    honest = naming.digests
    monkeypatch.setattr(naming, "digests", lambda data, *a, **k: honest(data, *a, **k) if len(data) % 2 == 0 else None)
    assert "replayed differs" in found()
