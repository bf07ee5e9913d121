"""What transformations say."""

from __future__ import annotations

import math

from privkit.inventory.column_roles import Leaving
from privkit.transform.anonymize import Anonymizer
from privkit.transform.anonymized import Anonymized
from privkit.transform.costs import AnonymizationReport, Standing
from privkit.transform.generalize import Generalized
from privkit.transform.hierarchies.hierarchy import Hierarchy
from privkit.transform.hierarchies.ladder import Table as Tabled
from privkit.transform.lattice import Lattice
from privkit.transform.perturbed import Perturbed
from privkit.values.show import printable
from privkit.view.parts.chart import SHARES, SHARES_END, Across, Chart, Cloud, Panels, Path
from privkit.view.parts.sheet import Block, Cell, Meter, Row, Sheet, Table, Verdict, given, sheet
from privkit.view.parts.words import argument, label, names, number, percent, plural
from privkit.view.sheets.released import books  # noqa: F401 - registers comparisons of synthetic rows


@sheet.register(Anonymized)
def _anonymized(value: Anonymized) -> Sheet:
    k, suppressed = number(value.report.after.k), number(value.suppressed_)
    return Sheet(
        _anonymized_answer(value),
        given(*_verdicts(value.report, told=False), *_anonymized_reasons(value), _columns(value)),
        [".frame", ".report", ".plot()", *([".with_suppressed()"] if hasattr(value.frame, "iloc") else [])],
        exact=True,
        chart=lambda: _cut_by_cut(
            value, _losses(value.report, f"{value.utility} = {value.loss_:.4f}, k = {k}, {suppressed} suppressed")
        ),
    )


def _verdicts(report: AnonymizationReport, *, told: bool) -> list[Block]:
    """Return whether each criterion is met; `told` where a text has no other word on it."""
    return [
        Verdict(
            met, f"{name} is {'met' if met else 'not met'}", f"{name}: {'met' if met else 'NOT met'}" if told else ""
        )
        for name, met in report.after.criteria.items()
    ]


def _columns(value: Anonymized) -> Table:
    rows: list[Row] = [
        [
            label(name),
            value.levels_[name],
            value.level_words_[name],
            percent(loss),
            Meter(loss, f"loss of {label(name)}: {percent(loss)}"),
        ]
        for name, loss in value.report.column_losses.items()
    ]
    rows += [
        [label(name), "–", f"the {value.report.aggregates[name].function} of its class", "not counted", None]
        for name in value.report.not_counted
    ]
    return Table(["column", "level", "what is left", "loss", ""], rows, "Loss by column")


def _anonymized_answer(value: Anonymized) -> str:
    """Return the first line: what holds, and what it cost."""
    verdict = "holds" if value.report.satisfied else "does NOT hold"
    if value.n_rows and value.suppressed_ == value.n_rows:
        verdict = "holds of an empty table, nothing is left"
    cost = f"{value.utility} = {value.loss_:.4f}{_not_counted(value.report)}, {_suppressed(value)}"
    return f"{value.criteria!r} {verdict}: {cost}.{_but(value.leaving_)}{_again(value)}"


def _not_counted(report: AnonymizationReport) -> str:
    """Return of which columns the information loss says nothing, in brackets; empty where it counts all."""
    if not report.not_counted:
        return ""
    return f" (loss of {names(report.not_counted, most=len(report.not_counted))} not counted: aggregated)"


def _anonymized_reasons(value: Anonymized) -> list[str]:
    """Return the lines after the first: levels, classes, the search, proposed hierarchies."""
    after, before = value.report.after, value.report.before
    reasons = [
        _anonymized_levels(value),
        f"k {number(before.k)} → {number(after.k)}{_persons(after)}, classes {number(before.classes)} → "
        f"{number(after.classes)}, "
        f"average risk {before.average_risk:.4f} → {after.average_risk:.4f}{_by_row(value.report)}.",
        *_by_sets(value.report),
        _search(value),
        *_locally(value),
    ]
    reasons += _aggregates(value.report)
    reasons += value.report.aggregate_notes
    if value.index_left_out_:
        reasons.append("The rows' labels were left out, for plain numbers: keep_index=True keeps them.")
    reasons += _proposed(value)
    reasons += _leaving(value.leaving_)
    if value.is_lazy:
        reasons.append(
            "Columns that tell nearly every row apart were not looked for: .identifying_ asks the engine; "
            "nor were columns that tell a generalized one again."
        )
    return reasons


def _by_sets(report: AnonymizationReport) -> list[str]:
    """Return the k by sets of columns before and after, and which sets were weak or are."""
    told = []
    for name, after in report.after.by_sets.items():
        before = report.before.by_sets[name]
        weak = [f" {when}: {one.told}." for when, one in (("Before", before), ("After", after)) if one.told]
        told.append(f"By {after.known} k {number(before.k)} → {number(after.k)}.{''.join(weak)}")
    return told


def _aggregates(report: AnonymizationReport) -> list[str]:
    """Return what numbers became inside their classes, and what that lost."""
    told = [
        f"{label(name)} (mean squared error {number(one.mean_squared_error)}, {percent(one.share)} of its variance)"
        for name, one in report.aggregates.items()
    ]
    functions = {one.function for one in report.aggregates.values()}
    what = "mean or median" if len(functions) > 1 else next(iter(functions), "")
    return [f"Each class has its {what} in place of the values of: {', '.join(told)}."] if told else []


def _but(found: Leaving) -> str:
    """Return the direct identifiers that leave with the frame, for its first line: with them no goal helps."""
    direct = [names(found.direct, most=len(found.direct))] if found.direct else []
    if not (direct or found.index):
        return ""
    whole = " and ".join([*direct, *(["the index"] if found.index else [])])
    several = len(found.direct) + found.index > 1
    does, them = ("leave unchanged and tell", "them") if several else ("leaves unchanged and tells", "it")
    return f" But {whole} {does} persons apart: drop or pseudonymize {them}."


def _again(value: Anonymized) -> str:
    """Return the left columns that tell a generalized one again, for the first line: the goal does not count them."""
    if not value.twins_:
        return ""
    told = " and ".join(
        f"{names([twin])} tells {names(quasi, most=len(quasi))} again" for twin, quasi in value.twins_.items()
    )
    them = "it" if len(value.twins_) == 1 else "them"
    return f" But {told}: with {them} k is {number(value.k_with_twins_)}. Drop {them}, or name {them} in qi."


def _leaving(found: Leaving) -> list[str]:
    """Return what else leaves with the frame: each column that nobody looked after."""
    kinds = {"quasi-identifiers": found.quasi, "sensitive": found.sensitive, "other": found.other}
    others = [f"{kind} {names(columns, most=len(columns))}" for kind, columns in kinds.items() if columns]
    return [f"Unchanged, and outside the goal: {'; '.join(others)}."] if others else []


def _anonymized_levels(value: Anonymized) -> str:
    if value.method == "cells":
        shares = (f"{label(name)} {percent(loss)}" for name, loss in value.report.column_losses.items())
        return f"Cells that are `*`, suppressed records among them: {', '.join(shares)}."
    return f"Levels: {_levels(value)}" + (
        " (the highest used; they differ between classes)." if value.method == "local" else "."
    )


def _locally(value: Anonymized) -> list[str]:
    """Return by how much local recoding would lose less, where it is a twentieth or more."""
    loss = value.local_loss_
    if loss is None or not loss < 0.95 * value.loss_:
        return []
    less = f"{percent(1 - loss / value.loss_)} less: {value.utility} = {loss:.4f}"
    return [f"method='local' would lose {less}, with levels that differ between classes."]


def _persons(standing: Standing) -> str:
    return "" if standing.persons is None else " persons"


def _by_row(report: AnonymizationReport) -> str:
    """Return the risk of rows beside that of persons, where persons are counted."""
    before, after = report.before.row_average_risk, report.after.row_average_risk
    return "" if before is None or after is None else f" of persons, {before:.4f} → {after:.4f} of rows"


def _suppressed(value: Anonymized) -> str:
    rows = value.n_rows
    return f"{number(value.suppressed_)} of {plural(rows, 'record')} suppressed" + (
        f" ({percent(value.suppressed_, rows)})" if value.suppressed_ else ""
    )


def _search(value: Anonymized) -> str:
    if value.method not in ("optimal", "local", "cells"):
        return ""
    if value.reason:
        return f"Not proved optimal: {value.reason}. No node is better than {value.bound_:.4f}."
    if value.method != "optimal":
        judged = f"{plural(value.judged_, 'node')} {'was' if value.judged_ == 1 else 'were'} judged"
        return f"Never worse than the best node of the lattice, of which {judged}."
    return f"The optimum of the whole lattice ({plural(value.judged_, 'node')} judged)."


@sheet.register(AnonymizationReport)
def _report(report: AnonymizationReport) -> Sheet:
    losses = ", ".join(f"{name} {percent(loss)}" for name, loss in report.column_losses.items())
    utility = ", ".join(f"{name} {number(value)}" for name, value in report.after.utility.items())
    of = "" if report.after.persons is None else " of persons"
    highest = f"Highest risk{of} {report.before.highest_risk:.4g} → {report.after.highest_risk:.4g}"
    reasons = [
        f"{highest}; {plural(report.suppressed, 'record')} suppressed.",
        f"Loss by column: {losses}{_not_counted(report)}.",
        *_by_sets(report),
        *_aggregates(report),
        *report.aggregate_notes,
    ]
    costs = Table(["", "before", "after"], lambda: _costs(report), lines=[f"Utility{_not_counted(report)}: {utility}."])
    before, after = number(report.before.k), number(report.after.k)
    return Sheet(
        "All criteria are met." if report.satisfied else "Not all criteria are met.",
        (*_verdicts(report, told=True), *reasons, costs),
        [".to_frame()"],
        exact=True,
        chart=lambda: _losses(report, f"k {before} → {after}, {number(report.suppressed)} suppressed"),
    )


def _costs(report: AnonymizationReport) -> list[Row]:
    def told(cell: object) -> Cell:
        return None if cell is None else number(cell) if isinstance(cell, float) else str(cell)

    return [[name, *map(told, cells)] for name, *cells in report.to_frame().itertuples()]


def _losses(report: AnonymizationReport, title: str) -> Chart:
    losses = list(report.column_losses.values())
    drawn = Across(list(report.column_losses), losses, [percent(loss) for loss in losses], end=SHARES_END, ticks=SHARES)
    title += _not_counted(report)
    return Chart(title, "mean loss of the column's cells", "column", drawn)


@sheet.register(Generalized)
def _generalized(value: Generalized) -> Sheet:
    promise = "This alone promises nothing: check what it reaches."
    return Sheet(
        f"Generalized to levels: {_levels(value)}.{_but(value.leaving_)}",
        (promise, *_proposed(value), *_leaving(value.leaving_)),
        [".frame", _look(value), ".plot()"],
        exact=True,
        chart=lambda: _heights(value),
    )


def _look(value: Generalized) -> str:
    """Return what tells the k that is reached, where the new frame has an accessor."""
    columns = argument(list(value.levels_))
    return f".frame.privacy.kanon({columns})" if columns and hasattr(type(value.frame), "privacy") else ""


def _levels(value: Generalized | Anonymized) -> str:
    """Return each column's level, and what it leaves of a value."""
    return ", ".join(f"{label(name)} {level} ({value.level_words_[name]})" for name, level in value.levels_.items())


def _proposed(value: Generalized | Anonymized) -> list[str]:
    """Return which hierarchies were proposed, and of which columns that is in doubt."""
    if not value.proposed_:
        return []
    doubts = {name: value.hierarchies[name].doubt for name in value.proposed_}
    return [
        f"Hierarchies of {names(value.proposed_)} were proposed from their types: look at .hierarchies.",
        *(f"{names([name])} {doubt}." for name, doubt in doubts.items() if doubt),
    ]


def _heights(value: Generalized) -> Chart:
    """Return how high each column was generalized; a height that depends on the column's values is not known here."""
    heights = {name: value.hierarchies[name].height for name in value.levels_}
    words = value.level_words_
    drawn = Across(
        list(value.levels_),
        [level / height if (height := heights[name]) else 0.0 for name, level in value.levels_.items()],
        [
            f"{level} of {heights[name]}" if heights[name] else f"level {level}: {words[name]}"
            for name, level in value.levels_.items()
        ],
        end=SHARES_END,
        ticks=SHARES,
    )
    return Chart("How far each column was generalized", "level, of the hierarchy's height", "column", drawn)


@sheet.register(Hierarchy)
def _hierarchy(value: Hierarchy) -> Sheet:
    levels = value.source.describe()
    rows: list[Row] = list(enumerate(levels))
    listed = isinstance(value.source, Tabled)
    return Sheet(
        f"Hierarchy ({type(value.source).__name__.lower()})",
        given(Table(["level", "what it is"], rows, lines=[f"  {n}  {name}" for n, name in rows]), value.note),
        [".show()", *([".labels(1)", ".write_csv('hierarchy.csv')"] if listed and len(levels) > 1 else [".names"])],
    )


@sheet.register(Anonymizer)
def _anonymizer(value: Anonymizer) -> Sheet:
    asked = [
        *([] if value.k is None else [f"k={value.k}"]),
        *([] if value.criteria is None else [repr(value.criteria)]),
    ]
    fitted = hasattr(value, "levels_")
    return Sheet(
        f"Anonymizer({', '.join([repr(value.qi), *asked])})",
        (f"Levels: {_levels(value.fitted_)}.",) if fitted else (),
        [".transform(df)" if fitted else ".fit(df)"],
    )


@sheet.register(Lattice)
def _lattice(value: Lattice) -> Sheet:
    criterion = printable(repr(value.task.criterion))
    shape = " × ".join(f"{label(name)} {levels}" for name, levels in value.shape.items())
    levels = {name: most for name, (_, most) in zip(value.task.coding.columns, value.task.allowed, strict=True)}
    highest = {name: int(levels[name]) for name in value.columns}
    return Sheet(
        f"Lattice of {plural(value.n_nodes, 'node')}: {shape}.",
        (f"Judged by {criterion} with at most {number(value.task.limit)} records suppressed.",),
        [".nodes()", f".node({highest})", f".apply({highest})", ".panel()"],
        exact=True,
        chart=lambda: _nodes(value),
    )


def _nodes(lattice: Lattice) -> Chart:
    """Return what every node loses against what it suppresses."""
    nodes, n, task = lattice.nodes(), max(lattice.task.coding.n_rows, 1), lattice.task
    allowed = nodes["loss"].where(nodes["feasible"])
    best = int(allowed.fillna(math.inf).to_numpy().argmin()) if nodes["feasible"].any() else -1
    drawn = Cloud(
        (nodes["suppressed"] / n).tolist(),
        nodes["loss"].tolist(),
        nodes["feasible"].tolist(),
        task.limit / n,
        "allowed",
        "needs more suppressed",
        best=best,
        said="loses least",
    )
    met = number(int(nodes["feasible"].sum()))
    title = f"{met} of {number(len(nodes))} nodes are allowed by {task.criterion}"
    return Chart(title, "records suppressed", task.utility, drawn)


@sheet.register(Perturbed)
def _perturbed(value: Perturbed) -> Sheet:
    return Sheet(
        f"{value.method}: {names(value.columns)} changed in {percent(value.changed_, value.n_rows)} of rows.",
        (f"It does not promise: {value.no_promise}",),
        [".frame", ".to_frame()"],
        exact=True,
        chart=lambda: _kept(value),
    )


def _kept(value: Perturbed) -> Chart:
    """Return what is left of each column: the correlation of old and new values, or the share that is unchanged."""
    kept = {
        name: (float(figures.get("correlation", figures.get("unchanged", float("nan")))), "correlation" in figures)
        for name, figures in value.figures_.items()
    }
    known = {name: left for name, left in kept.items() if not math.isnan(left[0])}
    drawn = Across(
        list(known),
        [max(share, 0.0) for share, _ in known.values()],
        [f"r = {share:.3f}" if of else f"{percent(share)} unchanged" for share, of in known.values()],
        end=1.35,
        ticks={0: "0", 0.5: "0.5", 1: "1"},
    )
    title = f"{number(value.changed_)} of {number(value.n_rows)} rows changed"
    return Chart(title, "correlation of old and new values, or share unchanged", "column", drawn)


def _cut_by_cut(value: Anonymized, losses: Chart) -> Chart:
    """Return the losses by column, with the path to them where levels differ between classes.

    Each point is a setting: how many records it and all cheaper ones hold, and what they lose together.
    """
    cuts = value.cuts_
    if value.method != "local" or len(cuts) < 2:  # one setting alone is no way
        return losses
    share = (cuts["records"].cumsum() / max(value.n_rows, 1)).tolist()
    told = value.utility == "loss"
    said = f"no single setting loses less than {number(value.bound_)}" if told else ""
    path = Path(share, cuts["loss"].tolist(), value.bound_ if told else None, said)
    title = "Settings, the cheapest for a record first"
    first = Chart("Loss by column", losses.x, losses.y, losses.drawn)
    drawn = Panels([first, Chart(title, "share of the records so far", "loss so far", path)])
    return Chart(losses.title, "", "", drawn)
