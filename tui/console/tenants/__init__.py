"""Screens and dialogs about tenants."""
