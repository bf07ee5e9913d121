"""What measurements and the quarters of a project say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from privkit.errors import PrivkitError
from privkit.study.assessments.measured import Measurement, Measurements
from privkit.study.assessments.quarters import Quarter, Quarters
from privkit.view.parts.chart import Bars, Chart, Panels
from privkit.view.parts.sheet import Name, Row, Sheet, Table, given, sheet
from privkit.view.parts.words import amount, label, number, percent, plural
from privkit.view.sheets.project import MOST, refusal, registered

#: So many quarters are shown in a table, where each is a column, and a plot; in a text.
_SHOWN, _LINES = 8, 4


@sheet.register(Measurement)
def _measurement(one: Measurement) -> Sheet:
    rows: list[Row] = [[name.replace("_", " "), figure_told(value)] for name, value in one.figures.items()]
    lines = [f"  {name.replace('_', ' ')}: {figure_told(value)}" for name, value in one.figures.items()]
    return Sheet(
        f"Measurement {one.id}, {one.what} of '{label(one.table)}' on {one.on}{_main(one)}.",
        given(Table(["figure", "what it was"], rows, lines=lines, facts=True)),
        exact=True,
    )


def _main(one: Measurement) -> str:
    told = _measures(one)
    if one.what == "model":
        score = one.figures["score_test"]
        shown = percent(score) if one.figures["measure"] == "accuracy" else f"{score:.2f}"
        leaks = "leaks from the training" if one.figures["leaks"] else "no leak"
        told = [f"{label(one.figures['model'])}, {one.figures['measure']} {shown} on the test", leaks, *told]
    return f": {', '.join(told)}" if told else ""


def _measures(one: Measurement | Quarter) -> list[str]:
    told = [] if one.uniqueness is None else [f"uniqueness {percent(one.uniqueness)}"]
    told += [] if one.risk is None else [f"average risk {percent(one.risk)}"]
    return told + ([] if one.auc is None else [f"attack's AUC {one.auc:.3f}"])


def figure_told(value: Any) -> str:
    """Return a figure in words; a list of columns by their names."""
    if value is None:
        return "not told"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{label(name)} {figure_told(each)}" for name, each in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(map(figure_told, value)) or "none"
    return label(value)


@sheet.register(Measurements)
def _measurements(found: Measurements) -> Sheet:
    try:
        ones, missing = list(found), found.missing
    except PrivkitError as error:
        return refusal(found.project, error)
    table = registered(
        ["id", "on", "table", "what", "figures"],
        ones,
        lambda one: [number(one.id), str(one.on), Name(label(one.table)), one.what, _main(one).removeprefix(": ")],
        lambda one: f"{one.id}: {one.on}, {one.what} of '{label(one.table)}'{_main(one)}.",
    )
    return Sheet(
        f"{plural(len(ones), 'measurement')} in project '{label(found.project)}'.",
        given(*table, _missing(missing)),
        [".to_frame()"] if ones else [],
        exact=True,
    )


def _missing(entries: tuple[int, ...]) -> str:
    if not entries:
        return ""
    numbers = ", ".join(map(str, entries[-MOST:]))
    return (
        f"Not in the file as recorded, so not told: {plural(len(entries), 'measurement')} ({numbers}). The file was "
        "changed, or lies elsewhere."
    )


@sheet.register(Quarters)
def _quarters(found: Quarters) -> Sheet:
    last, shown = found.quarters[-1], found.quarters[-_SHOWN:]
    unmeasured = [one.name for one in shown if not one.measured and not one.empty]
    rows = [[head, *cells] for head, *cells in zip(_heads(found), *map(_quarter, shown), strict=True)]
    lines = [_line(one, found) for one in shown[-_LINES:]]
    table = Table(["", *(one.name for one in shown)], rows, lines=lines, fits=True)
    return Sheet(
        f"Project '{label(found.project)}' by quarter, until {found.on}: {amount(last.total)} of "
        f"{amount(found.budget)} charged, {plural(last.open, 'request')} open and {number(last.late)} late, "
        f"{plural(last.due, 'package')} to be confirmed as deleted.",
        given(
            table,
            f"Empty: {', '.join(found.empty[-_SHOWN:])}." if found.empty else "",
            f"Nothing was measured in {', '.join(unmeasured)}: project.record(...)." if unmeasured else "",
            f"The last {_SHOWN} are shown: .to_frame() has all." if len(found.quarters) > _SHOWN else "",
            _missing(found.missing),
        ),
        [".to_frame()", ".plot()"],
        exact=True,
        chart=partial(_panels, found),
    )


def _symbol(found: Quarters) -> str:
    return found.budget.measure.symbol


def _share(value: float | None) -> str:
    return "–" if value is None else percent(value)


def _in_time(one: Quarter) -> str:
    return f"{number(one.in_time)} of {number(one.ended)}" if one.ended else "–"


def _heads(found: Quarters) -> list[str]:
    return [
        _symbol(found), "until then", "uniqueness", "average risk", "attack's AUC", "columns overdue", "requests",
        "ended in time", "open", "late", "packages", "to be deleted",
    ]  # fmt: skip


def _quarter(one: Quarter) -> list[str]:
    return [
        number(float(one.charged.main)), number(float(one.total.main)), _share(one.uniqueness),
        _share(one.risk), "–" if one.auc is None else f"{one.auc:.3f}",
        "–" if one.overdue is None else number(one.overdue), number(one.opened), _in_time(one), number(one.open),
        number(one.late), number(one.shared), number(one.due),
    ]  # fmt: skip


def _line(one: Quarter, found: Quarters) -> str:
    if one.empty:
        return f"  {one.name}: empty."
    told = [f"{_symbol(found)} {number(float(one.charged.main))} charged"]
    told += _measures(one)
    told += [f"{plural(one.overdue, 'column')} overdue"] if one.overdue else []
    told += [f"{plural(one.opened, 'request')} received"] if one.opened else []
    told += [f"{_in_time(one)} ended in time"] if one.ended else []
    told += [f"{plural(one.shared, 'package')} handed out"] if one.shared else []
    return f"  {one.name}: {', '.join(told)}."


def _panels(found: Quarters) -> Chart:
    """Return a small chart for each figure, of the last quarters."""
    shown = found.quarters[-_SHOWN:]
    aucs = ["–" if one.auc is None else f"{one.auc:.3f}" for one in shown]
    overdue = ["–" if one.overdue is None else number(one.overdue) for one in shown]
    kept = [one.in_time / one.ended if one.ended else 0 for one in shown]
    drawn: dict[str, tuple[Sequence[float | None], list[str]]] = {
        "sample uniques": ([one.uniqueness for one in shown], [_share(one.uniqueness) for one in shown]),
        "average risk": ([one.risk for one in shown], [_share(one.risk) for one in shown]),
        f"{_symbol(found)} charged": _counted(float(one.charged.main) for one in shown),
        "columns overdue": ([one.overdue for one in shown], overdue),
        "requests open (hatched: late)": _counted(one.open for one in shown),
        "requests ended in time": (kept, [_in_time(one) for one in shown]),
        "packages handed out": _counted(one.shared for one in shown),
        "strongest attack on a model (AUC)": ([one.auc for one in shown], aucs),
    }
    ticks, late = [one.name for one in shown], [one.late for one in shown]
    charts = [
        Chart(title, "", "", _bars(ticks, values, told, late if "late" in title else ()))
        for title, (values, told) in drawn.items()
    ]
    return Chart(f"Project '{label(found.project)}' by quarter, until {found.on}", "", "", Panels(charts))


def _counted(values: Iterable[float]) -> tuple[list[float | None], list[str]]:
    counts = list(values)
    return [*counts], [number(one) for one in counts]


def _bars(ticks: list[str], values: Sequence[float | None], told: list[str], short: Sequence[float]) -> Bars:
    heights = [value or 0 for value in values]
    return Bars(ticks, heights, told, short, top=max(heights) * 1.25 or 1.0)
