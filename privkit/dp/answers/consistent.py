"""Tables and their totals made to add up, by least squares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from privkit.dp.answers.derived import Derived, limits_of
from privkit.dp.answers.postprocess import _linear
from privkit.dp.answers.release import rows_of
from privkit.errors import ParameterError
from privkit.errors.dp import TotalsError
from privkit.values.arguments import typed
from privkit.values.keys import codes_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: The most groups of the finest table: the solution is dense.
MOST = 4096

Within = Mapping[str, tuple[str, Mapping[Any, Any]]]


@dataclass(frozen=True, repr=False, eq=False)
class Consistent:
    """Tables that add up, in the order in which they were given.

    Attributes
    ----------
    parts : tuple of Derived
    """

    parts: tuple[Derived, ...]

    def __getitem__(self, place: int) -> Derived:
        return self.parts[place]

    def __iter__(self) -> Iterator[Derived]:
        return iter(self.parts)

    def __len__(self) -> int:
        return len(self.parts)

    def __repr__(self) -> str:
        """Return the answer, and what to type next."""
        sizes = ", ".join(_told(part) for part in self.parts)
        marked = "SIMULATED: these are no real answers.\n" if any(part.simulated for part in self.parts) else ""
        return (
            f"{marked}{len(self.parts)} tables that add up: {sizes}\nLeast squares over {len(_sources(self.parts))} "
            "releases, at no cost; each number errs by no more variance than before.\nnext: [0] · [0].to_frame()"
        )


@typed
def consistent(*parts: object, within: Within | None = None) -> Consistent:
    """Return released tables so corrected that the finer ones add up to the coarser ones. Costs nothing.

    Every table is a noisy look at sums of one finest table; the corrected tables are the best guess from all of them.

    Parameters
    ----------
    *parts : Release or Derived
        Tables of one statistic (all counts, or all sums) of one frame. One of them, the finest, has all columns and all
        groups; the others are margins of it, or totals.
    within : dict, optional
        For a column of a coarse table that the finest lacks: ``{"region": ("zip3", {"103": "north", ...})}``.

    Returns
    -------
    Consistent
        One :class:`~privkit.dp.answers.derived.Derived` for each part; real numbers, since counts are not kept whole.

    Raises
    ------
    TotalsError
        If the tables do not nest.

    Notes
    -----
    Let x be the exact finest cells, y all released numbers, A the matrix of zeros and ones with E y = A x, and V the
    diagonal of the variances of y, which are public. The result is A x̂ with x̂ = (AᵀV⁻¹A)⁻¹AᵀV⁻¹y, which adds up by
    construction.

    *It is unbiased, and no number gets worse.* M = A(AᵀV⁻¹A)⁻¹AᵀV⁻¹ has M A = A, so E M y = A x. If the errors of y are
    uncorrelated with variances V, then by the theorem of Gauss and Markov (M y)ᵢ has the least variance of all unbiased
    linear estimates of (A x)ᵢ, of which yᵢ is one. For full trees with equal noise this is the estimator of Hay,
    Rastogi, Miklau and Suciu 2010 (theorems 3 and 4); tests compare the two.

    Where tables share noise, the result stays unbiased and its errors are still propagated exactly, but the second
    claim is lost. Numbers may be negative. What the tables assume: every row that counts in a coarse table has one of
    the finest table's keys; else the exact tables do not add up themselves, and the result lies between them.
    """
    found = [_linear(part, "consistent") for part in parts]
    if len(found) < 2:
        raise ParameterError.of("consistent", "parts", f"{len(found)} tables", "two or more", "Example: cells, totals.")
    if len(names := {part.name for part in found}) > 1:
        raise TotalsError.statistics("consistent", sorted(names))
    finest = max(found, key=lambda part: (len(_columns(part)), len(part)))
    if len(finest) > MOST:
        raise TotalsError.size("consistent", len(finest), MOST)
    blocks = [_block(part, finest, within or {}) for part in found]
    design = np.concatenate(blocks)
    estimator = _least_squares(design, np.concatenate([_variances(part) for part in found]))
    values = design @ (estimator @ np.concatenate([np.asarray(part.values, dtype=float) for part in found]))
    errors = _stacked(found, design @ estimator)
    return Consistent(_cut(found, values, errors))


def _least_squares(design: NDArray[np.float64], variances: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (AᵀV⁻¹A)⁻¹AᵀV⁻¹."""
    weighted = design.T / variances
    return np.asarray(np.linalg.solve(weighted @ design, weighted), dtype=np.float64)


def _block(part: Derived, finest: Derived, within: Within) -> NDArray[np.float64]:
    """Return the matrix that sums the finest table's groups to the groups of `part`."""
    if part.index is None:
        return np.ones((1, len(finest)))
    columns = _columns(part)
    unknown = [name for name in columns if name not in _columns(finest) and not _reached(name, finest, within)]
    if unknown:
        raise TotalsError.columns_of("consistent", unknown, _columns(finest))
    levels = [_level(name, finest, within) for name in columns]
    table = {row: place for place, row in enumerate(rows_of(part.index))}
    groups = zip(*(codes_of(level) for level in levels), strict=True)
    places = np.array([table.get(group, -1) for group in groups], dtype=np.int64)
    empty = len(part) - len(np.unique(places[places >= 0]))
    if missing := int((places < 0).sum()) + empty:
        raise TotalsError.keys_of("consistent", columns, missing)
    block = np.zeros((len(part), len(finest)))
    block[places, np.arange(len(finest))] = 1
    return block


def _reached(name: str, finest: Derived, within: Within) -> bool:
    return name in within and within[name][0] in _columns(finest)


def _level(name: str, finest: Derived, within: Within) -> list[Any]:
    if name in _columns(finest):
        return list(finest.index.get_level_values(name).tolist())
    fine, coarse = within[name]
    values = finest.index.get_level_values(fine).tolist()
    missing = sum(value not in coarse for value in values)
    if missing:
        raise TotalsError.keys_of("consistent", [name], missing)
    return [coarse[value] for value in values]


def _columns(part: Derived) -> list[str]:
    return [] if part.index is None else list(part.index.names)


def _variances(part: Derived) -> NDArray[np.float64]:
    assert part.errors is not None
    # A number without noise is known: it weighs as much as floats can tell apart.
    return np.maximum(part.errors.variances(), 1e-9)


def _stacked(found: list[Derived], matrix: NDArray[np.float64]) -> Any:
    """Return the errors of ``matrix @`` all numbers one below the other."""
    size = matrix.shape[1]
    whole, start = None, 0
    for part in found:
        assert part.errors is not None
        moved = part.errors.gathered(np.arange(start, start + len(part)), size)
        whole = moved if whole is None else whole.plus(moved)
        start += len(part)
    assert whole is not None
    return whole.mapped(np.where(np.abs(matrix) < 1e-12, 0.0, matrix))


def _cut(found: list[Derived], values: NDArray[np.float64], errors: Any) -> tuple[Derived, ...]:
    sources, step = _sources(found), f"made consistent with {len(found) - 1} other tables by least squares"
    notes = tuple(dict.fromkeys(note for part in found for note in part.notes))
    notes = (*notes, "assumes that every row of a coarse table has one of the finest table's keys")
    parts, start = [], 0
    for part in found:
        places = np.arange(start, start + len(part))
        own, start = errors.taken(places), start + len(part)
        parts.append(
            replace(
                part,
                values=values[places],
                limits=limits_of(values[places], own),
                sources=sources,
                steps=(*part.steps, step),
                notes=notes,
                errors=own,
            )
        )
    return tuple(parts)


def _sources(parts: Any) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(source for part in parts for source in part.sources))


def _told(part: Derived) -> str:
    columns = _columns(part)
    return f"{part.name} by {', '.join(columns)} ({len(part)})" if columns else f"total {part.name}"
