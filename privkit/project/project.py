"""A project: one privacy budget for one population, kept in a ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from privkit.errors import ParameterError
from privkit.project.ledger_view import LedgerView
from privkit.values.accountable import Accountable
from privkit.values.arguments import spending, words
from privkit.values.show import Plotted

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

    from privkit.budget.account import Account
    from privkit.budget.odometer import Headroom
    from privkit.dp.plan import Plan
    from privkit.project.facts import PublicFacts
    from privkit.project.price_list import StudyPrice
    from privkit.values.bounds import ContributionBounds
    from privkit.values.inputs import Allotments, Amount
    from privkit.values.loss import PrivacyLoss
    from privkit.values.unit import PrivacyUnit

#: The columns of the checks that were made in this process, by store and project.
_checked: dict[tuple[str, str], set[str]] = {}


@spending
class Project(Accountable, Plotted):
    """One privacy budget for one population. Get one from :func:`open_project`.

    A project holds no data: every frame released under it is charged to it.

    Attributes
    ----------
    name : str
    ledger : LedgerView
        Every release and reservation, with ``.to_frame()`` and ``.verify()``.
    """

    #: Whether the noise is a simulator's, for teaching: nothing is protected then, and all that is shown says so.
    simulated = False

    def __init__(self, account: Account, bounds: ContributionBounds | None = None) -> None:
        self.account = account
        self.name = account.name
        self.ledger = LedgerView(account)
        self._bounds = bounds

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Refuse to be pickled or copied, in the words of its account.

        Raises
        ------
        ProjectCopyError
        """
        return self.account.__reduce_ex__(protocol)

    @property
    def budget(self) -> PrivacyLoss:
        """The limit of all releases together, as it is now; see :meth:`extend`."""
        return self.account.balance().budget

    @property
    def unit(self) -> PrivacyUnit:
        """Whom the budget protects."""
        return self.account.terms.unit

    @property
    def bounds(self) -> ContributionBounds | None:
        """How much of one person counts, where a call does not say it."""
        return self._bounds or self.account.terms.bounds

    @property
    def spent(self) -> PrivacyLoss:
        """What is gone for good: released, failed and orphaned; exact, with `.epsilon` and `.delta` (or `.rho`).

        It reads ``ε = 0.3``; its amounts are fractions, to compare with ``Fraction("0.3")`` rather than with 0.3, which
        is the binary number beside it.
        """
        return self.account.spent

    @property
    def reserved(self) -> PrivacyLoss:
        """What is set aside for releases that are being measured now."""
        return self.account.reserved

    @property
    def remaining(self) -> PrivacyLoss:
        """What is left to spend, exact; ``epsilon=project.remaining`` spends it all."""
        return self.account.remaining

    @property
    def advantage(self) -> float:
        """The greatest advantage that any attacker can have on one unit by all answers together: rounded up.

        By what was charged, so that it holds for questions that were chosen after earlier answers. What the whole
        budget would allow is ``project.budget.advantage``.
        """
        return (self.spent + self.reserved).advantage

    @property
    def attack_success(self) -> float:
        """How often an attacker with 1 % false alarms finds a unit that is there, at most; by all answers together."""
        return (self.spent + self.reserved).attack_success

    def price(self, plans: Sequence[Plan]) -> StudyPrice:
        """Return what several plans would cost together, and whether that fits. Spends nothing.

        What replays, from the ledger or since two plans ask the same, is marked so and costs nothing. Rows are read
        only for the fingerprint of questions that were asked before, or twice among these.
        """
        from privkit.project.price_list import priced

        return priced(self.name, plans, self.remaining)

    def headroom(self, plan: Plan) -> Headroom:
        """Return how many more releases like `plan` every limit would admit. Spends nothing."""
        return self.account.headroom(plan.loss)

    def epsilon_at(self, delta: Amount) -> float:
        """Return the ε of all that was charged, told as (ε, δ); for reports, converted by OpenDP from ρ.

        Parameters
        ----------
        delta : number
            Above 0 and below 1.
        """
        from privkit.dp.price import epsilon_at

        return epsilon_at(self.spent + self.reserved, delta)

    def tighter_epsilon(self, delta: Amount) -> float:
        """Return the ε of all that was charged under the optimal composition, for reports: never above `epsilon_at`.

        It counts only where prices were fixed beforehand; what may still be spent is decided by sums. Needs the extra
        ``accounting``.

        Parameters
        ----------
        delta : number
            Above 0 and below 1.
        """
        from privkit.dp.price import tighter_epsilon

        return tighter_epsilon(self.account.costs(), delta)

    @property
    def checked(self) -> frozenset[str] | None:
        """The columns of the checks (``plan.check(df)``) that this process made for it; None if there was none.

        In memory alone, whatever the checks found. What is said to be public after one may have been read from it.
        """
        found = _checked.get((self.account.store, self.account.uid))
        return None if found is None else frozenset(found)

    def note_check(self, columns: Iterable[str]) -> None:
        """Remember that somebody looks at these columns before paying."""
        _checked.setdefault((self.account.store, self.account.uid), set()).update(columns)

    @property
    def facts(self) -> PublicFacts:
        """The public facts that are in force, read from the ledger; see :meth:`public`."""
        from privkit.project.facts import facts_in_force

        return facts_in_force(self.name, self.account.facts())

    def public(
        self,
        facts: str | os.PathLike[str] | Mapping[str, object] | None = None,
        /,
        *,
        file: str | os.PathLike[str] | None = None,
        **columns: object,
    ) -> PublicFacts:
        """Declare public facts of columns, once: calls that say nothing use them. Spends nothing, reads no rows.

        They are recorded in the ledger, with who said it and when. What a call says itself wins. A slip is corrected by
        saying it again, or withdrawn by :meth:`withdraw`, until a release uses the fact; then it is final. Others may
        be added at any time. Said again, a fact is noted once.

        Parameters
        ----------
        facts : path or dict, optional
            A TOML file, or a dict from columns to facts, for names that are no Python names.
        file : path, optional
            The TOML file.
        **columns
            For each column: a tuple ``(lower, upper)`` of numbers, dates, datetimes or ISO texts of dates as bounds; a
            list of keys; or a dict of `bounds`, `keys`, `bins`, `candidates` and a `reason`. A list of two numbers or
            dates may be either, so it must be said in a dict. What may come from data passes by :func:`public_values`.

        Returns
        -------
        PublicFacts
            All facts in force, with ``.to_toml(path)``; without arguments nothing is declared.

        Raises
        ------
        FactsError
            If facts contradict each other, or are none.
        FactsChangedError
            If a fact was declared otherwise before, and a release used it.
        NotPublicError, KeysError, ValueBoundsError
            As in a call. Nothing was declared.

        Examples
        --------
        >>> import privkit as pk
        >>> project = pk.open_project("public", epsilon=1, unit=pk.ROW, store=ledger_path)
        >>> facts = project.public(age=(18, 100), plan=["basic", "plus", "premium"])
        >>> [(fact.column, fact.kind) for fact in facts], project.spent
        ([('age', 'bounds'), ('plan', 'keys')], ε = 0)
        """
        from privkit.project.facts import declare

        return declare(self, facts, file, columns)

    def withdraw(self, column: str, kind: str | None = None, *, reason: str = "") -> PublicFacts:
        """Withdraw a public fact that was declared by mistake, before a release used it. Spends nothing.

        The ledger keeps both: that it was declared, and that it was withdrawn, with who did it and when.

        Parameters
        ----------
        column : str
        kind : {"bounds", "keys", "bins", "candidates"}, optional
            Which of the column's facts; all of them by default.
        reason : str
            Why; it is recorded.

        Returns
        -------
        PublicFacts
            The facts that are left in force.

        Raises
        ------
        FactsError
            If nothing of the kind is declared.
        FactsChangedError
            If a release used it: it says which.

        Examples
        --------
        >>> import privkit as pk
        >>> project = pk.open_project("slips", epsilon=1, unit=pk.ROW, store=ledger_path)
        >>> facts = project.public(age=(18, 1000), plan=["basic", "plus", "premium"])
        >>> [(fact.column, fact.kind) for fact in project.withdraw("age", reason="a zero too many")]
        [('plan', 'keys')]
        """
        from privkit.project.facts import withdraw

        return withdraw(self, column, kind, reason)

    def extend(
        self,
        *,
        epsilon: Amount | None = None,
        rho: Amount | None = None,
        delta: Amount | None = None,
        per_analyst: Allotments | None = None,
        reason: str,
    ) -> None:
        """Raise the budget, as its owner, on record. Spends nothing; what was granted is never lowered.

        From there on an attacker may gain as much as the new total allows, on everybody who was in the data all along:
        a decision about people, for a reason that they may hear. The same call again notes nothing.

        Parameters
        ----------
        epsilon, rho, delta : number, optional
            The new totals, not what is added.
        per_analyst : number or mapping, optional
            The new limit of each analyst, or of those that it names; of a project that has such limits.
        reason : str
            Why; it is recorded.

        Raises
        ------
        ParameterError
            If something would fall, or nothing would rise.
        ProjectClosedError, ProjectRemovedError, SimulatedError

        Examples
        --------
        >>> import privkit as pk
        >>> project = pk.open_project("yearly", epsilon=1, unit=pk.ROW, store=ledger_path)
        >>> project.extend(epsilon=1.5, reason="the ethics board agreed to a second year")
        >>> project.remaining, project.ledger.to_frame()["question"].iloc[0]
        (ε = 1.5, 'the budget was extended to ε = 1.5: the ethics board agreed to a second year')
        """
        from privkit.budget.terms import raised

        to = raised(epsilon=epsilon, rho=rho, delta=delta, per_analyst=per_analyst, terms=self.account.terms)
        self.account.extend(to, _reason(reason, "Example: 'the board agreed to a second year'."))

    def close(self, reason: str) -> None:
        """Let nothing be charged to the project any more. What it answered replays; there is no way back.

        Parameters
        ----------
        reason : str
            Why; it is recorded.

        Raises
        ------
        ProjectClosedError, ProjectRemovedError
            If it is closed or removed already.
        """
        self.account.close(_reason(reason))

    def remove(self, reason: str) -> None:
        """Remove a project to which nothing was ever charged, as one whose name was mistyped; its name is free again.

        Parameters
        ----------
        reason : str
            Why; it is recorded.

        Raises
        ------
        ProjectUsedError
            If something was charged to it: then it can be closed.
        """
        self.account.close(_reason(reason), removed=True)

    def set_clock_back(self, reason: str) -> None:
        """Record that a clock was ahead when the last entries were written, and go on from the right time.

        A project with a `window` stays closed until the time of its last entry is past; an entry that was written
        while a clock was years ahead closes it for years. This adds an entry to the ledger, at no cost. What was
        charged before counts from now on: nothing leaves the window by it.

        Parameters
        ----------
        reason : str
            Why; it is recorded.

        Raises
        ------
        ClockError
            If the last entry is not more than a day ahead of the clock.
        """
        self.account.set_clock_back(_reason(reason, "Example: 'flat battery on 3 May'."))

    def panel(self) -> Any:
        """Return a live panel of the budget: what is spent and left, and every release.

        It updates by itself when a cell spends. Where no kernel runs, its last picture is shown.

        Returns
        -------
        ipywidgets.Widget
        """
        from privkit.values.show import _view

        return _view("panels").panel_of(self)


def _reason(reason: object, example: str = "Example: 'the name was mistyped'.") -> str:
    if not isinstance(reason, str) or not reason.strip():
        raise ParameterError.of("reason", "a blank", "a reason, which is recorded", example)
    return words(reason, "reason")
