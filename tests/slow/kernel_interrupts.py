"""Interrupts of the ledger: real ones in a real kernel, and an exception at every line that a release passes.

Run ``python -m pytest tests/slow/kernel_interrupts.py -s``; some minutes.
"""

from __future__ import annotations

import json
import os
import queue
import random
import re
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

sys.path.insert(0, str(Path(__file__).parents[1] / "budget"))

from interrupts import every_line, free, of_all, of_privkit

ROUNDS = int(os.environ.get("PRIVKIT_TEST_INTERRUPTS", "300"))
#: Stands for a result that was shown.
SHOWN = "(shown)"
SETUP = """
import faulthandler, json, signal, warnings
faulthandler.register(signal.SIGUSR1, open({stacks!r}, "w"), all_threads=True)
import pandas as pd, privkit as pk
warnings.simplefilter("ignore")
project = pk.open_project("interrupted", epsilon=100000, unit=pk.ROW, store={store!r})
df = pd.DataFrame({{"x": range({rows})}})
def ask(number):
    return df.privacy.dp_count(where=f"x != {{number}}", epsilon=0.01)
def look(number):
    before = project.account.balance().entries
    try:
        found = "committed" if ask(number).replayed else "not begun"
    except pk.errors.OrphanedReleaseError as error:
        found = "orphaned"
    except pk.errors.PendingReleaseError:
        found = "PENDING"
    after = project.account.balance()
    print(json.dumps([found, after.entries - before, str(after.reserved.main), before]))
ask(-1)
"""


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    monkeypatch.setenv("PRIVKIT_STATE_DIR", str(tmp_path / "state"))
    manager, client = start_new_kernel(kernel_name="python3")
    yield manager, client
    manager.shutdown_kernel(now=True)


def run(client, code, meanwhile=None, timeout=40):
    """Run a cell; return what it printed, and its traceback."""
    sent = client.execute(code)
    if meanwhile is not None:
        meanwhile()
    printed, traceback = "", ""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        message = client.get_iopub_msg(timeout=timeout)
        if message["parent_header"].get("msg_id") != sent:
            continue
        content = message["content"]
        if message["msg_type"] == "stream":
            printed += content["text"]
        elif message["msg_type"] in ("execute_result", "display_data"):
            printed += SHOWN
        elif message["msg_type"] == "error":
            traceback = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(content["traceback"]))
        elif message["msg_type"] == "status" and content["execution_state"] == "idle":
            return printed, traceback
    raise queue.Empty


@pytest.mark.parametrize("rows", [1_000, 2_000_000])
def test_real_interrupts_at_random_moments_leave_nothing_waiting(kernel, tmp_path, rows):
    manager, client = kernel
    path, stacks = tmp_path / "ledger.db", tmp_path / "stacks"
    printed, traceback = run(client, SETUP.format(store=str(path), rows=rows, stacks=str(stacks)))
    assert traceback == "", traceback
    start = time.monotonic()
    for number in range(5):
        run(client, f"ask({-10 - number})")
    usual = (time.monotonic() - start) / 5
    found, told, lost = Counter(), Counter(), 0
    for number in range(ROUNDS // 2):

        def meanwhile():
            time.sleep(random.uniform(0, usual * 1.1))
            manager.interrupt_kernel()

        try:
            shown, traceback = run(client, f"ask({number})", meanwhile)
        except (queue.Empty, ValueError):
            # A kernel without privkit does this too, about once in 1,500 interrupts: it ends, or loses a message.
            alive = manager.is_alive()
            if alive:
                manager.signal_kernel(signal.SIGUSR1)
                time.sleep(1)
            assert "privkit/" not in stacks.read_text(), stacks.read_text()
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            manager.start_kernel()
            client = manager.client()
            client.start_channels()
            client.wait_for_ready(timeout=60)
            run(client, SETUP.format(store=str(path), rows=rows, stacks=str(stacks)))
            shown, traceback, lost = "", "", lost + 1
        assert free(path), f"a lock outlived the interrupt\n{traceback}"
        printed, trouble = run(client, f"look({number})")
        assert trouble == "", trouble
        outcome, charged, reserved, _ = json.loads(printed)
        assert outcome in ("committed", "orphaned", "not begun"), f"{outcome}\n{traceback}"
        assert charged == (1 if outcome == "not begun" else 0), traceback
        assert float(reserved) == 0, traceback
        assert SHOWN not in shown or outcome == "committed", shown
        if "MeasurementError: " in traceback:  # an engine made a failure of the interrupt
            outcome = f"told as a failed measurement, {outcome}"
        elif "KeyboardInterrupt" not in traceback:
            assert not traceback, traceback
            # A cell that shows nothing was given up by the kernel before it ran.
            outcome = f"no traceback, {outcome}{', shown' if SHOWN in shown else ''}"
        elif outcome == "committed" and "project/release.py" not in traceback:
            # The call had returned: its answer is stored, and the interrupt fell on the way to its being shown.
            outcome = "committed, interrupted after the call"
        elif outcome != "not begun":
            assert "was spent (ledger entry" in traceback, traceback
            told["told what was spent"] += 1
        else:
            assert "was spent (ledger entry" not in traceback, traceback
            told["told that nothing was"] += "No budget was spent." in traceback
        found[outcome] += 1
    print(f"\n{rows} rows, {usual * 1000:.0f} ms each: {dict(found)}; {dict(told)}; {lost} kernels lost", end=" ")
    printed, trouble = run(client, "print(project.ledger.verify())")
    assert "holds" in printed, trouble


@pytest.mark.parametrize(("chosen", "step"), [(of_privkit, 1), (of_all, 23)], ids=["privkit", "all"])
def test_an_exception_at_every_line_leaves_nothing_waiting(tmp_path, chosen, step):
    found, lines = every_line(tmp_path, chosen, step)
    print(f"\n{lines} lines, one in {step}: {dict(found)}", end=" ")
    assert min(found["not begun"], found["orphaned"], found["committed"]) > 0
