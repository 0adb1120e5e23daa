"""Recordings: what they are, how they are transcribed, and how far two transcripts differ."""
