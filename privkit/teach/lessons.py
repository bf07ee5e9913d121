"""What each lesson asks at its end: the question, its answer as the package finds it, and what is said to either."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import combinations

from privkit.anonymity.kanonymity import kanon
from privkit.anonymity.ldiversity import ldiv
from privkit.teach.counts import right_at_most
from privkit.teach.piece import deviation
from privkit.teach.tables import patients, students
from privkit.transform.generalize import generalize
from privkit.transform.hierarchies.hierarchy import Hierarchy
from privkit.values.frozen import Frozen
from privkit.values.loss import PrivacyLoss

#: The lessons in the order of the course, as the documentation's page of notebooks has them.
COURSE = (1, 2, 3, 4, 9, 14, 5, 7, 10, 11, 12, 13, 6, 15)

#: A number, or the letter of a choice.
Value = float | Fraction | str


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson's question. Its solution is counted when it is asked for, and never told.

    Attributes
    ----------
    asked : str
        The question.
    solution : callable
        Returns the number, or the letter.
    why : str
        What is said to whoever is right.
    hint : str
        What is said to whoever is not.
    traps : tuple
        Answers that are wrong for a reason that is known: what each is (a number, or what counts it), and its hint.
    within : float
        How far off the solution a right number may be, as a share of it.
    letters : str
        Between which letters is chosen; empty where a number is asked for.
    """

    asked: str
    solution: Callable[[], Value]
    why: str
    hint: str
    traps: tuple[tuple[Callable[[], Value], str], ...] = ()
    within: float = 0.0
    letters: str = ""

    def is_right(self, given: float | str) -> bool:
        """Whether an answer is the solution, or near enough to it."""
        return self._is(given, self.solution(), self.within)

    def hint_for(self, given: float | str) -> str:
        """Return what helps whoever gave this wrong answer, rounded as people round."""
        near = max(self.within, 0.006)
        return next((hint for trap, hint in self.traps if self._is(given, trap(), near)), self.hint)

    @staticmethod
    def _is(given: float | str, one: Value, within: float) -> bool:
        if isinstance(given, str) or isinstance(one, str):
            return given == one
        return math.isclose(given, one, rel_tol=within, abs_tol=1e-9)


@cache
def _alone(*facts: str) -> int:
    return kanon(students(), list(facts)).n_unique


@cache
def _told() -> int:
    """Return of how many patients the illness is out, with zips to 3 digits and ages in twenties."""
    ages = Hierarchy.intervals(10, 20, lower=20, upper=80)
    coarser = generalize(patients(), {"zip": (Hierarchy.redact(), 1), "age": (ages, 2)}).frame
    return ldiv(coarser, ["zip", "age"], "illness", l=2).rows_short or 0


def _limit(epsilon: int) -> float:
    """Return in how many of 100 cases a guess between two equally likely worlds is right at most."""
    return 100 * right_at_most(Fraction(epsilon))


def _times(most: float) -> float:
    """Return of how many fresh answers at ε = 1/2 the mean has a standard error of `most`."""
    return (deviation(0.5) / most) ** 2


LESSONS = Frozen(
    {
        1: Lesson(
            "Of how many of the 120 pk.teach.students() has nobody else the same 'birth_month' and 'pet'?",
            lambda: _alone("birth_month", "pet"),
            "Two facts that any classmate knows. What counts is not what a column is called, but how few share its "
            "values.",
            "pk.teach.students().privacy.kanon([...]) tells it: they are the sample uniques.",
            (
                (
                    lambda: _alone("birth_month"),
                    "That is who is alone by the month of birth. Somebody who knows the pet too finds more.",
                ),
                (
                    lambda: kanon(students(), ["birth_month", "pet"]).k,
                    "That is k, the size of the smallest class. How many classes have this size?",
                ),
            ),
        ),
        2: Lesson(
            "Somebody knows three of the six facts of pk.teach.students(). How many of the 120 are alone by the "
            "worst three?",
            lambda: max(_alone(*three) for three in combinations(students().columns, 3)),
            "No column of the three names anybody, and they find most of the class. Which facts an attacker knows is "
            "not yours to choose.",
            "Try all threes: with df = pk.teach.students(), itertools.combinations(df.columns, 3), and the largest "
            "n_unique of df.privacy.kanon([...]).",
            (
                (
                    lambda: _alone("sport", "birth_month", "pet"),
                    "Those are the facts of the piece. Other three find more.",
                ),
                (
                    lambda: _alone(*students().columns),
                    "That is by all six facts. Somebody who knows three finds fewer.",
                ),
            ),
        ),
        3: Lesson(
            "On the map of pk.teach.klt_map(), go to zips of 3 digits and ages in twenties. Of how many of the 48 "
            "patients is the illness out?",
            _told,
            "Who is in a class of one illness needs not be found: to know the class is to know the illness. k counts "
            "rows, and no secrets.",
            "The map counts them below each field. In code: generalize pk.teach.patients(), then "
            '.privacy.ldiv([...], "illness", l=2).rows_short.',
            ((lambda: 0, "Some are: a class may hold several patients and one illness."),),
        ),
        4: Lesson(
            "At ε = 2, in how many of 100 cases is somebody right at most who guesses whether you are in the table? "
            "(Before, both are equally likely.)",
            lambda: _limit(2),
            "It is e^ε/(1 + e^ε), whatever else he knows. At ε = 2 the promise is thin already.",
            "The odds of a belief move by e^ε at most. Odds of e^ε to 1 are which share? Or move the slider of "
            "pk.teach.two_worlds().",
            (
                (
                    lambda: 100 * PrivacyLoss.of(epsilon=2).advantage,
                    "That is his advantage. He is right in (1 + advantage)/2 of cases.",
                ),
                (lambda: _limit(1), "That is the limit at ε = 1."),
                (lambda: 50, "That is a coin: what is right without any release, or at ε = 0."),
                (lambda: _limit(2) / 100, "Nearly: say it in cases of 100, not as a share."),
            ),
            within=0.005,
        ),
        5: Lesson(
            "A project has ε = 1. A table costs ε = 0.15, the data change every month, and the table is made anew "
            "each time. For how many months does the budget last?",
            lambda: Fraction(1) // Fraction("0.15"),
            "Losses of the same people add up, and a charge that does not fit whole is refused. A year needs a "
            "cheaper table, or a larger budget that was agreed on before.",
            "Each month is a new charge. How often does 0.15 fit into 1?",
            (
                (lambda: 12, "A replay is free where the data are the same. These change, so each month is charged."),
                (lambda: math.ceil(Fraction(1) / Fraction("0.15")), "The last one does not fit whole, and is refused."),
                (lambda: Fraction(1) / Fraction("0.15"), "A month's table is bought whole, or not at all."),
            ),
        ),
        6: Lesson(
            "A shop replaces customer numbers of four digits by their SHA-256, without a key. How many hashes must "
            "somebody compute at most to reverse all of them?",
            lambda: 10**4,
            "A list of all numbers with their hashes is made in a blink. That is why pseudonymize() asks for a key: "
            "without it no such list can be made.",
            "He does not reverse the hash. He hashes every number that there is, and looks which one it gives.",
            (
                (
                    lambda: 2**256,
                    "That many would be needed for a number that could be anything. These have four digits.",
                ),
                (lambda: 9 * 10**3, "Numbers may begin with 0."),
                (lambda: 10**4 - 1, "The number 0000 is one, too."),
            ),
        ),
        7: Lesson(
            "Everybody knows that an area has 50 customers. Their mean call duration is published, clipped to 0 to "
            "30 minutes. By how many minutes can one customer move that mean at most?",
            lambda: Fraction(30, 50),
            "The noise must hide that much: (largest − smallest)/n, with n of the area. In an area of one it is all "
            "30 minutes, and the mean says nothing.",
            "How far can one customer move the sum? The mean is the sum, divided by whom it is of.",
            (
                (
                    lambda: Fraction(30, 20_000),
                    "That is the mistake of the lesson: the mean is of the area's 50, not of all customers.",
                ),
                (lambda: Fraction(1, 50), "A value is no number between 0 and 1: it may be 30."),
                (lambda: 30, "That is how far the sum moves."),
            ),
            within=0.001,
        ),
        9: Lesson(
            "A count is answered with fresh noise at ε = 0.5 each time; one answer errs by 2.8 (standard error). Of "
            "how many answers must one take the mean, so that it errs by 0.1?",
            lambda: _times(0.1),
            "The error falls with the root of the number, so patience wins, at ε = 0.5 an answer. A replay stops it, "
            "and so does a budget.",
            "The mean of n answers errs by 2.8/√n.",
            (
                (
                    lambda: deviation(0.5) / 0.1,
                    "The error falls with the root of the number of answers, not with the number.",
                ),
            ),
            within=0.05,
        ),
        10: Lesson(
            "A survey has six columns. How many tables of one or two columns does it have?",
            lambda: math.comb(6, 1) + math.comb(6, 2),
            "Split equally, each would have 1/21 of the budget. But all of them are sums of the pairs: planned "
            "together, they share what they tell.",
            "Count the columns, and the pairs of columns.",
            (
                (lambda: math.comb(6, 2), "Those are the pairs. The columns alone are tables too."),
                (lambda: 6 + 6 * 5, "Both orders of two columns are one table."),
            ),
        ),
        11: Lesson(
            "Rows were drawn once at ε = 1, and published. Three teams train models on them. What does that cost the "
            "people in the original table besides? (a) ε = 3; (b) nothing; (c) it depends on the models.",
            lambda: "b",
            "Whatever is computed from a release is paid for by the release. That is post-processing, and holds for "
            "models too.",
            "What do the teams read: the original rows, or what has been released?",
            (
                (lambda: "a", "Each team would pay if it read the original rows. Does it?"),
                (lambda: "c", "No model can tell more than the rows that it was trained on do."),
            ),
            letters="abc",
        ),
        12: Lesson(
            "A model is trained under differential privacy with ε = 1. Where 1 in 100 others may be accused wrongly, "
            "of how many in 100 members can an attacker at most say rightly that they were in the training?",
            lambda: 100 * PrivacyLoss.of(epsilon=1).attack_success,
            "It is e^ε times the false alarms. That holds for every attack, also for those that nobody has thought "
            "of yet.",
            "ε bounds the ratio: being named is at most e^ε times as likely for a member as for somebody else.",
            (
                (
                    lambda: _limit(1),
                    "That is how often a guess is right where half of all are members. Here 1 in 100 false alarms "
                    "are allowed, no more.",
                ),
                (lambda: PrivacyLoss.of(epsilon=1).attack_success, "Nearly: say it in members of 100, not as a share."),
                (lambda: 1, "That is chance, at ε = 0."),
                (lambda: round(100 * PrivacyLoss.of(epsilon=1).attack_success), "Nearly: say it to a tenth."),
            ),
            within=0.01,
        ),
        13: Lesson(
            "You would publish how many students of pk.teach.students() have which 'sport' and which 'pet'. How many "
            "cells are above 0 and below 3?",
            lambda: kanon(students(), ["sport", "pet"], k=3).classes_short or 0,
            "To hide these is not enough: with the margins, a cell that is hidden alone in its row is a subtraction "
            "away.",
            'With df = pk.teach.students(), pd.crosstab(df["sport"], df["pet"]) shows them, and '
            'df.privacy.kanon(["sport", "pet"], k=3).classes_short counts them.',
            (
                (
                    lambda: kanon(students(), ["sport", "pet"], k=3).rows_short or 0,
                    "Those are the students in such cells. How many cells?",
                ),
                (lambda: _alone("sport", "pet"), "Those are the cells of one. Two are few as well."),
            ),
        ),
        14: Lesson(
            "A project's unit is the row, and a table is published at ε = 0.1. Nobody has more than 40 rows. Which ε "
            "does that promise to the whole person?",
            lambda: 40 * Fraction("0.1"),
            "Each of the rows may move the answer, so the losses of all of them add up. To promise more, make the "
            "person the unit.",
            "ε = 0.1 hides one row. A person who leaves takes all of them along.",
            (
                (lambda: Fraction("0.1"), "That is what one row is promised. A person may have 40."),
                (lambda: Fraction("0.1") / 40, "More rows are hidden less, not more."),
            ),
        ),
        15: Lesson(
            "Five attacks on a table found nobody. Which sentence may a dossier hold? (a) The table is anonymous. (b) "
            "Attacks of this strength found nobody. (c) Nobody can be found in the table.",
            lambda: "b",
            "It says what was tried, how strong it was, and what came of it. The next attack may be a better one.",
            "What is known after an attack that found nobody, and what would be claimed beyond it?",
            (
                (
                    lambda: "a",
                    "Who knows which other tables an attacker has? Five attacks do not say that there is no sixth.",
                ),
                (lambda: "c", "These five did not find anybody. Does that hold for every other attack?"),
            ),
            letters="abc",
        ),
    }
)
