"""The Providers area: list, details, checks."""
