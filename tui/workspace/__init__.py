"""The verbs that screens and commands call: reads are quick and cached, what writes or calls out is async."""
