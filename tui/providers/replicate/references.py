"""Model references and URLs of Replicate, and the origins for the key.

Replicate HTTP API reference, models and deployments; a model is `owner/name`, with `:version` or without.
"""

import re
from dataclasses import dataclass

from tui.domain import Model, ModelType
from tui.errors import UsageError
from tui.providers.origins import origin_of
from tui.providers.spec import FieldValues
from tui.sanitize import one_line

HOSTS = ("replicate.com", "replicate.net", "replicate.delivery")
"""Where streams and output files are: the addresses come with a prediction."""


@dataclass(frozen=True)
class ModelReference:
    """What to run: a model (`owner/name`), a version, or a deployment (`owner/name`); '' if not given."""

    model: str = ""
    version: str = ""
    deployment: str = ""


_PAGE = re.compile(r"(https?://)?((www\.|api\.)?replicate\.com|r8\.im)/(v1/(models/)?)?", re.I)
_END = r"[?#]"
_PAIR = r"\w[\w.-]*/\w[\w.-]*"
_DEPLOYMENT = rf"deployments/({_PAIR})"
_MODEL = rf"({_PAIR})(?:(?::|@sha256:|/versions/)([0-9a-f]{{64}}))?(?:/.*)?"


def parse(model: Model) -> ModelReference:
    """Return what a model's id and fields name; the address of a page of replicate.com is taken apart."""
    text = _path(model.id)
    deployment = re.match(_DEPLOYMENT, _path(model.fields.get("deployment", ""), "deployments/"))
    version = model.fields.get("version", "")
    if match := re.match(_DEPLOYMENT, text):
        return ModelReference("", version, match[1])
    if (match := re.fullmatch(_MODEL, text)) is None:
        raise UsageError(
            f"{one_line(model.id, 80)} names no model of Replicate.",
            "Write a model as owner/name, as in the URL of its page.",
        )
    return ModelReference(match[1], version or match[2] or "", deployment[1] if deployment else "")


def split_reference(text: str) -> dict[str, str]:
    """Return what a pasted model holds, by the names of fields: itself, its version, or a deployment in its place."""
    try:
        run = parse(Model("", text, ModelType.CHAT))
    except UsageError:
        return {"model": text}
    fields = {"model": run.model or text, "version": run.version, "deployment": run.deployment}
    return {name: value for name, value in fields.items() if value}


def _path(text: str, default: str = "") -> str:
    text = _PAGE.sub("", re.split(_END, text.strip())[0], count=1).strip("/")
    return text if text.startswith(default) else default + text


def is_known(url: str, fields: FieldValues) -> bool:
    """Return True if the key may go to a URL of a response: Replicate's, or the base URL's host."""
    try:
        origin = origin_of(url)
    except UsageError:
        return False
    scheme, _, host = origin.partition("://")
    is_host = any(host == domain or host.endswith(f".{domain}") for domain in HOSTS)
    return origin == origin_of(fields["base_url"]) or (scheme == "https" and is_host)
