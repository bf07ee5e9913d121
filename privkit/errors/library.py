"""The error for a library that is not installed, or too old to be used."""

from __future__ import annotations

from privkit.errors.base import PrivkitError


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
    def of(cls, function: str, library: str, extra: str) -> LibraryRequiredError:
        """`function` needs `library`, which comes with `extra`."""
        error = cls(
            f"{function}() needs {library}, which is not installed: pip install 'jupyter-privkit[{extra}]' "
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
