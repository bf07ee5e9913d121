"""Which group and which person a row belongs to depends on that row alone: a row more changes it for no other.

Every row has a number of its own in the column ``n``. Counted by the column under test and by that number, the groups
tell where each row is; persons who count in one group only, whose choice is made by their hash, tell who is who.
"""

from __future__ import annotations

import random

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
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
@pytest.mark.sample(0.06)
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
@pytest.mark.sample(0.06)
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
@pytest.mark.sample(0.06)
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


@pytest.mark.parametrize(
    "cell", [[1], {"a": 1}, {1}, bytearray(b"a"), np.array([1, 2]), np.array(1), ("a", [1])], ids=repr
)
def test_a_nested_cell_among_objects_is_a_value_of_its_own_in_an_owners_report(cell):
    """No report fails by what one cell holds: where a value cannot be compared, it is nobody else's."""
    values = np.array(["x", "x", "y", "y", None, None], dtype=object)
    values[5] = cell
    column = pd.Series(values, dtype=object)
    frame = pd.DataFrame({"v": column, "q": [1] * 6})
    assert type(frame["v"].iloc[5]) is type(cell)
    assert pk.kanon(frame, "v").k == pk.kanon(frame.head(5), "v").k == 1
    assert pk.kanon(frame, "v").n_classes == 4
    assert pk.ldiv(frame, ["q"], "v").l == 4  # missing is a value too
    assert pk.risk(frame, ["v"]).n_unique == 2
    assert pk.link(frame, frame, on=["v"]).n_single == 1
    assert pk.anonymize(frame, ["v"], k=2, suppress=1).frame["v"].tolist() == ["x", "x", "y", "y"]
    assert "*" in pk.anonymize(frame, ["v"], k=2, method="local").frame["v"].tolist()
    assert pk.audit(frame)["v"].dtype == "object"


@pytest.mark.parametrize("held", ["arrow", "pandas", "polars"])
def test_a_date_of_a_year_that_python_has_not_is_a_value_of_an_owners_report(held):
    days = pa.array([10**6 * 3, 0, 1, 1, None, -(10**6)], pa.int32()).view(pa.date32())
    table = pa.table({"v": days, "q": [1] * 6})
    frame = {
        "arrow": lambda: table,
        "pandas": lambda: table.to_pandas(types_mapper=pd.ArrowDtype),
        "polars": lambda: pl.from_arrow(table),
    }[held]()
    assert pk.kanon(frame, "v").n_classes == 5
    assert len(pk.kanon(frame, "v").smallest(9)) == 5
    assert "next" in repr(pk.lattice(frame, ["v"], k=2, suppress=1))
    for method in ("optimal", "local"):
        out = pk.anonymize(frame, ["v"], k=2, suppress=0.5, method=method)
        assert pk.kanon(out.frame, "v").k >= 2
    labels = pk.generalize(frame, {"v": "month"}).frame["v"]
    assert list(labels.to_pylist() if held == "arrow" else labels)[1:4] == ["1970-01"] * 3
