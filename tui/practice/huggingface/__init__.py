"""Practice answers of Hugging Face."""
