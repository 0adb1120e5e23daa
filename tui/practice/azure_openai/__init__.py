"""Practice answers of Azure OpenAI."""
