"""Use cases of the playground: requests, metering, conversations, audio, vectors."""
