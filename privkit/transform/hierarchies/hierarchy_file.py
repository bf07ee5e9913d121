"""Hierarchies of several columns in one TOML file, so that an anonymization can be repeated."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.errors.anonymity import HierarchyError
from privkit.transform.hierarchies.hierarchy import Hierarchy
from privkit.transform.hierarchies.table import text
from privkit.values.files import write_whole

if TYPE_CHECKING:
    import pandas as pd


def read_hierarchies(path: str | Path) -> dict[str, Hierarchy]:
    """Read a file of hierarchies: one table per column, with one key that says the kind.

    ``intervals = [5, 10]`` (with ``lower``, ``upper``), ``redact = {side = "right"}``, ``dates = ["month", "year"]``,
    ``mapping = {nurse = "care"}``, ``table = [["8004", "80**", "*"], ...]``, ``csv = "file.csv"`` (with ``sep``;
    relative to the file), ``rare = {below = 20}``, ``location = [0.1, 1]``, ``star = true``.

    Raises
    ------
    HierarchyError
        If the file is no TOML, or a column's table names no kind or a wrong one.
    """
    place = Path(path)
    try:
        read = tomllib.loads(place.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        raise HierarchyError(f"{place.name} is no TOML file. Example: [age]\\nintervals = [5, 10, 20].") from None
    return {column: _hierarchy(column, told, place.parent) for column, told in read.items()}


def _hierarchy(column: str, told: Any, folder: Path) -> Hierarchy:
    kinds: dict[str, Callable[[Any, dict[str, Any]], Hierarchy]] = {
        "intervals": lambda widths, more: Hierarchy.intervals(*widths, **more),
        "edges": lambda edges, more: Hierarchy.intervals(edges=edges, **more),
        "redact": lambda options, more: Hierarchy.redact(**(options if isinstance(options, dict) else {}), **more),
        "dates": lambda periods, more: Hierarchy.dates(*periods, **more),
        "mapping": lambda mapping, more: Hierarchy.from_mapping(mapping, **more),
        "table": lambda rows, more: Hierarchy.from_rows(rows, **more),
        "csv": lambda name, more: Hierarchy.read_csv(_beside(column, folder, name), **more),
        "rare": lambda options, more: Hierarchy.rare(**options, **more),
        "location": lambda degrees, more: Hierarchy.location(*degrees, **more),
        "star": lambda _, more: Hierarchy.star(**more),
    }
    given = [kind for kind in kinds if isinstance(told, dict) and kind in told]
    if len(given) != 1:
        raise HierarchyError(f"column {column!r} must name one kind of hierarchy: {', '.join(kinds)}.")
    more = {name: value for name, value in told.items() if name != given[0]}
    try:
        return kinds[given[0]](told[given[0]], more)
    except TypeError:
        raise HierarchyError(
            f"column {column!r}: {given[0]} does not go with {', '.join(more) or 'its value'}."
        ) from None


def _beside(column: str, folder: Path, name: str) -> Path:
    """Return the file that is named, if it lies in the folder: the file of hierarchies may be somebody else's.

    What it names is read, and `write_hierarchies` may write it out again.
    """
    place = (folder / name).resolve()
    if not place.is_relative_to(folder.resolve()):
        raise HierarchyError(f"column {column!r}: csv must name a file beside the file of hierarchies, or below it.")
    return place


def write_hierarchies(path: str | Path, hierarchies: Mapping[str, Hierarchy], data: pd.DataFrame) -> None:
    """Write the levels of the values of `data`, as tables that `read_hierarchies` reads.

    The file holds the columns' distinct values: personal data, as the table itself is.
    """
    parts = []
    for column, hierarchy in hierarchies.items():
        rows = [[text(label) for label in row] for row in hierarchy.to_rows(data[column])]
        lines = ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in rows)
        parts.append(f"[{json.dumps(column, ensure_ascii=False)}]\ntable = [\n{lines},\n]\n")
    write_whole(path, "\n".join(parts))
