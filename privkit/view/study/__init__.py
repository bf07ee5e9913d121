"""Views of inventories and of persons' requests."""
