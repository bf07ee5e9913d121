"""Views of plans, releases and what is derived of them."""
