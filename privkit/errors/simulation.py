"""What is simulated was taken for real, or the other way round."""

from __future__ import annotations

from privkit.errors.calls import call_name, called
from privkit.errors.root import PrivkitError


class SimulatedError(PrivkitError, TypeError):
    """Something simulated was used as if it were real, or the other way round.

    Attributes
    ----------
    function : str
        What refused.
    """

    function: str = ""

    @classmethod
    def refused(cls) -> SimulatedError:
        """The call takes nothing that is simulated."""
        error = cls(
            f"{called()} got something SIMULATED. The simulator's noise comes from a seed, so it protects nobody; "
            "its answers are for teaching and are never stored, exported or packaged. "
            "Ask in a real project: pk.open_project(name, ...) without simulate=True."
        )
        error.function = call_name()
        return error

    @classmethod
    def real(cls) -> SimulatedError:
        """The call was to draw for a real project."""
        error = cls(f"{called()} draws for simulated projects alone: a real ledger holds no simulated answer.")
        error.function = call_name()
        return error

    @classmethod
    def unknown(cls, mechanism: str) -> SimulatedError:
        """The simulator has no such noise."""
        error = cls(f"{called()}: the simulator knows no {mechanism} noise. Ask this in a real project.")
        error.function = call_name()
        return error

    @classmethod
    def fleeting(cls, name: str) -> SimulatedError:
        """There is nothing to remove."""
        error = cls(f"project {name!r} is kept in memory alone, and ends with its session: it needs no removing.")
        error.function = "remove"
        return error

    @classmethod
    def extended(cls, name: str) -> SimulatedError:
        """There is no budget to extend."""
        error = cls(
            f"project {name!r} is kept in memory alone, and its budget protects nobody: it is not extended. Begin "
            "another with a higher one: pk.open_project(..., epsilon=..., simulate=True)."
        )
        error.function = "extend"
        return error

    @classmethod
    def verify(cls, name: str) -> SimulatedError:
        """There is no chain to check."""
        error = cls(f"project {name!r} is kept in memory alone: it has no ledger that could be verified.")
        error.function = "verify"
        return error
