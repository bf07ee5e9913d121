"""A search through a long ledger: by the database, in several short answers, and never another than a plain look."""

from __future__ import annotations

import os
import re
from fractions import Fraction

import pytest
from budget_terms import terms
from hypothesis import given, settings
from hypothesis import strategies as st
from many_entries import NEEDLE, fill

from privkit.budget.ledger import Ledger
from privkit.budget.paging import folded
from privkit.lab import reading as searching
from privkit.lab.reading import entries_of, line_of, searched
from privkit.values.loss import PrivacyLoss

#: Questions whose words are told and stored in ways that differ.
QUESTIONS = [
    {"statistic": "count"},
    {"statistic": "count", "notebook": "Größe Straße.ipynb"},
    {"statistic": "mean", "column": 'a "quoted\\ \n\t\x01 column', "by": ["Zip", "ÄGE"], "keys": [1, 2, 3]},
    {"statistic": "sum", "column": "K\u212aelvin \u0130stanbul ﬁn", "selected": {"where": "(x >= 0.25) & (y == 'é')"}},
    {"parts": [{"statistic": "sum", "column": "age"}, {"statistic": "count"}], "keys": None},
    {"by": ["release_of", "100%"], "keys": list(range(12)), "column": 5},
    {"statistic": "count", "selected": {"where": "a_b like '%'"}, "keys_reason": "unseen words"},
]
LOSSES = [PrivacyLoss.of(epsilon=e, delta=d) for e, d in [(0.25, 1e-6), (0.1, 1e-9), (1, 1e-6), (0.0005, 0.05)]]
#: Reservations that are still in hand.
HELD = []
#: Stored as a fraction; told as one, and as a decimal.
ODD = [LOSSES[0].replace(Fraction(1, 3)), LOSSES[0].replace(Fraction(123456789, 2**30))]


def written(store):
    each = LOSSES[0].replace(Fraction(100), Fraction(9, 10))
    begun = terms(100, delta=0.9, ceiling=None, per_analyst=each)
    account = Ledger.open(store, analyst="Ada Lovelace").begin("search", begun)
    more = {"epsilon": "301/3", "delta": "0.91", "per_analyst": "1000000", "allotments": {"Zoë": "1e+16"}}
    account.extend(more, "a year more")
    other = Ledger.open(store, analyst="Jürgen 50%").account("search")
    for number, question in enumerate(QUESTIONS * 3):
        held = (other if number % 3 else account).reserve(None, question, [*LOSSES, *ODD][number % 6])
        (account.commit if number % 4 else account.fail)(held, "answer" if number % 4 else "kind")
    held = account.reserve(None, QUESTIONS[0], LOSSES[0])  # a process that died: told as orphaned, stored as reserved
    del held
    HELD.append(account.reserve(None, {"statistic": "last"}, LOSSES[0]))
    return account


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory):
    os.environ["PRIVKIT_STATE_DIR"] = str(tmp_path_factory.mktemp("state"))
    return written(tmp_path_factory.mktemp("search") / "ledger.db")


def plainly(account, search):
    """Return the numbers of all entries that hold the words, by looking at each."""
    words, found = folded(search).split(), []
    for entry in account.entries():
        line = line_of(entry)
        told = [f"#{entry.seq}", line["what"], line["notebook"] or "", entry.analyst, entry.state, entry.time]
        text = folded(" ".join([*told, line["cost"]["text"]]))
        numbered = {word for word in words if re.fullmatch(r"#[0-9]+", word)}  # finds that entry alone
        if all(word in text for word in words) and numbered <= {f"#{entry.seq}"}:
            found.append(entry.seq)
    return found[::-1]


def all_pages(account, search, limit):
    found, before = [], account.balance().entries + 1
    while before > 1:
        page, before = searched(account, search, before, limit, lambda: False)
        assert len(page) <= limit
        found += [entry.seq for entry in page]
    return found


@st.composite
def sought(draw, account):
    """Return parts of what entries tell, in either case, and sometimes of what none tells."""
    lines = [line_of(entry) for entry in account.entries()]
    line = draw(st.sampled_from(lines))
    told = f"#{line['entry']} {line['what']} {line['notebook']} {line['analyst']} {line['state']} {line['time']} "
    told += line["cost"]["text"]
    begin = draw(st.integers(0, len(told) - 1))
    part = told[begin : begin + draw(st.integers(1, 14))]
    fold = draw(st.sampled_from([str, str.upper, str.lower, str.swapcase]))
    return fold(part) + draw(st.sampled_from(["", "", " of", " nowhere", " 1", "%", "_", "\\"]))


@settings(max_examples=150)
@given(st.data())
def test_a_search_finds_what_a_plain_look_finds(on_sqlite, data):
    search = data.draw(sought(on_sqlite))
    if folded(search).split():
        assert all_pages(on_sqlite, search, data.draw(st.sampled_from([1, 3, 50]))) == plainly(on_sqlite, search)


@pytest.mark.postgres
def test_a_search_finds_what_a_plain_look_finds_on_postgresql(postgres_url):
    account = written(postgres_url)
    for line in map(line_of, account.entries()):
        told = [
            line["what"],
            line["notebook"] or "",
            line["analyst"],
            line["state"],
            line["time"],
            line["cost"]["text"],
        ]
        for word in " ".join([f"#{line['entry']}", *told]).split():
            for search in (word, word[1:].upper(), word[:3].lower()):
                if folded(search).split():
                    assert all_pages(account, search, 50) == plainly(account, search), search


@pytest.mark.parametrize(
    "search", ["größe", "(12 keys)", "#1", "1e-06", "ORPHANED", "reserved", "jürgen", "0.25 ada", "0.11497809"]
)
def test_words_of_each_kind_are_found(on_sqlite, search):
    found = plainly(on_sqlite, search)
    assert found
    assert all_pages(on_sqlite, search, 50) == found


def test_what_is_stored_and_not_told_is_not_found(on_sqlite):
    for search in ("unseen", "keys_reason", "mechanism", "statistic"):
        assert all_pages(on_sqlite, search, 50) == []


@pytest.fixture
def many(tmp_path, monkeypatch):
    monkeypatch.setattr(searching, "SECONDS", 600)  # a slow machine would end a search early
    account = Ledger.open(tmp_path / ".privkit" / "ledger.db").begin("many", terms(10**6))
    fill(account, 3000)
    return account


def test_the_bulk_written_ledger_holds(many):
    assert many.verify().entries == 3000


def test_a_search_stops_in_time_and_the_next_answer_looks_on(many, tmp_path, monkeypatch):
    monkeypatch.setattr(searching, "SECONDS", 0)
    monkeypatch.setattr(searching, "STRETCH", 1000)
    page = entries_of(tmp_path, "", "many", search=NEEDLE)
    assert (page["entries"], page["next"], page["total"]) == ([], 2001, 3000)
    page = entries_of(tmp_path, "", "many", search=NEEDLE, before=page["next"])
    assert (page["entries"], page["next"]) == ([], 1001)
    page = entries_of(tmp_path, "", "many", search=NEEDLE, before=page["next"])
    assert ([line["entry"] for line in page["entries"]], page["next"]) == ([3], None)


def test_a_search_ends_when_nobody_waits_for_it(many, tmp_path, monkeypatch):
    monkeypatch.setattr(searching, "STRETCH", 10)
    asked = []
    page = entries_of(tmp_path, "", "many", search="nosuchword", gone=lambda: len(asked) == 3 or asked.append(1))
    assert page["next"] == 3000 - 4 * 10 + 1


def test_a_common_word_is_found_beyond_what_one_look_hands_over(many, tmp_path, monkeypatch):
    monkeypatch.setattr(searching, "HANDED", 7)
    page = entries_of(tmp_path, "", "many", search="mean of spend", limit=200)
    assert [line["entry"] for line in page["entries"]] == list(range(3000, 1000, -10))
    assert page["next"] == 1010


def test_pages_are_looked_up_and_not_counted_off(many, tmp_path, monkeypatch):
    read = []
    entries = type(many).entries
    monkeypatch.setattr(type(many), "entries", lambda *a, **b: read.append(entries(*a, **b)) or read[-1])
    page = entries_of(tmp_path, "", "many", before=1501, limit=50)
    assert [line["entry"] for line in page["entries"]] == list(range(1500, 1450, -1))
    assert [len(found) for found in read] == [50]
