"""Plans: what a question costs, which noise answers it, how accurate it will be. No data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from privkit.dp.noise import ALPHA, Laplace
from privkit.errors import ParameterError
from privkit.values.exact import Exact, exact
from privkit.values.loss import Measure, PrivacyLoss
from privkit.values.show import Shown

if TYPE_CHECKING:
    from privkit.dp.question import CountQuestion
    from privkit.dp.release import Release


@dataclass(frozen=True, repr=False)
class Plan(Shown):
    """The price tag of a release, made of public facts alone.

    Attributes
    ----------
    question : CountQuestion
        What is asked, of whom, by which public keys.
    loss : PrivacyLoss
        What the release costs.
    noise : Laplace
        The noise, with its scale in units of the answer.
    notes : tuple of str
        What a careful reader should know about the answer.
    """

    question: CountQuestion
    loss: PrivacyLoss
    noise: Laplace
    notes: tuple[str, ...] = ()
    left: PrivacyLoss | None = field(default=None, compare=False)
    run: Callable[[bool], Release] | None = field(default=None, compare=False)

    @property
    def accuracy(self) -> int:
        """Half the width of the 95 % interval of each cell: at least 95 % of the errors are at most this."""
        return self.half_width()

    @property
    def mechanism(self) -> str:
        """The noise's name."""
        return self.noise.name

    @property
    def scale(self) -> float:
        """The noise's scale, in units of the answer."""
        return self.noise.scale

    @property
    def sensitivity(self) -> dict[str, float]:
        """How far one person can move the answer, in each norm: groups (L0), one cell (L∞), all cells (L1, L2)."""
        bounds = self.question.bounds
        return {"L0": bounds.l0, "L∞": bounds.linf, "L1": bounds.l1, "L2": bounds.l2}

    def half_width(self, level: float = 1 - ALPHA) -> int:
        """Return the least h such that each cell's error is at most h with probability `level`."""
        return self.noise.half_width(miss(level, "half_width"))

    def release(self, *, again: bool = False) -> Release:
        """Ask for the release: reserve its price, measure, commit. A repeated question is replayed at no cost.

        Parameters
        ----------
        again : bool
            Draw fresh noise although the answer is known; charged anew.
        """
        if self.run is None:
            raise ParameterError("this plan stands alone. Plan with a frame to release it: df.privacy.plan.dp_count(...).")
        return self.run(again)

    def bound_to(self, run: Callable[[bool], Release], left: PrivacyLoss) -> Plan:
        """Return the plan with a way to release it and what the project has left."""
        return replace(self, run=run, left=left)

    def repriced(self, epsilon: Exact) -> Plan:
        """Return the plan of the same question at another price."""
        return plan_count(self.question, self.loss.measure, epsilon=epsilon)

    def canonical(self) -> dict[str, object]:
        """Return the question with its price as JSON values: what the ledger records and replay compares."""
        price = {"measure": self.loss.measure.value, "main": str(self.loss.main), "delta": str(self.loss.delta)}
        return {**self.question.canonical(), "loss": price, "mechanism": self.mechanism, "scale": repr(self.scale)}


def miss(level: float, function: str) -> float:
    """Return the share of errors that an interval of this `level` may miss, or refuse the level."""
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0 < level < 1:
        raise ParameterError.of(function, "level", str(level), "a number between 0 and 1", "Example: 0.95.")
    return 1 - level


def plan_count(
    question: CountQuestion,
    measure: Measure,
    *,
    epsilon: object = None,
    accuracy: object = None,
    function: str = "dp_count",
) -> Plan:
    """Price a count by the ε to spend or by the accuracy to reach. Reads nothing.

    Parameters
    ----------
    question : CountQuestion
    measure : Measure
        The project's; it must count in ε.
    epsilon : number, optional
        The loss to spend.
    accuracy : number, optional
        The half-width of the 95 % interval to reach; the least sufficient ε is taken, to four digits.

    Raises
    ------
    ParameterError
        If neither or both are given, or one is out of range.

    Notes
    -----
    With L1 the most that one person can move all cells together, scale = L1/ε. A histogram over disjoint groups costs
    no more than one count, since a row is in one group alone (Dwork and Roth 2014, section 3.3).
    """
    if (epsilon is None) == (accuracy is None):
        raise ParameterError.together(
            function, ("epsilon", "accuracy"), "give epsilon= or accuracy=, one of them. Examples: epsilon=0.2; accuracy=10."
        )
    if measure.concentrated:
        raise ParameterError.together(function, ("epsilon",), f"the project counts in {measure.value}, not in ε.")
    l1 = question.bounds.l1
    if epsilon is not None:
        amount = exact(epsilon, function, "epsilon", hint="Example: epsilon=0.2.")
    else:
        width = exact(accuracy, function, "accuracy", hint="Example: accuracy=10, for ±10 at 95 %.")
        amount = Laplace.epsilon_for_accuracy(l1, float(width))
    loss = PrivacyLoss(measure, epsilon=Exact(amount))
    return Plan(question, loss, Laplace.for_epsilon(l1, amount), _notes(question, amount))


def _notes(question: CountQuestion, epsilon: Exact) -> tuple[str, ...]:
    notes = []
    if question.unit.is_row:
        notes.append("protects single rows: a person with several rows is protected less")
    else:
        notes.append(f"counts {question.bounds}, the others left out at random; rows without {question.unit.column!r} are left out")
    if epsilon > 1:
        notes.append(f"ε = {epsilon} is above 1, where NIST SP 800-226 calls the promise no longer conservative")
    return tuple(notes)
