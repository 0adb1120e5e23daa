"""The process and its environment: hardening and identity."""
