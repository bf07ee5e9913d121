"""Carrying a recipe out on lists, iterators, files and frames, and what it gives back: events, and what was done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from privkit.errors.events import EventsInputError, UnmatchedFieldsError
from privkit.errors.root import type_told
from privkit.events.run.closures import Account, Engine, Options, SetApart, treated
from privkit.events.run.exposure import EventsReport, RuleCount, reported, rule_counts
from privkit.events.run.flatten import column_of, flatten, is_frame, library, read_events, rows_of
from privkit.events.run.ndjson import Progress, stream
from privkit.events.run.walk import FieldPath, parse_path
from privkit.progress import bar
from privkit.tally.cells.columns import without_views
from privkit.tally.codes import factorized
from privkit.tally.row_classes import by_group
from privkit.tally.selection import handed_out, without_traces
from privkit.values.arguments import public
from privkit.values.show import Attackable, Shown

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    from numpy.typing import NDArray

    from privkit.events.recipes.recipe import Recipe


@public
@dataclass(frozen=True, eq=False, repr=False)
class EventsResult(Attackable, Shown):
    """The events after a recipe.

    Attributes
    ----------
    recipe : Recipe
        What was applied.
    events : list, iterator, Path or frame
        In the shape of the input; of a file the path of the output.
    account : Account
        What was counted; of an iterator so far.
    """

    recipe: Recipe
    events: Any
    account: Account
    source: Any = field(default=None, repr=False)
    subject: str | None = None
    #: What was done with fields without a rule.
    _unmatched: str = field(default="refuse", repr=False)

    _attacked_in: ClassVar[str] = "event_halves"

    @property
    def n_in(self) -> int:
        """How many events came in."""
        return self.account.n_in

    @property
    def n_out(self) -> int:
        """How many events went out."""
        return self.account.n_out

    @property
    def quarantined(self) -> tuple[SetApart, ...]:
        """The events that were set apart (the first thousand): their numbers and why, without a value."""
        return tuple(self.account.apart)

    @property
    def idle(self) -> tuple[RuleCount, ...]:
        """The rules that should change values and met none: nothing was there, or a path is mistyped."""
        if not (self.account.n_in and self.account.complete):
            return ()
        each = zip(self.recipe.operations, self.rules, strict=True)
        return tuple(rule for one, rule in each if not (rule.count or one._passes_on or one._of_events))

    @property
    def rules(self) -> tuple[RuleCount, ...]:
        """What each rule touched."""
        return rule_counts(self.recipe, self.account)

    def to_frame(self) -> pd.DataFrame:
        """Return the events as a flat pandas frame: one row per event, dotted columns. Lists become JSON text."""
        return flatten(self.events)

    def by_group(self, columns: str | Sequence[str]) -> pd.DataFrame:
        """Return what the recipe cost the events of each group. Reads rows; spends nothing; for the owner's eyes.

        The recipe is carried out anew, with its own keys, and compared event by event. Rules without a key draw anew.

        Parameters
        ----------
        columns : str or sequence of str
            Groups by these flat columns of the input, as ``"shipping.country"``.

        Returns
        -------
        pandas.DataFrame
            A row for each group: `rows` (events), the share of them that is `left out` (sampled out, or set apart), and
            for each field the share of events in which it is gone or another one, ``"changed <field>"``.

        Raises
        ------
        EventsInputError
            If the recipe merges events, or they came from an iterator.
        ColumnNotFoundError, ParameterError, SecretKeyError

        Examples
        --------
        >>> from privkit import events as ev
        >>> recipe = ev.Recipe([ev.keep("land", "n"), ev.drop("zip")])
        >>> result = recipe.apply([{"land": "CH", "n": 1, "zip": "8004"}, {"land": "LI", "n": 2, "zip": "9490"}])
        >>> result.by_group("land")[["changed n", "changed zip"]].values.tolist()
        [[0.0, 1.0], [0.0, 1.0]]
        """
        return lost_by_group(self, columns)

    def report(
        self,
        qi: str | Sequence[str] | None = None,
        *,
        register: object = None,
        on: Mapping[str, str] | None = None,
        on_before: Mapping[str, str] | None = None,
        before: bool = True,
    ) -> EventsReport:
        """Tell what was touched, and how exposed the result is: k, uniques, links to a register, identifiers left.

        Exact, for the owner's eyes; reads rows, spends nothing. Files are read whole.

        Parameters
        ----------
        qi : str or sequence of str, optional
            The quasi-identifiers: flat columns of the result, as ``"shipping.zip"``. By default every column but the
            keyed tokens and numbers that the recipe made.
        register : dataframe, optional
            A list of named persons to link with.
        on : mapping of str to str, optional
            Which column of the result meets which of the register.
        on_before : mapping of str to str, optional
            The same for the input, where values were other ones; by default `on`, if no rule changes its fields.
        before : bool
            Whether to look at the input too, where it can be read again.

        Returns
        -------
        EventsReport

        Raises
        ------
        ColumnNotFoundError, ParameterError

        Examples
        --------
        >>> from privkit import events as ev
        >>> recipe = ev.Recipe([ev.drop("to"), ev.coarsen("zip", prefix=2)])
        >>> result = recipe.apply([{"to": "Ada", "zip": "8004"}, {"to": "Bob", "zip": "8005"}], subject="to")
        >>> report = result.report()
        >>> report.before.k, report.after.k, report.after.k_persons
        (1, 2, 2)
        """
        return reported(self, qi, register=register, on=on, on_before=on_before, before=before)

    @property
    def can_be_read_again(self) -> bool:
        """Whether the events are there to be looked at, and not an iterator."""
        return not isinstance(self.events, Iterator)

    @property
    def file(self) -> Path | None:
        """The file that was written, if one was."""
        return self.events if isinstance(self.events, Path) else None


def apply(recipe: Recipe, events: Any, options: Options) -> EventsResult:
    """Carry a recipe out; see :meth:`Recipe.apply`."""
    options.check()
    if isinstance(events, str | Path):
        return _file(recipe, Path(events).expanduser(), options)
    if options.output is not None or options.quarantine is not None:
        argument = "output" if options.output is not None else "quarantine"
        raise EventsInputError.output(f"{argument}= goes with a file as input; take .events of the result.")
    if isinstance(events, Mapping):
        raise EventsInputError.kind(f"a single {type(events).__name__}", "Give [event].")
    if isinstance(events, list | tuple):
        return _list(recipe, events, options)
    if is_frame(events):
        return apply_to_frame(recipe, events, options)
    if isinstance(events, Iterable) and not isinstance(events, bytes | bytearray):
        engine = options.engine(recipe)
        return EventsResult(
            recipe, _iterated(engine, iter(events)), engine.account, None, options.subject, options.unmatched
        )
    raise EventsInputError.kind(type_told(events))


def _list(recipe: Recipe, events: list[Any] | tuple[Any, ...], options: Options) -> EventsResult:
    engine = options.engine(recipe)
    done = [event for _, event in treated(engine, events)]
    shaped = tuple(done) if isinstance(events, tuple) else done
    return EventsResult(recipe, shaped, engine.account, events, options.subject, options.unmatched)


def _iterated(engine: Engine, events: Iterator[Any]) -> Iterator[dict[str, Any]]:
    """Yield events as they are asked for; the first one with a field that has no rule ends it."""
    for _, event in treated(engine, _until_refused(engine, events)):
        yield event


def _until_refused(engine: Engine, events: Iterator[Any]) -> Iterator[Any]:
    for event in events:
        yield event
        if engine.refused:
            raise UnmatchedFieldsError.of(engine.recipe.name, sorted(engine.account.unmatched), complete=False)


def _file(recipe: Recipe, source: Path, options: Options) -> EventsResult:
    if options.output is None:
        raise EventsInputError.output(
            "a file as input needs output=, the file to write. Example: output='shared.ndjson'."
        )
    output = Path(options.output).expanduser()
    quarantine = None
    if options.on_error == "quarantine":
        quarantine = Path(options.quarantine or f"{output}.quarantine").expanduser()
    taken = [path for path in (output, quarantine) if path is not None and _same(path, source)]
    if taken or output == quarantine:
        raise EventsInputError.output("input, output and quarantine must be three different files.")
    engine = options.engine(recipe, "line")
    try:
        with bar(options.progress is True, recipe.name, "events") as step:
            told = options.progress if callable(options.progress) else None
            stream(engine, source, output, quarantine, told if step is None else lambda at: step(*_expected(at)))
    finally:
        engine.close()
    return EventsResult(recipe, output, engine.account, source, options.subject, options.unmatched)


def _expected(at: Progress) -> tuple[int, int]:
    """Return how many events were read, and how many there will be if the others are as long."""
    return at.events, round(at.events / at.share) if at.share else at.events


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))


def apply_to_frame(recipe: Recipe, data: Any, options: Options) -> EventsResult:
    """Carry a recipe out on a frame.

    Columns that no rule changes keep their dtype, and rows their index where it is asked for, unless events are merged.

    Raises
    ------
    EventsInputError
        If columns have doubled names, or names that are not text.
    """
    names = list(data.columns)
    if len(set(names)) < len(names) or any(not isinstance(name, str) for name in names):
        raise EventsInputError.output("the columns of a frame must have names that are text, each once.")
    engine = options.engine(recipe)
    rows, events = [], []
    for position, event in treated(engine, rows_of(data)):
        rows.append(position)
        events.append(event)
    build = _polars if library(data) == "polars" else _pandas
    made = handed_out(build(recipe, data, rows, events), keep_index=options.keep_index)
    return EventsResult(recipe, made, engine.account, data, options.subject, options.unmatched)


def _pandas(recipe: Recipe, data: pd.DataFrame, rows: list[int], events: list[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    data = without_views(data)
    merged = recipe.trace.merged
    taken = None if merged else without_traces(data.iloc[rows])
    index = pd.RangeIndex(len(events)) if taken is None else taken.index
    untouched = set() if merged else _untouched(recipe)
    before = {_after(recipe, name): name for name in data.columns}
    columns = {}
    for name in _names(recipe, list(data.columns), events):
        if taken is not None and name in untouched and name in data.columns:
            columns[name] = taken[name]
            continue
        values = [event.get(name) for event in events]
        column = column_of(values, index)
        columns[name] = _as_before(column, data[before[name]]) if name in before else column
    return pd.DataFrame(columns, index=index)


def _as_before(column: pd.Series, before: pd.Series) -> pd.Series:
    """Return a changed column in the dtype it had, where its values still have that kind."""
    if before.dtype in (column.dtype, object):
        return column
    try:
        same = column.astype(before.dtype)
    except (TypeError, ValueError, NotImplementedError, ArithmeticError):  # Arrow has errors of its own
        return column
    kept = [left == right for left, right in zip(same.dropna().tolist(), column.dropna().tolist(), strict=False)]
    return same if len(same.dropna()) == len(column.dropna()) and all(kept) else column


def _polars(recipe: Recipe, data: pl.DataFrame, rows: list[int], events: list[dict[str, Any]]) -> pl.DataFrame:
    import polars as pl

    untouched = set() if recipe.trace.merged else _untouched(recipe)
    columns = []
    for name in _names(recipe, data.columns, events):
        if name in untouched and name in data.columns:
            columns.append(data[name].gather(rows))
            continue
        values = [event.get(name) for event in events]
        same = data.schema.get(name) if all(value is None for value in values) else None
        columns.append(pl.Series(name, values, dtype=same, strict=False))
    return pl.DataFrame(columns)


def _untouched(recipe: Recipe) -> set[str]:
    """Return the columns that are passed on whole as they are, and that no other rule names."""
    kept: set[str | None] = set()
    changed: set[str | None] = set()
    for operation in recipe.operations:
        for path in operation.parsed() if operation.targets() else []:
            whole = operation._passes_on and len(path.steps) == 1
            (kept if whole else changed).add(path.steps[0])
        changed.update(operation._makes)
    return {str(name) for name in kept - changed}


def _names(recipe: Recipe, before: Sequence[str], events: list[dict[str, Any]]) -> list[str]:
    """Return the columns of the result: those of the input where they were, under their new names, then new ones."""
    there = dict.fromkeys(name for event in events for name in event)
    after = [_after(recipe, name) for name in before]
    if not events:
        gone = {str(path.steps[0]) for path in recipe.trace.dropped if len(path.steps) == 1}
        return [name for name in dict.fromkeys(after) if name not in gone]
    return list(dict.fromkeys([*(name for name in after if name in there), *there]))


def _after(recipe: Recipe, name: str) -> str:
    """Return what a column is called in the result."""
    return str(recipe.trace.output(FieldPath((name,))).steps[0])


def lost_by_group(result: EventsResult, columns: str | Sequence[str]) -> pd.DataFrame:
    """Carry the recipe out anew, and compare: see `EventsResult.by_group`."""
    if result.recipe.trace.merged:
        raise EventsInputError.no_groups("its recipe merges events, and no row of it is one event's")
    if result.source is None or hasattr(result.source, "__next__"):
        raise EventsInputError.no_groups("its events came from an iterator, which cannot be read again")
    events = list(read_events(result.source))
    before = flatten(events)
    engine = Options(unmatched=result._unmatched, on_error="quarantine").engine(result.recipe)
    done = []
    try:  # no new mapping is stored: the run is not committed
        for place, event in enumerate(events):
            if (out := engine.treat(event, place + 1)) is not None:
                done.append((place, out))
    finally:
        engine.close()
    after, kept = flatten([event for _, event in done]), np.array([place for place, _ in done], dtype=np.int64)
    left = np.ones(len(before))
    left[kept] = 0.0
    figures = {"left out": left}
    for name in before.columns:
        new = str(result.recipe.trace.output(parse_path(name)))
        figures[f"changed {name}"] = _changed(before[name], after.get(new), kept)
    return by_group(before, columns, figures)


def _changed(before: pd.Series, after: pd.Series | None, kept: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return 1 for each event whose value is gone, or another one; 0 for one that is as it was."""
    import pandas as pd

    found = np.ones(len(before))
    if after is not None:
        codes, _ = factorized(pd.concat([before.iloc[kept].astype(object), after.astype(object)], ignore_index=True))
        found[kept] = codes[: len(kept)] != codes[len(kept) :]
    return found
