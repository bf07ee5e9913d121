"""The HTML of inventories and of persons' requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from privkit.view import text_study as words
from privkit.view.markup import Markup, card, table, tag
from privkit.view.words import label, number, percent

#: Columns of an inventory shown in a table; the whole of it is a frame.
_MOST = 200


def html(value: Any) -> Markup:
    """Return the value as HTML."""
    for base in type(value).__mro__:
        if base.__name__ in _HTML:
            return _HTML[base.__name__](value)
    return card(words.text(value).splitlines()[0], tag("pre", words.text(value)))


def _inventory(found: Any) -> Markup:
    heads = ["column", "role", "risk", "unique alone", "with others", "what to do, and why"]
    rows = [_entry(entry) for entry in found.entries[:_MOST]]
    reasons = list(words.inventory_reasons(found))
    if len(found.entries) > _MOST:
        reasons.append(f"The first {_MOST} columns are shown: .to_frame() has all.")
    return card(
        words.inventory_answer(found),
        *(tag("p", reason) for reason in reasons),
        tag("div", table(heads, rows, caption="Columns"), class_="pk-facts") if rows else None,
        then=words.inventory_next(found),
        exact=True,
    )


def _entry(entry: Any) -> list[object]:
    sign = {"high": "▲", "medium": "△", "low": "–"}[entry.rating]
    reasons = [*entry.evidence, *([f"HIPAA {entry.hipaa_class}"] if entry.hipaa else [])]
    if entry.purpose:
        reasons.append(f"purpose: {label(entry.purpose, longest=200)}")
    return [
        label(entry.name),
        _role(entry.role) + (" (yours)" if entry.overruled else ""),
        f"{sign} {entry.rating}",
        "not counted" if entry.unique_share is None else percent(entry.unique_share),
        "" if entry.uniques_with_others is None else number(entry.uniques_with_others),
        tag("div", tag("strong", entry.action), *(tag("div", reason, class_="pk-note") for reason in reasons)),
    ]


def _role(role: str) -> str:
    """Return the role's first word, which the columns are narrow for."""
    return {"direct identifier": "direct", "quasi-identifier": "quasi"}.get(role, role)


def _check(found: Any) -> Markup:
    rows = [[label(finding.column), finding.kind, finding.text] for finding in found.findings]
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
