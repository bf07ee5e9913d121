"""What can be seen of a call: its outcome, what it prints, what it warns of."""

from __future__ import annotations

import io
import os
import re
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from typing import Any

import privkit as pk


@dataclass
class Seen:
    """What can be seen of a call, by name; and the plan that was made."""

    what: dict[str, Any] = field(default_factory=dict)
    plan: Any = None


@contextmanager
def watched(seen: Seen, turn: str) -> Iterator[None]:
    """Catch whatever is raised, printed or warned of; printed is what either of the process's streams gets."""
    with tempfile.TemporaryFile() as caught, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        kept = [os.dup(stream) for stream in (1, 2)]
        for stream in (1, 2):
            os.dup2(caught.fileno(), stream)
        said = io.StringIO()
        try:
            with redirect_stdout(said), redirect_stderr(said):
                yield
        except BaseException as error:  # noqa: BLE001
            seen.what[f"{turn} outcome"] = _told(error)
        finally:
            for stream, descriptor in zip((1, 2), kept, strict=True):
                os.dup2(descriptor, stream)
                os.close(descriptor)
        caught.seek(0)
        seen.what[f"{turn} printed"] = caught.read().decode("utf-8", "replace") + said.getvalue()
        seen.what[f"{turn} warned"] = sorted({f"{w.category.__name__}: {w.message}" for w in warned if _ours(w)})


def _ours(warning: warnings.WarningMessage) -> bool:
    return not issubclass(warning.category, ResourceWarning)


def _told(error: BaseException) -> str:
    ours = isinstance(error, pk.PrivkitError)
    text = re.sub(r"entry \d+|t\d+|p\d+|\d+ left|\d[\d,.]* of", "N", str(error)) if ours else "(raw)"
    hidden = error.__context__ is None or (error.__suppress_context__ and not isinstance(error, pk.MeasurementError))
    return f"{type(error).__name__}: {text}" + ("" if hidden or not ours else " with a context")
