"""Four attacks on published counts: differencing, averaging, reconstruction, and membership from aggregates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.errors import LibraryRequiredError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from privkit.attacks.publisher import Asked

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

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
