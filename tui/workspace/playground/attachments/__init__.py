"""Files that go with a question: read, checked against the provider's limits, and put into messages."""
