"""What pieces to teach with say, the sentence that they show and the page that lets one see it; answers; a class."""

from __future__ import annotations

from privkit.teach.blackboard import Board, Seat
from privkit.teach.lessons import COURSE
from privkit.teach.piece import Piece
from privkit.teach.practice import Answer
from privkit.teach.roster import Classroom
from privkit.values.writing import error_text
from privkit.view.parts.sheet import Block, Budget, Code, Note, Played, Sheet, Table, given, sheet
from privkit.view.parts.words import aligned, amount, label, names, number, plural

#: So many students are listed on a board: what a beamer shows at once.
MOST = 20


@sheet.register
def _piece(piece: Piece) -> Sheet:
    played = Played(piece.title, piece.page, piece.still, piece.sentence, piece.height)
    return Sheet(f"{piece.title}.", (piece.sentence, played), piece.then)


@sheet.register
def _answer(answer: Answer) -> Sheet:
    again = f"pk.teach.answer({answer.lesson}, ...)"
    if answer.right is None:
        return Sheet(f"Lesson {answer.lesson} asks: {answer.asked}", (answer.said,), (again,))
    following = COURSE[COURSE.index(answer.lesson) + 1 :]
    then = (again,) if not answer.right else tuple(f"pk.teach.answer({number}, ...)" for number in following[:1])
    return Sheet(f"{'Right' if answer.right else 'Not yet'}: {answer.asked}", (answer.said,), then)


@sheet.register
def _classroom(made: Classroom) -> Sheet:
    rows = [[label(name, 100)] for name in made.names]
    blocks: list[Block | None] = [
        _again(made),
        f"Each may spend {amount(made.each)}.",
        "Each types, with the own name in the place of NAME:",
        Table(["what each types"], [[Code(made.line)]], lines=[f"  {made.line}"], facts=True),
        Table(["name"], rows, lines=[f"Names: {_few(made.names)}."], facts=True, folded="the names"),
    ]
    then = f"pk.teach.board({made.project!r}, store={made.store!r})"
    shared = f"{amount(made.budget)} for all together"
    return Sheet(
        f"class '{label(made.project)}': {plural(len(made.names), 'student')}, {shared}", given(*blocks), [then]
    )


def _again(made: Classroom) -> str:
    """Return that a class goes on, where it was begun before: its budget is not a new one."""
    left = f"{amount(made.left)} is left of its budget"
    return f"It was begun before, and goes on: {left}. Another class takes another name." if made.again else ""


def _few(told: tuple[str, ...]) -> str:
    """Return all names of a small class, the ends of a large one."""
    if len(told) <= MOST:
        return ", ".join(label(name, 100) for name in told)
    return f"{label(told[0], 100)}, {label(told[1], 100)} … {label(told[-1], 100)} (all of them: .names)"


@sheet.register
def _board(board: Board) -> Sheet:
    zero = board.budget.main - board.budget.main
    meter = Budget("ε", board.budget.main, board.spent.main, zero, board.left.main)
    with_medians = any(seat.off is not None for seat in board.seats)
    heads = ["student", "spent", "left", "answers", *(["median", "off by"] if with_medians else [])]
    rows = [_seat(seat, with_medians) for seat in board.seats[:MOST]]
    lines = aligned([heads, *rows], "<" * len(heads)) if rows else []
    more = len(board.seats) - MOST
    asked = f"{number(len(board.seats))} of {plural(board.students, 'student')} asked"
    return Sheet(
        f"class '{label(board.project)}': {asked}, ε = {meter.of} left",
        given(
            meter,
            Table(heads, rows, lines=lines, facts=True) if rows else "Nobody has asked yet.",
            f"And {number(more)} more." if more > 0 else None,
            Note(f"Not in the class, and charged: {names(board.strangers)}.") if board.strangers else None,
            f"Nobody has asked for the median of {names(board.unasked)}." if board.unasked else None,
            Note(f"Not compared, since looked for between other bounds: the median of {names(board.apart)}.")
            if board.apart
            else None,
            _mixed(board),
        ),
        [".to_frame()"],
        exact=with_medians,
    )


def _mixed(board: Board) -> Note | None:
    """Return that medians are compared which the choice of bounds brought near."""
    if not board.mixed:
        return None
    example = f"{{{board.mixed[0]!r}: (lower, upper)}}"
    told = "were looked for between different bounds, and narrow ones around a guess give an answer near the guess"
    return Note(f"The medians of {names(board.mixed)} {told}: bounds={example} says which count.")


def _seat(seat: Seat, with_medians: bool) -> list[str]:
    """Return a student's row."""
    told = [label(seat.name, 40), amount(seat.spent), amount(seat.left), number(seat.answers)]
    if not with_medians:
        return told
    if seat.median is None or seat.off is None:
        return [*told, "", ""]
    return [*told, f"{number(seat.median)} ({label(seat.column)})", error_text(seat.off)]
