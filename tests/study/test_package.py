"""Packages: what leaves is whole and registered; what must not is refused, all at once; no value leaks."""

from __future__ import annotations

import hashlib
import json

import pytest
from packages_made import AGREED, CANARY, PEOPLE, PLANS, assert_checksums_hold, cells_run, counted, members, rows_of

import privkit as pk
from privkit.study import package as packaging


@pytest.fixture
def project(ledger_path):
    return pk.open_project("study", epsilon=10, delta=1e-5, unit=pk.ROW, store=ledger_path)


def anonymized(frame=PEOPLE, **how):
    goal = pk.KAnonymity(5)
    return pk.anonymize(frame[["zip", "age", "spend"]], ["zip", "age"], goal, suppress=0.1, **how)


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
