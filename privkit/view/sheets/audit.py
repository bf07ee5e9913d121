"""The parts of an audit: its columns with their pictures, what two of them tell together, and its roles as code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from privkit.inventory.column_entry import ColumnEntry
from privkit.inventory.column_names import DIRECT, OTHER, QUASI, SENSITIVE
from privkit.inventory.inventory import Inventory
from privkit.tally.columns.facts import BANDS
from privkit.view.parts.calls import call
from privkit.view.parts.sheet import Cell, Chip, Folded, Meter, Name, Note, Pile, Row, Spread, Table, Typed
from privkit.view.parts.words import aligned, argument, bar, label, names, number, percent, plural

#: Columns of an inventory shown in a table, and in a text; the whole of it is a frame.
MOST, _MOST_TOLD = 200, 12
#: Letters of names that stand in the heads of the matrix; longer ones have numbers there.
_HEADS = 40
#: Letters of names that stay on one line beside all the rest, in a narrow window.
_SHORT_NAME = 16
#: Letters of code that somebody would read.
_LONGEST_CODE = 2000

_SHORT = {DIRECT: "direct", QUASI: "quasi", SENSITIVE: "sensitive", OTHER: "other"}
_BANDS = ["once", *(f"{low}-{high - 1} times" for low, high in pairwise(BANDS[1:])), f"{BANDS[-1]} times or more"]
_SIGNS = {"high": "▲", "medium": "△", "low": "–"}


def short(role: str) -> str:
    """Return a role's short name, as `roles=` takes it."""
    return _SHORT[role]  # type: ignore[index]


# -- columns -------------------------------------------------------------------------------------------------------


def columns_of(found: Inventory) -> list[Table]:
    """Return the columns by role; those that are about nobody and single few rows out are folded."""
    order = list(_SHORT)
    shown = sorted(found.entries[:MOST], key=lambda entry: order.index(entry.role))
    plain = [entry for entry in shown if entry.role == OTHER and entry.rating != "high"]
    telling = [entry for entry in shown if entry not in plain]
    told = [entry for entry in sorted(found.entries, key=lambda entry: order.index(entry.role)) if _tells(entry)]
    heads = ["column", "frequencies", "alone", "with others", "risk, and what to do"]
    bars = f"Frequencies: values that occur {', '.join(_BANDS)}."
    title = f"{bars} Alone: rows whose value stands once. With others: rows that it makes sample uniques"
    folded = plural(len(plain), "other column")
    return [
        Table(heads, [_entry(entry) for entry in telling], title, lines=_lines(told), facts=True, fits=True),
        Table(heads, [_entry(entry) for entry in plain], facts=True, fits=True, folded=folded),
    ]


def _tells(entry: ColumnEntry) -> bool:
    return entry.role != OTHER or entry.rating == "high"


def _entry(entry: ColumnEntry) -> Row:
    return [
        Pile((_named(entry.name), Chip(short(entry.role), str(entry.role)), _kind(entry))),
        Spread(entry.frequencies, _spread(entry)) if entry.frequencies else None,
        _alone(entry),
        _with_others(entry),
        Folded(f"{_SIGNS[entry.rating]} {entry.rating}: {entry.action}", tuple(_reasons(entry))),
    ]


def _named(name: str) -> Cell:
    told = label(name)
    return Name(told) if len(told) <= _SHORT_NAME else told


def _kind(entry: ColumnEntry) -> str:
    """Return a column's type, and how many different values and how many missing ones it has."""
    told = [label(entry.dtype, 24)]
    if entry.distinct is not None:
        told.append(f"{number(entry.distinct - bool(entry.missing_share))} different")
    if entry.missing_share:
        told.append(f"{number(round(entry.missing_share * entry.rows))} missing")
    return ", ".join(told)


def _spread(entry: ColumnEntry) -> str:
    """Return how many values occur how often; those that are none are left out."""
    told = [f"{band}: {number(count)}" for count, band in zip(entry.frequencies, _BANDS, strict=True) if count]
    return f"different values, by how often they occur: {', '.join(told) or 'none'}"


def _alone(entry: ColumnEntry) -> Cell:
    if entry.unique_share is None:
        return "not counted"
    return _barred(entry.unique_share, "alone", short=entry.rating == "high")


def _with_others(entry: ColumnEntry) -> Cell:
    if entry.uniques_with_others is None or not entry.rows:
        return None
    return _barred(entry.uniques_with_others / entry.rows, "with others", short=entry.rating == "high")


def _barred(share: float, words: str, *, short: bool) -> Pile:
    return Pile((Name(percent(share)), Meter(share, f"{percent(share)} {words}", short=short, letters=5)))


def _reasons(entry: ColumnEntry) -> list[str]:
    reasons = list(entry.evidence)
    if entry.hipaa:
        reasons.append(f"HIPAA {entry.hipaa_class}")
    if entry.overruled:
        reasons.append(f"role: yours; proposed was {entry.proposed}")
    if entry.purpose:
        reasons.append(f"purpose: {label(entry.purpose, longest=200)}")
    if entry.frequencies:
        reasons.append(_spread(entry))
    if entry.uniques_with_others is not None:
        reasons.append(f"with others: {plural(entry.uniques_with_others, 'row')}")
    return reasons


def _lines(entries: Sequence[ColumnEntry]) -> list[str]:
    """Return the columns as lines of a text, with their bars in letters."""
    rows = []
    for entry in entries[:_MOST_TOLD]:
        others = entry.uniques_with_others
        shares = ((entry.unique_share, "alone"), (others and others / entry.rows, "with others"))
        told = ["" if share is None else f"{bar(share, 5)} {percent(share):>7} {words}" for share, words in shares]
        what = [_SIGNS[entry.rating], label(entry.name, 20), short(entry.role), label(entry.dtype, 24)]
        rows.append([*what, told[0] or "not counted", told[1]])
    more = len(entries) - _MOST_TOLD
    return [*(aligned(rows, "<<<<<<") if rows else []), *([f"  … and {number(more)} more"] if more > 0 else [])]


# -- two of them ---------------------------------------------------------------------------------------------------


def pairs_of(found: Inventory) -> list[Note | Table]:
    """Return the rows that are alone by each two quasi-identifiers; nothing where none were counted."""
    known = {frozenset(pair): alone for pair, alone in found.pairs.items() if {*pair} <= {*found.qi}}
    paired = [name for name in found.qi if any(name in pair for pair in known)]
    if not known or not found.rows:
        return []
    whole = sum(len(label(name)) for name in paired) <= _HEADS
    heads = [label(name) if whole else str(place) for place, name in enumerate(paired, 1)]
    rows: list[Row] = []
    for place, name in enumerate(paired):
        own = Name(label(name) if whole else f"{place + 1} {label(name)}")
        cells = [_cell(known.get(frozenset((name, other))), found.rows) for other in paired[:place]]
        one = found[name].unique_share
        cells.append(_cell(None if one is None else round(one * found.rows), found.rows))
        rows.append([own, *cells, *[None] * (len(paired) - place - 1)])
    some = "" if len(paired) == len(found.qi) else f" (the {len(paired)} of {len(found.qi)} that tell most)"
    title = f"What if somebody knows two of these{some}?"
    told = Note("Rows that are then alone; where a column meets itself, by it alone.", told=False)
    return [Table(["", *heads], rows, lines=_worst(known, paired, found), fits=True, title=title), told]


def _cell(alone: int | None, rows: int) -> Cell:
    if alone is None:
        return "–"
    share = percent(alone, rows)
    return Pile((share, Meter(alone / rows, f"{share} alone", short=True, letters=5))) if alone else share


def _worst(known: dict[frozenset[str], int], paired: Sequence[str], found: Inventory) -> list[str]:
    """Return which two tell most; of two quasi-identifiers that has been said."""
    pair, most = max(known.items(), key=lambda item: item[1])
    if len(found.qi) < 3 or not most:
        return []
    two = names([name for name in paired if name in pair]).replace("', '", "' and '")
    return [f"Two of them alone, {two}, leave {number(most)} ({percent(most, found.rows)})."]


# -- code ----------------------------------------------------------------------------------------------------------


def code_of(found: Inventory, steps: Iterable[str]) -> Typed | None:
    """Return the roles as a call that gives them again, to be changed, and what comes next; None where too long."""
    roles = {entry.name: short(entry.role) for entry in found.entries if entry.role != OTHER or entry.overruled}
    if not roles or not argument(list(roles), _LONGEST_CODE):
        return None
    lines = [f"    {name!r}: {role!r}," for name, role in roles.items()]
    asked = call(found, "audit", roles={}).replace("{}", "\n".join(["{", *lines, "}"]))
    return Typed("\n".join([f"inventory = {asked}", *(step for step in steps if step)]), "Use these roles")
