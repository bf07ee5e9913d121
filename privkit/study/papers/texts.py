"""The four papers, line by line: a policy, a notice to customers, an hour of training, questions to vendors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from privkit.inventory.column_entry import ColumnEntry
from privkit.inventory.column_names import DIRECT, OTHER, QUASI, SENSITIVE
from privkit.study.dossiers.terms import letter_of
from privkit.study.papers.drafting import Budget, Draft, Known, named, said_of, sayings, wording, words
from privkit.values.writing import chance

#: So many purposes have a line.
_MOST = 8


def policy(known: Known, draft: Draft) -> Iterator[str]:
    """Yield the lines of the policy: one page on how a table about persons is handled, for those who handle it."""
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


#: The points of Art. 6(1), in words for the persons themselves.
_BECAUSE = {
    "a": "you agreed to it",
    "b": "we need it for our contract with you",
    "c": "a law obliges us to",
    "d": "it protects somebody's life",
    "e": "it is a task in the public interest",
    "f": "we have a legitimate interest in it",
}


#: What leaves without added chance, in plain words.
_PLAIN = {
    "anonymized rows": "rows about single persons, made coarser and without names",
    "checked counts": "counts of people, of which small ones are left out",
}
_TERM = (
    "It costs you nothing (Art. 12(5)). We answer within one month, or tell you within it why we need up to two more "
    "(Art. 12(3))."
)


def notice(known: Known, draft: Draft) -> Iterator[str]:
    """Yield the lines of the notice, in plain words: what Art. 13 and 14 of the GDPR ask for."""
    yield from ("# What we do with data about you", "")
    yield from (f"This is about {words(known.title)}. Drafted on {known.made.isoformat()}.", "")
    yield from ("## Who we are", "")
    yield f"- We are: {draft.blank('controller')}"
    yield f"- You reach us at: {draft.blank('contact')}"
    yield f"- Our data protection officer: {draft.blank('officer')}"
    yield from ("", "## What we use, for what, and for how long", "")
    yield from _uses(known, draft)
    yield from _asked_of_all(known, draft)
    if known.budget is not None:
        yield from ("", "## What we publish", "")
        yield from _published(known.budget)
    yield from ("", "## What you may ask of us", "")
    yield from _rights(known.letters)
    yield from ("", f"Write to us: {draft.blank('contact')}", "", _TERM, "")
    yield f"You may also complain to the supervisory authority (Art. 77): {draft.blank('authority')}"


def _uses(known: Known, draft: Draft) -> Iterator[str]:
    for purpose in sayings(known.entries, "purpose"):
        own = [entry for entry in known.entries if entry.purpose.strip() == purpose]
        yield from (f"### {words(purpose)}", "")
        yield f"- We use: {_plainly(own)}."
        yield from (f"- {line}" for line in _because(own))
        for fact, label in (
            ("consent", "You agreed to this"),
            ("source", "We have it from"),
            ("recipients", "Who else receives it"),
            ("retention", "We keep it until"),
        ):
            if told := said_of(own, fact, None):
                yield f"- {label}: {told}"
        yield ""
    for fact in ("purpose", "legal_basis", "source", "recipients", "retention"):
        if mark := draft.lacks(fact):
            yield from (mark, "")


def _plainly(entries: Sequence[ColumnEntry]) -> str:
    """Return what columns hold, in words where the audit or the owner's names have some; each once."""
    plain = (entry.what or entry.name.replace("_", " ") for entry in entries)
    return ", ".join(map(words, dict.fromkeys(plain)))


def _because(entries: Sequence[ColumnEntry]) -> Iterator[str]:
    """Yield why it is lawful: in plain words where the owner's are a point of Art. 6(1), else in the owner's."""
    for basis in sayings(entries, "legal_basis"):
        letter = letter_of(basis)
        yield f"We may, because {_BECAUSE[letter]} (Art. 6(1)({letter}))." if letter else f"We may, by: {words(basis)}"


def _asked_of_all(known: Known, draft: Draft) -> Iterator[str]:
    if "f" in known.letters:
        yield f"- Our legitimate interests: {draft.blank('interests')}"
    if known.inventory.by_role(SENSITIVE):
        yield f"- Data that are especially protected: {draft.blank('special')}"
    yield f"- Outside the European Economic Area: {draft.blank('transfers')}"
    yield f"- Whether you must give us the data: {draft.blank('required')}"
    yield f"- Decisions by a machine alone (Art. 22): {draft.blank('automated')}"


def _published(budget: Budget) -> Iterator[str]:
    plain = [told for kind, told in _PLAIN.items() if kind in budget.without_noise]
    plain += ["other tables"] if budget.without_noise - _PLAIN.keys() else []
    rows = "" if plain else ", never a row about one"
    but = ", but for what is named below" if plain else ""
    them, much = ("figures with added chance", "much of them") if plain else ("them", "much")
    yield (
        f"We publish figures about many people together{rows}. Chance is added to each figure before it leaves{but}. "
        f"Whoever wants to find out from {them} whether {_whose(budget)} among the data gains, over a guess, at most "
        f"{chance(budget.total.advantage)} (0 is nothing, 1 is certainty), whatever else he or she knows, and however "
        f"{much} we publish."
    )
    if plain:
        yield from ("", f"Without added chance left: {', and '.join(plain)}. Of these, that bound says nothing.")
    if budget.packages:
        what = "Tables" if plain else "Tables of such figures"
        out = sorted({(one.recipient, one.purpose, one.expires.isoformat()) for one in budget.packages})
        yield from ("", f"{what} were given to:", "")
        yield from (f"- {words(who)}, for {words(what)}, until {until}" for who, what, until in out)


def _whose(budget: Budget) -> str:
    unit = budget.unit
    if unit.max_rows is not None:
        return f"you are, with at most {unit.max_rows} rows,"
    if unit.column is None:
        return "one row about you is"
    return "you are" if unit.per is None else f"what you did in one {words(unit.per)} is"


def _rights(letters: frozenset[str]) -> Iterator[str]:
    """Yield what a person may ask; where a legal basis is not known, no right is left out for it."""
    yield "- to see what we hold about you, and get a copy (Art. 15)"
    yield "- to have it corrected (Art. 16)"
    yield "- to have it erased, where we need it no longer, or should not have it (Art. 17)"
    yield "- to have it set aside while a dispute lasts (Art. 18)"
    if letters & {"a", "b", ""}:
        where = "" if letters <= {"a", "b"} else ", where we use it by your consent or for a contract"
        yield f"- to take what you gave us with you, in a form that machines read{where} (Art. 20)"
    if letters & {"e", "f", ""}:
        where = "" if letters <= {"e", "f"} else ", where we use it for our interests or the public's"
        yield f"- to object, for reasons of your own{where} (Art. 21(1))"
    yield "- to object to direct marketing, always (Art. 21(2))"
    if letters & {"a", ""}:
        yield "- to take back a consent at any time, for what comes after (Art. 7(3))"
    yield "- not to be judged by a machine alone, in what matters (Art. 22)"


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
    """Yield the lines of the training: an hour from the notebooks, with the columns of one's own table."""
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


def vendors(known: Known, draft: Draft) -> Iterator[str]:
    """Yield the lines of the questionnaire: each question with what a yes and a no mean."""
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
