"""Chats that are kept: off until switched on, sealed line by line, opened in memory."""
