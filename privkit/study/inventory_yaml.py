"""An inventory as YAML, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from privkit.errors import ParameterError
from privkit.errors.library import LibraryRequiredError
from privkit.errors.risk import InventoryError
from privkit.study.inventory import Inventory, owner_facts, role_of
from privkit.study.inventory_entry import OWNER, ColumnEntry, fact_names
from privkit.study.inventory_names import HIPAA

if TYPE_CHECKING:
    from types import ModuleType

_VERSION = 1
_NUMBERS = ("missing_share", "distinct", "distinction", "separation", "unique_share", "uniques_with_others", "rows")
_TEXTS = ("name", "dtype", "what", "left_out")


def dumped(inventory: Inventory) -> str:
    """Return the inventory as YAML."""
    columns = [_plain(entry) for entry in inventory.entries]
    whole = {
        "privkit_inventory": _VERSION,
        "rows": inventory.rows,
        "uniques": inventory.uniques,
        "left_out": list(inventory.left_out),
        "columns": columns,
    }
    text: str = _yaml("to_yaml").safe_dump(whole, sort_keys=False, allow_unicode=True, width=100)
    return text


def _plain(entry: ColumnEntry) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name in fact_names():
        value = getattr(entry, name)
        if value is None or value in ("", ()):
            continue
        told[name] = list(value) if isinstance(value, tuple) else value
    return told


def loaded(text: str) -> Inventory:
    """Read an inventory, or tell everything that is wrong with it."""
    yaml = _yaml("from_yaml")
    try:
        whole = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):  # its text quotes the file
        raise InventoryError.of("from_yaml", ["It is no YAML."]) from None
    if not isinstance(whole, dict) or not isinstance(whole.get("columns"), list):
        raise InventoryError.of("from_yaml", ["It has no list 'columns'."])
    problems = []
    if whole.get("privkit_inventory") != _VERSION:
        problems.append(f"'privkit_inventory' must be {_VERSION}, the version of the format.")
    entries = [_entry(place, column, problems) for place, column in enumerate(whole["columns"], 1)]
    names = [entry.name for entry in entries if entry is not None]
    problems += [f"Column {name!r} stands more than once." for name in sorted({n for n in names if names.count(n) > 1})]
    problems += _wrong_numbers(whole, ("rows", "uniques"), "The inventory")
    if problems:
        raise InventoryError.of("from_yaml", problems)
    left_out = tuple(str(item) for item in whole.get("left_out") or ())
    return Inventory(
        tuple(entry for entry in entries if entry), int(whole.get("rows") or 0), whole.get("uniques"), left_out
    )


def _entry(place: int, column: object, problems: list[str]) -> ColumnEntry | None:
    if not isinstance(column, dict) or not isinstance(column.get("name"), str):
        problems.append(f"Column {place} has no 'name'.")
        return None
    told: dict[str, Any] = {}
    where = f"Column {place}"
    if unknown := sorted({str(name) for name in column} - set(fact_names())):
        problems.append(f"{where} has unknown fields: {', '.join(map(repr, unknown))}.")
    for name in _TEXTS:
        if name in column:
            told[name] = str(column[name])
    problems += _wrong_numbers(column, _NUMBERS, where)
    told.update({name: column[name] for name in _NUMBERS if name in column})
    try:
        role = role_of(column.get("role"), "from_yaml", "role")
        told.update(role=role, proposed=role_of(column.get("proposed", role), "from_yaml", "proposed"))
        told.update(owner_facts({name: column[name] for name in OWNER if name in column}, "from_yaml"))
    except ParameterError as error:
        problems.append(f"{where}: {error.message}")
        return None
    evidence = column.get("evidence") or []
    if not isinstance(evidence, list) or column.get("hipaa", "A") not in HIPAA:
        problems.append(f"{where}: 'evidence' must be a list and 'hipaa' one of {', '.join(HIPAA)}.")
        return None
    told.update(evidence=tuple(map(str, evidence)), hipaa=column.get("hipaa", ""))
    return ColumnEntry(**{"dtype": "", **told})


def _wrong_numbers(found: dict[str, Any], names: tuple[str, ...], where: str) -> list[str]:
    return [
        f"{where}: {name!r} must be a number."
        for name in names
        if isinstance(found.get(name), bool) or not isinstance(found.get(name, 0), int | float | None)
    ]


def _yaml(function: str) -> ModuleType:
    try:
        import yaml
    except ImportError:
        raise LibraryRequiredError.of(function, "PyYAML", "yaml") from None
    module: ModuleType = yaml
    return module
