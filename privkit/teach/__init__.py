"""Pieces to teach with: privacy that one can touch, in a notebook or a page, without a kernel once they are shown.

Each is a value whose HTML holds one self-contained page, and beside it a still picture with the sentence that it shows.
They read no rows of anybody and spend nothing; decision 18. And a class that shares one budget.
"""

from typing import Any

__all__ = [
    "Answer",
    "Board",
    "Classroom",
    "Piece",
    "Seat",
    "answer",
    "ask_again",
    "board",
    "budget_game",
    "classmate",
    "classroom",
    "clipping",
    "join",
    "klt_map",
    "patients",
    "project",
    "students",
    "thirty_coins",
    "two_totals",
    "two_worlds",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from privkit.teach import blackboard, counts, piece, practice, roster, tables, totals

    homes = (blackboard, counts, piece, practice, roster, tables, totals)
    return next(vars(home)[name] for home in homes if name in vars(home))


def __dir__() -> list[str]:
    return list(__all__)
