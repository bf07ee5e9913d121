"""What inventories and reports on persons' requests say."""

from __future__ import annotations

from privkit.inventory.inventory import Inventory
from privkit.inventory.inventory_check import InventoryCheck
from privkit.inventory.subject import ErasureReport, Place, SubjectReport
from privkit.view.parts.calls import call
from privkit.view.parts.chart import SHARES, SHARES_END, Across, Chart
from privkit.view.parts.sheet import Meter, Name, Note, Row, Sheet, Table, given, sheet
from privkit.view.parts.words import LONGEST_NAME, argument, label, names, number, percent, plural
from privkit.view.sheets.audit import MOST, code_of, columns_of, pairs_of, short

# -- inventory -----------------------------------------------------------------------------------------------------


@sheet.register(Inventory)
def _inventory(found: Inventory) -> Sheet:
    more = Note(f"The first {MOST} columns are shown: .to_frame() has all.", told=False)
    together = found.uniques is not None and bool(found.rows)
    look = call(found, "kanon", found.qi, unit=found.unit) if found.qi else ""
    return Sheet(
        _inventory_answer(found),
        given(
            [
                _together(found) if together else None,
                Meter((found.uniques or 0) / found.rows, "rows that are alone", short=True) if together else None,
                *columns_of(found),
                more if len(found.entries) > MOST else None,
                *pairs_of(found),
                *_inventory_reasons(found),
                code_of(found, [look]),
            ]
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
