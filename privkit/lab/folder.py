"""Folders that a request may name: those under the server's root, and no others."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

from privkit.errors import PrivkitError


class OutsideRootError(PrivkitError, PermissionError):
    """A request named a place outside the server's root."""

    # OSError.__str__ would show errno and filename.
    __str__ = PrivkitError.__str__

    @classmethod
    def of(cls) -> OutsideRootError:
        """The path leaves the root, or is no path at all."""
        return cls("the folder must be a relative path under the server's root directory.")


def folder_under(root: Path, path: str) -> Path:
    """Return the folder that `path` names under `root`, links followed.

    Raises
    ------
    OutsideRootError
        For absolute paths, drives, ``..``, NUL, and links that lead outside.

    Examples
    --------
    >>> folder_under(Path("/srv"), "a/../b")
    Traceback (most recent call last):
    ...
    privkit.lab.folder.OutsideRootError: the folder must be a relative path under the server's root directory.
    """
    windows = PureWindowsPath(path)
    if "\0" in path or "\\" in path or windows.drive or PurePosixPath(path).is_absolute() or ".." in path.split("/"):
        raise OutsideRootError.of()
    return confined(root, root / path)


def confined(root: Path, place: Path) -> Path:
    """Return `place` with its links followed, if that lies under `root`.

    Raises
    ------
    OutsideRootError
    """
    resolved = place.resolve()
    if not resolved.is_relative_to(root.resolve()):
        raise OutsideRootError.of()
    return resolved
