"""Interrupts at every line of a call, and a check of what they leave behind. Used by the fast and the slow tests."""

from __future__ import annotations

import gc
import linecache
import signal
import sqlite3
import sys
import warnings
from collections import Counter

import pandas as pd

import privkit as pk
from privkit.budget.entry import in_hand
from privkit.errors.project import OrphanedReleaseError
from privkit.values.interrupts import _note

COST = 0.01


class Lines:
    """Counts the lines that a call passes, in files that `chosen` names, and raises at one of them."""

    def __init__(self, chosen, at=None, error=KeyboardInterrupt):
        self.chosen, self.at, self.error = chosen, at, error
        self.count, self.where = 0, ""
        self.last = {}

    def __enter__(self):
        sys.settrace(self._enter)
        return self

    def __exit__(self, *_):
        sys.settrace(None)
        self.last.clear()

    def _enter(self, frame, event, arg):
        name, caller = frame.f_code.co_filename, frame.f_back
        # An exception in OpenDP's bindings, or in what they call back, can end the process: all is as after a kill.
        if "/opendp/" in name or (caller is not None and "/opendp/" in caller.f_code.co_filename):
            return None
        return self._line if self.chosen(name) else None

    def _line(self, frame, event, arg):
        if event == "line" and signal.getsignal(signal.SIGINT) is not _note:  # there an interrupt waits
            back = frame.f_lineno < self.last.get(frame, 0)
            self.last[frame] = frame.f_lineno
            # From the last line of a with block to its __exit__ CPython looks for no signal, so none can fall there;
            # an __exit__ in Python has lines of its own.
            if back and linecache.getline(frame.f_code.co_filename, frame.f_lineno).lstrip().startswith("with "):
                return self._line
            self.count += 1
            if self.count == self.at:
                self.where = f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}"
                sys.settrace(None)
                raise self.error
        return self._line


def of_privkit(name):
    """The lines of privkit and of its context managers."""
    return "/privkit/" in name or name.endswith("contextlib.py")


def of_ledger(name):
    """The lines of the ledger, of what asks it, and of their context managers."""
    return "/privkit/budget/" in name or name.endswith(("project/release.py", "contextlib.py"))


def of_all(name):
    """All lines in Python: privkit's, SQLAlchemy's, pandas', the standard library's."""
    return "/tests/" not in name


def free(path):
    """Whether nobody holds a lock on a file."""
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return True


def ask(frame, number, **options):
    return frame.privacy.dp_count(where=f"x != {number}", epsilon=COST, **options)


def interrupted(project, path, frame, number, chosen, at):
    """Interrupt a release at one line, and ask again: return (what became of it, where); raise for a broken promise.

    The interrupt is kept, as a notebook keeps it, with all the frames in its traceback.
    """
    account = project.account
    before = account.balance()
    kept = None
    lines = Lines(chosen, at)
    try:
        with lines:
            ask(frame, number)
    except KeyboardInterrupt as error:
        kept = error
    except Exception as error:  # noqa: BLE001 - OpenDP makes one of its own of what interrupts its callbacks
        kept = error
    if not lines.where:
        return "past the end", ""
    assert free(path), f"a lock outlived the call: {lines.where}"
    after = account.balance()
    charged = after.entries - before.entries
    assert charged in (0, 1), lines.where
    entry = account.entry(after.entries) if charged else None
    assert entry is None or entry.state in ("committed", "orphaned", "failed"), f"{entry.state}: {lines.where}"
    told = " ".join(getattr(kept, "__notes__", [])) if kept is not None else "swallowed"
    if isinstance(kept, KeyboardInterrupt):
        # Before the question is made there is no budget to speak of.
        expected = ("", "No budget was spent.") if entry is None else (f"was spent (ledger entry {entry.seq})",)
        assert any(words in told if words else not told for words in expected), (
            f"{told!r} for {entry and entry.state}: {lines.where}"
        )
    try:
        again = ask(frame, number)
    except OrphanedReleaseError as error:
        assert entry is not None, lines.where
        assert error.entry == entry.seq, lines.where  # noqa: PT017
        outcome = entry.state
    else:
        assert again.replayed == (entry is not None), lines.where
        outcome = "committed" if entry is not None else "not begun"
    assert account.balance().entries == before.entries + 1 or outcome != "not begun", lines.where
    assert account.balance().reserved.main == 0, lines.where
    del kept
    return outcome, lines.where


def every_line(folder, chosen, step=1):
    """Interrupt a release at every line (or every `step`-th); return how often it ended how."""
    path = folder / "ledger.db"
    project = pk.open_project("interrupted", epsilon=1000, unit=pk.ROW, store=path)
    frame = pd.DataFrame({"x": [1, 2, 3]})
    ask(frame, -1)  # what is only done once is done
    gc.collect()
    held = len(in_hand)  # by other tests of this process
    found = Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        at, past = 1, 0
        while past < 40:  # how many lines a call passes differs a little from one to the next
            outcome, _ = interrupted(project, path, frame, 10 + at, chosen, at)
            past = past + 1 if outcome == "past the end" else 0
            found[outcome] += 1
            at += step
    del found["past the end"]
    gc.collect()
    assert len(in_hand) <= held
    assert project.ledger.verify().entries == project.account.balance().entries
    return found, at
