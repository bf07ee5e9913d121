"""What numbers say that were computed from releases."""

from __future__ import annotations

import math

from privkit.dp.answers.derived import Derived
from privkit.dp.noise.noise import ALPHA
from privkit.values.writing import level_text
from privkit.view.parts.chart import Chart
from privkit.view.parts.sheet import Block, Note, Sheet, Table, given, sheet
from privkit.view.parts.words import aligned, amount, label, number, plural
from privkit.view.sheets.released.drawing import across, estimates
from privkit.view.sheets.released.numbers import MOST, Cell


@sheet.register(Derived)
def _derived(derived: Derived) -> Sheet:
    return Sheet(
        _derived_answer(derived),
        given([_derived_table(derived), *_derived_reasons(derived)]),
        [*([] if derived.index is None else [".to_frame()"]), ".interval(0.99)", ".sources", ".plot()"],
        chart=lambda: _derived_chart(derived),
    )


def _derived_table(derived: Derived) -> Table | None:
    rows = [(one.name, one.shown, one.span) for one in _derived_cells(derived)]
    if not rows:
        return None
    lines = aligned([(name, value, f"({within})") for name, value, within in rows], "<><")
    left = len(derived) - len(rows)
    lines += [f"  … {number(left)} more: .to_frame()"] if left else []
    heads = [_groups(derived), derived.name, "interval"]
    return Table(heads, rows, lines=() if derived.index is None else lines)


def _derived_chart(derived: Derived) -> Chart:
    """Return the numbers with error bars, which end where their intervals do."""
    drawn = estimates(_derived_cells(derived, None), bars=False)
    x, y, shown = across(drawn, _groups(derived), label(derived.name))
    return Chart(_derived_answer(derived), x, y, shown, f"intervals hold in {level_text(1 - ALPHA)}")


def _derived_answer(derived: Derived) -> str:
    """Return the first line."""
    if derived.index is None:
        (one,) = _derived_cells(derived)
        return f"{label(derived.name)} = {one.whole} ({level_text(1 - ALPHA)})"
    return f"{label(derived.name)} by {_groups(derived)}: {plural(len(derived), 'number')}"


def _derived_reasons(derived: Derived) -> list[Block]:
    """Return what was done, of which releases, and the notes."""
    done = "; ".join(label(step, 120) for step in derived.steps) or "as it was released"
    sources = [
        f"From entry {source.entry} of project '{label(source.project)}' ({label(source.question, 120)}, "
        f"{amount(source.loss)})."
        for source in derived.sources
    ]
    return [
        f"Post-processing, at no cost: {done}.",
        *sources,
        *(Note(f"Note: {label(told, 240)}.") for told in derived.notes),
    ]


def _groups(derived: Derived) -> str:
    return "" if derived.index is None else ", ".join(label(name) for name in derived.index.names)


def _derived_cells(derived: Derived, most: int | None = MOST) -> list[Cell]:
    lower, upper = derived.limits(ALPHA)
    names = [""] if derived.index is None else [_group(key) for key in derived.index[:most]]
    columns = (values[:most].tolist() for values in (derived.values, lower, upper))
    return [Cell(*cell) for cell in zip(names, *columns, strict=True)]


def _group(key: object) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    return ", ".join("missing" if _missing(part) else label(part, 40) for part in parts)


def _missing(part: object) -> bool:
    return part is None or (isinstance(part, float) and math.isnan(part))
