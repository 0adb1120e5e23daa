"""Wire formats that several providers share: pure functions that build calls and read frames."""
