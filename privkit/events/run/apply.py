"""Carrying a recipe out on what the events come in: lists, iterators, files, frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privkit.errors import ParameterError
from privkit.errors.events import EventsInputError, UnmatchedFieldsError
from privkit.events.run.closures import Engine, subject_problem
from privkit.events.run.ndjson import Progress, bar, stream
from privkit.events.run.plain import Unfit, plain_event
from privkit.events.run.result import EventsResult

if TYPE_CHECKING:
    from privkit.events.recipes.recipe import Recipe

_POLICIES = ("refuse", "drop", "keep")


@dataclass(frozen=True)
class Options:
    """What :meth:`Recipe.apply` was asked for beside the events."""

    unmatched: str = "refuse"
    output: str | Path | None = None
    on_error: str = "raise"
    quarantine: str | Path | None = None
    subject: str | None = None
    progress: bool | Callable[[Progress], object] = False

    def check(self) -> None:
        """Refuse values that are not allowed.

        Raises
        ------
        ParameterError
        """
        if self.unmatched not in _POLICIES:
            raise ParameterError.of("apply", "unmatched", repr(self.unmatched), "'refuse', 'drop' or 'keep'")
        if self.on_error not in ("raise", "quarantine"):
            raise ParameterError.of("apply", "on_error", repr(self.on_error), "'raise' or 'quarantine'")
        if self.subject is not None and (problem := subject_problem(self.subject)) is not None:
            raise ParameterError.together("apply", ["subject"], problem)

    def engine(self, recipe: Recipe, place: str = "event") -> Engine:
        """Return a fresh run."""
        return Engine(recipe, self.unmatched, self.on_error, self.subject, place)


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
    from privkit.events.run.frames import apply_to_frame, is_frame

    if is_frame(events):
        return apply_to_frame(recipe, events, options)
    if isinstance(events, Iterable) and not isinstance(events, bytes | bytearray):
        engine = options.engine(recipe)
        return EventsResult(recipe, _iterated(engine, iter(events)), engine.account, None, options.subject)
    raise EventsInputError.kind(f"a {type(events).__name__}")


def treated(engine: Engine, events: Iterable[Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each event that goes out with its position, from 0; merged ones with -1. Closes the run at the end.

    Raises
    ------
    UnmatchedFieldsError, EventError
    """
    try:
        for position, event in enumerate(events):
            try:
                own, reason = plain_event(event), ""
            except Unfit as unfit:
                own, reason = {}, str(unfit)
            if reason:
                engine.account.n_in += 1
                engine.fail(position + 1, "", reason)
                continue
            out = engine.treat(own, position + 1)
            if out is not None:
                yield position, out
        for event in engine.finish():
            yield -1, event
        engine.commit()
    finally:
        engine.close()


def _list(recipe: Recipe, events: list[Any] | tuple[Any, ...], options: Options) -> EventsResult:
    engine = options.engine(recipe)
    done = [event for _, event in treated(engine, events)]
    return EventsResult(
        recipe, tuple(done) if isinstance(events, tuple) else done, engine.account, events, options.subject
    )


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
    tell = options.progress if callable(options.progress) else bar if options.progress else None
    engine = options.engine(recipe, "line")
    try:
        stream(engine, source, output, quarantine, tell)
    finally:
        engine.close()
    return EventsResult(recipe, output, engine.account, source, options.subject)


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))
