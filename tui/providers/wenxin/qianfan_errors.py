"""Errors of Qianfan and the older service as problems (Qianfan API reference, error codes of V2 and V1)."""

import re

from tui.errors import CredentialRejected, Problem, ScopeMissing
from tui.providers.dialects import error_codes
from tui.providers.dialects.openai import errors
from tui.providers.requests import ApiError
from tui.providers.wenxin.qianfan import ID

_THIRD_KIND = "Access Key and Secret Key of the cloud account are different keys and do not work here."
_NOT_ENABLED = "6"
_UNPAID = r"(?i)overdue|arrear|insufficient balance|欠费|余额不足"
_UNNAMED = r"(?i)real[- ]?name|实名"
_UNSAFE = r"(?i)safety|sensitive|unsafe|content[_ ]filter|敏感|违规"


def describe_error(label: str, refused: ApiError, model: str) -> Problem | None:
    """Return an error in words, by its code, else by its words where the codes are not documented."""
    if refused.code == "invalid_client":
        return _key_pair_problem(label, refused.message)
    not_enabled = refused.code == "invalid_model" and refused.status in (401, 403)
    documented = error_codes.lookup(ID, _NOT_ENABLED if not_enabled else refused.code)
    return (
        documented.to_problem(label, model) or _by_words(label, refused) or errors.describe_error(label, refused, model)
    )


def _by_words(label: str, refused: ApiError) -> Problem | None:
    words = f"{refused.code} {refused.message}"
    if refused.status in (401, 402, 403) and re.search(_UNPAID, words):
        return Problem("The Baidu account is overdue. The key is valid.", "Pay the balance in the Baidu console.")
    if refused.status in (401, 403) and re.search(_UNNAMED, words):
        return ScopeMissing(
            "The Baidu account has no real-name verification. The key is valid.", "Verify it in its console."
        )
    if refused.status in (0, 400) and re.search(_UNSAFE, words):
        return Problem(f"The safety check of {label} rejects this text or its answer.", "Rephrase it.")
    return None


def _key_pair_problem(label: str, message: str) -> Problem:
    if "unknown client" in message.lower():
        text = f"{label} found no application with this API key."
        return CredentialRejected(text, f"Check whether it and the secret key are swapped. {_THIRD_KIND}")
    text = "The secret key does not belong to this API key, or is incomplete."
    return CredentialRejected(text, f"Copy both from the same application. {_THIRD_KIND}")
