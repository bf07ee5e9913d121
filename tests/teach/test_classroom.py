"""A class with one budget: names that do not collide, allotments that hold, a board that counts what the ledger has."""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import privkit as pk
from privkit.budget.ledger import Ledger
from privkit.budget.names import alike
from privkit.cli import main
from privkit.errors import (
    InsufficientBudgetError,
    LedgerMissingError,
    ParameterError,
    ProjectMismatchError,
    ProjectNotFoundError,
)
from privkit.project.current import current_project
from privkit.teach.roster import _SEATS, _names
from privkit.values.loss import PrivacyLoss


@pytest.fixture
def store(tmp_path):
    return str(tmp_path / "ledger.db")


@pytest.fixture
def df():
    return pk.example("insights").head(400)


def begun(store, students=("Ada", "Grace", "Ada"), epsilon=1.5):
    return pk.teach.classroom("maths", students=list(students), epsilon=epsilon, store=store)


def ask(df, epsilon=0.1, **more):
    return df.privacy.dp_median("call_duration", bounds=(0, 30), epsilon=epsilon, **more)


# -- names ---------------------------------------------------------------------------------------------------------


def test_students_of_one_name_get_a_number_each_and_never_one_that_somebody_has():
    given_names = ["Ada", "ADA", "Ada 1", " ada ", "Grace", "Ada 3"]
    assert _names(given_names) == ("Ada 2", "ADA 4", "Ada 1", "ada 5", "Grace", "Ada 3")
    assert _names(3) == ("student 1", "student 2", "student 3")


@given(
    st.lists(
        st.sampled_from(["Ada", "ada", "Ada 1", "ada 2", "Ａda", "\u0410da", "Zoë", "Zoe\u0308", "x", "1"]), min_size=1
    )
)
def test_no_two_names_look_alike_whoever_is_in_the_class(students):
    found = _names(students)
    assert len(found) == len(students)
    assert len({alike(name) for name in found}) == len(found)


@pytest.mark.parametrize(
    "students", [0, -1, 10_001, True, 2.5, "Ada", [], [""], ["a\ab"], ["x" * 101], [1], None, {"Ada"}]
)
def test_what_is_no_class_is_refused_and_makes_no_ledger(store, students):
    with pytest.raises(ParameterError, match="students"):
        pk.teach.classroom("maths", students=students, epsilon=1, store=store)
    assert not Path(store).exists()


def test_joining_finds_the_student_that_is_meant(store):
    begun(store, ["Ada", "Grace", "Ada", "Zoë", "O'Hara"])
    for typed, meant in {"grace": "Grace", " ADA  2": "Ada 2", "Zoe\u0308": "Zoë", "o'hara": "O'Hara"}.items():
        project = pk.teach.join("maths", typed, store=store)
        assert (project.account.analyst, current_project()) == (meant, project)
    with pytest.raises(ParameterError, match="Several are called so: 'Ada 1', 'Ada 2'"):
        pk.teach.join("maths", "ada", store=store)
    with pytest.raises(ParameterError, match="Close matches: 'Grace'"):
        pk.teach.join("maths", "Graze", store=store)
    with pytest.raises(ParameterError, match="student must be a name or a number"):
        pk.teach.join("maths", True, store=store)


def test_a_class_of_numbers_is_joined_by_a_number_of_it(store):
    begun(store, students=["student 1", "student 2"])
    assert pk.teach.join("maths", 2, store=store).account.analyst == "student 2"
    with pytest.raises(ParameterError):
        pk.teach.join("maths", 3, store=store)


# -- the budget ----------------------------------------------------------------------------------------------------


def test_each_has_the_same_exact_part_and_all_parts_are_the_budget(store):
    made = begun(store, students=[f"s{place}" for place in range(7)], epsilon=0.3)
    assert made.each.main * 7 == made.budget.main == Fraction(3, 10)


def test_two_of_one_name_have_an_allotment_each_and_none_may_pass_it(store, df):
    begun(store)
    first, second = (pk.teach.join("maths", f"Ada {number}", store=store) for number in (1, 2))
    ask(df, 0.5, project=first)
    with pytest.raises(InsufficientBudgetError, match="No budget was spent"):
        ask(df, 0.01, project=first)
    ask(df, 0.4, project=second)
    assert first.spent == PrivacyLoss.of(epsilon=0.9)


def test_begun_again_it_is_the_same_class_and_with_another_budget_it_is_refused(store):
    assert begun(store) == begun(store)
    with pytest.raises(ProjectMismatchError):
        begun(store, epsilon=2)
    with pytest.raises(ProjectMismatchError, match="per_analyst"):
        begun(store, students=["Ada", "Grace"])


def test_begun_again_it_says_that_the_budget_is_shared_and_what_is_left(store, df, capsys):
    first = begun(store)
    assert (first.again, first.left) == (False, first.budget)
    assert "begun before" not in str(first)
    ask(df, 0.4, project=pk.teach.join("maths", "Grace", store=store))
    second = begun(store)
    assert (second.again, second.left) == (True, PrivacyLoss.of(epsilon=1.1))
    assert "It was begun before, and goes on: ε = 1.1 is left of its budget. Another class takes another name." in str(
        second
    )
    given = ("--project", "maths", "--names", _written(store, ["Ada", "Grace", "Ada"]), "--epsilon", "1.5")
    assert "Another class takes another --project." in run(capsys, *given, "--store", store)[1]


def _written(store, names):
    path = Path(store).with_suffix(".txt")
    path.write_text("\n".join(names), encoding="utf-8")
    return path


@pytest.mark.parametrize("others", [["Eve", "Grace", "Bob"], ["Grace", "Ada", "Ada"], ["Ada 1", "Ada 2", "Grace"]])
def test_a_class_is_not_taken_over_by_others_of_the_same_number(store, df, others):
    begun(store)
    ask(df, 0.4, project=pk.teach.join("maths", "Grace", store=store))
    with pytest.raises(ProjectMismatchError, match="students is the list of 3") as refused:
        begun(store, others)
    assert refused.value.differences == ("students",)
    # Nor by who says so in the ledger: the list that it was begun with stands.
    pk.open_project("maths", store=store).public({_SEATS: {"keys": [*dict.fromkeys(others)]}})
    assert begun(store).names == ("Ada 1", "Grace", "Ada 2")
    assert [seat.name for seat in pk.teach.board("maths", store=store).seats] == ["Grace"]
    assert pk.teach.join("maths", "Grace", store=store).account.analyst == "Grace"


@pytest.mark.parametrize("number", [10**5000, -(10**5000), 10_001], ids=["long", "negative", "one more"])
def test_a_number_that_no_class_has_is_told_however_long(store, number):
    begun(store, ["student 1"])
    with pytest.raises(ParameterError, match="student="):
        pk.teach.join("maths", number, store=store)
    with pytest.raises(ParameterError, match="students="):
        pk.teach.classroom("art", students=abs(number), epsilon=1, store=store)


def test_the_ledger_is_one_that_earlier_versions_read(store, df):
    """Nothing of a class is a new kind of record: who is in it is a public fact, what each may spend a term."""
    begun(store)
    ask(df, project=pk.teach.join("maths", "Grace", store=store))
    account = Ledger.open(store).account("maths")
    assert account.verify().entries == 2
    fact, charge = account.entries()
    assert (fact.question["statistic"], fact.cost.main, charge.analyst) == ("public facts", 0, "Grace")
    assert account.terms.per_analyst == PrivacyLoss.of(epsilon=0.5)


def test_a_project_that_is_no_class_and_a_ledger_that_is_none_are_told(store):
    with pytest.raises(LedgerMissingError):
        pk.teach.join("maths", "Ada", store=store)
    assert not Path(store).exists()
    pk.open_project("plain", epsilon=1, unit=pk.ROW, store=store)
    for look in (lambda: pk.teach.join("plain", "Ada", store=store), lambda: pk.teach.board("plain", store=store)):
        with pytest.raises(ParameterError, match="'plain' is none of a class"):
            look()
    for look in (lambda: pk.teach.join("math", "Ada", store=store), lambda: pk.teach.board("math", store=store)):
        with pytest.raises(ProjectNotFoundError, match=r"no class 'math'\. It holds 'plain': the line that") as told:
            look()
        assert "open_project" not in str(told.value)  # by which a student would be charged as a stranger


# -- the board -----------------------------------------------------------------------------------------------------


def test_the_board_tells_who_spent_what_is_left_and_whose_median_is_nearest(store, df):
    begun(store)
    told = {}
    for name, epsilon in (("Ada 1", 0.5), ("Grace", 0.2)):
        told[name] = ask(df, epsilon, project=pk.teach.join("maths", name, store=store)).value
    df.privacy.dp_count(epsilon=0.1)  # of Grace: no median
    ask(df, 0.05, where="age >= 40")  # and one of other people: it is not the median that is asked for
    found = pk.teach.board("maths", store=store, truth={"call_duration": told["Grace"]})
    assert (found.students, found.spent, found.left) == (3, PrivacyLoss.of(epsilon=0.85), PrivacyLoss.of(epsilon=0.65))
    seats = {seat.name: seat for seat in found.seats}
    assert (seats["Grace"].answers, seats["Grace"].median, seats["Grace"].off) == (3, told["Grace"], 0)
    assert seats["Ada 1"].off == pytest.approx(abs(told["Ada 1"] - told["Grace"]))
    assert (seats["Ada 1"].left.main, seats["Grace"].left.main) == (0, Fraction("0.15"))
    assert found.seats[0].off == 0
    assert sum(seat.spent.main for seat in found.seats) == found.spent.main
    assert list(found.to_frame()["student"]) == [seat.name for seat in found.seats]


def test_narrow_bounds_around_a_guess_win_no_game_where_the_class_agreed_on_some(store, df):
    """Whoever looks between 3.85 and 3.91 is near 3.88, and has learned nothing."""
    begun(store, epsilon=6)
    grace, ada = (pk.teach.join("maths", name, store=store) for name in ("Grace", "Ada 1"))
    fair = ask(df, 0.5, project=grace).value
    for others in ({"bounds": (3.85, 3.91)}, {"candidates": [0, 3.88, 30]}, {"bounds": (0, 60)}):
        df.privacy.dp_median("call_duration", epsilon=0.2, project=ada, **others)
    truth, agreed = {"call_duration": 3.88}, {"call_duration": (0, 30)}
    free = pk.teach.board("maths", store=store, truth=truth)
    assert (free.mixed, free.apart) == (("call_duration",), ())
    assert "bounds={'call_duration': (lower, upper)} says which count" in str(free)
    found = pk.teach.board("maths", store=store, truth=truth, bounds=agreed)
    assert [(seat.name, seat.median, seat.off is None) for seat in found.seats] == [
        ("Grace", fair, False),
        ("Ada 1", None, True),
    ]
    assert (found.mixed, found.apart) == ((), ("Ada 1",))
    assert "Not compared, since looked for between other bounds: the median of 'Ada 1'." in str(found)
    bought = ask(df, 0.3, project=ada).value  # as the others do: this one counts, though an other one came after
    ask(df, 0.3, project=grace, where="age >= 40")
    df.privacy.dp_median("call_duration", bounds=(3.8, 3.9), epsilon=0.3, project=ada)
    then = pk.teach.board("maths", store=store, truth=truth, bounds=agreed)
    assert {seat.name: seat.median for seat in then.seats} == {"Grace": fair, "Ada 1": bought}
    assert then.apart == ()


def test_bounds_of_a_board_that_are_none_are_refused(store):
    begun(store)
    with pytest.raises(ParameterError, match="bounds= names 'age', whose exact median truth= does not give"):
        pk.teach.board("maths", store=store, truth={"call_duration": 4}, bounds={"age": (0, 120)})
    for wrong in ((30, 0), 30, (0, float("nan")), None):
        with pytest.raises(ParameterError, match="bounds"):
            pk.teach.board("maths", store=store, truth={"age": 40}, bounds={"age": wrong})


def test_what_is_left_for_one_is_never_more_than_what_is_left_for_all(store, df):
    begun(store)
    ask(df, 0.4, project=pk.teach.join("maths", "Grace", store=store))
    for stranger in ("teacher", "guest"):
        ask(df, 0.5, project=pk.open_project("maths", store=store, analyst=stranger), version=stranger)
    ask(df, 0.05, project=pk.open_project("maths", store=store, analyst="late"))
    found = pk.teach.board("maths", store=store)
    assert found.seats[0].left == found.left == PrivacyLoss.of(epsilon=0.05)
    assert found.strangers == ("teacher", "guest", "late")
    assert "Not in the class, and charged: 'teacher', 'guest', 'late'." in str(found)


@pytest.mark.parametrize("wrong", ["4", None, True, float("nan"), float("inf"), 10**400], ids=lambda one: str(one)[:9])
def test_a_truth_that_is_no_number_is_refused(store, wrong):
    begun(store)
    with pytest.raises(ParameterError, match="truth"):
        pk.teach.board("maths", store=store, truth={"age": wrong})


def test_a_truth_of_a_misspelled_column_is_refused_and_of_one_that_nobody_asked_for_is_told(store, df):
    begun(store)
    early = pk.teach.board("maths", store=store, truth={"call_duratoin": 4.5})
    assert early.unasked == ("call_duratoin",)
    assert "Nobody has asked for the median of 'call_duratoin'." in str(early)
    ask(df, 0.1, project=pk.teach.join("maths", "Grace", store=store))
    with pytest.raises(pk.ColumnNotFoundError, match=r"truth=.*'call_duratoin' is not a column\.\n.*'call_duration'"):
        pk.teach.board("maths", store=store, truth={"call_duratoin": 4.5})
    both = pk.teach.board("maths", store=store, truth={"call_duration": 4.5, "call_durations": 4.5, "age": 40})
    assert both.unasked == ("call_durations", "age")  # the near one is told beside it, so it is meant


def test_a_large_class_fits_on_a_beamer(store):
    begun(store, students=[f"s{place}" for place in range(200)], epsilon=20)
    shown = str(pk.teach.classroom("maths", students=[f"s{p}" for p in range(200)], epsilon=20, store=store))
    assert "200 students" in shown
    assert "s0, s1 … s199 (all of them: .names)." in shown
    assert len(shown) < 1000
    zero = PrivacyLoss.of(epsilon=1) - PrivacyLoss.of(epsilon=1)
    seats = tuple(pk.teach.Seat(f"s{place}", zero, zero, 1) for place in range(200))
    board = pk.teach.Board("maths", zero, zero, zero, 200, seats, ())
    assert "And 180 more." in str(board)


# -- the command ---------------------------------------------------------------------------------------------------


def run(capsys, *arguments):
    code = main(["classroom", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_command_prints_a_line_that_works(store, df, tmp_path, capsys):
    names = tmp_path / "names.txt"
    names.write_text("\ufeffAda\r\n\r\nGrace\r\nAda\r\n", encoding="utf-8")
    code, out, _ = run(capsys, "--names", names, "--epsilon", "1.5", "--store", store)
    assert (code, "Names: Ada 1, Grace, Ada 2." in out) == (0, True)
    assert (
        "student 30 (all of them: --json)." in run(capsys, "--students", 30, "--epsilon", 3, "--store", f"{store}2")[1]
    )
    told = run(capsys, "--board", "--project", "math", "--store", store)[2]
    assert "To begin it: privkit classroom --project 'math' --students N --epsilon E." in told
    (line,) = [one.strip() for one in out.splitlines() if "pk.teach.join" in one]
    typed: dict[str, object] = {}
    exec(line.replace("NAME", "Ada 2"), typed)  # as a student does
    ask(df, 0.2, project=typed["project"])
    code, out, _ = run(capsys, "--board", "--store", store, "--truth", "call_duration=4.5")
    assert code == 0
    assert "1 of 3 students asked, ε = 1.3 of 1.5 left" in out
    agreed = ("--bounds", "call_duration=0:20")
    told = run(capsys, "--board", "--store", store, "--truth", "call_duration=4.5", *agreed)[1]
    assert "Not compared, since looked for between other bounds: the median of 'Ada 2'." in told
    (seat,) = json.loads(run(capsys, "--board", "--store", store, "--truth", "call_duration=4.5", "--json")[1])["seats"]
    assert (seat["name"], seat["spent"], seat["off"]) == ("Ada 2", "1/5", pytest.approx(abs(seat["median"] - 4.5)))


def test_a_list_that_is_no_text_is_told_without_its_names(tmp_path, store, capsys):
    names = tmp_path / "names.txt"
    names.write_bytes("Zoë\n".encode("latin-1"))
    code, _, err = run(capsys, "--names", names, "--epsilon", "1", "--store", store)
    assert (code, err) == (1, "FileError: names.txt: it is no text in UTF-8. Save it anew as UTF-8.\n")
    assert not Path(store).exists()


def test_on_a_terminal_the_board_is_drawn_anew_until_ctrl_c(store, df, capsys, monkeypatch):
    begun(store)
    pauses = []

    def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 2:
            raise KeyboardInterrupt
        ask(df, project=pk.teach.join("maths", "Grace", store=store))

    monkeypatch.setattr("privkit.commands.classroom.time.sleep", pause)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    code, out, _ = run(capsys, "--board", "--project", "maths", "--store", store, "--every", "0.5")
    assert (code, pauses) == (130, [0.5, 0.5])
    assert "0 of 3 students asked" in out
    assert "1 of 3 students asked" in out


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--students", "3"], 2, "needs --students or --names, and --epsilon"),
        (["--students", "0", "--epsilon", "1"], 2, "--students must be a whole number >= 1"),
        (["--students", "3", "--epsilon", "0"], 2, "--epsilon must be a finite number > 0"),
        (["--board", "--truth", "age"], 2, "Example: --truth age=44"),
        (["--board", "--bounds", "age=4"], 2, "Example: --bounds age=0:120"),
        (["--board", "--bounds", "age=0:9"], 2, "--bounds names 'age', whose exact median --truth does not give"),
        (["--board", "--truth", "age=4", "--bounds", "age=9:0"], 2, "--bounds must be COLUMN=LOWER:UPPER"),
        (["--board", "--epsilon", "1"], 2, "--epsilon has no meaning beside --board"),
        (["--board", "--every", "0"], 2, "a number of seconds above 0"),
        (["--board", "--every", "inf"], 2, "3600 at most"),
        (["--students", "3", "--epsilon", "1", "--truth", "age=4"], 2, "--truth has no meaning beside --students"),
        (["--names", "nowhere.txt", "--epsilon", "1"], 1, "nowhere.txt: it cannot be read"),
        (
            ["--names", __file__, "--epsilon", "1"],
            2,
            "got --names FILE whose name number 1 is none, but it must hold names",
        ),
        (["--board"], 1, "LedgerMissingError"),
        (
            ["--board", "--store", "postgresql://127.0.0.1:1/none"],
            1,
            "has this database, the network and your rights, then run it",
        ),
        (["--board", "--store", "postgresql://127.0.0.1:1/none"], 1, "LedgerUnreachableError"),
    ],
)
def test_bad_input_of_the_command_is_told_in_the_shells_words(tmp_path, monkeypatch, capsys, arguments, code, told):
    monkeypatch.chdir(tmp_path)
    found, out, err = run(capsys, *arguments)
    assert (found, out) == (code, "")
    assert told in err
    assert not list(tmp_path.iterdir())


def test_the_board_knows_a_student_to_whom_more_was_granted(store):
    made = pk.teach.classroom("more", students=2, epsilon=2, store=store)
    project = pk.teach.join("more", 1, store=store)
    pk.dp_count(pk.teach.students(), epsilon=0.5, project=project)
    project.extend(per_analyst={"student 1": 1.5}, reason="an extra exercise")
    (seat,) = pk.teach.board("more", store=store).seats
    assert (made.each.epsilon, seat.left.epsilon) == (1, 1)
    assert pk.teach.classroom("more", students=2, epsilon=2, store=store).each == made.each  # it opens as it was begun
