"""Recipes as TOML, YAML or JSON files, without secrets."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w

from privkit.errors.engines import LibraryRequiredError
from privkit.errors.events import RecipeError, SecretKeyError, SecretLeakError
from privkit.events.operations.operation import OPERATIONS, Operation
from privkit.events.operations.rename import Book, as_book
from privkit.events.secrets.key import Key, KeySource, as_key
from privkit.events.secrets.mapping_store import MappingStore
from privkit.values.files import write_whole

if TYPE_CHECKING:
    from privkit.events.recipes.recipe import Recipe

#: Types of parameters that are no plain values in files, without "| None"; for all operations, whatever the name.
_SUMS, _LISTS = "tuple[tuple[str, str], ...]", ("tuple[str, ...]", "tuple[float, ...]")


def to_dict(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe as plain values; see :meth:`Recipe.to_dict`."""
    operations = [_told(index, operation) for index, operation in enumerate(recipe.operations)]
    return {"name": recipe.name, "version": recipe.version, "operations": operations}


def _told(index: int, operation: Operation) -> dict[str, Any]:
    told: dict[str, Any] = {"op": operation.op}
    for field in dataclasses.fields(operation):
        value = getattr(operation, field.name)
        if value is not None and value != field.default:
            told[field.name] = _plain(f"operations[{index}].{field.name}", operation, _type(field), value)
    return told


def _type(field: dataclasses.Field[Any]) -> str:
    return str(field.type).removesuffix(" | None")


def _plain(place: str, operation: Operation, kind: str, value: Any) -> Any:
    if isinstance(value, Key):
        return _source(value.source, value.id)
    if isinstance(value, KeySource):
        return _source(value, value.id)
    if isinstance(value, MappingStore):
        return str(value.path)
    if isinstance(value, Book):
        return _book(place, operation, value)
    if kind == _SUMS:
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def _source(source: KeySource | None, key_id: str | None) -> dict[str, str]:
    """Return where a key is, and its id; never the key."""
    told = {} if source is None or source.kind == "id" else {source.kind: source.name}
    return told | ({"id": key_id} if key_id is not None else {})


def _book(place: str, operation: Operation, book: Book) -> Any:
    if book.file is not None:
        return {"file": book.file}
    if operation._keeps_its_book:
        raise SecretLeakError.recipe_file(place, "a private code book")
    return {name: _listed(entry) for name, entry in (book.entries or {}).items()}


def _listed(entry: Any) -> Any:
    """Return an entry of a book with lists for tuples, as files have them."""
    return [list(pair) for pair in entry] if isinstance(entry, list | tuple) else entry


def from_dict(
    make: type[Recipe], content: object, *, keys: Mapping[str, bytes | Key] | None = None, where: str = "the recipe"
) -> Recipe:
    """Read a recipe from plain values and make it; see :meth:`Recipe.from_dict`."""
    if not isinstance(content, Mapping):
        raise RecipeError.of(where, ["it must hold name, version and operations"])
    problems = [
        RecipeError.unknown("part of a recipe", name, ("name", "version", "operations"))
        for name in content
        if name not in ("name", "version", "operations")
    ]
    given = content.get("operations", [])
    if not isinstance(given, Sequence) or isinstance(given, str):
        raise RecipeError.of(where, [*problems, "operations: must be a list"])
    operations = []
    for index, table in enumerate(given):
        try:
            operations.append(_operation(index, table, keys or {}))
        except RecipeError as error:
            problems += error.problems
    named = {name: content[name] for name in ("name", "version") if name in content}
    if not problems:
        return make(operations, **named)
    try:
        make(operations, **named)  # for its problems too; the places are counted anew where rules are missing
    except RecipeError as error:
        problems += error.problems if len(operations) == len(given) else ()
    raise RecipeError.of(where, problems)


def _operation(index: int, table: object, keys: Mapping[str, bytes | Key]) -> Operation:
    place = f"operations[{index}]"
    if not isinstance(table, Mapping) or not isinstance(table.get("op"), str):
        raise RecipeError.of(
            "the recipe", [f"{place}: must be a table with op = one of {', '.join(sorted(OPERATIONS))}"]
        )
    if table["op"] not in OPERATIONS:
        raise RecipeError.of(
            "the recipe", [f"{place}.op: {RecipeError.unknown('operation', table['op'], list(OPERATIONS))}"]
        )
    kind = OPERATIONS[table["op"]]
    known = {field.name: field for field in dataclasses.fields(kind)}
    problems = [
        f"{place}.{name}: {RecipeError.unknown(f'parameter of {kind.op}', name, list(known))}"
        for name in table
        if name not in known and name != "op"
    ]
    values = {}
    for name, value in table.items():
        if name in known:
            try:
                values[name] = _value(known[name], value, keys)
            except (ValueError, SecretKeyError) as error:
                problems.append(f"{place}.{name}: {error}")
    missing = [
        name
        for name, field in known.items()
        if name not in values and name not in table and field.default is dataclasses.MISSING
    ]
    problems += [f"{place}.{name}: is needed" for name in missing]
    problems += _sound(place, kind, values, missing)
    if problems:
        raise RecipeError.of("the recipe", problems)
    return kind(**values)


def _sound(place: str, kind: type[Operation], values: Mapping[str, Any], missing: Sequence[str]) -> list[str]:
    """Return the problems of a rule's parameters, with something harmless where one is missing."""
    if missing:
        return []
    return [f"{place}.{parameter}: {text}" for parameter, text in kind(**values).problems()]


def _value(field: dataclasses.Field[Any], value: Any, keys: Mapping[str, bytes | Key]) -> Any:
    """Return a parameter's value, by the type that its operation declares."""
    kind = _type(field)
    if kind == "Key | KeySource":
        return _key(value, keys)
    if kind == "MappingStore":
        return MappingStore(_text(value))
    if kind == "Book" and (value is not None or field.default is dataclasses.MISSING):
        return (
            Book(file=value["file"]) if _names_file(value) else as_book(value if isinstance(value, Mapping) else None)
        )
    if kind == _SUMS:
        if not isinstance(value, Mapping):
            raise ValueError("must be a table from the names of totals to paths")
        return tuple(value.items())
    if field.name == "paths" and not isinstance(value, list):
        return (value,)
    return tuple(value) if kind in _LISTS and isinstance(value, list) else value


def _names_file(value: Any) -> bool:
    return isinstance(value, Mapping) and list(value) == ["file"] and isinstance(value["file"], str)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be the path of a file")  # told as a problem
    return value


def _key(value: Any, keys: Mapping[str, bytes | Key]) -> Key | KeySource | None:
    """Return the key that a table names."""
    if not isinstance(value, Mapping) or not all(isinstance(text, str) for text in value.values()):
        raise ValueError(
            "must be a table that says where the key is: {env = 'NAME'}, {file = 'path'}, {keyring = 'service/name'}"
        )
    sources = [name for name in value if name != "id"]
    key_id: str | None = value.get("id")
    if key_id is not None and key_id in keys:
        key = as_key(keys[key_id])
        if isinstance(key, Key) and key.id != key_id:
            raise SecretKeyError.other("keys=", key_id, key.id)
        return key
    if len(sources) > 1 or any(name not in KeySource.KINDS for name in sources) or not value:
        raise ValueError("must name one source: env, file or keyring, and may name the id of the key")
    return KeySource(sources[0], value[sources[0]], key_id) if sources else KeySource("id", str(key_id))


def load(make: type[Recipe], path: str | Path, *, keys: Mapping[str, bytes | Key] | None = None) -> Recipe:
    """Read a recipe from a file and make it; see :meth:`Recipe.load`."""
    path = Path(path)
    where = f"the recipe {path.name!r}"
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise RecipeError.of(where, [f"its name must end with {', '.join(_READERS)}"])
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise RecipeError.of(where, [f"it cannot be read: {reason}"]) from None
    try:
        content = reader(text)
    except ValueError as error:
        raise RecipeError.of(where, [f"it cannot be read: {error}"]) from None
    except RecursionError:
        raise RecipeError.of(where, ["it cannot be read: it is nested too deeply"]) from None
    return from_dict(make, content, keys=keys, where=where)


def save(recipe: Recipe, path: str | Path) -> None:
    """Write a recipe to a file; see :meth:`Recipe.save`."""
    path = Path(path)
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise RecipeError.of(f"the recipe {path.name!r}", [f"its name must end with {', '.join(_WRITERS)}"])
    write_whole(path, writer(to_dict(recipe)))


def _json_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise ValueError("a key is doubled")
    return table


def _yaml(text: str) -> Any:
    yaml = _pyyaml()

    class Loader(yaml.SafeLoader):  # type: ignore[name-defined,misc]
        """Refuses doubled keys, of which PyYAML takes the last."""

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            named = [key for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]  # `<<` takes over others
            keys = [self.construct_object(key, deep=True) for key in named]
            if len(set(map(str, keys))) < len(keys):
                raise ValueError(f"a key is doubled in line {node.start_mark.line + 1}")
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(text, Loader)  # a SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None


def _yaml_text(content: dict[str, Any]) -> str:
    return str(_pyyaml().safe_dump(content, sort_keys=False, allow_unicode=True))


def _pyyaml() -> Any:
    try:
        import yaml
    except ImportError:
        raise LibraryRequiredError.of("PyYAML", "events") from None
    return yaml


def _toml_text(content: dict[str, Any]) -> str:
    try:
        return tomli_w.dumps(content)
    except (TypeError, AttributeError):
        raise RecipeError.of("the recipe", ["a book with values that are no text goes into a YAML file"]) from None


_READERS: dict[str, Callable[[str], Any]] = {
    ".toml": tomllib.loads,
    ".yaml": _yaml,
    ".yml": _yaml,
    ".json": lambda text: json.loads(text, object_pairs_hook=_json_pairs),
}
_WRITERS = {
    ".toml": _toml_text,
    ".yaml": _yaml_text,
    ".yml": _yaml_text,
    ".json": lambda content: json.dumps(content, ensure_ascii=False, indent=1) + "\n",
}
