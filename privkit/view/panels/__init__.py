"""Live panels, by the room of what they show."""
