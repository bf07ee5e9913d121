"""The list of adversarial cases, by number: which test answers each; and the cases about a project's budget."""

import ast
import re
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

import privkit as pk
from privkit.project import release as releasing

TESTS = Path(__file__).parents[2]
CASES = range(1, 59)
#: A test names the cases that it covers: test_a1_..., test_b11_b14_....
NAMED = re.compile(r"_[a-f](\d{1,2})(?=_)")
#: Cases whose hardest part is a test of the ledger, under its own name.
ELSEWHERE = {
    36: {
        "project/test_spending.py": ["test_a_failed_measurement_keeps_its_price_and_tells_nothing"],
        "budget/test_contract.py": ["test_a_block_that_fails_or_is_interrupted_ends_its_reservation_l3"],
    },
    37: {"project/test_spending.py": ["test_an_interrupt_keeps_the_price"]},
    38: {"budget/test_contract.py": ["test_nothing_but_public_facts_and_answers_is_stored_l14"]},
    45: {
        "project/test_spending.py": [
            "test_the_same_question_is_replayed_at_no_cost",
            "test_again_draws_anew_and_is_charged",
        ],
        "budget/test_contract.py": ["test_the_same_question_replays_byte_for_byte_at_no_cost_l4"],
    },
    47: {"project/test_spending.py": ["test_an_overdrawn_budget_is_refused_with_ways_on"]},
    48: {"budget/test_contract.py": ["test_ten_tenths_fit_in_one_and_nothing_after_them_l6"]},
    49: {
        "project/test_spending.py": [
            "test_four_processes_never_overdraw",
            "test_a_kill_between_reserve_and_commit_leaves_the_amount_visible",
        ],
        "budget/store/test_crashes.py": [
            "test_a_kill_at_every_statement_boundary_loses_nothing_l1_l2_l3_l5",
            "test_processes_with_one_question_draw_it_once_l4",
        ],
        "budget/store/test_faults.py": ["test_a_forked_child_spends_for_itself_and_cannot_end_its_parents_reservation"],
    },
    50: {
        "project/test_spending.py": ["test_a_changed_frame_is_a_new_question"],
        "budget/test_contract.py": ["test_keys_are_kept_and_keyed"],
    },
    51: {
        "budget/machine/test_anchor.py": [
            "test_a_deleted_ledger_is_not_begun_again_silently_l9",
            "test_an_older_copy_put_back_is_refused_before_it_spends_l8",
            "test_a_copied_folder_names_both_places_l11",
            "test_a_symbolic_link_is_the_file_it_points_to_l11",
            "test_a_second_project_of_the_name_needs_a_reason_l11",
        ]
    },
    52: {"budget/test_contract.py": ["test_a_clock_that_goes_back_neither_reorders_nor_reopens_a_window_l12"]},
    53: {"project/test_spending.py": ["test_a_frame_without_the_unit_column_is_refused"]},
    54: {"project/test_spending.py": ["test_a_unit_column_needs_contribution_bounds"]},
    55: {"budget/test_contract.py": ["test_one_measure_and_pure_costs_count_in_it_l13"]},
}


def names(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


def test_every_case_has_a_test_that_bears_its_number():
    covered = {
        int(number)
        for folder in ("dp", "project", "budget")
        for path in (TESTS / folder).rglob("test_*.py")
        for name in names(path)
        for number in NAMED.findall(name)
    }
    assert sorted(covered) == list(CASES)


@pytest.mark.parametrize("case", ELSEWHERE)
def test_the_tests_named_for_a_case_exist(case):
    for path, expected in ELSEWHERE[case].items():
        assert set(expected) <= set(names(TESTS / path)), path


# -- F: budget and identity ----------------------------------------------------------------------------------


@pytest.fixture
def people():
    return pd.DataFrame({"who": [1, 1, 2, 3], "plan": ["a", "a", "b", "a"], "age": [30, 30, 40, 50]})


@pytest.fixture
def project(ledger_path):
    return pk.open_project("churn", epsilon=1, unit=pk.ROW, store=ledger_path)


def test_f45_repeats_do_not_average_the_noise_away(project, people):
    answers = {people.privacy.dp_count(epsilon=0.01).value for _ in range(60)}
    assert len(answers) == 1
    assert project.spent.epsilon == Fraction(1, 100)
    people.privacy.dp_count(epsilon=0.01, again=True)
    assert project.spent.epsilon == Fraction(2, 100)


def test_f47_an_overdrawn_request_draws_nothing_and_changes_nothing(project, people, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(releasing, "draw", lambda *_: pytest.fail("noise was drawn"))
        with pytest.raises(pk.InsufficientBudgetError):
            people.privacy.dp_mean("age", bounds=(0, 100), epsilon=1.01)
    assert len(project.ledger) == 0
    assert people.privacy.dp_mean("age", bounds=(0, 100), epsilon=1).loss.epsilon == 1
    assert project.remaining.epsilon == 0


def test_f48_ten_tenths_of_one_all_pass_and_leave_nothing(project, people):
    for turn in range(10):
        people.privacy.dp_count(where=f"age > {turn}", epsilon=0.1)
    assert project.remaining.epsilon == 0
    with pytest.raises(pk.InsufficientBudgetError):
        people.privacy.dp_count(epsilon=0.1)


def test_f49_threads_of_one_kernel_never_overdraw(project, people):
    from concurrent.futures import ThreadPoolExecutor

    def spend(turn):
        try:
            pk.dp_count(people, where=f"age > {turn}", epsilon=0.25, project=project)
        except pk.InsufficientBudgetError:
            return 0
        return 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(spend, range(8))) == 4
    assert project.remaining.epsilon == 0


def test_f50_no_public_hash_of_the_rows_is_stored(project, people, ledger_path, tmp_path, monkeypatch, privkit_state):
    """The name of a question on its data is keyed: the same frame has another one in another project."""
    people.privacy.dp_count(epsilon=0.1)
    other = pk.open_project("other", epsilon=1, unit=pk.ROW, store=tmp_path / "other.db")
    people.privacy.dp_count(epsilon=0.1)
    one, two = (account.account.entries()[0] for account in (project, other))
    assert one.question == two.question
    assert one.key != two.key


def test_f51_two_projects_on_one_frame_are_each_charged(project, people, tmp_path):
    people.privacy.dp_count(epsilon=0.1)
    other = pk.open_project("other", epsilon=1, unit=pk.ROW, store=tmp_path / "other.db")
    assert not people.privacy.dp_count(epsilon=0.1).replayed
    assert (project.spent.epsilon, other.spent.epsilon) == (Fraction(1, 10), Fraction(1, 10))


def test_f52_entries_are_ordered_by_number(project, people):
    for turn in range(3):
        people.privacy.dp_count(where=f"age > {turn}", epsilon=0.1)
    entries = project.account.entries()
    assert [entry.seq for entry in entries] == [1, 2, 3]
    assert [entry.time for entry in entries] == sorted(entry.time for entry in entries)


@pytest.mark.parametrize(
    "change",
    [
        lambda df: df[df.age > 30],
        lambda df: df.merge(pd.DataFrame({"who": [1, 2], "z": [0, 1]}), on="who"),
        lambda df: pd.concat([df, df]),
        lambda df: df.sample(frac=1, random_state=1),
        lambda df: df.assign(age=df.age + 1),
        lambda df: df.drop(columns="age"),
    ],
    ids=["filtered", "merged", "doubled", "shuffled", "changed", "narrower"],
)
def test_f53_whatever_is_made_of_a_frame_is_charged_to_the_project(project, people, change):
    people.privacy.dp_count(epsilon=0.25)
    assert not change(people).privacy.dp_count(epsilon=0.25).replayed
    assert project.spent.epsilon == 0.5


def test_f53_a_copy_is_the_same_data(project, people):
    first = people.privacy.dp_count(epsilon=0.25)
    assert people.copy().privacy.dp_count(epsilon=0.25).value == first.value
    assert project.spent.epsilon == 0.25


def test_f54_protection_of_rows_alone_is_said_wherever_an_answer_is_shown(project, people):
    release = people.privacy.dp_count(epsilon=0.25)
    assert any("protects single rows" in note for note in release.plan.notes)
    assert "single row" in str(dict(release.provenance)["unit"]) + repr(release.plan)


def test_f56_separate_questions_add_up_though_their_rows_are_apart(project, people):
    people.privacy.dp_count(where="plan == 'a'", epsilon=0.3)
    people.privacy.dp_count(where="plan != 'a'", epsilon=0.3)
    assert project.spent.epsilon == Fraction(6, 10)
    assert people.privacy.dp_count("plan", keys=["a", "b"], epsilon=0.3).loss.epsilon == Fraction(3, 10)


def test_f57_what_is_left_is_told_by_the_ledger_alone(tmp_path, people):
    told = []
    for side, rows in enumerate([people, people.iloc[:0]]):
        project = pk.open_project("p", epsilon=1, unit=pk.ROW, store=tmp_path / f"{side}.db")
        plan = rows.privacy.plan.dp_count(epsilon=0.3)
        plan.release()
        told.append((repr(project), str(project.remaining), project.headroom(plan)))
    assert told[0] == told[1]
