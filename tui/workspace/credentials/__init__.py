"""Use cases of credentials: save, verify, status, rotation, paste, discovery, confirmation."""
