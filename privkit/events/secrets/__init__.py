"""Keys and mapping stores: what must not stand in a recipe."""
