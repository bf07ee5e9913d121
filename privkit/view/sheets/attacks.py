"""What reports on attacks say: members found beside controls and chance, and what the attacks would have found."""

from __future__ import annotations

from privkit.attacks.claims import AttackParts, TableAttack, words_of
from privkit.attacks.pipelines.report import PipelineAudit, at_least
from privkit.attacks.releases import ReleaseAttacker, ReleaseAttackReport
from privkit.attacks.tables import AttackReport
from privkit.view.parts.chart import Across, Bars, Chart
from privkit.view.parts.sheet import Between, Meter, Name, Note, Row, Share, Sheet, Table, Verdict, given, sheet
from privkit.view.parts.words import amount, label, names, number, percent, plural
from privkit.view.sheets.attacked_models import needed


@sheet.register(AttackReport)
def _attacks(report: AttackReport) -> Sheet:
    alone = not report.n_control
    heads = ["attack", "members", "controls", "more often by", _interval(report), ""]
    if alone:
        heads = ["attack", "members", "by chance", "at most", _interval(report, "Wilson"), ""]
    table = Table(
        [*heads, "finds from"],
        lambda: [_row(one) for one in report.values()],
        "Members found, where 1 in 100 others may be named wrongly",
        lines=[f"  {_line(one)}" for one in report.values()],
    )
    needs = f"{needed(report)} Planted tables have {number(report.n_planted)} rows."
    return Sheet(
        _answer(report),
        given(*_reasons(report), table, Note(needs), Note(CAVEAT)),
        [*_whom(report), ".curve()", ".to_frame()", ".plot()", ".panel()"],
        exact=True,
        chart=lambda: Chart(_answer(report).partition(":")[0].rstrip("."), "attack", AXIS, _bars(report)),
    )


def _interval(report: AttackReport | ReleaseAttackReport, whose: str = "Newcombe") -> str:
    """Return how an interval is headed, at the confidence of its rates."""
    return f"{percent(next(iter(report.values())).rate.confidence)} ({whose})"


def _whom(report: AttackReport) -> list[str]:
    """Return what to type for the parts of who is found, by the attack that finds most beyond controls."""
    if not report.n_control:
        return []
    worst = max(report.values(), key=lambda one: one.excess or 0.0)
    return [f".{way}({worst.name!r})" for way in ("by_class", *(["by_group"] if report.by else []))]


#: What stands along the axis.
AXIS = "members found more often than controls (95 %)"
CAVEAT = "An attack that finds nothing proves nothing about a better one, or about somebody who knows more."


def _bars(report: AttackReport | ReleaseAttackReport) -> Bars:
    found = list(report.values())
    values = [one.rate.observed if one.excess is None else max(one.excess, 0.0) for one in found]
    told = [percent(value) for value in values]
    limits = [(max(one.interval[0], 0.0), max(one.interval[1], 0.0)) for one in found]
    return Bars([words_of(one.name) for one in found], values, told, limits=limits)


def _answer(report: AttackReport) -> str:
    """Return the first line: which attacks find members, or what none would have missed."""
    if not report.n_control:
        worst = max(report.values(), key=lambda one: one.rate.observed)
        return (
            f"No baseline: an upper bound only. {words_of(worst.name).capitalize()} finds "
            f"{percent(worst.rate.observed)} of {plural(report.n_attacked, 'member')}, with what the table says about "
            "everybody."
        )
    if report.found:
        found = [report[name] for name in report.found]
        worst = max(found, key=lambda one: one.excess or 0.0)
        return (
            f"{len(found)} of {len(report)} attacks find members: {words_of(worst.name)} finds "
            f"{percent(worst.excess or 0.0)} of them beyond what it finds of controls."
        )
    if report.power is None:
        return "No attack finds members more often than controls, but none has any power here: that says nothing."
    return (
        "No attack finds members more often than controls: they would have seen a leak of "
        f"{percent(report.power)} of the rows."
    )


def _reasons(report: AttackReport) -> list[str]:
    knows = f"The attacker knows {names(report.columns)}; {names([report.secret])} is what inference guesses."
    if report.halves:
        made = (
            f"The result was made anew of a random half. Its {plural(report.n_original, 'row')} are the members, and "
            f"{plural(report.n_control, 'row')} of the other half the controls."
        )
    else:
        controls = f", and {plural(report.n_control, 'control')}" if report.n_control else ""
        made = f"{plural(report.n_shared, 'shared row')}, made of {plural(report.n_original, 'row')}{controls}."
    blind = [words_of(one.name) for one in report.values() if one.power is None]
    told = [made, knows]
    if report.n_control and max(one.interval[1] - one.interval[0] for one in report.values()) > _WIDE:
        told.append("Few rows: the intervals are too wide to say much.")
    if blind:
        told.append(f"No power here: {', '.join(blind)} would not find even a copy of all rows in this schema.")
    else:
        least = max(one.power or 0.0 for one in report.values())
        told.append(f"Every attack finds a copy of {percent(least)} of the rows, planted in this schema.")
    return told


#: A wider interval says little.
_WIDE = 0.2


def _power(one: TableAttack) -> str:
    """Return from which planted share on an attack finds it: rows that are copied, or persons who are told exactly."""
    planted = "exact" if one.needs in [kind.needs for kind in ReleaseAttacker.kinds().values()] else "copied"
    return "no power here" if one.power is None else f"{percent(one.power)} {planted}"


def _row(one: TableAttack) -> Row:
    beside = one.baseline if one.control is None else one.control
    excess = one.rate.observed if one.excess is None else one.excess
    return [
        Name(words_of(one.name)), Share(one.rate.observed), Share(beside.observed), Share(excess),
        Between(*one.interval, shares=True), Meter(min(max(excess, 0.0), 1.0), words_of(one.name)), _power(one),
    ]  # fmt: skip


def _line(one: TableAttack, found: str = "of members", others: str = "controls") -> str:
    beside = one.baseline if one.control is None else one.control
    who = "by chance" if one.control is None else others
    excess = one.rate.observed if one.excess is None else one.excess
    low, high = one.interval
    return (
        f"{words_of(one.name):<20}{percent(one.rate.observed):>8} {found}, {percent(beside.observed)} {who}: "
        f"{percent(excess)} ({percent(low)} to {percent(high)}); {_power(one)}"
    )


@sheet.register(AttackParts)
def _parts(found: AttackParts) -> Sheet:
    rows: list[Row] = [
        [
            Name(label(one.name)), one.rate.n, Share(one.rate.observed), one.control.n, Share(one.control.observed),
            Share(one.excess), Between(*one.interval, shares=True),
        ]
        for one in found.parts
    ]  # fmt: skip
    sure = found.parts[0].rate.confidence
    told = f"{percent(sure)} (Newcombe)"
    heads = [label(found.by), "members", "found", "controls", "found of them", "more often by", told]
    table = Table(
        heads,
        rows,
        f"Whom {words_of(found.attack)} finds",
        lines=[
            f"  {label(one.name):<20}{percent(one.rate.observed):>8} of {plural(one.rate.n, 'member')}, "
            f"{percent(one.control.observed)} of {plural(one.control.n, 'control')}"
            for one in found.parts
        ],
    )
    values = [max(one.excess, 0.0) for one in found.parts]
    limits = [(max(one.interval[0], 0.0), max(one.interval[1], 0.0)) for one in found.parts]
    drawn = Bars([label(one.name) for one in found.parts], values, [percent(value) for value in values], limits=limits)
    answer = _parts_answer(found)
    return Sheet(
        answer,
        given(table, Note(f"Of {round(1 / (1 - sure)):,} such intervals one misses what it is for, by chance.")),
        [".to_frame()", ".plot()", ".panel()"],
        exact=True,
        chart=lambda: Chart(answer.rstrip("."), label(found.by), AXIS, drawn),
    )


def _parts_answer(found: AttackParts) -> str:
    told = f"{words_of(found.attack).capitalize()} by {label(found.by)}: "
    sure = [one for one in found.parts if one.interval[0] > 0]
    if not sure:
        return told + "in no part are members found more often than controls."
    worst = max(sure, key=lambda one: one.interval[0])
    return told + f"most surely {label(worst.name)}, {percent(worst.excess)} of them beyond controls."


@sheet.register(ReleaseAttackReport)
def _released(report: ReleaseAttackReport) -> Sheet:
    table = Table(
        ["attack", "right", "without their values", "more often by", _interval(report), "", "finds from"],
        lambda: [_row(one) for one in report.values()],
        "Guesses that are right; of membership, members found where 1 in 100 others may be named wrongly",
        lines=[f"  {_line(one, 'right', 'without their values')}" for one in report.values()],
    )
    return Sheet(
        _release_answer(report),
        given(*_release_reasons(report), table, Note(needed(report)), Note(CAVEAT)),
        [".to_frame()", ".plot()", ".panel()"],
        exact=True,
        chart=lambda: Chart(_release_answer(report).partition(":")[0].rstrip("."), "attack", AXIS, _bars(report)),
    )


def _release_answer(report: ReleaseAttackReport) -> str:
    if report.found:
        worst = max((report[name] for name in report.found), key=lambda one: one.excess or 0.0)
        return (
            f"{len(report.found)} of {len(report)} attacks on these counts work: {words_of(worst.name)} is right about "
            f"{percent(worst.rate.observed)}, and about {percent(worst.rate.observed - (worst.excess or 0.0))} without "
            "the persons' values."
        )
    return "No attack on these counts does better than without the persons' values, on as few persons as were tried."


def _release_reasons(report: ReleaseAttackReport) -> list[str]:
    asked = (
        "A question that was asked again had the same answer: averaging gains nothing by it."
        if report.replayed
        else f"A question that was asked again had another answer: averaging takes the mean of {report.repeats}."
    )
    tried = f"{plural(report['differencing'].rate.n, 'person')} of {plural(report.n_rows, 'row')} were attacked"
    chance = percent(report["differencing"].baseline.observed)
    return [
        f"{tried}, in {plural(report.n_calls, 'call')}; {names([report.secret])} is what is guessed.",
        f"Who always guesses the commonest value is right about {chance}.",
        asked,
    ]


@sheet.register(PipelineAudit)
def _audited(report: PipelineAudit) -> Sheet:
    levels = {"broken": "breaks the claim", "suspect": "look at it", "note": "not seen"}
    table = Table(
        ["", "what", "neighbors"],
        lambda: [
            [Verdict(False if one.level == "broken" else None, levels[one.level]), one.text, one.neighbors]
            for one in report.findings
        ],
        lines=[f"  {levels[one.level]}: {one.text}" for one in report.findings],
        facts=True,
    )
    return Sheet(
        _audit_answer(report),
        given(*_audit_reasons(report), table if report.findings else None, Note(AUDIT_CAVEAT)),
        [".to_frame()", ".plot()"],
        exact=True,
        chart=lambda: _audit_chart(report),
    )


AUDIT_CAVEAT = (
    "Found nothing is never proved: another function of the same answers, other neighbors or more runs may tell more."
)
_BY = {"recorded": "recorded noise", "answers": "counted answers"}


def _audit_answer(report: PipelineAudit) -> str:
    claimed, sure = amount(report.claim), percent(report.confidence)
    if report.broken:
        at = f" at δ = {float(report.claim.delta):g}" if report.claim.delta else ""
        lower = at_least(report.lower, float(report.claim.epsilon or 0))
        return f"Claim broken: at least ε = {lower}{at}, where {claimed} is claimed ({sure} sure)."
    seen = plural(len(report.suspects), "thing")
    if report.suspects:
        return f"No proof against {claimed}, and {seen} to look at: the usual proof does not hold."
    return f"Found nothing against {claimed}, which proves nothing: at least ε = {at_least(report.lower)} was seen."


def _audit_reasons(report: PipelineAudit) -> list[str]:
    who = "one row" if report.unit is None else f"all rows of one {report.unit}"
    differ = {"remove": f"lack {who}", "replace": f"have another in the place of {who}"}[report.neighbors]
    told = [f"{plural(report.n_pairs, 'pair')} of frames that {differ}, in {plural(report.n_runs, 'call')}."]
    event = report.event
    if event is not None:
        told.append(
            f"One event came in {number(event.hits)} of {number(event.n)} answers on one frame, and in "
            f"{number(event.other_hits)} of {number(event.other_n)} on its neighbor. So many runs can show "
            f"ε = {at_least(report.reach)} at most."
        )
    else:
        told.append("No answers were counted.")
    if report.stopped:
        told.append("The time was up before all was tried: give more seconds=, or a function that is faster.")
    return told


def _audit_chart(report: PipelineAudit) -> Chart:
    best: dict[str, float] = {}
    for how, lower, _ in report.bounds:
        best[how] = max(best.get(how, 0.0), lower)
    claimed = float(report.claim.epsilon or 0)
    names_, values = ["claimed"], [claimed]
    for how, lower in best.items():
        names_.append(f"at least, by {_BY[how]}")
        values.append(lower)
    told = [f"{claimed:g}", *(at_least(value, claimed) for value in values[1:])]
    short = [False, *(value > claimed for value in values[1:])]
    title = _audit_answer(report).partition(":")[0].rstrip(".")
    return Chart(title, "ε", "", Across(names_, values, told, short), AUDIT_CAVEAT)
