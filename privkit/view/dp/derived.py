"""The text, HTML and plot of what is derived from releases."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from privkit.dp.noise.noise import ALPHA
from privkit.values.show import SIMULATED
from privkit.view.dp.text import amount
from privkit.view.parts.markup import Markup, card, note, table, tag
from privkit.view.parts.style import GOOD, INK, canvas
from privkit.view.parts.words import label, lines, number, percent, plural

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from privkit.dp.answers.derived import Derived

#: How many numbers are listed.
MOST = 20
#: More groups than this are not named one by one in a plot.
_NAMED = 60


def text(derived: Derived) -> str:
    """Return the derived numbers as text."""
    return lines(
        *([SIMULATED] if derived.simulated else []),
        answer(derived),
        *_listing(derived),
        *reasons(derived),
        then=_next(derived),
    )


def html(derived: Derived) -> Markup:
    """Return the derived numbers as HTML."""
    rows = [[name, _number(value), f"{_number(low)} to {_number(high)}"] for name, value, low, high in _cells(derived)]
    return card(
        answer(derived),
        tag("p", tag("strong", SIMULATED)) if derived.simulated else None,
        table([_groups(derived), derived.name, "interval"], rows) if rows else None,
        *(note(reason) if reason.startswith("Note: ") else tag("p", reason) for reason in reasons(derived)),
        then=_next(derived),
    )


def draw(derived: Derived, ax: Axes | None = None) -> Axes:
    """Draw the numbers with error bars, which end where their intervals do."""
    with canvas(ax) as axes:
        shown = _cells(derived, None)
        places = list(range(len(shown)))
        values = [value for _, value, _, _ in shown]
        below = [max(value - low, 0) for _, value, low, _ in shown]
        above = [max(high - value, 0) for _, value, _, high in shown]
        axes.errorbar(places, values, yerr=[below, above], fmt="o", color=GOOD, ecolor=INK, elinewidth=1.2, capsize=3)
        if derived.index is not None and len(shown) <= _NAMED:
            axes.set_xticks(places, [name for name, *_ in shown], rotation=90 if len(shown) > 8 else 0, fontsize=7)
        else:
            axes.set_xticks([])
        axes.set_xlabel(_groups(derived))
        axes.set_ylabel(label(derived.name))
        axes.yaxis.set_major_formatter(lambda place, _: number(place))
        axes.set_title(f"SIMULATED: {answer(derived)}" if derived.simulated else answer(derived))
    return axes


def answer(derived: Derived) -> str:
    """Return the first line."""
    if derived.index is None:
        _, value, low, high = _cells(derived)[0]
        within = percent(1 - ALPHA).replace(".0", "")
        return f"{label(derived.name)} = {_number(value)}, {_number(low)} to {_number(high)} ({within})"
    return f"{label(derived.name)} by {_groups(derived)}: {plural(len(derived), 'number')}"


def reasons(derived: Derived) -> list[str]:
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
        *(f"Note: {label(told, 240)}." for told in derived.notes),
    ]


def _next(derived: Derived) -> list[str]:
    return [*([] if derived.index is None else [".to_frame()"]), ".interval(0.99)", ".sources", ".plot()"]


def _groups(derived: Derived) -> str:
    return "" if derived.index is None else ", ".join(label(name) for name in derived.index.names)


def _cells(derived: Derived, most: int | None = MOST) -> list[tuple[str, float, float, float]]:
    lower, upper = derived.limits(ALPHA)
    names = [""] if derived.index is None else [_key(key) for key in derived.index[:most]]
    columns = (values[:most].tolist() for values in (derived.values, lower, upper))
    return list(zip(names, *columns, strict=True))


def _key(key: object) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    return ", ".join("missing" if _missing(part) else label(part, 40) for part in parts)


def _missing(part: object) -> bool:
    return part is None or (isinstance(part, float) and math.isnan(part))


def _number(value: float) -> str:
    if math.isnan(value):
        return "left out"
    return f"-{number(-value)}" if value < 0 else number(value)


def _listing(derived: Derived) -> list[str]:
    if derived.index is None:
        return []
    shown = [(name, _number(value), f"{_number(low)} to {_number(high)}") for name, value, low, high in _cells(derived)]
    wide, high = (max((len(cell[place]) for cell in shown), default=0) for place in (0, 1))
    left = len(derived) - len(shown)
    rest = [f"  … {number(left)} more: .to_frame()"] if left else []
    return [f"  {name:<{wide}}  {value:>{high}}  ({within})" for name, value, within in shown] + rest
