"""The speech-to-text tab."""
