"""The training: an hour from the notebooks, with the columns of one's own table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from privkit.inventory.column_names import DIRECT, QUASI, SENSITIVE
from privkit.study.papers.drafting import Draft, named, words

if TYPE_CHECKING:
    from privkit.study.papers.known import Known

#: Notebook → minutes, as its page says, and what a class takes away from it.
LESSONS = {
    "01_start": (10, "what of a table about people may be given away: look, change, release, watch"),
    "02_not_anonymous": (10, "without names people are still found: by a second list that anybody may read"),
    "03_anonymize": (15, "five who look alike, and a secret that is out all the same"),
    "04_differential_privacy": (15, "two totals betray one person, and what noise and ε do about it"),
    "05_budget": (15, "one budget for a year: what costs, and what does not"),
}
#: Those of an hour: the one with a budget where there is a project, else the one on coarser tables.
_FIRST, _OWN, _LAST = ("01_start", "02_not_anonymous"), 5, 5


def lessons_of(known: Known) -> tuple[str, ...]:
    """Return the notebooks of the hour, each after what it builds on."""
    rest = ("03_anonymize", "04_differential_privacy")
    return (*_FIRST, *(rest if known.budget is None else ("04_differential_privacy", "05_budget")))


def training(known: Known, draft: Draft) -> Iterator[str]:
    """Yield the lines of the training."""
    yield from (f"# An hour on {words(known.title)}", "")
    yield from (f"Drafted on {known.made.isoformat()}. {draft.blank('training')}", "")
    yield from ("You need a computer for every two, with privkit and its notebooks. Nobody needs to program.", "")
    yield from ("| minutes | what | what stays |", f"|{' --- |' * 3}")
    at = 0
    for minutes, what, stays in _parts(known):
        yield f"| {at} to {at + minutes} | {what} | {stays} |"
        at += minutes
    yield from ("", "## Our own table", "")
    yield "Before the list below is shown, each pair writes down which columns it would give to a stranger."
    yield ""
    inventory = known.inventory
    yield f"- Who is it? Direct identifiers: {named(inventory.by_role(DIRECT))}"
    yield f"- Who could it be? Quasi-identifiers, which find a person together: {named(inventory.by_role(QUASI))}"
    yield f"- What would one learn? Sensitive attributes: {named(inventory.by_role(SENSITIVE))}"
    if inventory.uniques is not None and inventory.qi:
        yield (
            f"- By the quasi-identifiers together {inventory.uniques:,} of {inventory.rows:,} rows stand alone. Each "
            "is a person whom a neighbor may find."
        )
    yield from ("", "## Five questions at the end", "")
    yield from _questions(known)


def _parts(known: Known) -> Iterator[tuple[int, str, str]]:
    yield _OWN, "Our own table: see below", "which of its columns tell who somebody is"
    for name in lessons_of(known):
        minutes, stays = LESSONS[name]
        yield minutes, f"`{name}.ipynb`", stays
    yield _LAST, "Five questions: see below", "whom to call"


def _questions(known: Known) -> Iterator[str]:
    asked = {
        "The names are gone from a table. Is it anonymous?": "No: ask who could find a person by what is left.",
        "A colleague needs three rows in a mail, quickly.": "No. Ask what for: a figure often does.",
        **(_ON_GROUPS if known.budget is None else _ON_A_BUDGET),
        "A customer wants to know what we hold.": "Pass it on the same day: one month runs (GDPR, Art. 12(3)).",
        "I sent a file to the wrong address.": "Call at once: 72 hours run (GDPR, Art. 33).",
    }
    yield from (f"{place}. {ask} *{answer}*" for place, (ask, answer) in enumerate(asked.items(), 1))


_ON_GROUPS = {
    "Five look alike in a group, and all have the same illness. Is the secret kept?": "No: l-diversity is about that."
}
_ON_A_BUDGET = {
    "The noisy answer looks odd. May I ask again and take the mean?": "It costs again, until the budget is gone."
}
