"""The Defaults area."""
