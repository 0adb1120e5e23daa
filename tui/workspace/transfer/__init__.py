"""Export and import of settings as one file."""
