"""What two views of an account say: the odometer what was charged, headroom what may still be."""

from __future__ import annotations

from privkit.budget.odometer import Headroom, Odometer
from privkit.values.loss import PrivacyLoss
from privkit.values.writing import amount_shown
from privkit.view.parts.sheet import Meter, Row, Sheet, Table, given, sheet
from privkit.view.parts.words import amount, label, number, plural

#: How many readings are listed; the rest is in ``.to_rows()``.
MOST = 20


@sheet.register(Odometer)
def _odometer(odometer: Odometer) -> Sheet:
    """Say what was charged; what reads the entries is counted where it is shown."""
    entries = plural(len(odometer.readings), "entry", "entries")
    answer = (
        f"The odometer of '{label(odometer.project)}': {odometer.total} charged in {entries}, {odometer.left} left."
    )
    if not odometer.readings:
        return Sheet(answer, tuple(_meters(odometer.total, odometer.budget)), [".readings", ".to_rows()"])
    return Sheet(
        answer,
        (
            *_meters(odometer.total, odometer.budget),
            Table(["analyst", "charged", "share of the budget"], lambda: _analysts(odometer)),
            Table(
                ["entry", "time (UTC)", "analyst", "state", "cost", "charged up to it", "left after it"],
                lambda: _readings(odometer),
                caption=_earlier(odometer),
                facts=True,
                fits=True,
                folded="Entry by entry",
            ),
        ),
        [".by_analyst", ".readings[-1]", ".to_rows()"],
    )


def _meters(part: PrivacyLoss, whole: PrivacyLoss) -> list[Meter]:
    """Return how much of a budget a loss is, in ε or ρ, and in δ where the budget has one."""
    symbol = whole.measure.symbol
    pairs = [(symbol, part.main, whole.main), *([("δ", part.delta, whole.delta)] if whole.delta else [])]
    return [
        Meter(
            float(some / of) if of else 1.0,
            f"{name} = {amount_shown(some)} of {amount_shown(of)}",
            short=some > of or not of,
            letters=30,
        )
        for name, some, of in pairs
    ]


def _analysts(odometer: Odometer) -> list[Row]:
    return [
        [label(name, 30), amount(charged), _meters(charged, odometer.budget)[0]]
        for name, charged in odometer.by_analyst.items()
    ]


def _earlier(odometer: Odometer) -> str:
    left = len(odometer.readings) - MOST
    return f"{plural(left, 'earlier entry', 'earlier entries')}: .to_rows()" if left > 0 else ""


def _readings(odometer: Odometer) -> list[Row]:
    return [
        [
            number(one.entry),
            one.time.replace("T", " ").rstrip("Z"),
            label(one.analyst, 30),
            one.state,
            *(amount(loss) for loss in (one.cost, one.total, one.left)),
        ]
        for one in odometer.readings[-MOST:]
    ]


@sheet.register(Headroom)
def _headroom(room: Headroom) -> Sheet:
    """Say how often one more of a price fits, and draw one of them beside what its limit leaves."""
    heads = ["one such release", "of what the limit leaves"]
    rows: list[Row] = [[meter.label, meter] for meter in _meters(room.cost, room.left)]
    return Sheet(room.words, given(Table(heads, rows)))
