"""What reports on equivalence classes say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from privkit.anonymity.class_sizes import Band, figure_bands, size_bands
from privkit.anonymity.criterion import Finding
from privkit.anonymity.kanonymity import KAnonymity, KAnonymityReport
from privkit.anonymity.ksets import KSetsReport
from privkit.anonymity.reports import CheckReport, ClassReport, Telling
from privkit.view.parts.calls import call, typeable
from privkit.view.parts.chart import Across, Bars, Chart
from privkit.view.parts.sheet import Hinted, Meter, Row, Share, Sheet, Table, Verdict, given, sheet
from privkit.view.parts.words import argument, label, names, number, part_of, percent, plural

# -- k-anonymity ---------------------------------------------------------------------------------------------------


@sheet.register(KAnonymityReport)
def _kanon(report: KAnonymityReport) -> Sheet:
    bands = partial(size_bands, report)
    head = "class size" if report.unit is None else "persons in class"
    goal = None if report.required is None else f"k = {number(report.required)}"
    return Sheet(
        _kanon_answer(report),
        given(
            None if goal is None else judged(report.satisfied, goal),
            *_kanon_reasons(report),
            _banded(report, bands, head, "size") if report.n_rows else None,
        ),
        _kanon_next(report),
        exact=True,
        chart=lambda: Chart(
            f"k = {number(report.k)}" + (f", {goal} required" if goal else ""),
            "class size (rows)" if report.unit is None else head,
            "rows",
            _bars(bands() if report.n_rows else [], report.n_rows),
        ),
    )


def judged(met: bool | None, what: str) -> Verdict:
    """Return whether a goal is met, in words."""
    return Verdict(met, f"{what} is {'met' if met else 'not met'}")


def _banded(
    report: KAnonymityReport | ClassReport, bands: Callable[[], Sequence[Band]], head: str, figure: str
) -> Table:
    """Return the rows by the size, or by the figure, of their class."""
    n = report.n_rows

    def row(band: Band) -> Row:
        bar = Meter(band.rows / n, f"{percent(band.rows, n)} of rows: {_range(band)}", band.short)
        return [_range(band), band.classes, band.rows, Share(band.rows, n), bar]

    heads = [head, "classes", "rows", "share of rows", None]
    return Table(heads, lambda: [row(band) for band in bands()], f"Rows by the {figure} of their class")


def _range(band: Band) -> str:
    return number(band.low) if band.low == band.high else f"{number(band.low)}–{number(band.high)}"


def _bars(bands: Sequence[Band], n_rows: int) -> Bars:
    """Return rows by band, with those that fall short."""
    return Bars(
        [_range(band) for band in bands],
        [band.rows for band in bands],
        [percent(band.rows, n_rows) if band.rows else "" for band in bands],
        [band.rows_short for band in bands],
    )


def _fall_short(short: int, whole: int, noun: str = "row") -> str:
    return f"{part_of(short, whole, noun)} {'falls' if short == 1 else 'fall'} short"


def _kanon_answer(report: KAnonymityReport) -> str:
    """Return the first line: k, and whether it is enough."""
    if not report.n_rows:
        return "k = 0: the table has no rows."
    if report.satisfied is False:
        short = _fall_short(report.rows_short or 0, report.n_rows)
        if report.persons_short is not None:
            short = _fall_short(report.persons_short, report.n_persons or 0, "person")
        return f"k = {number(report.k)}: {short} of k = {number(report.required or 0)}."
    met = f" k = {number(report.required)} is met." if report.required is not None else ""
    return f"k = {number(report.k)}: the smallest of {_smallest(report)}.{met}"


def _smallest(report: KAnonymityReport) -> str:
    members = plural(report.k, "row")
    if report.unit is not None:
        members = f"{plural(report.k, 'person', 'persons')} ({names([report.unit])})"
    return f"{plural(report.n_classes, 'class', 'classes')} by {names(report.qi)} has {members}"


def _kanon_reasons(report: KAnonymityReport) -> list[str]:
    """Return the lines after the first: the classes where the first line is about rows, and the sample uniques."""
    if not report.n_rows:
        return [f"Classes by {names(report.qi)}: none. A table without rows tells about nobody."]
    reasons = []
    if report.satisfied is False:
        reasons.append(f"The smallest of {_smallest(report)}.")
        if report.unit is not None:
            short = part_of(report.rows_short or 0, report.n_rows)
            reasons.append(f"They have rows in classes of too few persons: {short}.")
        if (report.required or 0) > report.crowds.total:
            there = plural(report.crowds.total, "row" if report.unit is None else "person")
            reasons.append(f"The table has {there}: no generalization reaches this k.")
    return [*reasons, _uniques(report), *starred(report.tally.starred, report.qi)]


def starred(rows: int, qi: Sequence[str]) -> list[str]:
    """Say that rows without any value are counted as a class, and how they are left out."""
    if not rows:
        return []
    what = f"{plural(rows, 'row has', 'rows have')} `*` in every quasi-identifier, and {'is' if rows == 1 else 'are'}"
    columns = argument(qi)
    rest = f": df[df[{columns}].ne('*').any(axis=1)] leaves them out." if columns else "."
    return [f"{what} a class here. Suppressed rows are in none{rest}"]


def _uniques(report: KAnonymityReport) -> str:
    unique = report.n_unique
    if report.unit is not None:
        share = part_of(unique, report.n_persons or 0, "person")
        alone = f"{share} {'is' if unique == 1 else 'are'} alone in a class."
        return alone if unique else "No person is alone in a class."
    if not unique:
        return "No row is a sample unique."
    share = part_of(unique, report.n_rows)
    if unique == 1:
        return f"{share} is a sample unique: no other row has its values."
    return f"{share} are sample uniques: no other row has their values."


def _kanon_next(report: KAnonymityReport) -> list[str]:
    if not report.n_rows:
        return []
    look = [".smallest(10)", ".plot()", ".panel()"]
    if report.satisfied is False and (report.required or 0) <= report.crowds.total:
        return [call(report, "anonymize", report.qi, k=report.required, unit=report.unit), *look]
    return look


# -- k by sets of columns ------------------------------------------------------------------------------------------

#: So many sets stand in a report's table; `to_frame` has them all.
_SETS = 10


@sheet.register(KSetsReport)
def _ksets(report: KSetsReport) -> Sheet:
    goal = None if report.required is None else f"k = {number(report.required)} by {_known(report)}"
    return Sheet(
        _ksets_answer(report),
        given(None if goal is None else judged(report.satisfied, goal), *_ksets_reasons(report), _sets(report)),
        _ksets_next(report),
        exact=True,
        chart=lambda: _sets_chart(report),
    )


def _known(report: KSetsReport) -> str:
    most = len(report.qi)
    return f"any {number(report.of)} of {plural(most, 'column')}" if report.of < most else plural(most, "column")


def _ksets_answer(report: KSetsReport) -> str:
    """Return the first line: k by any set, and whether it is enough."""
    if not report.n_rows:
        return "k = 0: the table has no rows."
    k = f"k = {number(report.k)} by {_known(report)}"
    if report.satisfied is False:
        return f"{k}: {_fall_short(report.rows_short or 0, report.n_rows)} of k = {number(report.required or 0)}."
    met = f" k = {number(report.required)} is met." if report.required is not None else ""
    return f"{k}: {_weakest(report)}.{met}"


def _weakest(report: KSetsReport) -> str:
    there = plural(report.k, "row") if report.unit is None else plural(report.k, "person")
    return f"the smallest class by {names(report.weakest)} has {there}"


def _ksets_reasons(report: KSetsReport) -> list[str]:
    if not report.n_rows:
        return []
    found = []
    if report.satisfied is False:
        found.append(f"T{_weakest(report)[1:]}.")
    if told := report.by_sets.told:
        found.append(f"{told}.")
    if not report.n_unique:
        return [*found, "No row is alone by any set."]
    alone = part_of(report.n_unique, report.n_rows)
    return [*found, f"{alone} {'is' if report.n_unique == 1 else 'are'} alone by some set."]


def _sets(report: KSetsReport) -> Table | None:
    if not report.n_rows:
        return None
    frame = report.to_frame().head(_SETS)
    heads = ["columns", "k", "rows alone", "rows short"]
    cells = zip(frame["columns"], frame["k"], frame["alone"], frame["rows_short"], strict=True)
    rows: list[Row] = [
        [names(one), int(k), int(alone), "–" if report.required is None else int(short)]
        for one, k, alone, short in cells
    ]
    return Table(heads, rows, f"The weakest of {plural(len(report.sets), 'set')}")


def _sets_chart(report: KSetsReport) -> Chart:
    """Return the share of rows that fall short by each of the weakest sets, or are alone where no k is required."""
    frame, whole = report.to_frame().head(_SETS), max(report.n_rows, 1)
    counted = frame["alone" if report.required is None else "rows_short"].astype("int64").tolist()
    drawn = Across(
        [", ".join(map(label, one)) for one in frame["columns"]],
        [rows / whole for rows in counted],
        [f"k = {number(int(k))}, {percent(rows, whole)}" for k, rows in zip(frame["k"], counted, strict=True)],
        [rows > 0 for rows in counted],
        end=1.6,
        ticks={0: "0 %", 0.5: "50 %", 1: "100 %"},
    )
    what = "rows alone" if report.required is None else "rows that fall short"
    return Chart(f"k = {number(report.k)} by {_known(report)}", what, "columns known", drawn)


def _ksets_next(report: KSetsReport) -> list[str]:
    look = [".smallest(10)", ".to_frame()", ".plot()"] if report.n_rows else []
    if report.satisfied is False and (report.required or 0) <= report.n_rows:
        goal = KAnonymity(report.required or 1, unit=report.unit, of=report.of)
        return [call(report, "anonymize", report.qi, goal), *look]
    return look


# -- criteria on classes -------------------------------------------------------------------------------------------


@sheet.register(ClassReport)
def _classes(report: ClassReport) -> Sheet:
    told, bands = report._telling(), partial(figure_bands, report)
    return Sheet(
        _classes_answer(report, told),
        given(
            judged(report.satisfied, told.goal) if told.goal else None,
            *_classes_reasons(report, told),
            _banded(report, bands, report.symbol, report.symbol) if report.n_rows else None,
        ),
        _classes_next(report),
        exact=True,
        chart=lambda: Chart(
            f"{told.figure}; required: {told.goal}" if told.goal else told.figure,
            f"{report.symbol} of the class",
            "rows",
            _bars(bands() if report.n_rows else [], report.n_rows),
        ),
    )


def _classes_answer(report: ClassReport, told: Telling) -> str:
    """Return the first line: the figure, and whether it is enough."""
    if not report.n_rows:
        return f"{told.figure}: the table has no rows."
    if report.satisfied is False:
        return f"{told.figure}: {_fall_short(report.rows_short or 0, report.n_rows)} of {told.goal}."
    met = f" {told.goal} is met." if report.satisfied else ""
    return f"{told.figure}: {told.sense}.{met}"


def _classes_reasons(report: ClassReport, told: Telling) -> list[str]:
    if not report.n_rows:
        return [f"Classes by {names(report.qi) or 'no column'}: none. A table without rows tells about nobody."]
    found = []
    if report.satisfied is False:
        falls = f"; {plural(report.classes_short or 0, 'class falls', 'classes fall')} short"
        found.append(f"{told.sense[:1].upper()}{told.sense[1:]}{falls}.")
    return [*found, told.remark, *starred(report.classes.starred, report.qi)]


def _classes_next(report: ClassReport) -> list[str]:
    if not report.n_rows:
        return []
    look = [".worst(10)", ".plot()"]
    if report.satisfied is False and report.qi and typeable(report.criterion):
        look.insert(0, call(report, "anonymize", report.qi, report.criterion))
    return look


# -- a check -------------------------------------------------------------------------------------------------------


@sheet.register(CheckReport)
def _check(report: CheckReport) -> Sheet:
    heads = ["criterion", "verdict", "reached", "rows short"]
    rows = [_finding(found) for found in report.findings]
    return Sheet(
        _check_answer(report),
        (
            Table(heads, rows, lines=[_finding_line(found) for found in report.findings]),
            *starred(report.starred, report.qi),
        ),
        _check_next(report),
        exact=True,
        chart=lambda: _check_chart(report),
    )


def _finding(found: Finding) -> Row:
    return [
        Hinted(label(found.criterion, 100), found.criterion.paper),
        Verdict(found.met, _met(found)),
        found.figure,
        "–" if found.rows_short is None else found.rows_short,
    ]


def _met(found: Finding) -> str:
    return "met" if found.met else "not met"


def _finding_line(found: Finding) -> str:
    """Return a part, what the table reaches, and the rows short."""
    short = f", {plural(found.rows_short, 'row')} short" if found.rows_short else ""
    return f"  {_met(found):7}  {label(found.criterion, 100)}: {found.figure}{short}"


def _check_chart(report: CheckReport) -> Chart:
    """Return the share of rows that break each part; one on the table as a whole is all or nothing."""
    whole = max(report.n_rows, 1)
    short = [(0 if found.met else whole) if found.rows_short is None else found.rows_short for found in report.findings]
    drawn = Across(
        [repr(found.criterion) for found in report.findings],
        [rows / whole for rows in short],
        [f"{found.figure}, {_met(found)}" for found in report.findings],
        [not found.met for found in report.findings],
        end=1.6,
        ticks={0: "0 %", 0.5: "50 %", 1: "100 %"},
    )
    share = f"{percent(report.rows_short, report.n_rows)} of {number(report.n_rows)}"
    return Chart(f"{share} rows fall short of some part", "rows in classes that break it", "criterion", drawn)


def _check_answer(report: CheckReport) -> str:
    """Return the first line: how many parts are met."""
    parts = len(report.findings)
    if report.satisfied:
        return "met: the criterion." if parts == 1 else f"met: all {parts} criteria."
    unmet = sum(not found.met for found in report.findings)
    short = f" {_fall_short(report.rows_short, report.n_rows)}." if report.rows_short else ""
    return f"not met: {unmet} of {plural(parts, 'criterion', 'criteria')}.{short}"


def _check_next(report: CheckReport) -> list[str]:
    look = [".to_frame()"]
    if not report.satisfied and report.n_rows and report.qi and typeable(report.criterion):
        look.insert(0, call(report, "anonymize", report.qi, report.criterion))
    return look
