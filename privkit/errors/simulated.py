"""Errors about the teaching simulator: what its answers may not be used for."""

from __future__ import annotations

from privkit.errors.base import PrivkitError


class SimulatedError(PrivkitError, TypeError):
    """Something simulated was used as if it were real, or the other way round.

    Attributes
    ----------
    function : str
        What refused.
    """

    function: str = ""

    @classmethod
    def refused(cls, function: str) -> SimulatedError:
        """`function` takes nothing that is simulated."""
        error = cls(
            f"{function}() got something SIMULATED. The simulator's noise comes from a seed, so it protects nobody; "
            "its answers are for teaching and are never stored, exported or packaged. "
            "Ask in a real project: pk.open_project(name, ...) without simulate=True."
        )
        error.function = function
        return error

    @classmethod
    def real(cls, function: str) -> SimulatedError:
        """`function` was to draw for a real project."""
        error = cls(f"{function}() draws for simulated projects alone: a real ledger holds no simulated answer.")
        error.function = function
        return error

    @classmethod
    def unknown(cls, function: str, mechanism: str) -> SimulatedError:
        """The simulator has no such noise."""
        error = cls(f"{function}(): the simulator knows no {mechanism} noise. Ask this in a real project.")
        error.function = function
        return error

    @classmethod
    def verify(cls, name: str) -> SimulatedError:
        """There is no chain to check."""
        error = cls(f"project {name!r} is kept in memory alone: it has no ledger that could be verified.")
        error.function = "verify"
        return error
