"""Searches at their limits: wide keys, a billion nodes, a time limit, an interruption; what they return and say."""

from __future__ import annotations

import math
import signal
import time

import numpy as np
import pandas as pd
import pytest
from transform_people import HOW, QI, sizes

from privkit.anonymity.alpha_k import AlphaK
from privkit.anonymity.kanonymity import KAnonymity
from privkit.anonymity.ldiversity import LDiversity
from privkit.errors.anonymity import InfeasibleError
from privkit.transform.anonymize import anonymize
from privkit.transform.hierarchies.hierarchy import Hierarchy


def wide(columns, levels, rows=300):
    random = np.random.default_rng(3)
    frame = pd.DataFrame({f"c{n}": random.integers(0, 64, rows) for n in range(columns)})
    rungs = {name: Hierarchy.intervals(*[2**n for n in range(1, levels)], lower=0, upper=64) for name in frame.columns}
    return frame, rungs


def test_keys_of_more_than_62_bits_give_the_same_optimum():
    frame, rungs = wide(3, 4)
    frame = frame.assign(**{f"d{n}": frame["c0"] // 2 for n in range(9)})
    more = {f"d{n}": Hierarchy.intervals(2, 4, 8, 16, lower=0, upper=64) for n in range(9)}
    keep = [f"d{n}" for n in range(9)]
    out = anonymize(frame, list(frame.columns), k=2, hierarchies=rungs | more, keep=keep, suppress=0.9)
    assert out.report.satisfied
    assert out.optimal_
    local = anonymize(
        frame, list(frame.columns), k=2, hierarchies=rungs | more, suppress=0, method="local", time_limit=5
    )
    assert sizes(local.frame, list(frame.columns)).min() >= 2


@pytest.mark.parametrize("method", ["optimal", "local"])
@pytest.mark.parametrize("criterion", [KAnonymity(5), KAnonymity(3) & LDiversity("ill", 2)])
def test_the_slow_path_of_wide_keys_gives_what_the_fast_one_gives(people, method, criterion, monkeypatch):
    fast = anonymize(people, QI, criterion, suppress=0.05, method=method, **HOW)
    monkeypatch.setattr("privkit.transform.search.coding._BITS", 0)
    slow = anonymize(people, QI, criterion, suppress=0.05, method=method, **HOW)
    assert (fast.levels_, fast.suppressed_) == (slow.levels_, slow.suppressed_)
    assert fast.loss_ == pytest.approx(slow.loss_, abs=1e-12)
    pd.testing.assert_frame_equal(fast.frame[QI].astype(str), slow.frame[QI].astype(str))


def test_a_lattice_of_a_billion_nodes_gives_a_bound_and_says_so():
    frame, rungs = wide(12, 6)
    out = anonymize(frame, list(frame.columns), k=3, hierarchies=rungs, suppress=0.05, time_limit=20)
    assert math.prod(7 for _ in range(12)) > 10**9
    assert not out.optimal_
    assert "nodes" in out.reason
    assert 0 <= out.bound_ <= out.loss_
    assert "Not proved optimal" in repr(out)
    assert sizes(out.frame, list(frame.columns)).min() >= 3


def test_the_time_limit_returns_the_best_so_far_and_says_so():
    frame, rungs = wide(7, 6, rows=3000)
    began = time.process_time()  # which other work on the machine does not take
    out = anonymize(frame, list(frame.columns), k=3, hierarchies=rungs, suppress=0.02, time_limit=0.3)
    assert time.process_time() - began < 5
    assert out.reason == "the time limit was reached"
    assert not out.optimal_
    assert out.bound_ <= out.loss_
    assert out.report.satisfied


def test_an_interruption_returns_the_best_so_far():
    frame, rungs = wide(7, 6, rows=3000)
    calls = []

    def interrupt(judged, nodes, best):
        calls.append(best)
        if len(calls) == 60:
            raise KeyboardInterrupt

    out = anonymize(frame, list(frame.columns), k=3, hierarchies=rungs, suppress=0.02, progress=interrupt)
    assert out.reason == "the search was interrupted"
    assert out.report.satisfied
    assert calls[0] is not None


def test_a_search_that_ends_before_it_met_a_feasible_node_says_so(people):
    def interrupt(judged, nodes, best):
        raise KeyboardInterrupt

    with pytest.raises(InfeasibleError, match="the search was interrupted after 1 nodes"):
        anonymize(people, QI, AlphaK("ill", 0.4, 2), progress=interrupt, **HOW)


def test_a_real_interrupt_signal_is_caught():
    frame, rungs = wide(7, 6, rows=3000)
    pressed = []

    def press(judged, nodes, best):
        if best is not None and not pressed:
            pressed.append(judged)
            signal.raise_signal(signal.SIGINT)  # in the middle of the search, however fast the machine is

    columns = list(frame.columns)
    # A job in the background is started with the signal ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        out = anonymize(frame, columns, k=3, hierarchies=rungs, suppress=0.02, time_limit=30, progress=press)
    finally:
        signal.signal(signal.SIGINT, before)
    assert pressed
    assert out.reason == "the search was interrupted"


def test_the_search_is_deterministic(people):
    one, two = (anonymize(people, QI, k=5, suppress=0.05, method="local", **HOW) for _ in range(2))
    pd.testing.assert_frame_equal(one.frame, two.frame)
