"""The secret key of a project, and the keyed name of a question, by which its answer is found again."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import warnings
from typing import TYPE_CHECKING

from privkit.budget.canonical import canonical
from privkit.budget.state import private_folder, state_folder, write_private
from privkit.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What names of the present form begin with. Those of the first form are hexadecimal digits alone.
FORM = "v2:"


def project_key(uid: str) -> bytes | None:
    """Return the secret key of the project with this `uid`, made on first use.

    Teams share one by the environment variable ``PRIVKIT_KEY`` (16 characters or more); otherwise it lies in the user's
    state folder, readable by the user alone. Without a key there is no replay, and every question is a new charge: an
    unkeyed name of a question and its data could be guessed by anyone who reads the ledger.

    Returns
    -------
    bytes or None
        32 bytes; None, with a warning, if the state folder cannot be used.

    Raises
    ------
    ParameterError
        If ``PRIVKIT_KEY`` is too short to keep a secret.
    """
    if shared := os.environ.get("PRIVKIT_KEY"):
        if len(shared) < 16:
            found = f"{len(shared)} characters"
            raise ParameterError.of("open_project", "PRIVKIT_KEY", found, "16 characters or more")
        return hmac.new(shared.encode(), uid.encode(), hashlib.sha256).digest()
    try:
        path = private_folder("keys") / f"{uid}.key"
        if not path.exists():
            write_private(path, secrets.token_hex(32), replace=False)
        return bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError, RuntimeError):  # RuntimeError: no home folder
        warnings.warn(
            f"the project's key in {state_folder()} cannot be used: no answer is replayed, so every question is "
            "charged anew. Set PRIVKIT_STATE_DIR to a folder of your own, or PRIVKIT_KEY.",
            UserWarning,
            stacklevel=2,
        )
        return None


def request_key(key: bytes | None, question: object, data: bytes | str, schema: object = None) -> str | None:
    """Return the keyed name of a question on its data: HMAC-SHA-256, in hexadecimal, with its form before it.

    Parameters
    ----------
    key : bytes or None
        From :func:`project_key`.
    question : mapping
        The canonical question.
    data : bytes or str
        The fingerprint of the frame, or its declared version; bytes and text never collide.
    schema : list, optional
        Beside a version: the names and kinds of all columns, so that it names a state of one table alone.

    Returns
    -------
    str or None
        None without a key.

    Examples
    --------
    >>> request_key(b"k", {}, "2026-11", [["a", "text"]]) == request_key(b"k", {}, "2026-11", [["b", "text"]])
    False
    """
    told = ("bytes", data.hex()) if isinstance(data, bytes) else ("version", data, schema)
    return None if key is None else FORM + _named(key, question, told)


def first_request_key(key: bytes | None, question: object, data: bytes | str) -> str | None:
    """Return the name that the first form gave, in which a version named no table."""
    told = ("bytes", data.hex()) if isinstance(data, bytes) else ("version", data)
    return None if key is None else _named(key, question, told)


def _named(key: bytes, question: object, told: Sequence[object]) -> str:
    return hmac.new(key, canonical([question, list(told)]).encode(), hashlib.sha256).hexdigest()
