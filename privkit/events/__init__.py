"""Nested business events: erase, blur, pseudonymize, rename, perturb, merge.

``from privkit import events as ev``: a :class:`Recipe` is an ordered list of rules, and ``recipe.apply(events)``
carries it out on lists, iterators, NDJSON files and frames.
"""

from privkit.events.book import code_book
from privkit.events.coarsen import coarsen
from privkit.events.drop import drop, erase, keep
from privkit.events.example import example_orders, example_register
from privkit.events.flatten import flatten
from privkit.events.key import Key, KeySource
from privkit.events.mapping_store import MappingStore
from privkit.events.merge import merge
from privkit.events.ndjson import Progress
from privkit.events.number import number
from privkit.events.operation import Operation
from privkit.events.perturb import perturb
from privkit.events.pseudonymize import pseudonymize
from privkit.events.recipe import Recipe
from privkit.events.rename import encode, rename
from privkit.events.report import EventsReport
from privkit.events.result import EventsResult
from privkit.events.sample import sample
from privkit.events.shift_dates import shift_dates
from privkit.events.substitute import scale, substitute
from privkit.events.truncate_time import truncate_time

__all__ = [
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
    "merge",
    "number",
    "perturb",
    "pseudonymize",
    "rename",
    "sample",
    "scale",
    "shift_dates",
    "substitute",
    "truncate_time",
]
