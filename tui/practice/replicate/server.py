"""Replicate in practice: a made-up account, six models with their schemas, and predictions that take their time.

`models.json` holds entries as the API sends them, `prediction.json` the members of a prediction, `stream.sse` and
`stream_error.sse` the documented events. acme-labs/house-chat starts from cold and does not stream.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

from tui.domain import Model, ModelType, Origin
from tui.practice import sample_answers
from tui.practice.exchange import Answer, ReceivedRequest, json_answer
from tui.practice.transport import fixture
from tui.providers.replicate import inputs as model_inputs
from tui.providers.replicate import schema

_API, _STREAMS = "https://api.replicate.com", "https://stream.replicate.com"
_EVENTS = {"content-type": "text/event-stream; charset=utf-8"}
_TOKEN = 0.018
_COLD, _COLD_POLLS = "acme-labs/house-chat", 14
_MAX_PREDICTIONS = 1000

ORIGINS = (_API, _STREAMS)
FIELDS = {"api_token": "r8_FAKEexample0TokenOfNobody000003f2a"}


@cache
def _models() -> dict[str, dict[str, Any]]:
    return {f"{model['owner']}/{model['name']}": model for model in json.loads(fixture("replicate", "models.json"))}


def _model(name: str, kind: ModelType) -> Model:
    entry = _models()[name]
    inputs = schema.read(entry["latest_version"])
    version = {} if entry["is_official"] else {"version": entry["latest_version"]["id"]}
    fields = version | ({model_inputs.FIELD: model_inputs.encode(inputs)} if inputs else {})
    return Model("replicate", name, kind, Origin.ADDED, fields=fields)


MODELS = (
    _model("meta/meta-llama-3-70b-instruct", ModelType.CHAT),
    _model("replicate/all-mpnet-base-v2", ModelType.EMBEDDING),
    _model("nateraw/bge-large-en-v1.5", ModelType.EMBEDDING),
    _model("openai/whisper", ModelType.SPEECH2TEXT),
)


@dataclass
class _Run:
    """A prediction that was created: of which model, with what."""

    id: str
    model: str
    inputs: Mapping[str, Any]
    cancelled: bool = False

    @property
    def instruction(self) -> str:
        return sample_answers.instruction(str(self.inputs.get("prompt", "")))


_runs: dict[str, _Run] = {}
_numbers = count(1)


def answer(request: ReceivedRequest) -> Answer | None:
    """Return the answer to one request; None for a path that the wire does not have."""
    if "refused" in request.key:
        message = "You did not pass a valid authentication token"
        return json_answer({"title": "Unauthenticated", "detail": message, "status": 401}, 401)
    if request.origin == _STREAMS:
        run = _runs.get(request.path.rpartition("/")[2])
        return _stream(run) if run else _missing()
    path = request.path.removeprefix("/v1/").split("/")
    match (request.method, *path):
        case ("GET", "account"):
            return json_answer({"type": "organization", "username": "acme", "name": "Acme", "github_url": None})
        case ("GET", "search"):
            return _search_results(request.query.get("query", ""))
        case ("GET", "models", owner, name):
            entry = _models().get(f"{owner}/{name}")
            return json_answer(entry) if entry else _missing()
        case ("GET", "models", owner, name, "versions", version):
            latest = _models().get(f"{owner}/{name}", {}).get("latest_version", {})
            return json_answer(latest) if latest.get("id") == version else _missing()
        case ("POST", "files"):
            return json_answer({"id": "demo", "name": "talk.wav", "urls": {"get": f"{_API}/v1/files/demo"}}, 201)
        case ("DELETE", "files", "demo"):
            return json_answer("", 204)
        case ("POST", "predictions"):
            return _create(request)
        case ("GET", "predictions", number) if number in _runs:
            return _poll(_runs[number], request.times)
        case ("POST", "predictions", number, "cancel") if number in _runs:
            _runs[number].cancelled = True
            return json_answer(_prediction(_runs[number], "canceled"))
    return _missing()


def _missing() -> Answer:
    return json_answer({"detail": "The requested resource could not be found.", "status": 404}, 404)


def _search_results(query: str) -> Answer:
    words = query.lower().split()
    texts = {name: f"{name} {entry['description']}".lower() for name, entry in _models().items()}
    ranked = sorted(texts, key=lambda name: -sum(word in texts[name] for word in words))
    hits = [name for name in ranked if any(word in texts[name] for word in words)]
    models = [{"model": _models()[name], "metadata": {"score": 0.9 - place / 20}} for place, name in enumerate(hits)]
    return json_answer({"query": query, "models": models, "collections": [], "pages": []})


# --- predictions ------------------------------------------------------------------------------------------------------


def _create(request: ReceivedRequest) -> Answer:
    name, _, version = str(request.data.get("version", "")).partition(":")
    run = _Run(f"practice{next(_numbers):018}", name, request.data.get("input", {}))
    if refusal := _on_demand(run, request):
        return refusal
    entry = _models().get(name)
    if entry is None or (version or entry["latest_version"]["id"]) != entry["latest_version"]["id"]:
        return _no_version()
    if not version and not entry["is_official"]:
        return _no_version()
    _runs[run.id] = run
    for old in list(_runs)[:-_MAX_PREDICTIONS]:
        del _runs[old]
    return json_answer(_prediction(run, "starting"), 201)


def _no_version() -> Answer:
    message = "The specified version does not exist (or perhaps you don't have permission to use it?)"
    return json_answer({"title": "Invalid version or not permitted", "detail": message, "status": 422}, 422)


def _on_demand(run: _Run, request: ReceivedRequest) -> Answer | None:
    """Return what a key or a question brings about in place of a prediction."""
    if "nocredit" in request.key:
        return json_answer({"title": "Payment Required", "detail": "You have run out of credit.", "status": 402}, 402)
    if "restricted" in request.key:
        return json_answer({"detail": "You do not have permission to run this model.", "status": 403}, 403)
    if "busy" in request.key or (run.instruction == "please be busy" and request.times % 3 < 2):
        message = "Request was throttled. Your rate limit resets in ~2s."
        return json_answer({"detail": message, "status": 429, "retry_after": 2}, 429)
    if run.instruction == "please fail":
        return json_answer(
            {"title": "Input validation failed", "detail": "- input.prompt: is too odd", "status": 422}, 422
        )
    if run.instruction == "please be refused":
        return json_answer({"title": "Unauthenticated", "detail": "The token was revoked", "status": 401}, 401)
    return None


def _poll(run: _Run, times: int) -> Answer:
    """Return how a prediction stands when it is asked for the so-and-so-many-th time."""
    if run.cancelled:
        return json_answer(_prediction(run, "canceled"))
    if run.instruction == "please break":
        return Answer(pieces=(b'{"id": "practice',), cut=True)
    if run.instruction == "please stall":
        return Answer(stall=True)
    if run.instruction == "please error":
        return json_answer(_prediction(run, "failed", error="The worker ended."))
    times -= _COLD_POLLS if run.model == _COLD else 0
    if times < 0:
        return json_answer(_prediction(run, "starting"), first=0.05)
    output = _output(run)
    if times < 2 and isinstance(output, list) and isinstance(output[0], str):
        return json_answer(_prediction(run, "processing", output[: len(output) * (times + 1) // 3]), first=0.05)
    read, written = (sample_answers.tokens(str(value)) for value in (run.inputs, output))
    metrics = {"predict_time": 1.2, "input_token_count": read, "output_token_count": written}
    return json_answer(_prediction(run, "succeeded", output, metrics=metrics), first=0.05)


def _prediction(run: _Run, status: str, output: Any = None, **more: Any) -> dict[str, Any]:
    prediction = json.loads(
        fixture("replicate", "prediction.json").replace(b"gm3qorzdhgbfurvjtvhg6dckhu", run.id.encode())
    )
    if run.model == _COLD or "prompt" not in run.inputs:
        del prediction["urls"]["stream"]
    return {**prediction, "model": run.model, "input": dict(run.inputs), "status": status, "output": output, **more}


def _output(run: _Run) -> Any:
    values = run.inputs
    if "audio" in values:
        segments = [
            {"id": at, "start": start, "end": end, "text": f" {sentence}"}
            for at, (start, end, sentence) in _transcript()
        ]
        text = " ".join(sentence for _, _, sentence in sample_answers.SPOKEN)
        return {"detected_language": "english", "transcription": text, "segments": segments, "translation": None}
    if "texts" in values:
        return [sample_answers.vector(text, 1024) for text in json.loads(values["texts"])]
    if "text" in values:
        return [{"embedding": sample_answers.vector(values["text"], 768)}]
    text = "" if run.instruction == "please be empty" else sample_answers.reply(values["prompt"], run.model)
    return list(sample_answers.pieces(text.upper() if values.get("shout") else text)) or [""]


def _transcript() -> Iterator[tuple[int, tuple[float, float, str]]]:
    return enumerate(sample_answers.SPOKEN)


def _stream(run: _Run) -> Answer:
    """Yield the events of a chat, which are plain text: a line of data for each line of a piece."""
    events = [_event("output", event) for event in _output(run)]
    if run.instruction in ("please break", "please stall", "please error"):
        events = events[: len(events) // 3]
    if run.instruction == "please error":
        events += [_event("error", '{"detail": "The worker ended."}'), _event("done", '{"reason": "error"}')]
    elif run.instruction not in ("please break", "please stall"):
        events.append(_event("done", "{}"))
    stops = {"cut": run.instruction == "please break", "stall": run.instruction == "please stall"}
    return Answer(200, tuple(events), _EVENTS, 0.3, _TOKEN, **stops)


def _event(name: str, text: str) -> bytes:
    lines = "".join(f"data: {line}\n" for line in text.split("\n"))
    return f"event: {name}\nid: 1716400000000:0\n{lines}\n".encode()
