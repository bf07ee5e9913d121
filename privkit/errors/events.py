"""Errors about recipes, keys, mapping stores and the events themselves. No message holds a value of an event."""

from __future__ import annotations

from collections.abc import Sequence

from privkit.errors.calls import called
from privkit.errors.root import PrivkitError, close_matches, listed, spelled, type_told

_MOST = 50


def _shown(paths: Sequence[str]) -> str:
    """Return paths, one a line, without control characters: a field's name comes with the data."""
    clean = [spelled(path[:120]) for path in paths[:_MOST]]
    more = [f"... and {len(paths) - _MOST} more"] if len(paths) > _MOST else []
    return "\n".join(f"  {line}" for line in [*clean, *more])


class PathError(PrivkitError, ValueError):
    """A text is no path of a field."""

    path: str = ""

    @classmethod
    def of(cls, path: object, reason: str) -> PathError:
        """`path` cannot be read, for this reason."""
        found = repr(path) if isinstance(path, str) else type_told(path)
        error = cls(f"{found} is no path: {reason}. Write fields as 'shipping.zip', lists as 'products[].price'.")
        error.path = path if isinstance(path, str) else ""
        return error


class RecipeError(PrivkitError, ValueError):
    """A recipe has problems; all of them are reported at once.

    Attributes
    ----------
    problems : tuple of str
        Each with the place in the recipe, as ``operations[2].unit: ...``.
    """

    problems: tuple[str, ...] = ()

    @classmethod
    def of(cls, where: str, problems: Sequence[str]) -> RecipeError:
        """The recipe called `where` has `problems`."""
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        error = cls(f"{where} has {count}:\n" + "\n".join(f"  {problem}" for problem in problems))
        error.problems = tuple(problems)
        return error

    @classmethod
    def unknown(cls, what: str, name: object, known: Sequence[str]) -> str:
        """Return the problem that `name` is none of the `known`, with close matches."""
        matches = close_matches(name, known)
        hint = f"close matches: {listed(matches)}" if matches else f"known: {', '.join(known)}"
        return f"{name!r} is no {what}; {hint}"


class UnmatchedFieldsError(PrivkitError, ValueError):
    """The events have fields that no rule of the recipe covers.

    Attributes
    ----------
    paths : tuple of str
        All such paths that were met.
    """

    paths: tuple[str, ...] = ()

    @classmethod
    def of(cls, recipe: str, paths: Sequence[str], *, complete: bool = True) -> UnmatchedFieldsError:
        """`paths` are in the events, and `recipe` does not say what becomes of them."""
        count = "1 field" if len(paths) == 1 else f"{len(paths)} fields"
        so_far = "" if complete else " up to here (an iterator is read no further)"
        error = cls(
            f"the recipe {recipe!r} does not say what becomes of {count}{so_far}:\n{_shown(paths)}\n"
            "Add a rule for each (ev.keep(path) passes one on unchanged), or say apply(..., unmatched='drop') or "
            "unmatched='keep'. Nothing was written."
        )
        error.paths = tuple(paths)
        return error


class EventError(PrivkitError, ValueError):
    """One event cannot be treated as the recipe says.

    Attributes
    ----------
    position : int
        Which event, from 1; in a file the number of its line.
    path : str
        The field.
    reason : str
        What was needed and what was found, without a value.
    """

    position: int = 0
    path: str = ""
    reason: str = ""

    @classmethod
    def of(cls, position: int, place: str, path: str, reason: str) -> EventError:
        """The event at `position` holds at `path` what the rule cannot work with."""
        error = cls(
            f"{place} {position}: {reason}.\n"
            "Correct it, add a rule before this one, or set such events apart: apply(..., on_error='quarantine')."
        )
        error.position, error.path, error.reason = position, path, reason
        return error


class MalformedLineError(PrivkitError, ValueError):
    """A line of a file is no event.

    Attributes
    ----------
    line : int
        Its number, from 1.
    reason : str
        What is wrong with it, without its content.
    """

    line: int = 0
    reason: str = ""

    @classmethod
    def of(cls, line: int, reason: str) -> MalformedLineError:
        """The line of this number cannot be read; where already the first cannot, the file may be none of events."""
        form = " Events are read as NDJSON, one JSON object a line." if line == 1 else ""
        error = cls(
            f"line {line} is no event: {reason}.{form} Nothing was written.\n"
            "Correct it, or set such lines apart: apply(..., on_error='quarantine')."
        )
        error.line, error.reason = line, reason
        return error


class SecretKeyError(PrivkitError, ValueError):
    """A secret key is missing, unfit, or not the one that was meant. Key material is never shown."""

    @classmethod
    def short(cls, length: int) -> SecretKeyError:
        """The key has only `length` bytes."""
        return cls(
            f"a key needs at least 32 random bytes, but this one has {length}. "
            "Make one: ev.Key.create_file('pseudonyms.key'), or secrets.token_bytes(32)."
        )

    @classmethod
    def kind(cls, found: str) -> SecretKeyError:
        """Something else than a key was given."""
        return cls(f"a key must be bytes, an ev.Key or an ev.KeySource, but got {found}. Text is not taken for a key.")

    @classmethod
    def missing(cls, source: str, how: str) -> SecretKeyError:
        """There is no key at `source`."""
        return cls(f"there is no key in {source}. {how}")

    @classmethod
    def unreadable(cls, source: str) -> SecretKeyError:
        """What is at `source` is no key."""
        return cls(
            f"{source} holds no key: at least 32 random bytes, written in hexadecimal or Base64, are needed. "
            'Make one: python -c "import secrets; print(secrets.token_hex(32))".'
        )

    @classmethod
    def open_to_others(cls, name: str, mode: int) -> SecretKeyError:
        """Other users can read the key file."""
        return cls(f"the key file {name!r} can be read by others (mode {mode:04o}). Close it: chmod 600 {name}.")

    @classmethod
    def other(cls, source: str, expected: str, found: str) -> SecretKeyError:
        """The key at `source` is not the one that the recipe was written with."""
        return cls(
            f"the key in {source} has the id {found}, but the recipe was written with {expected}. "
            "Another key gives other pseudonyms. Give the right key, or take the id out of the recipe."
        )

    @classmethod
    def unsourced(cls, key_id: str) -> SecretKeyError:
        """A recipe file names a key by its id alone."""
        return cls(
            f"the recipe names the key {key_id} and does not say where it is. "
            f"Give it: Recipe.load(path, keys={{{key_id!r}: key}})."
        )


class SecretLeakError(PrivkitError, TypeError):
    """A secret was about to leave the process in a pickle or a recipe file."""

    @classmethod
    def pickle(cls) -> SecretLeakError:
        """A key was to be pickled."""
        return cls("a key is not pickled, so that it ends in no cache, notebook or worker. Load it where it is needed.")

    @classmethod
    def recipe_file(cls, place: str, what: str) -> SecretLeakError:
        """A recipe that holds a secret was to be written to a file."""
        return cls(f"{place} holds {what} in memory, which goes into no recipe file. Name a file for it instead.")


class MappingStoreError(PrivkitError, RuntimeError):
    """A mapping store cannot be used."""

    @classmethod
    def busy(cls, name: str) -> MappingStoreError:
        """Another process, or another run, has it open."""
        return cls(f"the mapping store {name!r} is in use by another run. Wait until it ends, and try again.")

    @classmethod
    def forgotten(cls, name: str) -> MappingStoreError:
        """It was destroyed by forget()."""
        return cls(f"the mapping store {name!r} was forgotten: its pseudonyms cannot be reversed. Open a new one.")

    @classmethod
    def unreadable(cls, name: str) -> MappingStoreError:
        """The file is no mapping store."""
        return cls(f"{name!r} is no mapping store of privkit, or it is damaged. Name another file.")

    @classmethod
    def missing(cls, name: str) -> MappingStoreError:
        """There is no such file to look up in."""
        return cls(f"there is no mapping store {name!r}. It is made by the first recipe that uses it.")

    @classmethod
    def unknown_token(cls, name: str) -> MappingStoreError:
        """The token is not in the store."""
        return cls(f"the mapping store {name!r} does not know this pseudonym in this scope.")


class EventsInputError(PrivkitError, TypeError):
    """The events come in a form that cannot be read."""

    @classmethod
    def kind(cls, found: str, hint: str = "") -> EventsInputError:
        """`found` holds no events."""
        return cls(
            f"{called(late='apply()')} got {found}, but events come as a list or iterator of dicts, a path of an "
            f"NDJSON file, or a pandas or Polars frame. {hint}".rstrip()
        )

    @classmethod
    def drafted(cls, found: str) -> EventsInputError:
        """A recipe cannot be drafted from `found`."""
        return cls(
            f"propose() got {found}, but a recipe is drafted from a list of dicts, a path of an NDJSON file, "
            "or a pandas or Polars frame, with events in it."
        )

    @classmethod
    def output(cls, reason: str) -> EventsInputError:
        """The file that is to be written cannot be."""
        return cls(f"{called(late='apply()')}: {reason}")

    @classmethod
    def no_groups(cls, why: str) -> EventsInputError:
        """What a recipe cost each group is not known."""
        return cls(
            f"{called()} compares each event with what became of it, and cannot here: {why}. Give apply() a list, a "
            "frame or a file, and a recipe without merge; a result of merged events is attacked by "
            "pk.attack_release(df, publish, 'column')."
        )
