"""Tongyi in practice: one host a region, a made-up account, and its models as `models.json` lists them.

A key with `overseas` in it belongs to the international region and is known there only.
"""

from typing import Any

from tui.practice import sample_answers
from tui.practice.exchange import Answer, ReceivedRequest, json_answer
from tui.practice.openai_server import Server
from tui.practice.transport import fixture

_HOSTS = ("dashscope", "dashscope-intl", "dashscope-us", "cn-hongkong.dashscope")
ORIGINS = tuple(f"https://{host}.aliyuncs.com" for host in _HOSTS)
FIELDS = {
    "api_key": "sk-FAKE0example00key0of0nobody03f2a",
    "base_url": "https://dashscope.aliyuncs.com/compatible-mode/v1",
}

_SIZES = dict.fromkeys(("text-embedding-v3", "text-embedding-v4", "qwen3.7-text-embedding"), 1024)
_SIZES |= dict.fromkeys(("text-embedding-v1", "text-embedding-v2"), 1536)


def answer(request: ReceivedRequest) -> Answer | None:
    """Return the answer to one request."""
    key, body = request.key, request.data or {}
    if "refused" in key or ("overseas" in key and request.origin != ORIGINS[1]):
        return _refusal(401, "invalid_api_key", "Incorrect API key provided.")
    if "restricted" in key and request.method == "GET":
        return _refusal(403, "AccessDenied.Unpurchased", "Access to model denied.")
    if "nocredit" in key and request.method == "POST":
        return _refusal(400, "Arrearage", "Access denied, please make sure your account is in good standing.")
    if str(body.get("model", "")).startswith("qwen3-asr-flash"):
        return _transcript(body)
    return Server(fixture("tongyi", "models.json"), _SIZES, folder="tongyi").answer(request)


def _refusal(status: int, code: str, message: str) -> Answer:
    error = {"code": code, "message": message, "type": code, "param": None}
    return json_answer({"error": error, "request_id": "practice-0001"}, status)


def _transcript(body: dict[str, Any]) -> Answer:
    """Return a transcript, which has no times (Qwen-ASR)."""
    text = " ".join(sentence for _, _, sentence in sample_answers.SPOKEN)
    annotations = [{"type": "audio_info", "language": "en", "emotion": "neutral"}]
    message = {"role": "assistant", "content": text, "annotations": annotations}
    usage = {
        "prompt_tokens": 42,
        "completion_tokens": sample_answers.tokens(text),
        "seconds": round(sample_answers.SPOKEN[-1][1]),
    }
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return json_answer({"model": body["model"], "choices": [choice], "usage": usage}, first=1.5)
