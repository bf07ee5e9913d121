"""Answers for one salt of the sampling, questions as the ledger writes them, and what recipes write: as pinned."""

from __future__ import annotations

import hashlib
import inspect
from pathlib import Path

import pinned_errors
import pinned_landed
import pytest
from pinned_answers import read, same
from pinned_asked import NOISELESS, answered, asked, begun, numbers_of, people

from privkit import events as ev

HERE = Path(__file__).parent
ANSWERS, QUESTIONS = read(HERE / "answers.json"), read(HERE / "questions.json")
NAMES = [f"{kind}.{name}" for kind, questions in asked().items() for name in questions]


def test_every_question_is_pinned():
    assert list(ANSWERS) == list(QUESTIONS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_for_one_salt_is_as_pinned(answers_and_questions, name):
    now = answers_and_questions[0][name]
    assert same(name, ANSWERS[name], now), f"was {ANSWERS[name]}\nis {now}"


@pytest.mark.parametrize("name", NAMES)
def test_a_question_is_written_byte_for_byte_as_pinned(answers_and_questions, name):
    assert answers_and_questions[1][name] == QUESTIONS[name]


def test_the_hash_is_of_the_text():
    for told in QUESTIONS.values():
        if not told["question"].endswith("characters)"):
            assert hashlib.sha256(told["question"].encode()).hexdigest() == told["sha256"]


@pytest.mark.parametrize("name", ["count_by", "sum_by", "quantile_untied_by"])
def test_the_answers_are_those_of_the_salt(tmp_path, name):
    """The pins have power: another salt lets other rows count."""
    with pinned_landed.in_its_own_state(tmp_path), pinned_landed.salted(b"fedcba9876543210"):
        project = begun("persons", tmp_path / "ledger.db", endless=True)
        now = numbers_of(answered(asked()["persons"][name], project, NOISELESS, people()), intervals=False)
    assert not same(f"persons.{name}", ANSWERS[f"persons.{name}"], now)


def test_errors_say_what_is_pinned():
    now, pinned = pinned_errors.errors(), read(HERE / "errors.json")
    assert "no error" not in pinned.values()
    changed = {name: (pinned.get(name), now.get(name)) for name in {*pinned, *now} if pinned.get(name) != now.get(name)}
    assert not changed


def test_the_recipes_hold_every_operation():
    used = {type(operation).__name__ for recipe in pinned_landed.recipes().values() for operation in recipe.operations}
    made = {str(inspect.signature(getattr(ev, name)).return_annotation) for name in ev.__all__ if name[0].islower()}
    known = {one.__name__ for one in _below(ev.Operation)}
    assert made & known <= used


def _below(one):
    return {one, *(deeper for below in one.__subclasses__() for deeper in _below(below))}


def test_recipes_write_the_same_bytes(tmp_path):
    pinned = {path.name: path.read_bytes() for path in (HERE / "recipes").iterdir()}
    now = pinned_landed.recipe_outputs(tmp_path)
    assert sorted(now) == sorted(pinned)
    for name, content in now.items():
        assert content == pinned[name], f"what the recipe {name} writes changed"
