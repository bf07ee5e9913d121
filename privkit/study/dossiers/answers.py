"""What a person says of fields that are open: a mapping, or a TOML file."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.errors.study import DossierError
from privkit.study.written import writing


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
    with writing(place, "read"):
        text = place.read_bytes()
    try:
        return dict(_flat(tomllib.loads(text.decode("utf-8-sig"))))
    except (ValueError, RecursionError):  # its text quotes the file
        raise DossierError.of([f"The answers in {place.name!r} are no TOML."]) from None


def _flat(said: Mapping[Any, Any], before: str = "") -> Iterator[tuple[Any, Any]]:
    for name, value in said.items():
        whole = f"{before}.{name}" if before else name
        if isinstance(value, Mapping):
            yield from _flat(value, str(whole))
        else:
            yield whole, value
