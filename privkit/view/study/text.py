"""The text of inventories and of persons' requests. The study room is a sibling, so its classes go by name here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from privkit.view.parts.words import argument, label, lines, names, number, plural


def text(value: Any) -> str:
    """Return the value as text."""
    for base in type(value).__mro__:
        if base.__name__ in _TEXTS:
            return _TEXTS[base.__name__](value)
    raise TypeError(f"{type(value).__name__} has no text")


# -- inventory -----------------------------------------------------------------------------------------------------


def _inventory(found: Any) -> str:
    return lines(inventory_answer(found), *inventory_reasons(found), then=inventory_next(found))


def inventory_answer(found: Any) -> str:
    """Return the first line: how many columns of which role."""
    if not found.entries:
        return "Inventory: the table has no columns."
    parts = [
        plural(len(found.direct), "direct identifier"),
        plural(len(found.qi), "quasi-identifier"),
        f"{number(len(found.sensitive))} sensitive",
        f"{number(len(found.entries) - len(found.direct) - len(found.qi) - len(found.sensitive))} other",
    ]
    return f"{plural(len(found.entries), 'column')}, {plural(found.rows, 'row')}: {', '.join(parts)}."


def inventory_reasons(found: Any) -> list[str]:
    """Return the columns by role, the uniques that the quasi-identifiers make, and what was left out."""
    told = []
    for title, columns in (("Direct", found.direct), ("Quasi", found.qi), ("Sensitive", found.sensitive)):
        if columns:
            told.append(f"{title}: {names(columns)}.")
    high = [entry.name for entry in found.entries if entry.rating == "high" and entry.role != "direct identifier"]
    if high:
        told.append(f"High risk beside the direct identifiers: {names(high)}.")
    if found.uniques is not None:
        told.append(f"Together the quasi-identifiers leave {plural(found.uniques, 'sample unique')}.")
    if found.left_out:
        told.append(f"Left out: {'; '.join(found.left_out)}.")
    told.append("Proposals from names, shapes and uniqueness: you decide.")
    return told


def inventory_next(found: Any) -> list[str]:
    """Return what to type next."""
    if not found.entries:
        return []
    typed = argument(found.qi)
    look = f"df.privacy.kanon({'df.privacy.audit().qi' if '...' in typed else typed})" if found.qi else ""
    return [step for step in (look, ".assign('column', role='other', purpose='...')", ".to_frame()") if step]


def _check(found: Any) -> str:
    return lines(check_answer(found), *check_reasons(found), then=[".to_frame()"] if found.findings else [])


def check_answer(found: Any) -> str:
    """Return the first line: how many findings."""
    findings = plural(len(found.findings), "finding") if found.findings else "No finding"
    return f"{findings} in {plural(found.columns, 'column')}, judged on {found.today.isoformat()}."


def check_reasons(found: Any) -> list[str]:
    """Return the columns of each kind of finding."""
    kinds = list(dict.fromkeys(finding.kind for finding in found.findings))
    return [f"{kind}: {names(found.of(kind))}." for kind in kinds]


# -- requests ------------------------------------------------------------------------------------------------------


def _subject(found: Any) -> str:
    then = [".rows('table')", ".to_frame()", "pk.erase_subject(frames, id, on='column')"] if found.found else []
    return lines(subject_answer(found), *subject_reasons(found), then=then)


def subject_answer(found: Any) -> str:
    """Return the first line: in how many rows and tables the person stands."""
    searched = plural(len(found.searched), "table")
    if not found.found:
        return f"The id stands in none of {searched}."
    tables = len({place.table for place in found.places})
    return f"The person stands in {plural(found.n_rows, 'row')} of {number(tables)} of {searched}."


def subject_reasons(found: Any) -> list[str]:
    """Return where the id stands, and what was not and cannot be searched."""
    told = [f"{_place(place)}." for place in found.places]
    if found.not_searched:
        told.append(f"Not searched, for want of the column: {names(found.not_searched)}.")
    return [*told, unreached(found)]


def _place(place: Any) -> str:
    return f"{label(place.table)}: {plural(place.rows, 'row')} by {names([place.column])}"


def unreached(found: Any) -> str:
    """Return what no search of tables reaches."""
    return f"Not reached: {'; '.join(found.unreached)}."


def _erasure(found: Any) -> str:
    return lines(erasure_answer(found), *erasure_reasons(found), then=[".frames['table']", ".to_frame()"])


def erasure_answer(found: Any) -> str:
    """Return the first line: how many rows were left out."""
    tables = plural(len(found.removed), "table")
    return f"{plural(found.n_removed, 'row')} left out of {tables}; the tables given are unchanged."


def erasure_reasons(found: Any) -> list[str]:
    """Return the rows by table, the mentions that stay, and what cannot be reached."""
    told = [f"{label(table)}: {plural(count, 'row')}." for table, count in found.removed.items()]
    told += [f"Still mentioned in rows of others: {_place(place)}." for place in found.mentions]
    if found.not_searched:
        told.append(f"Unchanged, for want of the column: {names(found.not_searched)}.")
    return [*told, unreached(found)]


_TEXTS: dict[str, Callable[[Any], str]] = {
    "Inventory": _inventory,
    "InventoryCheck": _check,
    "SubjectReport": _subject,
    "ErasureReport": _erasure,
}
