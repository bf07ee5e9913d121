"""Anchors: what this machine remembers of each project, outside its ledger; so an older copy is noticed (L8, L11)."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from privkit.budget.canonical import canonical, loss_from
from privkit.budget.machine.state import private_folder, state_folder, write_private
from privkit.budget.store.place import shown_store
from privkit.errors.ledger import LedgerDamagedError
from privkit.values.loss import Measure, PrivacyLoss
from privkit.values.show import warn


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
