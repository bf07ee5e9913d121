"""A policy's TOML, and the line that each of its rules stands in: the standard library's reader tells none."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from privkit.errors.engines import FileError
from privkit.errors.study import PolicyError

Lines = Mapping[tuple[str, ...], int]
#: Where the reader's own message says that it stopped; the rest of that message may quote the file.
_STOPPED = re.compile(r"\(at line (\d+), column \d+\)")


def read_policy(path: str | os.PathLike[str]) -> tuple[dict[str, Any], Lines]:
    """Return what a file says, and the line of each of its tables and keys.

    Raises
    ------
    FileError
        If it cannot be read.
    PolicyError
        If it is no TOML, with the line where that shows. Nothing of the file is quoted.
    """
    place = Path(path)
    try:
        text = place.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FileError.of(place.name, "there is no such file") from None
    except UnicodeDecodeError:
        raise PolicyError.of([(None, "It is no text in UTF-8.")]) from None
    except (OSError, ValueError) as error:  # a name with a null character is a ValueError
        told = getattr(error, "strerror", None) or "its name is none"
        raise FileError.of(place.name, f"it cannot be read ({told})") from None
    try:
        return tomllib.loads(text), lines_of(text)
    except tomllib.TOMLDecodeError as error:
        stopped = _STOPPED.search(str(error))
        raise PolicyError.of([(int(stopped[1]) if stopped else None, "This is no TOML.")]) from None
    except RecursionError:
        raise PolicyError.of([(None, "It is nested too deeply.")]) from None


def lines_of(text: str) -> dict[tuple[str, ...], int]:
    r"""Return the first line of each table and key of a text that is TOML.

    A statement of TOML ends with a line, and no beginning of one is a statement by itself. So what is read line by
    line until the reader takes it is one statement, whatever strings and arrays it holds.

    Examples
    --------
    >>> lines_of('# limits\n[goal]\nqi = [\n  "zip",\n]\nk = 5\n')
    {('goal',): 2, ('goal', 'qi'): 3, ('goal', 'k'): 6}
    """
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    held: list[str] = []
    for number, line in enumerate(re.split(r"\r?\n", text), 1):
        held.append(line)
        try:
            said = tomllib.loads("\n".join(held))
        except tomllib.TOMLDecodeError:
            continue
        begun = number - len(held) + 1
        opens = held[0].lstrip().startswith("[")
        held = []
        path = _path(said)
        if opens:
            table = path
        for end in range(1, len(path) + 1):
            found.setdefault(path[:end] if opens else (*table, *path[:end]), begun)
    return found


def _path(said: Any) -> tuple[str, ...]:
    """Return the names that lead to what one statement sets, as far as they are one way."""
    path: list[str] = []
    while isinstance(said, dict) and len(said) == 1:
        [(name, said)] = said.items()
        path.append(name)
    return tuple(path)
