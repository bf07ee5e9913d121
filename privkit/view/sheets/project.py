"""What projects, their ledgers and the price of a study say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, TypeVar

from privkit.budget.noted import counts_of
from privkit.dp.dates import accuracy_told
from privkit.errors import PrivkitError
from privkit.project.facts import Fact, PublicFacts
from privkit.project.ledger_view import LedgerView, describe, extended_to
from privkit.project.price_list import StudyPrice
from privkit.project.project import Project
from privkit.values.show import is_simulated
from privkit.values.writing import amount_shown, chance
from privkit.view.parts.chart import Across, Budgets, Chart, Steps
from privkit.view.parts.sheet import Block, Budget, Note, Row, Sheet, Table, given, sheet
from privkit.view.parts.words import aligned, amount, attacker, label, number, plural, unit_words, value_text

if TYPE_CHECKING:
    from privkit.budget.account import Account
    from privkit.budget.entry import Balance, Counts, Entry
    from privkit.dp.plan import Plan

T = TypeVar("T")

#: How many entries are listed; the rest is in ``.to_frame()``.
MOST = 20
#: Steps of a ledger's plot at most.
STEPS = 1000
#: So many values of a fact are listed.
FEW = 6


def refusal(name: str, error: PrivkitError, chart: Callable[[], Chart] | None = None) -> Sheet:
    """Return why the ledger does not answer; a plot of it raises that."""
    return Sheet(f"project '{label(name)}': its ledger cannot be read.", given(*str(error).splitlines()), chart=chart)


def registered(
    heads: Sequence[str], ones: Sequence[T], row: Callable[[T], Row], line: Callable[[T], str]
) -> list[Block]:
    """Return the last entries of a register as a table, and whether there are more; nothing where there are none."""
    if not ones:
        return []
    shown = ones[-MOST:]
    table = Table(heads, [row(one) for one in shown], lines=[f"  {line(one)}" for one in shown], facts=True)
    return [table, f"The last {MOST} are shown: .to_frame() has all." if len(ones) > MOST else ""]


def budgets(balance: Balance) -> list[Budget]:
    """Return what became of ε or ρ, and of δ where the measure has one."""
    losses = (balance.budget, balance.spent, balance.reserved, balance.remaining)
    main = Budget(balance.budget.measure.symbol, *(loss.main for loss in losses))
    if not balance.budget.measure.has_delta:
        return [main]
    return [main, Budget("δ", *(loss.delta for loss in losses))]


# -- a project -----------------------------------------------------------------------------------------------------


@sheet.register(Project)
def _project(project: Project) -> Sheet:
    chart = partial(_project_chart, project)
    try:
        balance = project.account.balance()
    except PrivkitError as error:
        return refusal(project.name, error, chart)
    return Sheet(
        project_answer(project.name, balance),
        (*budgets(balance), *project_reasons(project, balance)),
        [*_first_plan(project), ".ledger", ".panel()"],
        chart=chart,
    )


def _first_plan(project: Project) -> list[str]:
    """Return a plan to begin with, which spends nothing and runs on each frame that the project may ask of."""
    if project.account.ended:
        return []
    whose = "of='persons', " if project.unit.column is not None and project.bounds is None else ""
    return [f"df.privacy.plan.dp_count({whose}accuracy=10)"]


def project_answer(name: str, balance: Balance) -> str:
    """Return the first line: what is left."""
    left = ", ".join(f"{part.symbol} = {part.of}" for part in budgets(balance))
    return f"project '{label(name)}': {left} left"


def project_reasons(project: Project, balance: Balance, counts: Counts | None = None) -> list[str]:
    """Return the lines after the first: what is spent, what is reserved, and whom the budget protects.

    `counts` are those of the project's entries, where they are known: what was never noted is not looked up.
    """
    reserved = ""
    if balance.reserved.main or balance.reserved.delta:
        reserved = f"Reserved {amount(balance.reserved)}: being measured now, or left behind by a process that died."
    charged = balance.spent + balance.reserved
    bounds = f", {project.bounds}" if project.bounds is not None and not project.unit.is_row else ""
    account = project.account
    counts = counts_of(account, balance) if counts is None else counts
    facts = project.facts if counts.facts else ()
    return [
        f"Begun now, with a fresh budget of {amount(balance.budget)}." if account.fresh and not balance.entries else "",
        _ended(account) if counts.ends else "",
        _extended(account) if counts.extensions else "",
        f"Spent {amount(balance.spent)} in {counted(counts)}.",
        reserved,
        f"Protects {unit_words(project.unit)}{bounds}.",
        attacker(charged.advantage, charged.attack_success, project.unit),
        f"The whole budget would allow an advantage of {chance(balance.budget.advantage)}.",
        f"By analyst: {label(account.terms.allotted, 300)}." if account.terms.allotments else "",
        f"Public facts: {label(_facts_told(facts), 200)}: .public()." if facts else "",
        f"Warning: {project.account.unwatched}" if project.account.unwatched else "",
    ]


def counted(counts: Counts) -> str:
    """Return in words how many entries were charged, and how many note something: facts, the register, extensions."""
    charged = plural(counts.charges, "entry", "entries")
    others = ((counts.facts, "public facts"), (counts.registered, "the register"))
    told = [f"{number(count)} of {what}" for count, what in others if count]
    told += [plural(counts.extensions, "extension")] if counts.extensions else []
    beside = " and ".join(filter(None, [", ".join(told[:-1]), *told[-1:]]))
    return charged + (f", beside {beside}" if beside else "")


def _ended(account: Account) -> str:
    """Return when, by whom and why the project was closed or removed; empty while it is open."""
    if (found := account.ended) is None:
        return ""
    how = "Removed" if found.removed else "Closed"
    rest = "" if found.removed else "; what it answered replays"
    return f"{how} on {found.time[:10]} by {label(found.analyst, 30)} ({label(found.reason, 80)}){rest}."


def _extended(account: Account) -> str:
    """Return from what to what the budget was extended, and when, by whom and why it was last."""
    found = account.extensions()
    last, first = found[-1], found[0].before
    raised = f" from {amount(first.budget)} to {amount(last.after.budget)}" if first.budget != last.after.budget else ""
    times = f"{plural(len(found), 'time')}, last " if len(found) > 1 else ""
    return (
        f"Extended{raised}: {times}on {last.time[:10]} by {label(last.analyst, 30)}, "
        f"to {label(extended_to(last.to), 80)} ({label(last.reason, 80)})."
    )


def _facts_told(facts: Iterable[Fact]) -> str:
    return ", ".join(f"{fact.kind} of '{label(fact.column)}'" for fact in facts)


@sheet.register(PublicFacts)
def _public_facts(facts: PublicFacts) -> Sheet:
    """Say what is declared: a row per fact, with who said it."""
    heads = ["column", "fact", "value", "said by", "on", "entry", "why"]
    rows = [
        [
            label(fact.column),
            fact.kind,
            _value(fact),
            label(fact.source.analyst, 30),
            fact.source.time[:10],
            str(fact.source.entry),
            label(fact.source.reason or "", 80),
        ]
        for fact in facts
    ]
    lines = aligned([heads, *rows], "<" * len(heads)) if rows else []
    return Sheet(
        f"{plural(len(facts), 'public fact')} of project '{label(facts.project)}'",
        given(
            Table(heads, rows, lines=lines, facts=True) if rows else "Nothing is declared yet.",
            "Calls that say nothing use them; what a call says itself wins." if rows else None,
        ),
        [".to_frame()", ".to_toml()"] if rows else ["project.public(age=(18, 100))"],
    )


def _value(fact: Fact) -> str:
    """Return a fact's value, the first few of many."""
    if fact.kind == "bounds":
        lower, upper = (number(one) if isinstance(one, float) else label(one) for one in fact.value)
        return f"{lower} to {upper}"
    shown = ", ".join(value_text(one, 20) for one in fact.value[:FEW])
    left = len(fact.value) - FEW
    return f"{shown} and {number(left)} more" if left > 0 else shown


def _project_chart(project: Project) -> Chart:
    balance = project.account.balance()
    shown = budgets(balance)
    drawn = Budgets(
        [part.symbol for part in shown],
        [part.share(part.spent) for part in shown],
        [part.share(part.reserved) for part in shown],
    )
    return Chart(project_answer(project.name, balance), "share of the budget", "", drawn)


# -- a ledger ------------------------------------------------------------------------------------------------------


@sheet.register(LedgerView)
def _ledger(ledger: LedgerView) -> Sheet:
    account, chart = ledger.account, partial(_ledger_chart, ledger)
    try:
        balance = account.balance()
        entries = last_entries(account, balance)
    except PrivkitError as error:
        return refusal(account.name, error, chart)
    then = [".to_frame()", *([] if is_simulated(ledger) else [".verify()"])]
    return Sheet(_ledger_answer(account, balance), listed(entries, balance), then, chart=chart)


def _ledger_answer(account: Account, balance: Balance) -> str:
    """Return the first line: how many entries, and what they cost."""
    charged = ", ".join(
        f"{part.symbol} = {amount_shown(part.budget - part.left)} of {amount_shown(part.budget)}"
        for part in budgets(balance)
    )
    return f"ledger of project '{label(account.name)}': {counted(counts_of(account, balance))}, {charged} charged"


def last_entries(account: Account, balance: Balance, most: int = MOST) -> list[Entry]:
    """Return the last `most` entries, in order."""
    return account.entries(after=max(balance.entries - most, 0))


def earlier(entries: list[Entry], balance: Balance) -> str:
    """Return how many entries are not listed; empty if all are."""
    left = balance.entries - len(entries)
    return f"{plural(left, 'earlier entry', 'earlier entries')}: .to_frame()" if left > 0 else ""


def listed(entries: list[Entry], balance: Balance) -> tuple[Block, ...]:
    """Return the entries as a table; the analyst is told where there are several."""
    if not entries:
        return ("Nothing has been asked yet.",)
    several = len({entry.analyst for entry in entries}) > 1
    heads = ["entry", "time (UTC)", "question", "cost", "state", *(["analyst"] if several else [])]
    rows = [_entry(entry)[: len(heads)] for entry in entries]
    lines, rest = aligned([heads, *rows], "<" * len(heads)), earlier(entries, balance)
    lines = [f"  … {rest}", *lines] if rest else lines
    table = Table(heads, rows, lines=lines, facts=True, whole=("time (UTC)", "cost"))
    return given(Note(f"… {rest}", told=False) if rest else None, table)


def _entry(entry: Entry) -> list[str]:
    time = entry.time.replace("T", " ").rstrip("Z")
    question, cost = label(describe(entry.question), 80), amount(entry.cost)
    return [number(entry.seq), time, question, cost, entry.state, label(entry.analyst, 30)]


def _ledger_chart(ledger: LedgerView) -> Chart:
    balance = ledger.account.balance()
    part = budgets(balance)[0]
    step = -(-balance.entries // STEPS) or 1  # of a long ledger, entries evenly apart: more would not be seen
    shown = ledger.account.charged_at([*range(1, balance.entries, step), balance.entries])
    charged = [0.0, *(float(known.total.main) for known in shown)]
    places = [0.0, *(float(known.seq) for known in shown)]
    drawn = Steps(places, charged, float(part.budget), "budget")
    return Chart(_ledger_answer(ledger.account, balance), "entry", f"{part.symbol} charged", drawn)


# -- the price of a study ------------------------------------------------------------------------------------------


@sheet.register(StudyPrice)
def _price(price: StudyPrice) -> Sheet:
    shown = price.plans[:MOST]
    rows = [[str(plan.question), cost, _within(plan)] for plan, cost in zip(shown, _costs(price), strict=False)]
    lines = [f"  {question}: {', '.join(filter(None, figures))}" for question, *figures in rows]
    rest = [f"… {len(price.plans) - len(shown)} more"] if len(shown) < len(price.plans) else []
    lines += [f"  {line}" for line in rest]
    return Sheet(
        f"{plural(len(price.plans), 'plan')} for {amount(price.total)} in all",
        given(
            Table(["question", "price", "accuracy (95 %)"], rows, lines=lines, facts=True),
            *(Note(line, told=False) for line in rest),
            f"Together they allow an attacker an advantage of at most {chance(price.advantage)} on one unit.",
            _price_reason(price),
        ),
        [".to_frame()", *([".plans[0].release()"] if any(plan.run for plan in price.plans[:1]) else [])],
        chart=lambda: _price_chart(price),
    )


def _within(plan: Plan) -> str:
    """Return how far the noise carries an answer; empty where that depends on the rows."""
    return accuracy_told(plan.question.asked, plan.accuracy)


def _costs(price: StudyPrice) -> list[str]:
    """Return what each plan costs, or of what it is a replay."""
    each = zip(price.costs, price.replays, strict=True)
    return [f"nothing, replays {replays}" if replays else amount(cost) for cost, replays in each]


def _price_reason(price: StudyPrice) -> str:
    """Return whether that fits in what is left."""
    if price.fits:
        return f"It fits: project '{label(price.project)}' has {price.left} left, and then {price.left - price.total}."
    return f"Project '{label(price.project)}' has {price.left} left: {amount(price.short)} short."


def _price_chart(price: StudyPrice) -> Chart:
    """Return what each plan costs; those that no longer fit in what is left fall short."""
    costs = [float(cost.main) for cost in price.costs]
    told = zip(price.plans, _costs(price), strict=True)
    drawn = Across(
        [str(plan.question) for plan in price.plans],
        costs,
        [", ".join(filter(None, [cost, _within(plan)])) for plan, cost in told],
        [total > float(price.left.main) for total in accumulate(costs)],
        end=max([*costs, 1e-9]) * 1.6,
    )
    fits = "it fits" if price.fits else "too much"
    title = f"{amount(price.total)} in all, {amount(price.left)} left: {fits}"
    return Chart(title, f"{'ρ' if price.left.measure.concentrated else 'ε'} of the plan", "plan", drawn)
