"""The audit: a proposed inventory of a table."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from privkit.errors import ColumnNotFoundError, ParameterError
from privkit.errors.root import type_told
from privkit.inventory.column_entry import OWNER, ColumnEntry, role_of
from privkit.inventory.column_names import DIRECT, QUASI, said_by
from privkit.inventory.column_roles import Proposal, propose_all
from privkit.inventory.inventory import Inventory
from privkit.tally.columns.facts import ColumnFacts, column_facts
from privkit.tally.row_classes import Contributions, contributions
from privkit.tally.selection import NAMES_THEM, all_columns, index_tells, unnamed_columns
from privkit.values.arguments import typed
from privkit.values.exact import positive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from privkit.values.inputs import Frame

#: Quasi-identifiers beyond which contributions with others are left out for the rest.
_MOST_QI = 40
#: Quasi-identifiers of which each two are counted by themselves.
_MOST_PAIRED = 8
#: Columns that are named as telling another.
_MOST_TOLD = 6


@typed
def audit(
    data: Frame,
    *,
    roles: Mapping[str, str] | None = None,
    inventory: Inventory | None = None,
    time_limit: float | None = 60,
) -> Inventory:
    """Propose a role for every column, with the evidence, and tell how much it singles people out.

    Evidence is the column's name (English, German, Spanish, French words), the form and the words of a bounded sample
    of its distinct values (checksums that one in ten random values passes need the name), common given names among
    them, its uniqueness, and what the other columns tell: names are those of persons where the table is about some,
    and what is unknown among columns about health is taken to be about it. python-stdnum and phonenumbers, where
    installed (the extras ``stdnum`` and ``phone``), check more numbers. No value is shown or kept.
    Distinction and separation follow Motwani and Xu 2007. Reads rows; exact; spends nothing.

    Parameters
    ----------
    data : dataframe
        pandas, Polars, DuckDB, or another that Narwhals reads.
    roles : mapping of str to str, optional
        Column → role, where the owner knows better: ``"direct identifier"``, ``"quasi-identifier"``, ``"sensitive"``,
        ``"other"``, or short ``"direct"``, ``"quasi"``.
    inventory : Inventory, optional
        An earlier inventory, whose roles (where the owner overruled) and facts are kept.
    time_limit : float or None
        Seconds after which columns that were not looked at are listed by name alone, and said to be.

    Returns
    -------
    Inventory

    Raises
    ------
    ColumnNotFoundError, DuplicateColumnError, FrameError, ParameterError

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"email": ["a@x.org", "b@x.org"], "zip": ["8004", "8005"], "visits": [3, 3]})
    >>> inventory = audit(people)
    >>> inventory.direct, inventory.qi, audit(people, roles={"visits": "sensitive"}).sensitive
    (['email'], ['zip'], ['visits'])
    """
    seconds = None if time_limit is None else float(positive(time_limit, "time_limit"))
    deadline = None if seconds is None else time.monotonic() + seconds
    names = all_columns(data)
    chosen = _chosen(roles, inventory, names)
    # Two thirds of the time for the columns alone, the rest for what they add to each other.
    first = None if seconds is None or deadline is None else deadline - seconds / 3
    table = list(column_facts(data, names, deadline=first, look=said_by))
    entries = [_entry(*pair, chosen, inventory) for pair in zip(table, propose_all(table), strict=True)]
    rows = entries[0].rows if entries else 0
    entries, uniques, pairs, late = _with_others(data, entries, deadline)
    left_out = tuple(dict.fromkeys(entry.left_out for entry in entries if entry.left_out)) + late
    if words := [f"{facts.name!r} ({facts.absent})" for facts in table if facts.absent]:
        left_out = (*left_out, f"that words stand for missing values, since they are text: {', '.join(words)}")
    if index_tells(data):
        left_out = (*left_out, "the index, which is shared with the table: df.reset_index() makes it a column")
    if nameless := unnamed_columns(data):
        left_out = (*left_out, f"columns whose names are no text ({nameless}): {NAMES_THEM} names them")
    return Inventory(tuple(entries), rows, uniques, left_out, pairs)


def _chosen(roles: object, inventory: object, names: Sequence[str]) -> dict[str, str]:
    if inventory is not None and not isinstance(inventory, Inventory):
        raise ParameterError.of("inventory", type_told(inventory), "an Inventory")
    if roles is not None and not isinstance(roles, Mapping):
        raise ParameterError.of("roles", type_told(roles), "a mapping from column to role")
    given = dict(roles or {})
    if missing := [name for name in given if name not in names]:
        raise ColumnNotFoundError.of("roles", list(given), missing, names)
    earlier = {entry.name: str(entry.role) for entry in inventory or () if entry.overruled}
    return {**earlier, **{name: role_of(role, f"roles[{name!r}]") for name, role in given.items()}}


def _entry(facts: ColumnFacts, found: Proposal, chosen: Mapping[str, str], inventory: Inventory | None) -> ColumnEntry:
    entry = ColumnEntry(
        name=facts.name,
        dtype=facts.dtype,
        role=role_of(chosen.get(facts.name, found.role), "roles"),
        proposed=found.role,
        what=found.what,
        hipaa=found.hipaa,
        evidence=found.evidence,
        missing_share=facts.missing / facts.rows if facts.rows and not facts.left_out else None,
        distinct=facts.distinct,
        frequencies=facts.spread,
        distinction=facts.distinction,
        separation=facts.separation,
        unique_share=facts.unique_share,
        dirty=facts.dirty,
        rows=facts.rows,
        left_out=facts.left_out,
    )
    if inventory is None or facts.name not in inventory.columns:
        return entry
    earlier = inventory[facts.name]
    return replace(entry, **{name: getattr(earlier, name) for name in OWNER})


def _with_others(
    data: object, entries: list[ColumnEntry], deadline: float | None
) -> tuple[list[ColumnEntry], int | None, dict[tuple[str, str], int], tuple[str, ...]]:
    """Return the entries with what each column adds to the uniques, all uniques, those of pairs, and what is late."""
    looked = [entry for entry in entries if not entry.left_out]
    qi = [entry.name for entry in looked if entry.role == QUASI]
    others = [entry.name for entry in looked if entry.role not in {QUASI, DIRECT}]
    if not qi or not looked[0].rows:
        return entries, None, {}, ()
    if deadline is not None and time.monotonic() > deadline:
        return entries, None, {}, ("what columns add to each other (time limit)",)
    late: tuple[str, ...] = ()
    if len(qi) > _MOST_QI:
        late = (f"what columns add to each other beyond the first {_MOST_QI} quasi-identifiers",)
        qi = qi[:_MOST_QI]
    paired = _most_telling(looked, qi)
    found = contributions(data, qi, others, pairs_of=paired, deadline=deadline)
    added = {**found.lost, **found.gained}
    if len(added) < len(qi) + len(others):
        late = (*late, f"what {len(qi) + len(others) - len(added)} columns add to the others (time limit)")
    if missed := len(paired) * (len(paired) - 1) // 2 - len(found.pairs):
        late = (*late, f"what {missed} pairs of quasi-identifiers tell (time limit)")
    told = [
        replace(
            entry, uniques_with_others=added.get(entry.name), evidence=(*entry.evidence, *_told_by(found, entry.name))
        )
        for entry in entries
    ]
    return told, found.uniques, found.pairs, late


def _most_telling(entries: Sequence[ColumnEntry], qi: Sequence[str]) -> list[str]:
    """Return the quasi-identifiers that single most rows out or have most values, in the order of the table."""
    known = {entry.name: (entry.unique_share or 0.0, entry.distinct or 0) for entry in entries}
    telling = sorted(qi, key=lambda name: known[name], reverse=True)[:_MOST_PAIRED]
    return [name for name in qi if name in telling]


def _told_by(found: Contributions, name: str) -> list[str]:
    """Return which other columns tell a quasi-identifier, so that to leave it out alone helps nobody."""
    if not (columns := found.told.get(name, ())):
        return []
    more = f" and {len(columns) - _MOST_TOLD} more" if len(columns) > _MOST_TOLD else ""
    told = ", ".join(map(repr, columns[:_MOST_TOLD])) + more
    return [f"others: {told} {'tells' if len(columns) == 1 else 'tell'} it as well"]
