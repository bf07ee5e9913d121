"""Nested business events: erase, blur, mask, pseudonymize, rename, perturb, merge.

``from privkit import events as ev``: a :class:`Recipe` is an ordered list of rules, and ``recipe.apply(events)``
carries it out on lists, iterators, NDJSON files and frames.
"""

from privkit.events.example import example_orders, example_register
from privkit.events.operations.drop import drop, erase, keep, sample
from privkit.events.operations.merge import merge
from privkit.events.operations.operation import Operation
from privkit.events.operations.precision import coarsen, perturb
from privkit.events.operations.pseudonymize import number, pseudonymize
from privkit.events.operations.rename import code_book, encode, rename
from privkit.events.operations.substitute import mask, scale, substitute
from privkit.events.operations.times import shift_dates, truncate_time
from privkit.events.recipes.draft import Draft, propose
from privkit.events.recipes.recipe import Recipe
from privkit.events.run.exposure import EventsReport
from privkit.events.run.flatten import flatten
from privkit.events.run.ndjson import Progress
from privkit.events.run.result import EventsResult
from privkit.events.secrets.key import Key, KeySource
from privkit.events.secrets.mapping_store import MappingStore

__all__ = [
    "Draft",
    "EventsReport",
    "EventsResult",
    "Key",
    "KeySource",
    "MappingStore",
    "Operation",
    "Progress",
    "Recipe",
    "coarsen",
    "code_book",
    "drop",
    "encode",
    "erase",
    "example_orders",
    "example_register",
    "flatten",
    "keep",
    "mask",
    "merge",
    "number",
    "perturb",
    "propose",
    "pseudonymize",
    "rename",
    "sample",
    "scale",
    "shift_dates",
    "substitute",
    "truncate_time",
]
