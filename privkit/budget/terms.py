"""The terms of a project: its budget, whom it protects, and its limits.

They are fixed when it begins, except that its owner may raise the budget and the limits of analysts
(:meth:`ProjectTerms.extended`). Limits of analysts are said as one amount for each, or one by each name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

from privkit.budget.canonical import amount_text, amounts, canonical, loss_from, readable
from privkit.budget.names import alike, check_name, tidy
from privkit.errors import ParameterError
from privkit.values.bounds import ContributionBounds
from privkit.values.exact import exact, exact_text
from privkit.values.loss import Measure, PrivacyLoss
from privkit.values.unit import PrivacyUnit
from privkit.values.writing import amount_shown

#: The largest ε of one release, unless the project says otherwise.
CEILING = Fraction(10)
#: The same for ρ: about ε = 8.4 at δ = 1e-6.
CEILING_RHO = Fraction(1)


#: The longest window of a new project: a hundred years. (An earlier version took longer ones; they count all entries.)
LONGEST = 36_525


@dataclass(frozen=True, slots=True)
class Window:
    """A limit on what may be spent within any stretch of `days`.

    A window never widens the budget: the total still holds.

    Attributes
    ----------
    days : int
    limit : PrivacyLoss
    """

    days: int
    limit: PrivacyLoss

    @property
    def warning(self) -> str:
        """What to know about a window."""
        return (
            f"a window of {self} paces what is spent; it renews nothing. What is released about people who stay in "
            "the data adds up over all windows, and the project's total remains the promise."
        )

    @property
    def length(self) -> timedelta:
        """The window's length."""
        return timedelta(days=self.days)

    def __str__(self) -> str:
        """Return the limit in words."""
        return f"{self.limit} in {self.days} days"


@dataclass(frozen=True, slots=True)
class ProjectTerms:
    """What a project is begun with.

    Attributes
    ----------
    budget : PrivacyLoss
        The limit of all releases together; its measure is the project's.
    unit : PrivacyUnit
        What one protected person is.
    bounds : ContributionBounds or None
        How much of one person counts, where a call does not say it.
    ceiling : Fraction or None
        The largest ε (or ρ) of one release; None, when reopening, for what is recorded.
    per_analyst : PrivacyLoss or None
        The limit of each analyst; where there are `allotments`, of each that has none.
    allotments : tuple of (str, PrivacyLoss)
        The limits of analysts by their names, sorted; empty where all have the same.
    window : Window or None
        The limit within a stretch of days.
    """

    budget: PrivacyLoss
    unit: PrivacyUnit
    bounds: ContributionBounds | None = None
    ceiling: Fraction | None = None
    per_analyst: PrivacyLoss | None = None
    window: Window | None = None
    allotments: tuple[tuple[str, PrivacyLoss], ...] = ()

    def completed(self) -> ProjectTerms:
        """Return the terms with the default ceiling, as they are recorded."""
        if self.ceiling is not None:
            return self
        return replace(self, ceiling=CEILING_RHO if self.budget.measure.concentrated else CEILING)

    def limit_of(self, analyst: str) -> PrivacyLoss | None:
        """Return the most that an analyst may be charged in all; None where the terms do not limit it."""
        return dict(self.allotments).get(analyst, self.per_analyst)

    def of_one(self, analyst: str) -> ProjectTerms:
        """Return the terms as they are for one analyst: his limit is that of each."""
        return replace(self, per_analyst=self.limit_of(analyst), allotments=())

    @property
    def allotted(self) -> str:
        """What analysts may be charged in all, in words; of ε or ρ, since the budget alone has the δ."""
        symbol = self.budget.measure.symbol
        told = [f"{symbol} = {amount_shown(loss.main)} for {name}" for name, loss in self.allotments]
        each = Fraction(0) if self.per_analyst is None else self.per_analyst.main
        rest = f"{symbol} = {amount_shown(each)} for everybody else" if each else "nothing for anybody else"
        return "; ".join([*told, rest])

    def refused(self, cost: PrivacyLoss) -> tuple[str, ...]:
        """Say that a release of this cost would be refused, where it is above the ceiling; nothing where it is not."""
        if self.ceiling is None or cost.main <= self.ceiling:
            return ()
        most = self.budget.replace(self.ceiling)
        return (f"WARNING: the project refuses one release above {most}, its ceiling: this one would be refused",)

    def differences(self, given: ProjectTerms, earlier: Sequence[ProjectTerms] = ()) -> list[tuple[str, str, str]]:
        """Return (term, recorded, given) for each term of `given` that differs, from those of `earlier` too.

        What it leaves out agrees, and the bounds are a default of calls that each session may choose anew.
        """
        found, known = [], [held._compared() for held in (self, *earlier)]
        for term, (new, words) in given._compared().items():
            if new is None or new in [held[term][0] for held in known]:
                continue
            now, began = known[0][term][1], known[-1][term][1]
            found.append((term, now if now == began else f"{now} (begun with {began})", words))
        return found

    def _compared(self) -> dict[str, tuple[object, str]]:
        """Return what tells each term from others, and its words. Of limits within the budget, the budget has the δ."""
        each, window = self.per_analyst, self.window
        named = tuple((name, loss.main) for name, loss in self.allotments)
        return {
            "budget": (self.budget, str(self.budget)),
            "unit": (self.unit, str(self.unit)),
            "ceiling": (self.ceiling, str(self.ceiling and exact_text(self.ceiling))),
            "per_analyst": (each and (each.main, named), self.allotted if named else str(each)),
            "window": (window and (window.days, window.limit.main), str(window)),
        }

    def extended(self, to: Mapping[str, Any]) -> ProjectTerms:
        """Return the terms with a higher budget, or higher limits of analysts: nothing falls, and something rises.

        Parameters
        ----------
        to : Mapping
            The new amounts as texts, by the names of arguments: the main amount, `delta`, `per_analyst` (of all that
            have no allotment), and `allotments`, a mapping from names.

        Raises
        ------
        ParameterError
        """
        measure = self.budget.measure
        main = "rho" if measure.concentrated else "epsilon"
        allowed = {main, "per_analyst", "allotments"} | ({"delta"} if measure.has_delta else set())
        if other := sorted(to.keys() - allowed):
            raise ParameterError.together(
                other, f"the budget counts in {measure.value}, and that is fixed. Extend {main}=."
            )
        budget = self.budget.replace(
            _risen(main, to.get(main), self.budget.main), _risen("delta", to.get("delta"), self.budget.delta)
        )
        each = self.per_analyst
        if each is None and to.keys() & {"per_analyst", "allotments"}:
            raise ParameterError.together(("per_analyst",), "this project has no limit of each analyst to raise.")
        if each is not None:
            each = budget.replace(_risen("per_analyst", to.get("per_analyst"), each.main), budget.delta)
        named = {name: loss.main for name, loss in self.allotments}
        for name, amount in to.get("allotments", {}).items():
            assert each is not None
            named[name] = _risen("per_analyst", amount, named.get(name, each.main), f" for {name!r}")
        window = self.window and replace(self.window, limit=budget.replace(self.window.limit.main, budget.delta))
        shares = tuple((name, budget.replace(amount, budget.delta)) for name, amount in sorted(named.items()))
        found = replace(self, budget=budget, per_analyst=each, window=window, allotments=shares)
        risen = [(found.budget, self.budget), (found.per_analyst, self.per_analyst)]
        risen += [(found.limit_of(name), self.limit_of(name)) for name in named]
        if all(now == before for now, before in risen):
            rule = f"the budget is {self.budget} already: nothing would rise. Amounts are new totals"
            raise ParameterError.together(tuple(to), f"{rule}, not what is added.")
        return found

    def to_json(self) -> str:
        """Return the terms as canonical JSON, the form that is stored and hashed."""
        bounds, named = self.bounds, {name: amounts(loss) for name, loss in self.allotments}
        return canonical(
            {
                "measure": self.budget.measure.name,
                "budget": amounts(self.budget),
                "unit": self.unit.recorded,
                # Left out where it is not used, so that terms of earlier projects keep their text and hash.
                **({} if self.unit.per is None else {"unit_window": [self.unit.per, self.unit.time]}),
                "bounds": None if bounds is None else [bounds.max_rows, bounds.max_groups, bounds.per_group],
                "ceiling": None if self.ceiling is None else amount_text(self.ceiling),
                "per_analyst": None if self.per_analyst is None else amounts(self._least),
                # An earlier version knows one limit of each analyst alone: it reads the least of them.
                **({"allotments": {"": amounts(self.per_analyst), **named}} if named and self.per_analyst else {}),
                "window": None if self.window is None else [self.window.days, amounts(self.window.limit)],
            }
        )

    @property
    def _least(self) -> PrivacyLoss:
        """The least that any analyst may be charged."""
        assert self.per_analyst is not None
        return min([self.per_analyst, *(loss for _, loss in self.allotments)], key=lambda loss: loss.main)

    @classmethod
    @readable
    def from_json(cls, text: str) -> ProjectTerms:
        """Read terms as :meth:`to_json` wrote them."""
        stored: Mapping[str, Any] = json.loads(text)
        zero = PrivacyLoss.zero(Measure[stored["measure"]])

        def loss(pair: list[str]) -> PrivacyLoss:
            return loss_from(pair, zero)

        named = {name: loss(pair) for name, pair in stored.get("allotments", {}).items()}
        each = None if stored["per_analyst"] is None else named.pop("", loss(stored["per_analyst"]))
        return cls(
            budget=loss(stored["budget"]),
            unit=PrivacyUnit.of_record(stored["unit"], stored.get("unit_window", ())),
            bounds=None if stored["bounds"] is None else ContributionBounds(*stored["bounds"]),
            ceiling=None if stored["ceiling"] is None else Fraction(stored["ceiling"]),
            per_analyst=each,
            window=None if stored["window"] is None else Window(stored["window"][0], loss(stored["window"][1])),
            allotments=tuple(sorted(named.items())),
        )


def _risen(argument: str, amount: str | None, before: Fraction, whose: str = "") -> Fraction:
    """Return a new amount that does not fall below the one before; that one where none is given."""
    if amount is None:
        return before
    if (found := Fraction(amount)) < before:
        allowed = f"{exact_text(before)} or more{whose}: what was granted stays granted"
        hint = "It is the new total, not what is added. To charge nothing more: project.close(reason='...')."
        raise ParameterError.of(argument, exact_text(found), allowed, hint)
    return found


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
