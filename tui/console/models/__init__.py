"""The Models area: list, details, adding, searching, picking."""
