"""Rows to share: tables measured in rounds, a model fitted to them, and rows drawn that fit it."""
