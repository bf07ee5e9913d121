"""How far a warm question walks: through how many files, by how many calls, over how many connections to its ledger.

Whoever follows a question with a debugger goes this way, so it must not grow unseen. Each number is what was reached,
and is lowered when less will do. A question reads the ledger once for an answer that it has, once to reserve and once
to commit; a plan does not read it at all.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

import privkit as pk

ROOT = str(Path(pk.__file__).parent)
KEYS = {"by": "ward", "keys": [1, 2]}

#: From what is asked to the most files, calls and connections that it takes.
WALKS = {
    "count": (44, 605, 3),
    "count by groups": (52, 730, 3),
    "replay": (42, 352, 1),
    "plan": (29, 140, 0),
    "mean of persons": (58, 978, 3),
    "kanon": (7, 47, 0),
}


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    data = pd.DataFrame({"ward": [1, 2] * 50, "age": range(100), "id": [n // 2 for n in range(100)]})
    store = tmp_path_factory.mktemp("walk") / "ledger.db"
    rows = pk.open_project("rows", epsilon=1000, unit=pk.ROW, store=store)
    persons = pk.open_project("persons", epsilon=1000, unit="id", max_rows=2, store=store)
    return {
        "count": lambda epsilon: data.privacy.dp_count(epsilon=epsilon, project=rows),
        "count by groups": lambda epsilon: data.privacy.dp_count(**KEYS, epsilon=epsilon, project=rows),
        "replay": lambda _: data.privacy.dp_count(epsilon=1, project=rows),
        "plan": lambda epsilon: data.privacy.plan.dp_count(epsilon=epsilon, project=rows),
        "mean of persons": lambda epsilon: data.privacy.dp_mean(
            "age", bounds=(0, 100), **KEYS, epsilon=epsilon, project=persons
        ),
        "kanon": lambda _: data.privacy.kanon(["ward", "age"]),
    }


def walk(call) -> tuple[Counter[str], int]:
    """Return the files that a call enters, how often each, and how many connections it opens."""
    files: Counter[str] = Counter()
    opened = 0

    def enter(frame, event, _):
        nonlocal opened
        if event == "call" and frame.f_code.co_filename.startswith(ROOT):
            files[frame.f_code.co_filename.removeprefix(ROOT)] += 1
            opened += frame.f_code.co_name == "_connect"

    before = sys.getprofile()
    sys.setprofile(enter)
    try:
        call()
    finally:
        sys.setprofile(before)
    return files, opened


@pytest.mark.parametrize("name", WALKS)
def test_a_warm_question_walks_no_further(asked, name):
    asked[name](1.0)
    asked[name](2.0)  # the first of its kind imports
    files, opened = walk(lambda: asked[name](3.0))
    most_files, most_calls, most_opened = WALKS[name]
    assert len(files) <= most_files, sorted(files)
    assert files.total() <= most_calls, files.most_common(20)
    assert opened <= most_opened


def test_a_release_shows_itself_on_a_short_walk(asked):
    release = asked["count"](4.0)
    for show, most in ((repr, 18), (type(release)._repr_html_, 18)):
        show(asked["count"](5.0))
        files, opened = walk(lambda show=show: show(release))
        assert (len(files) <= most, opened) == (True, 0), sorted(files)
