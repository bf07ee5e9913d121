"""What a person says of fields that are open: a mapping, or a TOML file."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from privkit.errors import FileError, ParameterError
from privkit.errors.root import type_told
from privkit.errors.study import DossierError


def read_answers(answers: object) -> dict[Any, Any]:
    """Return answers by the ids of their fields, from a mapping (nested or with dots) or a TOML file.

    Raises
    ------
    DossierError
        If the file is no TOML.
    FileError
        If it cannot be read.
    ParameterError

    Examples
    --------
    >>> read_answers({"registry": {"basic": {"data_curators": ["Ada"]}}, "nist.8": "nothing"})
    {'registry.basic.data_curators': ['Ada'], 'nist.8': 'nothing'}
    """
    if answers is None:
        return {}
    if isinstance(answers, Mapping):
        return dict(_flat(answers))
    if not isinstance(answers, str | os.PathLike):
        raise ParameterError.of("answers", type_told(answers), "a mapping of fields, or the path of a TOML file")
    place = Path(answers)
    try:
        return dict(_flat(tomllib.loads(place.read_text(encoding="utf-8-sig"))))
    except FileNotFoundError:
        raise FileError.of(place.name, "there is no such file") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):  # its text quotes the file
        raise DossierError.of([f"The answers in {place.name!r} are no TOML."]) from None
    except (OSError, ValueError) as error:  # a name with a null character is a ValueError
        told = getattr(error, "strerror", None) or "its name is none"
        raise FileError.of(place.name, f"it cannot be read ({told})") from None


def _flat(said: Mapping[Any, Any], before: str = "") -> Iterator[tuple[Any, Any]]:
    for name, value in said.items():
        whole = f"{before}.{name}" if before else name
        if isinstance(value, Mapping):
            yield from _flat(value, str(whole))
        else:
            yield whole, value
