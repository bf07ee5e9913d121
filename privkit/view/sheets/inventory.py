"""What inventories and reports on persons' requests say."""

from __future__ import annotations

from collections.abc import Sequence

from privkit.inventory.column_entry import ColumnEntry
from privkit.inventory.inventory import Inventory
from privkit.inventory.inventory_check import InventoryCheck
from privkit.inventory.subject import ErasureReport, Place, SubjectReport
from privkit.view.parts.calls import call
from privkit.view.parts.chart import SHARES, SHARES_END, Across, Chart
from privkit.view.parts.sheet import Name, Note, Row, Sheet, Stacked, Table, given, sheet
from privkit.view.parts.words import LONGEST_NAME, argument, label, names, number, percent, plural

#: Columns of an inventory shown in a table; the whole of it is a frame.
_MOST = 200


# -- inventory -----------------------------------------------------------------------------------------------------


@sheet.register(Inventory)
def _inventory(found: Inventory) -> Sheet:
    shown = found.entries[:_MOST]
    more = Note(f"The first {_MOST} columns are shown: .to_frame() has all.", told=False)
    roles = [(title, [entry for entry in shown if entry.role == role]) for role, title in _ROLES.items()]
    return Sheet(
        _inventory_answer(found),
        given(
            [
                *_inventory_reasons(found),
                more if len(found.entries) > _MOST else None,
                *(_role(title, entries) for title, entries in roles if entries),
            ]
        ),
        _inventory_next(found),
        exact=True,
        chart=lambda: _inventory_chart(found),
    )


_ROLES = {
    "direct identifier": "Direct identifiers",
    "quasi-identifier": "Quasi-identifiers",
    "sensitive": "Sensitive attributes",
    "other": "Other columns",
}


def _role(title: str, entries: Sequence[ColumnEntry]) -> Table:
    whole = ("risk", "singles out")
    heads = ["column", *whole, "what to do, and why"]
    return Table(heads, [_entry(entry) for entry in entries], title, facts=True, whole=whole)


def _entry(entry: ColumnEntry) -> Row:
    sign = {"high": "▲", "medium": "△", "low": "–"}[entry.rating]
    reasons = [*entry.evidence, *([f"HIPAA {entry.hipaa_class}"] if entry.hipaa else [])]
    if entry.overruled:
        reasons.append(f"role: yours; proposed was {entry.proposed}")
    if entry.purpose:
        reasons.append(f"purpose: {label(entry.purpose, longest=200)}")
    alone = "not counted" if entry.unique_share is None else f"{percent(entry.unique_share)} alone"
    others = [] if entry.uniques_with_others is None else [f"{plural(entry.uniques_with_others, 'row')} with others"]
    return [
        Name(label(entry.name)),
        f"{sign} {entry.rating}",
        Stacked((alone, *others)),
        Stacked((entry.action, *reasons), lead=True),
    ]


def _inventory_chart(found: Inventory) -> Chart:
    """Return the share of rows that each column singles out by itself; direct identifiers fall short."""
    known = [(entry, entry.unique_share) for entry in found.entries if entry.unique_share is not None]
    drawn = Across(
        [f"{label(entry.name, 28)} ({_short(entry.role)})" for entry, _ in known],
        [share for _, share in known],
        [percent(share) for _, share in known],
        [entry.role == "direct identifier" for entry, _ in known],
        end=SHARES_END,
        ticks=SHARES,
    )
    columns, rows = number(len(found.entries)), number(found.rows)
    title = f"What each of {columns} columns singles out by itself, of {rows} rows"
    return Chart(title, "rows whose value stands once", "column (role)", drawn)


def _short(role: str) -> str:
    return {"direct identifier": "direct", "quasi-identifier": "quasi"}.get(role, role.partition(" ")[0])


def _inventory_answer(found: Inventory) -> str:
    """Return the first line: how many columns of which role."""
    if not found.entries:
        return "Inventory: the table has no columns."
    parts = [
        plural(len(found.direct), "direct identifier"),
        plural(len(found.qi), "quasi-identifier"),
        f"{number(len(found.sensitive))} sensitive",
        f"{number(len(found.by_role('other')))} other",
    ]
    return f"{plural(len(found.entries), 'column')}, {plural(found.rows, 'row')}: {', '.join(parts)}."


def _inventory_reasons(found: Inventory) -> list[str]:
    """Return the columns by role, the uniques that the quasi-identifiers make, and what was left out."""
    told = []
    for title, columns in (("Direct", found.direct), ("Quasi", found.qi), ("Sensitive", found.sensitive)):
        if columns:
            told.append(f"{title}: {names(columns)}.")
    high = [entry.name for entry in found.entries if entry.rating == "high" and entry.role != "direct identifier"]
    if high:
        told.append(f"High risk beside the direct identifiers: {names(high)}.")
    if found.unit is not None:
        told.append(f"{names([found.unit])} repeats: its rows are one person's, and unit= counts persons.")
    if dirty := [entry.name for entry in found.entries if entry.dirty]:
        told.append(f"Dirt splits classes (blanks, case, leading zeros, Unicode's forms): {names(dirty)}.")
    if found.uniques is not None:
        told.append(f"Together the quasi-identifiers leave {plural(found.uniques, 'sample unique')}.")
    if found.left_out:
        told.append(f"Left out: {'; '.join(found.left_out)}.")
    told.append("Proposals from names, shapes and uniqueness: you decide.")
    return told


def _inventory_next(found: Inventory) -> list[str]:
    """Return what to type next."""
    if not found.entries:
        return []
    look = call(found, "kanon", found.qi, unit=found.unit) if found.qi else ""
    first = argument([(found.qi or found.columns)[0]])[1:-1]
    return [look, f".assign({first}, purpose='what it is for')" if first else "", ".to_frame()"]


@sheet.register(InventoryCheck)
def _check(found: InventoryCheck) -> Sheet:
    findings = plural(len(found.findings), "finding") if found.findings else "No finding"
    rows: list[Row] = [[Name(label(finding.column)), finding.kind, finding.text] for finding in found.findings]
    kinds = dict.fromkeys(finding.kind for finding in found.findings)
    return Sheet(
        f"{findings} in {plural(found.columns, 'column')}, judged on {found.today.isoformat()}.",
        (
            Table(
                ["column", "finding", "what to do"],
                rows,
                lines=[f"{kind}: {names(found.of(kind))}." for kind in kinds],
                facts=True,
            ),
        ),
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
        return (
            f"The id stands in no column of ids of {searched}."
            if found.mentions
            else (f"The id stands in none of {searched}.")
        )
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
