"""Turn JSON with comments into JSON, as the files of opencode may be: // and /* */ comments, commas before a bracket.

Source: opencode's documentation, Config (JSONC).
"""

import re

_PART = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
"""A text, which stays as it is, or a comment."""

_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)


def plain_json(text: str) -> str:
    """Return the text without comments and without commas behind a last entry; lines stay where they are."""
    plain = _PART.sub(lambda part: part[0] if part[0][0] == '"' else "\n" * part[0].count("\n"), text)
    return _COMMA.sub(lambda part: part[1] or "", plain)
