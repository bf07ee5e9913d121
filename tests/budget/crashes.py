"""Processes that spend and are killed, and a checker of what they leave behind. Used by the fast and the slow tests."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from budget_terms import eps
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from privkit.budget.entry import Entry
from privkit.budget.ledger import Ledger
from privkit.errors.project import InsufficientBudgetError, OrphanedReleaseError, PendingReleaseError
from privkit.values.loss import PrivacyLoss

if TYPE_CHECKING:
    from pathlib import Path


class Steps:
    """Counts the statement boundaries of this process, and kills it at one of them."""

    def __init__(self, at: int | None = None) -> None:
        self.count, self.at = 0, at
        for name in ("before_cursor_execute", "after_cursor_execute"):
            event.listen(Engine, name, self._step)
        self._commit, self._begin = Connection._commit_impl, Connection._begin_impl
        Connection._commit_impl = self._around(self._commit)
        Connection._begin_impl = self._around(self._begin)

    def _around(self, call):
        def stepping(*args, **kwargs):
            self._step()
            result = call(*args, **kwargs)
            self._step()
            return result

        return stepping

    def _step(self, *_args) -> None:
        self.count += 1
        if self.count == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def fork(work) -> int:
    """Run `work` in a forked child; return its process id."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        work()
        code = 0
    except BaseException as error:  # noqa: BLE001 - told below, and by the exit code
        os.write(2, f"child failed: {type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def ended(pid: int) -> int:
    """Wait for a child; return its exit code, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def note(history: Path, *words: object) -> None:
    """Append one line to a history that survives the process (though not the machine)."""
    with history.open("ab", buffering=0) as file:
        file.write((" ".join(str(word) for word in words) + "\n").encode())


def spend(account, key: str, cost, history: Path, *, again: bool = False) -> str | None:
    """Release once as project.py does it, and note what was drawn and what was shown."""
    held = account.reserve(key, {"ask": key}, cost, again=again, wait=5)
    if isinstance(held, Entry):
        note(history, "shown", key, held.seq, held.answer)
        return held.answer
    answer = f"{key}:{random.SystemRandom().getrandbits(64)}"
    note(history, "drawn", key, held.seq, answer)
    entry = account.commit(held, answer)
    note(history, "shown", key, entry.seq, entry.answer)
    return answer


@dataclass
class Found:
    """What a check counted."""

    drawn: int = 0
    shown: int = 0
    entries: int = 0
    orphans: int = 0
    violations: tuple[str, ...] = ()


def check(store, limit: PrivacyLoss, histories: list[Path], name: str = "churn") -> Found:
    """Compare what processes saw with what the ledger holds; return every broken promise."""
    account = Ledger.open(store).account(name)
    charged = account.verify().charged  # raises if the chain does not hold
    by_number = {entry.seq: entry for entry in account.entries()}
    wrong = []
    if not charged.fits(limit):
        wrong.append(f"L2 overspent: {charged} of {limit}")
    if sum((entry.cost for entry in by_number.values()), PrivacyLoss.zero(limit.measure)) != charged:
        wrong.append("L6 the totals are not the sum of the entries")
    drawn, shown, answers = set(), 0, defaultdict(set)
    lines = [line.split() for file in histories if file.exists() for line in file.read_text().splitlines()]
    for act, key, number, answer in lines:
        entry = by_number.get(int(number))
        if entry is None:
            wrong.append(f"L1 {act} without a charge: entry {number}")
        elif act == "drawn":
            drawn.add(int(number))
        else:
            shown += 1
            answers[key, entry.draw].add(answer)
            if (entry.state, entry.answer) != ("committed", answer):
                wrong.append(f"L1 shown but not stored: entry {number}")
    wrong += [f"L4 two answers of one draw: {key}" for key, found in answers.items() if len(found) > 1]
    draws = [(entry.key, entry.draw) for entry in by_number.values() if entry.key]
    if len(draws) != len(set(draws)):
        wrong.append("L4 one draw was charged twice")
    orphans = sum(entry.state == "orphaned" for entry in by_number.values())
    return Found(len(drawn), shown, len(by_number), orphans, tuple(wrong))


def writer(store, history: Path, keys: int, cost: PrivacyLoss, name: str = "churn") -> None:
    """Spend on random keys until killed or until the budget is used up."""
    account = Ledger.open(store).account(name)
    generator = random.Random(os.getpid() ^ time.monotonic_ns())
    while True:
        key = f"k{generator.randrange(keys)}"
        try:
            spend(account, key, cost, history, again=generator.random() < 0.3)
        except OrphanedReleaseError as error:
            note(history.with_suffix(".orphans"), error.entry)
            spend(account, key, cost, history, again=True)
        except PendingReleaseError:
            pass
        except InsufficientBudgetError:
            return


def random_kills(store, folder: Path, *, kills: int, writers: int = 4) -> Found:
    """Kill writers at random moments, each time another is started in its place."""
    limit = eps(1000)
    files = [folder / f"history{index}" for index in range(kills + writers)]
    running = [fork(lambda file=file: writer(store, file, 40, eps(0.01))) for file in files[:writers]]
    end = time.monotonic() + 60
    while not any(file.exists() and "shown" in file.read_text() for file in files) and time.monotonic() < end:
        time.sleep(0.01)  # on a busy machine the first releases take long, and kills before them show nothing
    for file in files[writers:]:
        time.sleep(random.uniform(0.005, 0.12))
        victim = running.pop(random.randrange(writers))
        os.kill(victim, signal.SIGKILL)
        ended(victim)
        running.append(fork(lambda file=file: writer(store, file, 40, eps(0.01))))
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        ended(pid)
    return check(store, limit, files)


def crowd(store, folder, *, processes, spends, limit):
    """Spend 0.1 each at once; return how often it was granted."""

    def child(index):
        account = Ledger.open(store).account("churn")
        granted = 0
        for turn in range(spends):
            try:
                spend(account, f"{index}-{turn}", eps(0.1), folder / f"history{index}")
                granted += 1
            except InsufficientBudgetError:
                pass
        (folder / f"granted{index}").write_text(str(granted))

    children = [fork(lambda index=index: child(index)) for index in range(processes)]
    assert [ended(pid) for pid in children] == [0] * processes
    found = check(store, limit, [folder / f"history{index}" for index in range(processes)])
    assert found.violations == (), found
    return sum(int((folder / f"granted{index}").read_text()) for index in range(processes))
