"""The Models area: list, details, add, search, pick."""
