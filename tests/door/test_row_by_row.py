"""Which group and which person a row belongs to depends on that row alone: a row more changes it for no other.

Every row has a number of its own in the column ``n``. Counted by the column under test and by that number, the groups
tell where each row is; persons who count in one group only, whose choice is made by their hash, tell who is who.
"""

from __future__ import annotations

import random

import pytest
from door_asking import opened
from door_cells import cells
from door_pairs import ENGINES
from door_schema import Row

import privkit as pk

#: How many rows more are tried of each type.
TURNS = 3
SCHEMAS = [schema for schemas, _ in ENGINES.values() for schema in schemas]
ROWS = 8


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    """Return projects of both units; plans need no more of them."""
    with pytest.MonkeyPatch.context() as patched:
        folder = tmp_path_factory.mktemp("door")
        patched.setenv("PRIVKIT_STATE_DIR", str(folder / "state"))
        return {unit: opened(folder / "l.db", str(unit), unit=unit) for unit in (pk.ROW, "v")}


def frames(schema, turn):
    """Return a frame, and the same with one row more, at some place, of any value of the type."""
    drawn = random.Random(f"{schema.name} {turn}")
    known = [*schema.plain, *schema.odd]
    place = drawn.randrange(len(known))
    # Values that are easily confused lie beside each other.
    values = [known[(place + step) % len(known)] for step in (-2, -1, 1, 2)]
    values += [drawn.choice(schema.plain) for _ in range(ROWS - len(values))]
    rows = [Row(value, "ab"[number % 2], f"w{number}", 1.0, number) for number, value in enumerate(values)]
    at = drawn.randrange(ROWS + 1)
    more = [*rows[:at], Row(known[place], "a", "new", 1.0, ROWS), *rows[at:]]
    return tuple(ENGINES[schema.engine][1](schema, some, "tag") for some in (rows, more))


def answers(schema, plan):
    """Yield the exact cells of a question, without and with the row more, where the question is not refused."""
    for turn in range(TURNS):
        small, large = frames(schema, turn)
        try:
            question = plan(small).question
        except pk.PrivkitError as error:
            with pytest.raises(type(error)):
                plan(large)
            continue
        try:
            yield cells(question, small, turn), cells(question, large, turn)
        except BaseException as error:  # noqa: BLE001
            pytest.fail(f"{type(error).__name__} for some value")


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_one_row_more_moves_no_other_to_another_group(projects, schema):
    row = {"project": projects[pk.ROW], "epsilon": 1}
    for rest, whole in answers(schema, lambda frame: pk.plan.dp_count(frame, ["v", "who"], delta=1e-6, **row)):
        assert rest.items() <= whole.items()
        assert sum(whole.values()) - sum(rest.values()) <= 1
    if not schema.keys:
        return
    keys = {"v": [*schema.keys, None], "who": [f"w{number}" for number in range(ROWS)]}
    for rest, whole in answers(schema, lambda frame: pk.plan.dp_count(frame, ["v", "who"], keys=keys, **row)):
        assert (rest == whole).all()


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_one_row_more_makes_no_other_row_another_persons(projects, schema):
    numbers = [f"w{number}" for number in range(ROWS)]

    def plan(frame):
        bounded = {"max_groups": 1, "per_group": 1, "project": projects["v"]}
        return pk.plan.dp_count(frame, "who", keys=numbers, epsilon=1, **bounded)

    for rest, whole in answers(schema, plan):
        # Who has another row than the one added chooses as before, but where the row more is their own.
        moved = (whole != rest).sum()
        assert moved <= 1
        assert whole.sum() <= rest.sum()


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_one_row_more_is_in_one_class(schema):
    for turn in range(TURNS):
        small, large = frames(schema, turn)
        try:
            rest, whole = (pk.kanon(frame, "v").histogram for frame in (small, large))
        except (pk.FrameError, pk.EngineError) as error:
            with pytest.raises(type(error)):
                pk.kanon(small, "v")
            continue
        grown = [dict(rest) | {1: rest.get(1, 0) + 1}]
        grown += [_grown(dict(rest), size) for size in rest]
        assert {size: number for size, number in whole.items() if number} in grown


def _grown(histogram, size):
    """Return how many classes there are of each size, after one of `size` has got a row more."""
    histogram[size] -= 1
    histogram[size + 1] = histogram.get(size + 1, 0) + 1
    return {size: number for size, number in histogram.items() if number}
