"""OpenAI's wire format, shared by eight providers."""
