"""What reports on attacks on models say: members told from controls, repairs beside it, and what scores give away."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from privkit.attacks.claims import words_of
from privkit.attacks.models.report import ModelAttack, ModelAttackReport
from privkit.values.loss import ALARMS
from privkit.view.parts.chart import Chart, Estimates
from privkit.view.parts.sheet import Meter, Name, Note, Row, Share, Sheet, Table, given, sheet
from privkit.view.parts.words import label, names, number, percent, plural

AXIS = "AUC (95 %); 0.5 is a coin's"
CAVEAT = (
    "An attack that finds nothing proves nothing about a better one. The intervals are of persons like these, for this "
    "one model; trained anew it tells on others."
)
#: With fewer shadow models LiRA understates what is found.
_ENOUGH = 32


@sheet.register(ModelAttackReport)
def _attacked(report: ModelAttackReport) -> Sheet:
    table = Table(
        ["attack", "members", "controls", "more often by", "95 % (Newcombe)", "", "AUC", "95 %"],
        lambda: [_row(one) for one in report.values()],
        "Found where 1 in 100 others may be named wrongly; of attribute inference, values guessed rightly",
        lines=[f"  {_line(one)}" for one in report.values()],
    )
    repairs, needs = compared_table(report) if report.repairs else None, Note(needed(report))
    return Sheet(
        _answer(report),
        given(*_reasons(report), table, repairs, _outputs(report), needs, Note(CAVEAT)),
        [".at_risk()", ".compared()" if report.repairs else ".to_frame()", ".plot()", ".panel()"],
        exact=True,
        chart=lambda: Chart(_answer(report).partition(":")[0].rstrip("."), *_drawn(report)),
    )


def _answer(report: ModelAttackReport) -> str:
    one = report.strongest
    if one.interval[0] > 0:
        return (
            f"This model tells whom it was trained on: {words_of(one.name)} find {percent(one.rate.observed)} of its "
            f"members, and {percent(one.control.observed)} of others (AUC {_auc(one.auc)})."
        )
    if one.found:
        return (
            f"This model tells whom it was trained on: by {words_of(one.name)} a member stands above another in "
            f"{percent(one.auc or 0.0)} of pairs, where a coin has 50 %; no one alone is told surely."
        )
    if report.found:
        told = " and ".join(words_of(name) for name in report.found)
        return f"This model tells on its members by {told}: more often right about them than about others."
    power = one.power
    if power is None:
        return "No attack tells members from others, but so few persons say nothing."
    return (
        f"No attack tells members from others (AUC {_auc(one.auc)}): {percent(power)} more found of them would have "
        "been seen."
    )


def _reasons(report: ModelAttackReport) -> list[str]:
    trained = ", trained here on the members" if report.trained else ""
    told = [
        f"{label(report.model)}{trained}, predicts {report.kind}: {report.measure} {_score(report.score_in, report)} "
        f"on members, {_score(report.score_out, report)} on others.",
        f"{number(report.n_attacked)} of {plural(report.n_in, 'member')} and as many of "
        f"{plural(report.n_out, 'control')} were attacked, with {plural(report.n_shadows, 'shadow model')}.",
    ]
    if report.secret is not None and (common := report["inference"].baseline) is not None:
        told.append(
            f"{names([report.secret])} is what inference guesses: the commonest value is right about "
            f"{percent(common.observed)}."
        )
    if report.reversed:
        told.append("The others are told apart as if they were the members: look whether X_in and X_out are swapped.")
    if report.stopped:
        told.append("The time was up before all was tried: give more seconds=, or a model that is trained faster.")
    if not report.asked:
        told.append("Stored scores: no shadow models, so the stronger attack was not tried.")
    elif "lira" not in report:
        told.append("Too few shadow models were trained for the stronger attack.")
    elif report.n_shadows < _ENOUGH:
        told.append(f"Fewer than {_ENOUGH} shadow models understate what is found.")
    return told


def _row(one: ModelAttack) -> Row:
    area = (None, None) if one.auc is None or one.auc_interval is None else (_auc(one.auc), _area(one))
    return [
        Name(words_of(one.name)), Share(one.rate.observed), Share(one.control.observed), percent(one.excess),
        _from_to(one), Meter(min(max(one.excess, 0.0), 1.0), words_of(one.name)), *area,
    ]  # fmt: skip


def _line(one: ModelAttack) -> str:
    area = ""
    if one.auc_interval is not None:
        area = f"; AUC {_auc(one.auc)} ({_area(one)})"
    return (
        f"{words_of(one.name):<20}{percent(one.rate.observed):>8} of members, {percent(one.control.observed)} "
        f"controls: {percent(one.excess)} ({_from_to(one)}){area}"
    )


def compared_table(report: ModelAttackReport, alarms: Fraction = ALARMS) -> Table:
    """Return how well a model and its repairs predict, and what is found of members at a share of false alarms."""
    every = {"as it is": report, **report.repairs}
    strongest = {name: one.found_at(alarms) for name, one in every.items()}
    rows: list[Row] = [
        [
            Name(label(name)), _score(every[name].score_out, every[name]), words_of(one.name),
            _auc(one.auc), _area(one), Share(one.rate.observed), Share(one.control.observed), percent(one.excess),
            _from_to(one),
        ]
        for name, one in strongest.items()
    ]  # fmt: skip
    return Table(
        ["model", report.measure, "attack", "AUC", "95 %", "members", "controls", "more often by", "95 % (Newcombe)"],
        rows,
        "What could stand in its place: how well it predicts others, and what it tells of its members",
        lines=[
            f"  {label(name):<20}{report.measure} {_score(every[name].score_out, every[name])}, AUC {_auc(one.auc)}, "
            f"found {percent(one.rate.observed)} of members, {percent(one.control.observed)} others"
            for name, one in strongest.items()
        ],
        fits=True,
    )


def _outputs(report: ModelAttackReport) -> Table:
    told = {"certain": "few are certain", "unique": "unique", "few": "fewer than 5 alike", "dominated": "dominated"}
    found = [one for one in report.outputs if one.rows]
    return Table(
        ["scores", "rows", "what it is"],
        lambda: [[Name(told[one.kind]), one.rows, one.text] for one in report.outputs],
        f"If the members' {plural(report.n_attacked, 'score')} are published as they are",
        lines=[f"  Published scores: {number(one.rows)} {one.text}." for one in found],
        facts=True,
    )


def needed(report: Mapping[str, Any]) -> str:
    """Return what an attacker needs to know for each attack."""
    told = "; ".join(f"{words_of(name)}: {one.needs.partition(';')[0]}" for name, one in report.items())
    return f"What an attacker needs to know. {told}."


def _drawn(report: ModelAttackReport) -> tuple[str, str, Estimates]:
    """Return the names of both axes, and the area of each attack on membership; with repairs, of each model."""
    if report.repairs:
        found = {label(name): one.strongest for name, one in {"as it is": report, **report.repairs}.items()}
    else:
        found = {words_of(name): one for name, one in report.items() if one.auc is not None}
    ends = [one.auc_interval or (0.0, 1.0) for one in found.values()]
    lower, upper = [low for low, _ in ends], [high for _, high in ends]
    areas = Estimates(list(found), [one.auc or 0.5 for one in found.values()], lower, upper, bars=False)
    return ("model" if report.repairs else "attack"), AXIS, areas


def _score(score: float, report: ModelAttackReport) -> str:
    return percent(score) if report.measure == "accuracy" else f"{score:.2f}"


def _from_to(one: ModelAttack) -> str:
    return " to ".join(percent(end) for end in one.interval)


def _area(one: ModelAttack) -> str:
    return "" if one.auc_interval is None else " to ".join(map(_auc, one.auc_interval))


def _auc(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
