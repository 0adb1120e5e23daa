"""Which faults of the matrix belong to which kind (K1 to K8), by the names of their rows."""

from fnmatch import fnmatch

from tests.providers import answer_kinds, test_answer_bodies, test_answer_ends, test_answer_errors

KINDS = {
    "K1": "the body decides how an answer is read, not its label",
    "K2": "an incomplete answer is no success, a complete one no failure",
    "K3": "an error in any shape is told in the server's words",
    "K4": "nothing is changed, dropped or made up without a word",
    "K5": "numbers and orders are checked where they are read",
    "K6": "the blame is put where it lies",
    "K7": "what is slow by nature has a setting",
    "K8": "a list of ours does not stand in for the server's word",
}

AT_STEPS = {
    "K1": ("body *", "text for JSON", "deep JSON", "another protocol", "packed as br", "page 200"),
    "K2": ("closed", "reset*", "cut*", "empty", "status 204", "half of a body"),
    "K3": ("status 4*", "hostile words", "words*", "status 5*"),
    "K4": ("words that repeat the key", "hostile words", "body *"),
    "K5": ("busy *", "wrong clock", "body [[]1]", "body *null*"),
    "K6": ("closed", "silence*", "status *", "page *", "redirect *", "busy *", "wrong clock"),
    "K7": ("silence*", "too large"),
    "K8": ("body *", "text for JSON", "status 40[45]"),
}
"""Patterns of the rows of `fault_rows.ROWS`."""

IN_STREAMS = {
    "K1": ("every_form_of_events", "one_byte_at_a_time", "no_fault_at_all"),
    "K2": ("an_end_*", "a_broken_*", "three_broken_*", "what_follows_*", "a_goodbye_*"),
    "K3": ("an_error_*", "a_goodbye_*"),
    "K4": ("odd_bytes_*", "bytes_that_*", "a_broken_piece"),
    "K5": ("an_answer_without_end", "a_line_without_end"),
    "K6": ("silence_*", "an_error_*", "a_broken_connection"),
    "K7": ("silence_*", "pings_*", "a_line_without_end", "an_answer_without_end"),
    "K8": ("no_fault_at_all",),
}
"""Patterns of the rows of `test_stream_faults.FAULTS`."""

SITUATIONS = {
    "K1": len(test_answer_bodies.GOOD) + len(answer_kinds.LABELS),
    "K2": len(test_answer_ends.COMPLETE) + len(test_answer_ends.INCOMPLETE),
    "K3": len(test_answer_errors.SHAPES) + len(answer_kinds.ERROR_BODIES),
}
"""Situations of the tables of `test_answer_*`, which each call meets."""


def kinds_of(name: str, patterns: dict[str, tuple[str, ...]]) -> list[str]:
    """Return the kinds that a row belongs to."""
    return [kind for kind, names in patterns.items() if any(fnmatch(name, pattern) for pattern in names)]
