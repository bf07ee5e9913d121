"""What the rows are that an expression keeps, and what it made of each, as Python values."""

from __future__ import annotations

from cells_told import values_of

from privkit.tally.engines.contract import Engine


def kept(engine: Engine) -> list[int]:
    return sorted(told(engine, "row")["row"])


def told(engine: Engine, *names: str) -> dict[str, list]:
    """Return columns of a result as Python values, None where they are missing."""
    table = engine.collect(names)
    return {name: values_of(table[name]) for name in names}


def by_row(engine: Engine) -> dict[int, object]:
    found = told(engine, "row", "new")
    return dict(zip(found["row"], found["new"], strict=True))
