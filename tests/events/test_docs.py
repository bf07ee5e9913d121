"""The guide runs as it stands."""

import doctest
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs" / "events.md"


def test_the_guide_runs():
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    failed, tried = doctest.testfile(str(GUIDE), module_relative=False, optionflags=flags)
    assert failed == 0
    assert tried > 10
