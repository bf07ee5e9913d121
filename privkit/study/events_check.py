"""How exposed events are: k, uniques, linkage and residual identifiers of the flattened events, by event and by person."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from privkit.anonymity.kanon import kanon
from privkit.errors import ColumnNotFoundError, ParameterError
from privkit.events.flatten import flatten, read_events
from privkit.events.merge import Merge
from privkit.events.number import Number
from privkit.events.path import parse_path
from privkit.events.pseudonymize import Pseudonymize
from privkit.events.report import EventsReport, Exposure, Linked, rule_counts
from privkit.events.trace import trace
from privkit.events.walk import reader

if TYPE_CHECKING:
    import pandas as pd

    from privkit.events.recipe import Recipe
    from privkit.events.result import EventsResult

_PERSON = "__privkit_person"
#: Texts that look like identifiers wherever they stand: checked on distinct values, told by column alone.
_PATTERNS = {
    "e-mail addresses": re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}"),
    "IBANs": re.compile(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?"),
    "phone numbers": re.compile(r"(?:\+|00)\d[\d ()/.-]{7,17}"),
    "IP addresses": re.compile(r"(?:\d{1,3}\.){3}\d{1,3}"),
}
_MOST_VALUES = 5_000
_NEAR_UNIQUE = 0.9


def report(
    result: EventsResult,
    qi: str | Sequence[str] | None = None,
    *,
    register: object = None,
    on: Mapping[str, str] | None = None,
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
            earlier = _before(result, chosen, register, on)
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
    made: set[str] = set()
    for index, operation in enumerate(recipe.operations):
        if isinstance(operation, Pseudonymize | Number):
            rest = trace(recipe.operations[index + 1 :])
            made |= {str(rest.output(path)) for path in operation.parsed()}
    return made


def _quasi(flat: pd.DataFrame, qi: str | Sequence[str] | None, recipe: Recipe) -> list[str]:
    if qi is None:
        merged = any(isinstance(operation, Merge) for operation in recipe.operations)
        return [name for name in flat.columns if merged or name not in _made(recipe)]
    chosen = [qi] if isinstance(qi, str) else list(qi)
    if missing := [name for name in chosen if name not in flat.columns]:
        raise ColumnNotFoundError.of("report", "qi", chosen, missing, flat.columns)
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
    links = {origin.get(name, name): column for name, column in (on or {}).items()}
    known = links and all(name in flat.columns for name in links)
    return exposure(
        flat,
        names,
        persons=None if result.subject is None else subjects(events, result.subject),
        register=register if known else None,
        on=links if known else None,
    )


def subjects(events: Sequence[Mapping[str, Any]], subject: str) -> list[int]:
    """Return the number of each event's person, by first appearance; -1 without one."""
    read, codes = reader(parse_path(subject)), {}
    return [-1 if (who := read(event)) is None else codes.setdefault(who, len(codes)) for event in events]


def exposure(
    flat: pd.DataFrame,
    qi: Sequence[str],
    *,
    persons: Sequence[int] | None = None,
    register: object = None,
    on: Mapping[str, str] | None = None,
) -> Exposure:
    """Tell how exposed flat events are, by event and by person: rows are not persons. Reads rows; exact; spends nothing.

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
    classes = owned.groupby(list(qi), dropna=False, sort=False).ngroup()
    histories = classes.groupby(owned[_PERSON].to_numpy()).agg(lambda found: tuple(sorted(found)))
    counts = histories.map(histories.value_counts())
    return {
        "n_persons": int(owned[_PERSON].nunique()),
        "k_persons": by_class.k,
        "n_alone": by_class.n_unique,
        "n_unique_persons": int((counts == 1).sum()),
    }


def _linked(
    flat: pd.DataFrame, persons: Sequence[int] | None, register: object, on: Mapping[str, str] | None
) -> dict[str, Any]:
    from privkit.risk.link import link

    if not on:
        raise ParameterError.together("report", ["register", "on"], "register= needs on={'shipping.zip': 'postcode'}.")
    if missing := [name for name in on if name not in flat.columns]:
        raise ColumnNotFoundError.of("report", "on", list(on), missing, flat.columns)
    found = link(flat, register, dict(on))
    figures: dict[str, Any] = {"linked": Linked(found.n_none, found.n_single, found.n_several)}
    if persons is not None:
        figures["linked_persons"] = _linked_persons(flat, persons, register, on)
    return figures


def _linked_persons(flat: pd.DataFrame, persons: Sequence[int], register: Any, on: Mapping[str, str]) -> Linked:
    """Return how many persons are left with nobody, one, or several of the register by all their events together.

    An event without a match, as one with a missing value, tells nothing and rules nobody out.
    """
    import pandas as pd

    names = list(on)
    events = flat.loc[:, names].assign(**{_PERSON: persons}).dropna()
    events = events[events[_PERSON] >= 0].drop_duplicates()
    people = pd.DataFrame({name: list(register[column]) for name, column in on.items()})
    people = people.assign(__privkit_row=range(len(people))).dropna()
    pairs = events.merge(people, on=names)
    telling = pairs.drop_duplicates([_PERSON, *names]).groupby(_PERSON).size()
    agreeing = pairs.groupby([_PERSON, "__privkit_row"]).size().reset_index(name="n")
    full = agreeing[agreeing["n"] == agreeing[_PERSON].map(telling)].groupby(_PERSON).size()
    one, several = int((full == 1).sum()), int((full > 1).sum())
    return Linked(len({person for person in persons if person >= 0}) - one - several, one, several)


def residual_identifiers(flat: pd.DataFrame, *, made: set[str] = frozenset()) -> list[str]:  # type: ignore[assignment]
    """Return warnings about columns that may still identify persons: by look, and by being nearly unique.

    Reads rows; tells columns and shares, never values.

    Parameters
    ----------
    flat : pandas DataFrame
        From :func:`privkit.events.flatten`.
    made : set of str
        Columns of tokens and numbers that the recipe made: unique on purpose.
    """
    warnings = []
    for name in flat.columns:
        texts = [value for value in flat[name].dropna().unique()[:_MOST_VALUES] if isinstance(value, str)]
        if name in made or not texts:
            continue
        looks = [
            what
            for what, pattern in _PATTERNS.items()
            if sum(map(bool, map(pattern.search, texts))) >= 0.5 * len(texts)
        ]
        n_values, n_rows = int(flat[name].nunique()), int(flat[name].notna().sum())
        if looks:
            warnings.append(f"{name!r} looks like {looks[0]}: pseudonymize, erase or drop it")
        elif n_rows >= 20 and n_values >= _NEAR_UNIQUE * n_rows:
            warnings.append(f"{name!r} is different in nearly every event, as an identifier is: coarsen or drop it")
    return warnings
