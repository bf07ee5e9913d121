"""Four attacks on published counts: differencing, averaging, reconstruction, and membership from aggregates.

They ask what somebody publishes: a function from a frame and a column to counts by value.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import LibraryRequiredError, PrivkitError
from privkit.errors.attacks import AttackError
from privkit.errors.root import type_told
from privkit.tally.codes import factorized

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

#: What is asked of a frame and a column: counts by value.
Publish = Callable[[Any, str], Any]


def exactly(frame: Any, column: str) -> Any:
    """Return exact counts by value: what every other answer is compared with."""
    return frame[column].value_counts()


@dataclass(eq=False)
class Asked:
    """A publisher that is asked about rows of one frame, and how often it was.

    Attributes
    ----------
    publish : callable
    frame : pandas.DataFrame
    codes : dict of str to array of int64, shape (n_rows,)
        Each row's value in each column, -1 for missing.
    values : dict of str to list
        The values, by code.
    calls : int
    """

    publish: Publish
    frame: pd.DataFrame
    codes: dict[str, Ints] = field(default_factory=dict)
    values: dict[str, Sequence[Hashable]] = field(default_factory=dict)
    calls: int = 0

    @classmethod
    def of(cls, publish: Publish, frame: pd.DataFrame) -> Asked:
        """Return a publisher with the values of a frame's columns. Reads rows."""
        found = {name: factorized(frame[name]) for name in frame.columns}
        codes = {name: one[0] for name, one in found.items()}
        return cls(publish, frame, codes, {name: list(one[1]) for name, one in found.items()})

    def exact(self) -> Asked:
        """Return the same rows with a publisher that counts exactly."""
        return Asked(exactly, self.frame, self.codes, self.values)

    def with_secrets(self, column: str, codes: Ints) -> Asked:
        """Return the same publisher on rows with other values in one column, taken from other rows."""
        first = np.zeros(len(self.values[column]), dtype=np.int64)
        first[self.codes[column]] = np.arange(len(self.frame))
        changed = self.frame.assign(**{column: self.frame[column].array[first[codes]]})
        return Asked(self.publish, changed, self.codes | {column: codes}, self.values)

    def counts(self, rows: Ints, column: str) -> Floats:
        """Return the published counts of some rows, by the code of each value; 0 for values that were not answered.

        Raises
        ------
        AttackError
            If the function fails, or answers with something else than numbers by value.
        PrivkitError
            What a call of privkit in it raises, such as that the budget is spent.
        """
        if self.publish is exactly:  # nobody is asked: these are counted here
            codes = self.codes[column][rows]
            return np.bincount(codes[codes >= 0], minlength=len(self.values[column])).astype(np.float64)
        self.calls += 1
        failed = ""
        answer: Any = None
        try:
            answer = self.publish(self.frame.iloc[rows].reset_index(drop=True), column)
        except PrivkitError:
            raise
        except Exception as error:  # noqa: BLE001  # its text may hold values
            failed = type(error).__name__
        if failed:
            raise AttackError.publisher_failed(failed)
        if not isinstance(answer, Mapping) and not hasattr(answer, "to_dict"):
            raise AttackError.no_counts(type_told(answer))
        told = answer if isinstance(answer, Mapping) else answer.to_dict()
        try:
            found = np.array([float(told.get(value, 0.0)) for value in self.values[column]])
        except (TypeError, ValueError):
            found = np.array([np.nan])
        if not np.isfinite(found).all():
            raise AttackError.no_counts("values that are no finite numbers")
        return found


#: Sums of how many questions reconstruction asks for each person.
_QUERIES = 4
#: Persons whose aggregates are published together, and how many such groups.
GROUP, GROUPS = 50, 20


def differenced(
    asked: Asked, secret: str, targets: Ints, random: np.random.Generator, repeats: int = 1
) -> tuple[Ints, bool]:
    """Return each target's value as two published counts tell it, and whether all repeated answers were replayed.

    For each target the attacker knows who is in a random half D of the rows. The guess is argmax over values v of
    ā(D)ᵥ − ā(D − t)ᵥ, ā being the mean of `repeats` answers to one question: of fresh noise of standard deviation σ,
    that of the mean is σ/√repeats; of replayed answers it stays σ. Exact counts differ by 1 at the person's value and
    by 0 elsewhere, so that every guess is right. Each target has a half of its own, so that no answer is asked for two
    of them, and their errors are independent as the interval takes them to be.
    """
    guesses, alike = np.empty(len(targets), dtype=np.int64), True
    for place, target in enumerate(targets):
        others = np.delete(np.arange(len(asked.frame)), target)
        half = np.sort(random.permutation(others)[: len(others) // 2])
        whole, one = _averaged(asked, np.append(half, target), secret, repeats)
        without, other = _averaged(asked, half, secret, repeats)
        guesses[place], alike = (whole - without).argmax(), alike and one and other
    return guesses, alike


def _averaged(asked: Asked, rows: Ints, secret: str, repeats: int) -> tuple[Floats, bool]:
    answers = np.array([asked.counts(rows, secret) for _ in range(repeats)])
    return answers.mean(axis=0), bool((answers == answers[0]).all())


def reconstructed(asked: Asked, secret: str, value: int, targets: Ints, random: np.random.Generator) -> Any:
    """Return whether each target has the value, as published counts of random halves of the targets tell.

    min Σ_q |a_q − Σ_{i in q} xᵢ| over 0 ≤ x ≤ 1, rounded at 1/2: a linear program (Dinur and Nissim 2003, PODS; by
    least absolute errors Dwork, McSherry and Talwar 2007, STOC). With errors below o(√n) it is right about nearly all
    of n persons; the attacker knows who is in each half, as filters on other columns tell.

    Raises
    ------
    LibraryRequiredError
        Without SciPy.
    """
    try:
        from scipy.optimize import linprog
        from scipy.sparse import csr_array, eye_array, hstack, vstack
    except ImportError:
        raise LibraryRequiredError.of("SciPy", "risk") from None
    n, m = len(targets), _QUERIES * len(targets)
    inside = random.random((m, n)) < 0.5
    answers = np.array([asked.counts(targets[one], secret)[value] for one in inside])
    sums, errors = csr_array(inside.astype(float)), eye_array(m)
    least = linprog(
        np.concatenate([np.zeros(n), np.ones(m)]),
        A_ub=vstack([hstack([sums, -errors]), hstack([-sums, -errors])]).tocsr(),
        b_ub=np.concatenate([answers, -answers]),
        bounds=[(0, 1)] * n + [(0, None)] * m,
        method="highs",
    )
    return least.x[:n] > 0.5 if least.x is not None else np.zeros(n, dtype=bool)


def evidence(asked: Asked, groups: Ints) -> dict[str, Floats]:
    """Return how much each value speaks for each group, by column: log(p̂ / p), shape (n_groups, n_values).

    p̂ are the group's published shares, p those of all rows, both with half a person more for each value.

    Parameters
    ----------
    groups : array of int64, shape (n_groups, n_members)
        Rows whose counts are published together.
    """
    told = {}
    for name, codes in asked.codes.items():
        every = np.bincount(codes[codes >= 0], minlength=len(asked.values[name])) + 0.5
        published = np.array([np.maximum(asked.counts(group, name), 0) + 0.5 for group in groups])
        told[name] = np.log(published / published.sum(axis=1, keepdims=True)) - np.log(every / every.sum())
    return told


def membership(told: Mapping[str, Floats], codes: Mapping[str, Ints], people: Ints) -> Floats:
    """Return the evidence that each person is in the group beside him, the sum over the columns; missing adds none.

    Homer et al. 2008 (PLoS Genetics 4(8)); the likelihood ratio of Sankararaman et al. 2009 (Nature Genetics 41).

    Parameters
    ----------
    told : mapping of str to array, shape (n_groups, n_values)
    codes : mapping of str to array of int64, shape (n_rows,)
    people : array of int64, shape (n_groups, n_people)
        Who is asked about beside each group.
    """
    scores = np.zeros(people.shape)
    for name, ratio in told.items():
        own = codes[name][people]
        if ratio.shape[1]:
            scores += np.where(own >= 0, np.take_along_axis(ratio, np.maximum(own, 0), axis=1), 0.0)
    return scores
