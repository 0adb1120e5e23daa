"""Wire formats: pure functions that make calls and read frames, each spoken by one or more providers."""
