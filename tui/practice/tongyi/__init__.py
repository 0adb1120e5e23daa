"""Practice answers of Tongyi."""
