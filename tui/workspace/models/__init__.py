"""Use cases of models: catalog, add, defaults."""
