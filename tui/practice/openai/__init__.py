"""Practice answers of OpenAI."""
