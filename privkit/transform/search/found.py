"""What a search over a lattice found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Found:
    """The best node of a search.

    Attributes
    ----------
    node : tuple of int or None
        Its levels; None if none was found feasible.
    loss : float
        Its measure.
    suppressed : int
        Records that its violating classes hold.
    optimal : bool
        Whether it is proved to be the best of the lattice.
    bound : float
        No node can be better than this.
    judged : int
        Nodes whose classes were counted.
    reason : str
        Why the search ended early, or "".
    nearest : tuple of (node, int) or None
        The judged node that needs the fewest records suppressed, and how many.
    nearest_is_least : bool
        Whether it is proved that no node needs fewer.
    """

    node: tuple[int, ...] | None
    loss: float
    suppressed: int
    optimal: bool
    bound: float
    judged: int
    reason: str = ""
    nearest: tuple[tuple[int, ...], int] | None = None
    nearest_is_least: bool = False
