"""The live panel of a plan: what a price buys, and a button that releases after asking once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ipywidgets import HTML, BoundedFloatText, HBox, Text

from privkit.dp.plan import Plan
from privkit.values.writing import error_text
from privkit.view import text
from privkit.view.panels.base import NUMBER, SLIDER, STYLE, WIDTH, WRAPPED, at, box, drawing, line, panel, words
from privkit.view.panels.spending import Spending, StepSlider, beside, plain, round_steps
from privkit.view.parts.markup import Markup, card, meter, tag
from privkit.view.parts.words import amount, attacker, number, percent
from privkit.view.sheets.released.plans import plan_answer

_NARROW = {"description_width": "6.5em"}


class PlanPanel(Spending):
    """Price and accuracy of a plan, each by a slider and by a number; moving one moves the other.

    Reads no rows and spends nothing, until "Release" is pressed and confirmed.

    Attributes
    ----------
    plan : Plan
        The plan at the price that is shown.
    release_ : Release or None
        What was released last.
    """

    plan: Plan

    def __init__(self, plan: Plan) -> None:
        left = plan.left  # as it is when the panel is made: what is drawn says so
        self._first = self.plan = plan = replace(plan, remaining=None if left is None else lambda: left)
        self._moving = False
        symbol = plan.loss.measure.symbol
        low, high = _range(plan)
        self.price = _slider(symbol, float(plan.loss.main), low, high, plain)
        self.price_number = _field(f"{symbol} =", float(plan.loss.main), low, high)
        self._picture, buttons = HTML(), self.buttons()
        rows = [HBox([self.price, self.price_number], layout=WRAPPED)]
        self.accuracy: Any = None
        self.accuracy_number: Any = None
        if plan.accuracy:
            self._with_accuracy(plan.accuracy, float(plan.loss.main), low, high)
            rows.append(HBox([self.accuracy, self.accuracy_number], layout=WRAPPED))
        #: A size of the answer that is publicly known, or invented.
        self.suppose = Text(
            description="suppose the answer is", placeholder="a number", continuous_update=False, layout=SLIDER,
            style={"description_width": "12em"},
        )  # fmt: skip
        rows.append(self.suppose)
        super().__init__([self._picture, *rows, buttons, self._status, self._result])
        self._listen()
        self._draw()

    def _with_accuracy(self, width: float, price: float, low: float, high: float) -> None:
        # Noise is about inversely proportional to ε (its square to ρ): close enough for the ends of a slider.
        power = 0.5 if self._first.loss.measure.concentrated else 1.0
        ends = width * (price / high) ** power / 2, width * (price / low) ** power * 2
        self.accuracy = _slider("accuracy ±", width, *ends, error_text)
        self.accuracy_number = _field("± =", width, *ends)

    def _listen(self) -> None:
        for field in (self.price, self.price_number):
            field.observe(self._reprice, "value")
        for field in (self.accuracy, self.accuracy_number):
            if field is not None:
                field.observe(self._reach, "value")
        self.suppose.observe(lambda _: self._draw(), "value")

    # -- price and accuracy ----------------------------------------------------------------------------------------

    def _reprice(self, change: Any) -> None:
        """Show the plan at another price."""
        if self._moved(change):
            with self._changing():
                self._move(self._at(change.new), change.owner)

    def _reach(self, change: Any) -> None:
        """Show the cheapest plan, to three digits of its price, that errs by at most the width that is chosen."""
        if self._moved(change):
            with self._changing():
                self._move(self._reached(change.new), change.owner)

    def _moved(self, change: Any) -> bool:
        """Whether somebody moved a field: not the panel itself, and not a slider that sends back what it was sent."""
        return not self._moving and not math.isclose(change.new, change.old, rel_tol=1e-9)

    def _move(self, plan: Plan, moved: Any) -> None:
        """Show another plan. What the person is moving stays where it is; the same price is asked about still."""
        same = self._asked and plan.loss == self.plan.loss
        self.plan = plan
        if not same:
            self._withdraw("")
        self._moving = True
        try:
            for slider, field, value in (
                (self.price, self.price_number, float(plan.loss.main)),
                (self.accuracy, self.accuracy_number, plan.accuracy),
            ):
                if slider is not None and slider is not moved and value is not None:
                    slider.put(value)
                if field is not None and field is not moved and value is not None:
                    field.value = min(max(_above(value), field.min), field.max)
        finally:
            self._moving = False
        self._draw()

    def _at(self, price: float) -> Plan:
        price = min(_digits(price), self.price_number.max)
        return self._first if price == float(self._first.loss.main) else self._first.repriced(price)

    def _reached(self, width: float) -> Plan:
        """Return the cheapest plan that errs by at most `width`; the dearest one where none does."""
        known: dict[int, Plan] = {}

        def fits(place: int) -> bool:
            plan = known.setdefault(place, self._at(_price(place)))
            return plan.accuracy is not None and plan.accuracy <= width

        power = 2.0 if self.plan.loss.measure.concentrated else 1.0  # noise and the root of ρ, or ε, are about inverse
        guess = float(self.plan.loss.main) * ((self.plan.accuracy or width) / width) ** power
        low, high = _place(self.price_number.min), _place(self.price_number.max)
        upper = _least(fits, low, high, min(max(_place(guess), low), high))
        return self._at(self.price_number.max) if upper is None else known[upper]

    def _draw(self) -> None:
        self._picture.value = str(picture(self.plan, self._first, beside(self.plan, supposed(self.suppose.value))))

    def _unreleased(self) -> str:
        return text.render(self.plan, at(".plan"))


panel.register(Plan, PlanPanel)


def supposed(text: str) -> float | None:
    """Return the number that somebody wrote; None where it is none.

    Examples
    --------
    >>> supposed("1,200"), supposed(" 1e3 "), supposed("many"), supposed("nan")
    (1200.0, 1000.0, None, None)
    """
    try:
        found = float(text.replace(",", "").replace("_", ""))
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def picture(plan: Plan, first: Plan, beside: str = "") -> Markup:
    """Return what the price buys: the error band, what an attacker gains, and the share of what is left.

    `beside` says what the error is beside an answer that somebody supposes.
    """
    return card(
        plan_answer(plan),
        STYLE,
        _band(plan, first),
        tag("p", beside) if beside else None,
        tag("p", attacker(plan.advantage, plan.attack_success, plan.question.unit)),
        *_share(plan),
    )


def _band(plan: Plan, first: Plan) -> Markup | None:
    """Draw how far the noise carries an answer: half of the errors, and 95 % of them, on the axis of the first plan."""
    wide, half = plan.half_width(0.95), plan.half_width(0.5)
    if wide is None or half is None:
        return tag("p", "How accurate it is depends on the rows of each group: plan with assume_rows=.")
    reach = 3 * (first.half_width(0.95) or wide) or 1.0
    middle, scale = WIDTH / 2, (WIDTH / 2 - 20) / reach

    def bar(kind: str, width: float) -> Markup:
        drawn = min(width, reach) * scale
        return box(kind, middle - drawn, 26, max(2 * drawn, 2), 18)

    beyond = " (wider than is drawn)" if wide > reach else ""
    told = f"half of the errors are within ± {error_text(half)}, 95 % within ± {error_text(wide)}{beyond}"
    return drawing(
        told,
        words(middle, 16, f"the answer: {told}"),
        bar("pk-pale", wide),
        bar("pk-fill", half),
        line("pk-axis", (20, 50), (WIDTH - 20, 50)),
        line("pk-axis", (middle, 22), (middle, 54)),
        words(20, 66, f"−{number(reach)}", "start"),
        words(middle, 66, "exact"),
        words(WIDTH - 20, 66, f"+{number(reach)}", "end"),
        height=74,
    )


def _share(plan: Plan) -> list[Markup]:
    if (left := plan.left) is None:
        return []
    short = not plan.loss.fits(left)
    share = float(plan.loss.main / left.main) if left.main > 0 else math.inf
    much = "More" if short else percent(share)
    told = f"{much} {'than' if short else 'of'} what the project had left when this was planned ({amount(left)})"
    return [meter(share, told, short=short), tag("p", f"{told}.")]


def _range(plan: Plan) -> tuple[float, float]:
    """Return the least and the largest price of the sliders: from a hundredth to all that is left."""
    price = float(plan.loss.main)
    left = float(plan.left.main) if plan.left is not None else 0.0
    return price / 100, max(left, price) if left > 0 else price * 10


def _slider(name: str, value: float, low: float, high: float, told: Callable[[float], str]) -> StepSlider:
    return StepSlider(
        round_steps(low, high), value, told, description=name, readout=False, continuous_update=False, layout=SLIDER,
        style=_NARROW,
    )  # fmt: skip


def _field(name: str, value: float, low: float, high: float) -> BoundedFloatText:
    return BoundedFloatText(
        value=_above(value), min=low / 2, max=high, step=_digits(value / 10), description=name, layout=NUMBER,
        style={"description_width": "4em"},
    )  # fmt: skip


def _digits(price: float) -> float:
    """Return a price to three digits."""
    return float(f"{price:.3g}")


def _above(width: float) -> float:
    """Return a number that a field has room for: five digits, rounded up, as a price and a width are upper ends.

    Examples
    --------
    >>> _above(0.20012861), _above(15.0), _above(0.158)
    (0.20013, 15.0, 0.158)
    """
    near = float(f"{width:.5g}")
    return near if near >= width else float(f"{near + 10.0 ** (math.floor(math.log10(width)) - 4):.5g}")


def _place(price: float) -> int:
    """Return the place of a price among all prices of three digits, in order.

    Examples
    --------
    >>> _place(1.0), _place(1.01), _place(9.99), _place(10.0), _price(_place(0.158))
    (0, 1, 899, 900, 0.158)
    """
    digits, _, decade = f"{price:.2e}".partition("e")
    return int(decade) * 900 + int(digits.replace(".", "")) - 100


def _price(place: int) -> float:
    """Return the price at a place."""
    decade, digits = divmod(place, 900)
    return float(f"{digits + 100}e{decade - 2}")


def _least(fits: Callable[[int], bool], low: int, high: int, guess: int) -> int | None:
    """Return the least place that fits, where all above it do too; None if `high` does not. Few looks near a guess.

    Examples
    --------
    >>> _least(lambda place: place >= 41, 0, 100, 50), _least(lambda place: False, 0, 9, 3)
    (41, None)
    """
    step, upper, lower = 1, guess, guess
    while not fits(upper):
        if upper == high:
            return None
        lower, upper, step = upper, min(upper + step, high), 2 * step
    while lower >= low and fits(lower):
        upper, lower, step = lower, lower - step, 2 * step
    lower = max(lower, low - 1)
    while upper - lower > 1:
        middle = (lower + upper) // 2
        lower, upper = (lower, middle) if fits(middle) else (middle, upper)
    return upper
