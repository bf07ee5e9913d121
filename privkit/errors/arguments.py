"""Errors about what was asked: columns, parameters, keys, bounds, frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from privkit.errors.calls import called
from privkit.errors.root import PrivkitError, close_matches, listed, with_article


class ColumnNotFoundError(PrivkitError, KeyError):
    """A named column is not in the frame.

    Attributes
    ----------
    missing : tuple of str
        The names that were not found.
    matches : tuple of str
        Columns with similar names.
    """

    missing: tuple[object, ...] = ()
    matches: tuple[str, ...] = ()

    # KeyError.__str__ would show the repr of the message.
    __str__ = PrivkitError.__str__

    @classmethod
    def of(
        cls, argument: str, given: object, missing: Sequence[object], columns: Iterable[object], hint: str = ""
    ) -> ColumnNotFoundError:
        """The call got `given` as `argument`, and `missing` are no columns; `hint` says what they may have meant."""
        columns = list(columns)
        matches = list(dict.fromkeys(match for name in missing for match in close_matches(name, columns)))
        verb = "is not a column" if len(missing) == 1 else "are not columns"
        text = f"{called()} got {argument}={given!r}, but {listed(missing)} {verb}."
        if matches:
            text += f"\nClose matches: {listed(matches)}."
        elif len(columns) <= 20:
            text += f"\nColumns: {listed(columns)}."
        else:
            text += f"\nThe frame has {len(columns)} columns: list(df.columns)."
        error = cls(text + (f"\n{hint}" if hint else ""))
        error.missing, error.matches = tuple(missing), tuple(matches)
        return error

    @classmethod
    def unit(cls, unit: str, protected: str, columns: Iterable[object]) -> ColumnNotFoundError:
        """The project protects persons by a column that this frame lacks."""
        columns = list(columns)
        matches = close_matches(unit, columns)
        hint = f" Close matches: {listed(matches)}." if matches else ""
        error = cls(
            f"{called()} needs the column {unit!r}: the project protects {protected}, "
            f"and this frame has no such column.{hint}\n"
            f"Keep {unit!r} in the frame, or open a project with unit=pk.ROW if one row is one person."
        )
        error.missing, error.matches = (unit,), tuple(matches)
        return error


class ParameterError(PrivkitError, ValueError):
    """A parameter has a value that is not allowed.

    Attributes
    ----------
    argument : str
        The parameter's name.
    """

    argument: str = ""

    def _naming(self, argument: str) -> Self:
        """Return the error, which is about this argument."""
        self.argument = argument
        return self

    @classmethod
    def of(cls, argument: str, found: str, allowed: str, hint: str = "") -> ParameterError:
        """The call got `found` for `argument`, where only `allowed` is accepted."""
        return cls(
            f"{called()} got {argument}={found}, but {argument} must be {allowed}." + (f" {hint}" if hint else "")
        )._naming(argument)

    @classmethod
    def together(cls, arguments: Sequence[str], rule: str) -> ParameterError:
        """The combination of `arguments` breaks `rule`."""
        return cls(f"{called()}: {rule}")._naming(", ".join(arguments))

    @classmethod
    def no_truth(cls, criterion: str) -> ParameterError:
        """A criterion was taken for true or false, as `and`, `or`, `not` and `if` do."""
        return cls(
            f"{criterion} is a criterion, neither true nor false: a table meets it or not. `and` and `or` would drop "
            f"one of two criteria without a word.\nJoin them by &: {criterion} & ...; look for none by `is None`."
        )._naming("criteria")


class CallError(PrivkitError, TypeError):
    """A call has an argument that the function does not take, or lacks one that it needs.

    Attributes
    ----------
    arguments : tuple of str
        The names that are not taken, or missing.
    matches : tuple of str
        Parameters with similar names.
    """

    arguments: tuple[str, ...] = ()
    matches: tuple[str, ...] = ()

    @classmethod
    def unknown(cls, names: Sequence[str], parameters: Sequence[str]) -> CallError:
        """The call has no parameters called `names`."""
        matches = list(dict.fromkeys(match for name in names for match in close_matches(name, parameters)))
        text = f"{called()} has no parameter{'s' * (len(names) > 1)} {listed(names)}."
        text += f" Close matches: {listed(matches)}." if matches else f" It has {listed(parameters)}."
        error = cls(text)
        error.arguments, error.matches = tuple(names), tuple(matches)
        return error

    @classmethod
    def surplus(cls, given: int, places: Sequence[str], named: Sequence[str]) -> CallError:
        """The call got more arguments without a name than it has places for."""
        text = f"{called()} got {given} arguments without a name, but takes {len(places)} at most"
        text += f": {', '.join(places)}." if places else "."
        return cls(text + (f" By name it takes {listed(named)}." if named else ""))

    @classmethod
    def missing(cls, names: Sequence[str]) -> CallError:
        """The call needs `names`."""
        error = cls(f"{called()} needs {listed(names)}.")
        error.arguments = tuple(names)
        return error

    @classmethod
    def twice(cls, name: str) -> CallError:
        """`name` was given by its place and by its name."""
        error = cls(f"{called()} got {name!r} twice: by its place, and by its name.")
        error.arguments = (name,)
        return error


class DuplicateColumnError(PrivkitError, ValueError):
    """A frame or an argument names a column more than once."""

    duplicates: tuple[object, ...] = ()

    @classmethod
    def in_frame(cls, duplicates: Sequence[object]) -> DuplicateColumnError:
        """The frame itself has several columns of one name."""
        error = cls(
            f"{called()} cannot tell apart the columns named {listed(duplicates)}: each stands more than once. "
            "Rename or drop them: df.loc[:, ~df.columns.duplicated()]."
        )
        error.duplicates = tuple(duplicates)
        return error

    @classmethod
    def in_argument(cls, argument: str, duplicates: Sequence[object]) -> DuplicateColumnError:
        """The argument names a column twice."""
        error = cls(f"{called()} got {argument} with {listed(duplicates)} more than once. Name each column once.")
        error.duplicates = tuple(duplicates)
        return error


class FrameError(PrivkitError, TypeError):
    """The object is no frame that privkit can read, or a column has a type that it cannot group."""

    @classmethod
    def unsupported(cls, kind: str) -> FrameError:
        """`kind` is no dataframe."""
        return cls(
            f"{called()} needs a dataframe (pandas, Polars, DuckDB, or another that Narwhals reads), but got {kind}."
        )

    @classmethod
    def only_pandas(cls, frame: object) -> FrameError:
        """`frame` is one, but of another library than the one that is needed."""
        library = type(frame).__module__.partition(".")[0]
        return cls(f"{called()} needs a frame of pandas, but this one is of {library}. Begin with its .to_pandas().")

    @classmethod
    def rows_elsewhere(cls, what: str, hint: str) -> FrameError:
        """`what` is asked by row, and the rows lie in an engine."""
        return cls(
            f"{what} is told row by row, and these rows were not fetched: in an engine they have no order. {hint}"
        )

    @classmethod
    def column_type(cls, column: object, dtype: str, hint: str) -> FrameError:
        """`column` has a `dtype` with which the call cannot work."""
        return cls(f"{called()} cannot use column {column!r} of type {dtype}. {hint}")

    @classmethod
    def column_name(cls, column: str, hint: str) -> FrameError:
        """`column` has a name that its engine takes for another."""
        return cls(f"{called()} cannot use column {column!r}: its engine takes that name for another. {hint}")


class KindError(PrivkitError, TypeError):
    """A class of a criterion, a statistic or an operation cannot be one of its kind."""

    @classmethod
    def lacks(cls, word: str, name: str, lacking: Sequence[str]) -> KindError:
        """The class called `name` leaves out what every `word` must say."""
        them = "it" if len(lacking) == 1 else "them"
        return cls(f"the class {name} is no whole {word}: it lacks {listed(lacking)}. Define {them} in the class.")

    @classmethod
    def twice(cls, word: str, name: str, entered: str, there: str) -> KindError:
        """Another class is known by what the one called `name` is entered by."""
        return cls(f"the class {name} cannot be the {word} {entered!r}: {there} is. Give it another name.")


_OPEN = " (In a project with a δ, most dp_* let groups show up that have enough rows: delta=1e-7.)"


class KeysError(PrivkitError, ValueError):
    """The public keys of a grouped release are missing, doubled or of the wrong shape."""

    @classmethod
    def duplicates(cls, count: int) -> KeysError:
        """Some keys are the same value."""
        return cls(
            f"{called()} got keys with {count} doubled {'value' if count == 1 else 'values'}. "
            "Keys must be unique: list(dict.fromkeys(keys))."
        )

    @classmethod
    def required(cls, by: Sequence[str], *, with_delta: bool = True) -> KeysError:
        """A release by groups needs its keys named; `with_delta` says whether groups may show up by a δ."""
        return cls.such_as(by, {}, with_delta=with_delta)

    @classmethod
    def such_as(cls, by: Sequence[str], known: Mapping[str, list[object]], *, with_delta: bool = True) -> KeysError:
        """The same, with keys that some columns could have."""
        shown = by[0] if len(by) == 1 else list(by)
        each = {name: known.get(name, ["a", "b"]) for name in by}
        example = each[by[0]] if len(by) == 1 else each
        return cls(
            f"{called(f'by={shown!r}')} needs keys=: the groups to release, as a public fact.\n"
            "That a group occurs in the data is private, so privkit does not read the keys from it. "
            f"Example: keys={example!r}." + (_OPEN if with_delta else "")
        )

    @classmethod
    def of_column(cls, name: str, *, classes: bool = False) -> KeysError:
        """A model needs the levels of one of its columns named, or the classes of what it predicts."""
        what = "the classes that it tells apart" if classes else "its levels"
        model = " (of a model of pk.models: classes=['no', 'yes'])" if classes else ""
        return cls(
            f"{called()} needs keys= for {name!r}: {what}, as a public fact.\n"
            "That a value occurs in the data is private, so privkit does not read it from there. "
            f"Example: keys={{{name!r}: ['no', 'yes']}}{model}."
        )

    @classmethod
    def without_by(cls) -> KeysError:
        """Keys were given without columns to group by."""
        return cls(f"{called()} got keys= without by=. Name the columns that the keys belong to.")

    @classmethod
    def shape(cls, found: str, allowed: str) -> KeysError:
        """The keys do not fit the columns of `by`."""
        return cls(f"{called()} got keys {found}, but keys must be {allowed}.")


class ZoneError(ParameterError, KeysError):
    """A date lacks a time zone where its column has one, or has one where the column has none.

    Attributes
    ----------
    column : str
    """

    column: str = ""

    @classmethod
    def differing(cls, argument: str, column: str, word: str, zone: str) -> ZoneError:
        """A date among `argument` does not agree with the column, which has the time zone `zone`; "" for none."""
        if zone:
            rule = (
                f"column {column!r} is {word} ({zone}), and a value of {argument}= has no time zone. A day begins at "
                "another moment in each zone: say which is meant"
            )
            example = "'2026-11-23T00:00+01:00', or datetime(2026, 11, 23, tzinfo=ZoneInfo('Europe/Zurich'))"
        else:
            rule = f"column {column!r} is {word}, without a time zone, and a value of {argument}= has one. Leave it out"
            example = "'2026-11-23'"
        error = cls(f"{called()}: {rule}. Example: {example}.")
        error.argument, error.column = argument, column
        return error


class NotPublicError(PrivkitError, TypeError):
    """A fact that must be public has a type that suggests it was taken from the data."""

    @classmethod
    def of(cls, argument: str, kind: str) -> NotPublicError:
        """`argument` came as `kind`, a type in which data is held."""
        return cls(
            f"{called()} got {argument} as {with_article(kind)}, which may come from the private data; "
            f"{argument} must be public.\n"
            f"Type it out as a list, or vouch for it: "
            f"{argument}=pk.public_values(..., reason='list of the post office')."
        )


class BoundsRequiredError(PrivkitError, ValueError):
    """A bound on what one person can contribute is missing."""

    @classmethod
    def contribution(cls, unit: str) -> BoundsRequiredError:
        """The unit is a column, and nothing says how many rows of one person count."""
        return cls(
            f"{called()} needs max_rows=: the project protects all rows of one {unit!r}, "
            "so it must be said how many rows of one person may count.\n"
            "Rows over the bound are left out at random. Take it from public knowledge, not from this data. "
            "Example: max_rows=10 (here or in open_project), or max_groups=3, per_group=5."
        )


class PanelCopyError(PrivkitError, TypeError):
    """A panel was to be pickled or copied."""

    @classmethod
    def of(cls) -> PanelCopyError:
        """What is to be copied is a live panel."""
        return cls(
            "a panel is live in this process, and is not pickled or copied. Pickle the value that it shows, and open "
            "its panel anew: .panel()."
        )
