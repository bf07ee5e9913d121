"""What a release says of being asked again is what happens."""

import pandas as pd
import pytest

import privkit as pk

FRAME = {"k": ["a", "b"] * 50, "x": [float(n) for n in range(100)]}


def _duckdb():
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    connection.register("frame", pd.DataFrame(FRAME))
    connection.execute("CREATE TABLE t AS SELECT * FROM frame")
    return connection, connection.table("t")


FRAMES = {
    "pandas": lambda: (None, pd.DataFrame(FRAME)),
    "pandas, a column of lists": lambda: (None, pd.DataFrame({**FRAME, "nested": [[1]] * 100})),
    "polars": lambda: (None, pytest.importorskip("polars").DataFrame(FRAME)),
    "polars lazy": lambda: (None, pytest.importorskip("polars").LazyFrame(FRAME)),
    "duckdb": _duckdb,
}
CALLS = {
    "count": lambda frame, **asked: pk.dp_count(frame, "k", keys=["a", "b"], epsilon=0.1, **asked),
    "median": lambda frame, **asked: pk.dp_median(frame, "x", bounds=(0, 100), epsilon=0.1, **asked),
}


@pytest.fixture(params=["real", "simulated"])
def project(request, tmp_path):
    chosen = {"simulate": True, "seed": 1} if request.param == "simulated" else {"store": tmp_path / "l.db"}
    return pk.open_project("p", epsilon=10, unit=pk.ROW, **chosen)


@pytest.mark.parametrize("version", [None, "2026-11"])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.sample(0.3)
def test_what_is_said_of_being_asked_again_is_what_happens(project, name, call, version):
    _held, frame = FRAMES[name]()
    first = CALLS[call](frame, version=version)
    said = "replays at no cost" in repr(first)
    assert ("is charged again" in repr(first)) != said
    assert ("is charged again" in first._repr_html_()) != said
    left = project.remaining
    second = CALLS[call](frame, version=version)
    assert second.replayed == first.replays == second.replays == said
    assert (project.remaining == left) == said


def test_a_plan_on_an_engine_says_that_it_is_charged_again_and_what_to_name(project):
    frame = pytest.importorskip("polars").LazyFrame(FRAME)
    assert "charged again" in repr(frame.privacy.plan.dp_count(epsilon=0.1))
    assert "version='2026-11'" in repr(frame.privacy.plan.dp_count(epsilon=0.1))
    assert "charged again" not in repr(frame.privacy.plan.dp_count(epsilon=0.1, version="2026-11"))
    assert "charged again" not in repr(frame.collect().privacy.plan.dp_count(epsilon=0.1))
