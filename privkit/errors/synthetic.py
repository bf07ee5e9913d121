"""Errors about synthetic rows: what columns they need, what cannot be made or compared. No cell value is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from privkit.errors.arguments import KeysError, ParameterError
from privkit.errors.calls import called
from privkit.errors.root import listed


class SyntheticError(ParameterError):
    """Synthetic rows cannot be planned as they were asked for, or are asked of what holds none."""

    @classmethod
    def columns(cls, found: str) -> SyntheticError:
        """What was given as columns is something else, or is one column."""
        return cls(
            f"{called()} got columns {found}, but columns must be a list of two or more columns of the frame. For one "
            "column ask dp_value_counts or dp_histogram. Example: columns=['sex', 'age', 'city']."
        )._naming("columns")

    @classmethod
    def cuts(cls, found: str) -> SyntheticError:
        """What was given as cuts is something else."""
        return cls(
            f"{called()} got cuts {found}, but cuts must be a dict from columns to the edges of their bins: a list, or "
            "pk.cut. Example: cuts={'age': [18, 30, 45, 65, 100]}."
        )._naming("cuts")

    @classmethod
    def edges(cls, column: str, found: str) -> SyntheticError:
        """The bins of a column cannot be filled."""
        return cls(
            f"{called()}: the bins of {column!r} {found}. Values are drawn uniformly within each bin, so every bin "
            f"needs two finite ends that the column's type holds, and of whole numbers one to draw."
        )._naming("cuts")

    @classmethod
    def keys_beyond(cls, column: str, dtype: str) -> SyntheticError:
        """A column of whole numbers cannot hold all its keys."""
        return cls(
            f"{called()}: keys of {column!r} are no whole numbers that its type, {dtype}, holds, and rows have the "
            "types of the frame. Leave such keys out, or give the column another type first: frame.astype(...)."
        )._naming("keys")

    @classmethod
    def both(cls, column: str) -> SyntheticError:
        """A column has both keys and bins."""
        return cls(f"{called()} got keys and cuts of {column!r}. Give one of them.")._naming("cuts")

    @classmethod
    def target(cls, found: str) -> SyntheticError:
        """The target is none of the columns."""
        return cls(f"{called()} got target={found}, which is none of the columns. Name one of them.")._naming("target")

    @classmethod
    def accuracy(cls, argument: str) -> SyntheticError:
        """Rows have no one accuracy by which they can be priced."""
        return cls(
            f"{called()} got {argument}=, but rows have no one accuracy. Give epsilon= (rho=), or advantage=; the plan "
            "tells how accurate the tables of the first round are."
        )._naming(argument)

    @classmethod
    def domain(cls, table: str, cells: int, most: int) -> SyntheticError:
        """All pairs together have more cells than are counted."""
        return cls(
            f"{called()}: the tables of all pairs of columns have {cells:,} cells together, more than {most:,}; the "
            f"largest is {table}. Nearly all would be noise. Give its columns fewer keys or wider bins."
        )._naming("columns")

    @classmethod
    def combinations(cls) -> SyntheticError:
        """A row cannot be held by two numbers."""
        return cls(
            f"{called()}: the columns have more combinations of levels than two 64-bit numbers tell apart. Leave "
            "columns out, or give them fewer keys or wider bins."
        )._naming("columns")

    @classmethod
    def no_rows(cls) -> SyntheticError:
        """A release of something else has no rows."""
        return cls(f"{called()}: this release holds no rows. dp_synthetic makes one that does.")


class RulesError(SyntheticError):
    """What the owner states of every row cannot be told by the levels, or leaves no row."""

    @classmethod
    def _of(cls, told: str) -> RulesError:
        return cls(f"{called()}: {told}")._naming("constraints")

    @classmethod
    def shape(cls, found: str) -> RulesError:
        """What was given is no list of statements."""
        return cls._of(
            f"constraints= got {found}, but it must be a list of conditions that hold of every row, and of columns of "
            "which one decides another. Example: constraints=['age >= 18', 'city -> country']."
        )

    @classmethod
    def column(cls, name: str) -> RulesError:
        """A statement names a column that the rows do not have."""
        return cls._of(f"a constraint names {name!r}, which is none of the columns asked for.")

    @classmethod
    def no_column(cls, text: str) -> RulesError:
        """A statement names no column."""
        return cls._of(f"the constraint {text} names no column, so it says nothing of a row.")

    @classmethod
    def no_truth(cls, text: str) -> RulesError:
        """A statement is neither true nor false."""
        return cls._of(f"the constraint {text} must be true or false for a row.")

    @classmethod
    def cut_through(cls, text: str, columns: Sequence[str], marks: Sequence[str] = ()) -> RulesError:
        """A bin has values of which a condition holds and others of which it does not; `marks` it compares with."""
        where = f", at or just above {', '.join(marks)}" if marks else f": {columns[0]} >= 7 would need an edge at 7"
        return cls._of(
            f"the constraint {text} holds of some values of a bin and not of others. Put edges of {listed(columns)} "
            f"where it changes{where}."
        )

    @classmethod
    def only_compared(cls, text: str, column: str) -> RulesError:
        """A condition does more with bins than to compare them with numbers."""
        return cls._of(
            f"the constraint {text} does more with {column!r} than to compare it with numbers, and the values of its "
            f"bins are too many to look at. Compare it with numbers, or give it keys."
        )

    @classmethod
    def entangled(cls, columns: Sequence[str], found: int, most: int) -> RulesError:
        """Too many combinations are tied together."""
        return cls._of(
            f"the constraints tie together {listed(columns)}, with {found:,} combinations; at most {most:,} are "
            "looked at. Give them fewer keys or wider bins, or state less."
        )

    @classmethod
    def circle(cls, text: str) -> RulesError:
        """Columns decide each other."""
        return cls._of(
            f"{text} and others go in a circle. Leave one out: a column that two decide is decided by either."
        )

    @classmethod
    def contradiction(cls, texts: Sequence[str]) -> RulesError:
        """No row is left."""
        return cls._of(f"no row can be as these constraints, keys and cuts say together: {'; '.join(texts)}.")

    @classmethod
    def only_missing(cls, column: str, texts: Sequence[str]) -> RulesError:
        """No value of a column is left."""
        return cls._of(
            f"these constraints leave no key of {column!r}, so that it would be missing in every row: "
            f"{'; '.join(texts)}. Compare it with its keys as they are written, or leave the column out."
        )


class RelatedError(SyntheticError):
    """Two tables with a key cannot be laid out, or made of two releases."""

    @classmethod
    def columns(cls, names: Sequence[str]) -> RelatedError:
        """Both tables have a column besides the key."""
        return cls(
            f"{called()}: both tables have {listed(names)} besides the key. Rename or leave out one of each: "
            "frame.rename(columns=...)."
        )

    @classmethod
    def taken(cls, name: str) -> RelatedError:
        """The name of the new column is taken."""
        return cls(f"{called()}: {name!r} is a column already, so the new one needs another name.")

    @classmethod
    def types(cls, name: str) -> RelatedError:
        """The key has two types."""
        return cls(
            f"{called()}: {name!r} has another type in one table than in the other. Give it one: frame.astype(...)."
        )

    @classmethod
    def release(cls, argument: str) -> RelatedError:
        """Something else came for a release."""
        return cls(f"{called()}: {argument} must be a release of dp_synthetic.")._naming(argument)

    @classmethod
    def count(cls, name: str) -> RelatedError:
        """There is no count of events."""
        return cls(
            f"{called()}: the release of persons has no column {name!r} whose keys are whole numbers from 0. Ask "
            f"dp_synthetic of the frame that by_person lays out, with {name!r} among its columns; keys={{{name!r}: "
            "[0, 1, 2]}, up to most."
        )

    @classmethod
    def nothing_shared(cls) -> RelatedError:
        """Nothing ties events to persons."""
        return cls(
            f"{called()}: the releases share no column, so nothing tells which events fit a person. Ask for some "
            "columns of persons in both."
        )

    @classmethod
    def levels(cls, name: str) -> RelatedError:
        """A shared column has two lists of levels."""
        return cls(
            f"{called()}: {name!r} has other keys or cuts in one release than in the other. Ask both with the same."
        )


class ColumnDomainError(KeysError):
    """The public values or bins of a column of synthetic rows are missing."""

    @classmethod
    def required(
        cls, by: Sequence[str], examples: Mapping[str, str] | None = None, *, with_delta: bool = True
    ) -> ColumnDomainError:
        """Columns came without keys and without cuts; `examples` show for each what to type, by its type."""
        del with_delta
        told = examples or {by[0]: f"keys={{{by[0]!r}: ['a', 'b']}}"}
        each = "; ".join(dict.fromkeys(told[name] for name in by if name in told))
        free = ". Free text has neither: leave the column out, or derive a category of it first (derive=, pk.lookup)"
        return cls(
            f"{called()} needs what {listed(by)} may hold, as a public fact: keys= for a list of values, cuts= for the "
            f"edges of bins. Examples: {each}{free if any('keys=' in one for one in told.values()) else ''}."
        )


class MockError(ParameterError):
    """Rows cannot be made of a schema as it was given."""

    @classmethod
    def schema(cls, found: str) -> MockError:
        """What was given as a schema is something else."""
        return cls(
            f"{called()} got a schema {found}, but it must be a dict from columns to types, or a frame. "
            "Example: pk.mock({'sex': 'str', 'age': 'int64'}, 100)."
        )._naming("schema")

    @classmethod
    def dtype(cls, column: str) -> MockError:
        """A type is none of pandas."""
        return cls(
            f"{called()}: the type of {column!r} is none that pandas knows. Examples: 'str', 'int64', 'float64', "
            "'bool', 'category', 'datetime64[us]', or 'date'."
        )._naming("schema")

    @classmethod
    def shape(cls, argument: str, found: str) -> MockError:
        """What was given as keys or cuts is something else."""
        return cls(f"{called()} got {argument} as {found}, but it must be a dict from columns to lists.")._naming(
            argument
        )

    @classmethod
    def unknown(cls, argument: str, names: Sequence[str]) -> MockError:
        """Keys or cuts are of columns that the schema does not have."""
        return cls(f"{called()} got {argument} of {listed(names)}, which the schema does not have.")._naming(argument)

    @classmethod
    def both(cls, column: str) -> MockError:
        """A column has both keys and bins."""
        return cls(f"{called()} got keys and cuts of {column!r}. Give one of them.")._naming("cuts")

    @classmethod
    def rows(cls, found: int, most: int) -> MockError:
        """More rows are asked for than are made."""
        return cls(f"{called()} got rows={found:,}, but rows must be at most {most:,}.")._naming("rows")


class EvaluationError(ParameterError):
    """Two frames cannot be compared as was asked."""

    @classmethod
    def columns(cls, found: int) -> EvaluationError:
        """The frames share too few columns."""
        many = f"{found} column{'' if found == 1 else 's'}"
        return cls(f"{called()}: both frames share {many}. Comparing needs two or more of the same names.")

    @classmethod
    def names(cls, found: int) -> EvaluationError:
        """Names of columns are no text."""
        return cls(
            f"{called()}: the names of {found:,} of the shared columns are no text. Say which columns "
            "to compare (columns=), or make them text in both: frame.rename(columns=str)."
        )

    @classmethod
    def rows(cls) -> EvaluationError:
        """One of the frames has no rows."""
        return cls(f"{called()}: one of the frames has no rows, so there is nothing to compare.")

    @classmethod
    def target(cls, name: str) -> EvaluationError:
        """The target, or a column of groups, is none of the columns that are compared."""
        return cls(f"{called()} got {name!r}, which is none of the columns that are compared.")._naming("target")

    @classmethod
    def by(cls) -> EvaluationError:
        """Groups came without a target."""
        return cls(f"{called('by=...')} tells errors of predictions by group: give target=, what to predict.")._naming(
            "by"
        )

    @classmethod
    def one_value(cls, name: str) -> EvaluationError:
        """There is nothing to predict."""
        return cls(
            f"{called()}: the target {name!r} has one value in the real rows of a half, or in the synthetic ones, so "
            "there is nothing to predict."
        )._naming("target")
