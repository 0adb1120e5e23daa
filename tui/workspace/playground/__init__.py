"""Use cases of the playground: calls, metering, conversations, audio, vectors."""
