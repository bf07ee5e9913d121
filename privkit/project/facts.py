"""Public facts of a project: said once, with who said it; and as a TOML file.

A fact is what calls take as ``bounds=``, ``keys=``, ``bins=`` or ``candidates=`` of a column. What is declared passes
the same gates as in a call (`value_bounds`, `public_keys`, `bin_edges`, `public_candidates`), so that a call that says
nothing asks just what one would ask that says the same.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w

from privkit.budget.notes import merged
from privkit.dp.candidates import public_candidates
from privkit.dp.public import PublicSource
from privkit.dp.statistics.histogram import bin_edges
from privkit.errors import NotPublicError, ParameterError
from privkit.errors.facts import FactsError
from privkit.errors.root import close_matches
from privkit.values.arguments import public
from privkit.values.bounds import value_bounds
from privkit.values.files import write_whole
from privkit.values.keys import codes_of, public_keys
from privkit.values.show import Shown
from privkit.values.vouched import Table, vouched

if TYPE_CHECKING:
    import os

    import pandas as pd

    from privkit.budget.entry import Entry
    from privkit.budget.notes import Declared
    from privkit.project.project import Project
    from privkit.values.keys import KeyValue
    from privkit.values.unit import PrivacyUnit

#: The kinds of facts, by the arguments of calls that take them.
KINDS = ("bounds", "keys", "bins", "candidates")


@dataclass(frozen=True, slots=True)
class Fact:
    """One public fact of a column.

    Attributes
    ----------
    column, kind : str
    value : tuple
        Two numbers for bounds, else the keys, edges or candidates.
    source : PublicSource
        Who said it, when, why, and where in the ledger.
    """

    column: str
    kind: str
    value: tuple[Any, ...]
    source: PublicSource


@public
@dataclass(frozen=True, repr=False)
class PublicFacts(Shown):
    """The public facts of a project that are in force. Get them from ``project.public()``.

    Attributes
    ----------
    project : str
    facts : tuple of Fact
        In the order in which their columns were first told.
    """

    project: str
    facts: tuple[Fact, ...]

    def __len__(self) -> int:
        return len(self.facts)

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.facts)

    def find(self, column: str, kind: str) -> Fact | None:
        """Return one fact of a column, by its kind; None where it was not told."""
        return next((fact for fact in self.facts if (fact.column, fact.kind) == (column, kind)), None)

    def to_frame(self) -> pd.DataFrame:
        """Return a frame with a row per fact: column, fact, its value, who said it, when, why and where."""
        import pandas as pd

        rows = [
            (f.column, f.kind, list(f.value), f.source.analyst, f.source.time, f.source.reason, f.source.entry)
            for f in self.facts
        ]
        return pd.DataFrame(rows, columns=["column", "fact", "value", "analyst", "time", "reason", "entry"])

    def to_toml(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """Return the facts as TOML, or write them to `path`: ``project.public(path)`` reads them again.

        Parameters
        ----------
        path : path, optional

        Examples
        --------
        >>> import privkit as pk
        >>> project = pk.open_project("ages", epsilon=1, unit=pk.ROW, store=ledger_path)
        >>> print(project.public(age=(18, 100)).to_toml())
        [age]
        bounds = [
            18.0,
            100.0,
        ]
        <BLANKLINE>
        """
        columns: dict[str, dict[str, Any]] = {}
        for fact in self.facts:
            values = [_to_toml(value) for value in fact.value]
            told = values if fact.source.reason is None else {"values": values, "reason": fact.source.reason}
            columns.setdefault(fact.column, {})[fact.kind] = told
        text = tomli_w.dumps(columns)
        if path is None:
            return text
        write_whole(Path(path), text)
        return None


def facts_in_force(project: str, entries: Sequence[Entry]) -> PublicFacts:
    """Return the facts that the entries of a project's ledger declare, later ones in the place of earlier ones."""
    found: dict[tuple[str, str], Fact] = {}
    known: Declared = {}
    for entry in entries:
        told_here = entry.question["facts"]
        known = merged(known, told_here)
        for column, kinds in told_here.items():
            for kind, told in kinds.items():
                late = known[column][kind].get("after_check") is True
                source = PublicSource(kind, column, entry.seq, entry.analyst, entry.time, told.get("reason"), late)
                value = tuple(_key_from(one) if kind == "keys" else float(one) for one in told["is"])
                found[column, kind] = Fact(column, kind, value, source)
    return PublicFacts(project, tuple(found.values()))


def declare(project: Project, facts: object, file: object, columns: Mapping[str, object]) -> PublicFacts:
    """Declare facts of a project; see :meth:`privkit.project.project.Project.public`."""
    if facts is not None and not isinstance(facts, Mapping):
        if file is not None:
            raise FactsError.two_files()
        facts, file = None, facts
    if file is not None and not (isinstance(file, str) or hasattr(file, "__fspath__")):
        raise ParameterError.of(
            "file",
            f"a {type(file).__name__}",
            "a path",
            "Facts of a column of that name: project.public({'file': ...}).",
        )
    said = dict(facts or {})
    if twice := [name for name in columns if name in said]:
        raise FactsError.twice(twice[0])
    told = declared({**said, **columns}, project.unit)
    if file is not None:
        told = together(declared(read_facts(file), project.unit), told)  # type: ignore[arg-type]  # a path, as above
    if told:
        for column in (project.checked or frozenset()) & told.keys():
            for fact in told[column].values():
                fact["after_check"] = True
        project.account.declare(told, refuse_contradictions)
    return project.facts


def declared(said: Mapping[str, Any], unit: PrivacyUnit) -> Declared:
    """Return what is declared as the ledger records it, each fact through the gate of the argument that it stands for.

    Raises
    ------
    FactsError, NotPublicError, KeysError, ValueBoundsError, ParameterError
    """
    told: Declared = {}
    for column, value in said.items():
        if not isinstance(column, str) or not column:
            raise FactsError.shape(str(type(column).__name__), "a name that is no text")
        if column in unit.columns and column == unit.column:
            raise FactsError.of_unit(column)
        told[column] = {
            kind: {"is": _checked(column, kind, plain)} | ({"reason": reason} if reason else {})
            for kind, (plain, reason) in _kinds(column, value).items()
        }
    refuse_contradictions(told)
    return told


def _kinds(column: str, value: object) -> dict[str, tuple[object, str | None]]:
    """Return what is said of a column by kind, each with its reason."""
    plain, reason = vouched(value)
    if isinstance(plain, Table):
        if len(plain.columns) != 1:
            raise FactsError.shape(column, "a frame of several columns")
        plain = [row[0] for row in plain.rows]
    if hasattr(plain, "dtype") or hasattr(plain, "columns"):
        raise NotPublicError.of(column, type(plain).__name__)
    if isinstance(plain, Mapping):
        return _named(column, value if isinstance(value, Mapping) else plain, reason)
    if isinstance(plain, tuple | list) and len(plain) == 2 and all(map(_is_number, plain)):
        if isinstance(plain, tuple):
            return {"bounds": (plain, reason)}
        raise FactsError.ambiguous(column)
    if isinstance(plain, list | tuple | range | set | frozenset):
        return {"keys": (plain, reason)}
    raise FactsError.shape(column, "None" if plain is None else f"a {type(plain).__name__}")


def _named(column: str, kinds: Mapping[Any, Any], outer: str | None) -> dict[str, tuple[object, str | None]]:
    whole = kinds.get("reason", outer)
    if whole is not None and (not isinstance(whole, str) or not whole.strip()):
        raise FactsError.shape(column, "a reason that is no text")
    names = [name for name in kinds if name != "reason"]
    if unknown := [str(name) for name in names if name not in KINDS]:
        raise FactsError.unknown(column, unknown, [*KINDS, "reason"], close_matches(unknown[0], KINDS))
    if not names:
        raise FactsError.shape(column, "a dict without a fact")
    found: dict[str, tuple[object, str | None]] = {}
    for name in names:
        plain, reason = vouched(kinds[name])
        if isinstance(plain, Mapping):
            if not {"values"} <= set(plain) <= {"values", "reason"}:
                raise FactsError.shape(column, f"a dict as {name} that is not of values and a reason")
            reason, plain = plain.get("reason"), vouched(plain["values"])[0]
        if isinstance(plain, Table):
            plain = [cell for row in plain.rows for cell in row]
        found[name] = plain, reason if reason is not None else whole
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _checked(column: str, kind: str, value: object) -> list[Any]:
    """Return a fact's value as JSON values, refused as the argument of a call would be."""
    if kind == "bounds":
        return value_bounds(value, column).canonical()
    if kind == "bins":
        return [repr(edge) for edge in bin_edges(value)]
    if kind == "candidates":
        return [repr(number) for number in public_candidates(None, value, column)]
    if isinstance(value, list | tuple | set | frozenset):
        value = [_from_toml(one) for one in value]
    keys = [key[0] for key in public_keys([column], value).values]
    return [_key_told(column, key) for key in keys]


def _key_told(column: str, key: KeyValue) -> Any:
    """Return a key as a JSON value that is read again as the same: text, integer, boolean and None as they are."""
    if isinstance(key, datetime):
        if getattr(key, "nanosecond", 0):
            raise FactsError.missing(column, "an instant finer than a microsecond")
        return {"datetime": datetime.isoformat(key)}
    if isinstance(key, date):
        return {"date": key.isoformat()}
    return {"float": repr(key)} if isinstance(key, float) else key


_READERS: Mapping[str, Callable[[str], KeyValue]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "float": float,
}


def _key_from(told: Any) -> KeyValue:
    if not isinstance(told, dict):
        return told  # type: ignore[no-any-return]
    ((name, text),) = told.items()
    return _READERS[name](text)


def refuse_contradictions(told: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse facts of a column that cannot hold together.

    Raises
    ------
    FactsError
    """
    for column, kinds in told.items():
        if "bounds" not in kinds:
            continue
        lower, upper = map(float, kinds["bounds"]["is"])
        if "candidates" in kinds and any(not lower <= float(one) <= upper for one in kinds["candidates"]["is"]):
            way = "Values outside the bounds are clipped, so no candidate lies there."
            raise FactsError.contradiction(column, "candidates lie outside its bounds", way)
        keys = [_key_from(key) for key in kinds["keys"]["is"]] if "keys" in kinds else []
        numbers = [key for key in keys if isinstance(key, int | float) and not isinstance(key, bool)]
        if any(not lower <= key <= upper for key in numbers):
            way = "Widen the bounds, or drop those keys."
            raise FactsError.contradiction(column, "keys lie outside its bounds", way)
        if keys and not numbers and any(key is not None and not isinstance(key, bool) for key in keys):
            way = "Name one of them."
            raise FactsError.contradiction(column, "it has bounds of numbers, and keys that are none", way)
        edges = [float(edge) for edge in kinds["bins"]["is"]] if "bins" in kinds else []
        if edges and (edges[-1] <= lower < upper or edges[0] >= upper > lower):
            raise FactsError.contradiction(column, "all of its bins lie outside its bounds", "Name bins within them.")


def together(first: Declared, second: Declared) -> Declared:
    """Return what a file and a call declare, which must not contradict each other.

    Raises
    ------
    FactsError
    """
    found: Declared = {column: dict(kinds) for column, kinds in first.items()}
    for column, kinds in second.items():
        for kind, fact in kinds.items():
            known = found.get(column, {}).get(kind)
            if known is not None and _same(kind, known["is"]) != _same(kind, fact["is"]):
                way = "Say it in one of them."
                raise FactsError.contradiction(column, f"the file and the call name other {kind}", way)
            found.setdefault(column, {})[kind] = fact
    refuse_contradictions(found)
    return found


def _same(kind: str, value: Sequence[Any]) -> object:
    return codes_of([_key_from(key) for key in value]) if kind == "keys" else list(value)


def read_facts(file: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what a TOML file says: a table for each column, or a list of keys.

    Raises
    ------
    FactsError
        No line of the file is told.
    FileNotFoundError, OSError
    """
    place = Path(file)
    try:
        found = tomllib.loads(place.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError):
        raise FactsError.file(place.name, "it is no TOML") from None
    except OSError as error:
        raise FactsError.file(place.name, (error.strerror or "it cannot be read").lower()) from None
    return found


def _from_toml(value: object) -> object:
    """Return a key of a file: missing, which TOML has no word for, is ``{missing = true}``."""
    return None if value == {"missing": True} else value


def _to_toml(value: object) -> object:
    return {"missing": True} if value is None else value
