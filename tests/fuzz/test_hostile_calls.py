"""Every public function on hostile frames: an answer, or an error of privkit's that tells no value.

``tests/slow/hostile_many.py`` makes many more of these calls.
"""

from __future__ import annotations

import warnings
from datetime import date
from itertools import permutations
from pathlib import Path

import hostile_calls as hostile
import pandas as pd
import pytest

import privkit as pk
from privkit import events as ev

#: What has the frame in a namespace of its own, or takes no frame.
NOT_CALLED = {"events", "consistent", "ratio", "example", "example_hierarchies", "open_project", "person_uniqueness"}


@pytest.fixture(autouse=True)
def _projects(ledger_path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hostile.opened(ledger_path)


@pytest.mark.sample(1.0)
@pytest.mark.parametrize("seed", range(4))
def test_hostile_frames_get_an_answer_or_an_error_without_a_value(seed):
    calls, wrong = hostile.problems(seed, rounds=2)
    assert calls == 2 * len(hostile.CALLS)
    assert not wrong, "\n".join(wrong)


@pytest.mark.landing
def test_every_call_is_answered_where_the_frame_is_tame():
    """Else the calls above would tell of their own mistakes alone."""
    rows = range(24)
    columns = {
        "a": [1 + row % 4 for row in rows],
        "b": ["xy"[row % 2] for row in rows],
        "c": [date(2026, 1, 1 + row % 3) for row in rows],
        "d": ["2026-01-01T12:00:00Z" for _ in rows],
        "e": pd.date_range("2026-01-01", periods=24),
        "f": [[{"sku": "x"}] for _ in rows],
        "who": [row // 2 for row in rows],
    }
    frame, silent = pd.DataFrame(columns), []
    for name, call in hostile.CALLS.items():
        for names in permutations("abcdef", 3):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    call(frame, *names)
                break
            except pk.PrivkitError:
                continue
        else:
            silent.append(name)
    assert not silent


def test_no_public_function_that_takes_a_frame_is_left_out():
    code = Path(hostile.__file__).read_text(encoding="utf-8")
    functions = [name for name in pk.__all__ if name[0].islower() and callable(getattr(pk, name))]
    left = {name for name in functions if f"pk.{name}(" not in code} - NOT_CALLED
    takes_none = {"public_values", "cut", "isin", "prefix", "day", "month", "year", "hour", "weekday"}
    takes_none |= {"recode", "lookup", "when", "rows", "read_hierarchies", "write_hierarchies", "output_check"}
    assert left <= takes_none
    rules = {name for name in ev.__all__ if name[0].islower()} - {"code_book", "example_orders", "example_register"}
    assert {name for name in rules if f"ev.{name}(" not in code} == set()


def test_the_harness_notices_what_it_looks_for():
    frame = pd.DataFrame({"a": [hostile.CANARY]})

    def told(error):
        def call(data, *names):
            raise error(data["a"][0])

        return hostile.called(call, frame, ["a"] * 3)

    assert told(pk.ParameterError).startswith("tells a value")
    assert told(ValueError).startswith("raw ValueError")
    assert hostile.called(lambda data, *names: warnings.warn(data["a"][0], stacklevel=1), frame, []).startswith("tells")
