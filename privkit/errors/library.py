"""The error for an optional library that is not installed."""

from __future__ import annotations

from privkit.errors.base import PrivkitError


class LibraryRequiredError(PrivkitError, ImportError):
    """An optional library is not installed.

    Attributes
    ----------
    library, extra : str
        The library, and the extra of this project that brings it.
    """

    library: str = ""
    extra: str = ""

    @classmethod
    def of(cls, function: str, library: str, extra: str) -> LibraryRequiredError:
        """`function` needs `library`, which comes with `extra`."""
        error = cls(
            f"{function}() needs {library}, which is not installed: pip install 'jupyter-privkit[{extra}]' "
            "brings it. All else works without."
        )
        error.library, error.extra = library, extra
        return error
