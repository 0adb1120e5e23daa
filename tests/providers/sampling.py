"""Which of the largest products the gate tries: every kind in every provider, and a part of the rest.

    MODELDECK_WHOLE_MATRIX=1 pytest tests/providers -m slow        tries all of it

The part is the same in every run, as it follows from the names.
"""

import os
from zlib import crc32

WHOLE = bool(os.environ.get("MODELDECK_WHOLE_MATRIX"))


def is_sampled(name: str, one_in: int) -> bool:
    """Return True for one of so many names, or for all in a whole run."""
    return WHOLE or crc32(name.encode()) % one_in == 0
