"""A first recipe, drafted from the events: every field is named, and in doubt it goes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.errors.events import EventError, EventsInputError
from privkit.errors.root import type_told
from privkit.events.operations.drop import drop, keep
from privkit.events.operations.operation import Operation
from privkit.events.operations.precision import coarsen
from privkit.events.operations.times import EPOCHS, truncate_time
from privkit.events.recipes.recipe import Recipe
from privkit.events.run.flatten import Fields, flatten, is_frame, read_events
from privkit.events.run.walk import FieldPath, parse_path
from privkit.inventory.audit import audit
from privkit.inventory.column_names import DIRECT, OTHER, QUASI, SENSITIVE, words_of
from privkit.values.arguments import public, typed
from privkit.values.show import Shown

if TYPE_CHECKING:
    import pandas as pd

    from privkit.inventory.column_entry import ColumnEntry

#: Events of the result whose exposure is judged.
_MOST_EVENTS = 100_000
#: Seconds that the audit of one table may take.
_PATIENCE = 60
#: Numbers beyond are no amounts.
_HUGE = 1e300
#: Numbers that are times since 1970 lie between these years.
_FIRST, _LAST = (int(datetime(year, 1, 1).timestamp()) for year in (2000, 2050))
#: Words that end the names of times, beside those that the audit knows.
_TIME_WORDS = frozenset({"at", "ts", "epoch", "time", "timestamp", "date", "datetime"})
_DROP = "drop"


@dataclass(frozen=True)
class DraftedField:
    """One field of a draft.

    Attributes
    ----------
    path : str
        The field.
    op : str
        The operation.
    what : str
        What becomes of it, in plain words.
    role : str
        What the audit takes it for.
    why : str
        The reason, and what could be typed instead. No value is shown.
    """

    path: str
    op: str
    what: str
    role: str
    why: str


@public
@dataclass(frozen=True, repr=False, eq=False)
class Draft(Shown):
    """A first recipe, to be read and changed before anything leaves.

    Attributes
    ----------
    recipe : Recipe
        It runs unchanged on the events that it was drafted from.
    fields : tuple of DraftedField
        Every field that the events have, with what becomes of it and why.
    n_events : int
        How many events were read.
    """

    recipe: Recipe
    fields: tuple[DraftedField, ...]
    n_events: int

    @property
    def n_dropped(self) -> int:
        """How many fields are dropped."""
        return sum(one.op == "drop" for one in self.fields)

    @property
    def n_kept(self) -> int:
        """How many fields are kept as they are."""
        return sum(one.op == "keep" for one in self.fields)

    @property
    def n_coarser(self) -> int:
        """How many fields are made coarser."""
        return len(self.fields) - self.n_dropped - self.n_kept

    def save(self, path: str | Path) -> None:
        """Write the recipe to a ``.toml``, ``.yaml`` or ``.json`` file."""
        self.recipe.save(path)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per field: `path`, `op`, `what`, `role` and `why`."""
        import pandas as pd

        return pd.DataFrame([vars(one) for one in self.fields], columns=["path", "op", "what", "role", "why"])


@dataclass(frozen=True)
class _Choice:
    """What shall become of a field, and why; one operation for all fields of equal `how`."""

    path: str
    how: tuple[Any, ...]
    role: str
    why: str

    def dropped(self, why: str) -> _Choice:
        return replace(self, how=(_DROP,), why=why)

    def told(self) -> DraftedField:
        rule = _operation(self.how, [self.path])
        return DraftedField(self.path, rule.op, rule.phrase(), self.role, self.why)


@typed
def propose(events: Any, *, name: str = "draft") -> Draft:
    """Draft a first recipe from events: every field is named, nested ones too, and in doubt it goes.

    Each field is judged by the audit (:func:`privkit.audit`), its name and its values together. Direct identifiers,
    sensitive attributes, free text, and whatever single events have to themselves are dropped; times are cut to their
    month, births to their year, postal codes to their first half, numbers rounded within the middle nine tenths;
    kept is what singles nobody out. The draft is carried out before it is handed out: it runs unchanged on these
    events, and no column of its result looks like a direct identifier to the audit. That is no guarantee of anything:
    fields together may single persons out, as ``recipe.apply(events).report()`` tells. Read it, and decide.

    Reads rows, all events for their names and the first 100,000 for their values; spends nothing.

    Parameters
    ----------
    events : list of dict, path of an NDJSON file, or frame
        The events.
    name : str
        What the recipe is called.

    Returns
    -------
    Draft
        ``.recipe``, and ``.fields`` with the reasons.

    Raises
    ------
    EventsInputError
        If there are no events, or they have no fields.
    MalformedLineError

    Examples
    --------
    >>> from privkit import events as ev
    >>> visits = [{"mail": f"p{n}@x.org", "on": f"2026-0{1 + n % 3}-1{n % 9}", "plan": "AB"[n % 2]} for n in range(40)]
    >>> draft = ev.propose(visits)
    >>> draft
    a draft for 40 events: of 3 fields 1 dropped, 1 made coarser, 1 kept.
      mail: dropped (direct identifier: e-mail address)
      on: truncated to the month (quasi-identifier: date)
      plan: kept as it is (no value stands alone)
    Read each line: a draft errs on erasing, and fields that it keeps may single persons out together.
    next: .save('recipe.toml') · .recipe.apply(events).report() · .to_frame()
    >>> draft.recipe.apply(visits).events[0]
    {'on': '2026-01-01', 'plan': 'A'}
    """
    if not (is_frame(events) or isinstance(events, list | tuple | str | Path)):
        raise EventsInputError.drafted(type_told(events))
    found = Fields.of(read_events(events))
    leaves = found.leaves()
    if ("",) in leaves:
        raise EventsInputError.drafted("events with a field that has no name")
    if not leaves:
        raise EventsInputError.drafted("no events" if not found.n_events else "events without fields")
    choices = _settled(_judged(found, leaves), events, name)
    return Draft(_recipe(choices, name), tuple(one.told() for one in choices), found.n_events)


def _judged(found: Fields, leaves: Sequence[tuple[str | None, ...]]) -> list[_Choice]:
    """Return what shall become of each field, by the audit."""
    whole, chosen = found.whole(), {}
    for frame in found.frames([path for path in leaves if path not in whole]).values():
        for entry in audit(frame, time_limit=_PATIENCE).entries:
            chosen[entry.name] = _choice(entry, frame[entry.name].tolist())
    for path in leaves:
        if path in whole:
            text = str(FieldPath(path))
            chosen[text] = _Choice(text, (_DROP,), OTHER, whole[path])
    return [chosen[str(FieldPath(path))] for path in leaves]


def _choice(entry: ColumnEntry, cells: list[Any]) -> _Choice:
    values = [value for value in cells if value is not None and not (type(value) is float and math.isnan(value))]
    alone = bool(entry.unique_share) or entry.unique_share is None
    told = f"{entry.role}: {entry.what}" if entry.what else str(entry.role)
    made = _Choice(entry.name, (_DROP,), entry.role, told)
    if not values or entry.left_out:
        return made.dropped("nothing is known of it: it is never filled" if not values else entry.left_out)
    if entry.role == DIRECT and (entry.what != "unique code" or not (_are_times(values) or _epoch(values))):
        pseudonym = f"{told}; ev.pseudonymize({entry.name!r}, key=...) would keep apart whose it is"
        return made.dropped(pseudonym if (entry.distinction or 1) < 1 else told)
    if entry.role == SENSITIVE:
        return made.dropped(f"{told}; if it is what you study, keep it and check l-diversity")
    if (time := _of_times(entry, values, told)) is not None:
        return replace(made, how=time[0], why=time[1])
    if not alone and entry.rating == "low":
        return replace(made, how=("keep",), why="no value stands alone" if entry.role == OTHER else told)
    return _coarser(entry, values, replace(made, why=told), alone=alone)


def _coarser(entry: ColumnEntry, values: list[Any], made: _Choice, *, alone: bool) -> _Choice:
    """Return what is made of a field that may single events out, where it can be made coarser."""
    if entry.what == "postal code" and all(type(value) is str for value in values):
        return replace(made, how=("coarsen", (("prefix", max(1, min(map(len, values)) // 2)),)))
    if all(type(value) in (int, float) and -_HUGE < value < _HUGE for value in values):
        if entry.what == "age":
            return replace(made, how=("coarsen", (("round", 10), ("top", 90))))
        if entry.role == QUASI or alone:
            how = _rounded(values)
            return replace(made, how=how) if how is not None else made.dropped(f"{made.why}; single values stand alone")
    if entry.role == OTHER and not alone:
        return replace(made, how=("keep",), why="no value stands alone")
    return made.dropped(f"{made.why}; single events could be told by it")


def _rounded(values: list[Any]) -> tuple[Any, ...] | None:
    """Return how numbers are rounded to about a tenth of their middle nine tenths, and bounded by these."""
    ordered = sorted(values)
    low, high = ordered[len(ordered) // 20], ordered[-1 - len(ordered) // 20]
    if not high > low:
        return None
    scale = 10.0 ** math.floor(math.log10((high - low) / 10))
    step = next(float(f"{size * scale:.1g}") for size in (1, 2, 5, 10) if size * scale >= (high - low) / 10)
    step = max(1, round(step)) if all(type(value) is int for value in values) else step
    bottom, top = (float(f"{edge:.12g}") for edge in (math.floor(low / step) * step, math.ceil(high / step) * step))
    return ("coarsen", (("round", step), ("bottom", bottom), ("top", top)))


def _are_times(values: list[Any]) -> bool:
    """Return whether all values are times: dates of a frame, or texts as ISO 8601 has them."""
    return all(isinstance(value, date) or (type(value) is str and _is_iso(value)) for value in values)


def _is_iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return len(text) >= 10 and text[4:5] == "-"


def _of_times(entry: ColumnEntry, values: list[Any], told: str) -> tuple[tuple[Any, ...], str] | None:
    """Return how a time is made coarser, and why; None where the values are no times."""
    unit = "year" if entry.what == "date of birth" else "month"
    if _are_times(values):
        return ("truncate_time", unit, None), told if entry.role == QUASI else "a time"
    if (epoch := _epoch(values)) is None:
        return None
    told = f"numbers that may be times since 1970, in {epoch}"
    if entry.what in ("date", "date of birth") or _TIME_WORDS & set(words_of(entry.name)[-1:]):
        return ("truncate_time", unit, epoch), f"{told}, as its name says"
    return (_DROP,), f"{told}; if so, ev.truncate_time({entry.name!r}, {unit!r}, epoch={epoch!r}) keeps its {unit}"


def _epoch(values: list[Any]) -> str | None:
    """Return in what unit all numbers are times of our days since 1970; None where they are not."""
    if all(type(value) in (int, float) for value in values):
        for epoch, ticks in EPOCHS.items():
            if all(_FIRST * ticks <= value < _LAST * ticks for value in values):
                return epoch
    return None


def _settled(choices: list[_Choice], events: Any, name: str) -> list[_Choice]:
    """Return choices that run on the events, and whose result holds no direct identifier by the audit."""
    while True:
        try:
            kept = list(islice(applied := _applied(choices, events, name), _MOST_EVENTS))
            for _ in applied:
                pass
        except EventError as error:
            choices = [
                one.dropped(f"{one.why}; not all of its values are of one kind") if one.path == error.path else one
                for one in choices
            ]
            continue
        flat = flatten(kept)
        told = [entry.name for entry in audit(flat, time_limit=_PATIENCE).entries if entry.role == DIRECT]
        if not (changed := _without(choices, told)):
            return choices
        choices = changed


def _applied(choices: list[_Choice], events: Any, name: str) -> Any:
    return _recipe(choices, name).apply(read_events(events)).events


def _without(choices: list[_Choice], told: Iterable[str]) -> list[_Choice]:
    """Return the choices without the flat columns that identify; a list whose fields are dropped is dropped whole."""
    why = "its values still tell events apart"
    for column in map(parse_path, told):
        inside = [one for one in choices if parse_path(one.path).below(column)]
        if any(one.how != (_DROP,) for one in inside):
            return [one.dropped(f"{one.why}; {why}") if one in inside else one for one in choices]
        if inside and [one.path for one in inside] != [str(column)]:
            first = choices.index(inside[0])
            rest = [one for one in choices if one not in inside]
            return [*rest[:first], _Choice(str(column), (_DROP,), OTHER, why), *rest[first:]]
    return []


def _recipe(choices: Sequence[_Choice], name: str) -> Recipe:
    """Return the recipe: one rule for all fields that are treated alike."""
    alike: dict[tuple[Any, ...], list[str]] = {}
    for one in choices:
        alike.setdefault(one.how, []).append(one.path)
    return Recipe([_operation(how, paths) for how, paths in alike.items()], name=name)


def _operation(how: tuple[Any, ...], paths: list[str]) -> Operation:
    match how:
        case ("coarsen", parameters):
            return coarsen(paths, **dict(parameters))
        case ("truncate_time", unit, epoch):
            return truncate_time(paths, unit, epoch=epoch)
        case ("keep",):
            return keep(*paths)
    return drop(*paths)
