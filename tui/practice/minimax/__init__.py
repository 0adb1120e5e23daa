"""Practice answers of MiniMax."""
