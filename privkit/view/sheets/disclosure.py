"""What an output check says: how much of the tables is suppressed, and what is left to tell. It shows no count."""

from __future__ import annotations

import numpy as np

from privkit.disclosure.cell_key import CellKeyTables
from privkit.disclosure.check import OutputCheck
from privkit.view.parts.chart import Bars, Chart
from privkit.view.parts.sheet import Note, Sheet, Table, Verdict, given, sheet
from privkit.view.parts.words import label, number, plural

#: How many exposed cells are named; all are in ``.audit``.
MOST = 12
CAVEAT = (
    "Disclosure control, no differential privacy: it holds for these tables and for nothing else that was shared of "
    "the same people. An attacker who belongs to a cell knows more."
)

#: What keyed noise does not do.
KEYED = (
    "Disclosure control, no differential privacy: who may ask for many tables averages the noise away, and margins are "
    "not the sums of their cells. Whoever has the key takes the noise off."
)


@sheet.register(CellKeyTables)
def _keyed(found: CellKeyTables) -> Sheet:
    text = _keyed_verdict(found)
    reasons = [
        f"The noise is keyed by record: the same people have the same count in every table. It moves no count by more "
        f"than {number(found.deviation)}, has variance {found.variance:g}, and leaves zeros as they are.",
        f"Unsafe is a count above 0 and below {number(found.threshold)}: {plural(found.n_unsafe, 'cell')}.",
    ]
    names = ["changed", "as they were"]
    counts = [found.n_changed, found.n_cells - found.n_changed]
    return Sheet(
        _keyed_answer(found),
        given(Verdict(found.protected, text, text) if found.n_unsafe else None, *reasons, _cells(found), Note(KEYED)),
        [".frame", ".audit", ".plot()"],
        exact=True,
        chart=lambda: Chart(
            _keyed_answer(found).rstrip("."), "", "cells",
            Bars(names, [float(one) for one in counts], [number(one) for one in counts]), KEYED,
        ),
    )  # fmt: skip


def _keyed_answer(found: CellKeyTables) -> str:
    of = f"{plural(found.n_cells, 'cell')} of {plural(len(found.frames), 'table')}"
    told = f"Noise on {of}: {number(found.n_changed)} changed, {number(found.n_cells - found.n_changed)} as they were"
    return f"{told}." if found.protected else f"{told}; {number(found.n_exposed)} can still be told."


def _keyed_verdict(found: CellKeyTables) -> str:
    if found.protected:
        return "Every unsafe count is protected, from all tables together."
    return f"{plural(found.n_exposed, 'unsafe count')} can be bounded more closely than is allowed."


@sheet.register(OutputCheck)
def _checked(found: OutputCheck) -> Sheet:
    names = ["safe", "unsafe", "suppressed beside", "exposed"]
    counts = [found.n_cells - found.n_suppressed, found.n_unsafe, found.n_secondary, found.n_exposed]
    return Sheet(
        _answer(found),
        given(_verdict(found), *_reasons(found), _cells(found), Note(CAVEAT)),
        [".frame", ".audit", ".plot()"],
        exact=True,
        chart=lambda: Chart(
            _answer(found).rstrip("."), "", "cells",
            Bars(names, [float(one) for one in counts], [number(one) for one in counts], short=[0, 0, 0, counts[-1]]),
        ),
    )  # fmt: skip


def _answer(found: OutputCheck) -> str:
    of = f"{plural(found.n_cells, 'cell')} of {plural(len(found.frames), 'table')}"
    if found.method == "audit":
        late = f"; {number(found.n_unaudited)} not audited" if found.n_unaudited else ""
        count = number(found.n_exposed) if found.n_exposed else "No"
        return f"{count} small {'count' if found.n_exposed == 1 else 'counts'} told by {of} that were published{late}."
    if not found.n_unsafe:
        return f"No unsafe cell in {of}: nothing is suppressed."
    kinds = f"{number(found.n_unsafe)} unsafe, {number(found.n_secondary)} beside them"
    told = f"{number(found.n_suppressed)} suppressed of {of}: {kinds}"
    if not found.protected and not found.n_exposed:
        return f"{told}; {number(found.n_unaudited)} not audited."
    return f"{told}." if found.protected else f"{told}; {number(found.n_exposed)} can still be told."


def _verdict(found: OutputCheck) -> Verdict | None:
    if not found.n_unsafe:
        return None
    if found.protected:
        text = "Every unsafe cell is protected, from all tables together."
    elif not found.n_exposed:
        text = f"{plural(found.n_unaudited, 'unsafe cell')} not audited: the time was up, and nothing is said of them."
    else:
        text = f"{plural(found.n_exposed, 'unsafe cell')} can be bounded more closely than is allowed."
    return Verdict(found.protected, text, text)


def _reasons(found: OutputCheck) -> list[str]:
    told = [f"Unsafe is {found.rule}."]
    if found.method == "audit":
        missing = (
            f"{plural(found.n_suppressed, 'cell')} of the tables {'is' if found.n_suppressed == 1 else 'are'} missing"
        )
        return [f"{told[0]} {missing}, and taken for suppressed. Whom filters leave out is looked at too."]
    if not found.n_unsafe:
        return told
    told[0] += f" {plural(found.n_cells - found.n_suppressed, 'cell')} can be shown."
    if found.method == "primary":
        return [*told, "Only unsafe cells are suppressed: others may give them away."]
    if found.optimal:
        return [*told, "No fewer cells would do: that is proved."]
    return [*told, f"At least {number(found.least)} are needed; whether fewer than these would do is not proved."]


def _cells(found: OutputCheck | CellKeyTables) -> Table | None:
    """Return the cells of which too much can be told, by name alone; their intervals are in the audit."""
    exposed = found.audit.loc[~found.audit["protected"] & found.audit[["low", "high"]].notna().all(axis=1)]
    if exposed.empty:
        return None
    wide = [_width(low, high) for low, high in zip(exposed["low"], exposed["high"], strict=True)]
    rows = [[label(cell), told] for cell, told in zip(exposed["cell"], wide, strict=True)][:MOST]
    left = f"; {number(len(exposed) - MOST)} more in .audit" if len(exposed) > MOST else ""
    return Table(
        ["exposed cell", "an attacker knows it"],
        rows,
        f"Exposed cells{left}",
        lines=[f"  {cell}: {told}" for cell, told in rows],
        facts=True,
    )


def _width(low: float, high: float) -> str:
    if low == high:
        return "exactly"
    return "from below" if np.isinf(high) else f"within {plural(int(high - low + 1), 'value')}"
