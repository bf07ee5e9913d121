"""Views of risk reports."""
