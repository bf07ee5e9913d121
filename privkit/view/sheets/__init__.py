"""What the values of each room say of themselves, as sheets."""
