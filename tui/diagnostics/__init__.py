"""Crash reports and the debug log. Neither holds a value."""
