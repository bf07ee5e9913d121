"""The user's state folder: where keys and anchors live, outside the ledger.

Anchors: what this machine remembers of each project there; so an older copy of its ledger is noticed (L8, L11).
"""

from __future__ import annotations

import json
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from platformdirs import user_state_path

from privkit.budget.canonical import canonical, loss_from
from privkit.budget.store.place import shown_store
from privkit.errors.ledger import LedgerDamagedError
from privkit.values.files import put, sync
from privkit.values.loss import Measure, PrivacyLoss
from privkit.values.show import warn


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


@dataclass(frozen=True, slots=True)
class Anchor:
    """How far a project's chain had come when this machine last wrote to it.

    It lags behind the ledger if a process dies between the two; it never runs ahead, since it is written after the
    ledger's commit.

    Attributes
    ----------
    uid, name : str
        The project.
    store : str
        Where its ledger was.
    seq, hash : int, str
        The head of its chain.
    measure : str
        The name of the project's privacy measure.
    spent : tuple of str
        All that was charged: ε or ρ, and δ.
    ledger, home : str
        The ledger's own id, and which database it lies in; empty in anchors of earlier versions.
    """

    uid: str
    name: str
    store: str
    seq: int
    hash: str
    measure: str
    spent: tuple[str, str]
    ledger: str = ""
    home: str = ""

    @property
    def charged(self) -> PrivacyLoss:
        """All that was charged."""
        return loss_from(self.spent, PrivacyLoss.zero(Measure[self.measure]))


def _read(path: Path) -> Anchor | None:
    """Return the anchor in a file; None if there is none."""
    text = _text(path)
    if text is None or _lost(text):
        return None
    try:
        stored = json.loads(text)
        return Anchor(**{**stored, "spent": tuple(stored["spent"]), "store": shown_store(stored["store"])})
    except (ValueError, TypeError, KeyError):
        raise LedgerDamagedError.anchor(str(path)) from None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:  # there is none; or it cannot be read, which `Book.unwatched` tells
        return None
    except ValueError:
        raise LedgerDamagedError.anchor(str(path)) from None


def _lost(text: str) -> bool:
    """Whether an anchor is what a loss of power may leave of it: a name without contents.

    A file system may write a name before the contents. Like a file that was deleted, it remembers nothing.
    """
    return not text.strip("\0")


def recall(uid: str) -> Anchor | None:
    """Return what is remembered of a project; warn if it got lost.

    Raises
    ------
    LedgerDamagedError
        If something is, and it cannot be read.
    """
    try:
        path = state_folder() / "anchors" / f"{uid}.json"
    except OSError:
        return None
    text = _text(path)
    if text is not None and _lost(text):
        warn(
            f"what this machine remembered of a project, in {path}, is empty, as a loss of power may leave it. If an "
            "older copy of the ledger was put back since, that goes unnoticed."
        )
    return _read(path)


def recall_all() -> list[Anchor]:
    """Return all that is remembered."""
    try:
        paths = sorted((state_folder() / "anchors").glob("*.json"))
    except OSError:
        return []
    found = []
    for path in paths:
        with suppress(LedgerDamagedError):  # told when its own project is opened
            found.append(_read(path))
    return [anchor for anchor in found if anchor is not None]


def remembered_places(word: str = "") -> list[dict[str, str | bool | None]]:
    """Return the projects that this machine wrote to, in whatever folder: name, store, charged, whether it is there.

    A ledger in a folder for temporary files is not remembered. Of one on a server it is not asked whether it is there.

    Parameters
    ----------
    word : str
        Only those in whose name or place it stands; case counts for nothing.
    """
    found: list[dict[str, str | bool | None]] = []
    for anchor in sorted(recall_all(), key=lambda one: (one.name, one.store)):
        if word.casefold() in f"{anchor.name}\n{anchor.store}".casefold():
            there = None if "://" in anchor.store else Path(anchor.store).exists()
            found.append(
                {"project": anchor.name, "store": anchor.store, "charged": str(anchor.charged), "there": there}
            )
    return found


def remember(anchor: Anchor, *, force: bool = False) -> bool:
    """Write an anchor down, unless a later one stands there; False if the state folder cannot be written.

    Parameters
    ----------
    anchor : Anchor
    force : bool
        Write it even if a later one stands there: the owner adopted an older copy.
    """
    try:
        path = private_folder("anchors") / f"{anchor.uid}.json"
        before = None if force else _read(path)
        if before is None or before.seq < anchor.seq:
            # The first is synced. One in the place of another is not, at each release: most file systems write its
            # contents out as they give it the name, and one whose contents are lost is told (`recall`).
            write_private(path, canonical(asdict(anchor)), replace=True, durable=before is None)
    except OSError:
        return False
    return True


def retire(anchor: Anchor, reason: str) -> None:
    """Forget a project whose ledger is gone, keeping the reason beside it."""
    path = private_folder("anchors") / f"{anchor.uid}.json"
    write_private(path.with_suffix(".retired"), canonical({**asdict(anchor), "reason": reason}), replace=True)
    path.unlink(missing_ok=True)
