"""The tests of this folder share the modules called `pinned_...`, which lie in `pins`."""

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent / "pins"), str(Path(__file__).parent)]


@pytest.fixture(scope="session")
def shown():
    """Return the text of every golden file, and the values that they show: all of them are made once."""
    import pinned_views

    return pinned_views.shown()


@pytest.fixture(scope="session")
def answers_and_questions():
    """Return what each question answers for one salt, and how the ledger writes it."""
    import pinned_answers

    return pinned_answers.answers_and_questions()
