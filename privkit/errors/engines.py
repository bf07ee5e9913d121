"""Errors of what holds a table: its library, its engine, its file."""

from __future__ import annotations

from privkit.errors.calls import called
from privkit.errors.root import PrivkitError, spelled


class LibraryRequiredError(PrivkitError, ImportError):
    """An optional library is not installed, or a library is too old.

    Attributes
    ----------
    library, extra : str
        The library, and the extra of this project that brings it.
    """

    library: str = ""
    extra: str = ""

    @classmethod
    def of(cls, library: str, extra: str) -> LibraryRequiredError:
        """The call needs `library`, which comes with `extra`."""
        error = cls(
            f"{called()} needs {library}, which is not installed: pip install 'jupyter-privkit[{extra}]' "
            "brings it. All else works without."
        )
        error.library, error.extra = library, extra
        return error

    @classmethod
    def too_old(cls, library: str, found: str, least: str, why: str) -> LibraryRequiredError:
        """`library` is there in a version that must not be used, because of `why`."""
        error = cls(
            f"{library} {found} is installed, but privkit needs {least} or later: {why}. "
            f"Run pip install '{library.lower()}>={least}' and restart the kernel."
        )
        error.library = library
        return error


class EngineError(PrivkitError, RuntimeError):
    """The engine behind a lazy frame failed when its plan was run.

    The message is the same for every cause, because the engine's own text may hold values.
    """

    @classmethod
    def of(cls) -> EngineError:
        """The plan that the call ran failed."""
        return cls(
            f"{called()} could not run the frame's own plan. The cause is not told, since the engine's text may hold "
            "values. Run the plan by itself to see it: frame.collect() in Polars and Spark, relation.fetchall() in "
            "DuckDB, table.execute() in Ibis."
        )

    @classmethod
    def too_large(cls, columns: list[str], limit: int) -> EngineError:
        """The call asked for more groups than may travel."""
        return cls(
            f"{called()} asked the engine for the groups by {columns}, and there are more than {limit:,}: too many "
            "to fetch. Take fewer columns, or coarser ones: years in place of days, first digits of a code, bands of "
            "a number. Or aggregate in the engine first."
        )


class FileError(PrivkitError, ValueError):
    """A file cannot be read as a table, or must not be written. No line of it is shown."""

    @classmethod
    def of(cls, name: str, why: str, hint: str = "") -> FileError:
        """`why` the file is refused."""
        return cls(f"{spelled(name)}: {why}." + (f" {hint}" if hint else ""))
