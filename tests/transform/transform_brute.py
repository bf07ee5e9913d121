"""An independent brute force: plain Python on rows, with none of privkit's code."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from fractions import Fraction


def key_of(value):
    """Missing values are one value."""
    return "<missing>" if value is None or value != value else value


def classes(rows, qi):
    """Return the rows of each class."""
    found = defaultdict(list)
    for row in rows:
        found[tuple(key_of(row[name]) for name in qi)].append(row)
    return found


def is_k(members, k):
    return len(members) >= k


def is_persons(members, k, unit):
    return len({key_of(row[unit]) for row in members}) >= k


def is_distinct(members, column, bound):
    return len({key_of(row[column]) for row in members}) >= bound


def is_entropy(members, column, bound):
    counts = Counter(key_of(row[column]) for row in members)
    n = len(members)
    return math.prod([Fraction(n) ** n]) >= Fraction(bound) ** n * math.prod([c**c for c in counts.values()])


def is_recursive(members, column, bound, c):
    counts = sorted(Counter(key_of(row[column]) for row in members).values(), reverse=True)
    return counts[0] < Fraction(c) * sum(counts[bound - 1 :])


def is_close(members, table, column, t, ordered=False):
    ours, theirs = Counter(key_of(row[column]) for row in members), Counter(key_of(row[column]) for row in table)
    values = sorted(theirs, key=lambda value: (value == "<missing>", value))
    gaps = [Fraction(ours[value], len(members)) - Fraction(theirs[value], len(table)) for value in values]
    if not ordered:
        return sum(map(abs, gaps)) / 2 <= Fraction(str(t))
    running = [sum(gaps[: place + 1]) for place in range(len(gaps))]
    return sum(map(abs, running)) <= Fraction(str(t)) * max(len(values) - 1, 1)


def is_beta(members, table, column, beta):
    ours, theirs = Counter(key_of(row[column]) for row in members), Counter(key_of(row[column]) for row in table)
    for value, count in ours.items():
        p, q = Fraction(count, len(members)), Fraction(theirs[value], len(table))
        if p > q and (p - q) / q > Fraction(str(beta)):
            return False
    return True


def generalized(rows, tables, node):
    """Return rows with each column of `tables` (value → labels by level) at its level."""
    return [{**row, **{name: tables[name][key_of(row[name])][level] for name, level in node.items()}} for row in rows]


def loss(rows, tables, node, suppressed):
    """Return ARX's Loss, from its definition: leaves under a value over all leaves; 1 where suppressed."""
    factors = []
    for name, level in node.items():
        table = tables[name]
        domain = len(table)
        leaves = Counter(labels[level] for labels in table.values())
        total = Fraction(0)
        for place, row in enumerate(rows):
            total += 1 if place in suppressed else Fraction(leaves[table[key_of(row[name])][level]], domain)
        n = len(rows)
        v = max(Fraction(0), (total - Fraction(n, domain)) / (n - Fraction(n, domain))) if domain > 1 else 0
        factors.append(1 + float(v))
    return math.prod(factors) ** (1 / len(factors)) - 1


def is_disclosure(members, table, column, delta):
    """Whether 2^-delta < p / q < 2^delta for each value that occurs; delta is a whole number."""
    ours, theirs = Counter(key_of(row[column]) for row in members), Counter(key_of(row[column]) for row in table)
    ratios = [Fraction(count, len(members)) / Fraction(theirs[value], len(table)) for value, count in ours.items()]
    return all(Fraction(1, 2**delta) < ratio < 2**delta for ratio in ratios)


def standing(groups, ok, given):
    """Return which classes are kept, as decision 9 says: what breaks a criterion goes, until nothing more goes.

    `ok(members, kept, given)` judges one class: by itself where `kept` is None, else beside the rows that are kept.
    """
    kept = [place for place, members in enumerate(groups) if ok(members, None, given)]
    while True:
        table = [row for place in kept for row in groups[place]]
        left = [place for place in kept if ok(groups[place], table, given)]
        if left == kept:
            return set(kept)
        kept = left


def best_node(rows, tables, ok, limit):
    """Return the least loss over all nodes, or None; `ok` judges as `standing` asks."""
    best = None
    columns = list(tables)
    heights = [len(next(iter(tables[name].values()))) for name in columns]
    for levels in itertools.product(*[range(height) for height in heights]):
        node = dict(zip(columns, levels, strict=True))
        coarse = generalized(rows, tables, node)
        by = defaultdict(list)
        for place, row in enumerate(coarse):
            by[tuple(row[name] for name in columns)].append(place)
        groups = list(by.values())
        kept = standing([[rows[place] for place in places] for places in groups], ok, rows)
        gone = {place for number, places in enumerate(groups) if number not in kept for place in places}
        if len(gone) <= limit:
            value = loss(rows, tables, node, gone)
            if best is None or value < best:
                best = value
    return best
