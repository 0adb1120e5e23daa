"""Batch: many prompts for one or more models, into a file of rows that the same command continues."""
