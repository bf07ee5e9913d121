"""`out.attack()` of events: a recipe carried out anew on the events of half of the persons, with other secrets.

What an attacker expects
------------------------
He knows a person's event as it came in, and the recipe; he knows none of its secrets. So what he looks for is what the
recipe makes of the event without them: rounded, cut, renamed as all others are, and where the recipe adds secret noise,
the value before. Fields that become tokens, numbers or private codes he cannot know, and they are not compared; nor are
lists that hold secret noise, which are compared as they stand or not at all.

The result is made anew with other keys. A recipe's own keys, and mapping stores, are not touched: a result has the same
law under every key, and what becomes tokens is not compared. ∎
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.attacks.halves import groups_of, halves_of, one_each
from privkit.attacks.tables import LEAST, AttackReport, attacked
from privkit.errors import ParameterError
from privkit.errors.attacks import AttackError
from privkit.events.operations.drop import Keep
from privkit.events.recipes.recipe import Recipe
from privkit.events.run.closures import Options, treated
from privkit.events.run.exposure import made_by, subjects
from privkit.events.run.flatten import flatten, read_events
from privkit.events.secrets.key import Key
from privkit.tally.frame import column_names, open_frame
from privkit.values.arguments import positive_int, whole

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from privkit.events.operations.operation import Hiding, Operation
    from privkit.events.run.result import EventsResult

    Ints = NDArray[np.int64]

#: What puts something in the place of a value that only who has the key, or the book, can know.
_REPLACING: tuple[Hiding, ...] = ("tokens", "codes")
#: What adds a secret to a value, or multiplies it by one: an attacker looks for what is near the value.
_MOVING: tuple[Hiding, ...] = ("numbers", "times")


def of_result(
    result: EventsResult,
    *,
    columns: str | Sequence[str] | None,
    secret: str | None,
    targets: int,
    seed: int,
    by: str | None,
) -> AttackReport:
    """Return the report on a recipe that was carried out anew on half of the persons' events.

    Where the result names its `subject`, whole persons are drawn, and of each one event is attacked; else each event
    counts as a person's. Parameters and errors are those of ``out.attack()``. Reads rows; spends nothing.
    """
    most, start = positive_int(targets, "targets"), whole(seed, "seed")
    events, who = _source(result)
    if (n := len(np.unique(who))) < 2 * LEAST:
        raise AttackError.too_few("the original", n, 2 * LEAST)
    inside, outside = halves_of(who, start)
    made, kept = _carried_out(_anew(result.recipe, start), _chosen(events, inside), result)
    expecting = _expecting(_anew(result.recipe, start))
    known, known_at = _carried_out(expecting, _chosen(events, inside), result)
    rest, rest_at = _carried_out(expecting, _chosen(events, outside), result)
    names = _names(result.recipe, made, known, columns)
    if len(made) < LEAST:
        raise AttackError.too_few("the result of a half", len(made), LEAST)
    members, controls = one_each(who[inside][known_at], start), one_each(who[outside][rest_at], start)
    for name in names:
        if name in _heads(made_by(result.recipe, "times")):
            made, known, rest = (_in_seconds(frame, name) for frame in (made, known, rest))
    place = np.full(len(inside), -1)
    place[kept] = np.arange(len(kept))
    frames = [known.iloc[members][names], made[names], rest.iloc[controls][names]]
    frames = [frame.reset_index(drop=True) for frame in frames]
    own = place[known_at[members]]
    groups = None
    if by is not None:
        sides = (_chosen(events, inside[known_at[members]]), _chosen(events, outside[rest_at[controls]]))
        groups = groups_of(by, *map(flatten, sides))
    asked: dict[str, Any] = {"secret": secret, "own": own, "most": most, "seed": start, "halves": True}
    return attacked(frames, names, {}, groups=groups, **asked)


def _source(result: EventsResult) -> tuple[list[dict[str, Any]], Ints]:
    """Return the events as they came in, and each one's person; who has no name stands for himself alone."""
    if result.recipe.trace.merged:
        raise AttackError.no_recipe("its recipe merges events, and no row of it is one person's")
    if result.source is None or hasattr(result.source, "__next__"):
        raise AttackError.no_recipe("its events came from an iterator, which cannot be read again")
    events = list(read_events(result.source))
    if result.subject is None:
        return events, np.arange(len(events))
    who = np.array(subjects(events, result.subject), dtype=np.int64)
    return events, np.where(who < 0, len(events) + np.arange(len(events)), who)


def _chosen(events: Sequence[dict[str, Any]], rows: Ints) -> list[dict[str, Any]]:
    return [events[row] for row in rows]


def _anew(recipe: Recipe, seed: int) -> Recipe:
    """Return the recipe with other secrets: rules that share a key go on to share one."""
    random = np.random.default_rng([seed, 3])
    keys: dict[Any, Key] = {}

    def other(key: Any) -> Key:
        mark = (key.source or key.id) if isinstance(key, Key) else key
        return keys.setdefault(mark, Key(random.bytes(32)))

    return Recipe([one._anew(other) for one in recipe.operations], name=recipe.name, version=recipe.version)


def _expecting(recipe: Recipe) -> Recipe:
    """Return what an attacker carries out on an event that he knows: the recipe without its secret noise."""

    def known(operation: Operation) -> Operation:
        return Keep(operation.targets()) if operation._hides_by in _MOVING else operation._of_what_stays()

    return Recipe([known(one) for one in recipe.operations], name=recipe.name, version=recipe.version)


def _carried_out(
    recipe: Recipe, events: Sequence[Mapping[str, Any]], result: EventsResult
) -> tuple[pd.DataFrame, Ints]:
    """Return the events that go out as a flat frame, and which of those given each is."""
    engine = Options(unmatched=result._unmatched, on_error="quarantine").engine(recipe)
    done = list(treated(engine, events))
    return flatten([event for _, event in done]), np.array([place for place, _ in done], dtype=np.int64)


def _heads(paths: set[str]) -> set[str]:
    """Return the flat columns that paths lie in: a list is one column."""
    return {path.partition("[]")[0] for path in paths}


def _names(recipe: Recipe, made: pd.DataFrame, known: pd.DataFrame, columns: Any) -> list[str]:
    """Return the columns that are compared: those named, or all that an attacker can know."""
    in_lists = {path for path in made_by(recipe, *_MOVING) if "[]" in path}
    hidden = _heads(made_by(recipe, *_REPLACING) | in_lists)
    if columns is None:
        names = [name for name in made.columns if name in known.columns and name not in hidden]
    else:
        names = list(column_names(columns, "columns"))
        open_frame(made, names, "columns")
        if secrets := [name for name in names if name in hidden]:
            allowed = "what others may know: tokens, numbers, private codes and lists with secret noise are not"
            raise ParameterError.of("columns", ", ".join(map(repr, secrets)), allowed)
    if len(names) < 2:
        raise ParameterError.of("columns", f"{len(names)} of them", "two or more: what links, and what is linked")
    return names


def _in_seconds(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return a frame in which times that were moved are numbers: who was moved by a few days is still near."""
    import pandas as pd

    column = frame[name]
    if pd.api.types.is_numeric_dtype(column.dtype):
        return frame
    moments = pd.to_datetime(column.astype(object), errors="coerce", utc=True, format="mixed")
    seconds = (moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    return frame.assign(**{name: seconds.astype("float64")})
