"""The archive of a package: whole or not there, whoever dies or comes at once; names and cells that run nowhere."""

from __future__ import annotations

import os
import re
import signal
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packages_made import AGREED, assert_checksums_hold, cells_run, counted, rows_of

import privkit as pk
from privkit.study import package as packaging
from privkit.study.archive import as_csv, unfit_name
from privkit.values import files
from privkit.values.files import spreadsheet_cell


@pytest.fixture
def project(ledger_path):
    return pk.open_project("study", epsilon=10, delta=1e-5, unit=pk.ROW, store=ledger_path)


#: Where a process dies → whether the archive is there then, and whether it stands in the register.
DEATHS = {"begun": (False, False), "written": (False, False), "named": (True, False), "ended": (True, True)}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize("moment", DEATHS)
def test_a_process_that_dies_leaves_no_half_archive_and_no_entry_without_one(project, ledger_path, tmp_path, moment):
    release, path = counted(project), tmp_path / "a.zip"
    if (pid := os.fork()) == 0:
        try:
            _die_at(moment, project)
            project.package(release, path=path, **AGREED)
        finally:
            os._exit(70)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    there, stands = DEATHS[moment]
    again = pk.open_project("study", store=ledger_path)
    assert (path.exists(), len(again.sharing)) == (there, int(stands))
    assert again.sharing.unfinished == (() if stands else (2,))
    if there:
        assert_checksums_hold(path)
    if stands:
        assert again.sharing.verify(path).id == 2
    else:
        assert "Begun and not finished" in repr(again.sharing)
    if there and not stands:
        with pytest.raises(pk.PackageError, match="is no package"):
            again.sharing.verify(path)
    assert again.ledger.verify().charged == again.spent == release.loss


def _die_at(moment, project):
    account = type(project.account)
    places = {"begun": (packaging, "write_archive"), "written": (os, "link"), "named": (account, "commit")}
    setattr(*places.get(moment, (packaging, "Sharing")), lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))


def test_two_at_once_to_one_place_are_one_archive_which_is_that_of_the_register(project, tmp_path, monkeypatch):
    release, path = counted(project), tmp_path / "a.zip"
    write, first = packaging.write_archive, []

    def another_is_faster(*given):
        if not first:
            first.append(None)
            first[0] = project.package(release, path=path, **AGREED)
        return write(*given)

    monkeypatch.setattr(packaging, "write_archive", another_is_faster)
    with pytest.raises(pk.FileError, match=r"^a\.zip: it cannot be written"):
        project.package(release, path=path, **AGREED)
    assert [one.id for one in project.sharing] == [first[0].id] == [project.sharing.verify(path).id]
    assert project.sharing.unfinished == (2,)
    assert [one.name for one in tmp_path.iterdir() if "zip" in one.name or "part" in one.name] == ["a.zip"]


@pytest.mark.parametrize("durable", [True, False])
def test_an_interrupted_end_leaves_the_archive_where_the_register_has_it_and_nowhere_else(
    project, tmp_path, monkeypatch, durable
):
    release, account = counted(project), type(project.account)
    commit = account.commit

    def interrupted(*given):
        if durable:
            commit(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(account, "commit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        project.package(release, path=tmp_path / "a.zip", **AGREED)
    monkeypatch.undo()
    assert len(project.sharing) == (tmp_path / "a.zip").exists() == durable
    assert not durable or project.sharing.verify(tmp_path / "a.zip").id == 2


def test_two_at_once_are_two_packages(project, tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    release = counted(project)
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda n: project.package(release, path=tmp_path / f"{n}.zip", **AGREED), range(4)))
    assert sorted(one.id for one in made) == [2, 3, 4, 5]
    for n, one in enumerate(made):
        assert project.sharing.verify(tmp_path / f"{n}.zip").id == one.id
    assert project.ledger.verify()


HOSTILE = st.text(alphabet='./\\:*?"<>|- _aZé9\x00\n\u202e\ud800', max_size=6) | st.sampled_from(
    ["..", "con", "NUL", "x" * 70]
)


@given(HOSTILE)
def test_a_name_that_is_taken_is_one_file_in_its_folder(name):
    if not unfit_name(name):
        whole = f"tables/{name}.csv"
        assert Path(whole).parts == ("tables", f"{name}.csv")
        assert not set(name) & set('/\\:*?"<>|.\x00\n\r\t')
        assert zipfile.ZipInfo(whole).filename == whole
        whole.encode()


def test_hostile_names_of_tables_are_told(project, tmp_path):
    release = counted(project)
    given_names = ["../up", "Visits", "visits", 7, "con", "a\x1b[2J"]
    with pytest.raises(pk.PackageError) as caught:
        project.package(dict.fromkeys(given_names, release), path=tmp_path / "a.zip", **AGREED)
    assert len(caught.value.problems) == 5
    assert "\x1b" not in str(caught.value)
    assert not list(tmp_path.glob("*.zip"))


CELLS = st.text(alphabet="=+-@;\t\r\n 1a,'\"＝\ufeff\u200b\x00|", max_size=6)


@settings(max_examples=200)
@given(st.lists(st.tuples(CELLS, CELLS), max_size=4), CELLS, CELLS)
def test_no_cell_begins_as_a_formula_however_a_list_is_divided(rows, first, second):
    frame = pd.DataFrame(rows, columns=[first, second], dtype=object)
    text = as_csv(frame)
    assert not cells_run(text)
    read = rows_of(text)
    assert [[cell.replace("'", "") for cell in row] for row in read] == [
        [str(cell).replace("'", "") for cell in row] for row in [(first, second), *rows]
    ]  # but for apostrophes, what is read is what was written


def test_numbers_stay_numbers_and_what_only_looks_so_does_not():
    frame = pd.DataFrame(
        {
            "n": [-1.5, 2e-7, np.nan],
            "i": pd.array([-1, None, 3], dtype="Int64"),
            "inf": [-np.inf, np.inf, 0.1],
            "c": pd.Categorical(["=a", None, "b"]),
            "t": pd.to_datetime(["2026-01-01", None, "2026-01-03"]),
            "d": pd.to_timedelta(["-1 days", "1 days", None]),
            "s": pd.array(["-3", "+49 30 1", None], dtype="str"),
        }
    )
    assert rows_of(as_csv(frame))[1:] == [
        ["-1.5", "-1", "'-inf", "'=a", "2026-01-01", "'-1 days +00:00:00", "-3"],
        ["2e-07", "", "inf", "", "", "1 days 00:00:00", "'+49 30 1"],
        ["", "3", "0.1", "b", "2026-01-03", "", ""],
    ]


def test_the_guard_fails_where_it_is_broken(monkeypatch):
    monkeypatch.setattr(files, "_RUN", re.compile(r"(^)(?==)"))
    assert spreadsheet_cell("=1") == "'=1"
    assert cells_run(as_csv(pd.DataFrame({"a": ["@x"]})))
