"""Compare models: several answer one prompt at once, independently, and are measured."""
