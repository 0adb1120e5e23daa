"""The Textual app. Textual and rich are imported here and nowhere else."""
