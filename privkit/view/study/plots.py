"""The plots of the study room. It is a sibling, so its classes go by name here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from privkit.view.parts.style import horizontal, shares
from privkit.view.parts.words import label, number, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot(value: Any, ax: Axes) -> None:
    """Draw the value."""
    if not any(base.__name__ == "Inventory" for base in type(value).__mro__):
        raise TypeError(f"{type(value).__name__} has no plot")
    _inventory(value, ax)


def _inventory(found: Any, ax: Axes) -> None:
    """Draw the share of rows that each column singles out by itself; direct identifiers are hatched."""
    known = [entry for entry in found.entries if entry.unique_share is not None]
    names = [f"{label(entry.name, 28)} ({_short(entry.role)})" for entry in known]
    told = [percent(entry.unique_share) for entry in known]
    direct = [entry.role == "direct identifier" for entry in known]
    horizontal(ax, names, [entry.unique_share for entry in known], told, short=direct)
    shares(ax)
    ax.set_xlabel("rows whose value stands once")
    ax.set_ylabel("column (role)")
    ax.set_title(
        f"What each of {number(len(found.entries))} columns singles out by itself, of {number(found.rows)} rows"
    )


def _short(role: str) -> str:
    return {"direct identifier": "direct", "quasi-identifier": "quasi"}.get(role, role.partition(" ")[0])
