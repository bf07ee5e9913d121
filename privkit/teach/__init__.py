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
    from privkit.teach import (
        again,
        answering,
        blackboard,
        bounds,
        coins,
        crowd,
        game,
        lattice_map,
        piece,
        practice,
        roster,
        totals,
        worlds,
    )

    return {
        "Answer": answering.Answer,
        "Board": blackboard.Board,
        "Classroom": roster.Classroom,
        "Piece": piece.Piece,
        "Seat": blackboard.Seat,
        "answer": answering.answer,
        "ask_again": again.ask_again,
        "board": blackboard.board,
        "budget_game": game.budget_game,
        "classmate": crowd.classmate,
        "classroom": roster.classroom,
        "clipping": bounds.clipping,
        "join": roster.join,
        "klt_map": lattice_map.klt_map,
        "patients": lattice_map.patients,
        "project": practice.project,
        "students": crowd.students,
        "thirty_coins": coins.thirty_coins,
        "two_totals": totals.two_totals,
        "two_worlds": worlds.two_worlds,
    }[name]


def __dir__() -> list[str]:
    return list(__all__)
