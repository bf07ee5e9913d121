"""Pairs of neighbors: a frame, the same with one row more, and a question; drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import door_arrow
import door_duckdb
import door_pandas
import door_polars
from door_questions import UNITS, Asking, questions
from door_schema import Row, Schema, narrowed

#: Each engine with its types and how rows become a frame of it.
ENGINES = {
    "pandas": (door_pandas.SCHEMAS, door_pandas.frame),
    "pandas arrow": (door_arrow.PANDAS, door_pandas.frame),
    "pyarrow": (door_arrow.SCHEMAS, door_arrow.frame),
    "polars": (door_polars.SCHEMAS, door_polars.frame),
    "polars lazy": (door_polars.LAZY, door_polars.frame),
    "duckdb": (door_duckdb.SCHEMAS, door_duckdb.frame),
}
if find_spec("ibis") is not None:
    import door_ibis

    ENGINES["ibis"] = (door_ibis.SCHEMAS, door_ibis.frame)
LAZY = ("polars lazy", "duckdb", "ibis")


@dataclass(frozen=True)
class Pair:
    """Neighbors, and what is asked of them."""

    number: int
    schema: Schema
    unit: str
    per: str
    asking: Asking
    rows: tuple[Row, ...]
    place: int
    added: Row

    @property
    def neighbor(self) -> tuple[Row, ...]:
        return (*self.rows[: self.place], self.added, *self.rows[self.place :])

    def frame(self, rows: Sequence[Row]) -> Any:
        return ENGINES[self.schema.engine][1](self.schema, list(rows), f"pair{self.number}")

    def __str__(self) -> str:
        value = f"{type(self.added.v).__name__} #{_place(self.added.v, self.schema)}"
        asked = f"{self.schema.name}, {self.unit}: {self.asking.name}"
        return f"{asked}, {len(self.rows)} rows and {value} (pair {self.number})"


def _place(value: Any, schema: Schema) -> int:
    return next(place for place, other in enumerate((*schema.odd, *schema.plain)) if other is value)


# -- making pairs -----------------------------------------------------------------------------------------------------


def pairs(seed: int, number: int, engines: Sequence[str] = tuple(ENGINES)) -> Iterator[Pair]:
    """Yield pairs: every engine, type and unit by turns, questions, values and frames drawn from the seed."""
    drawn = random.Random(seed)
    turns = [
        (schema, unit) for engine in engines for schema in ENGINES[engine][0] for unit in UNITS if _fits(schema, unit)
    ]
    made = 0
    while True:
        drawn.shuffle(turns)
        for schema, unit in turns:
            if made == number:
                return
            made += 1
            yield pair(drawn, made + seed * 10**6, schema, unit)


def _fits(schema: Schema, unit: str) -> bool:
    return unit != "own time" or schema.kind in ("date", "instant", "any")


def pair(drawn: random.Random, number: int, schema: Schema, unit: str) -> Pair:
    asked = drawn.choice([one for one in questions(schema, unit) if unit != "row" or not one.persons])
    value = drawn.choice(schema.odd or schema.plain)
    if drawn.random() < 0.15 and schema.odd:
        value = schema.odd[-1]  # missing, in most types
    pool, rows = _pool(drawn, schema, value), []
    sizes = drawn.choice([0, 2, 6, 12])
    for place in range(sizes):
        person = drawn.choice(["p", "q", "r", None])
        rows.append(
            Row(drawn.choice(pool), drawn.choice("ab"), person, drawn.choice([1.0, 4.0, 9.5, None]), 20_454 + place)
        )
    # A new person's row: under "own id" the value itself is the id.
    added = Row(
        value, drawn.choice(["a", "b", None]), "new", drawn.choice([0.0, 10.0, 1e9]), 20_454 + drawn.randrange(90)
    )
    per = drawn.choice(["day", "week", "month", "quarter", "year"])
    return Pair(number, schema, unit, per, asked, tuple(rows), drawn.randrange(sizes + 1), added)


def _pool(drawn: random.Random, schema: Schema, value: Any) -> list[Any]:
    """Return what D holds: ordinary values, or odd ones, or both, but never the added value itself.

    Values that are easily confused stand beside each other in the lists of odd ones, and come together often.
    """
    chance = drawn.random()
    plain = [other for other in schema.plain if not _one(schema, other, value)] or list(schema.plain)
    if chance < 0.4 or not schema.odd:
        return plain
    place = next((at for at, other in enumerate(schema.odd) if other is value), 0)
    near = [schema.odd[(place + step) % len(schema.odd)] for step in (-2, -1, 1, 2)]
    near = [other for other in near if other is not value and not _one(schema, other, value)]
    if chance < 0.6 and near:
        return near
    more = [other for other in drawn.sample(schema.odd, min(2, len(schema.odd))) if not _one(schema, other, value)]
    return [*plain, *near, *[other for other in more if other is not value]]


def _one(schema: Schema, left: Any, right: Any) -> bool:
    """Whether two values may be one in a column of this type; foreign objects are not asked."""
    left, right = (_float(value) if schema.kind == "float" else value for value in (left, right))
    if schema.kind == "float" and type(left) is type(right) is float:
        left, right = narrowed(schema, left), narrowed(schema, right)
    plain = (int, float, str, bytes, type(None))
    return type(left) in plain and type(right) in plain and (left == right or (left != left and right != right))


def _float(value: Any) -> Any:
    """Return the float that a value in SQL is: two of them may be one in a column of fewer bits."""
    written = type(value) is str and value.startswith("'") and value.endswith("'::DOUBLE")
    return float(value.removesuffix("::DOUBLE").strip("'")) if written else value
