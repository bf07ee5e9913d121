"""The policy: one page on how a table about persons is handled, for those who handle it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from privkit.inventory.column_names import DIRECT, OTHER, QUASI, SENSITIVE
from privkit.study.papers.drafting import Draft, named, said_of, sayings, words
from privkit.values.writing import chance

if TYPE_CHECKING:
    from privkit.study.papers.known import Known

#: So many purposes have a line.
_MOST = 8


def policy(known: Known, draft: Draft) -> Iterator[str]:
    """Yield the lines of the policy."""
    yield from (f"# How we handle {words(known.title)}", "")
    yield from (f"For everybody who works with these data. Drafted on {known.made.isoformat()} from the inventory.", "")
    yield from ("## What the data are for", "")
    yield from _purposes(known, draft)
    yield from ("", "## What each kind of column may do", "")
    yield from _roles(known)
    yield from ("", "## Where they lie, and who may look", "")
    yield from _places(known, draft)
    yield from ("", "## What may leave", "")
    yield from _leaving(known, draft)
    yield from ("", "## When somebody asks, and when something goes wrong", "")
    yield from _asked(draft)
    yield from ("", f"Signed: {draft.blank('owner')}", "", f"To be looked at again: {draft.blank('review')}")


def _purposes(known: Known, draft: Draft) -> Iterator[str]:
    purposes = sayings(known.entries, "purpose")
    if purposes:
        yield "| purpose | legal basis | columns | kept until | received by |"
        yield f"|{' --- |' * 5}"
    for purpose, columns in [*purposes.items()][:_MOST]:
        own = [entry for entry in known.entries if entry.purpose.strip() == purpose]
        facts = [said_of(own, fact) or "–" for fact in ("legal_basis", "retention", "recipients")]
        yield f"| {words(purpose)} | {facts[0]} | {named(columns)} | {facts[1]} | {facts[2]} |"
    if len(purposes) > _MOST:
        yield from ("", f"And {len(purposes) - _MOST:,} more purposes, in the inventory.")
    for fact in ("purpose", "legal_basis", "retention"):
        if mark := draft.lacks(fact):
            yield from ("", mark)
    yield from ("", "What is not on this list is not done with these data (GDPR, Art. 5(1)(b)).")


_RULES = {
    DIRECT: "Never in a report, a mail or a chat; dropped, or pseudonymized, before anything leaves.",
    QUASI: "Together they find a person without a name: made coarser before a table leaves.",
    SENSITIVE: "What one might learn of a person: its spread in each group is checked before a table leaves.",
}


def _roles(known: Known) -> Iterator[str]:
    for role, rule in _RULES.items():
        if columns := known.inventory.by_role(role):
            kind = "Sensitive attribute" if role == SENSITIVE else role.capitalize()
            yield f"- **{kind}s** ({named(columns)}). {rule}"
    if texts := [entry.name for entry in known.entries if entry.what == "free text"]:
        yield f"- **Free text** ({named(texts)}). It may name anybody: read before it leaves, or left out."
    if others := known.inventory.by_role(OTHER):
        yield f"- **Others** ({named(others)}). In rows about persons they are personal data too (Art. 4(1))."


def _places(known: Known, draft: Draft) -> Iterator[str]:
    for fact, label in (("stored", "Stored"), ("access", "Access"), ("source", "They come from")):
        told = [said_of(known.entries, fact), draft.lacks(fact)]
        yield f"- {label}: {' '.join(filter(None, told))}"
    yield f"- Secured by: {draft.blank('security')}"
    yield "- Each column is deleted on its day, copies and exports with it."


def _leaving(known: Known, draft: Draft) -> Iterator[str]:
    yield "- Raw rows leave to nobody but those named above, and by no other way; a screenshot counts."
    yield f"- Tables and reports: {draft.blank('sharing')}"
    if (budget := known.budget) is None:
        yield "- Figures to be published: without small cells, or with noise from a budget that is kept in a ledger."
    else:
        yield (
            f"- Figures to be published: with noise, from the budget of project {words(budget.name)}, {budget.total}, "
            f"of which {budget.charged} is charged. It protects {words(budget.unit)}; by all of it, an attacker's "
            f"advantage is at most {chance(budget.total.advantage)}. There is no second budget."
        )
        out = sorted({one.recipient for one in budget.packages})
        yield f"- Handed out and not yet known to be deleted: {len(budget.packages):,}, to {named(out)}."
        if budget.without_noise:
            kinds = ", ".join(sorted(budget.without_noise))
            yield f"- Handed out without noise, so that this bound says nothing of it: {words(kinds)}."
    yield "- Whoever works for us on these data has a contract first (Art. 28(3)): see the questionnaire for vendors."


def _asked(draft: Draft) -> Iterator[str]:
    yield (
        "- A person asks what we hold (Art. 15), for a correction (Art. 16) or for erasure (Art. 17): pass it on the "
        f"same day to {draft.blank('requests')}. The answer is due within one month (Art. 12(3))."
    )
    yield (
        f"- You see or fear a breach, a lost laptop and a wrong address included: call {draft.blank('alarm')} at once. "
        "The authority is told within 72 hours of our knowing, unless a risk to persons is unlikely (Art. 33); the "
        "persons themselves where the risk is high (Art. 34). Do not try to mend it first."
    )
