"""Errors of the engine that holds a frame."""

from __future__ import annotations

from privkit.errors.base import PrivkitError


class EngineError(PrivkitError, RuntimeError):
    """The engine behind a lazy frame failed when its plan was run.

    The message is the same for every cause, because the engine's own text may hold values.
    """

    @classmethod
    def of(cls, function: str) -> EngineError:
        """The plan that `function` ran failed."""
        return cls(
            f"{function}() could not run the frame's own plan. The cause is not told, since the engine's text may hold "
            "values. Run the plan by itself to see it: frame.collect() in Polars, relation.fetchall() in DuckDB."
        )

    @classmethod
    def too_large(cls, function: str, columns: list[str], limit: int) -> EngineError:
        """`function` asked for more groups than may travel."""
        return cls(
            f"{function}() asked the engine for the groups by {columns}, and there are more than {limit:,}: too many "
            "to fetch. Take fewer columns, or coarser ones: years in place of days, first digits of a code, bands of "
            "a number. Or aggregate in the engine first."
        )
