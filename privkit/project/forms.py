"""How earlier versions asked a question: their answers in a ledger stand for its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from privkit.budget.canonical import canonical
from privkit.dp.plan import Plan, make_plan
from privkit.errors import PrivkitError

if TYPE_CHECKING:
    from privkit.budget.abstract_account import BaseAccount
    from privkit.dp.price import Price
    from privkit.dp.question import Question
    from privkit.dp.statistics.statistic import Statistic
    from privkit.values.loss import Measure


def earlier_questions(typed: Question, question: Question, account: BaseAccount) -> tuple[Question, ...]:
    """Return how earlier versions asked the same: by other statistics, and with columns that nothing uses.

    A statistic that this ledger cannot hold is left out: to price it only in order to look for it in vain took longer
    than the question itself.
    """
    asked, *others = _forms(question.asked)
    before = [form for form in others if _may_hold(account, asked, form)]
    plain = [replace(question, asked=form) for form in before]
    if typed.selected == question.selected:
        return tuple(plain)
    return (*plain, *(replace(typed, asked=form) for form in (asked, *before)))


def _forms(asked: Statistic) -> Iterator[Statistic]:
    """Give a statistic, and those as which earlier versions asked it, the latest first."""
    found: Statistic | None = asked
    while found is not None:
        yield found
        found = found.earlier


def _may_hold(account: BaseAccount, asked: Statistic, form: Statistic) -> bool:
    """Return whether the ledger may hold a question of this form; where its marks do not tell, it may."""
    now, once = _marks(asked), _marks(form)
    told = {mark["statistic"]: mark for mark in now if "told" in mark}
    gone = {mark["statistic"] for mark in once if mark not in now}
    if not gone or not gone <= told.keys():
        return True
    return any(account.holds(_text("statistic", name), _text("told", told[name]["told"])) for name in gone)


def _marks(asked: Any) -> list[dict[str, str]]:
    """Return the marks of a statistic and of those that it is made of."""
    inner = (*getattr(asked, "parts", ()), *((asked.inner,) if hasattr(asked, "inner") else ()))
    return [type(asked).mark, *(mark for each in inner for mark in _marks(each))]


def _text(name: str, value: str) -> str:
    """Return how a member of an object stands in what a ledger stores."""
    return canonical({name: value})[1:-1]


def made_earlier(questions: tuple[Question, ...], measure: Measure, price: Price) -> Plan | None:
    """Return the plan of the first of them, followed by those of the others."""
    first, *others = questions
    before = partial(made_earlier, tuple(others), measure, price) if others else None
    try:
        return replace(make_plan(first, measure, price), earlier=before)
    except PrivkitError:  # by this price it was not to be had
        return None if before is None else before()
