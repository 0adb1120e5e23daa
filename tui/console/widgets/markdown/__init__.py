"""Markdown rendered as rows."""
