"""The Playground area and its tabs."""
