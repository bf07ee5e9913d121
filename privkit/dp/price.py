"""The price of a question, by loss, accuracy or advantage; what an attacker gains by it; and other measures of it.

Losses in other measures are told for reports: converted by OpenDP, and never charged. No data.

What a project's charges come to under the optimal composition: a report, never the filter.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from privkit.dp.noise.noise import ALPHA, Gaussian, Laplace, Noise, integers, least_that
from privkit.dp.opendp import features
from privkit.dp.statistics.statistic import Statistic
from privkit.errors import ParameterError
from privkit.errors.dp import MechanismError, PriceError
from privkit.errors.engines import LibraryRequiredError
from privkit.values.arguments import positive_int
from privkit.values.exact import SMALLEST_LOSS, exact, exact_text
from privkit.values.loss import ALARMS, Measure, PrivacyLoss, amount_for, loss_of, up

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
    if sum([amount is not None for amount in (given, price.advantage, price.accuracy, price.relative)]) != 1:
        kind = next(kind for kind in question.asked.noises if measure in kind.measures)
        raise PriceError.choose(main, accuracy=_has_accuracy(question, measure, kind))
    delta = check_delta(measure, price.delta)
    rows = None if price.assume_rows is None else positive_int(price.assume_rows, "assume_rows")
    kinds = _kinds(question, measure, delta, price.mechanism)
    if (price.accuracy is not None or price.relative is not None) and not _has_accuracy(question, measure, kinds[0]):
        asked = "accuracy" if price.relative is None else "relative"
        raise PriceError.no_accuracy(question.statistic, asked, main)
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
        loss = loss_of(measure, amount, delta if kind.spends_delta else Fraction(0))
        noise = kind.for_loss(question.sensitivity, loss, **question.asked.kind(question))
        error = None if alone else question.asked.half_width(noise, ALPHA, rows if rows is not None else 1000)
        offers.append((error if error is not None else noise.scale, len(offers), loss, noise))
    _, _, loss, noise = min(offers, key=lambda offer: offer[:2])
    return loss, noise, rows


def _has_accuracy(question: Question, measure: Measure, kind: type[Noise]) -> bool:
    """Whether any price and any rows tell how far the answer errs."""
    loss = loss_of(measure, Fraction(1), Fraction(1, 10**6) if measure.has_delta and kind.spends_delta else Fraction(0))
    noise = kind.near_loss(question.sensitivity, loss, **question.asked.kind(question))
    return question.asked.least_width(noise, ALPHA, 1000) is not None


def _allowed(measure: Measure, price: Price, delta: Fraction) -> Fraction:
    """Return the ε or ρ at which no attacker's advantage is above the one that is asked for."""
    wanted = exact(price.advantage, "advantage", below=1, hint="Example: advantage=0.1.")
    if measure.has_delta and price.delta is None:
        raise PriceError.advantage_needs_delta(measure.value)
    if wanted <= delta:
        raise PriceError.advantage_below_delta(exact_text(wanted), exact_text(delta))
    amount = amount_for(wanted, delta, concentrated=measure.concentrated)
    if amount < SMALLEST_LOSS:
        symbol = measure.symbol
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
        spends = measure.has_delta and not measure.concentrated and delta == 0
        way = " Gaussian noise spends δ here: give delta=, such as delta=1e-7." if spends else ""
        raise MechanismError.unfit(mechanism, measure.value, list(allowed) or [kind.name for kind in fits], way)
    return (allowed[mechanism.lower()],)


def _least(  # noqa: PLR0917
    question: Question, measure: Measure, kind: type[Noise], delta: Fraction, width: Fraction, rows: int | None
) -> Fraction:
    """Return the least amount, of four digits, with which (1 − ALPHA) of the errors are at most `width`.

    It is searched for by what is quick to have, and then looked for from there on: most often that is it.
    """
    asked, more, last = question.asked, question.asked.kind(question), _DECADES * _DIGITS
    unreachable = PriceError.unreachable(exact_text(width), rows if asked.needs_rows else None)

    def reached(place: int, noise_for: Callable[..., Noise], error_of: Callable[..., float | None]) -> bool:
        if place > last:
            raise unreachable
        loss = loss_of(measure, _amount(place), delta if kind.spends_delta else Fraction(0))
        error = error_of(noise_for(question.sensitivity, loss, **more), ALPHA, rows)
        return error is not None and error <= float(width)

    near = _first(lambda place: reached(place, kind.near_loss, asked.least_width), last, unreachable)
    return _amount(near + least_that(lambda further: reached(near + further, kind.for_loss, asked.half_width)))


def _amount(place: int) -> Fraction:
    decade, digits = divmod(place, _DIGITS)
    return Fraction(digits + 1000) * Fraction(10) ** (decade - _DECADES)


def _first(reached: Callable[[int], bool], count: int, unreachable: PriceError) -> int:
    low, high = 0, count
    if not reached(high):
        raise unreachable
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle + 1, high)
    return low


#: More than the roundings of a few floats.
_ABOVE = 1 + 1e-12


class Attack(NamedTuple):
    """What any attacker gains on one unit, at most: his advantage, and his success at 1 % false alarms."""

    advantage: float
    success: float


def attack_on(question: Question, noise: Noise, loss: PrivacyLoss) -> Attack:
    """Return what any attacker gains from a release on one unit, at most. Reads nothing.

    Notes
    -----
    *Claim.* Of a release, no attacker has more advantage, or more success at 1 % false alarms, than this tells.

    *Proof.* *By the price.* The measurement is checked to cost at most its price before it is drawn
    (`privkit.dp.measurement`), and `privkit.values.loss` proves what a loss allows.

    *By the noise's own loss.* Where the measurement is one vector of sums with one noise (`Statistic.measurement`
    itself), what is released has the loss that OpenDP states for that noise, in the noise's own measure, at the
    distance that a unit moves the sums (`privkit.dp.measurement.make_sums`). It may say more than the price where that
    is in another measure: a Gaussian that is paid in (ε, δ), a Laplace in ρ. Each loss by itself bounds both figures,
    so the least of them does.

    *By the discrete Gaussian itself.* Let X have independent coordinates, each with the probabilities p of a discrete
    Gaussian, which rise up to 0 and fall after it. X and X + e for a unit vector e differ in one coordinate, so their
    total variation is Σ_x max(0, p(x) − p(x−1)) = Σ_{x≤0} (p(x) − p(x−1)) = p(0). One unit moves the sums by a vector v
    of whole numbers with ‖v‖₁ ≤ L1, which is a walk of ‖v‖₁ such steps. By the triangle inequality the advantage is at
    most L1·p(0). What is sampled of a unit's rows mixes such pairs by a salt that does not depend on the data, and
    total variation is convex. And 1/p(0) = Σ_x e^(−x²/2σ²) is at least each of its partial sums, and at least σ·√(2π),
    since by Poisson's summation it is σ·√(2π)·(1 + 2·Σ_k e^(−2π²σ²k²)).

    *Success.* p ≤ q + advantage. ∎
    """
    losses, close = [loss], 1.0
    if _one_vector(question) and type(noise) in (Laplace, Gaussian):
        measure = Measure.PURE if type(noise) is Laplace else Measure.ZERO_CONCENTRATED
        if measure.concentrated is not loss.measure.concentrated:
            stated = Fraction(noise.measurement().map(noise.distance(question.sensitivity)))
            losses.append(loss_of(measure, stated))
        if type(noise) is Gaussian:
            close = question.sensitivity.l1 * peak(noise.scale) * _ABOVE
    advantage = min([close, *[one.advantage for one in losses]])
    success = min([one.attack_success for one in losses])
    return Attack(advantage, min(success, up(ALARMS + Fraction(repr(advantage)))))


def _one_vector(question: Question) -> bool:
    """Whether all that is measured is one vector of sums with one noise.

    What groups that showed up were asked has noise of its own, but they were found by another one before.
    """
    found = question.keys is not None and question.keys.told
    return not found and type(question.asked).measurement is Statistic.measurement


def peak(scale: float) -> float:
    """Return the probability of 0 in a discrete Gaussian, to a few roundings from above.

    Examples
    --------
    >>> round(peak(0.5), 4), round(peak(10.0), 5)
    (0.7866, 0.03989)
    """
    few = 1 + 2 * sum(math.exp(-((step / scale) ** 2) / 2) for step in range(1, 5))
    return 1 / max(few, scale * math.sqrt(2 * math.pi))


def epsilon_at(loss: PrivacyLoss, delta: object) -> float:
    """Return the ε with which a loss is (ε, δ)-differential privacy; infinite where δ is too small for it.

    A ρ is converted by OpenDP (Bun and Steinke 2016, proposition 1.3, with the tighter bound of Canonne, Kamath and
    Steinke 2020, proposition 7). A loss in (ρ, δ₀) holds with what is left of δ after δ₀. Spends nothing.

    Parameters
    ----------
    loss : PrivacyLoss
    delta : number
        Above 0 and below 1; compare it with one over the number of persons, as is publicly known.

    Raises
    ------
    ParameterError

    Examples
    --------
    >>> from privkit.values.loss import PrivacyLoss
    >>> epsilon_at(PrivacyLoss.of(epsilon=0.5), 1e-6)
    0.5
    >>> 0.9 < epsilon_at(PrivacyLoss.of(rho=0.1), 1e-2) < 1.46
    True
    """
    spread = exact(delta, "delta", below=1, smallest=Fraction(0), hint="Example: delta=1e-6.") - loss.delta
    if loss.main == 0:
        return 0.0 if spread >= 0 else math.inf
    if not loss.measure.concentrated:
        return math.inf if spread < 0 else float(loss.main)
    return math.inf if spread <= 0 else _converted(float(loss.main), float(spread))


def _converted(rho: float, delta: float) -> float:
    """Return OpenDP's conversion of ρ, taken from a Gaussian measurement that costs at least it."""
    if not math.isfinite(rho):
        raise ParameterError.of("loss", str(rho), "finite")
    scale = 1 / math.sqrt(2 * rho)
    with features() as dp:
        while True:
            gaussian = dp.measurements.make_gaussian(integers(dp), dp.metrics.l2_distance(T="f64"), scale)
            if gaussian.map(1.0) >= rho:
                return float(dp.combinators.make_zCDP_to_approxDP(gaussian).map(1.0).epsilon(delta))
            scale = math.nextafter(scale, 0.0)


def tighter_epsilon(losses: Iterable[PrivacyLoss] | Mapping[PrivacyLoss, int], delta: object) -> float:
    """Return the ε with which several losses together are (ε, δ)-differential privacy, tighter than their sum.

    Each loss (εᵢ, δᵢ) is taken as the worst mechanism that has it, and these are composed optimally (Kairouz, Oh and
    Viswanath 2015, "The composition theorem for differential privacy") by the privacy loss distributions of the
    `dp-accounting` library, rounded upwards. It holds for prices that were fixed before the first answer was seen: so
    it is told in reports, and what may still be spent is decided by sums. Losses in ρ add up, and are converted by
    OpenDP. Never more than the sum. Spends nothing.

    Parameters
    ----------
    losses : iterable of PrivacyLoss, or mapping of PrivacyLoss to int
        Of one measure; a mapping says how many times each occurs.
    delta : number
        Above 0 and below 1.

    Raises
    ------
    ParameterError
    LibraryRequiredError
        If `dp-accounting` is not installed.
    """
    spread = float(exact(delta, "delta", below=1, smallest=Fraction(0)))
    counted = Counter(losses)
    if not counted:
        return 0.0
    total = PrivacyLoss.zero(next(iter(counted)).measure)
    for loss, times in counted.items():
        total += loss.replace(loss.main * times, loss.delta * times)
    plain = epsilon_at(total, delta)
    if total.measure.concentrated or total.main == 0:
        return plain
    found = None
    for loss, times in counted.items():
        composed = _worst(loss).self_compose(times)
        found = composed if found is None else found.compose(composed)
    assert found is not None
    tighter = float(found.get_epsilon_for_delta(spread))
    if math.isnan(tighter):
        raise ParameterError.of("delta", str(delta), "a δ that these losses can have")
    return min(plain, tighter)


def _worst(loss: PrivacyLoss) -> Any:
    """Return the privacy loss distribution of the worst mechanism with this ε and δ, rounded upwards."""
    try:
        from dp_accounting.pld import common, privacy_loss_distribution
    except ImportError:
        raise LibraryRequiredError.of("dp-accounting", "accounting") from None
    above = math.nextafter(float(loss.main), math.inf), math.nextafter(float(loss.delta), 1.0) if loss.delta else 0.0
    return privacy_loss_distribution.from_privacy_parameters(common.DifferentialPrivacyParameters(*above))
