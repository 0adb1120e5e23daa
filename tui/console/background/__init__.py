"""Background work: the monitor of files and locks, and imports ahead of need."""
