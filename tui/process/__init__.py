"""This process towards the system: hardening and identity."""
