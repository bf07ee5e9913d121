"""The text of a sheet: what ``repr`` returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from privkit.values.show import SIMULATED, is_simulated
from privkit.view.parts.sheet import Block, Note, Sheet, Table, Verdict, sheet_of
from privkit.view.parts.words import lines


def render(value: object, then: Callable[[Sequence[str]], Sequence[str]] | None = None) -> str:
    """Return the value as text: first the answer, then the reason, last what to type next.

    `then` returns other steps for the value's own, where something else shows the value.
    """
    found = sheet_of(value, then)
    text = f"<{type(value).__name__}>" if found is None else text_of(found)
    return f"{SIMULATED}\n{text}" if is_simulated(value) else text


def text_of(sheet: Sheet) -> str:
    """Return a sheet as text."""
    told = (line for block in sheet.blocks for line in _told(block))
    return lines(sheet.answer, *told, then=sheet.then)


def _told(block: Block) -> Sequence[str]:
    """Return the lines of a block; bars and intervals are said by the answer or the reasons."""
    if isinstance(block, str):
        return [block]
    if isinstance(block, Note):
        return [block.text] if block.told else []
    if isinstance(block, Verdict):
        return [block.line]
    return block.lines if isinstance(block, Table) else []
