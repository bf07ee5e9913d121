"""Recipes: what becomes of every field of an event, as an ordered list of rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from privkit.errors.events import RecipeError
from privkit.errors.root import type_told
from privkit.events.operations.operation import Operation
from privkit.events.recipes import recipe_file
from privkit.events.recipes.trace import Trace, trace
from privkit.values.arguments import public
from privkit.values.show import Shown

if TYPE_CHECKING:
    from pathlib import Path

    from privkit.events.recipes.trace import Description
    from privkit.events.run.ndjson import Progress
    from privkit.events.run.result import EventsResult
    from privkit.events.secrets.key import Key


@public
@dataclass(frozen=True, repr=False)
class Recipe(Shown):
    """An ordered, immutable list of rules with a name and a version.

    The rules work in order; each sees what the ones before it left. Fields that no rule names are refused, unless
    :meth:`apply` is asked for something else. All problems of a recipe are reported at once, with their places.

    Parameters
    ----------
    operations : sequence of Operation
        From ``ev.drop``, ``ev.keep``, ``ev.pseudonymize`` and so on.
    name : str
        What it is called.
    version : str
        Which state of it.

    Raises
    ------
    RecipeError
        If there are problems; ``.problems`` lists them.

    Examples
    --------
    >>> from privkit import events as ev
    >>> recipe = ev.Recipe([ev.drop("to"), ev.truncate_time("time", "month")], name="orders", version="2")
    >>> recipe.apply([{"time": "2024-03-31T22:30:05Z", "to": "Ada"}]).events
    [{'time': '2024-03-01T00:00:00Z'}]
    >>> ev.Recipe([ev.truncate_time("time", "fortnight"), ev.drop("to"), ev.sample(2)])
    Traceback (most recent call last):
        ...
    privkit.errors.events.RecipeError: the recipe 'recipe' has 2 problems:
      operations[0].unit: must be one of second, minute, hour, day, week, month, quarter, year
      operations[2].share: must be a number above 0 to 1
    """

    operations: Sequence[Operation]
    name: str = field(default="recipe", kw_only=True)
    version: str = field(default="1", kw_only=True)

    def __post_init__(self) -> None:
        given = self.operations
        sequence = isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping)
        object.__setattr__(self, "operations", tuple(given) if sequence else (given,))
        if isinstance(self.version, int | float) and not isinstance(self.version, bool):
            object.__setattr__(self, "version", str(self.version))
        if problems := list(self._problems()):
            named = repr(self.name) if isinstance(self.name, str) else f"with {type_told(self.name)} for a name"
            raise RecipeError.of(f"the recipe {named}", problems)

    def _problems(self) -> Iterator[str]:
        for parameter in ("name", "version"):
            if not isinstance(getattr(self, parameter), str) or not getattr(self, parameter):
                yield f"{parameter}: must be a text"
        if not self.operations:
            yield "operations: is empty; to pass events on unchanged say ev.keep(...)"
        sound = True
        for index, operation in enumerate(self.operations):
            if not isinstance(operation, Operation):
                yield f"operations[{index}]: is {type_told(operation)}, and no operation such as ev.drop('path')"
                sound = False
                continue
            for parameter, text in operation.problems():
                sound = False
                yield f"operations[{index}].{parameter}: {text}"
        if sound:
            yield from self.trace.problems

    @cached_property
    def trace(self) -> Trace:
        """What becomes of the fields, by the rules alone."""
        return trace(self.operations)

    def describe(self, events: object = None) -> Description:
        """Say in plain words what will happen to every field.

        Parameters
        ----------
        events : list of dict, path or frame, optional
            Events to look at: the fields that they have and no rule covers are listed too. Reads rows.

        Returns
        -------
        Description

        Examples
        --------
        >>> from privkit import events as ev
        >>> ev.Recipe([ev.drop("to"), ev.coarsen("zip", prefix=3)]).describe([{"to": "A", "zip": "80", "note": None}])
        the recipe 'recipe', version 1, says what becomes of 2 fields; 1 field has no rule.
          to: dropped
          zip: cut to the first 3 characters
        without a rule, refused unless unmatched= is said:
          note
        next: ev.keep(...) or ev.drop(...) for each · recipe.apply(events, unmatched='drop')
        """
        from privkit.events.recipes.trace import describe

        return describe(self, events)

    def apply(
        self,
        events: Any,
        *,
        unmatched: Literal["refuse", "drop", "keep"] = "refuse",
        output: str | Path | None = None,
        on_error: Literal["raise", "quarantine"] = "raise",
        quarantine: str | Path | None = None,
        subject: str | None = None,
        progress: bool | Callable[[Progress], object] = False,
        keep_index: bool = False,
    ) -> EventsResult:
        """Carry the recipe out. Reads rows; spends nothing; what was given stays as it is.

        Parameters
        ----------
        events : list or iterator of dict, str or Path of an NDJSON file, pandas or Polars frame
            The events. A file is streamed in constant memory, but for numbers and merged groups; one that ends with
            ``.gz`` is unpacked on the way.
        unmatched : {"refuse", "drop", "keep"}
            What is done with fields that no rule covers.
        output : str or Path, optional
            The file to write, where a file comes in. It appears only when it is complete.
        on_error : {"raise", "quarantine"}
            What is done with a malformed line, or an event that a rule cannot treat: nothing is written, or such
            events are set apart.
        quarantine : str or Path, optional
            Where raw lines are set apart; by default beside the output, with ``.quarantine`` added. The file holds
            personal data as it came in.
        subject : str, optional
            The field of the person in the events as they come in. ``report()`` then tells about persons too: rows are
            not persons.
        progress : bool or callable
            Whether to show a bar, for files; or what to call with a :class:`Progress`.
        keep_index : bool
            Whether the index of a pandas frame stays. By default the result has plain row numbers.

        Returns
        -------
        EventsResult
            ``.events`` has the shape of the input: a list, an iterator, the path of the output, a frame.

        Raises
        ------
        UnmatchedFieldsError
            If fields have no rule and nothing was said about them; all of them are listed.
        EventError, MalformedLineError
            If an event cannot be treated; only its number is shown.
        SecretKeyError, MappingStoreError, EventsInputError, ParameterError

        Examples
        --------
        >>> from privkit import events as ev
        >>> ev.Recipe([ev.drop("to")]).apply([{"to": "Ada", "zip": "8004"}])
        Traceback (most recent call last):
            ...
        privkit.errors.events.UnmatchedFieldsError: the recipe 'recipe' does not say what becomes of 1 field:
          zip
        Add a rule for each (ev.keep(path) passes one on unchanged), or say apply(..., unmatched='drop') or
        unmatched='keep'. Nothing was written.
        """
        from privkit.events.run.closures import Options
        from privkit.events.run.result import apply

        options = Options(unmatched, output, on_error, quarantine, subject, progress, keep_index)
        return apply(self, events, options)

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as plain values, without secrets: keys become the names of their sources.

        Raises
        ------
        SecretLeakError
            If it holds a private code book in memory.
        """
        return recipe_file.to_dict(self)

    def save(self, path: str | Path) -> None:
        """Write the recipe to a ``.toml``, ``.yaml`` or ``.json`` file, without secrets.

        Raises
        ------
        SecretLeakError
            If it holds a private code book in memory.
        LibraryRequiredError
            If PyYAML is needed and not installed.
        """
        recipe_file.save(self, path)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], *, keys: Mapping[str, bytes | Key] | None = None) -> Recipe:
        """Read a recipe from plain values, as :meth:`to_dict` gives them.

        Raises
        ------
        RecipeError
            If there are problems; all are reported at once, with their places.
        """
        return recipe_file.from_dict(cls, content, keys=keys)

    @classmethod
    def load(cls, path: str | Path, *, keys: Mapping[str, bytes | Key] | None = None) -> Recipe:
        """Read a recipe from a ``.toml``, ``.yaml`` or ``.json`` file.

        Parameters
        ----------
        path : str or Path
            The file.
        keys : mapping of str to key, optional
            Keys by the id that the file names, for those that it gives no source for.

        Raises
        ------
        RecipeError
            If there are problems; all are reported at once, with their places.
        LibraryRequiredError
            If PyYAML is needed and not installed.
        """
        return recipe_file.load(cls, path, keys=keys)
