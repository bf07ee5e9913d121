"""A class that shares one budget: who is in it, and how a student joins."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from privkit.budget.account import Account
from privkit.budget.ledger import Ledger
from privkit.budget.names import alike, tidy
from privkit.errors import ParameterError, ProjectMismatchError, ProjectNotFoundError, close_matches
from privkit.errors.root import type_told
from privkit.project.current import opened
from privkit.project.facts import facts_in_force
from privkit.project.opening import open_project
from privkit.project.project import Project
from privkit.values.arguments import public, typed, whole
from privkit.values.exact import exact
from privkit.values.inputs import Amount
from privkit.values.loss import PrivacyLoss
from privkit.values.show import Shown
from privkit.values.unit import ROW, PrivacyUnit

#: Under this name the ledger has who is in the class: as a public fact, which every version reads and none charges.
_SEATS = "student of the class"
#: A class is not larger, and a name not longer, so that a number fits behind it.
_MOST, _LONGEST = 10_000, 100


@public
@dataclass(frozen=True, slots=True, repr=False)
class Classroom(Shown):
    """A class with one budget and an allotment for each student. Get it from :func:`classroom`.

    Attributes
    ----------
    project : str
        The name of the class's project.
    store : str
        Where the ledger lies, without a user and a password.
    budget, each : PrivacyLoss
        The limit of all together, and that of one student.
    names : tuple of str
        Under which name each student joins; no two look alike.
    left : PrivacyLoss
        What is left of the budget.
    again : bool
        Whether the class had been begun before, so that this call shares its budget.

    Examples
    --------
    >>> import privkit as pk
    >>> pk.teach.classroom("maths", students=["Ada", "Grace", "Ada"], epsilon=1.5, store=ledger_path).names
    ('Ada 1', 'Grace', 'Ada 2')
    """

    project: str
    store: str
    budget: PrivacyLoss
    each: PrivacyLoss
    names: tuple[str, ...]
    left: PrivacyLoss
    again: bool = field(default=False, compare=False)

    @property
    def line(self) -> str:
        """What a student types to join, with the own name instead of NAME."""
        return f'import privkit as pk; project = pk.teach.join({self.project!r}, "NAME", store={self.store!r})'


@typed
def classroom(
    name: str = "class",
    *,
    students: int | Sequence[str],
    epsilon: Amount,
    store: str | os.PathLike[str] | None = None,
    unit: str | PrivacyUnit = ROW,
    new: bool = False,
    reason: str = "",
) -> Classroom:
    """Begin the project of a class: one budget for all, and the same part of it for each student.

    Called again with the same arguments it is the same class, with what is left of its budget, and says so; who is in
    it is fixed with its budget. It becomes the current project. Reads no rows; spends nothing.

    Parameters
    ----------
    name : str
        The project's name.
    students : int or list of str
        How many there are, who are then called "student 1" and so on; or their names. Names that look alike get a
        number each. They are written into the ledger.
    epsilon : number
        The budget of all together. Each student may spend this by the number of students, exactly.
    store : path or SQLAlchemy URL, optional
        Where the ledger lies: a PostgreSQL database, or a file where all work on one machine.
    unit : str, pk.ROW or pk.rows(k)
        Whom the budget protects; by default single rows.
    new, reason : bool, str
        As of :func:`~privkit.open_project`: begin it although this machine remembers one of its name elsewhere.

    Returns
    -------
    Classroom

    Raises
    ------
    ParameterError
        For a name that cannot be one, or no student at all.
    ProjectMismatchError
        If the class was begun with another budget, or for other students.
    LedgerError
        If the ledger cannot be reached or written.

    Examples
    --------
    >>> import privkit as pk
    >>> pk.teach.classroom("physics", students=30, epsilon=3, store=ledger_path).each
    ε = 0.1
    """
    names = _names(students)
    each = exact(epsilon, "epsilon") / len(names)
    project = open_project(name, epsilon=epsilon, per_analyst=each, unit=unit, store=store, new=new, reason=reason)
    again = bool(_begun_with(project.account))
    if not again:
        project.public({_SEATS: {"keys": list(names), "reason": "who shares the budget of the class"}})
    _refuse_others(project.account, names)
    terms = project.account.terms
    left = project.account.balance().remaining
    return Classroom(project.name, project.account.store, terms.budget, terms.budget.replace(each), names, left, again)


@typed
def join(name: str, student: str | int, *, store: str | os.PathLike[str] | None = None) -> Project:
    """Open the project of a class as one of its students; it becomes the current project. Spends nothing.

    The name is a matter of honesty: the ledger keeps count, and is no access control.

    Parameters
    ----------
    name : str
        The project's name.
    student : str or int
        Who joins, by the name on the teacher's list, or by the number of a class that has numbers.
    store : path or SQLAlchemy URL, optional
        Where the ledger lies.

    Returns
    -------
    Project
        Whose charges are written to the student, up to the student's own limit.

    Raises
    ------
    ParameterError
        If nobody is called so, or several are.
    ProjectNotFoundError, LedgerError
        If there is no such class, or its ledger cannot be reached.

    Examples
    --------
    >>> import privkit as pk
    >>> made = pk.teach.classroom("chemistry", students=30, epsilon=3, store=ledger_path)
    >>> project = pk.teach.join("chemistry", 7, store=ledger_path)
    >>> project.account.analyst, project.remaining
    ('student 7', ε = 3)
    """
    if isinstance(student, bool) or not isinstance(student, str | int):
        raise ParameterError.of("student", type_told(student), "a name or a number")
    if isinstance(student, int) and abs(student) > _MOST:  # it may have more digits than Python writes
        raise ParameterError.of("student", "a larger number", f"a name, or a number up to {_MOST:,}")
    ledger = Ledger.open(store, create=False)
    ledger.analyst = _found(str(student), seats_of(account_of(ledger, name)))
    return opened(Project(ledger.account(name)))


# -- who is in the class -------------------------------------------------------------------------------------------


def _names(students: object) -> tuple[str, ...]:
    """Return under which name each student joins."""
    if isinstance(students, Sequence) and not isinstance(students, str):
        given = [_name(one, place) for place, one in enumerate(students, 1)]
        if not 1 <= len(given) <= _MOST:
            raise ParameterError.of("students", f"{len(given)} names", f"1 to {_MOST:,} names")
        return tuple(_apart(given))
    if not hasattr(students, "__index__"):
        raise ParameterError.of("students", type_told(students), "how many there are, or a list of their names")
    number = whole(students, "students", least=1)
    if number > _MOST:
        raise ParameterError.of("students", "a larger number", f"{_MOST:,} at most")
    return tuple(f"student {place + 1}" for place in range(number))


def _name(given: object, place: int) -> str:
    """Return a name, tidied; a wrong one is told by its place: the list may be another file than was meant."""
    if not isinstance(given, str):
        raise ParameterError.of("students", f"{type_told(given)} in the list", "a number, or names (str)")
    name = " ".join(tidy(given).split())
    if not name or len(name) > _LONGEST or not name.isprintable():
        raise ParameterError.of(
            "students", f"a list whose name number {place} is none", f"names of 1 to {_LONGEST} printable characters"
        )
    return name


def _apart(names: Sequence[str]) -> Iterator[str]:
    """Give names of which no two look alike: a name that several have gets a number for each of them."""
    often = Counter(map(alike, names))
    taken, number = set(often), Counter[str]()
    for name in names:
        same = alike(name)
        if often[same] == 1:
            yield name
            continue
        while True:
            number[same] += 1
            found = f"{name} {number[same]}"
            if alike(found) not in taken:
                break
        taken.add(alike(found))
        yield found


def account_of(ledger: Ledger, name: str) -> Account:
    """Return the account of a class.

    Raises
    ------
    ProjectNotFoundError
    """
    try:
        return ledger.account(name)
    except ProjectNotFoundError:
        raise ProjectNotFoundError.of_class(name, ledger.projects()) from None


def _begun_with(account: Account) -> tuple[str, ...]:
    """Return who the class was begun with: the first list that the ledger has, whatever was said of it later.

    A later list would take their parts from students who have joined, and who have spent.
    """
    for entry in account.facts():
        fact = facts_in_force(account.name, [entry]).find(_SEATS, "keys")
        if fact is not None:
            return tuple(map(str, fact.value))
    return ()


def _refuse_others(account: Account, names: tuple[str, ...]) -> None:
    """Refuse another list than the one that the class was begun with; a name is told by its place."""
    begun = _begun_with(account)
    if begun != names:
        place = next(place for place, (old, new) in enumerate(zip(begun, names, strict=True), 1) if old != new)
        told = f"the list of {len(begun)} that the class has", f"one whose name number {place} is another"
        raise ProjectMismatchError.of(account.name, [("students", *told)])


def seats_of(account: Account) -> tuple[str, ...]:
    """Return who is in the class."""
    begun = _begun_with(account)
    if not begun:
        way = "A class begins under a name of its own: pk.teach.classroom(name, students=..., epsilon=...)."
        raise ParameterError.together(("name",), f"project {account.name!r} is none of a class. {way}")
    return begun


def _found(student: str, names: Sequence[str]) -> str:
    """Return the student that is meant.

    Raises
    ------
    ParameterError
    """
    for wanted in (student, f"student {student}"):
        for name in names:
            if alike(name) == alike(wanted):
                return name
    several = [name for name in names if alike(name.rpartition(" ")[0]) == alike(student) and name[-1].isdigit()]
    if several:
        hint = f"Several are called so: {', '.join(map(repr, several[:6]))}. Your teacher's list says who is who."
    elif near := close_matches(student, list(names)):
        hint = f"Close matches: {', '.join(map(repr, near))}."
    else:
        hint = f"The class has {len(names)}: your teacher's list has yours."
    raise ParameterError.of("student", repr(student[:40]), "a name of the class", hint)
