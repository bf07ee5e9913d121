"""The price of a question: by the loss to spend, by the accuracy to reach, or by an attacker's advantage. No data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import TYPE_CHECKING

from privkit.dp.noise.noise import ALPHA, Gaussian, Laplace, Noise
from privkit.errors.dp import MechanismError, PriceError
from privkit.values.advantage import amount_for
from privkit.values.arguments import positive_int
from privkit.values.exact import SMALLEST_LOSS, exact, exact_text
from privkit.values.loss import Measure, PrivacyLoss

if TYPE_CHECKING:
    from privkit.dp.question import Question

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
        loss = _loss(measure, amount, delta if kind.spends_delta else Fraction(0))
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
        loss = _loss(measure, _amount(place), delta if kind.spends_delta else Fraction(0))
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
