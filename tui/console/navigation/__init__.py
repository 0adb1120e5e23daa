"""Navigation between screens."""
