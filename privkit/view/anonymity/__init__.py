"""Views of reports on anonymity."""
