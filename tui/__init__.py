"""Modeldeck: a keyboard-driven console for the model providers of many tenants."""

__version__ = "0.1.0"
