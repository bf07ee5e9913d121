"""Where the public values of a question come from: a fact that was declared once, or whoever vouched for them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PublicSource:
    """Who says that values of a question are public.

    Attributes
    ----------
    what : str
        "bounds", "keys", "bins", "candidates" or "person_bounds".
    column : str
    entry : int or None
        Of a declared fact: where it stands in the ledger.
    analyst, time : str
        Of a declared fact: who declared it, and when.
    reason : str or None
        Why they are public, where it was said.
    after_check : bool
        Whether a fact was declared after somebody had checked a plan of its column (``plan.check``): it may have been
        read from the rows.

    Examples
    --------
    >>> str(PublicSource("bounds", "age", entry=1, analyst="ada", time="2026-11-29T10:00:00Z"))
    "bounds of 'age' (declared by ada on 2026-11-29, entry 1)"
    >>> str(PublicSource("keys", "zip", reason="list of the post office"))
    "keys of 'zip' (vouched for in the call: list of the post office)"
    """

    what: str
    column: str
    entry: int | None = None
    analyst: str = ""
    time: str = ""
    reason: str | None = None
    after_check: bool = False

    def __str__(self) -> str:
        """Return it in words."""
        why = "" if self.reason is None else f": {self.reason}"
        if self.entry is None:
            return f"{self.what} of {self.column!r} (vouched for in the call{why})"
        return f"{self.what} of {self.column!r} ({self.declared})"

    @property
    def declared(self) -> str:
        """Who declared a fact, when, where it stands in the ledger, and why; in words."""
        why = "" if self.reason is None else f": {self.reason}"
        late = ", after a check of its rows" if self.after_check else ""
        return f"declared by {self.analyst} on {self.time[:10]}, entry {self.entry}{late}{why}"

    def canonical(self) -> dict[str, object]:
        """Return it as JSON values, for the ledger's record of the question."""
        told: dict[str, object] = {"what": self.what, "column": self.column, "entry": self.entry}
        told |= {"reason": self.reason, "after_check": self.after_check or None}
        return {name: value for name, value in told.items() if value is not None}
