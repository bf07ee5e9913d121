"""Texts of reports, written where a person asked for them."""

from __future__ import annotations

from pathlib import Path

from privkit.errors import FileError
from privkit.values.files import write_whole


def written(text: str, path: str | Path | None) -> str:
    """Return a text, and write it to `path` where given, whole or not at all.

    Raises
    ------
    FileError
        If it cannot be written.
    """
    if path is not None:
        try:
            write_whole(path, text)
        except (OSError, ValueError) as error:  # a name with a null character is a ValueError
            told = getattr(error, "strerror", None) or "its name is none"
            raise FileError.of(Path(path).name, f"it cannot be written ({told})") from None
    return text
