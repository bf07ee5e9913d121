"""Files that are there whole or not at all: the one way in which privkit writes what a person asked for."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path


@contextmanager
def whole_file(path: str | Path, *, private: bool = False, durable: bool = False, new: bool = False) -> Iterator[Path]:
    """Hand out a draft beside `path` to be written, which gets that name when the block ends well, and is gone if not.

    What stood at `path` stays until then; its mode, and symbolic links to it, stay for good. What is no file, such as a
    pipe or ``/dev/stdout``, is handed out itself.

    Parameters
    ----------
    private : bool
        Whether a new file is for its owner alone.
    durable : bool
        Whether it must survive a loss of power: then its bytes are on the disk before it gets its name, and its name
        before the block is left.
    new : bool
        Whether nothing may stand at `path`: what came there meanwhile stays.

    Raises
    ------
    OSError
        If it cannot be written, told by the name that was asked for.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(Path(folder, "a.txt")) as draft:
    ...         _ = draft.write_text("all of it")
    ...     Path(folder, "a.txt").read_text(), len(os.listdir(folder))
    ('all of it', 1)
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file() and not new:
        yield target  # a folder is refused by who writes to it
        return
    draft = target.with_name(f".{secrets.token_hex(8)}.part")  # short, so that any name that is allowed will do
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666))
        if target.exists():
            draft.chmod(stat.S_IMODE(target.stat().st_mode))
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise type(error)(error.errno, error.strerror, str(path)) from None
    try:
        yield draft
        if durable:
            sync(draft)
        if not new:
            draft.replace(target)
        elif not put(draft, target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        if durable:
            sync(target.parent)
    finally:
        draft.unlink(missing_ok=True)


def put(draft: Path, path: Path) -> bool:
    """Give a finished draft its name, unless another file has it already: two at once cannot both succeed."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            return False
        draft.rename(path)
    return True


def write_whole(path: str | Path, text: str | Iterable[str], *, encoding: str = "utf-8", newline: str = "") -> None:
    r"""Write a text, or its parts, to a file that is there whole or not at all. Line ends are written as they are.

    Raises
    ------
    OSError, UnicodeEncodeError
    """
    with whole_file(path) as draft, draft.open("w", encoding=encoding, newline=newline) as file:
        file.writelines([text] if isinstance(text, str) else text)


def line_end(cells: Iterable[object]) -> str:
    r"""Return what ends the lines of a CSV file with these cells: ``"\n"``, or ``"\r\n"`` where one holds a ``"\r"``.

    `csv` quotes a cell for the characters of the line's end alone, and a bare ``"\r"`` ends a row for most readers.

    Examples
    --------
    >>> line_end(["a", 1, None]), line_end(["a", "two\rrows"])
    ('\n', '\r\n')
    """
    return "\r\n" if any(isinstance(cell, str) and "\r" in cell for cell in cells) else "\n"


#: What may stand before a formula and is no part of it; a quote is none where a file is divided otherwise than it was.
_BLANK = '[\\s\\x00-\\x1f\\u200b-\\u200f\\u2060\\ufeff"]*'
#: Where a spreadsheet may begin a cell, and what would then be a formula; it may also divide cells at ``;`` and tabs.
_RUN = re.compile(rf"(^|[;\t\r\n])(?={_BLANK}[=+\-@\uff1d\uff0b\uff0d\uff20])|^(?=[\t\r\n])")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def spreadsheet_cell(value: object) -> object:
    r"""Return a cell that no spreadsheet runs: a ``'`` stands before what would be a formula; numbers are as they were.

    Formulas begin with ``=``, ``+``, ``-`` or ``@``, wide ones included, whatever blanks stand before them. Where a
    country's lists are divided by ``;``, a spreadsheet divides cells there too.

    Examples
    --------
    >>> spreadsheet_cell("=1+1"), spreadsheet_cell("a; @b"), spreadsheet_cell("-3"), spreadsheet_cell(-3)
    ("'=1+1", "a;' @b", '-3', -3)
    """
    return value if not isinstance(value, str) or _NUMBER.fullmatch(value) else _RUN.sub(r"\g<1>'", value)


def whole_characters(text: str) -> str:
    r"""Return JSON in which halves of characters are escaped, as JSON reads them: so any text can be written to a file.

    Examples
    --------
    >>> whole_characters('"half a character: \ud800, a whole one: é"')
    '"half a character: \\ud800, a whole one: é"'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def sync(path: Path) -> None:
    """Make a file's bytes, or the names in a folder, survive a loss of power; folders where they can be opened.

    Windows opens no folder, and some file systems refuse to sync one, and need it not.
    """
    folder = path.is_dir()
    if folder and os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY if folder else os.O_RDWR)
    try:
        with suppress(OSError) if folder else nullcontext():
            os.fsync(handle)
    finally:
        os.close(handle)
