"""Vectors of many texts: nearest lines, two dimensions, two models, and files of vectors."""
