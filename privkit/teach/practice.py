"""A project to learn with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from privkit.project.opening import open_project
from privkit.project.project import Project
from privkit.values.arguments import typed
from privkit.values.unit import PrivacyUnit

#: What stands in the ledger as the reason why a project of this name begins although another is remembered.
REASON = "a lesson"

if TYPE_CHECKING:
    from privkit.values.inputs import Allotments, Amount


@typed
def project(
    name: str,
    *,
    epsilon: Amount | None = None,
    delta: Amount | None = None,
    rho: Amount | None = None,
    unit: str | PrivacyUnit | None = None,
    max_rows: int | None = None,
    per_analyst: Allotments | None = None,
    store: str | os.PathLike[str] | None = None,
    analyst: str | None = None,
) -> Project:
    """Open a project of a lesson: a real one, which begins anew in every copy of the lesson.

    It is ``pk.open_project(..., new=True, reason="a lesson")``. A ledger of its own lies beside each copy of the
    notebook, so a lesson that was moved, copied or deleted starts over, where `open_project` would refuse: there, the
    same people must not be paid for twice. So it is for tables that come with privkit, and never for yours. Within one
    copy it is charged and replays as any project. It becomes the current project. Spends nothing; reads no rows.

    Parameters
    ----------
    name : str
    epsilon, delta, rho : number, optional
    unit : str or pk.ROW
    max_rows : int, optional
    per_analyst : number, optional
    store : path or SQLAlchemy URL, optional
    analyst : str, optional
        As of `open_project`.

    Returns
    -------
    Project

    Raises
    ------
    PrivkitError
        What `open_project` raises, `LedgerMovedError` apart.

    Examples
    --------
    >>> import privkit as pk
    >>> lesson = pk.teach.project("lesson", epsilon=1.0, unit=pk.ROW, store=ledger_path)
    >>> lesson.remaining
    ε = 1
    """
    return open_project(
        name,
        epsilon=epsilon,
        delta=delta,
        rho=rho,
        unit=unit,
        max_rows=max_rows,
        per_analyst=per_analyst,
        store=store,
        analyst=analyst,
        new=True,
        reason=REASON,
    )
