"""Azure OpenAI in practice: one resource with three deployments, on both surfaces, and the sign-in of Entra ID.

A question for a fairy tale is cut by the content filter. Other deployments do not exist; `MODELS` are to be added.
"""

from dataclasses import replace
from typing import Any

from tui.domain import Model, ModelType, Origin
from tui.practice import openai_server, sample_answers
from tui.practice.exchange import Answer, ReceivedRequest, json_answer
from tui.practice.transport import fixture

_LOGIN = "https://login.microsoftonline.com"
ORIGINS = ("https://acme-east.openai.azure.com", _LOGIN)
FIELDS = {"endpoint": ORIGINS[0], "api_key": "FAKE0example00key0of0nobody03f2a"}

_END = b"\n\n"
_TYPE_BY_PATH = {
    "completions": ModelType.CHAT,
    "embeddings": ModelType.EMBEDDING,
    "transcriptions": ModelType.SPEECH2TEXT,
}
"""What a deployment must be for, by the end of the path."""
_DEPLOYED = {
    "gpt-east": ("gpt-5.4-mini", ModelType.CHAT),
    "embed-east": ("text-embedding-3-small", ModelType.EMBEDDING),
    "whisper-east": ("whisper", ModelType.SPEECH2TEXT),
}
_SIZES = {"embed-east": 1536}

MODELS = tuple(
    Model("azure_openai", name, kind, Origin.ADDED, fields={"base_model": base})
    for name, (base, kind) in _DEPLOYED.items()
)


def answer(request: ReceivedRequest) -> Answer | None:
    """Return the answer to one request."""
    if request.origin == _LOGIN:
        return _signed_in(request)
    if refusal := _by_key(request):
        return refusal
    if request.path.endswith("/models"):
        return Answer(pieces=(fixture("azure_openai", "models.json"),))
    model_type = _TYPE_BY_PATH.get(request.path.rpartition("/")[2])
    if model_type is None or not request.path.startswith("/openai/"):
        return _refusal(404, "404", "Resource not found")
    deployment = _deployment(request)
    if deployment not in _DEPLOYED:
        message = "The API deployment for this resource does not exist. If you created it within 5 minutes, wait."
        return _refusal(404, "DeploymentNotFound", message)
    if model_type is not _DEPLOYED[deployment][1]:
        message = f"The operation does not work with the specified model, {_DEPLOYED[deployment][0]}."
        return _refusal(400, "OperationNotSupported", message)
    if model_type is ModelType.EMBEDDING:
        return openai_server.embeddings(request, _SIZES)
    return _chat(request) if model_type is ModelType.CHAT else openai_server.transcription(request)


def _deployment(request: ReceivedRequest) -> str:
    """Return the deployment in the path of the dated surface, or in the body on v1."""
    _, separator, rest = request.path.partition("/openai/deployments/")
    return rest.partition("/")[0] if separator else str((request.data or {}).get("model", ""))


def _chat(request: ReceivedRequest) -> Answer:
    question = sample_answers.question_of(request.data["messages"][-1]["content"])
    instruction = sample_answers.instruction(question)
    if instruction == "please fail":
        return Answer(400, (fixture("azure_openai", "filtered.json"),))
    if instruction == "please be refused":
        return _refusal(401, "401", "Access denied due to invalid subscription key or wrong API endpoint.")
    if "fairy tale" in question.lower() and request.data.get("stream"):
        return Answer(200, (fixture("azure_openai", "chat_filtered.sse"),), openai_server.EVENTS)
    response = openai_server.chat(request, reasons=True, folder="azure_openai")
    if response.headers is not openai_server.EVENTS:
        return response
    about_the_question = fixture("azure_openai", "chat.sse").partition(_END)[0] + _END
    return replace(response, pieces=(about_the_question, *response.pieces))


def _by_key(request: ReceivedRequest) -> Answer | None:
    key = request.key
    if "refused" in key or not key:
        message = "Access denied due to invalid subscription key or wrong API endpoint."
        return _refusal(401, "401", message)
    if "restricted" in key and request.method == "GET":
        return _refusal(401, "PermissionDenied", "Principal does not have access to API/Operation.")
    if "nocredit" in key and request.method == "POST":
        message = "Requests have exceeded the token rate limit of your current pricing tier."
        return json_answer(_error("429", message), 429, {"retry-after-ms": "2000"})
    if "busy" in key:
        message = "The service is temporarily unable to process your request. Please try again later."
        return json_answer(_error("503", message), 503, {"retry-after": "2"})
    return None


def _signed_in(request: ReceivedRequest) -> Answer:
    """Return a token that carries the words of the secret, so that what these bring about comes with it."""
    secret = str((request.data or {}).get("client_secret", ""))
    if "refused" in secret or not secret:
        message = (
            "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the client secret value."
        )
        return json_answer({"error": "invalid_client", "error_description": message, "error_codes": [7000215]}, 401)
    return json_answer({"token_type": "Bearer", "expires_in": 3599, "access_token": f"FAKE-token-for-{secret}"})


def _refusal(status: int, code: str, message: str) -> Answer:
    return json_answer(_error(code, message), status, {"apim-request-id": "practice-0001"})


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}
