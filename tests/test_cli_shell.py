"""The words of the shell, and transcripts on real files."""

from __future__ import annotations

import gzip
import json
import re
import shlex
from pathlib import Path

import pandas as pd
import pytest

import privkit as pk
from privkit import events as ev
from privkit.cli import main

ADULT = Path(__file__).parent / "data" / "adult" / "adult.csv.gz"
#: What only Python has: calls, arguments with a value, its own words.
PYTHON = re.compile(r"\w\(\)|\b[a-z_]+=['\"\d\[{(]|\b(df|pk|ev)\.|\bNone\b|\bTrue\b|\['")


def test_no_pinned_answer_of_a_command_says_anything_in_python():
    golden = Path(__file__).parent / "contract" / "golden"
    # A project is begun in Python alone.
    answers = {path.name: path.read_text() for path in golden.glob("command_*.txt") if "ledger_wrong" not in path.name}
    assert len(answers) > 5
    assert {name: found[0] for name, text in answers.items() if (found := PYTHON.search(text))} == {}


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [(f"800{n % 5}", 20 + n % 9, "ab"[n % 2], f"p{n}@x.ch") for n in range(60)]
    pd.DataFrame(rows, columns=["zip", "age", "plan", "mail"]).to_csv("c.csv", index=False)
    Path("o.ndjson").write_text("".join(json.dumps({"id": n, "to": {"zip": "80"}, "t": 1}) + "\n" for n in range(30)))
    Path("bad.ndjson").write_text('{"id": 1}\n{"id"\n')
    Path("h.toml").write_text('[zip]\nmapping = {"8000" = "x"}\n')
    keep = {"op": "keep", "paths": ["id"]}
    time = {"op": "truncate_time", "paths": ["t"], "unit": "day"}
    token = {"op": "pseudonymize", "paths": ["id"], "key": {"id": "1b398903"}}
    Path("d.toml").write_text('[day]\ndates = ["month"]\n')
    Path("d.csv").write_text("day\n" + "01.02.2020\n" * 4)
    Path("star.csv").write_text("zip,age\n*,*\n80,2\n80,2\n")
    Path("empty.csv").write_text("")
    Path("lines.csv").write_text("\n\n")
    Path("nothing.json").write_text(json.dumps({"name": "nothing", "operations": []}))
    keyless = {"op": "pseudonymize", "paths": ["id"]}
    rules = {"keep": keep, "time": time, "token": token, "keyless": keyless}
    for name, rule in rules.items():
        Path(f"{name}.json").write_text(json.dumps({"name": name, "operations": [rule]}))
    return tmp_path


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        ("kanon c.csv --qi agee", 1, "kanon got --qi agee, but 'agee' is not a column.\nClose matches: 'age'."),
        ("kanon c.csv --qi zip --k 0", 2, "kanon got --k 0, but --k must be a whole number >= 1"),
        ("kanon c.csv --qi zip --unit who", 1, "kanon got --unit who"),
        ("kanon c.csv --qi zip,zip", 2, "kanon got --qi with 'zip' more than once"),
        ("risk c.csv --qi zip --threshold 7", 2, "risk got --threshold 7, but --threshold must be a share"),
        ("risk c.csv --qi zip --population 0", 2, "--population must be the number of persons of the population"),
        ("risk c.csv --qi zip --population 3", 1, "a population of 3"),
        ("check c.csv --qi zip --l 2", 2, "check: --l needs --sensitive"),
        ("check c.csv --qi zip --l 0 --sensitive plan", 2, "check got --l 0, but --l must be"),
        ("check c.csv --qi zip --t 5 --sensitive plan", 2, "check got --t 5"),
        ("check c.csv --qi zip,age --l 2 --sensitive zip", 2, "Leave it out: --qi age."),
        ("check c.csv --qi zip --l 2 --sensitive no", 1, "check got --sensitive no, but 'no' is not a column"),
        ("check c.csv --qi zip", 2, "say what must hold: --k, --l, --t or --beta"),
        ("link c.csv c.csv --on no", 1, "link got --on no"),
        ("anonymize c.csv --qi zip --k 5 --suppress 7 --out x.csv", 2, "--suppress 7, but --suppress must be"),
        ("anonymize c.csv --qi zip --k 99 --out x.csv", 1, "anonymize(--k 99): the table has 60 rows"),
        ("anonymize c.csv --qi zip --k 5 --utility no --out x.csv", 2, "--utility 'no', but --utility must be one of"),
        ("anonymize c.csv --qi zip --k 5 --time-limit -1 --out x.csv", 2, "--time-limit -1.0, but --time-limit must"),
        ("anonymize c.csv --qi zip --k 5 --drop mial --out x.csv", 1, "--drop mial, but 'mial' is not a column"),
        ("anonymize c.csv --qi zip --k 5 --levels zip --out x.csv", 2, "--levels takes one COLUMN=LEVEL"),
        ("anonymize c.csv --qi zip --k 5 --levels zip= --out x.csv", 2, "--levels takes one COLUMN=LEVEL"),
        ("anonymize c.csv --qi zip --k 5 --levels zip=1,zip=2 --out x.csv", 2, "--levels takes one COLUMN=LEVEL"),
        (
            "anonymize c.csv --qi zip --k 5 --levels zip=9 --out x.csv",
            1,
            "anonymize got level 9 for 'zip', but its levels are",
        ),
        ("anonymize c.csv --qi zip --k 5 --levels zip=2:1 --out x.csv", 2, "The lowest must not be above the highest."),
        ("anonymize c.csv --qi zip --k 5 --levels age=1 --out x.csv", 2, "about the quasi-identifiers"),
        ("anonymize c.csv --qi zip --k 5 --method cells --hierarchies h.toml --out x.csv", 2, "without --hierarchies"),
        ("anonymize c.csv --qi zip --k 5 --drop zip --out x.csv", 2, "'zip' cannot be left out and generalized"),
        ("anonymize c.csv --qi zip --k 5 --hierarchies h.toml --out x.csv", 1, "to its table in --hierarchies FILE"),
        ("events keep.json o.ndjson --out y.ndjson", 1, "say --unmatched drop or --unmatched keep"),
        ("events keep.json o.ndjson", 2, "--out FILE is needed"),
        ("events keep.json o.ndjson --out y.csv", 1, "one JSON object a line. Call it .ndjson or .jsonl"),
        ("events keep.json bad.ndjson --out y.ndjson", 1, "set such lines apart: --quarantine FILE"),
        ("events time.json o.ndjson --unmatched keep --out y.ndjson", 1, "say epoch"),
        ("events token.json o.ndjson --unmatched keep --out y.ndjson", 1, "Give it: --key FILE"),
        ("events propose c.csv", 1, "line 1 is no event: it is no valid JSON. Events are read as NDJSON"),
        ("events keep.json c.csv --out y.ndjson", 1, "Events are read as NDJSON, one JSON object a line."),
        ("events keyless.json o.ndjson --out y.ndjson", 1, 'key = {env = "NAME"}, {file = "PATH"} or {keyring'),
        ("events nothing.json o.ndjson --out y.ndjson", 1, 'say op = "keep"'),
        ("anonymize d.csv --qi day --k 2 --hierarchies d.toml --out x.csv", 1, 'format = "%d.%m.%Y" beside dates'),
        ("audit empty.csv", 1, "empty.csv: it is empty"),
        ("audit lines.csv", 1, "lines.csv: it is empty"),
        ("ledger show p --store no.db", 1, "Check the folder or --store."),
    ],
)
def test_mistakes_are_told_in_the_shells_words_and_by_the_code(files, capsys, command, code, told):
    before = sorted(files.iterdir())
    assert main(shlex.split(command)) == code
    out, err = capsys.readouterr()
    assert told in err
    assert not PYTHON.search(err.replace("epoch='s', 'ms' or 'us'", "")), err  # which is written so in a recipe
    assert not out
    assert sorted(files.iterdir()) == before


@pytest.mark.parametrize(
    "command",
    [
        "kanon star.csv --qi zip,age",
        "check star.csv --qi zip,age --k 2",
        "check star.csv --qi zip --k 2 --l 2 --t 0.1 --sensitive age",
        "risk star.csv --qi zip,age",
        "risk star.csv --qi zip --unit age",
        "audit c.csv",
        "audit d.csv",
        "link c.csv star.csv --on zip",
        "anonymize c.csv --qi zip,age --k 5 --out x.csv",
        "anonymize c.csv --qi zip,age --k 5 --method local --unit mail --suppress 1 --out x.csv",
        "events propose o.ndjson",
        "events keep.json o.ndjson --unmatched keep --out x.ndjson",
    ],
)
def test_reports_are_told_in_the_shells_words(files, capsys, command):
    assert main(shlex.split(command)) in {0, 3}
    out = capsys.readouterr().out
    assert not PYTHON.search(out.replace("KAnonymity(5, unit='mail')", "")), out


def test_what_is_left_out_next_is_the_same_call_without_it(files, capsys):
    asked = "anonymize c.csv --qi zip --k 5 --l 2 --sensitive plan --suppress 0.1 --drop age --out s.csv"
    assert main(shlex.split(asked)) == 0
    hints = [line.removeprefix("next: ") for line in capsys.readouterr().out.splitlines() if line[:5] == "next:"]
    again = "privkit anonymize c.csv --qi zip --k 5 --l 2 --sensitive plan --suppress 0.1 --out s.csv"
    again += " --drop age,mail --force"
    assert hints == [again, "privkit check s.csv --qi zip --k 5 --l 2 --sensitive plan"]
    for hint in hints:
        assert main(shlex.split(hint)[1:]) == 0
    assert list(pd.read_csv("s.csv")) == ["zip", "plan"]


@pytest.mark.parametrize("method", ["optimal", "local"])
@pytest.mark.parametrize("goal", ["--k 3", "--k 3 --l 2 --sensitive ill"])
@pytest.mark.parametrize("dropped", [[], ["id"], ["ill"], ["id", "ill"]])
@pytest.mark.sample(0.5)
def test_persons_are_counted_before_their_ids_leave_and_each_hint_runs(
    tmp_path, monkeypatch, capsys, method, goal, dropped
):
    monkeypatch.chdir(tmp_path)
    rows = [(f"p{n // 3}", 20 + n // 3 % 9, "mf"[n // 3 % 2], "abc"[n % 3]) for n in range(120)]
    pd.DataFrame(rows, columns=["id", "age", "sex", "ill"]).to_csv("pbc.csv", index=False)
    asked = f"anonymize pbc.csv --qi age,sex --unit id {goal} --method {method} --out o.csv"
    assert main(shlex.split(asked)) == 0
    whole, first = pd.read_csv("o.csv"), capsys.readouterr().out
    assert "'id' leaves unchanged" in first
    assert whole.groupby(["age", "sex"])["id"].nunique().min() >= 3
    out = first
    if dropped:
        assert main([*shlex.split(asked), "--drop", ",".join(dropped), "--force"]) == 0
        out = capsys.readouterr().out
    pd.testing.assert_frame_equal(pd.read_csv("o.csv"), whole.drop(columns=dropped))
    assert ("'id' leaves unchanged" in out) == ("id" not in dropped)
    hints = [line.removeprefix("next: privkit ") for line in out.splitlines() if line.startswith("next: ")]
    assert hints
    for hint in reversed(hints):  # the first writes the file anew, and has hints of its own
        assert ("check" in hint) == ("--sensitive" in hint and "anonymize" not in hint)
        assert main(shlex.split(hint)) == 0, hint


@pytest.mark.parametrize("levels", ["age=2", "age=1:2,zip=:2", "zip=0,age=width 10:", "age=*"])
def test_levels_bound_what_each_column_becomes(files, capsys, levels):
    rows = [(f"80{n % 5}{n % 3}", 20 + n % 60) for n in range(600)]
    pd.DataFrame(rows, columns=["zip", "age"]).to_csv("l.csv", index=False)
    asked = f'anonymize l.csv --qi zip,age --k 5 --levels "{levels}" --out s.csv'
    assert main([*shlex.split(asked), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["levels"]
    low, high = {"age=2": (2, 2), "age=*": (5, 5)}.get(levels, (1, 5))
    assert low <= found["age"] <= high
    assert found["zip"] <= (2 if "zip=:2" in levels else 0 if "zip=0" in levels else 9)


def test_cells_alone_are_hidden_and_the_others_leave_byte_for_byte(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = [(f"0{n % 3}", f"{n % 4}.50", "1E5" if n % 5 else "007", f"2024-01-0{n % 2 + 1}") for n in range(90)]
    table = pd.DataFrame(rows, columns=["zip", "wage", "code", "day"])
    table.to_csv("t.csv", index=False)
    qi = "--qi zip,wage,code,day"
    assert main(shlex.split(f"anonymize t.csv {qi} --k 6 --method cells --out s.csv --json")) == 0
    assert main(shlex.split(f"kanon s.csv {qi} --k 6")) == 0
    shared = pd.read_csv("s.csv", dtype=str, keep_default_na=False)
    assert len(shared) == len(table)
    assert ((shared == table) | (shared == "*")).all(axis=None)
    assert 0 < (shared == "*").to_numpy().mean() < 0.9


def test_labels_against_values_are_told_by_link(files, capsys):
    pd.DataFrame({"age": [20 + n % 60 for n in range(600)], "mail": "a@b.ch"}).to_csv("l.csv", index=False)
    assert main(shlex.split("anonymize l.csv --qi age --k 5 --levels age=1 --out s.csv")) == 0
    again = capsys.readouterr().out.partition("next: privkit ")[2].partition("\n")[0]
    assert again == "anonymize l.csv --qi age --k 5 --out s.csv --levels age=1 --drop mail --force"
    assert main(shlex.split("link s.csv l.csv --on age")) == 0
    out = capsys.readouterr().out
    assert "'age' holds labels of intervals" in out
    assert "no better than chance" not in out


def test_a_transcript_on_the_shops_orders(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lines = "".join(json.dumps(order) + "\n" for order in ev.example_orders())
    Path("orders.ndjson.gz").write_bytes(gzip.compress(lines.encode()))
    hint, seen = "privkit events propose orders.ndjson.gz", []
    while hint and len(seen) < 4:
        assert main(shlex.split(hint)[1:]) == 0
        out = capsys.readouterr().out
        seen.append((hint, out.splitlines()[0]))
        hint = next((line[6:] for line in out.splitlines() if line.startswith("next: privkit")), "")
    assert [command for command, _ in seen] == [
        "privkit events propose orders.ndjson.gz",
        "privkit events propose orders.ndjson.gz --out recipe.toml",
        "privkit events recipe.toml orders.ndjson.gz --out orders-shared.ndjson.gz",
    ]
    assert seen[0][1].startswith("a draft for 3,000 events: of 13 fields")
    assert seen[2][1] == "3,000 events from 3,000, by the recipe 'draft', version 1."
    assert main(["audit", "orders-shared.ndjson.gz", "--json"]) == 0
    roles = [column["role"] for column in json.loads(capsys.readouterr().out)["columns"].values()]
    assert "direct identifier" not in roles


def test_a_transcript_on_adult(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("adult.csv.gz").write_bytes(ADULT.read_bytes())
    qi = "--qi sex,age,race"
    for command, code, told in [
        ("audit adult.csv.gz", 0, "30,162 rows"),
        (f"kanon adult.csv.gz {qi} --k 5", 3, "fall short"),
        (f"risk adult.csv.gz {qi}", 3, "are above risk 0.2"),
        (f"anonymize adult.csv.gz {qi} --k 5 --out shared.csv", 0, "KAnonymity(5) holds"),
        (f"kanon shared.csv {qi} --k 5", 0, "k = 5 is met"),
        (f"risk shared.csv {qi}", 0, "0 of"),
    ]:
        assert main(shlex.split(command)) == code, command
        assert told in capsys.readouterr().out, command


@pytest.mark.parametrize("action", ["list", "show p", "verify", "verify p", "export p", "doctor"])
def test_every_action_on_a_ledger_has_json(ledger_path, capsys, action):
    project = pk.open_project("p", epsilon=1, unit=pk.ROW, store=ledger_path)
    pd.DataFrame({"a": [1]}).privacy.dp_count(epsilon=0.25, project=project)
    assert main(["ledger", *action.split(), "--store", str(ledger_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    if action.startswith("verify"):
        assert (told["verified"][0]["project"], told["verified"][0]["entries"]) == ("p", 1)
    if action in ("show p", "export p"):
        assert len(told["entries"]) == 1
    if action == "doctor":
        assert told["healthy"]


def test_the_demo_as_json(capsys):
    assert main(["demo", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["n_rows"], told["replayed"]) == (20000, True)
    assert sorted(told["counts"]) == ["basic", "plus", "premium", "prepaid"]
