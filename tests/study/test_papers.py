"""Papers for people: what is known is told, what only a person knows is marked, no cell value and no markup leaves."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import privkit as pk
from privkit import cli
from privkit.study.dossiers.terms import letter_of
from privkit.study.papers.drafting import wording
from privkit.study.papers.texts import LESSONS

CANARY = "CANARY-7f3a"
MARK = "**[TO BE FILLED"
NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
#: What Art. 13 and 14 ask a notice to tell: a word of it, and the article or its mark.
TOLD = {
    "controller": "We are:",
    "officer": "Our data protection officer:",
    "purposes": "### churn by area",
    "basis": "(Art. 6(1)(f))",
    "interests": "Our legitimate interests:",
    "recipients": "Who else receives it: data processor",
    "transfers": "Outside the European Economic Area:",
    "retention": "We keep it until: 2027-12-31",
    "rights": "(Art. 15)",
    "complaint": "(Art. 77)",
    "required": "Whether you must give us the data:",
    "automated": "(Art. 22)",
    "categories": "- We use: postal code, age, health, e-mail address.",
    "source": "We have it from: the shop",
}


@cache
def found() -> pk.Inventory:
    frame = pd.DataFrame(
        {
            "zip": [f"{CANARY}-{n % 40}" for n in range(120)],
            "age": [987_650_000 + n % 30 for n in range(120)],
            "ill": [f"{CANARY}-ill-{n % 3}" for n in range(120)],
            "email": [f"{CANARY}{n}@x.org" for n in range(120)],
        }
    )
    return pk.audit(frame, roles={"zip": "quasi", "age": "quasi", "ill": "sensitive", "email": "direct"})


def owned(**more: object) -> pk.Inventory:
    said = {
        "purpose": "churn by area",
        "legal_basis": "legitimate interest",
        "source": "the shop",
        "stored": "a warehouse in Zürich",
        "access": "two analysts",
        "retention": "2027-12-31",
        "recipients": ["data processor"],
    }
    return found().assign(list(found().columns), **{**said, **more})


# -- what they say -------------------------------------------------------------------------------------------------


def test_what_a_person_must_fill_is_marked_listed_and_asked_once():
    for inventory in (found(), owned()):
        made = pk.papers(inventory)
        assert list(made) == ["policy", "notice", "training", "vendors"] == list(made.keys())
        for one in made.open:
            assert one.papers == tuple(name for name, text in made.items() if f"{MARK}, {_md(one.id)}: " in text)
            assert one.papers
        marks = {name for text in made.values() for name in re.findall(r"\[TO BE FILLED, ([\w.\\]+):", text)}
        assert marks == {_md(one.id) for one in made.open}
        assert len({one.id for one in made.open}) == len(made.open)
    assert {one.id for one in made.open} == set(wording()["blank"])  # here the inventory says all of its part
    every = {name: f"said of {name}" for name in wording()["blank"]}
    done = pk.papers(owned(), answers=every)
    assert not done.open
    assert not [text for text in done.values() if "TO BE FILLED" in text]
    assert all(f"said of {name}" in "".join(done.values()) for name in every)


def _md(name: str) -> str:
    return name.replace("_", "\\_")


def test_the_notice_tells_what_the_law_asks_for():
    text = pk.papers(owned()).notice
    assert not [name for name, words in TOLD.items() if words not in text]
    assert "especially protected" in text  # there is a sensitive attribute
    assert "especially protected" not in pk.papers(owned(role="other")).notice


def test_the_notice_claims_noise_of_what_has_some_alone(tmp_path):
    project = pk.open_project("p", epsilon=1, unit=pk.ROW, store=tmp_path / "l.db")
    count = pk.dp_count(pd.DataFrame({"a": range(9)}), epsilon=0.1, project=project)
    partner = {"recipient": "City", "purpose": "planning", "basis": "contract", "expires": "2099-01-01"}
    project.package(count, path=tmp_path / "a.zip", **partner)
    text = pk.papers(owned(), project=project).notice
    assert "never a row about one. Chance is added to each figure before it leaves. Whoever" in text
    assert "Tables of such figures were given to:" in text
    people = pd.DataFrame({"zip": ["8004", "8005"] * 30, "age": [20, 30, 40] * 20})
    out = project.package(pk.anonymize(people, ["zip", "age"], k=5), path=tmp_path / "b.zip", **partner)
    project.sharing.confirm_deletion(out.id, by="City")  # what was said of it stays untrue
    made = pk.papers(owned(), project=project)
    assert "never a row about one" not in made.notice
    assert (
        "before it leaves, but for what is named below. Whoever wants to find out from figures with added"
        in made.notice
    )
    assert "left: rows about single persons, made coarser and without names. Of these, that bound says" in made.notice
    assert "Handed out without noise, so that this bound says nothing of it: anonymized rows." in made.policy


@pytest.mark.parametrize(
    ("basis", "rights"),
    [
        ("consent", {"20", "7(3)"}),
        ("Art. 6(1)(b) GDPR", {"20"}),
        ("https://w3id.org/dpv#LegalObligation", set()),
        ("dpv:PublicInterest", {"21(1)"}),
        ("legitimate interest", {"21(1)"}),
        ("because we may", {"20", "21(1)", "7(3)"}),  # where the point is not known, no right is left out
        ("", {"20", "21(1)", "7(3)"}),
    ],
)
def test_rights_follow_the_legal_basis_and_none_is_left_out_in_doubt(basis, rights):
    text = pk.papers(owned(legal_basis=basis)).notice.partition("## What you may ask")[2]
    articles = set(re.findall(r"\(Art\. ([\d()]+)\)", text))
    always = {"15", "16", "17", "18", "21(2)", "22", "12(3)", "12(5)", "77"}
    assert articles == rights | always


def test_points_of_article_6_are_those_of_the_vocabulary():
    named = ["consent", "contract", "legal obligation", "vital interest", "public interest", "legitimate interest"]
    assert "".join(map(letter_of, named)) == "abcdef"
    assert letter_of("https://w3id.org/dpv/legal/eu/gdpr#A6-1-b-contract-performance") == "b"
    for text in ("consent and more", "Art. 9(2)(a)", "https://w3id.org/dpv#Marketing"):
        assert letter_of(text) == ""


def test_the_hour_is_one_and_its_minutes_are_those_of_the_notebooks(tmp_path):
    words = {"ten": 10, "fifteen": 15}
    for name, (minutes, _) in LESSONS.items():
        need = next(line for line in _first(name).splitlines() if "**You need**" in line)
        assert words[re.search(r"(ten|fifteen)\s+minutes", need.replace("\n", " "))[1]] == minutes
    project = pk.open_project("p", epsilon=1, unit=pk.ROW, store=tmp_path / "l.db")
    for given_project in (None, project):
        text = pk.papers(found(), project=given_project).training
        parts = [(int(a), int(b), what) for a, b, what in re.findall(r"\| (\d+) to (\d+) \| ([^|]+) \|", text)]
        assert [a for a, *_ in parts] == [0, *(b for _, b, _ in parts[:-1])]
        assert parts[-1][1] == 60
        shown = [what.strip("`").removesuffix(".ipynb") for *_, what in parts if "ipynb" in what]
        assert ("05_budget" in shown) == (given_project is not None)
        for place, name in enumerate(shown):  # each comes after what it builds on
            before = re.findall(r"\[(\d\d_\w+)\]", _first(name).partition("**You need**")[2])
            assert set(before) <= set(shown[:place])
            lesson = next(b - a for a, b, what in parts if name in what)
            assert lesson == LESSONS[name][0]


def _first(name: str) -> str:
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    return "".join(cells[0]["source"]).replace("\n", " ").replace("**You need**", "\n**You need**")


def test_a_project_is_told_by_its_ledger_and_only_looked_at(tmp_path):
    people = pd.DataFrame({"email": ["a@x.org", "b@x.org"]})
    project = pk.open_project("churn_1", epsilon=1, unit=pk.ROW, store=tmp_path / "l.db", analyst=CANARY)
    release = people.privacy.dp_count(epsilon=0.25, project=project)
    agreed = {"purpose": "teaching", "basis": "contract", "expires": "2999-12-31"}
    package = project.package({"all": release}, path=tmp_path / "a.zip", recipient="1. Uni | Bern", **agreed)
    before = len(project.ledger)
    made = pk.papers(owned(), project=project)
    assert len(project.ledger) == before
    assert "project churn\\_1, ε = 1, of which ε = 0.25 is charged" in made.policy
    assert "most 0.463 (0 is nothing" in made.notice  # tanh(1/2), rounded up
    assert "- 1\\. Uni \\| Bern, for teaching, until 2999-12-31" in made.notice
    assert "Handed out and not yet known to be deleted: 1, to 1\\. Uni \\| Bern." in made.policy
    assert made.title == "the data of churn_1"
    assert CANARY not in "".join(made.values())
    project.sharing.confirm_deletion(package.id, by="Bern")
    assert "Uni" not in pk.papers(owned(), project=project).notice


def test_the_policy_stays_a_page_and_the_vendors_answers_have_meanings():
    wide = pk.Inventory(tuple(pk.audit(pd.DataFrame({f"c{n}": [n]})).entries[0] for n in range(240)), 1)
    for inventory in (owned(), wide.assign([f"c{n}" for n in range(0, 240, 2)], purpose="much")):
        text = pk.papers(inventory, answers=dict.fromkeys(wording()["blank"], "A. B.")).policy
        assert len(text.splitlines()) <= 60
        assert len(text) <= 5000
    rows = [line for line in pk.papers(found()).vendors.splitlines() if re.match(r"\| \d+ \|", line)]
    assert len(rows) == len(wording()["vendor"]) >= 12
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 7 for row in rows)
    assert all(one["yes"] and one["no"] for one in wording()["vendor"])
    points = {point for one in wording()["vendor"] for point in re.findall(r"28\(3\)\((\w)\)", one["article"])}
    assert points == set("abegh")


# -- what leaves ---------------------------------------------------------------------------------------------------


def test_no_cell_value_leaves():
    made = pk.papers(owned())
    told = "".join(made.values()) + repr(made) + made._repr_html_() + str(made.open)
    assert CANARY not in told
    assert not re.search(r"98765\d{4}", told)


def shape(text: str) -> list[str]:
    """Return what a reader of GitHub's Markdown makes of a text: the kinds of its parts, without their words."""
    reader = pytest.importorskip("markdown_it").MarkdownIt("commonmark", {"html": True}).enable(["table"])
    told = []
    for token in reader.parse(text):
        told.append(f"{token.type} {token.tag}")
        told += [child.type for child in token.children or () if child.type not in {"text", "softbreak"}]
    return told


HOSTILE = st.one_of(
    st.text(min_size=1, max_size=12),
    st.text(alphabet="<>&|[](){}*_`~#+-=!:/\\\n\r\t 1.'\"@w", min_size=1, max_size=12),
    st.sampled_from(
        ["<script>x</script>", "[a](b)", "![a](b)", "a|b", "# a", "- a", "1. a", "---", "```", "https://x.org",
         "www.x.org", "a\n\n# b", "\u2028# b", "[^1]", "&lt;", "~~a~~", "    a", "\\", "**", "[TO BE FILLED", "<!--"]
    ),
)  # fmt: skip


def drafted(texts: list[str]) -> pk.Papers:
    """Return papers whose every name and word is one of these."""
    names = ("name", "purpose", "legal_basis", "source", "stored", "access", "consent")
    said = dict(zip(names, texts, strict=False))
    one = replace(found().entries[0], what="", **said, recipients=(texts[7],))
    answers = dict.fromkeys(wording()["blank"], texts[0])
    return pk.papers(pk.Inventory((one,), 1), answers=answers, title=texts[1])


@cache
def plain() -> dict[str, list[str]]:
    return {name: shape(text) for name, text in drafted([f"word{n}" for n in range(8)]).items()}


@settings(max_examples=60)
@given(st.lists(HOSTILE.filter(str.strip), min_size=8, max_size=8))
def test_hostile_names_and_words_are_only_text(said):
    assume(not letter_of(said[2]))
    for name, text in drafted(said).items():
        assert shape(text) == plain()[name]
        assert not re.search(r"(?i)\bwww\.|(?<!\\)://", text)  # GitHub would make links


# -- files ---------------------------------------------------------------------------------------------------------


def test_edited_papers_are_not_written_over_and_all_or_none_is(tmp_path, monkeypatch):
    made, place = pk.papers(found()), tmp_path / "new" / "papers"
    assert [path.name for path in made.save(place)] == ["policy.md", "notice.md", "training.md", "vendors.md"]
    assert (place / "notice.md").read_text(encoding="utf-8") == made.notice
    (place / "notice.md").write_text("edited")
    with pytest.raises(pk.FileError, match=r"overwrite=True"):
        made.save(place)
    assert (place / "notice.md").read_text() == "edited"
    made.save(place, overwrite=True)
    assert (place / "notice.md").read_text(encoding="utf-8") == made.notice
    (tmp_path / "file").write_text("")
    for wrong in (tmp_path / "file", tmp_path / "a\0b"):
        with pytest.raises(pk.FileError):
            made.save(wrong)
    (tmp_path / "half" / "training.md").mkdir(parents=True)
    with pytest.raises(pk.FileError, match="a folder"):
        made.save(tmp_path / "half", overwrite=True)
    written = Path.write_text

    def full(self, *given, **more):
        if self.name == "vendors.md":
            raise OSError(28, "No space left on device")
        return written(self, *given, **more)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(pk.FileError, match="No space"):
        made.save(tmp_path / "none")
    assert not list((tmp_path / "none").iterdir())


# -- what is refused -----------------------------------------------------------------------------------------------


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_quoted(tmp_path):
    simulated = pk.open_project("s", epsilon=1, unit=pk.ROW, simulate=True, seed=1)
    answers = {"contakt": CANARY, "contact": " ", "officer": [CANARY], "inventory.purpose": CANARY, 5: CANARY}
    with pytest.raises(pk.PapersError) as caught:
        pk.papers(found(), project=simulated, answers=answers)
    assert len(caught.value.problems) == 6
    assert CANARY not in str(caught.value)
    assert "Near: 'contact'" in str(caught.value)
    (tmp_path / "a.toml").write_text("[")
    with pytest.raises(pk.PapersError, match="no TOML"):
        pk.papers(found(), answers=tmp_path / "a.toml")
    for wrong in ({"inventory": 5}, {"inventory": found(), "project": "p"}, {"inventory": found(), "title": 5}):
        with pytest.raises(pk.ParameterError):
            pk.papers(**wrong)


def test_the_command_writes_and_tells_what_is_open(tmp_path, monkeypatch, capsys):
    pytest.importorskip("yaml")
    monkeypatch.chdir(tmp_path)
    owned().to_yaml("i.yaml")
    Path("a.toml").write_text('contact = "privacy@x.example"\n')
    assert cli.main(["papers", "--inventory", "i.yaml", "--answers", "a.toml", "--out", "out"]) == 0
    assert "written to 'out'." in capsys.readouterr().out
    assert "privacy@x.example" in Path("out/notice.md").read_text(encoding="utf-8")
    assert cli.main(["papers", "--inventory", "i.yaml", "--out", "out"]) == 1
    assert "--force" in capsys.readouterr().err
    pd.DataFrame({"zip": ["8004"], "town": ["Zug"]}).to_csv("t.csv", index=False)
    assert cli.main(["papers", "t.csv", "--inventory", "i.yaml", "--out", "out", "--force", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "'town'" in next(one["ask"] for one in told["open"] if one["id"] == "inventory.purpose")
    assert set(told["papers"]) == {"policy", "notice", "training", "vendors"}
    assert cli.main(["papers"]) == 2
    assert cli.main(["papers", "--inventory", "i.yaml", "--project", "nobody"]) == 1
