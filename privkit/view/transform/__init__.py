"""Views of transformations."""
