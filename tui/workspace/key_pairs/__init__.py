"""Use cases of key pairs: rotation and the report of who could read what."""
