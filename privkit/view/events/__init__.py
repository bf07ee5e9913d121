"""Views of recipes and of what they did."""
