"""The only doorway of httpx: sends calls, retries them, and turns responses into events."""
