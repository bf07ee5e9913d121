"""Names that are one name, names that look alike, and names that earlier versions recorded (L11)."""

from __future__ import annotations

import pytest
from budget_terms import eps, release, terms

import privkit as pk
from privkit.budget.ledger import Ledger
from privkit.budget.names import alike
from privkit.errors.ledger import LedgerMovedError
from privkit.errors.project import ProjectNameError

NFC, NFD = "caf\u00e9", "cafe\u0301"


@pytest.mark.parametrize("typed", [NFD, f"{NFC} ", f" {NFC}", f"\t{NFD}\u00a0".replace("\t", " ")])
def test_one_name_is_one_budget_however_it_is_typed(store, typed):
    account = Ledger.open(store).begin(NFC, terms())
    release(account, "k", 0.5)
    again = Ledger.open(store).begin(typed, terms())
    assert (again.uid, again.name, again.spent) == (account.uid, NFC, eps(0.5))
    assert Ledger.open(store).account(typed).uid == account.uid
    assert Ledger.open(store).projects() == (NFC,)


def test_what_is_recorded_is_the_tidy_name(store):
    assert Ledger.open(store).begin(f" {NFD} ", terms()).name == NFC


@pytest.mark.parametrize("typed", ["Café", "CAFE\u0301", "ｃａｆé", "café\u2003"])
def test_a_name_that_looks_like_another_begins_nothing_unasked(store, typed):
    Ledger.open(store).begin(NFC, terms())
    if typed.strip() == NFC:
        assert Ledger.open(store).begin(typed, terms()).name == NFC
        return
    with pytest.raises(ProjectNameError, match=r"holds 'café', which looks like it") as caught:
        Ledger.open(store).begin(typed, terms())
    assert (caught.value.known, caught.value.budget) == ((NFC,), "No budget was spent.")
    fresh = Ledger.open(store, new=True, reason="other people").begin(typed, terms())
    assert fresh.uid != Ledger.open(store).account(NFC).uid
    assert Ledger.open(store).account(typed).uid == fresh.uid  # as it stands, it is known now


def test_inner_blanks_are_the_names_own_but_look_alike(store):
    Ledger.open(store).begin("sick leave", terms())
    with pytest.raises(ProjectNameError):
        Ledger.open(store).begin("sick  leave", terms())
    Ledger.open(store).begin("sickleave", terms())


@pytest.mark.parametrize("typed", ["\u0410nna", "\u0391nna", "ANN\u0410", "anna\u00a0"], ids=ascii)
def test_a_keyboard_of_another_script_begins_no_second_project(store, typed):
    """A Cyrillic or Greek letter of the same shape would be a fresh budget under a name that nobody tells apart."""
    Ledger.open(store).begin("Anna", terms())
    with pytest.raises(ProjectNameError):
        Ledger.open(store).begin(typed, terms())
    Ledger.open(store).begin("Жанна", terms())  # with a letter that no other script has


@pytest.mark.parametrize(
    ("one", "other"), [("ВАСЯ", "вася"), ("Μαρία", "ΜΑΡΙ\u0301Α"), ("СЕМЁН", "семён"), ("Ёж", "Е\u0308ж")]
)
def test_a_name_of_another_script_is_itself_in_any_case(one, other):
    assert alike(one) == alike(other)


@pytest.mark.usefixtures("watched")
def test_a_name_that_looks_like_one_in_another_ledger_is_noticed(tmp_path):
    Ledger.open(tmp_path / "a.db").begin(NFC, terms())
    with pytest.raises(LedgerMovedError, match="with a fresh budget for the same people"):
        Ledger.open(tmp_path / "b.db").begin("CAFÉ", terms())


def test_the_project_is_opened_by_any_form_of_its_name(ledger_path):
    project = pk.open_project(NFD, epsilon=1, unit=pk.ROW, store=ledger_path)
    assert project.name == NFC
    assert pk.open_project(f"{NFC} ", store=ledger_path).account.uid == project.account.uid
    with pytest.raises(ProjectNameError, match="new=True"):
        pk.open_project("Café", epsilon=1, unit=pk.ROW, store=ledger_path)
    with pytest.raises(pk.errors.ProjectNotFoundError, match="It holds 'café'"):
        pk.open_project("Café", store=ledger_path)
