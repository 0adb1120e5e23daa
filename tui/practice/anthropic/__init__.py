"""Practice answers of Anthropic."""
