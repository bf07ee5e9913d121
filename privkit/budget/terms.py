"""The terms of a project: its budget, whom it protects, and its limits. They are fixed when it begins.

Names of projects: which are one name, and which only look alike (L11).
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from privkit.budget.canonical import amount_text, amounts, canonical, loss_from, readable
from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.values.bounds import ContributionBounds
from privkit.values.exact import exact_text
from privkit.values.loss import Measure, PrivacyLoss
from privkit.values.unit import PrivacyUnit
from privkit.values.writing import amount_shown

if TYPE_CHECKING:
    from collections.abc import Mapping


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
        symbol = "ρ" if self.budget.measure.concentrated else "ε"
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


def check_name(name: object, argument: str = "name") -> None:
    """Refuse what is no name of a project or an analyst.

    Raises
    ------
    ParameterError
    """
    if not isinstance(name, str):
        raise ParameterError.of(argument, type_told(name), "a name (str)")
    if not name.strip() or len(name) > 200 or not name.isprintable():
        raise ParameterError.of(
            argument,
            repr(name[:40]),
            "1 to 200 printable characters",
            "Example: 'churn'." if argument == "name" else "Set PRIVKIT_ANALYST.",
        )


def tidy(name: str) -> str:
    r"""Return a name as it is recorded: composed (NFC), without blanks around it.

    Examples
    --------
    >>> tidy(" cafe\u0301 ")
    'café'
    """
    return unicodedata.normalize("NFC", name).strip()


#: Letters of Cyrillic and Greek that have the shape of a Latin one, small or capital (Unicode TS 39, confusables).
_SHAPES = str.maketrans("авекмнорстухіјѕһԁԛԝѵαβεζηικμνορτυχ", "abekmhopctyxijshdqwvabezhikmnoptyx")


def alike(name: str) -> str:
    r"""Return what names that look alike have in common: case, width, blanks, and the script count for nothing.

    A Cyrillic or Greek letter is the Latin one of its shape: a keyboard's other layout makes no other name.

    Examples
    --------
    >>> alike("Café  2") == alike("CAFE\u0301 ２")
    True
    >>> alike("Ada") == alike("\u0410d\u0430"), alike("Ada") == alike("Ida")
    (True, False)
    """
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(unicodedata.normalize("NFKC", apart.translate(_SHAPES)).split())


def known_as(name: str, known: Sequence[str]) -> str | None:
    r"""Return the known name that a given one means; None if it means none.

    An earlier version recorded names as they were typed. So the name as it stands comes first, then the tidy one, then
    the only one that is the same when it is tidied.

    Examples
    --------
    >>> known_as("café", ["cafe\u0301"]) == "cafe\u0301"
    True
    """
    for candidate in (name, tidy(name)):
        if candidate in known:
            return candidate
    same = [other for other in known if tidy(other) == tidy(name)]
    return same[0] if len(same) == 1 else None


def lookalikes(name: str, known: Sequence[str]) -> list[str]:
    """Return the known names that look like a given one; none if it means one of them.

    Examples
    --------
    >>> lookalikes("Churn", ["churn", "sales"]), lookalikes("churn ", ["churn", "sales"])
    (['churn'], [])
    """
    return [] if known_as(name, known) is not None else [other for other in known if alike(other) == alike(name)]


def called(recorded: str) -> str:
    r"""Return what a project is called that is recorded under this name: without the number of those begun anew.

    Examples
    --------
    >>> called("churn"), called("churn\n2")
    ('churn', 'churn')
    """
    return recorded.partition("\n")[0]


def close_names(name: str, known: Sequence[str]) -> list[str]:
    """Return the known names that a given one may be a slip of, nearest first; none that look alike or are meant.

    Two names are close where, without regard to case, width and blanks, one becomes the other by a slip or two: a
    character put in, left out, taken for another, or changed places with the next (Damerau 1964; names of up to five
    characters by one, of up to three by none). Names that differ in their digits alone are a series, as of years, and
    are not.

    Examples
    --------
    >>> close_names("loan 2026", ["loans 2026", "loan 2025", "churn", "Loan 2026"])
    ['loans 2026']
    """
    mine = alike(name)
    found = []
    for other in known:
        theirs = alike(other)
        most = _most(max(len(mine), len(theirs)))
        if mine == theirs or _without_digits(mine) == _without_digits(theirs):
            continue
        if abs(len(mine) - len(theirs)) <= most and (slips := _slips(mine, theirs)) <= most:
            found.append((slips, other))
    return [other for _, other in sorted(found)]


def close_words(name: str, near: Sequence[str], budget: str) -> str:
    """Return what to know of a project that was begun under a name close to others."""
    held = ", ".join(map(repr, near))
    return (
        f"project {name!r} is begun now, with a fresh budget of {budget}; the ledger holds {held}, of a close name. "
        f"If you meant that one: project.remove(reason='a slip'), while nothing is charged to this one, then "
        f"pk.open_project({near[0]!r})."
    )


def _most(length: int) -> int:
    """Return how many slips may lie between two names of this length."""
    return 0 if length <= 3 else 1 if length <= 5 else 2


def _without_digits(name: str) -> str:
    return "".join("0" if char.isdigit() else char for char in name)


def _slips(left: str, right: str) -> int:
    """Return the least number of slips between two names (optimal string alignment)."""
    rows = [list(range(len(right) + 1))]
    for i, char in enumerate(left, 1):
        row = [i]
        for j, other in enumerate(right, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (char != other))
            if i > 1 and j > 1 and (char, left[i - 2]) == (right[j - 2], other):
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]
