"""Use cases of both front ends: reads are quick and cached, writes and requests are async."""
