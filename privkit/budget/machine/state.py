"""The user's state folder: where keys and anchors live, outside the ledger."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from platformdirs import user_state_path

from privkit.values.files import put, sync


def state_folder() -> Path:
    """Return the folder of privkit's state: ``PRIVKIT_STATE_DIR``, else the platform's place for it.

    The folder may not exist yet.

    Raises
    ------
    OSError
        If it cannot be told where it is, since there is no home folder.
    """
    try:
        named = os.environ.get("PRIVKIT_STATE_DIR")
        place = Path(named).expanduser() if named else user_state_path("privkit", appauthor=False)
    except RuntimeError:
        raise FileNotFoundError("no home folder") from None
    if not named and not place.is_absolute():  # a home folder that is not known stays a tilde
        raise FileNotFoundError("no home folder")
    return place


def shown_state() -> str:
    """Return the state folder for a message, whether there is one or not."""
    try:
        return str(state_folder())
    except OSError:
        return "the home folder, which this user does not have"


def private_folder(name: str) -> Path:
    """Return a subfolder of the state folder, made for the user alone, as the state folder is if it was not there.

    A state folder that was there before, at a place of the user's choice, keeps its rights: the doctor tells of them.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    state = state_folder()
    folder = state / name
    if not folder.is_dir():
        state.parent.mkdir(parents=True, exist_ok=True)
        for made in (state, folder):
            with suppress(FileExistsError):
                made.mkdir(mode=0o700)
                sync(made.parent)
    for ours in (folder,) if os.environ.get("PRIVKIT_STATE_DIR") else (state, folder):
        if os.name == "posix" and stat.S_IMODE(ours.stat().st_mode) & 0o077:
            with suppress(PermissionError):  # of somebody else
                ours.chmod(0o700)
    return folder


def writable(name: str) -> bool:
    """Whether files can be written into a subfolder of the state folder."""
    try:
        folder = private_folder(name)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def write_private(path: Path, text: str, *, replace: bool, durable: bool = False) -> bool:
    """Write a file for the user alone, whole or not at all; False if it stood there and `replace` is False.

    Parameters
    ----------
    durable : bool
        Whether it must survive a loss of power: then its bytes are on the disk before it gets its name, and its name
        before this returns.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        if replace:
            draft.replace(path)
            written = True
        else:
            written = put(draft, path)
        if durable:
            sync(path.parent)
        return written
    finally:
        draft.unlink(missing_ok=True)
