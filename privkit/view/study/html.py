"""The HTML of inventories and of persons' requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from privkit.view.parts.markup import Markup, card, table, tag
from privkit.view.parts.words import label, percent, plural
from privkit.view.study import text as words

#: Columns of an inventory shown in a table; the whole of it is a frame.
_MOST = 200
#: Names up to this length stay on one line.
_SHORT = 24


def html(value: Any) -> Markup:
    """Return the value as HTML."""
    for base in type(value).__mro__:
        if base.__name__ in _HTML:
            return _HTML[base.__name__](value)
    return card(words.text(value).splitlines()[0], tag("pre", words.text(value)))


def _inventory(found: Any) -> Markup:
    reasons = list(words.inventory_reasons(found))
    if len(found.entries) > _MOST:
        reasons.append(f"The first {_MOST} columns are shown: .to_frame() has all.")
    shown = found.entries[:_MOST]
    roles = [(title, [entry for entry in shown if entry.role == role]) for role, title in _ROLES.items()]
    return card(
        words.inventory_answer(found),
        *(tag("p", reason) for reason in reasons),
        *(_role(title, entries) for title, entries in roles if entries),
        then=words.inventory_next(found),
        exact=True,
    )


_ROLES = {
    "direct identifier": "Direct identifiers",
    "quasi-identifier": "Quasi-identifiers",
    "sensitive": "Sensitive attributes",
    "other": "Other columns",
}


def _role(title: str, entries: list[Any]) -> Markup:
    heads = [tag("th", head, scope="col", class_="pk-whole") for head in ("column", "risk", "singles out")]
    heads.append(tag("th", "what to do, and why", scope="col"))
    return tag("div", table(heads, [_entry(entry) for entry in entries], caption=title), class_="pk-facts")


def _entry(entry: Any) -> list[object]:
    sign = {"high": "▲", "medium": "△", "low": "–"}[entry.rating]
    reasons = [*entry.evidence, *([f"HIPAA {entry.hipaa_class}"] if entry.hipaa else [])]
    if entry.overruled:
        reasons.append(f"role: yours; proposed was {entry.proposed}")
    if entry.purpose:
        reasons.append(f"purpose: {label(entry.purpose, longest=200)}")
    alone = "not counted" if entry.unique_share is None else f"{percent(entry.unique_share)} alone"
    others = [] if entry.uniques_with_others is None else [f"{plural(entry.uniques_with_others, 'row')} with others"]
    return [
        _name(entry.name),
        tag("span", f"{sign} {entry.rating}", class_="pk-whole"),
        tag("div", *(tag("div", part, class_="pk-whole") for part in (alone, *others))),
        tag("div", tag("strong", entry.action), *(tag("div", reason, class_="pk-note") for reason in reasons)),
    ]


def _name(column: str) -> Markup:
    """Return a column's name, on one line where that leaves room for the rest."""
    shown = label(column)
    return tag("span", shown, class_="pk-whole" if len(shown) <= _SHORT else None)


def _check(found: Any) -> Markup:
    rows = [[_name(finding.column), finding.kind, finding.text] for finding in found.findings]
    return card(
        words.check_answer(found),
        tag("div", table(["column", "finding", "what to do"], rows), class_="pk-facts") if rows else None,
        then=[".to_frame()"] if rows else [],
        exact=True,
    )


def _subject(found: Any) -> Markup:
    return card(words.subject_answer(found), *(tag("p", reason) for reason in words.subject_reasons(found)), exact=True)


def _erasure(found: Any) -> Markup:
    return card(words.erasure_answer(found), *(tag("p", reason) for reason in words.erasure_reasons(found)), exact=True)


_HTML: dict[str, Callable[[Any], Markup]] = {
    "Inventory": _inventory,
    "InventoryCheck": _check,
    "SubjectReport": _subject,
    "ErasureReport": _erasure,
}
