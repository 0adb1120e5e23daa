"""Azure OpenAI's two APIs: URLs, headers, and tokens of Entra ID.

    v1      {endpoint}/openai/v1/{operation}                            the deployment is the `model` of the body
    dated   {endpoint}/openai/deployments/{deployment}/{operation}      with `api-version`; the body's model is ignored

Microsoft: Azure OpenAI REST reference (2024-10-21, v1); API version lifecycle; identity platform, OAuth 2.0 client
credentials flow.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import quote, unquote

from tui.domain import Model
from tui.providers.azure_openai.content_filter import read_filter
from tui.providers.dialects.openai import audio as openai_audio
from tui.providers.dialects.openai import chat as openai_chat
from tui.providers.dialects.openai import embeddings
from tui.providers.dialects.openai.api import Flavour, endpoint, malformed, number
from tui.providers.events import AccessToken, Event
from tui.providers.origins import host_of, origin_of
from tui.providers.requests import ApiError, Call, ChatRequest, EmbeddingRequest, Frame, TranscriptionRequest
from tui.providers.spec import AudioLimits, FieldValues
from tui.secret import Secret

DATED = "2024-10-21"
"""The last dated version that is not a preview."""
LAST_DATED_VERSION = "2025-04-01-preview"
"""The last dated version at all, which knows the newer models for speech."""

# Gateways before the service may not know vectors as base64.
_FLAVOUR = Flavour(lambda entry: None, max_tokens_field="max_completion_tokens", vectors="float")

_VERSION = r"\d{4}-\d\d-\d\d(-preview)?"
_TARGET = r"(?i)(?P<root>(?:https?://)?+[^/]++.*?)/(?P<api>openai|models|api/projects)(?=/|$)(?P<path>.*)"
_DEPLOYMENT = r"/deployments/([^/]+)"

_LOGIN = "https://login.microsoftonline.com"
_SERVICE, _OLDER = "https://ai.azure.com", "https://cognitiveservices.azure.com"
_CLOUDS = {
    ".azure.us": ("https://login.microsoftonline.us", "https://cognitiveservices.azure.us"),
    ".azure.cn": ("https://login.partner.microsoftonline.cn", "https://cognitiveservices.azure.cn"),
}
"""Clouds of their own, by the end of their hosts: who signs in there, and for which service."""


def is_dated(fields: FieldValues) -> bool:
    """Return True if the API version is a date: the v1 surface has none, or one in words."""
    return re.fullmatch(_VERSION, fields.get("api_version", "")) is not None


def at(fields: FieldValues, deployment: str) -> FieldValues:
    """Return the fields with the base URL under which a deployment's operations are."""
    path = f"/openai/deployments/{quote(deployment, safe='')}" if is_dated(fields) else "/openai/v1"
    return {**fields, "base_url": endpoint({"base_url": fields["endpoint"]}, path)}


def base_of(model: Model) -> str:
    """Return the model that was deployed. The name of a deployment is free, and often that of its model."""
    return model.fields.get("base_model") or model.id


def chat(fields: FieldValues, request: ChatRequest) -> Call:
    """Return the chat request for a deployment, with its content filter read."""
    return read_filter(openai_chat.chat(_FLAVOUR, at(fields, request.model.id), request))


def embed(fields: FieldValues, request: EmbeddingRequest) -> Call:
    """Return the embedding request for a deployment."""
    return embeddings.embed(_FLAVOUR, at(fields, request.model.id), request)


def transcribe(fields: FieldValues, request: TranscriptionRequest) -> Call:
    """Return the form of the model that was deployed, sent to the deployment."""
    deployed = replace(request.model, id=base_of(request.model))
    call = openai_audio.transcribe(at(fields, request.model.id), replace(request, model=deployed))
    assert call.upload
    parts = tuple((name, request.model.id if name == "model" else value) for name, value in call.upload.parts)
    return replace(call, upload=replace(call.upload, parts=parts))


def audio(model: Model) -> AudioLimits:
    """Return the audio limits of the model that is deployed."""
    return openai_audio.audio(replace(model, id=base_of(model)))


def spoken_to_dated(call: Call) -> Call | None:
    """Return the older route of a transcription, where the region does not have it on the v1 surface yet."""
    root, separator, _ = call.url.partition("/openai/v1/audio/")
    if not separator or not call.upload:
        return None
    at_date = at({"endpoint": root, "api_version": LAST_DATED_VERSION}, dict(call.upload.parts)["model"])
    return replace(call, url=f"{at_date['base_url']}/audio/transcriptions", query={"api-version": LAST_DATED_VERSION})


# --- signing in -------------------------------------------------------------------------------------------------------


def origins(fields: FieldValues) -> tuple[str, ...]:
    """Return the resource, and with an application of Entra ID the host that signs it in."""
    return (origin_of(fields["endpoint"]), *((_cloud(fields)[0],) if fields.get("directory_id") else ()))


def sign(call: Call, fields: FieldValues, secrets: Mapping[str, Secret], now: float) -> Call:
    """Add either `api-key` or a bearer token, and the API version if one is set."""
    if call.form is not None:
        return replace(call, form={**call.form, "client_secret": secrets.get("client_secret", "")})
    headers: dict[str, str | Secret] = {}
    if token := secrets.get("token"):
        headers["authorization"] = Secret(f"Bearer {token.reveal()}")
    elif key := secrets.get("api_key"):
        headers["api-key"] = key
    version = fields.get("api_version", "")
    query = {**({"api-version": version} if version else {}), **call.query}
    return replace(call.with_headers(headers), query=query)


def token(fields: FieldValues) -> Call | None:
    """Return the exchange of an application's secret for a token; none where the key of the resource is used."""
    if not fields.get("directory_id"):
        return None
    login, service = _cloud(fields)
    form = {
        "grant_type": "client_credentials",
        "client_id": fields.get("client_id", ""),
        "scope": f"{service}/.default",
    }
    url = f"{login}/{quote(fields['directory_id'], safe='')}/oauth2/v2.0/token"
    return Call("POST", url, lambda: _token, form=form)


def older_service(call: Call) -> Call | None:
    """Return the exchange for the older name of the service, which some directories know alone."""
    if call.form is None or call.form.get("scope") != f"{_SERVICE}/.default":
        return None
    return replace(call, form={**call.form, "scope": f"{_OLDER}/.default"})


def _cloud(fields: FieldValues) -> tuple[str, str]:
    host = host_of(fields["endpoint"])
    scopes = (_LOGIN, _OLDER if is_dated(fields) else _SERVICE)
    return next((cloud for ending, cloud in _CLOUDS.items() if host.endswith(ending)), scopes)


def _token(frame: Frame | None) -> Iterable[Event | ApiError]:
    if frame is None:
        return []
    data = frame.data if isinstance(frame.data, dict) else {}
    if not isinstance(data.get("access_token"), str) or not data["access_token"]:
        return [malformed("It holds no token.")]
    return [AccessToken(Secret(data["access_token"]), float(number(data.get("expires_in"))))]


# --- what people paste ------------------------------------------------------------------------------------------------


def split_address(text: str) -> Mapping[str, str]:
    """Split a URL from the portal into endpoint, deployment and API version."""
    address, _, query = text.strip().partition("?")
    match = re.fullmatch(_TARGET, address)
    if not match:
        return {"endpoint": text}
    deployment = re.match(_DEPLOYMENT, match["path"])
    version = _query(query, "api-version") if match["api"].lower() == "openai" else ""
    if match["path"].lower().startswith("/v1") or not re.fullmatch(_VERSION, version):
        version = ""
    return {
        "endpoint": match["root"],
        **({"model": unquote(deployment[1])} if deployment else {}),
        **({"api_version": version} if version else {}),
    }


def _query(query: str, name: str) -> str:
    pairs = (part.partition("=") for part in query.split("&"))
    return next((unquote(value) for key, _, value in pairs if key.lower() == name), "")
