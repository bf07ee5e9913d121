"""Projects and answers of these tests: losses so large that counts come out exact."""

from __future__ import annotations

import datetime as dt

import pytest

import privkit as pk

#: A count's noise is 0 but with probability 4e-22.
SURE = 50


def opened(path, name="p", **terms):
    """Return a project with a budget for many exact answers."""
    return pk.open_project(name, epsilon=1e7, delta=0.5, ceiling=1e5, store=path, **{"unit": pk.ROW, **terms})


def counted(frame, *args, function=pk.dp_count, **given):
    """Return an exact count: an int, or a dict by key."""
    if not hasattr(frame, "__len__"):
        given.setdefault("version", "1")
    try:
        value = function(frame, *args, **{"epsilon": SURE, **given}).value
    except KeyboardInterrupt:
        pytest.fail("what an engine throws passes for an interrupt")
    return value.to_dict() if hasattr(value, "to_dict") else value


def utc(second):
    return dt.datetime.fromtimestamp(second, dt.UTC)


def before_the_charge(error, project):
    """Whether a refusal says that nothing was spent, and nothing was."""
    return str(error).endswith("No budget was spent.") and len(project.ledger) == 0
