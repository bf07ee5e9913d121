"""The line of a budget over time: a few points of it, however many entries there are."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import accumulate

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.budget.entry import Balance, Charged, Counts
from privkit.values.loss import PrivacyLoss
from privkit.view.panels.project import History, over_time


class Written:
    """An account of which the history reads: so many entries, one every `apart` seconds, of ε = 1/10,000 each."""

    def __init__(self, apart=1):
        self.apart, self.asked = apart, []

    def charged_at(self, numbers):
        self.asked.append(numbers)
        cost = PrivacyLoss.of(epsilon=0.0001)
        begun = datetime(2027, 1, 15, tzinfo=UTC)
        times = {number: (begun + timedelta(seconds=self.apart * number)).isoformat() for number in numbers}
        return [Charged(number, times[number], cost.replace(Fraction(number, 10_000))) for number in numbers]

    def entries(self, *, after, until):
        return list(range(after + 1, until + 1))


def so_far(entries):
    left = [PrivacyLoss.of(epsilon=1)] * 4
    return Balance(*left, entries=entries, seq=2 * entries, hash="")


@pytest.mark.parametrize("apart", [0, 1, 3600])
def test_thousands_of_entries_are_drawn_as_a_thin_line(apart):
    history = History()
    history.update(Written(apart), so_far(4999), 10)
    drawn = str(over_time(history, so_far(4999), Counts(4999, 0, 0)))
    corners = re.search(r'class="pk-line" points="([^"]*)"', drawn).group(1).split()
    assert 240 < len(corners) < 600
    across, up = np.array([corner.split(",") for corner in corners], dtype=float).T
    assert (np.diff(across) >= 0).all()  # time goes on
    assert (np.diff(up) <= 0).all()  # and totals grow
    assert "0.4999 of 1 in 4,999 entries" in drawn


@settings(max_examples=40)
@given(st.lists(st.integers(0, 700), min_size=1, max_size=12))
def test_a_panel_that_looked_on_shows_what_one_shows_that_looks_for_the_first_time(steps):
    watching, counts = History(), list(accumulate(steps))
    for count in counts:
        fresh = History()
        listed = watching.update(Written(), so_far(count), 10)
        assert listed == fresh.update(Written(), so_far(count), 10)
        assert listed == list(range(max(count - 10, 0) + 1, count + 1))
        assert watching == fresh
        assert len(watching.points) <= 241
        total = [charged for _, charged in watching.points]
        assert total[-1:] == ([count / 10_000] if count else [])  # the last is always among them
        if count:
            assert total[0] == 1 / 10_000  # and so is the first


def test_the_history_reads_only_what_is_new(ledger_path):
    written, history = Written(), History()
    for count in (3, 4, 4, 240, 241, 243, 10**6, 10**6 + 1):
        history.update(written, so_far(count), 10)
    assert [len(numbers) for numbers in written.asked] == [3, 1, 236, 1, 1, 123, 1]
    assert written.asked[:2] == [[1, 2, 3], [4]]
    project, real = pk.open_project("history", epsilon=1, unit=pk.ROW, store=ledger_path), History()
    for again in range(4):
        pd.DataFrame({"a": [1]}).privacy.dp_count(epsilon=0.1, again=again > 0)
        listed = real.update(project.account, project.account.balance(), 2)
    assert [entry.seq for entry in listed] == [3, 4]
    assert [round(total, 6) for _, total in real.points] == [0.1, 0.2, 0.3, 0.4]
