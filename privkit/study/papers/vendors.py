"""The questionnaire for vendors: each question with what a yes and a no mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from privkit.inventory.column_names import DIRECT, QUASI, SENSITIVE
from privkit.study.papers.drafting import Draft, named, sayings, wording, words

if TYPE_CHECKING:
    from privkit.study.papers.known import Known


def vendors(known: Known, draft: Draft) -> Iterator[str]:
    """Yield the lines of the questionnaire."""
    yield from (f"# Questions to a vendor who is to work on {words(known.title)}", "")
    yield from (f"Drafted on {known.made.isoformat()}. {draft.blank('vendor')}", "")
    yield "The last two columns are for us: take them out before this is sent."
    yield from ("", "## What this is about", "")
    inventory = known.inventory
    for role, label in (
        (DIRECT, "who somebody is"),
        (QUASI, "who somebody could be"),
        (SENSITIVE, "what one would learn"),
    ):
        yield f"- Columns that tell {label}: {named(inventory.by_role(role))}"
    received = sayings(known.entries, "recipients")
    yield from (f"- Received by {words(who)}: {named(columns)}" for who, columns in received.items())
    yield from ("", "## Questions", "")
    yield "| | question | GDPR, Art. | answer | if yes | if no |"
    yield f"|{' --- |' * 6}"
    for place, one in enumerate(wording()["vendor"], 1):
        cells = [one["ask"], one["article"] or "–", "", one["yes"], one["no"]]
        yield f"| {place} | {' | '.join(cells)} |"
    yield from ("", "No answer is an answer: take it for the one that is worse for the persons, and ask once more.")
