"""Plans: what a question costs, which noise answers it, how accurate it will be. No data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Self

from privkit.dp.noise.noise import ALPHA, Noise
from privkit.dp.price import Attack, Price, attack_on, priced
from privkit.errors import ParameterError
from privkit.errors.root import type_told
from privkit.values.arguments import spending
from privkit.values.exact import exact_text
from privkit.values.loss import Measure, PrivacyLoss
from privkit.values.show import Paneled, Plotted
from privkit.values.writing import amount_shown

if TYPE_CHECKING:
    import pandas as pd

    from privkit.dp.answers.release import Release
    from privkit.dp.check import PlanCheck
    from privkit.dp.question import PublicSource, Question, Standing
    from privkit.values.inputs import Amount, Frame
    from privkit.values.unit import PrivacyUnit


@spending
@dataclass(frozen=True, repr=False)
class Plan(Paneled, Plotted):
    """The price tag of a release, made of public facts alone.

    Attributes
    ----------
    question : Question
        What is asked, of whom, by which public keys.
    loss : PrivacyLoss
        What the release costs.
    noise : Noise
        The noise, with its scale in steps of the answer's grid.
    rows : int or None
        The rows that each group is assumed to have, where the accuracy depends on it.
    notes : tuple of str
        What a careful reader should know about the answer.
    chosen : str or None
        The mechanism that was named in place of the better one.
    fetched : tuple of str or None
        What leaves a lazy engine, beside groups and their counts; None where the rows lie here.
    earlier : callable or None
        Makes the plan by which earlier versions answered the same at the same price; None where it is this one.
    public : tuple of PublicSource
        Where public values come from that the call did not type out: declared facts, and what was vouched for.
    """

    question: Question
    loss: PrivacyLoss
    noise: Noise
    rows: int | None = None
    notes: tuple[str, ...] = ()
    chosen: str | None = None
    fetched: tuple[str, ...] | None = None
    earlier: Callable[[], Plan | None] | None = field(default=None, compare=False)
    public: tuple[PublicSource, ...] = field(default=(), compare=False)
    remaining: Callable[[], PrivacyLoss | None] | None = field(default=None, compare=False)
    run: Callable[[Plan, bool], Release] | None = field(default=None, compare=False)
    look: Callable[[Plan], Standing | None] | None = field(default=None, compare=False)
    peek: Callable[[Plan, object], PlanCheck] | None = field(default=None, compare=False)
    named: Callable[[Plan], str | None] | None = field(default=None, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: the price tag alone. The ways to release it hold the frame and the project."""
        ways = dict.fromkeys(("run", "remaining", "look", "peek", "named"))
        return {**self.__dict__, **ways}

    def __copy__(self) -> Self:
        """Return itself: nobody changes it."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return itself: nobody changes it, and no frame is copied."""
        return self

    @property
    def standing(self) -> Standing | None:
        """What became of the same question in the project, as the ledger is now; None if nothing did.

        It tells what a release would: whether it replays, or is charged since the data changed. Where the question is
        in the ledger, all rows are read for their fingerprint; nothing is spent and nothing written.
        """
        return None if self.look is None else self.look(self)

    @property
    def cost(self) -> PrivacyLoss:
        """What a release would be charged now: the loss, or nothing where the answer is in the ledger and replays."""
        found = self.standing
        return PrivacyLoss.zero(self.loss.measure) if found is not None and found.replays else self.loss

    @property
    def left(self) -> PrivacyLoss | None:
        """What the project has left, read from the ledger; None where the plan has no project."""
        return None if self.remaining is None else self.remaining()

    @property
    def accuracy(self) -> float | None:
        """Half the width of the 95 % interval of each answer: at least 95 % of the errors are at most this.

        Of a quantile it is a share of ranks: 0.01 says that its rank is within 1 % of the rows.
        None where it depends on how many rows a group has and nothing was assumed (``assume_rows=``).
        """
        return self.half_width()

    @property
    def accuracies(self) -> dict[str, float | None]:
        """The same for every number of the answer, by its name: a mean brings its sum and count, a query several."""
        return self.question.asked.half_widths(self.noise, ALPHA, self.rows)

    @property
    def tables(self) -> pd.DataFrame | None:
        """Of several tables each one's cells, and how accurate they are; None where there are none.

        A row for each: `cells`, `accuracy` (half the width of the 95 % interval of each cell), and `split`: the same
        where every table is answered by itself, with its part of the loss.
        """
        told = list(self.question.asked.compared(self.noise, ALPHA))
        if not told:
            return None
        import pandas as pd

        index = pd.Index([one.name for one in told], name="table")
        return pd.DataFrame([one[1:] for one in told], index=index, columns=list(told[0]._fields[1:]))

    @cached_property
    def _attack(self) -> Attack:
        return attack_on(self.question, self.noise, self.loss)

    @property
    def advantage(self) -> float:
        """The greatest advantage that any attacker can have on one unit by the answer: true less false positives.

        Rounded up; by the price, or less by the noise that is drawn. 0.1 says: if he bets on whether a unit is in the
        data, whatever else he knows, he is right at most 0.1 more often, true less false, than without the answer.
        """
        return self._attack.advantage

    @property
    def attack_success(self) -> float:
        """How often an attacker with 1 % false alarms finds a unit that is there, at most; rounded up."""
        return self._attack.success

    @property
    def mechanism(self) -> str:
        """The noise's name."""
        return self.noise.name

    @property
    def scale(self) -> float:
        """The noise's scale, in units of the answer (for moments: of the sums that it is computed from)."""
        return self.noise.scale * self.question.asked.step

    @property
    def sensitivity(self) -> dict[str, float]:
        """How far one person can move what gets noise, in each norm: cells (L0), one cell (L∞), all cells (L1, L2)."""
        norms, step = self.question.sensitivity, self.question.asked.step
        return {"L0": norms.l0, "L∞": norms.linf * step, "L1": norms.l1 * step, "L2": norms.l2 * step}

    def half_width(self, level: float = 1 - ALPHA) -> float | None:
        """Return the least h such that each answer's error is at most h with probability `level`."""
        return self.question.asked.half_width(self.noise, miss(level), self.rows)

    def release(self, *, again: bool = False) -> Release:
        """Ask for the release: reserve its price, measure, commit. A repeated question is replayed at no cost.

        Parameters
        ----------
        again : bool
            Draw fresh noise although the answer is known; charged anew.
        """
        if self.run is None:
            raise ParameterError("this plan stands alone. Plan with a frame to release: df.privacy.plan.dp_count(...).")
        return self.run(self, again)

    def check(self, data: Frame | None = None) -> PlanCheck:
        """Look before you pay: what this question would meet in the rows, exactly. For the owner's eyes; no release.

        Reads rows; spends nothing, and nothing is written. Its figures go nowhere else: plan, price and release are
        the same whether a check was made or not. The project remembers, in memory alone, of which columns there was
        one. What you change because of it (bounds, keys) follows from the data, and must be public for another reason.

        Parameters
        ----------
        data : dataframe, optional
            The frame that was planned with, by default.

        Returns
        -------
        PlanCheck
            Keys that match no row, numbers outside their bounds, persons over the contribution bounds, and each answer
            beside its noise.

        Raises
        ------
        PrivkitError
            As the release would. Nothing was spent.

        Examples
        --------
        >>> import pandas as pd, privkit as pk
        >>> bills = pd.DataFrame({"city": ["Bern"] * 30 + ["Basel"] * 9, "paid": [50.0] * 30 + [120.0] * 9})
        >>> project = pk.open_project("bills", epsilon=1, unit=pk.ROW, store=ledger_path)
        >>> keys = ["Bern", "Basel", "Chur"]
        >>> check = bills.privacy.plan.dp_sum("paid", bounds=(0, 100), by="city", keys=keys, epsilon=0.1).check()
        >>> check.empty, check.outside[0][1], project.spent
        ((('Chur',),), Outside(values=39, below=0, above=9), ε = 0)
        """
        if self.peek is None:
            raise ParameterError("this plan stands alone. Plan with a frame to check: df.privacy.plan.dp_count(...).")
        return self.peek(self, data)

    def bound_to(
        self,
        run: Callable[[Plan, bool], Release],
        remaining: Callable[[], PrivacyLoss],
        look: Callable[[Plan], Standing | None] | None = None,
        peek: Callable[[Plan, object], PlanCheck] | None = None,
        named: Callable[[Plan], str | None] | None = None,
    ) -> Plan:
        """Return the plan with ways to release and check it, and to learn what is left and what was answered before.

        `named` gives the key under which its answer replays: two plans of one key are answered once.
        """
        return replace(self, run=run, remaining=remaining, look=look, peek=peek, named=named)

    def repriced(self, amount: Amount) -> Plan:
        """Return the plan of the same question at another ε or ρ, released the same way."""
        main = "rho" if self.loss.measure.concentrated else "epsilon"
        delta = self.loss.delta if self.loss.delta else None
        price = Price(**{main: amount}, delta=delta, assume_rows=self.rows, mechanism=self.chosen)
        made = make_plan(self.question, self.loss.measure, price)
        made = replace(made, fetched=self.fetched, public=self.public, earlier=self._earlier_at(amount))
        ways = {name: getattr(self, name) for name in ("run", "remaining", "look", "peek", "named")}
        return replace(made, **ways)

    def asked_as(self) -> Iterator[Plan]:
        """Give the plan, and those by which earlier versions answered the same, the latest form first."""
        found: Plan | None = self
        while found is not None:
            yield found
            found = None if found.earlier is None else found.earlier()

    def _earlier_at(self, amount: Amount) -> Callable[[], Plan | None] | None:
        """Return what makes the plan of earlier versions at another price."""
        return None if self.earlier is None else partial(_repriced, self.earlier, amount)

    def canonical(self) -> dict[str, Any]:
        """Return the question with its price as JSON values: what the ledger records and replay compares."""
        loss = self.loss
        price = {"measure": loss.measure.value, "main": exact_text(loss.main), "delta": exact_text(loss.delta)}
        return {**self.question.canonical(), "loss": price, "mechanism": self.mechanism, "scale": repr(self.scale)}


def miss(level: float) -> float:
    """Return the share of errors that an interval of this `level` may miss, or refuse the level."""
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0 < level < 1:
        found = str(level) if isinstance(level, int | float) else type_told(level)
        raise ParameterError.of("level", found, "a number between 0 and 1", "Example: 0.95.")
    return 1 - level


def make_plan(question: Question, measure: Measure, price: Price) -> Plan:
    """Price a question by the loss to spend or by the accuracy to reach. Reads nothing.

    Raises
    ------
    ParameterError
        If the price is missing, contradicts itself or is out of range.
    """
    loss, noise, rows = priced(question, measure, price)
    relative = () if price.relative is None else (_relative_note(price.relative, question, rows),)
    notes = (*_notes(question, loss, rows), *question.asked.price_notes(noise, question, rows), *relative)
    return Plan(question, loss, noise, rows, notes, None if price.mechanism is None else str(price.mechanism))


def _relative_note(relative: object, question: Question, rows: int | None) -> str:
    """Say of which answer a relative accuracy is a share."""
    assert rows is not None
    middle = ", each in the middle of the bounds" if hasattr(question.asked, "bounds") else ""
    reference = question.asked.reference(rows)
    return f"relative={relative} is meant of {reference:,.10g}: the answer where a group has {rows:,} rows{middle}"


def _unit_notes(question: Question) -> list[str]:
    unit = question.unit
    without = " or ".join(repr(name) for name in unit.columns)
    if unit.per is None:
        return [f"counts {question.asked.limit(question.bounds)}; rows without {without} are left out"]
    return [
        f"counts, in each {unit.per}, {question.asked.limit(question.bounds)}; rows without {without} are left out",
        f"protects what a person has within one {unit.per} of {unit.time!r}; over n of them a person loses up to n "
        "times as much",
    ]


def _rows_note(unit: PrivacyUnit) -> str:
    if unit.max_rows is None:
        return "protects single rows: a person with several rows is protected less"
    return (
        f"protects up to {unit.max_rows} rows of one person: that nobody has more is vouched for (unit={unit!r}), and "
        "cannot be checked, since no id tells persons apart; a person with more is protected less"
    )


def _notes(question: Question, loss: PrivacyLoss, rows: int | None) -> tuple[str, ...]:
    notes = []
    if question.unit.is_row:
        notes.append(_rows_note(question.unit))
    else:
        notes.extend(_unit_notes(question))
    if question.selected.where is not None:
        notes.append(f"only rows where {question.selected.where}")
    notes.extend(question.selected.notes(question.columns, question.missing_groups))
    notes.extend(question.notes())
    if rows is not None and question.asked.needs_rows:
        count = "" if question.unit.is_row else " that count"  # of each person's, so many as are kept
        notes.append(f"the accuracy assumes at least {rows:,} rows{count} in each group")
    if loss.epsilon is not None and loss.epsilon > 1:
        told = exact_text(loss.epsilon)
        notes.append(f"ε = {told} is above 1, where NIST SP 800-226 calls the promise no longer conservative")
    if loss.delta > _LARGE_DELTA:
        told = amount_shown(loss.delta)
        notes.append(f"δ = {told} is above 10⁻⁶: it should be far below one over the number of persons")
    return tuple(notes)


#: Above this a plan warns of δ.
_LARGE_DELTA = Fraction("1e-6")


def _repriced(earlier: Callable[[], Plan | None], amount: Amount) -> Plan | None:
    """Return the plan of earlier versions at another price."""
    before = earlier()
    return None if before is None else before.repriced(amount)
