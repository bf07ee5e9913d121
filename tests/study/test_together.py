"""What tables of counts tell together: counted one by one, and read from packages as they were handed out."""

from __future__ import annotations

import json
import zipfile
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit.study.archive import recorded, table_of

CANARY = "CANARY-7f3a"
AGREED = {"purpose": "planning", "basis": "contract", "expires": "2999-12-31"}
PEOPLE = pd.DataFrame(
    {"town": ["north"] * 20 + ["south"] * 21, "ill": ["yes", "no"] * 20 + ["yes"], "age": [*range(20, 60), 19]}
)
ADULTS = PEOPLE[PEOPLE["age"] >= 20]


def table(frame, **how):
    return pk.output_check(pd.crosstab(frame["town"], frame["ill"], margins=True), **how)


@pytest.fixture
def project(ledger_path):
    return pk.open_project("study", epsilon=1, unit=pk.ROW, store=ledger_path)


@pytest.fixture
def shared(project, tmp_path):
    """Two packages for two recipients: each is safe, and their difference is one person of south who is ill."""
    folder = tmp_path / "archives"
    folder.mkdir()
    project.package({"all": table(PEOPLE)}, path=folder / "a.zip", recipient="City", **AGREED)
    adults = table(ADULTS, filters=["age >= 20"])
    project.package({"adults": adults}, path=folder / "b.zip", recipient="Uni", **AGREED)
    return folder


# -- the audit -----------------------------------------------------------------------------------------------------


@settings(max_examples=20)
@given(
    st.lists(st.integers(0, 3), min_size=4, max_size=4).filter(any),
    st.lists(st.booleans(), min_size=6, max_size=6).filter(lambda one: not all(one)),
)
def test_what_is_told_is_what_all_fitting_people_have_in_common(values, hidden):
    """Two categories, in and out of a filter; a table of everybody and one of the filter, both with totals."""
    inside, outside = np.array(values[:2]), np.array(values[2:])
    figures = [*(inside + outside), (inside + outside).sum(), *inside, inside.sum()]
    shown = [None if hide else int(one) for hide, one in zip(hidden, figures, strict=True)]
    index = pd.Index(["r0", "r1", "All"], name="r")
    tables = [pd.Series(shown[:3], index=index, dtype="Int64"), pd.Series(shown[3:], index=index, dtype="Int64")]
    if not any(shown):
        return
    out = pk.output_check(tables, filters=[None, "the young"], method="audit", threshold=3)
    fits = np.ones(len(EVERY), dtype=bool)
    for one, figure in zip(shown, EVERY.T, strict=False):
        fits &= True if one is None else figure == one
    found = dict(zip(NAMES, EVERY[fits].T, strict=True))
    exposed = {name: (each.min(), each.max()) for name, each in found.items() if 0 < each.max() < 3}
    audit = out.audit[out.audit["unsafe"]].set_index("cell")
    told = {name: (row.low, row.high) for name, row in audit.iterrows()}
    assert told.items() <= exposed.items()
    for name in exposed.keys() - told.keys():  # it is a cell of another name, by what is 0
        assert any((found[name] == found[other]).all() for other in told)
    assert out.protected == (not exposed)


NAMES = [
    "r=r0", "r=r1", "total", "r=r0, the young", "r=r1, the young", "the young",
    "r=r0, not (the young)", "r=r1, not (the young)", "not (the young)",
]  # fmt: skip
#: All people of up to 12 of each kind: no sum of the test's is above it, so what is bounded at all is bounded within.
EVERY = np.array(
    [(a + c, b + d, a + b + c + d, a, b, a + b, c, d, c + d) for a, b, c, d in product(range(13), repeat=4)]
)


def test_two_tables_of_which_each_is_safe_tell_of_the_one_between_them():
    both = [table(PEOPLE), table(ADULTS, filters=["age >= 20"])]
    for one in both:
        assert not one.n_unsafe
        again = pk.output_check(one.frame, filters=list(one.filters), method="audit")
        assert again.protected
        assert again.audit.empty
    out = pk.output_check([one.frame for one in both], filters=[None, "age >= 20"], method="audit")
    told = out.audit.set_index("cell")
    assert told.loc["ill=yes, town=south, not (age >= 20)", ["low", "high"]].tolist() == [1, 1]
    assert not out.protected
    assert "not (age >= 20): exactly" in repr(out)
    assert "told by" in out._repr_html_()


def test_three_filters_tell_of_whom_none_of_them_holds():
    old = PEOPLE[PEOPLE["age"] >= 30]
    young = PEOPLE[PEOPLE["age"] < 29]
    tables = [pd.crosstab(frame["town"], "n") for frame in (PEOPLE, old, young)]
    out = pk.output_check(tables, filters=[None, "age >= 30", "age < 29"], method="audit")
    exposed = out.audit.loc[out.audit["unsafe"], "cell"].tolist()
    assert exposed == ["age < 29, col_0=n, town=south", "col_0=n, town=north, not (age < 29), not (age >= 30)"]


def test_a_cell_that_another_table_publishes_is_known():
    small = pd.Series([None, 9], index=pd.Index(["a", "b"], name="r"), dtype="Int64")
    other = pd.Series([2, 9], index=pd.Index(["a", "b"], name="r"), dtype="Int64")
    assert pk.output_check(small, method="audit").protected
    assert pk.output_check([small, other], method="audit").audit["high"].tolist() == [2]


def test_an_audit_that_ends_early_says_so(monkeypatch):
    import privkit.disclosure.published as told

    one = table(PEOPLE).frame
    one.iloc[0, 0] = pd.NA
    monkeypatch.setattr(told, "monotonic", iter([0.0, 99.0]).__next__)
    out = pk.output_check(one, method="audit", audit_seconds=1)
    assert (out.n_unaudited, out.n_exposed, out.protected) == (1, 0, False)
    assert "1 not audited" in repr(out)


@pytest.mark.parametrize("how", [{"protection": 1}, {"rows": PEOPLE}, {"key": b"k" * 32}, {"p_percent": 10}])
def test_an_audit_takes_published_counts_alone(how):
    with pytest.raises(pk.ParameterError, match="looks at published counts"):
        pk.output_check(table(PEOPLE).frame, method="audit", **how)


# -- packages ------------------------------------------------------------------------------------------------------


def test_two_packages_that_subtract_to_one_person_are_found(project, shared):
    out = project.sharing.output_check(shared)
    told = out.audit.set_index("cell")
    assert told.loc["ill=yes, town=south, not (age >= 20)", ["low", "high"]].tolist() == [1, 1]
    assert out.n_exposed == len(told)
    alone = project.sharing.output_check(shared, without=[2])
    assert alone.protected
    tried = project.sharing.output_check(shared, without=[2], beside=table(ADULTS, filters=["age >= 20"]))
    assert tried.audit.equals(out.audit)
    project.sharing.revoke(2, reason="too close")
    assert not project.sharing.output_check(shared).protected  # it may still be there
    project.sharing.confirm_deletion(2, by="Uni")
    assert project.sharing.output_check(shared).protected
    assert CANARY not in project.ledger.to_json()
    assert not [one for one in project.ledger.to_frame()["epsilon"] if one]


def test_archives_are_known_by_their_checksums_wherever_they_lie(project, shared, tmp_path):
    elsewhere = tmp_path / "else"
    elsewhere.mkdir()
    (shared / "a.zip").rename(elsewhere / "renamed.zip")
    both = [elsewhere / "renamed.zip", str(shared / "b.zip")]
    assert not project.sharing.output_check(both).protected
    with pytest.raises(pk.PackageError, match=r"package 1 \('a.zip', for City\) is not there"):
        project.sharing.output_check(shared)
    altered = (elsewhere / "renamed.zip").read_bytes() + b"\0"
    (shared / "a.zip").write_bytes(altered)
    (shared / "b.zip").unlink()
    with pytest.raises(pk.PackageError) as caught:
        project.sharing.output_check(shared)
    assert [one.rpartition(") ")[2] for one in caught.value.problems] == [
        "was changed: its checksum is another", "is not there",
    ]  # fmt: skip
    for none in (tmp_path / "no", [tmp_path / "no.zip"]):
        with pytest.raises(pk.FileError):
            project.sharing.output_check(none)
    for wrong in (None, 5, [None], {"a": 1}):
        with pytest.raises(pk.ParameterError, match="archives"):
            project.sharing.output_check(wrong)


def test_counts_that_were_put_back_or_are_not_protected_are_not_packaged(project, tmp_path):
    few = pd.concat([PEOPLE, pd.DataFrame({"town": ["west"] * 2, "ill": ["yes"] * 2, "age": [30, 31]})])
    good = table(few)
    assert good.n_suppressed
    put_back = table(few)
    put_back.frame.loc["west", "yes"] = 2
    sums = pk.output_check(
        pd.crosstab(few["town"], few["ill"], values=few["age"], aggfunc="sum"), rows=few, value="age", p_percent=10
    )
    audit = pk.output_check(good.frame, method="audit")
    given = [table(few, method="primary"), put_back, sums, audit]
    with pytest.raises(pk.PackageError) as caught:
        project.package(given, path=tmp_path / "a.zip", recipient="City", **AGREED)
    told = caught.value.problems
    assert [one.split(",")[0].split(" counts")[0] for one in told] == [
        "table 1 tells 2", "table 2 tells 2", "table 3 is an audit", "table 4 is an audit",
    ]  # fmt: skip
    made = project.package(good, path=tmp_path / "b.zip", recipient="City", **AGREED)
    assert made.tables == (("checked-counts", "checked counts", ()),)
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        text = archive.read("tables/checked-counts.csv").decode()
        [one] = json.loads(archive.read("provenance.json"))["tables"]
    assert text.splitlines()[0] == '"town","no","yes","All"'
    assert table_of(one["provenance"]["cells"]).isna().sum() == good.n_suppressed
    assert '"west","0","",""' in text


def test_what_is_no_table_of_counts_does_not_go_in_and_is_told(project, tmp_path):
    release = PEOPLE.privacy.dp_count("town", keys=["north", "south"], epsilon=0.1, project=project)
    project.package(release, path=tmp_path / "a.zip", recipient="City", **AGREED)
    with pytest.raises(pk.PackageError, match="no table of counts"):
        project.sharing.output_check(tmp_path)
    assert project.sharing.output_check(tmp_path, beside=table(PEOPLE)).protected
    for wrong in (release, PEOPLE, pk.output_check(table(PEOPLE).frame, method="audit")):
        with pytest.raises(pk.ParameterError, match="beside"):
            project.sharing.output_check(tmp_path, beside=wrong)
    for wrong in ([2], "a", [None]):
        with pytest.raises(pk.ParameterError, match="without"):
            project.sharing.output_check(tmp_path, without=wrong)


def test_tables_of_other_people_contradict_and_say_so(project, shared):
    later = pd.concat([PEOPLE] * 2)
    with pytest.raises(pk.DisclosureError, match="contradict"):
        project.sharing.output_check(shared, beside=table(later))


def test_hostile_labels_are_read_as_they_were(project, tmp_path):
    names = ["All ", "\0total", "=1+1", "\u202e", CANARY, "5"]
    frame = pd.DataFrame({"town": [*names, 5, None] * 9, "town ": ["x", "y"] * 36}, dtype=object)
    whole = pd.crosstab(frame["town"].fillna("none"), frame["town "], margins=True)
    cells = recorded(whole, "All")
    back = table_of(json.loads(json.dumps(cells)))
    assert len(back) == whole.size
    assert sorted(map(int, back)) == sorted(whole.to_numpy().ravel().tolist())
    out = pk.output_check(whole)
    if out.n_suppressed < whole.size:
        made = project.package(out, path=tmp_path / "a.zip", recipient="City", **AGREED)
        assert made.tables
    assert CANARY not in project.ledger.to_json()
