"""How exposed events are: k, uniques, linkage and residual identifiers, by event and by person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from privkit.anonymity.kanonymity import kanon
from privkit.errors import ColumnNotFoundError, ParameterError
from privkit.events.recipes.trace import trace
from privkit.events.run.flatten import flatten, read_events
from privkit.events.run.walk import parse_path, reader
from privkit.inventory.audit import audit
from privkit.inventory.column_names import DIRECT
from privkit.tally.row_classes import chosen_columns, row_classes
from privkit.tally.two_tables import Matches, paired
from privkit.values.arguments import public
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import pandas as pd

    from privkit.events.operations.operation import Hiding
    from privkit.events.recipes.recipe import Recipe
    from privkit.events.run.closures import Account
    from privkit.events.run.result import EventsResult

_PERSON = "__privkit_person"


@dataclass(frozen=True)
class RuleCount:
    """What one rule did.

    Attributes
    ----------
    number : int
        Its place in the recipe, from 0.
    op : str
        Its name.
    paths : tuple of str
        The fields.
    count : int
        How many values it touched; of sampling and merging, how many events.
    """

    number: int
    op: str
    paths: tuple[str, ...]
    count: int


@dataclass(frozen=True)
class Linked:
    """How records meet a register.

    Attributes
    ----------
    none, one, several : int
        Records that meet nobody, exactly one person, or several persons of the register.
    """

    none: int
    one: int
    several: int


@dataclass(frozen=True)
class Exposure:
    """How exposed events are, before or after a recipe.

    Attributes
    ----------
    qi : tuple of str
        The columns that others may know.
    n_events, k, n_unique : int
        Events; the smallest number that share their quasi-identifiers; events that share them with no other.
    n_persons, k_persons, n_alone : int or None
        Persons; the smallest number of persons in one class; persons who are alone in one of their classes.
    n_unique_persons : int or None
        Persons whose whole set of records no other person has.
    linked : Linked or None
        How the events meet the register.
    linked_persons : Linked or None
        How the persons do: one where some of their events meet exactly one, and all of these the same.
    """

    qi: tuple[str, ...]
    n_events: int
    k: int
    n_unique: int
    n_persons: int | None = None
    k_persons: int | None = None
    n_alone: int | None = None
    n_unique_persons: int | None = None
    linked: Linked | None = None
    linked_persons: Linked | None = None


@public
@dataclass(frozen=True, repr=False)
class EventsReport(Plotted):
    """What a recipe did, and how exposed its result is. Exact, for the owner's eyes; no release.

    Attributes
    ----------
    recipe, version : str
        The recipe.
    n_in, n_out, n_apart, n_sampled_out, n_merged, n_groups_left_out : int
        Events that came in, went out, were set apart, were dropped by sampling, went into groups; groups left out.
    rules : tuple of RuleCount
        What each rule touched.
    unmatched : tuple of str
        Fields without a rule that were met.
    before, after : Exposure or None
        Of the input, where it can be read again, and of the result.
    warnings : tuple of str
        What may still identify persons, or was left undone.
    """

    recipe: str
    version: str
    n_in: int
    n_out: int
    n_apart: int
    n_sampled_out: int
    n_merged: int
    n_groups_left_out: int
    rules: tuple[RuleCount, ...]
    unmatched: tuple[str, ...]
    before: Exposure | None
    after: Exposure | None
    warnings: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per rule: `rule`, `paths`, `count`."""
        import pandas as pd

        rows = [{"rule": rule.op, "paths": ", ".join(rule.paths), "count": rule.count} for rule in self.rules]
        return pd.DataFrame(rows, columns=["rule", "paths", "count"])


def rule_counts(recipe: Recipe, account: Account) -> tuple[RuleCount, ...]:
    """Return what each rule touched."""
    return tuple(
        RuleCount(number, operation.op, tuple(operation.targets()), count[0])
        for number, (operation, count) in enumerate(zip(recipe.operations, account.rules, strict=True))
    )


def reported(
    result: EventsResult,
    qi: str | Sequence[str] | None = None,
    *,
    register: object = None,
    on: Mapping[str, str] | None = None,
    on_before: Mapping[str, str] | None = None,
    before: bool = True,
) -> EventsReport:
    """Return what a recipe did and how exposed its result is; see :meth:`EventsResult.report`."""
    account, recipe = result.account, result.recipe
    warnings = [f"{path!r} has no rule and was passed on as it is" for path in _passed_on(result)]
    after = earlier = None
    if result.can_be_read_again:
        flat = flatten(result.events)
        chosen = _quasi(flat, qi, recipe)
        persons = list(account.subjects) if len(account.subjects) == len(flat) else None
        after = exposure(flat, chosen, persons=persons, register=register, on=on)
        warnings += residual_identifiers(flat, made=_made(recipe))
        if before and _readable(result.source):
            links = on_before if on_before is not None else _unchanged(recipe, on)
            earlier = _before(result, chosen, register, links)
    else:
        warnings.append("the result is an iterator: collect it into a list to have it checked")
    return EventsReport(
        recipe.name,
        recipe.version,
        account.n_in,
        account.n_out,
        account.n_apart,
        account.n_sampled_out,
        account.n_merged,
        account.n_groups_left_out,
        rule_counts(recipe, account),
        tuple(sorted(account.unmatched)),
        earlier,
        after,
        tuple(warnings),
    )


def _readable(source: object) -> bool:
    return source is not None and not hasattr(source, "__next__")


def _passed_on(result: EventsResult) -> list[str]:
    """Return the fields without a rule that are in the result."""
    dropping = result.recipe.trace.only or result.recipe.trace.merged
    if dropping or not result.account.unmatched or not result.can_be_read_again:
        return []
    there = set(flatten(result.events).columns)
    return [path for path in sorted(result.account.unmatched) if path.partition("[]")[0] in there]


def _made(recipe: Recipe) -> set[str]:
    """Return the flat columns of the result that hold tokens or numbers that the recipe made."""
    return made_by(recipe, "tokens")


def made_by(recipe: Recipe, *ways: Hiding) -> set[str]:
    """Return the paths, in the result, of the fields whose values rules hide in one of these ways."""
    made: set[str] = set()
    for index, operation in enumerate(recipe.operations):
        if operation._hides_by in ways:
            rest = trace(recipe.operations[index + 1 :])
            made |= {str(rest.output(path)) for path in operation.parsed()}
    return made


def _quasi(flat: pd.DataFrame, qi: str | Sequence[str] | None, recipe: Recipe) -> list[str]:
    if qi is None:
        return [name for name in flat.columns if recipe.trace.merged or name not in _made(recipe)]
    chosen = [qi] if isinstance(qi, str) else list(qi)
    if missing := [name for name in chosen if name not in flat.columns]:
        raise ColumnNotFoundError.of("qi", chosen, missing, flat.columns)
    return chosen


def _before(
    result: EventsResult, chosen: Sequence[str], register: object, on: Mapping[str, str] | None
) -> Exposure | None:
    """Return the exposure of the input by the fields that became the quasi-identifiers of the result.

    Where no such field is in the input, there is nothing to compare.
    """
    events = list(read_events(result.source))
    flat = flatten(events)
    found = result.recipe.trace
    origin = {str(found.output(parse_path(path))).partition("[]")[0]: path.partition("[]")[0] for path in found.fields}
    for name in flat.columns:
        origin.setdefault(name, name)
    names = [name for name in dict.fromkeys(origin.get(name, name) for name in chosen) if name in flat.columns]
    if not names:
        return None
    who = None if result.subject is None else subjects(events, result.subject)
    return exposure(flat, names, persons=who, register=register if on else None, on=on)


def _unchanged(recipe: Recipe, on: Mapping[str, str] | None) -> Mapping[str, str] | None:
    """Return the columns that meet the register, if none of them has another value or name than before."""
    changing = [operation for operation in recipe.operations if not operation._passes_on]
    touched = [path for operation in changing for path in operation.targets()]
    return None if any(name in touched for name in on or {}) else on


def subjects(events: Sequence[Mapping[str, Any]], subject: str) -> list[int]:
    """Return the number of each event's person, by first appearance; -1 without one."""
    read = reader(parse_path(subject))
    codes: dict[Any, int] = {}
    return [-1 if (who := read(event)) is None else codes.setdefault(who, len(codes)) for event in events]


def exposure(
    flat: pd.DataFrame,
    qi: Sequence[str],
    *,
    persons: Sequence[int] | None = None,
    register: object = None,
    on: Mapping[str, str] | None = None,
) -> Exposure:
    """Tell how exposed flat events are, by event and by person: rows are not persons.

    Reads rows; exact; spends nothing.

    Parameters
    ----------
    flat : pandas DataFrame
        From :func:`privkit.events.flatten`.
    qi : sequence of str
        The columns that others may know.
    persons : sequence of int, optional
        The number of each event's person; -1 without one. Such events are counted by event only.
    register : dataframe, optional
        A list of named persons.
    on : mapping of str to str, optional
        Which column of the events meets which of the register.

    Returns
    -------
    Exposure
    """
    if not len(flat) or not qi:
        return Exposure(tuple(qi), len(flat), 0, 0)
    rows = kanon(flat, list(qi))
    figures: dict[str, Any] = {}
    if persons is not None:
        figures |= _by_person(flat, qi, persons)
    if register is not None:
        figures |= _linked(flat, persons, register, on)
    return Exposure(tuple(qi), len(flat), rows.k, rows.n_unique, **figures)


def _by_person(flat: pd.DataFrame, qi: Sequence[str], persons: Sequence[int]) -> dict[str, Any]:
    owned = flat.loc[:, list(qi)].assign(**{_PERSON: persons})
    owned = owned[owned[_PERSON] >= 0]
    if not len(owned):
        return {"n_persons": 0, "k_persons": 0, "n_alone": 0, "n_unique_persons": 0}
    by_class = kanon(owned, list(qi), unit=_PERSON)
    records: dict[int, list[int]] = {}
    for person, record in zip(owned[_PERSON].tolist(), row_classes(owned, list(qi)).class_of.tolist(), strict=True):
        records.setdefault(person, []).append(record)
    alike = Counter(tuple(sorted(theirs)) for theirs in records.values())
    return {
        "n_persons": len(records),
        "k_persons": by_class.k,
        "n_alone": by_class.n_unique,
        "n_unique_persons": sum(1 for count in alike.values() if count == 1),
    }


def _linked(
    flat: pd.DataFrame, persons: Sequence[int] | None, register: object, on: Mapping[str, str] | None
) -> dict[str, Any]:
    if not on:
        raise ParameterError.together(["register", "on"], "register= needs on={'shipping.zip': 'postcode'}.")
    if missing := [name for name in on if name not in flat.columns]:
        raise ColumnNotFoundError.of("on", list(on), missing, flat.columns)
    theirs = chosen_columns(register, list(on.values()), "register")
    matches = paired(flat, theirs, list(on.items())).matches()
    figures: dict[str, Any] = {"linked": Linked(matches.n_none, matches.n_single, matches.n_several)}
    if persons is not None:
        figures["linked_persons"] = _linked_persons(matches, persons)
    return figures


def _linked_persons(matches: Matches, persons: Sequence[int]) -> Linked:
    """Return how many persons meet nobody, exactly one, or several of the register by all their events together.

    A person meets one where some of their events meet exactly one, and all of these the same.
    """
    found: dict[int, set[int]] = {person: set() for person in persons if person >= 0}
    met = set()
    for person, partner, count in zip(persons, matches.partner.tolist(), matches.counts.tolist(), strict=True):
        if person >= 0 and count:
            met.add(person)
            found[person] |= {partner} - {-1}
    one = sum(1 for partners in found.values() if len(partners) == 1)
    return Linked(len(found) - len(met), one, len(met) - one)


def residual_identifiers(flat: pd.DataFrame, *, made: Collection[str] = ()) -> list[str]:
    """Return warnings about columns that may still identify persons, by the column audit.

    Reads rows; tells columns, never values.

    Parameters
    ----------
    flat : pandas DataFrame
        From :func:`privkit.events.flatten`.
    made : collection of str
        Columns of tokens and numbers that the recipe made: unique on purpose.
    """
    others = flat.loc[:, [name for name in flat.columns if name not in made]]
    if not len(others.columns) or not len(others):
        return []
    return [
        f"{entry.name!r} looks like a direct identifier{f' ({entry.what})' if entry.what else ''}: "
        "pseudonymize, erase or drop it"
        for entry in audit(others).entries
        if entry.role == DIRECT
    ]
