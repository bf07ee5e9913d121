"""Ctrl-C waits while compiled code calls Python back, and comes through where Python works."""

from __future__ import annotations

import signal
import threading

import pandas as pd
import pytest

import privkit as pk
from privkit.dp.measurement import Rows
from privkit.dp.opendp import features
from privkit.values.interrupts import let_in, put_off


@pytest.fixture(autouse=True)
def of_python():
    """Let Python handle Ctrl-C, whatever another test's library has put in its place (Spark does)."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt():
    signal.raise_signal(signal.SIGINT)


def test_an_interrupt_waits_for_the_end_of_the_outermost_block():
    reached = []
    with pytest.raises(KeyboardInterrupt), put_off():
        with put_off():
            interrupt()
            reached.append("inner")
        reached.append("outer")
    assert reached == ["inner", "outer"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with put_off():  # what came before is forgotten
        pass


@pytest.mark.parametrize("early", [True, False])
def test_it_comes_through_where_it_is_let_in(early):
    reached = []
    with put_off():
        if early:
            interrupt()
        with pytest.raises(KeyboardInterrupt), let_in():
            interrupt()
            reached.append("never")
        with let_in(), put_off():  # a library within: it waits again
            reached.append("inside")
    assert reached == ["inside"]


def test_nothing_changes_in_other_threads_or_where_somebody_else_decides():
    found = []

    def work():
        with put_off(), let_in():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with put_off():
            found.append(signal.getsignal(signal.SIGINT))
    finally:
        signal.signal(signal.SIGINT, before)
    assert found == [signal.default_int_handler, signal.SIG_IGN]


def test_reading_rows_is_interrupted_at_once_and_opendp_is_not():
    rows = Rows("data")
    with pytest.raises(KeyboardInterrupt), features():
        with pytest.raises(ValueError, match="could not be read"):
            rows.read(lambda data: interrupt())
        assert rows.interrupted
        interrupt()


@pytest.mark.parametrize("moment", ["map", "release"])
def test_an_interrupt_in_what_opendp_calls_back_comes_out_as_one(ledger_path, monkeypatch, moment):
    project = pk.open_project("interrupted", epsilon=1, unit=pk.ROW, store=ledger_path)
    frame = pd.DataFrame({"x": [1, 2, 3]})
    from privkit.dp import measurement as stability

    exact = stability.exact_cells if moment == "release" else None
    called = []

    def interrupts(*args):
        called.append(1)
        interrupt()
        return exact(*args)

    if exact is None:
        from opendp.mod import Measurement

        made = Measurement.map
        monkeypatch.setattr(Measurement, "map", lambda *args: (called.append(1), interrupt(), made(*args))[2])
    else:
        monkeypatch.setattr(stability, "exact_cells", interrupts)
    with pytest.raises(KeyboardInterrupt):
        frame.privacy.dp_count(epsilon=0.25)
    assert called
    assert [entry.state for entry in project.account.entries()] == ([] if moment == "map" else ["orphaned"])
