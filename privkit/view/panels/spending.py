"""What panels that spend share: a button that asks once, names the price, and never spends by two presses of Enter.

And what an error means beside an answer of a size that is publicly known, or invented.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ipywidgets import HTML, Button, HBox, Layout, SelectionSlider

from privkit.dp.answers.release import Release
from privkit.dp.plan import Plan
from privkit.values.exact import exact_text
from privkit.values.writing import ends, error_percent, error_text
from privkit.view import html, text
from privkit.view.panels.base import WRAPPED, Panel, at, live
from privkit.view.parts.markup import Markup, card, join, tag
from privkit.view.parts.words import amount, number
from privkit.view.sheets.released.plans import left_after, plan_answer, replayed, stands


class Spending(Panel):
    """A panel of a plan with a button that releases it, after one question.

    Attributes
    ----------
    plan : Plan or None
        What would be released; None where there is none.
    release_ : Release or None
        What was released last.
    """

    plan: Plan | None
    release_: Release | None = None
    _picture: HTML

    def buttons(self) -> HBox:
        """Make the buttons, and the places of what they tell."""
        self._asked = False
        self._status, self._result = live(), HTML()
        self.button = Button(description="Release …", button_style="primary", tooltip="Asks once before it spends")
        self.confirm = Button(button_style="danger", layout=Layout(width="auto", display="none"))
        self.cancel = Button(description="Cancel", layout=Layout(display="none"), tooltip="Spends nothing (Escape)")
        self.cancel.add_class("privkit-cancel")
        self.button.on_click(lambda _: self._ask())
        self.confirm.on_click(lambda _: self._run())
        self.cancel.on_click(lambda _: self._cancel())
        return HBox([self.button, self.confirm, self.cancel], layout=WRAPPED)

    def _draw(self) -> None:
        raise NotImplementedError

    def _unreleased(self) -> str:
        """Return the plan's text."""
        raise NotImplementedError

    def still(self) -> str:
        """Return the picture, and the release if there is one."""
        return str(join(Markup(part) for part in (self._picture.value, self._result.value) if part))

    def words(self) -> str:
        """Return the plan's text, or that of what was released."""
        return self._unreleased() if self.release_ is None else text.render(self.release_, at(".release_"))

    def _ask(self) -> None:
        """Ask once, in words that name the price."""
        plan = self.plan
        if plan is None:
            return
        if plan.run is None:
            symbol = "rho" if plan.loss.measure.concentrated else "epsilon"
            price = f"{symbol}={exact_text(plan.loss.main)}"
            told = f"This plan is not tied to a table. Type the call again with {price}."
            self._status.value = str(card(told))
            return
        self._asked = True
        self.confirm.description = f"Spend {amount(plan.loss)}"
        self.confirm.layout.display = self.cancel.layout.display = ""
        self.button.disabled = True
        found = plan.standing
        asked = tag("p", f"{plan_answer(plan, found)}. {left_after(plan, plan.left, found)}")
        told = f"Release for {amount(plan.loss)}? What is spent cannot be taken back."
        if replayed(found):
            self.confirm.description = "Replay"
            told = stands(found)
        self._status.value = str(card(told, asked))
        self.cancel.focus()  # two presses of Enter spend nothing

    def _cancel(self) -> None:
        """Withdraw what is asked. Where nothing is, a late press says nothing: something may have been spent."""
        if self._asked:
            self._withdraw("Nothing was spent.")
            self.button.focus()  # the button that had the focus is gone

    def _withdraw(self, told: str) -> None:
        self._asked = False
        self.button.disabled = self.plan is None  # before the others go: the focus has a place at every moment
        self.confirm.layout.display = self.cancel.layout.display = "none"
        self._status.value = str(card(told)) if told else ""

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Tell what fails inside, and withdraw what was asked: a field shows what is not what would be spent."""
        with self.calm(self._status):
            try:
                yield
            except Exception:
                self._withdraw("")
                raise

    def _run(self) -> None:
        if not self._asked or self.plan is None:  # a second click that was under way
            return
        self._withdraw("")
        self.button.focus()  # at once: when the release is there, the person may have gone on to another cell
        with self.calm(self._status):
            self.release_ = self.plan.release()
            paid = "replayed at no cost" if self.release_.replayed else f"cost {amount(self.plan.loss)}"
            self._status.value = str(card(f"Released: {paid}. It is .release_ of this panel."))
            self._result.value = html.render(self.release_, at(".release_"))
            self._draw()


def beside(plan: Plan, answer: float | None) -> str:
    """Return what the error is beside an answer that somebody supposes; empty where it is not of the answer itself."""
    asked, width = plan.question.asked, plan.accuracy
    if answer is None or width is None or asked.framed or asked.of_ranks or asked.falls_short or asked.of_bins:
        return ""
    share = f": ± {error_percent(width / abs(answer))}" if answer else ""
    between = " and ".join(ends(answer - width, answer + width))
    told = f"If the exact answer were {number(answer)}, what is released would be between {between}, 95 times in 100"
    return f"{told}{share} (± {error_text(width)}). The answer is supposed: no row was read."


def round_steps(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 of each power of ten between two numbers, both of which are in reach.

    Examples
    --------
    >>> round_steps(0.002, 0.3), round_steps(0.3, 4)
    ([0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2], [0.5, 1.0, 2.0])
    """
    places = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 1)
    found = [float(f"{digit}e{place}") for place in places for digit in (1, 2, 5)]
    return [one for one in found if low <= one <= high]


def plain(amount: float) -> str:
    """Return an amount in digits.

    Examples
    --------
    >>> plain(0.00005), plain(20.0)
    ('0.00005', '20')
    """
    return f"{amount:.15f}".rstrip("0").rstrip(".")


class StepSlider(SelectionSlider):  # type: ignore[misc, unused-ignore]
    """A slider of round steps. What lies between them is a step too while it is shown: it tells no other number.

    Parameters
    ----------
    steps : sequence of float
        In ascending order.
    value : float
        The first number: it stays one of the steps.
    told : callable
        How a number is written.
    """

    def __init__(self, steps: Sequence[float], value: float, told: Callable[[float], str], **options: Any) -> None:
        self._steps, self._told = sorted({*steps, value}), told
        super().__init__(options=self._named(self._steps), value=value, **options)

    def _named(self, steps: Sequence[float]) -> list[tuple[str, float]]:
        return [(self._told(step), step) for step in steps]

    def put(self, value: float) -> None:
        """Show a number, whichever it is."""
        with self.hold_sync():
            steps = sorted({*self._steps, value})
            if [step for _, step in self.options] != steps:  # type: ignore[has-type]  # ipywidgets tells none
                self.options = self._named(steps)
            self.value = value
