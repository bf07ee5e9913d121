"""What inventories and reports on persons' requests say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from privkit.inventory.column_entry import ColumnEntry
from privkit.inventory.column_names import DIRECT, OTHER, QUASI, SENSITIVE
from privkit.inventory.inventory import Inventory
from privkit.inventory.inventory_check import InventoryCheck
from privkit.inventory.subject import ErasureReport, Place, SubjectReport
from privkit.tally.columns.facts import BANDS
from privkit.view.parts.calls import call
from privkit.view.parts.chart import SHARES, SHARES_END, Across, Chart
from privkit.view.parts.sheet import (
    Cell,
    Chip,
    Folded,
    Meter,
    Name,
    Note,
    Pile,
    Row,
    Sheet,
    Spread,
    Table,
    Typed,
    given,
    sheet,
)
from privkit.view.parts.words import LONGEST_NAME, aligned, argument, bar, label, names, number, percent, plural

# -- inventory -----------------------------------------------------------------------------------------------------


@sheet.register(Inventory)
def _inventory(found: Inventory) -> Sheet:
    more = Note(f"The first {MOST} columns are shown: .to_frame() has all.", told=False)
    together = found.uniques is not None and bool(found.rows)
    look = call(found, "kanon", found.qi, unit=found.unit) if found.qi else ""
    return Sheet(
        _inventory_answer(found),
        given(
            _together(found) if together else None,
            Meter((found.uniques or 0) / found.rows, "rows that are alone", short=True) if together else None,
            *columns_of(found),
            more if len(found.entries) > MOST else None,
            *pairs_of(found),
            *_inventory_reasons(found),
            code_of(found, [look]),
        ),
        _inventory_next(found, look),
        exact=True,
        chart=lambda: _inventory_chart(found),
    )


def _together(found: Inventory) -> str:
    """Return how many rows the quasi-identifiers leave alone."""
    uniques = found.uniques or 0
    share = percent(uniques, found.rows)
    return f"Together the quasi-identifiers leave {plural(uniques, 'sample unique')} ({share} of the rows)."


def _inventory_chart(found: Inventory) -> Chart:
    """Return the share of rows that each column singles out by itself; direct identifiers fall short."""
    known = [(entry, entry.unique_share) for entry in found.entries if entry.unique_share is not None]
    drawn = Across(
        [f"{label(entry.name, 28)} ({short(entry.role)})" for entry, _ in known],
        [share for _, share in known],
        [percent(share) for _, share in known],
        [entry.role == "direct identifier" for entry, _ in known],
        end=SHARES_END,
        ticks=SHARES,
    )
    columns, rows = number(len(found.entries)), number(found.rows)
    title = f"What each of {columns} columns singles out by itself, of {rows} rows"
    return Chart(title, "rows whose value stands once", "column (role)", drawn)


def _inventory_answer(found: Inventory) -> str:
    """Return the first line: how many columns of which role."""
    if not found.entries:
        return f"Inventory: {'no column was looked at' if found.left_out else 'the table has no columns'}."
    parts = [
        plural(len(found.direct), "direct identifier"),
        plural(len(found.qi), "quasi-identifier"),
        f"{number(len(found.sensitive))} sensitive",
        f"{number(len(found.by_role('other')))} other",
    ]
    return f"{plural(len(found.entries), 'column')}, {plural(found.rows, 'row')}: {', '.join(parts)}."


def _inventory_reasons(found: Inventory) -> list[str]:
    """Return whose rows these are, what splits classes, and what was left out."""
    told = []
    if found.unit is not None:
        told.append(f"{names([found.unit])} repeats: its rows are one person's, and unit= counts persons.")
    if dirty := [entry.name for entry in found.entries if entry.dirty]:
        told.append(f"Dirt splits classes (blanks, case, leading zeros, Unicode's forms): {names(dirty)}.")
    if found.left_out:
        told.append(f"Left out: {'; '.join(found.left_out)}.")
    told.append("Proposals from names, shapes and uniqueness: you decide.")
    return told


def _inventory_next(found: Inventory, look: str) -> list[str]:
    """Return what to type next."""
    if not found.entries:
        return []
    first = argument([(found.qi or found.columns)[0]])[1:-1]
    return [look, f".assign({first}, purpose='what it is for')" if first else "", ".to_frame()"]


@sheet.register(InventoryCheck)
def _check(found: InventoryCheck) -> Sheet:
    findings = plural(len(found.findings), "finding") if found.findings else "No finding"
    rows: list[Row] = [[Name(label(finding.column)), finding.kind, finding.text] for finding in found.findings]
    lines = [f"{kind}: {names(found.of(kind))}." for kind in dict.fromkeys(one.kind for one in found.findings)]
    return Sheet(
        f"{findings} in {plural(found.columns, 'column')}, judged on {found.today.isoformat()}.",
        given(Table(["column", "finding", "what to do"], rows, lines=lines, facts=True)),
        [".to_frame()"] if rows else [],
        exact=True,
    )


# -- requests ------------------------------------------------------------------------------------------------------


@sheet.register(SubjectReport)
def _subject(found: SubjectReport) -> Sheet:
    rows = [f".rows({name!r})" for name in {place.table: None for place in found.places} if len(name) < LONGEST_NAME]
    then = [*rows[:1], ".to_frame()"] if found.found else []
    return Sheet(_subject_answer(found), tuple(_subject_reasons(found)), then, exact=True)


def _subject_answer(found: SubjectReport) -> str:
    """Return the first line: in how many rows and tables the person stands."""
    searched = plural(len(found.searched), "table")
    if not found.found:
        return f"The id stands in {'no column of ids' if found.mentions else 'none'} of {searched}."
    tables = len({place.table for place in found.places})
    return f"The person stands in {plural(found.n_rows, 'row')} of {number(tables)} of {searched}."


def _subject_reasons(found: SubjectReport) -> list[str]:
    """Return where the id stands, and what was not and cannot be searched."""
    told = [f"{_place(place)}." for place in found.places]
    if found.mentions:
        elsewhere = "; ".join(map(_place, found.mentions))
        told.append(
            f"Such a value stands in columns of other things, too: {elsewhere}. on= names them where it is the id."
        )
    if found.not_searched:
        told.append(f"Not searched, for want of the column: {names(found.not_searched)}.")
    return [*told, _unreached(found)]


def _place(place: Place) -> str:
    return f"{label(place.table)}: {plural(place.rows, 'row')} by {names([place.column])}"


def _unreached(found: SubjectReport | ErasureReport) -> str:
    """Return what no search of tables reaches."""
    return f"Not reached: {'; '.join(found.unreached)}."


@sheet.register(ErasureReport)
def _erasure(found: ErasureReport) -> Sheet:
    tables = plural(len(found.removed), "table")
    return Sheet(
        f"{plural(found.n_removed, 'row')} left out of {tables}; the tables given are unchanged.",
        tuple(_erasure_reasons(found)),
        [*[f".frames[{name!r}]" for name in found.removed if len(name) < LONGEST_NAME][:1], ".to_frame()"],
        exact=True,
    )


def _erasure_reasons(found: ErasureReport) -> list[str]:
    """Return the rows by table, the mentions that stay, and what cannot be reached."""
    told = [f"{label(table)}: {plural(count, 'row')}." for table, count in found.removed.items()]
    told += [f"Still mentioned in rows of others: {_place(place)}." for place in found.mentions]
    if found.not_searched:
        told.append(f"Unchanged, for want of the column: {names(found.not_searched)}.")
    return [*told, _unreached(found)]


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
        Folded(f"{_SIGNS[entry.rating]} {entry.rating}: {entry.action}", tuple(_entry_reasons(entry))),
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


def _entry_reasons(entry: ColumnEntry) -> list[str]:
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
