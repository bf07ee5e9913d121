"""The user's state folder: where keys and anchors live, outside the ledger."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path


def state_folder() -> Path:
    """Return the folder of privkit's state: ``PRIVKIT_STATE_DIR``, else the platform's place for it.

    The folder may not exist yet.
    """
    if named := os.environ.get("PRIVKIT_STATE_DIR"):
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "privkit"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "privkit"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "privkit"


def private_folder(name: str) -> Path:
    """Return a subfolder of the state folder, made for the user alone.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    folder = state_folder() / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def write_private(path: Path, text: str, *, replace: bool) -> bool:
    """Write a file for the user alone, whole or not at all; False if it stood there and `replace` is False.

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
        if replace:
            draft.replace(path)
            return True
        return put(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def put(draft: Path, path: Path) -> bool:
    """Give a finished draft its name, unless another file has it already: two at once cannot both succeed."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError:  # a file system without hard links
        if path.exists():
            return False
        draft.rename(path)
    return True
