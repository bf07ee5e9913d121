"""The engine of the noise: an OpenDP whose noise is wrong is refused before anything is charged."""

from __future__ import annotations

import pandas as pd
import pytest

import privkit as pk
from privkit.dp import opendp as engine
from privkit.dp.noise import noise
from privkit.dp.opendp import check_version
from privkit.errors import LibraryRequiredError


@pytest.fixture
def old(monkeypatch):
    """An environment that was upgraded around the pin, and has asked OpenDP nothing yet."""
    for kept in (engine.opendp, noise._laplace, noise._gaussian):
        kept.cache_clear()
    monkeypatch.setattr(engine, "version", lambda _: "0.14.1")
    yield
    engine.opendp.cache_clear()


@pytest.mark.parametrize("ask", ["dp_count", "dp_mean"])
def test_an_old_opendp_is_refused_before_the_charge(old, ledger_path, ask):
    project = pk.open_project("old", epsilon=1, unit=pk.ROW, store=ledger_path)
    frame, options = pd.DataFrame({"a": [1, 2]}), {} if ask == "dp_count" else {"column": "a", "bounds": (0, 1)}
    with pytest.raises(
        LibraryRequiredError, match=r"OpenDP 0\.14\.1 .*0\.14\.2 or later.*No budget was spent"
    ) as caught:
        getattr(frame.privacy, ask)(epsilon=0.1, **options)
    assert isinstance(caught.value, ImportError)
    assert len(project.ledger) == 0
    with pytest.raises(LibraryRequiredError):
        getattr(frame.privacy.plan, ask)(epsilon=0.1, **options)


@pytest.mark.parametrize("found", ["0.14.0", "0.14.1", "0.13.9", "0.14", "0.14.2-beta.1", "0.14.2rc1", "0.14.2.dev3"])
def test_versions_with_wrong_noise_are_refused(found):
    with pytest.raises(LibraryRequiredError):
        check_version(found)


@pytest.mark.parametrize("found", ["0.14.2", "0.14.10", "0.15.0", "0.16.0", "1.0", "", "unknown", "0.14.2+local"])
def test_others_are_taken(found):
    check_version(found)
