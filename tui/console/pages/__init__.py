"""Pages that several areas open: help, and saving to a file."""
