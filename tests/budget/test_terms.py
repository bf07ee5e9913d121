"""Stored forms: amounts, terms and totals read back as they were written; equal ones have equal text."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from fractions import Fraction

import pytest
from crashes import ended, fork
from hypothesis import given
from hypothesis import strategies as st

from privkit.budget.canonical import UnreadableError, amount_text, canonical
from privkit.budget.chain import FIELDS, Sums, link
from privkit.budget.machine.process import Holder
from privkit.budget.store.schema import record_table
from privkit.budget.terms import ProjectTerms, Window
from privkit.values.bounds import ContributionBounds
from privkit.values.loss import Measure, PrivacyLoss
from privkit.values.unit import PrivacyUnit

fractions = st.fractions(min_value=0, max_value=10**6)
measures = st.sampled_from(list(Measure))
losses = st.builds(
    lambda measure, main, delta: PrivacyLoss.zero(measure).replace(main, delta if measure.has_delta else Fraction(0)),
    measures,
    fractions,
    st.fractions(min_value=0, max_value=1),
)
all_terms = st.builds(
    ProjectTerms,
    losses,
    st.builds(PrivacyUnit, st.none() | st.text(min_size=1)),
    st.none() | st.just(ContributionBounds(max_rows=3)) | st.just(ContributionBounds(max_groups=2, per_group=5)),
    st.none() | fractions.map(Fraction),
    st.none() | losses,
    st.none() | st.builds(Window, st.integers(1, 4000), losses),
)


@given(fractions | st.sampled_from([Fraction(1, 2**80), Fraction(10**40 + 1, 10**40), Fraction(1, 3**50)]))
def test_amounts_read_back_exactly_l6(amount):
    assert Fraction(amount_text(amount)) == amount
    assert amount_text(amount) == amount_text(Fraction(amount))


@given(all_terms)
def test_terms_read_back_and_have_one_text(terms):
    measure = terms.budget.measure

    def same(loss):
        return None if loss is None else PrivacyLoss.zero(measure).replace(loss.main, loss.delta)

    window = terms.window and Window(terms.window.days, same(terms.window.limit))
    terms = replace(terms, per_analyst=same(terms.per_analyst), window=window)
    text = terms.to_json()
    assert ProjectTerms.from_json(text) == terms
    assert ProjectTerms.from_json(text).to_json() == text
    assert terms.completed().differences(terms) == []


@given(losses, st.integers(0, 99), st.integers(0, 9))
def test_totals_read_back(loss, entries, pending):
    zero = PrivacyLoss.zero(loss.measure)
    for own in (None, loss):
        sums = Sums(entries, "2026-01-01T00:00:00Z", loss, zero, pending, own)
        assert Sums.from_json(sums.to_json(), zero) == sums


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '[1,"",["1"],["0","0"],0,null]', '[1,"",["1/0","0"],["0","0"],0,null]']
)
def test_damaged_totals_are_damage(text):
    with pytest.raises(UnreadableError):
        Sums.from_json(text, PrivacyLoss.zero(Measure.PURE))


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers())))
def test_the_order_of_a_question_does_not_matter_l4(question):
    turned = dict(reversed(question.items()))
    assert canonical(question) == canonical(turned)


def test_a_hash_covers_every_column_but_itself_and_the_project_l7():
    assert set(FIELDS) == {column.name for column in record_table.c} - {"hash", "project"}
    record = dict.fromkeys(FIELDS, "x")
    hashes = {link({**record, field: "y"}) for field in FIELDS} | {link({**record, field: None}) for field in FIELDS}
    assert len(hashes | {link(record)}) == 2 * len(FIELDS) + 1


def test_a_process_is_alive_until_it_ends_even_as_a_zombie_l5(tmp_path):
    file = tmp_path / "holder"

    def child():
        file.write_text(str(Holder.this()))
        time.sleep(60)

    pid = fork(child)
    while not file.exists() or not file.read_text():
        time.sleep(0.01)
    holder = Holder.parse(file.read_text())
    assert holder.pid == pid
    assert holder.alive() is True
    os.kill(pid, signal.SIGKILL)
    while holder.alive():  # a zombie until it is waited for
        time.sleep(0.01)
    assert ended(pid) == -signal.SIGKILL
    assert holder.alive() is False
    assert replace(holder, boot="another").alive() is False
    assert replace(holder, machine="another").alive() is False  # one start of one kernel is one machine
    assert replace(holder, machine="another", boot="another").alive() is None
    assert replace(Holder.this(), started="1").alive() is False  # the number of a dead process, used again
