"""Plans: what a question costs, which noise answers it, how accurate it will be. No data.

The price of a question: by the loss to spend, or by the accuracy to reach.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from privkit.dp.attack import Attack, attack_on
from privkit.dp.noise.noise import ALPHA, Gaussian, Laplace, Noise
from privkit.errors import ParameterError
from privkit.errors.dp import MechanismError, PriceError
from privkit.values.advantage import amount_for
from privkit.values.arguments import positive_int, spending
from privkit.values.exact import SMALLEST_LOSS, exact, exact_text
from privkit.values.loss import Measure, PrivacyLoss
from privkit.values.show import Paneled, Plotted
from privkit.values.writing import amount_shown

if TYPE_CHECKING:
    from privkit.dp.answers.release import Release
    from privkit.dp.check import PlanCheck
    from privkit.dp.public import PublicSource
    from privkit.dp.question import Question
    from privkit.dp.standing import Standing
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

    @property
    def standing(self) -> Standing | None:
        """What became of the same question in the project, as the ledger stands now; None if nothing did.

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
        """What the project has left, read from the ledger; None where the plan stands alone."""
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

    def check(self, data: object = None) -> PlanCheck:
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

    def repriced(self, amount: object) -> Plan:
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

    def _earlier_at(self, amount: object) -> Callable[[], Plan | None] | None:
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
        found = str(level) if isinstance(level, int | float) else f"a {type(level).__name__}"
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
    notes = (*_notes(question, loss, rows), *question.asked.price_notes(noise, question), *relative)
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
        notes.append(f"the accuracy assumes at least {rows:,} rows in each group")
    if loss.epsilon is not None and loss.epsilon > 1:
        told = exact_text(loss.epsilon)
        notes.append(f"ε = {told} is above 1, where NIST SP 800-226 calls the promise no longer conservative")
    if loss.delta > _LARGE_DELTA:
        told = amount_shown(loss.delta)
        notes.append(f"δ = {told} is above 10⁻⁶: it should be far below one over the number of persons")
    return tuple(notes)


#: Above this a plan warns of δ.
_LARGE_DELTA = Fraction("1e-6")
_NAMES: dict[str, str] = {"laplace": Laplace.name, "gaussian": Gaussian.name}
#: The amounts offered when asking by accuracy: four digits, from 1e-9 to 1000.
_DECADES, _DIGITS = 12, 9000


@dataclass(frozen=True, slots=True)
class Price:
    """What a user says of the price; see :func:`priced`.

    Attributes
    ----------
    epsilon, rho, delta : number, optional
        The loss to spend.
    advantage : number, optional
        The greatest advantage that any attacker may have on one unit.
    accuracy : number, optional
        The half-width of the 95 % interval to reach.
    relative : number, optional
        The same as a share of the answer that the assumed rows would give.
    assume_rows : int, optional
        How many rows each group has at least, where the accuracy depends on it.
    mechanism : str, optional
        The noise to use in place of the best one.
    """

    epsilon: object = None
    rho: object = None
    delta: object = None
    advantage: object = None
    accuracy: object = None
    relative: object = None
    assume_rows: object = None
    mechanism: object = None

    @classmethod
    def said(cls, asking: Mapping[str, object]) -> Price:
        """Return the price among the arguments of a call; a call has others, which say something else."""
        return cls(**{field.name: asking.get(field.name) for field in fields(cls)})


def priced(question: Question, measure: Measure, price: Price) -> tuple[PrivacyLoss, Noise, int | None]:
    """Return what the question costs, the noise that answers it, and the rows assumed. Reads nothing.

    Of the mechanisms that the statistic and the measure allow, the one with the smaller half-width is taken; in (ε, δ)
    Gaussian noise takes part where `delta` is given.

    Raises
    ------
    ParameterError
        Its kinds in `privkit.errors.dp`.
    """
    main = "rho" if measure.concentrated else "epsilon"
    other = "epsilon" if measure.concentrated else "rho"
    if getattr(price, other) is not None:
        raise PriceError.measure(other, measure.value, f"Give {main}= or accuracy=.")
    given = getattr(price, main)
    if sum(amount is not None for amount in (given, price.advantage, price.accuracy, price.relative)) != 1:
        raise PriceError.choose(main, accuracy=True)
    delta = check_delta(measure, price.delta)
    rows = None if price.assume_rows is None else positive_int(price.assume_rows, "assume_rows")
    kinds = _kinds(question, measure, delta, price.mechanism)
    hint = f"Example: {main}=0.2."
    if price.advantage is not None:
        amounts = dict.fromkeys(kinds, _allowed(measure, price, delta))
    elif given is not None:
        amounts = dict.fromkeys(kinds, exact(given, main, hint=hint))
    else:
        width = _wanted(question, price, rows)
        amounts = {kind: _least(question, measure, kind, delta, width, rows) for kind in kinds}
        cheapest = min(amounts.values())
        amounts = {kind: amount for kind, amount in amounts.items() if amount == cheapest}
    offers: list[tuple[float, int, PrivacyLoss, Noise]] = []
    alone = len(amounts) == 1
    for kind, amount in amounts.items():
        loss = _loss(measure, amount, delta if kind is not Laplace else Fraction(0))
        noise = kind.for_loss(question.sensitivity, loss, **question.asked.kind(question))
        error = None if alone else question.asked.half_width(noise, ALPHA, rows if rows is not None else 1000)
        offers.append((error if error is not None else noise.scale, len(offers), loss, noise))
    _, _, loss, noise = min(offers, key=lambda offer: offer[:2])
    return loss, noise, rows


def _allowed(measure: Measure, price: Price, delta: Fraction) -> Fraction:
    """Return the ε or ρ at which no attacker's advantage is above the one that is asked for."""
    wanted = exact(price.advantage, "advantage", below=1, hint="Example: advantage=0.1.")
    if measure.has_delta and price.delta is None:
        raise PriceError.advantage_needs_delta(measure.value)
    if wanted <= delta:
        raise PriceError.advantage_below_delta(exact_text(wanted), exact_text(delta))
    amount = amount_for(wanted, delta, concentrated=measure.concentrated)
    if amount < SMALLEST_LOSS:
        symbol = "ρ" if measure.concentrated else "ε"
        raise PriceError.advantage_too_small(exact_text(wanted), symbol, f"{float(SMALLEST_LOSS):g}")
    return amount


def _wanted(question: Question, price: Price, rows: int | None) -> Fraction:
    """Return the half-width that is asked for, in units of the answer."""
    if price.relative is None:
        if question.asked.needs_rows and rows is None:
            raise PriceError.needs_rows(question.statistic)
        if question.asked.of_ranks:
            share = exact(price.accuracy, "accuracy", hint="Example: accuracy=0.01, for ±1 % of ranks at 95 %.")
            if share > Fraction(1, 2):
                raise PriceError.of_ranks(str(share))
            return share
        return exact(price.accuracy, "accuracy", hint="Example: accuracy=10, for ±10 at 95 %.")
    share = exact(price.relative, "relative", below=1, hint="Example: relative=0.05, for ±5 % at 95 %.")
    if rows is None:
        raise PriceError.needs_rows(question.statistic, "relative")
    reference = question.asked.reference(rows)
    if reference is None:
        raise PriceError.no_reference(question.statistic)
    return share * Fraction(reference)


def _loss(measure: Measure, amount: Fraction, delta: Fraction) -> PrivacyLoss:
    return PrivacyLoss.zero(measure).replace(amount, delta)


def check_delta(measure: Measure, delta: object) -> Fraction:
    """Return the δ that a call names, 0 where it names none; refuse one in a project that has none.

    Raises
    ------
    ParameterError
    """
    if delta is None:
        return Fraction(0)
    if not measure.has_delta:
        raise PriceError.measure("delta", measure.value, "Leave delta= out, or open a project with a δ.")
    return exact(delta, "delta", zero=True, below=1, smallest=Fraction(0), hint="Example: delta=1e-7.")


def _kinds(question: Question, measure: Measure, delta: Fraction, mechanism: object) -> tuple[type[Noise], ...]:
    fits = [kind for kind in question.asked.noises if measure in kind.measures]
    if delta == 0:
        pure = Measure.ZERO_CONCENTRATED if measure.concentrated else Measure.PURE
        fits = [kind for kind in fits if pure in kind.measures]
    if mechanism is None:
        # In ρ the natural noise is the better one, whatever is asked: the other loses by conversion.
        natural = [kind for kind in fits if measure.concentrated and issubclass(kind, Gaussian)]
        return tuple(natural or fits)
    allowed = {short: kind for kind in fits for short, name in _NAMES.items() if kind.name == name}
    if not isinstance(mechanism, str) or mechanism.lower() not in allowed:
        raise MechanismError.unfit(mechanism, measure.value, list(allowed) or [fits[0].name])
    return (allowed[mechanism.lower()],)


def _least(  # noqa: PLR0917
    question: Question, measure: Measure, kind: type[Noise], delta: Fraction, width: Fraction, rows: int | None
) -> Fraction:
    """Return the least amount, of four digits, with which (1 − ALPHA) of the errors are at most `width`."""

    def reached(place: int) -> bool:
        loss = _loss(measure, _amount(place), delta if kind is not Laplace else Fraction(0))
        error = question.asked.half_width(
            kind.for_loss(question.sensitivity, loss, **question.asked.kind(question)), ALPHA, rows
        )
        return error is not None and error <= float(width)

    return _amount(_first(reached, _DECADES * _DIGITS, exact_text(width)))


def _amount(place: int) -> Fraction:
    decade, digits = divmod(place, _DIGITS)
    return Fraction(digits + 1000) * Fraction(10) ** (decade - _DECADES)


def _first(reached: Callable[[int], bool], count: int, width: str) -> int:
    low, high = 0, count
    if not reached(high):
        raise PriceError.unreachable(width)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle + 1, high)
    return low


def _repriced(earlier: Callable[[], Plan | None], amount: object) -> Plan | None:
    """Return the plan of earlier versions at another price."""
    before = earlier()
    return None if before is None else before.repriced(amount)
