"""Packages: what leaves is whole, guarded and registered; what must not is refused, all at once; no value leaks."""

from __future__ import annotations

import csv
import hashlib
import io
import json
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

import privkit as pk
from privkit.study import package as packaging
from privkit.study.archive import as_csv, unfit_name
from privkit.values import files
from privkit.values.files import spreadsheet_cell

CANARY = "CANARY-7f3a"
PLANS = ["basic", "=plus", "@home"]
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
FORMULA = tuple("=+-@＝＋－＠")
BLANK = re.compile('^[\\s\x00-\x1f\u200b\ufeff"]*')
#: Enough ε that a noisy count of 0 groups is what it is: these tests are not about noise.
PEOPLE = pd.DataFrame(
    {
        "zip": [CANARY, CANARY, "8005", "8005"] * 30,
        "age": [30, 31, 40, 41] * 30,
        "plan": PLANS * 40,
        "spend": [1.5, 2.5, 3.5] * 40,
    }
)
AGREED = {"recipient": "Uni Bern", "purpose": "teaching", "basis": "contract", "expires": "2999-12-31"}


@pytest.fixture
def project(ledger_path):
    return pk.open_project("study", epsilon=10, delta=1e-5, unit=pk.ROW, store=ledger_path)


def counted(project, **how):
    return PEOPLE.privacy.dp_count("plan", keys=PLANS, epsilon=1, project=project, **how)


def anonymized(frame=PEOPLE, **how):
    goal = pk.KAnonymity(5)
    return pk.anonymize(frame[["zip", "age", "spend"]], ["zip", "age"], goal, suppress=0.1, **how)


def rows_of(text, delimiter=","):
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def cells_run(text):
    """Return the cells that a spreadsheet would run, blanks before them or not, however the country divides lists."""
    # Divided otherwise, what begins with a number goes on with the comma after it, and is no formula.
    cells = [(cell, cell) for row in rows_of(text) for cell in row]
    cells += [(cell, cell.partition(",")[0]) for delimiter in ";\t" for row in rows_of(text, delimiter) for cell in row]
    begun = [cell for row in rows_of(text) for cell in row if cell.startswith(("\t", "\r", "\n"))]
    return begun + [
        cell for cell, number in cells if BLANK.sub("", cell).startswith(FORMULA) and not NUMBER.fullmatch(number)
    ]


def members(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


def assert_checksums_hold(path):
    found = members(path)
    sums = [line.split("  ", 1) for line in found.pop("SHA256SUMS").splitlines()]
    assert {name: digest for digest, name in sums} == {
        name: hashlib.sha256(text.encode()).hexdigest() for name, text in found.items()
    }
    return found


def test_a_package_holds_what_was_released_and_says_for_whom(project, tmp_path):
    release = counted(project)
    derived = release.non_negative()
    keys = {"plan": PLANS, "zip": ["8005"]}
    rows = PEOPLE.privacy.dp_synthetic(["plan", "zip"], keys=keys, epsilon=1, project=project)
    path = tmp_path / "all.zip"
    made = project.package([release, derived, rows, anonymized()], path=path, means="a register of voters", **AGREED)
    assert [(name, kind) for name, kind, _ in made.tables] == [
        ("entry-1", "release"),
        ("derived", "derived"),
        ("synthetic-rows", "synthetic rows"),
        ("anonymized-rows", "anonymized rows"),
    ]
    assert made.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    found = assert_checksums_hold(path)
    table = rows_of(found["tables/entry-1.csv"])
    assert table[0][:2] == ["plan", "count"]
    assert [row[0] for row in table[1:]] == ["basic", "'=plus", "'@home"]
    assert [int(row[1]) for row in table[1:]] == release.value.tolist()
    assert len(rows_of(found["tables/synthetic-rows.csv"])) == len(rows.frame) + 1
    for text in ("Uni Bern", "teaching", "contract", "2999-12-31", "a register of voters", "sha256sum"):
        assert text in found["README.txt"]
    told = json.loads(found["provenance.json"])
    assert told["tables"][0]["provenance"] == json.loads(release.provenance.to_json())
    cost = json.loads(found["cost.json"])
    assert [one["entry"] for one in cost["releases"]] == [1, 2]  # the derived table costs nothing more
    assert (cost["total"]["main"], cost["total"]["measure"]) == ("2", "(ε, δ)")
    assert all(not cells_run(text) for name, text in found.items() if name.endswith(".csv"))


@pytest.mark.parametrize(
    "ask",
    [
        lambda one: PEOPLE.privacy.dp_mean("spend", bounds=(0, 10), epsilon=1, project=one),
        lambda one: PEOPLE.privacy.dp_top_k("plan", 2, keys=PLANS, epsilon=1, project=one),
        lambda one: PEOPLE.privacy.dp_crosstab("plan", "age", keys={"plan": PLANS, "age": [3]}, epsilon=1, project=one),
        lambda one: PEOPLE.privacy.dp_count("plan", epsilon=1, delta=1e-6, project=one),
        lambda one: PEOPLE.privacy.dp_describe("spend", bounds=(0, 10), epsilon=1, project=one),
        lambda one: PEOPLE.privacy.dp_histogram("age", bins=[0, 35, 90], epsilon=1, project=one),
    ],
)  # fmt: skip
def test_every_kind_of_release_is_packaged_with_its_groups(project, tmp_path, ask):
    release = ask(project)
    project.package(release, path=tmp_path / "one.zip", **AGREED)
    table = rows_of(members(tmp_path / "one.zip")["tables/entry-1.csv"])
    frame = release.to_frame()
    groups = [str(name) for name in frame.index.names if name is not None]
    assert table[0] == [*groups, *map(str, frame.columns)]
    assert len(table) == len(frame) + 1


def test_a_replayed_release_is_the_same_and_keys_in_another_order_too(project, tmp_path):
    counted(project)
    again = PEOPLE.privacy.dp_count("plan", keys=PLANS[::-1], epsilon=1, project=project)
    assert again.replayed
    assert project.package(again, path=tmp_path / "a.zip", **AGREED).tables[0][2] == (1,)


def test_what_must_not_leave_is_told_at_once_and_nothing_is_written_or_registered(project, ledger_path, tmp_path):
    other = pk.open_project("other", epsilon=9, unit=pk.ROW, store=ledger_path)
    twin = pk.open_project("study", epsilon=9, unit=pk.ROW, store=tmp_path / "twin.db")
    taught = pk.open_project("taught", epsilon=9, unit=pk.ROW, simulate=True)
    # So that there is an entry 1, of as many cells: by chance they agree less often than once in 10^20 times.
    PEOPLE.privacy.dp_count("plan", keys=[*PLANS, *map(str, range(40))], epsilon=1, project=project)
    before = project.ledger.to_frame()
    found = [
        PEOPLE,
        PEOPLE["zip"],
        pk.kanon(PEOPLE, ["zip", "age"]),
        counted(other),
        PEOPLE.privacy.dp_count("plan", keys=[*PLANS, *map(str, range(40))], epsilon=1, project=twin),
        counted(taught),
        CANARY,
        pk.anonymize(PEOPLE.assign(email=[f"{n}@{CANARY}.org" for n in range(120)]), "zip", k=5),
    ]
    agreed = {"recipient": " ", "purpose": None, "basis": "x" * 501, "expires": "2020-01-01", "approvals": ["A", "a "]}
    project.sharing.require_approvals(2, reason="by the board")
    with pytest.raises(pk.PackageError) as caught:
        project.package(found, path=tmp_path / "no" / "a.zip", **agreed)
    told = str(caught.value)
    for place in range(1, 9):
        assert f"- table {place} " in told
    for text in (
        "a DataFrame: raw rows", "a Series: raw rows", "a KAnonymityReport: exact figures", "of project 'other'",
        "not what the ledger of 'study' holds as entry 1", "SIMULATED", "a str, and no release",
        "direct identifiers: 'email'", "recipient=a blank", "purpose=None", "basis=501 characters",
        "a day that is past", "one name twice", "0 of the 2 approvals", "a folder that is not there",
    ):  # fmt: skip
        assert text in told, text
    assert CANARY not in told
    assert len(caught.value.problems) == told.count("\n- ")
    assert not list(tmp_path.rglob("*.zip"))
    assert not project.sharing.packages
    assert not project.sharing.unfinished
    assert len(project.ledger.to_frame()) == len(before) + 1  # the approvals that are required


def test_a_derived_number_of_another_project_is_refused(project, ledger_path, tmp_path):
    other = pk.open_project("other", epsilon=9, unit=pk.ROW, store=ledger_path)
    mixed = counted(project).total() + counted(other).total()
    with pytest.raises(pk.PackageError, match="of project 'other'"):
        project.package(mixed, path=tmp_path / "a.zip", **AGREED)


def test_a_release_that_was_changed_is_not_what_the_ledger_holds(project, tmp_path):
    release = counted(project)
    release.drawn[0] += 1
    with pytest.raises(pk.PackageError, match="is not what the ledger"):
        project.package(release, path=tmp_path / "a.zip", **AGREED)


def test_anonymized_rows_are_judged_as_they_are_now(project, tmp_path):
    out = anonymized()
    assert not out.leaving_.direct  # looked up before the frame changes
    out.frame["customer_id"] = [f"{CANARY}{n}" for n in range(len(out.frame))]
    with pytest.raises(pk.PackageError, match="direct identifiers: 'customer_id'"):
        project.package(out, path=tmp_path / "a.zip", **AGREED)
    out = anonymized()
    out.frame.loc[0, "age"] = None
    with pytest.raises(pk.PackageError, match=r"does not meet its goal KAnonymity\(5\)"):
        project.package(out, path=tmp_path / "a.zip", **AGREED)
    left = pk.anonymize(PEOPLE[["zip", "age", "spend"]], "zip", k=5)
    with pytest.raises(pk.PackageError, match="quasi-identifiers that its goal does not name: 'age'"):
        project.package(left, path=tmp_path / "a.zip", **AGREED)


@pytest.mark.parametrize(
    "goal",
    [
        pk.KAnonymity(1),
        pk.KAnonymity(1) & pk.LDiversity("plan", 1) & pk.TCloseness("plan", 1),
        pk.AverageRisk(1),
        pk.SampleUniqueness(1),
    ],
)
def test_raw_rows_are_not_handed_out_by_a_goal_that_any_table_meets(project, tmp_path, goal):
    frame = PEOPLE[["zip", "age", "plan"]]
    with pytest.raises(pk.PackageError, match="which any table meets: these are raw rows"):
        project.package(pk.anonymize(frame, ["zip", "age"], goal), path=tmp_path / "a.zip", **AGREED)
    some = pk.LDiversity("plan", 2) if goal.columns else pk.AverageRisk(0.5)
    assert project.package(pk.anonymize(frame, ["zip", "age"], some), path=tmp_path / "a.zip", **AGREED).tables


@pytest.mark.parametrize(
    "agreed",
    [
        {"recipient": "\u200b"},
        {"purpose": "\u2060 \ufeff"},
        {"approvals": ["Ada", "Ada\u200b"]},
        {"approvals": ["Ada", "\u0410da"]},
    ],
)
def test_what_nobody_sees_is_no_word_and_no_second_name(project, tmp_path, agreed):
    with pytest.raises(pk.PackageError, match=r"a blank|a character that is not seen|one name twice"):
        project.package(counted(project), path=tmp_path / "a.zip", **{**AGREED, **agreed})


@pytest.mark.parametrize(
    ("column", "why"),
    [
        ([[{"email": f"{n}@{CANARY}.org"}] for n in range(120)], "at whose values nobody looked"),
        ([7 * n + 3 for n in range(120)], "tell nearly every row apart"),
        ([n + 0.25 for n in range(109)] + [0.25] * 11, "tell nearly every row apart"),
        ([n + 0.25 for n in range(108)] + [0.25] * 12, ""),
        ([f"whoever lives in {CANARY}, room {n}" for n in range(120)], "tell nearly every row apart"),
    ],
)
def test_a_left_column_by_which_rows_are_found_again_stays(project, tmp_path, column, why):
    out = anonymized(PEOPLE.assign(spend=column))
    assert not out.leaving_.direct
    if not why:
        assert project.package(out, path=tmp_path / "a.zip", **AGREED).tables
        return
    with pytest.raises(pk.PackageError, match=f"{why}.*: 'spend'") as caught:
        project.package(out, path=tmp_path / "a.zip", **AGREED)
    assert CANARY not in str(caught.value)


def test_no_cell_value_is_in_the_register_or_in_the_words(project, tmp_path):
    frame = PEOPLE.assign(spend=[CANARY, "b", "c", "d"] * 30)
    made = project.package(anonymized(frame), path=tmp_path / "a.zip", **AGREED)
    found = members(tmp_path / "a.zip")
    assert CANARY in found["tables/anonymized-rows.csv"]  # a column that is no identifier leaves as it is
    words = [found["README.txt"], found["provenance.json"], found["cost.json"], repr(made), made._repr_html_()]
    words += [project.ledger.to_json(), project.sharing._repr_html_(), project.sharing.to_frame().to_csv()]
    assert not [text for text in words if CANARY in text]
    # Nor a size: how many rows are left of the raw ones is an exact figure.
    assert set(json.loads(project.ledger.to_json())["entries"][0]["question"]["record"]["tables"][0]) == {
        "name", "kind", "entries",
    }  # fmt: skip


def test_the_checksum_in_the_register_tells_nobody_that_he_guessed_the_rows(project, tmp_path, monkeypatch):
    whole = []
    write = packaging.write_archive
    monkeypatch.setattr(packaging, "write_archive", lambda *given: whole.append(given) or write(*given))
    made = project.package(anonymized(), path=tmp_path / "a.zip", **AGREED)
    again = write(tmp_path / "guessed.zip", *whole[0][1:])  # all that the register and the rows tell
    assert again != made.sha256
    differ = [
        name for name, text in members(tmp_path / "guessed.zip").items() if members(tmp_path / "a.zip")[name] != text
    ]
    assert differ == ["provenance.json", "SHA256SUMS"]
    assert json.loads(members(tmp_path / "a.zip")["provenance.json"])["salt"] not in project.ledger.to_json()


def test_a_closed_project_still_hands_out_and_a_simulated_one_never_does(project, tmp_path):
    release = counted(project)
    project.close("it is over")
    made = project.package(release, path=tmp_path / "a.zip", **AGREED)
    assert project.sharing.confirm_deletion(made.id, by="Bern").package.state == "deleted"
    assert project.ledger.verify().charged == project.spent
    taught = pk.open_project("taught", epsilon=9, unit=pk.ROW, simulate=True)
    for use in (lambda: taught.package(release, path=tmp_path / "b.zip", **AGREED), lambda: taught.sharing):
        with pytest.raises(pk.SimulatedError):
            use()


@pytest.mark.parametrize("name", ["a.zip", "dir.zip", "link.zip", "a.csv", "a\x00.zip", "no/a.zip", "x" * 300 + ".zip"])
def test_a_place_that_is_taken_or_none_is_refused(project, tmp_path, name):
    (tmp_path / "a.zip").write_text("somebody's")
    (tmp_path / "dir.zip").mkdir()
    (tmp_path / "link.zip").symlink_to(tmp_path / "nowhere.zip")
    release = counted(project)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(pk.PackageError, match="path="):
        project.package(release, path=f"{tmp_path}/{name}", **AGREED)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "a.zip").read_text() == "somebody's"


def test_a_folder_that_cannot_be_written_leaves_nothing_and_says_so(project, tmp_path, monkeypatch):
    release = counted(project)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(packaging, "write_archive", full)
    with pytest.raises(pk.FileError, match=r"^a\.zip: it cannot be written"):
        project.package(release, path=tmp_path / "a.zip", **AGREED)
    assert not list(tmp_path.glob("*.zip")) + list(tmp_path.glob(".*.part"))
    assert project.sharing.unfinished == (2,)
    monkeypatch.undo()
    assert project.package(release, path=tmp_path / "a.zip", **AGREED).id == 3


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


# -- names and cells ---------------------------------------------------------------------------------------------------

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
