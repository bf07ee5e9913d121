"""What a plan tells of the same question before: that its answer replays, or is charged since the data changed."""

from __future__ import annotations

from typing import NamedTuple


class Standing(NamedTuple):
    """What became of a question that was asked before.

    Attributes
    ----------
    entry : int
        Of the ledger.
    replays : bool
        Whether its answer is replayed at no cost; else the question was asked of other data, and is charged.
    unchanged : tuple of str
        Where the answer is to a frame of fewer columns, or in another order: those columns, which are unchanged.
    """

    entry: int
    replays: bool
    unchanged: tuple[str, ...] = ()
