"""Limits of analysts, one amount for each or one by each name; and how the limits of a project are raised."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from privkit.budget.canonical import amount_text
from privkit.budget.names import alike, check_name, tidy
from privkit.errors import ParameterError
from privkit.values.exact import exact

if TYPE_CHECKING:
    from privkit.budget.terms import ProjectTerms
    from privkit.values.loss import PrivacyLoss

_EXAMPLE = "Example: {'ada': 0.6, 'grace': 0.3}, and None: 0.1 for everybody else."


def shares(budget: PrivacyLoss, given: object) -> tuple[PrivacyLoss, tuple[tuple[str, PrivacyLoss], ...]]:
    """Return the limit of whoever has no allotment, and the allotments by name; δ is limited by the budget alone.

    Raises
    ------
    ParameterError
        For what is no amount, and names that are none or look alike.
    """
    each, named = _amounts(given)
    rest = Fraction(0) if each is None else each
    if not any([rest, *named.values()]):
        raise ParameterError.of("per_analyst", "nothing for anybody", "above 0 for somebody", _EXAMPLE)
    return budget.replace(rest, budget.delta), tuple(
        (name, budget.replace(amount, budget.delta)) for name, amount in sorted(named.items())
    )


def raised(terms: ProjectTerms, *, epsilon: object, rho: object, delta: object, per_analyst: object) -> dict[str, Any]:
    """Return new totals as a ledger notes them: texts of exact amounts, by the names of arguments.

    Raises
    ------
    ParameterError
        For what is no amount, and where none is given.
    """
    totals = {"epsilon": epsilon, "rho": rho, "delta": delta}
    to: dict[str, Any] = {
        name: amount_text(exact(value, name, below=1, smallest=Fraction(0)) if name == "delta" else exact(value, name))
        for name, value in totals.items()
        if value is not None
    }
    if per_analyst is not None:
        each, named = _amounts(per_analyst)
        if each is not None and terms.allotments and not isinstance(per_analyst, Mapping):
            rule = "this project allots to analysts by name, so one amount for each is no raise of all."
            raise ParameterError.together(("per_analyst",), f"{rule} {_EXAMPLE}")
        to |= {} if each is None else {"per_analyst": amount_text(each)}
        to |= {"allotments": {name: amount_text(amount) for name, amount in sorted(named.items())}} if named else {}
    if not to:
        main = "rho" if terms.budget.measure.concentrated else "epsilon"
        raise ParameterError.together((main,), f"say to which total. Example: {main}=2.0, where it is less now.")
    return to


def _amounts(given: object) -> tuple[Fraction | None, dict[str, Fraction]]:
    """Return the amount of whoever is not named, None where none is said, and those of names."""
    if not isinstance(given, Mapping):
        return exact(given, "per_analyst"), {}
    if not given:
        raise ParameterError.of("per_analyst", "an empty mapping", "an amount, or amounts by names", _EXAMPLE)
    named: dict[str, Fraction] = {}
    for name, amount in given.items():
        if name is not None:
            check_name(name, "per_analyst")
            named[tidy(name)] = exact(amount, "per_analyst", zero=True)
    seen = [alike(name) for name in given if name is not None]
    if twice := [name for name in given if name is not None and seen.count(alike(name)) > 1]:
        told = ", ".join(map(repr, twice))
        raise ParameterError.of("per_analyst", told, "of names that do not look alike: they would be two analysts")
    return exact(given[None], "per_analyst", zero=True) if None in given else None, named
