"""Answers within other JSON: what gateways put around them, and lists of documents in place of a stream.

{"code": 0, "data": {…}}    {"success": true, "result": {…}}    {"statusCode": 200, "body": "{…}"}    [{…}, {…}]
"""

import json
from collections.abc import Sequence
from typing import Any

from tui.providers.error_body import is_error

_NAMES = ("data", "result", "response", "output", "body", "payload")


def inner_documents(data: Any) -> Sequence[Any]:
    """Return the documents in JSON that no reader knows as an answer; none if it is not a wrapper of any."""
    if isinstance(data, list):
        return data if data and all(isinstance(entry, dict) for entry in data) else ()
    if not isinstance(data, dict) or is_error(data):
        return ()
    for name, value in data.items():
        if name.lower() not in _NAMES:
            continue
        if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                continue
        if isinstance(value, dict):
            return (value,)
        if isinstance(value, list) and (documents := inner_documents(value)):
            return documents
    return ()
