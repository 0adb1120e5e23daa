"""The compare tab: columns of models that answer one prompt at once."""
