"""Hierarchies in one TOML file, so that a run from the shell can be repeated."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from privkit.errors import ParameterError
from privkit.errors.transform import HierarchyError
from privkit.transform.hierarchy import Hierarchy
from privkit.transform.intervals import Intervals
from privkit.transform.rules import Dates, Function, Rare, Redact
from privkit.transform.table import Table, text

_KINDS = ("csv", "dates", "intervals", "location", "rare", "redact", "rows", "star")


def read_hierarchies(path: str | Path) -> dict[str, Hierarchy]:
    """Read the hierarchies of several columns from a TOML file, one table per column.

    Each has a ``kind``: ``csv`` (path, sep), ``rows`` (rows), ``intervals`` (widths or edges, lower, upper), ``redact``
    (side, char, step, length), ``dates`` (periods), ``rare`` (other, below), ``location`` (degrees) or ``star``.
    Paths of CSV files are relative to the TOML file.

    Raises
    ------
    HierarchyError, ParameterError
        If a table is malformed; says which column.

    Examples
    --------
    A file::

        [zip]
        kind = "redact"

        [age]
        kind = "intervals"
        widths = [5, 10, 20]
        lower = 0
        upper = 100
    """
    place = Path(path)
    try:
        tables = tomllib.loads(place.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ParameterError.of(
            "read_hierarchies", "path", "a file that is no TOML", "a TOML file", str(error)
        ) from None
    return {name: _read(name, table, place.parent) for name, table in tables.items()}


def _read(name: str, table: Any, folder: Path) -> Hierarchy:
    kind = table.get("kind") if isinstance(table, Mapping) else None
    if kind not in _KINDS:
        raise ParameterError.of(
            "read_hierarchies", f"[{name}] kind", repr(kind), f"one of {', '.join(map(repr, _KINDS))}"
        )
    given = {key: value for key, value in table.items() if key != "kind"}
    try:
        if kind == "csv":
            return Hierarchy.read_csv(folder / given.pop("path"), **given)
        if kind in ("intervals", "dates", "location"):
            listed = given.pop({"intervals": "widths", "dates": "periods", "location": "degrees"}[kind], ())
            return getattr(Hierarchy, kind)(*listed, **given)  # type: ignore[no-any-return]
        maker = Hierarchy.from_rows if kind == "rows" else getattr(Hierarchy, kind)
        return maker(**given)  # type: ignore[no-any-return]
    except (TypeError, KeyError):
        raise ParameterError.of(
            "read_hierarchies",
            f"[{name}]",
            f"the keys {sorted(given)}",
            f"what kind = {kind!r} takes",
            "See pk.read_hierarchies.",
        ) from None


def write_hierarchies(path: str | Path, hierarchies: Mapping[str, Hierarchy]) -> None:
    """Write hierarchies to a TOML file that `read_hierarchies` reads: rules as rules, tables as rows.

    A table's rows hold the values that it covers. A rule holds none of them.

    Raises
    ------
    HierarchyError
        If a hierarchy is made of functions of its own.
    """
    parts = []
    for name, hierarchy in hierarchies.items():
        note = [f"# {hierarchy.note}"] if hierarchy.note else []
        lines = [f"{key} = {_toml(value)}" for key, value in _spec(name, hierarchy).items() if value is not None]
        parts.append("\n".join([*note, f"[{json.dumps(name, ensure_ascii=False)}]", *lines]))
    Path(path).write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _spec(name: str, hierarchy: Hierarchy) -> dict[str, Any]:
    source = hierarchy.source
    if isinstance(source, Intervals):
        edges = [step for step in source.steps if isinstance(step, tuple)]
        key, steps = ("edges", edges) if edges else ("widths", source.steps)
        return {"kind": "intervals", key: steps, "lower": source.lower, "upper": source.upper}
    if isinstance(source, Redact | Dates | Rare):
        return {
            "kind": type(source).__name__.lower(),
            **{key.name: getattr(source, key.name) for key in fields(source)},
        }
    if isinstance(source, Table):
        return {"kind": "rows", "rows": [[text(cell) for cell in row] for row in source.rows]}
    if isinstance(source, Function) and not source.steps:
        return {"kind": "star"}
    if isinstance(source, Function) and all(step.endswith("°") for step, _ in source.steps):
        return {"kind": "location", "degrees": [float(step.removesuffix("°")) for step, _ in source.steps]}
    raise HierarchyError.column_type("write_hierarchies", name, "a table or one of the rules", "functions of its own")


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return repr(value)
