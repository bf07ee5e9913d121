"""What pieces to teach with say: the sentence that they show, and the page that lets one see it."""

from __future__ import annotations

from privkit.teach.piece import Piece
from privkit.view.parts.sheet import Played, Sheet, sheet


@sheet.register
def _piece(piece: Piece) -> Sheet:
    played = Played(piece.title, piece.page, piece.still, piece.sentence, piece.height)
    return Sheet(f"{piece.title}.", (piece.sentence, played), piece.then)
