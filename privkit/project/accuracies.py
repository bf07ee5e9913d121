"""A query that is priced by the accuracies wanted of its numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from privkit.dp.several import Several
from privkit.errors import ParameterError
from privkit.errors.dp import PriceError
from privkit.project.asking import planned
from privkit.values.exact import Exact, exact

if TYPE_CHECKING:
    from privkit.dp.plan import Plan

#: Where δ is shared, a part gets less of it than alone: the whole is raised in steps until all accuracies are reached.
_STEP, _STEPS = Fraction(101, 100), 500


def planned_by_accuracies(
    function: str, data: object, by: str | Sequence[str] | None, several: Several, **asking: Any
) -> Plan:
    """Return the plan of a query whose parts get what the wanted accuracies need, or less where a cap says so.

    Each part is priced alone at the accuracies wanted of its numbers; the dearest of them counts. The loss of the whole
    is the sum, shared in proportion. Reads the schema, never a row.

    Parameters
    ----------
    several : Several
        The statistics; their shares are found here.
    **asking
        `accuracy` is a dict from names to half-widths; `epsilon` or `rho` is a cap.

    Raises
    ------
    ParameterError
        If a name is unknown, or nothing is wanted of a part.
    """
    wanted = _wanted(asking.pop("accuracy"), several, function)
    caps = {name: asking.pop(name, None) for name in ("epsilon", "rho")}

    def at(asked: Several, **price: Any) -> Plan:
        return planned(function, data, by, lambda _: asked, **{**asking, **price})

    needs = [Fraction(0)] * len(several.parts)
    for name, place, of in several.outputs:
        if name in wanted:
            alone = Several((several.parts[place],), (Fraction(1),), ((name, 0, of),))
            plan = at(alone, accuracy=wanted[name])
            needs[place] = max(needs[place], plan.loss.main)
    measure, total = plan.loss.measure, sum(needs, Fraction(0))
    main, other = ("rho", "epsilon") if measure.concentrated else ("epsilon", "rho")
    if caps[other] is not None:
        raise PriceError.measure(function, other, measure.value, f"Give {main}= as the cap.")
    shared = replace(several, shares=tuple(need / total for need in needs))

    if caps[main] is not None and (most := exact(caps[main], function, main)) < total:
        note = f"the wanted accuracies need {main} = {Exact(total)}; all of them are fitted to {main} = {most}"
        plan = at(shared, **{main: most})
        return replace(plan, notes=(*plan.notes, note))
    for _ in range(_STEPS):
        plan = at(shared, **{main: Exact(total)})
        widths = plan.accuracies
        if all((widths[name] or 0.0) <= float(width) for name, width in wanted.items()):
            return plan
        total = Fraction(math.ceil(total * _STEP * 10**6), 10**6)
    raise PriceError.unreachable(function, str(dict(wanted)))


def _wanted(accuracy: Mapping[Any, Any], several: Several, function: str) -> dict[str, Exact]:
    names = [name for name, _, _ in several.outputs]
    if unknown := [name for name in accuracy if name not in names]:
        raise ParameterError.of(function, "accuracy", f"names {unknown!r}", f"names of statistics: {names!r}")
    measured = {place for name, place, _ in several.outputs if name in accuracy}
    if missing := [name for name, place, _ in several.outputs if place not in measured]:
        raise ParameterError.of(
            function, "accuracy", f"nothing for {missing!r}", "a half-width for each thing that is measured"
        )
    return {name: exact(width, function, f"accuracy[{name!r}]") for name, width in accuracy.items()}
