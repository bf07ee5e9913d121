"""The budget: an exact, durable, append-only ledger of what was spent, on SQLite or PostgreSQL.

The numbered promises (L1 to L14) are told in :mod:`privkit.budget.ledger`. Nothing here knows a frame, a row or
OpenDP. SQLAlchemy is loaded with :mod:`privkit.budget.ledger`, :mod:`~privkit.budget.account` and what they need.
"""
