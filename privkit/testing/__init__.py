"""Fixtures, strategies and oracles for our tests and our users'."""
