"""Practice answers of Replicate."""
