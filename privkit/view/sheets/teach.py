"""What pieces to teach with say: the sentence that they show, and the page that lets one see it; and answers."""

from __future__ import annotations

from privkit.teach.answering import Answer
from privkit.teach.lessons import LESSONS
from privkit.teach.piece import Piece
from privkit.view.parts.sheet import Played, Sheet, sheet


@sheet.register
def _piece(piece: Piece) -> Sheet:
    played = Played(piece.title, piece.page, piece.still, piece.sentence, piece.height)
    return Sheet(f"{piece.title}.", (piece.sentence, played), piece.then)


@sheet.register
def _answer(answer: Answer) -> Sheet:
    again = f"pk.teach.answer({answer.lesson}, ...)"
    if answer.right is None:
        return Sheet(f"Lesson {answer.lesson} asks: {answer.asked}", (answer.said,), (again,))
    following = next((number for number in LESSONS if number > answer.lesson), None)
    then = (again,) if not answer.right else () if following is None else (f"pk.teach.answer({following}, ...)",)
    return Sheet(f"{'Right' if answer.right else 'Not yet'}: {answer.asked}", (answer.said,), then)
