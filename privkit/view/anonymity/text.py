"""The text of anonymity reports."""

from __future__ import annotations

from functools import singledispatch

from privkit.anonymity.criterion import Finding
from privkit.anonymity.kanonymity import KAnonymityReport
from privkit.anonymity.reports import CheckReport, ClassReport
from privkit.view.anonymity import telling
from privkit.view.parts.words import argument, label, lines, names, number, percent, plural


@singledispatch
def text(value: object) -> str:
    """Return the value as text."""
    raise TypeError(f"{type(value).__name__} has no text")


@text.register(KAnonymityReport)
def _kanon(report: KAnonymityReport) -> str:
    return lines(kanon_answer(report), *kanon_reasons(report), then=kanon_next(report))


def kanon_answer(report: KAnonymityReport) -> str:
    """Return the first line: k, and whether it is enough."""
    if not report.n_rows:
        return "k = 0: the table has no rows."
    if report.satisfied is False:
        return f"k = {number(report.k)}: {_rows_short(report)} of k = {number(report.required or 0)}."
    met = f" k = {number(report.required)} is met." if report.required is not None else ""
    return (
        f"k = {number(report.k)}: the smallest of {plural(report.n_classes, 'class', 'classes')} "
        f"by {names(report.qi)} has {_members(report, report.k)}.{met}"
    )


def _rows_short(report: KAnonymityReport) -> str:
    short = report.rows_short or 0
    verb = "falls" if short == 1 else "fall"
    return f"{number(short)} of {plural(report.n_rows, 'row')} ({percent(short, report.n_rows)}) {verb} short"


def _members(report: KAnonymityReport, count: int) -> str:
    if report.unit is None:
        return plural(count, "row")
    return f"{plural(count, 'person', 'persons')} ({names([report.unit])})"


def kanon_reasons(report: KAnonymityReport) -> list[str]:
    """Return the lines after the first: the classes where the first line is about rows, and the sample uniques."""
    if not report.n_rows:
        return [f"Classes by {names(report.qi)}: none. A table without rows tells about nobody."]
    reasons = []
    if report.satisfied is False:
        reasons.append(
            f"The smallest of {plural(report.n_classes, 'class', 'classes')} by {names(report.qi)} "
            f"has {_members(report, report.k)}."
        )
        if (report.required or 0) > report.n_rows:
            reasons.append(f"The table has {plural(report.n_rows, 'row')}: no generalization reaches this k.")
    reasons.append(_uniques(report))
    return reasons


def _uniques(report: KAnonymityReport) -> str:
    unique = report.n_unique
    if report.unit is not None:
        return (
            f"{plural(unique, 'class holds', 'classes hold')} one person alone."
            if unique
            else "No person is alone in a class."
        )
    if not unique:
        return "No row is a sample unique."
    share = f"{number(unique)} of {plural(report.n_rows, 'row')} ({percent(unique, report.n_rows)})"
    if unique == 1:
        return f"{share} is a sample unique: no other row has its values."
    return f"{share} are sample uniques: no other row has their values."


def kanon_next(report: KAnonymityReport) -> list[str]:
    """Return what to type next."""
    if not report.n_rows:
        return []
    look = [".smallest(10)", ".plot()"]
    if report.satisfied is False and (report.required or 0) <= report.n_rows:
        return [f"df.privacy.anonymize({argument(report.qi)}, k={report.required})", *look]
    return look


@text.register(ClassReport)
def _classes(report: ClassReport) -> str:
    return lines(telling.answer(report), *telling.reasons(report), then=telling.then(report))


@text.register(CheckReport)
def _check(report: CheckReport) -> str:
    return lines(check_answer(report), *check_reasons(report), then=check_next(report))


def check_answer(report: CheckReport) -> str:
    """Return the first line: how many parts are met."""
    parts = len(report.findings)
    met = sum(finding.met for finding in report.findings)
    if report.satisfied:
        return "met: the criterion." if parts == 1 else f"met: all {parts} criteria."
    short = ""
    if report.rows_short:
        verb = "falls" if report.rows_short == 1 else "fall"
        share = percent(report.rows_short, report.n_rows)
        short = f" {number(report.rows_short)} of {plural(report.n_rows, 'row')} ({share}) {verb} short."
    return f"not met: {parts - met} of {plural(parts, 'criterion', 'criteria')}.{short}"


def check_reasons(report: CheckReport) -> list[str]:
    """Return one line per part."""
    return [f"  {'met    ' if finding.met else 'not met'}  {finding_line(finding)}" for finding in report.findings]


def finding_line(finding: Finding) -> str:
    """Return a part, what the table reaches, and the rows short."""
    short = f", {plural(finding.rows_short, 'row')} short" if finding.rows_short else ""
    return f"{label(finding.criterion, 100)}: {finding.figure}{short}"


def check_next(report: CheckReport) -> list[str]:
    """Return what to type next."""
    typed = repr(report.criterion)
    look = [".to_frame()"]
    if not report.satisfied and report.n_rows and "..." not in typed and len(typed) < 80:
        criteria = " & ".join(f"pk.{finding.criterion!r}" for finding in report.findings)
        look.insert(0, f"df.privacy.anonymize({argument(report.qi)}, {criteria})")
    return look
