"""Names of questions: what counts as the same data, and what earlier versions of privkit answered."""

from __future__ import annotations

import datetime as dt
import math
import shutil
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import privkit as pk
from privkit.budget.machine.keys import _without, request_key
from privkit.errors import EarlierReleaseError, MeasurementError, OrphanedReleaseError, ParameterError
from privkit.project import naming
from privkit.tally.fingerprints.fingerprint import digests
from privkit.tally.fingerprints.first_form import _worded

#: Written by privkit as it was before fingerprints had their present form, on pandas 3.1: the frames below at ε = 1,
#: then groups, two versions, and a question that was charged and never answered.
FIRST_FORM = Path(__file__).parent / "data" / "first_form.db"
SHARED_KEY = "a key that the tests share"


def of_pandas() -> pd.DataFrame:
    """Return the frame with the types that pandas 3 gives it, which pandas 2 has too."""
    text, days = pd.StringDtype(na_value=np.nan), pd.to_datetime(["2026-01-01", None, "2026-01-03"] * 100).as_unit("us")
    return pd.DataFrame(
        {
            "text": pd.Series(["ab", "c", None] * 100, dtype=text),
            "whole": range(300),
            "nullable": pd.array([1, None, 3] * 100, dtype="Int64"),
            "float": [0.5, math.nan, 2.5] * 100,
            "flag": [True, False, True] * 100,
            "when": days,
            "zone": days.tz_localize("UTC"),
            "group": pd.Categorical(["x", None, "y"] * 100, categories=pd.Index(["x", "y", "z"], dtype=text)),
            "arrow": pd.array([1.5, None, 2.5] * 100, dtype="double[pyarrow]"),
        }
    )


def of_objects() -> pd.DataFrame:
    text, mixed = ["ab", "c", None] * 100, [1, "1", None, 2.5, dt.date(2026, 1, 1), True] * 50
    return pd.DataFrame({"text": pd.Series(text, dtype=object), "mixed": pd.Series(mixed, dtype=object)})


def of_polars():
    pl = pytest.importorskip("polars")
    return pl.DataFrame(
        {"x": ["ab", "c", None] * 100, "y": [1.5, math.nan, None] * 100, "d": [dt.date(2026, 1, 1)] * 300}
    )


def of_nested():
    pa = pytest.importorskip("pyarrow")
    return pa.table({"list": pa.array([[1], [], None] * 100, pa.list_(pa.int64()))})


#: What was asked without a version at ε = 1: the frame, the entry, and its answer.
ASKED = {
    "pandas": (of_pandas, 1, 300),
    "objects": (of_objects, 2, 301),
    "polars": (of_polars, 3, 299),
    "arrow": (lambda: of_polars().to_arrow(), 4, 299),
}


@pytest.fixture
def old(tmp_path, monkeypatch):
    """Open the ledger of the first form: 9 entries, ε = 15 of 100."""
    monkeypatch.setenv("PRIVKIT_KEY", SHARED_KEY)
    shutil.copy(FIRST_FORM, tmp_path / "ledger.db")
    return pk.open_project("first form", store=tmp_path / "ledger.db")


def test_a_ledger_of_the_first_form_opens_verifies_and_shows(old):
    assert old.spent.epsilon == 15
    assert old.ledger.verify().records == 18
    assert old.ledger.to_frame()["state"].tolist() == ["committed"] * 8 + ["orphaned"]


@pytest.mark.parametrize("name", ASKED)
def test_what_the_first_form_answered_is_replayed(old, name):
    frame, entry, value = ASKED[name]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = pk.dp_count(frame(), epsilon=1)
    assert (found.value, found.replayed, found.provenance.entry) == (value, True, entry)
    assert old.spent.epsilon == 15


def test_types_of_the_first_form_have_the_same_words_on_each_pandas():
    words = {storage: _worded(pd.StringDtype(storage, na_value=np.nan)) for storage in ("python", "pyarrow")}
    assert words == {
        "python": "<StringDtype(storage='python', na_value=nan)>",
        "pyarrow": "<StringDtype(na_value=nan)>",
    }
    assert _worded(pd.StringDtype("python")) == repr(pd.StringDtype("python"))


def test_groups_of_the_first_form_are_replayed_and_changed_data_are_charged(old):
    assert of_pandas().privacy.dp_count("text", keys=["c", "ab"], epsilon=1).value.to_dict() == {"c": 100, "ab": 100}
    changed = of_pandas().assign(whole=range(1, 301))
    assert not changed.privacy.dp_count(epsilon=1).replayed
    assert changed.privacy.dp_count(epsilon=1).replayed
    assert old.spent.epsilon == 16
    fresh = of_pandas().privacy.dp_count(epsilon=1, again=True)
    assert of_pandas().privacy.dp_count(epsilon=1).value == fresh.value
    assert old.spent.epsilon == 17


def test_what_the_first_form_charged_and_never_answered_is_told(old):
    with pytest.raises(OrphanedReleaseError, match=r"entry 9(?s:.*)No further budget was spent\."):
        of_pandas().privacy.dp_count(epsilon=4)
    assert old.spent.epsilon == 15


def test_where_it_cannot_be_told_whether_the_data_are_the_same_a_warning_says_so(old):
    with pytest.warns(UserWarning, match=r"entry 5 of project 'first form' asked the same question.*charged"):
        found = pk.dp_count(of_nested(), epsilon=1)
    assert not found.replayed
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert pk.dp_count(of_nested(), epsilon=1).value == found.value, "told once"
    assert old.spent.epsilon == 16


def test_a_version_of_the_first_form_named_no_table_so_its_answer_is_pointed_to(old):
    for frame, epsilon, entry in ((of_pandas(), 2, 7), (of_polars().lazy(), 3, 8)):
        with pytest.raises(
            EarlierReleaseError, match=rf"entry {entry}(?s:.*)again=True(?s:.*)No budget was spent\."
        ) as caught:
            pk.dp_count(frame, epsilon=epsilon, version="2026-11")
        assert caught.value.entry == entry
        assert old.account.entry(entry).answer is not None
    assert not pk.dp_count(of_pandas(), epsilon=2, version="2026-11", again=True).replayed
    assert pk.dp_count(of_pandas(), epsilon=2, version="2026-11").replayed
    assert old.spent.epsilon == 17


def test_a_first_fingerprint_that_fails_finds_nothing(old, monkeypatch):
    class PanicError(BaseException):
        pass

    def panics(*_: object) -> str:
        raise PanicError

    monkeypatch.setattr("privkit.tally.fingerprints.first_form._digest", panics)
    with pytest.warns(UserWarning, match="asked the same question"):
        assert not of_pandas().privacy.dp_count(epsilon=1).replayed


# -- versions ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def project(ledger_path):
    return pk.open_project("p", epsilon=100, unit=pk.ROW, store=ledger_path)


def test_a_version_names_a_state_of_one_table(project):
    frame = pd.DataFrame({"x": range(1000), "y": 1.0})
    others = [
        frame.rename(columns={"x": "z"}),
        frame[["y", "x"]],
        frame[["x"]],
        frame.assign(w=1),
        frame.astype({"x": "uint64"}),
        frame.astype({"x": "str"}),
        frame.assign(x=pd.to_datetime(frame["x"], unit="s").dt.as_unit("s")),
        frame.assign(x=pd.to_datetime(frame["x"], unit="ms").dt.as_unit("ms")),
        frame.assign(x=pd.to_datetime(frame["x"], unit="s", utc=True).dt.as_unit("s")),
        frame.rename(columns={"x": 1}),
    ]
    assert not frame.privacy.dp_count(epsilon=1, version="2026-11").replayed
    for other in others:
        assert not other.iloc[:50].privacy.dp_count(epsilon=1, version="2026-11").replayed
        assert other.privacy.dp_count(epsilon=1, version="2026-11").replayed
    assert frame.iloc[:10].privacy.dp_count(epsilon=1, version="2026-11").replayed, "the owner's word"
    assert not frame.privacy.dp_count(epsilon=1, version="2026-12").replayed


def test_a_version_names_a_state_of_one_table_on_lazy_engines_too(project):
    pl, duckdb = pytest.importorskip("polars"), pytest.importorskip("duckdb")
    frame = pl.DataFrame({"x": range(1000)})
    for engine in (lambda data: data.lazy(), lambda data: duckdb.from_arrow(data.to_arrow())):
        first = pk.dp_count(engine(frame), epsilon=1, version="v")
        other = pk.dp_count(engine(frame.rename({"x": "y"})), epsilon=1, version="v")
        assert first.replayed == other.replayed, "an engine may find what another asked"
        assert pk.dp_count(engine(frame), epsilon=1, version="v").replayed
        assert not pk.dp_count(engine(frame), epsilon=1).replayed
        assert not pk.dp_count(engine(frame), epsilon=1).replayed
    assert project.spent.epsilon == 2 + 4


@pytest.mark.parametrize("version", ["", 3])
def test_a_version_is_text(project, version):
    with pytest.raises(ParameterError, match=r"No budget was spent\."):
        pd.DataFrame({"x": [1]}).privacy.dp_count(epsilon=1, version=version)


# -- what fails while rows are read ------------------------------------------------------------------------------------


class Panic(BaseException):
    """What an engine throws that is no Exception, as Polars does."""


@pytest.mark.parametrize("error", [ValueError("a cell"), MemoryError(), RecursionError(), Panic("a cell")], ids=repr)
def test_a_fingerprint_that_fails_is_a_failed_measurement(project, monkeypatch, error):
    def fails(*_: object, **__: object) -> str:
        raise error

    monkeypatch.setattr(naming, "digests", fails)
    with pytest.raises(MeasurementError) as caught:
        pd.DataFrame({"x": [1]}).privacy.dp_count(epsilon=1)
    assert "a cell" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert [entry.state for entry in project.account.entries()] == ["failed"]
    assert project.spent.epsilon == 1


@pytest.mark.parametrize("error", [ValueError("a cell"), MemoryError(), RecursionError(), Panic("a cell")], ids=repr)
def test_whatever_an_engine_throws_is_a_failed_measurement(project, monkeypatch, capfd, error):
    def fails(*_: object, **__: object) -> object:
        raise error

    unraisable: list = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    monkeypatch.setattr("privkit.dp.measurement.exact_cells", fails)
    with pytest.raises(MeasurementError) as caught:
        pd.DataFrame({"x": [1]}).privacy.dp_count(epsilon=1)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert [entry.state for entry in project.account.entries()] == ["failed"]
    assert capfd.readouterr() == ("", "")
    assert not unraisable, "it would be printed with its text"


def test_a_reservation_that_ends_in_a_panic_has_failed(project):
    plan = pd.DataFrame({"x": [1]}).privacy.plan.dp_count(epsilon=1)
    for error, state in ((Panic, "failed"), (ValueError, "failed"), (KeyboardInterrupt, "orphaned")):
        held = project.account.reserve(None, plan.canonical(), plan.loss)
        with pytest.raises(error), project.account.ending(held):
            raise error
        assert project.account.entry(held.seq).state == state


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("place", ["measurement", "fingerprint"])
def test_only_interrupts_are_interrupts(project, monkeypatch, error, place):
    def interrupts(*_: object, **__: object) -> object:
        raise error

    frame = pd.DataFrame({"x": [1]})
    if place == "measurement":
        monkeypatch.setattr("privkit.dp.measurement.exact_cells", interrupts)
        with pytest.raises(KeyboardInterrupt):
            frame.privacy.dp_count(epsilon=1)
        assert [entry.state for entry in project.account.entries()] == ["orphaned"]
    else:
        monkeypatch.setattr(naming, "digests", interrupts)
        with pytest.raises(error):
            frame.privacy.dp_count(epsilon=1)
        assert project.spent.epsilon == 0


def test_whether_the_second_call_is_free_does_not_depend_on_a_cell(project):
    class Shape:
        pass

    for last in (None, Shape(), [1], "a"):
        frame = pd.DataFrame({"geometry": pd.Series([None] * 999 + [last], dtype=object), "x": 1})
        frame.privacy.dp_count(epsilon=1)
        assert frame.privacy.dp_count(epsilon=1).replayed


def test_a_nested_date_of_any_year_has_an_answer(project):
    pa = pytest.importorskip("pyarrow")
    for day in (0, 3_000_000, -(2**31)):
        days = pa.array([[0]] * 10 + [[day]], pa.list_(pa.int32())).cast(pa.list_(pa.date32()))
        table = pa.table({"l": days, "x": [1] * 11})
        pk.dp_count(table, epsilon=1)
        assert pk.dp_count(table, epsilon=1).replayed


def test_a_variance_on_the_coarser_grid_of_before_is_told_of_before_it_is_asked_anew(tmp_path):
    """The stored question had another scale and no grid; the answer stays in the ledger."""
    frame = of_pandas()[["whole"]]
    project = pk.open_project("grid", epsilon=9, unit=pk.ROW, store=tmp_path / "l.db")
    plan = frame.privacy.plan.dp_std("whole", bounds=(0, 500), epsilon=1)
    before = {**plan.canonical(), "scale": "1024000000.0"}
    assert before.pop("grid") == 30

    class Before:
        def entry(self, key):
            return None

        def alike(self, question, *, but=frozenset()):
            return 7 if _without(question, but) == _without(before, but) and but else None

    with pytest.warns(UserWarning, match="entry 7 .* on a grid of other steps"):
        assert naming._first_name(project, Before(), project.account.key, plan.canonical(), frame) is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other = frame.privacy.plan.dp_mean("whole", bounds=(0, 500), epsilon=1).canonical()
        assert naming._first_name(project, Before(), project.account.key, other, frame) is None


def test_a_question_is_marked_where_its_grid_is_not_that_of_before():
    """Else an answer that was stored in other steps would be read in those of today."""
    from privkit.dp.statistics.moments import Deviation, Mean
    from privkit.values.bounds import ValueBounds

    for lower, upper in [(0, 1), (0, 500), (-3, 7), (0.1, 0.3), (1e6, 1e6 + 1), (5, 5)]:
        assert "grid" not in Mean("x", ValueBounds(float(lower), float(upper))).canonical()
    for lower, upper in [(1.7e12, 1.7e12 + 60), (1e9, 1e9 + 1)]:
        assert "grid" in Mean("x", ValueBounds(float(lower), float(upper))).canonical()
    assert "grid" in Deviation("x", ValueBounds(0.0, 1.0)).canonical()


def test_names_that_are_no_text_disturb_nobody():
    """Frames made from arrays and pivots have such columns beside those that are asked for."""
    df = pd.DataFrame({"a": [1, 2] * 50, "b": ["x", "y"] * 50, 2024: [1, 2] * 50, ("c", 1): [0] * 100})
    pk.open_project("odd names", epsilon=1e4, unit=pk.ROW, simulate=True, seed=1, ceiling=1e4)
    much = {"epsilon": 500}
    assert df.privacy.dp_count(where="a == 1", **much).value == 50
    assert df.privacy.dp_count("c", derive={"c": pk.cut("a", [0, 2, 3])}, **much).value.tolist() == [50, 50]
    assert round(df.privacy.dp_mean("a", bounds=(0, 3), where="b == 'x'", **much).value, 1) == 1
    assert "ε = 500" in str(df.privacy.plan.dp_count(where="a == 1", **much))
    assert df.privacy.pseudonymize("b", key=bytes(range(32))).shape == (100, 4)
    assert df.privacy.round_to("a", base=2).frame.shape == (100, 4)
    assert list(df.privacy.anonymize(["a", "b"], k=5).frame.columns) == list(df.columns)


def test_what_the_ledger_tells_of_the_data_without_the_key_and_with_it(project):
    frame = pd.DataFrame({"x": [1, 2, 3], "y": [4, 5, 6]})
    changed = frame.assign(y=[4, 5, 7])
    frame.privacy.dp_count(epsilon=1)
    frame.privacy.dp_count(epsilon=1, again=True)
    changed.privacy.dp_count(epsilon=1)
    frame.privacy.dp_sum("x", bounds=(0, 5), epsilon=1)
    entries = project.account.entries()
    one, again, other, another = (entry.key for entry in entries)
    assert one == again != other, "of one question, whether the frames are equal"
    assert len({name[-64:] for name in (one, other, another)}) == 3, "of two questions, nothing"
    secret = project.account.key
    told = {k: v for k, v in entries[0].question.items() if k not in ("frame", "notebook", "asked_before")}
    guesses = [frame.assign(y=[4, 5, cell]) for cell in range(5, 9)]
    tried = [request_key(secret, told, bytes.fromhex(digests(guess, secret).fingerprint())) for guess in guesses]
    assert [name == one for name in tried] == [False, True, False, False], "with the key, a cell by trying"
    kept = " ".join(repr(entry) for entry in entries)
    for column in digests(frame, secret).columns.values():
        assert column.hex() not in kept
    assert digests(frame, secret).fingerprint() not in kept
