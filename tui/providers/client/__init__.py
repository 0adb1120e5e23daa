"""The HTTP and WebSocket client: sends requests, retries, and yields events. Only httpx importer."""
