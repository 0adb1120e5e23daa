"""What servers send beside their documentation, as data for every chat: K1 labels, K2 ends, K3 error bodies."""

import gzip
import json
from typing import Any

LABELS = ("application/json", "text/event-stream", "text/html; charset=utf-8", "text/plain", "")
"""How a good answer may be labelled, whatever it is."""

WORDS = "Your account is in arrears"

ERROR_BODIES: dict[str, Any] = {
    "code and message": {"code": 1113, "message": WORDS},
    "code and msg": {"code": "1113", "msg": WORDS},
    "detail": {"detail": WORDS},
    "a list under detail": {"detail": [{"loc": ["body", "model"], "msg": WORDS, "type": "value_error"}]},
    "success is false": {"success": False, "errors": [{"code": 7, "message": WORDS}]},
    "a list of errors": [{"error": {"message": WORDS}}],
    "a list of sentences": {"error": {"message": [WORDS, "Pay first"]}},
    "a text under error": {"error": WORDS},
    "Mistral's": {
        "object": "error",
        "message": {"detail": [{"loc": ["body"], "msg": WORDS, "type": "x"}]},
        "code": None,
    },
}
"""An error in each shape that servers are known to send; all of them say `WORDS`."""


def pack(body: Any) -> bytes:
    """Return JSON compressed with gzip, which nobody asked for."""
    return gzip.compress(json.dumps(body).encode())
