"""Texts that a person asked to have in a file: whole or not at all, and an error in our words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from privkit.errors import FileError, PrivkitError
from privkit.values.files import write_whole
from privkit.values.show import printable


def written(text: str, path: str | Path | None) -> str:
    """Return a text, and write it to `path` where given.

    Raises
    ------
    FileError
        If it cannot be written.
    """
    if path is not None:
        with writing(path):
            write_whole(path, text)
    return text


@contextmanager
def writing(path: str | Path, what: str = "written") -> Iterator[None]:
    """Tell in our words that a file cannot be written, or read.

    Raises
    ------
    FileError
    """
    try:
        yield
    except (PrivkitError, UnicodeEncodeError):  # ValueErrors too; the second is told as of the call that gave the text
        raise
    except (OSError, ValueError) as error:  # a name with a null character is a ValueError
        told = getattr(error, "strerror", None) or "its name is none"
        raise FileError.of(Path(path).name or str(path), f"it cannot be {what} ({told})") from None


def in_a_cell(value: object) -> str:
    r"""Return a value as a cell of a Markdown table, in which nothing is markup.

    Examples
    --------
    >>> in_a_cell("a|b <i>"), in_a_cell(None)
    ('a\\|b \\<i\\>', '')
    """
    text = "" if value is None else printable(str(value))
    return "".join(f"\\{char}" if char in "\\`*_[]<>|#!&~" else char for char in text)
