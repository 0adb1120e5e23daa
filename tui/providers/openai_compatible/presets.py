"""Presets: OpenAI-compatible APIs with a known address. The facts and their sources are in `presets.toml`."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from tui.domain import ModelType
from tui.providers import PROVIDERS
from tui.providers.dialects.openai import errors, models
from tui.providers.requests import Call, ChatRequest
from tui.providers.spec import Choice, FieldValues, LocalServer, Provider

BASE = "openai_compatible"
"""The provider that every preset extends."""


@cache
def presets() -> Mapping[str, Provider]:
    """Return the declarations of the presets by ID, in the order of the file."""
    import tomllib  # only where a connection or a list of presets is read

    content = Path(__file__).with_name("presets.toml").read_text(encoding="utf-8")
    return {preset_id: _declaration(preset_id, **entries) for preset_id, entries in tomllib.loads(content).items()}


def kinds() -> Mapping[str, Provider]:
    """Return what a connection can be like: every provider, and every preset behind the one that it extends."""
    ordered: dict[str, Provider] = {}
    for provider_id, provider in PROVIDERS.items():
        ordered[provider_id] = provider
        if provider_id == BASE:
            ordered |= presets()
    return ordered


def kind(kind_id: str) -> Provider | None:
    """Return the provider or preset of that ID, or None."""
    return PROVIDERS.get(kind_id) or presets().get(kind_id)


def _declaration(
    preset_id: str,
    *,
    label: str,
    base_urls: Mapping[str, str],
    sources: list[str],
    env: tuple[str, ...] = (),
    key_page: str | Mapping[str, str] = "",
    key_starts: str = "",
    key_path: str = "",
    lacks: tuple[str, ...] = (),
    renames: Mapping[str, str] | None = None,
    local: bool = False,
) -> Provider:
    base, urls = PROVIDERS[BASE], tuple(base_urls.values())
    choices = tuple(Choice(url, name) for name, url in base_urls.items()) if len(urls) > 1 else ()
    about = base.field("base_url").help if choices else f"Blank for {urls[0]}."
    url_field = replace(
        base.field("base_url"), help=about, default=urls[0], required=False, choices=choices, advanced=not local
    )
    first_page, *other_pages = [key_page] if isinstance(key_page, str) else key_page.values()
    labels = () if isinstance(key_page, str) else tuple(key_page)[1:]
    key_help = _KEY_HELP if local else f"Starts with {key_starts}. Input is hidden." if key_starts else ""
    elsewhere = [f"For {label}, create it at {page}." for label, page in zip(labels, other_pages, strict=True)]
    key_help = " ".join([key_help, *elsewhere]).strip()
    prefixes = (Choice(key_starts, f"{label} key"),) if key_starts else ()
    key_field = replace(base.field("api_key"), required=not local, env=tuple(env), help=key_help, prefixes=prefixes)

    def regions(fields: FieldValues) -> tuple[FieldValues, ...]:
        return tuple({**fields, "base_url": url} for url in urls if url != fields.get("base_url"))

    routes: dict[str, Any] = {
        "chat": None if ModelType.CHAT in lacks else partial(_chat, renames or {}),
        "embed": None if ModelType.EMBEDDING in lacks else base.embed,
        "transcribe": None if ModelType.SPEECH2TEXT in lacks else base.transcribe,
    }
    return replace(
        base,
        id=preset_id,
        label=label,
        fields=(url_field, key_field) if local else (key_field, url_field),
        key_page=first_page,
        docs=tuple(source for source in sources if source.startswith("https://")),
        verify=partial(models.key_verification, key_path, base.verify) if key_path else base.verify,
        regions=base.regions if local else regions,
        describe_error=partial(errors.describe_error, label),
        local_servers=(LocalServer(urls[0], label),) if local else (),
        **routes,
    )


def _chat(renames: Mapping[str, str], fields: FieldValues, request: ChatRequest) -> Call:
    """Return the request for a chat, with the parameters as the API names them."""
    chat = PROVIDERS[BASE].chat
    assert chat is not None
    call = chat(fields, request)
    return replace(call, json={renames.get(name, name): value for name, value in call.json.items()})


_KEY_HELP = "Only if the server requires one."
