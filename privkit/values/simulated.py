"""What is simulated says so wherever it is shown, and refuses to leave the session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from privkit.errors.simulated import SimulatedError
from privkit.values.show import Plotted, _view

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: What stands over everything that the simulator had a hand in.
SIMULATED = "SIMULATED: drawn by a seeded teaching simulator, so it protects nobody. Not for release."


class Simulated(Plotted):
    """Mixin that comes before the class of a real value: its text, HTML and plot are marked, and it is not pickled."""

    __slots__ = ()

    simulated: ClassVar[bool] = True

    def __repr__(self) -> str:
        """Return the real value's text below the mark."""
        return f"{SIMULATED}\n{super().__repr__()}"

    def _repr_html_(self) -> str:
        html: str = _view("simulated").html(super()._repr_html_())
        return html

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the value, with SIMULATED across the axes."""
        axes: Axes = _view("simulated").plot(super().plot(ax))
        return axes

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        """Refuse to be pickled or copied out of the session.

        Raises
        ------
        SimulatedError
        """
        raise SimulatedError.refused("pickle")


def is_simulated(value: object) -> bool:
    """Return whether a value, or what it was made of, was simulated."""
    return getattr(value, "simulated", False) is True


def refuse_simulated(value: object, function: str) -> None:
    """Let real values pass, and refuse simulated ones: for whatever stores, exports or packages.

    Raises
    ------
    SimulatedError

    Examples
    --------
    >>> refuse_simulated(3, "to_csv")
    """
    if is_simulated(value):
        raise SimulatedError.refused(function)
