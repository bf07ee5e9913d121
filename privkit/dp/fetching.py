"""What a question fetches from a lazy engine, in words, before a row is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from privkit.dp.statistics.open_groups import OpenGroups
from privkit.dp.statistics.several import Several

if TYPE_CHECKING:
    from privkit.dp.question import Question

#: One aggregate of the engine contract, the columns that it reads, and its column of numbers or values.
Read = tuple[str, tuple[str, ...], str | None]


def fetched(data: object, question: Question, function: str) -> tuple[str, ...] | None:
    """Say what leaves a lazy engine, beside groups and their counts; None for a frame whose rows lie here.

    Reads the schema, never a row: a filter of a lazy engine is planned, not run.

    Parameters
    ----------
    data : dataframe

    Examples
    --------
    >>> import pandas as pd
    >>> from privkit.dp.statistics.counts import Count
    >>> from privkit.dp.question import Question
    >>> from privkit.values.bounds import ONE_ROW
    >>> from privkit.values.unit import ROW
    >>> fetched(pd.DataFrame({"x": [1]}), Question(Count(), ROW, ONE_ROW), "dp_count") is None
    True
    """
    from privkit.tally.engines.opening import engine_of

    if type(data).__module__.startswith("pandas"):  # asked of each plan, so the commonest case is the quickest
        return None
    if not (engine := engine_of(data, function)).is_lazy:
        return None
    chosen = question.rows(engine, function)
    told = getattr(chosen, "fetches", None)
    if told is None:  # it does not say
        return None
    return tuple(dict.fromkeys(words for read in reads(question) for words in told(*read)))


def reads(question: Question) -> Iterator[Read]:
    """Give what a question asks of an engine."""
    asked = question.asked
    if isinstance(asked, Several):
        for part in asked.parts:
            yield from reads(replace(question, asked=part))
    elif isinstance(asked, OpenGroups):
        yield from reads(asked.groups_of(question))
        yield from reads(replace(question, asked=asked.inner))
    elif question.who is None:
        value = asked.read[0] if asked.read and asked.aggregate not in ("classes", "keyed_counts") else None
        if asked.aggregate != "keyed_counts" or question.by or asked.read:
            yield asked.aggregate, question.columns, value
    else:
        windowed = question.unit.time is not None and asked.of_persons == "pairs"
        yield "parts" if windowed else asked.of_persons, question.columns, None
