"""Views of projects, their balance and their ledger."""
