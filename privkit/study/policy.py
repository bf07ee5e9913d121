"""A policy: what a table, its inventory and its project's ledger must meet before a pipeline goes on.

Each rule is known by its line of the TOML file, which the standard library's reader does not tell.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar, get_args

from privkit.anonymity.criterion import Criterion
from privkit.anonymity.kanonymity import KAnonymity
from privkit.anonymity.ldiversity import LDiversity
from privkit.anonymity.table_risk import AverageRisk, SampleUniqueness
from privkit.anonymity.tcloseness import TCloseness
from privkit.errors import ParameterError, PrivkitError, close_matches, listed
from privkit.errors.calls import called
from privkit.errors.engines import FileError
from privkit.errors.root import type_told
from privkit.errors.study import PolicyError
from privkit.inventory.column_entry import role_of
from privkit.inventory.inventory_check import Kind
from privkit.risk.attackers import Threshold, threshold_of
from privkit.values.exact import exact, share
from privkit.values.unit import PERIODS

Lines = Mapping[tuple[str, ...], int]
#: Where the reader's own message says that it stopped; the rest of that message may quote the file.
_STOPPED = re.compile(r"\(at line (\d+), column \d+\)")


def read_policy(path: str | os.PathLike[str]) -> tuple[dict[str, Any], Lines]:
    """Return what a file says, and the line of each of its tables and keys.

    Raises
    ------
    FileError
        If it cannot be read.
    PolicyError
        If it is no TOML, with the line where that shows. Nothing of the file is quoted.
    """
    place = Path(path)
    try:
        text = place.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FileError.of(place.name, "there is no such file") from None
    except UnicodeDecodeError:
        raise PolicyError.of([(None, "It is no text in UTF-8.")]) from None
    except (OSError, ValueError) as error:  # a name with a null character is a ValueError
        told = getattr(error, "strerror", None) or "its name is none"
        raise FileError.of(place.name, f"it cannot be read ({told})") from None
    try:
        return tomllib.loads(text), lines_of(text)
    except tomllib.TOMLDecodeError as error:
        stopped = _STOPPED.search(str(error))
        raise PolicyError.of([(int(stopped[1]) if stopped else None, "This is no TOML.")]) from None
    except RecursionError:
        raise PolicyError.of([(None, "It is nested too deeply.")]) from None


def lines_of(text: str) -> dict[tuple[str, ...], int]:
    r"""Return the first line of each table and key of a text that is TOML.

    A statement of TOML ends with a line, and no beginning of one is a statement by itself. So what is read line by
    line until the reader takes it is one statement, whatever strings and arrays it holds.

    Examples
    --------
    >>> lines_of('# limits\n[goal]\nqi = [\n  "zip",\n]\nk = 5\n')
    {('goal',): 2, ('goal', 'qi'): 3, ('goal', 'k'): 6}
    """
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    held: list[str] = []
    for number, line in enumerate(re.split(r"\r?\n", text), 1):
        held.append(line)
        try:
            said = tomllib.loads("\n".join(held))
        except tomllib.TOMLDecodeError:
            continue
        begun = number - len(held) + 1
        opens = held[0].lstrip().startswith("[")
        held = []
        path = _path(said)
        if opens:
            table = path
        for end in range(1, len(path) + 1):
            found.setdefault(path[:end] if opens else (*table, *path[:end]), begun)
    return found


def _path(said: Any) -> tuple[str, ...]:
    """Return the names that lead to what one statement sets, as far as they are one way."""
    path: list[str] = []
    while isinstance(said, dict) and len(said) == 1:
        [(name, said)] = said.items()
        path.append(name)
    return tuple(path)


T = TypeVar("T")

#: The limits on what is charged in one period of the calendar → what each limits.
PACED = {f"{name}_per_period": name for name in ("epsilon", "rho", "delta")}
#: The rules of each table of a policy.
RULES = {
    "goal": ("qi", "k", "l", "t", "sensitive", "unit"),
    "risk": ("threshold", "average", "uniques"),
    "roles": ("forbid", "decided"),
    "budget": ("project", "store", "epsilon", "rho", "delta", "period", *PACED),
    "retention": ("inventory", "forbid"),
}
#: Which of them are limits: a table without one of these judges nothing.
LIMITS = {
    "goal": ("k", "l", "t"),
    "risk": RULES["risk"],
    "roles": ("forbid",),
    "budget": ("epsilon", "rho", "delta", *PACED),
    "retention": ("inventory",),
}
#: What data and inventory must not disagree on, unless the policy says otherwise.
STALE = ("retention passed", "new column", "column gone")


@dataclass(frozen=True)
class Policy:
    """The limits of a policy, checked.

    Attributes
    ----------
    name : str
        Of its file; empty where it came as a mapping.
    folder : Path
        What its paths begin from: the file's folder, or the working directory.
    lines : mapping
        (table, rule) → line of the file.
    qi, sensitive : tuple of str
    unit : str or None
    criteria : tuple of (str, Criterion)
        Each with its rule, as ``goal.k``.
    threshold : Threshold or None
    roles : tuple of str
        That no column may have.
    decided : mapping of str to str
        Column → role, by the owner's word.
    project, store : str or None
    budget : mapping of str to Fraction
        Of `epsilon`, `rho` and `delta`, those that are limited; and those that are by period, as `epsilon_per_period`.
    period : str or None
        "day", "week", "month", "quarter" or "year".
    inventory : Path or None
    stale : tuple of str
        Kinds of findings of the inventory's check that are not allowed.
    """

    name: str
    folder: Path
    lines: Lines
    qi: tuple[str, ...]
    sensitive: tuple[str, ...]
    unit: str | None
    criteria: tuple[tuple[str, Criterion], ...]
    threshold: Threshold | None
    roles: tuple[str, ...]
    decided: Mapping[str, str]
    project: str | None
    store: str | None
    budget: Mapping[str, Fraction]
    period: str | None
    inventory: Path | None
    stale: tuple[str, ...]

    def line(self, rule: str) -> int | None:
        """Return the line of a rule, as ``goal.k``; None where it is not told in a file."""
        table, _, key = rule.partition(".")
        return self.lines.get((table, key), self.lines.get((table,)))


def policy_of(policy: object) -> Policy:
    """Return a policy from a TOML file, or from what one holds as a mapping.

    Raises
    ------
    FileError
        If the file cannot be read.
    ParameterError
        If it is neither a path nor a mapping.
    PolicyError
        Tells everything that is wrong at once.
    """
    if isinstance(policy, Mapping):
        return _Reader(policy, {}).policy("", Path())
    if not isinstance(policy, (str, os.PathLike)):
        raise ParameterError.of("policy", type_told(policy), "a path of a TOML file, or a mapping of its tables")
    said, lines = read_policy(policy)
    return _Reader(said, lines).policy(str(policy), Path(policy).parent)


class _Reader:
    """Takes a policy apart, and notes everything that is wrong with it."""

    def __init__(self, said: Mapping[Any, Any], lines: Lines) -> None:
        self.said, self.lines = said, lines
        self.problems: list[tuple[int | None, str]] = []

    def policy(self, name: str, folder: Path) -> Policy:
        self._known()
        qi, sensitive = self.texts("goal", "qi"), self.texts("goal", "sensitive")
        unit = self.text("goal", "unit")
        budget = {key: self.tried("budget", key, _amount) for key in LIMITS["budget"]}
        inventory = self.text("retention", "inventory")
        stale = self.texts("retention", "forbid", get_args(Kind)) if self.has("retention", "forbid") else STALE
        read = Policy(
            name=name,
            folder=folder,
            lines=self.lines,
            qi=qi,
            sensitive=sensitive,
            unit=unit,
            criteria=tuple(self._criteria(sensitive, unit)),
            threshold=self.tried("risk", "threshold", lambda value, _: threshold_of(value)),
            roles=tuple(dict.fromkeys(self._roles())),
            decided=self._decided(),
            project=self.text("budget", "project"),
            store=self.text("budget", "store"),
            budget={key: amount for key, amount in budget.items() if amount is not None},
            period=self.tried("budget", "period", _period),
            inventory=None if inventory is None else folder / inventory,
            stale=stale,
        )
        self._whole()
        if self.problems:
            raise PolicyError.of(self.problems)
        return read

    def problem(self, table: object, key: object, text: str) -> None:
        line = self.lines.get((str(table), str(key)), self.lines.get((str(table),)))
        self.problems.append((line, text))

    def has(self, table: str, key: str) -> bool:
        found = self.said.get(table)
        return isinstance(found, Mapping) and key in found

    # -- what is there ---------------------------------------------------------------------------------------------

    def _known(self) -> None:
        """Note tables and rules that nobody knows."""
        if not self.said:
            self.problems.append((None, f"It has no rule. Its tables are {listed(RULES)}."))
        for table, rules in self.said.items():
            if table not in RULES:
                self.problem(table, "", f"{_told(table)} is no table of a policy: {_near(table, RULES)}")
            elif not isinstance(rules, Mapping):
                self.problem(table, "", f"[{table}] is {type_told(rules)}, but it must be a table of rules.")
            else:
                for key in rules:
                    if key not in RULES[table]:
                        self.problem(table, key, f"{_told(key)} is no rule of [{table}]: {_near(key, RULES[table])}")

    def _whole(self) -> None:
        """Note rules that need others."""
        for table, limits in LIMITS.items():
            lends = table == "goal" and "risk" in self.said  # its quasi-identifiers
            idle = isinstance(self.said.get(table), Mapping) and not any(self.has(table, key) for key in limits)
            if idle and not lends:
                self.problem(table, "", f"[{table}] judges nothing: give it {listed(limits)}.")
        for table in ("goal", "risk"):
            if any(self.has(table, key) for key in LIMITS[table]) and not self.has("goal", "qi"):
                self.problem(table, "", f"[{table}] needs qi in [goal]: the columns that others may know.")
        protects = [key for key in ("l", "t") if self.has("goal", key)]
        if protects and not self.has("goal", "sensitive"):
            self.problem("goal", protects[0], f"{protects[0]} needs sensitive: the attribute that it protects.")
        if self.has("goal", "sensitive") and not protects:
            self.problem("goal", "sensitive", "sensitive needs l or t: how it is protected.")
        if any(self.has("budget", key) for key in LIMITS["budget"]) and not self.has("budget", "project"):
            self.problem("budget", "", "[budget] needs project, the name of a project in a ledger.")
        if (paced := [key for key in PACED if self.has("budget", key)]) and not self.has("budget", "period"):
            self.problem("budget", paced[0], f"{paced[0]} needs period: one of {listed(PERIODS)}.")
        if self.has("budget", "period") and not paced:
            self.problem("budget", "period", f"period needs a limit: {listed(PACED)}.")

    # -- values ----------------------------------------------------------------------------------------------------

    def tried(self, table: str, key: str, make: Callable[[Any, str], T]) -> T | None:
        """Return what is made of a rule's value; None where it is not given, or is refused, which is noted."""
        return self.made(table, key, self.said[table][key], make) if self.has(table, key) else None

    def made(self, table: str, key: str, value: object, make: Callable[[Any, str], T]) -> T | None:
        """Return what is made of a value; None where it is refused, which is noted."""
        try:
            return make(value, key)
        except PrivkitError as error:
            self.problem(table, key, error.message.removeprefix(f"{called()} "))
        except (TypeError, ValueError):
            self.problem(table, key, f"{key} is {type_told(value)}, which is no limit of this kind.")
        return None

    def text(self, table: str, key: str) -> str | None:
        def one(value: object, _: str) -> str:
            if isinstance(value, str) and value and "\0" not in value:
                return value
            raise ParameterError.of(key, _found(value), "a text")

        return self.tried(table, key, one)

    def texts(self, table: str, key: str, allowed: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return one text or several, none of them twice; all of them `allowed`, where that is limited."""

        def several(value: object, _: str) -> tuple[str, ...]:
            given = [value] if isinstance(value, str) else value
            if not isinstance(given, (list, tuple)) or not given or not all(isinstance(one, str) for one in given):
                raise ParameterError.of(key, _found(value), "a text, or a list of texts")
            if unknown := [one for one in given if allowed and one not in allowed]:
                raise ParameterError.of(key, repr(unknown[0]), f"some of {listed(allowed)}")
            return tuple(dict.fromkeys(given))

        return self.tried(table, key, several) or ()

    def _criteria(self, sensitive: tuple[str, ...], unit: str | None) -> list[tuple[str, Criterion]]:
        ways: list[tuple[str, str, Callable[[Any], Criterion]]] = [("goal", "k", lambda v: KAnonymity(v, unit=unit))]
        for name in sensitive:
            ways.append(("goal", "l", lambda v, of=name: LDiversity(of, v)))  # type: ignore[misc]
            ways.append(("goal", "t", lambda v, of=name: TCloseness(of, v)))  # type: ignore[misc]
        ways.append(("risk", "average", lambda v: AverageRisk(share(v, "average", zero=False), unit=unit)))
        ways.append(("risk", "uniques", lambda v: SampleUniqueness(share(v, "uniques"), unit=unit)))
        found = []
        for table, key, way in ways:
            if (criterion := self.tried(table, key, _one_argument(way))) is not None:
                found.append((f"{table}.{key}", criterion))
        return found

    def _roles(self) -> list[str]:
        given = self.texts("roles", "forbid")
        found = [self.made("roles", "forbid", role, role_of) for role in given]
        return [role for role in found if role is not None]

    def _decided(self) -> dict[str, str]:
        def table(value: object, key: str) -> dict[str, str]:
            if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
                raise ParameterError.of(key, type_told(value), "a table from column to role")
            return dict(value)

        given = self.tried("roles", "decided", table) or {}
        found = {name: self.made("roles", "decided", role, role_of) for name, role in given.items()}
        return {name: role for name, role in found.items() if role is not None}


def _one_argument(make: Callable[[Any], T]) -> Callable[[Any, str], T]:
    return lambda value, _: make(value)


def _amount(value: object, argument: str) -> Fraction:
    below = 1 if PACED.get(argument, argument) == "delta" else None
    return exact(value, argument, zero=True, smallest=Fraction(0), below=below)


def _period(value: object, argument: str) -> str:
    if isinstance(value, str) and value in PERIODS:
        return value
    found = repr(value) if isinstance(value, str) else type_told(value)
    raise ParameterError.of(argument, found, f"one of {listed(PERIODS)}")


def _found(value: object) -> str:
    return "an empty text" if value == "" else "an empty list" if value == [] else type_told(value)


def _told(name: object) -> str:
    return repr(name) if isinstance(name, str) else type_told(name)


def _near(name: object, known: Any) -> str:
    near = close_matches(name, known)
    return f"{listed(known)}." + (f" Close matches: {listed(near)}." if near else "")
