"""The secret key of a project, and the keyed name of a question, by which its answer is found again."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets

from privkit.budget.canonical import canonical
from privkit.budget.state import private_folder, write_private


def project_key(uid: str) -> bytes | None:
    """Return the secret key of the project with this `uid`, made on first use.

    Teams share one by the environment variable ``PRIVKIT_KEY`` (16 characters or more); otherwise it lies in the user's
    state folder, readable by the user alone. Without a key there is no replay, and every question is a new charge: an
    unkeyed name of a question and its data could be guessed by anyone who reads the ledger.

    Returns
    -------
    bytes or None
        32 bytes; None if the state folder cannot be used.
    """
    if shared := os.environ.get("PRIVKIT_KEY"):
        return hmac.new(shared.encode(), uid.encode(), hashlib.sha256).digest() if len(shared) >= 16 else None
    try:
        path = private_folder("keys") / f"{uid}.key"
        if not path.exists():
            write_private(path, secrets.token_hex(32), replace=False)
        return bytes.fromhex(path.read_text(encoding="ascii"))
    except (OSError, ValueError, RuntimeError):  # RuntimeError: no home folder
        return None


def request_key(key: bytes | None, question: object, data: bytes | str) -> str | None:
    """Return the keyed name of a question on its data: HMAC-SHA-256, in hexadecimal.

    Parameters
    ----------
    key : bytes or None
        From :func:`project_key`.
    question : mapping
        The canonical question.
    data : bytes or str
        The fingerprint of the frame, or its declared version; bytes and text never collide.

    Returns
    -------
    str or None
        None without a key.
    """
    if key is None:
        return None
    told = ["bytes", data.hex()] if isinstance(data, bytes) else ["version", data]
    return hmac.new(key, canonical([question, told]).encode(), hashlib.sha256).hexdigest()
