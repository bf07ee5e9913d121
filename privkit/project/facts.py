"""Public facts of a project: said once, with who said it; and as a TOML file.

A fact is what calls take as ``bounds=``, ``keys=``, ``bins=`` or ``candidates=`` of a column. What is declared passes
the same gates as in a call (`value_bounds`, `public_keys`, `bin_edges`, `public_candidates`), so that a call that says
nothing asks just what one would ask that says the same.

Without its kind, a tuple of two numbers, dates or ISO texts of dates is a pair of bounds. A list is of keys; but one of
two such values may be either, and is refused: it must say which.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomli_w

from privkit.budget.notes import merged
from privkit.dp.question import PublicSource
from privkit.errors import NotPublicError, ParameterError
from privkit.errors.facts import FactsError
from privkit.errors.root import close_matches, listed, type_told
from privkit.project.fact_values import checked, is_end, is_number, refuse_contradictions, same, values_from
from privkit.values.arguments import column_name, public, words
from privkit.values.files import write_whole
from privkit.values.show import Shown
from privkit.values.vouched import Table, vouched

if TYPE_CHECKING:
    import os

    import pandas as pd

    from privkit.budget.entry import Entry
    from privkit.budget.notes import Declared
    from privkit.project.project import Project
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
        Two numbers or dates for bounds, else the keys, edges or candidates.
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
                if told.get("withdrawn") is True:
                    found.pop((column, kind), None)
                    continue
                late = known[column][kind].get("after_check") is True
                source = PublicSource(kind, column, entry.seq, entry.analyst, entry.time, told.get("reason"), late)
                found[column, kind] = Fact(column, kind, values_from(kind, told["is"]), source)
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
            type_told(file),
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


def withdraw(project: Project, column: object, kind: object, reason: object) -> PublicFacts:
    """Withdraw facts of a column; see :meth:`privkit.project.project.Project.withdraw`."""
    name = column_name(column)
    if kind is not None and kind not in KINDS:
        raise ParameterError.of("kind", repr(kind) if isinstance(kind, str) else type_told(kind), listed(KINDS))
    if not isinstance(reason, str):
        raise ParameterError.of("reason", type_told(reason), "text, which is recorded", "Example: 'a slip of the pen'.")
    facts = project.facts
    kinds = [fact.kind for fact in facts if fact.column == name and kind in (None, fact.kind)]
    if not kinds:
        raise FactsError.none_such(name, kind or "", [(fact.column, fact.kind) for fact in facts])
    why = {"reason": told} if (told := words(reason, "reason", needed=False)) else {}
    project.account.declare({name: {one: {"withdrawn": True, **why} for one in kinds}}, refuse_contradictions)
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
            kind: {"is": checked(column, kind, plain)} | ({"reason": reason} if reason else {})
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
    if isinstance(plain, tuple | list) and len(plain) == 2 and all(map(is_end, plain)):
        if isinstance(plain, tuple):
            return {"bounds": (plain, reason)}
        raise FactsError.ambiguous(column, "numbers" if is_number(plain[0]) else "dates")
    if isinstance(plain, list | tuple | range | set | frozenset):
        return {"keys": (plain, reason)}
    raise FactsError.shape(column, type_told(plain))


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
            if known is not None and not same(kind, known["is"], fact["is"]):
                way = "Say it in one of them."
                raise FactsError.contradiction(column, f"the file and the call name other {kind}", way)
            found.setdefault(column, {})[kind] = fact
    refuse_contradictions(found)
    return found


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


def _to_toml(value: object) -> object:
    return {"missing": True} if value is None else value
