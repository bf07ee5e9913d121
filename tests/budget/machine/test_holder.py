"""Who holds a reservation: the living are told from the dead, on machines without a network card too (L5)."""

from __future__ import annotations

import os
import signal
import uuid
from dataclasses import replace

import pytest
from budget_terms import eps, terms
from crashes import ended, fork

from privkit.budget.ledger import Ledger
from privkit.budget.machine import process as holder
from privkit.budget.machine.process import Holder


@pytest.fixture
def surroundings(monkeypatch):
    """Let a test say what is known of the machine."""

    def known(*, card=0x02_42_AC_11_00_02 | 0, machine_id="", boot="boot-1", space="pid:[1]"):
        holder._surroundings.cache_clear()
        texts = {"/etc/machine-id": machine_id, "/proc/sys/kernel/random/boot_id": boot}
        read = holder._read
        monkeypatch.setattr(holder, "_read", lambda path: texts[path] if path in texts else REAL_READ(path))
        monkeypatch.setattr(holder, "_link", lambda path: space)
        monkeypatch.setattr(uuid, "getnode", lambda: card() if callable(card) else card)
        return read

    yield known
    holder._surroundings.cache_clear()


REAL_READ = holder._read
DRAWN = iter(range(1 << 40, (1 << 40) + 100))


def without_a_card():
    """What Python draws anew in each process where there is no card."""
    return next(DRAWN)


def test_a_dead_process_is_known_without_a_network_card(surroundings):
    surroundings(card=without_a_card)
    mine = Holder.this()
    surroundings(card=without_a_card)  # another process on the same machine draws another number
    assert mine.alive() is True
    pid = fork(lambda: None)
    gone = replace(mine, pid=pid)
    assert ended(pid) == 0
    assert gone.alive() is False
    assert replace(mine, started="1").alive() is False  # the number was given to another process


def test_a_kill_without_a_network_card_is_an_orphan_at_once(surroundings, tmp_path):
    surroundings(card=without_a_card)
    account = Ledger.open(tmp_path / "ledger.db").begin("churn", terms(3))
    pid = fork(lambda: (account.reserve("k", {}, eps(0.5)), os.kill(os.getpid(), signal.SIGKILL)))
    assert ended(pid) == -signal.SIGKILL
    surroundings(card=without_a_card)
    assert [entry.state for entry in account.entries()] == ["orphaned"]


CARD = 0x0A_1B_2C_3D_4E_5F & ~(1 << 40)


@pytest.mark.parametrize(
    ("before", "after", "alive"),
    [
        ({"card": CARD}, {"card": CARD, "boot": "boot-2"}, False),  # the same machine, started anew
        ({"machine_id": "m", "card": without_a_card}, {"machine_id": "m", "card": without_a_card, "boot": "b"}, False),
        ({"card": CARD}, {"card": CARD + 1, "boot": "boot-2"}, None),  # another machine
        ({"card": without_a_card}, {"card": without_a_card, "boot": "boot-2"}, None),  # which of both, nobody knows
        ({"card": CARD}, {"card": CARD, "space": "pid:[2]"}, None),  # another container
        ({"card": CARD, "boot": ""}, {"card": CARD, "boot": ""}, True),  # no boot id: not Linux
        ({"card": CARD, "boot": ""}, {"card": CARD + 1, "boot": ""}, None),
        ({"card": without_a_card, "boot": ""}, {"card": without_a_card, "boot": ""}, None),
    ],
)
def test_what_can_be_seen_from_elsewhere(surroundings, before, after, alive):
    surroundings(**before)
    mine = Holder.this()
    surroundings(**after)
    assert mine.alive() is alive


def test_what_an_earlier_version_wrote_is_read(surroundings):
    surroundings(card=CARD)
    mine = Holder.this()
    earlier = replace(Holder.parse(str(mine)), machine="0123456789ab")  # it named the machine otherwise
    assert earlier.alive() is True
    assert replace(earlier, boot="0123456789ab").alive() is None
