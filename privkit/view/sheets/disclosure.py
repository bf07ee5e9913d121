"""What an output check says: how much of the tables is suppressed, and what is left to tell. It shows no count."""

from __future__ import annotations

import numpy as np

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


@sheet.register(OutputCheck)
def _checked(found: OutputCheck) -> Sheet:
    names = ["safe", "unsafe", "suppressed beside", "exposed"]
    counts = [found.n_cells - found.n_suppressed, found.n_unsafe, found.n_secondary, found.n_exposed]
    return Sheet(
        _answer(found),
        given([_verdict(found), *_reasons(found), _cells(found), Note(CAVEAT)]),
        [".frame", ".audit", ".plot()"],
        exact=True,
        chart=lambda: Chart(
            _answer(found).rstrip("."), "", "cells",
            Bars(names, [float(one) for one in counts], [number(one) for one in counts], short=[0, 0, 0, counts[-1]]),
        ),
    )  # fmt: skip


def _answer(found: OutputCheck) -> str:
    of = f"{plural(found.n_cells, 'cell')} of {plural(len(found.frames), 'table')}"
    if not found.n_unsafe:
        return f"No unsafe cell in {of}: nothing is suppressed."
    kinds = f"{number(found.n_unsafe)} unsafe, {number(found.n_secondary)} beside them"
    told = f"{number(found.n_suppressed)} suppressed of {of}: {kinds}"
    return f"{told}." if found.protected else f"{told}; {number(found.n_exposed)} can still be told."


def _verdict(found: OutputCheck) -> Verdict | None:
    if not found.n_unsafe:
        return None
    if found.protected:
        text = "Every unsafe cell is protected, from all tables together."
    else:
        text = f"{plural(found.n_exposed, 'unsafe cell')} can be bounded more closely than is allowed."
    return Verdict(found.protected, text, text)


def _reasons(found: OutputCheck) -> list[str]:
    told = [f"Unsafe is a count above 0 and below {number(found.threshold)}."]
    if not found.n_unsafe:
        return told
    told[0] += f" {plural(found.n_cells - found.n_suppressed, 'cell')} can be shown."
    if found.method == "primary":
        return [*told, "Only unsafe cells are suppressed: others may give them away."]
    if found.optimal:
        return [*told, "No fewer cells would do: that is proved."]
    return [*told, f"At least {number(found.least)} are needed; whether fewer than these would do is not proved."]


def _cells(found: OutputCheck) -> Table | None:
    """Return the cells of which too much can be told, by name alone; their intervals are in the audit."""
    exposed = found.audit.loc[~found.audit["protected"]]
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
