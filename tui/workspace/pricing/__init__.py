"""Prices of models, and what a request costs by them. Every figure is an estimate; nothing here asks the network."""
