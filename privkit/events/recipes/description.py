"""A recipe in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from privkit.events.recipes.trace import phrases_without_field
from privkit.events.run.cover import Cover, cover_tree
from privkit.events.run.flatten import read_events
from privkit.events.run.walk import parse_path
from privkit.values.arguments import public
from privkit.values.show import Shown

if TYPE_CHECKING:
    import pandas as pd

    from privkit.events.recipes.recipe import Recipe


@dataclass(frozen=True, repr=False)
class FieldSeen:
    """What was seen of one field.

    Attributes
    ----------
    path : str
        The field.
    values : int
        How often it holds a value.
    nulls : int
        How often it is null, or an empty list or object.
    """

    path: str
    values: int
    nulls: int


@public
@dataclass(frozen=True, repr=False)
class Description(Shown):
    """What a recipe does with every field.

    Attributes
    ----------
    name, version : str
        Of the recipe.
    fields : dict of str to str
        For each path of the events as they come in, what becomes of it.
    events : tuple of str
        What is done with whole events.
    others : str
        What becomes of fields without a rule.
    unmatched : tuple of str or None
        Fields that were seen and have no rule; None where no events were given.
    seen : tuple of FieldSeen
        Fields that were seen, with how often.
    """

    name: str
    version: str
    fields: dict[str, str]
    events: tuple[str, ...]
    others: str
    unmatched: tuple[str, ...] | None = None
    seen: tuple[FieldSeen, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row per field: `path`, `rule`, and what was seen, `values` and `nulls`."""
        import pandas as pd

        seen = {field.path: field for field in self.seen}
        paths = list(dict.fromkeys([*self.fields, *(self.unmatched or ()), *seen]))
        rows = [
            {
                "path": path,
                "rule": self.fields.get(path, ""),
                "values": seen[path].values if path in seen else 0,
                "nulls": seen[path].nulls if path in seen else 0,
            }
            for path in paths
        ]
        return pd.DataFrame(rows, columns=["path", "rule", "values", "nulls"])


def describe(recipe: Recipe, events: Any = None) -> Description:
    """Return what a recipe does with every field; see :meth:`Recipe.describe`."""
    trace = recipe.trace
    fields = {}
    for text, phrases in trace.fields.items():
        output = str(trace.output(parse_path(text)))
        fields[text] = ", then ".join(phrases) + (
            f" (→ {output})" if output != text and "dropped" not in phrases else ""
        )
    whole = tuple(phrases_without_field(recipe.operations))
    others = "dropped" if trace.only or trace.merged else "refused unless unmatched= is said"
    if events is None:
        return Description(recipe.name, recipe.version, fields, whole, others)
    cover = Cover(cover_tree(trace.covered), drop=False)
    values: dict[str, int] = {}
    nulls: dict[str, int] = {}
    for event in read_events(events):
        _count(event, "", values, nulls)
        cover.check(event)
    seen = tuple(FieldSeen(path, values.get(path, 0), nulls.get(path, 0)) for path in {**values, **nulls})
    return Description(recipe.name, recipe.version, fields, whole, others, tuple(sorted(cover.found)), seen)


def _count(node: Any, at: str, values: dict[str, int], nulls: dict[str, int]) -> None:
    from privkit.events.run.walk import FieldPath

    if type(node) is dict and node:
        if at:
            values[at] = values.get(at, 0) + 1
        for name, value in node.items():
            _count(value, f"{at}.{FieldPath((name,))}" if at else str(FieldPath((name,))), values, nulls)
    elif type(node) is list and node:
        values[at] = values.get(at, 0) + 1
        for item in node:
            _count(item, f"{at}[]", values, nulls)
    else:
        into = nulls if node is None or type(node) in (list, dict) else values
        into[at] = into.get(at, 0) + 1
