"""Markdown drawn as rows."""
