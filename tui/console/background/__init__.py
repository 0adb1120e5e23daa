"""What runs while nobody presses a key: the monitor of files and locks, and imports ahead of need."""
