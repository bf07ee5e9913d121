"""What a gate and drafted papers say, and packages, requests of data subjects, breach drills and trails."""

from __future__ import annotations

from privkit.errors import PrivkitError
from privkit.study.drill import BreachDrill
from privkit.study.gate import GateReport
from privkit.study.papers.papers import Papers
from privkit.study.requests import SubjectRequest, SubjectRequests
from privkit.study.rulings import Ruling
from privkit.study.shared_package import SharedPackage
from privkit.study.sharing import DeletionCertificate, Sharing
from privkit.study.trail import Trail, TrailEvent
from privkit.view.parts.sheet import Code, Name, Note, Row, Sheet, Table, Verdict, given, sheet
from privkit.view.parts.words import label, names, number, plural
from privkit.view.sheets.dossier import entries_told
from privkit.view.sheets.project import MOST, refusal, registered

#: So many blanks are told in a text.
_MOST = 8


@sheet.register(GateReport)
def _gate(report: GateReport) -> Sheet:
    heads = ["rule", "verdict", "asked", "found", "rows short"]
    table = Table(
        heads, [_row(one) for one in report.rulings], lines=[_line(one) for one in report.rulings], facts=True
    )
    left = Note(f"Not looked at: {label('; '.join(report.left_out), 400)}.") if report.left_out else None
    return Sheet(_answer(report), given(table, left), [".to_frame()", ".to_sarif('gate.sarif')"], exact=True)


def _answer(report: GateReport) -> str:
    count = len(report.rulings)
    if report.passed:
        return f"Passes: {'the one rule is' if count == 1 else f'all {number(count)} rules are'} met."
    short = len(report.short)
    return f"Falls short: {number(short)} of {plural(count, 'rule')} {'is' if short == 1 else 'are'} not met."


def _row(one: Ruling) -> Row:
    met = Verdict(one.met, "met" if one.met else "not met")
    return [Name(one.rule), met, label(one.limit, 100), label(one.found, 200), one.rows_short]


def _line(one: Ruling) -> str:
    place = "" if one.line is None else f" (line {one.line})"
    return f"  {'met    ' if one.met else 'not met'}  {label(one.told, 300)}{place}"


@sheet.register(Papers)
def _papers(made: Papers) -> Sheet:
    shown = made.open[:_MOST]
    more = len(made.open) - len(shown)
    lines = [f"  {one.id} ({', '.join(one.papers)}): {label(one.ask, 100)}" for one in shown]
    lines += [f"  … and {number(more)} more: .open"] if more else []
    rows: list[Row] = [[Code(one.id), label(one.ask, 300), ", ".join(one.papers)] for one in made.open]
    table = Table(["to be filled in", "what is asked", "papers"], rows, lines=lines, facts=True) if rows else None
    marked = f"{plural(len(made.open), 'blank')} {'is' if len(made.open) == 1 else 'are'} marked for a person to fill."
    note = Note("Drafts to be edited, and no advice on law.")
    return Sheet(
        f"Papers on '{label(made.title)}', made on {made.made.isoformat()}: {', '.join(made)}.",
        given(marked if rows else None, table, note),
        [".save('papers')", ".open" if rows else ""],
        exact=True,
    )


# -- packages, requests and drills ---------------------------------------------------------------------------------


@sheet.register(Sharing)
def _sharing(found: Sharing) -> Sheet:
    try:
        packages, due, unfinished, required = found.packages, found.due(), found.unfinished, found.approvals
    except PrivkitError as error:
        return refusal(found.project, error)
    answer = f"Project '{label(found.project)}' handed out {plural(len(packages), 'package')}"
    recipients = len({one.recipient for one in packages})
    needs = f"Each package needs {plural(required, 'approval')}." if required else ""
    table = registered(
        ["id", "state", "recipient", "purpose", "until"],
        packages,
        lambda one: [number(one.id), one.state, Name(label(one.recipient)), label(one.purpose, 80), str(one.expires)],
        lambda one: f"{one.id}: {label(one.recipient)}, until {one.expires}: {one.state}.",
    )
    return Sheet(
        f"{answer} to {plural(recipients, 'recipient')}; {number(len(due))} to be confirmed as deleted.",
        given(*table, _unfinished(unfinished), needs),
        [".due()" if due else "", ".to_frame()"] if packages else [],
    )


def _unfinished(entries: tuple[int, ...]) -> str:
    if not entries:
        return ""
    told = ", ".join(map(str, entries[-MOST:]))
    return f"Begun and not finished, so nobody gets a file of it: {plural(len(entries), 'entry', 'entries')} {told}."


@sheet.register(SharedPackage)
def _package(one: SharedPackage) -> Sheet:
    answer = f"Package {one.id} of project '{label(one.project)}' for {label(one.recipient)}: {one.state}."
    deleted = f"Deleted on {one.deleted}, as {label(one.confirmed_by)} confirmed." if one.deleted else ""
    revoked = f"Revoked: {label(one.revoked, 200)}." if one.revoked else ""
    rows: list[Row] = [[Name(label(name)), kind, ", ".join(map(str, entries))] for name, kind, entries in one.tables]
    lines = [f"  {label(name)}: {kind}{entries_told(entries)}" for name, kind, entries in one.tables]
    told = [
        f"For {label(one.purpose, 200)}, on the basis of {label(one.basis, 200)}, until {one.expires}.",
        f"Approved by {names(one.approvals)}." if one.approvals else "",
        f"Made {one.made} by {label(one.by, 30)} as {label(one.file)}, SHA-256 {one.sha256}.",
    ]
    table = Table(["table", "what", "ledger entries"], rows, lines=lines, facts=True)
    return Sheet(answer, given(revoked, deleted, *told, table))


@sheet.register(DeletionCertificate)
def _certificate(found: DeletionCertificate) -> Sheet:
    one = found.package
    return Sheet(
        f"{label(one.recipient)} deleted package {one.id} on {one.deleted}, as {label(one.confirmed_by)} confirmed.",
        (
            f"Registered {found.registered} by {label(found.by, 30)} as entry {found.entry}.",
            f"SHA-256 of the package {one.sha256}, of the certificate {found.sha256}.",
        ),
        [".to_markdown('deletion.md')", ".to_json()"],
    )


@sheet.register(SubjectRequests)
def _requests(found: SubjectRequests) -> Sheet:
    try:
        requests, due = found.requests, found.due()
    except PrivkitError as error:
        return refusal(found.project, error)
    still = [one for one in requests if one.state == "open"]
    table = registered(
        ["id", "asks for", "received", "due", "state"],
        requests,
        lambda one: [number(one.id), one.kind, str(one.received), str(one.due), one.state],
        lambda one: f"{one.id}: {one.kind}, received {one.received}, due {one.due}: {one.state}.",
    )
    return Sheet(
        f"{plural(len(requests), 'request')} of data subjects in project '{label(found.project)}', "
        f"{number(len(still))} open, {number(len(due))} due.",
        given(*table),
        [".due()" if due else "", ".to_frame()"] if requests else [],
    )


@sheet.register(SubjectRequest)
def _request(one: SubjectRequest) -> Sheet:
    late = "" if one.in_time else " This is late."
    ended = f"Ended on {one.ended}." if one.ended else ""
    without = f" Not searched: {names(one.not_searched)}." if one.not_searched else ""
    searched = f"Searched: {names(one.searched)}.{without}" if one.searched else ""
    return Sheet(
        f"Request {one.id}, {one.kind} (GDPR, Art. {one.article}): {one.state}.",
        given(
            f"Received {one.received}, due {one.due}.{late}",
            f"Extended by two months: {label(one.extended, 200)}." if one.extended else "",
            ended,
            label(one.reason, 300) if one.reason else "",
            searched,
        ),
    )


@sheet.register(BreachDrill)
def _drill(found: BreachDrill) -> Sheet:
    calls = [
        f"{label(name)} (package{'' if len(numbers) == 1 else 's'} {', '.join(map(str, numbers))})"
        if numbers
        else label(name)
        for name, numbers in found.calls.items()
    ]
    tables: list[Row] = [
        [Name(label(one.name)), names(one.direct), names(one.quasi), names(one.sensitive)] for one in found.tables
    ]
    tables_told = [
        f"  {label(one.name)}: {plural(len(one.direct), 'direct identifier')}, "
        f"{plural(len(one.quasi), 'quasi-identifier')}, {number(len(one.sensitive))} sensitive."
        for one in found.tables
    ]
    steps: list[Row] = [[f"{by:%Y-%m-%d %H:%M} UTC", text] for by, text in found.steps]
    concerned = f"{plural(found.persons, 'person')} in {plural(len(found.tables), 'table')}"
    until = f"Tell the authority by {found.deadline:%Y-%m-%d %H:%M} UTC."
    return Sheet(
        f"Breach drill {found.id}: {label(found.scenario, 80)}. {until}",
        given(
            f"{concerned}, as {label(found.by, 30)} said.",
            Table(["table", "direct", "quasi", "sensitive"], tables, lines=tables_told, facts=True),
            f"Call: {', '.join(calls)}." if calls else "There is no recipient to call.",
            Table(["by", "step"], steps, lines=[f"  {by}  {text}" for by, text in steps], facts=True),
        ),
        [".to_markdown('drill.md')", ".to_frame()"],
    )


@sheet.register(Trail)
def _trail(found: Trail) -> Sheet:
    try:
        events = list(found)
        unusual = found.unusual(hours=(0, 24))  # which hours are usual, and where, is for the owner to say
    except PrivkitError as error:
        return refusal(found.project, error)
    table = registered(
        ["entry", "time (UTC)", "by", "what", "state"],
        events,
        lambda one: [number(one.entry), _moment(one), Name(label(one.by, 30)), label(one.what, 80), one.state],
        lambda one: f"{one.entry}: {_moment(one)} {label(one.by, 30)}: {label(one.what, 80)}.",
    )
    told = [f"Unusual ({one.kind}): entry {one.event.entry}, {label(one.why, 200)}." for one in unusual[-MOST:]]
    people = len({one.by for one in events})
    return Sheet(
        f"{plural(len(events), 'event')} in project '{label(found.project)}' by {plural(people, 'person', 'persons')}; "
        f"{number(len(unusual))} unusual.",
        given(*table, *told),
        [".unusual(hours=(8, 18), zone='Europe/Zurich')", ".to_frame()"] if events else [],
    )


def _moment(one: TrailEvent) -> str:
    return f"{one.time:%Y-%m-%d %H:%M}"
