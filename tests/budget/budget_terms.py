"""Amounts and terms for the tests of the ledger."""

from __future__ import annotations

from privkit.budget.entry import Entry
from privkit.budget.terms import ProjectTerms
from privkit.values.loss import PrivacyLoss
from privkit.values.unit import ROW


def eps(amount, delta=None):
    return PrivacyLoss.of(epsilon=amount, delta=delta, zero=True)


def terms(epsilon=1, **others):
    return ProjectTerms(
        PrivacyLoss.of(epsilon=epsilon, delta=others.pop("delta", None)), others.pop("unit", ROW), **others
    )


def release(account, key, cost=0.1, answer="7", *, question=None, **options):
    """Reserve and commit, or replay."""
    held = account.reserve(key, question or {"ask": "count"}, eps(cost), **options)
    return held if isinstance(held, Entry) else account.commit(held, answer)
