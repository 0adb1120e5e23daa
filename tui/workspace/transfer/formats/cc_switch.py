"""Read an export of cc-switch: SQL text that begins with its header, or the JSON of versions before.

The SQL is read as text, never run: of `INSERT INTO providers … VALUES (…), (…);` the columns id, app_type, name and
settings_config count. That is JSON with what the program in question reads: `env` with ANTHROPIC_… or GEMINI_…, `auth`
with OPENAI_API_KEY beside a TOML `config` with base_url, or `options` with apiKey and baseURL.

Source: cc-switch's src-tauri/src/database (backup.rs, schema.rs) and its app_config.rs.
"""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from tui.workspace.transfer.formats.entries import COMPATIBLE, KeyEntry, KeyFile, SkippedEntry, key_entry, key_file

HEADER = "-- CC Switch SQLite"
_LABEL = "an export of cc-switch"
_APPS = ("claude", "claude-desktop", "codex", "gemini", "opencode", "openclaw", "hermes")
_INSERT = re.compile(r'INSERT INTO\s+"?providers"?\s*(?:\(([^()]*)\))?\s*VALUES\s*', re.IGNORECASE)
_VALUE = re.compile(r"\s*('(?:[^']|'')*'|[^\s,()']+)\s*")
_COLUMNS = ("id", "app_type", "name", "settings_config")


def matches(data: Any) -> bool:
    """Return True if the JSON can be one of the versions before."""
    apps = [data.get(app) for app in _APPS] if isinstance(data, dict) else []
    return any(isinstance(app, dict) and isinstance(app.get("providers"), dict) for app in apps)


def read(data: dict[str, Any]) -> KeyFile:
    """Return the keys of the JSON."""
    return key_file(_LABEL, _of_json(data), has_more=True)


def read_sql(text: str) -> KeyFile:
    """Return the keys of the SQL."""
    return key_file(_LABEL, _of_sql(text), has_more=True)


def _of_json(data: dict[str, Any]) -> Iterator[KeyEntry | SkippedEntry]:
    for app in _APPS:
        providers = data.get(app, {}).get("providers", {}) if isinstance(data.get(app), dict) else {}
        for name, provider in providers.items():
            if isinstance(provider, dict):
                yield from _entry(app, str(provider.get("name") or name), provider.get("settingsConfig"))


def _of_sql(text: str) -> Iterator[KeyEntry | SkippedEntry]:
    for insert in _INSERT.finditer(text):
        listed = [name.strip().strip('"') for name in insert[1].split(",")] if insert[1] else [*_COLUMNS]
        for row in _rows(text, insert.end()):
            record = dict(zip(listed, row, strict=False))
            try:
                settings = json.loads(record.get("settings_config", ""))
            except (ValueError, RecursionError):
                yield SkippedEntry(f"provider {record.get('name', '')}", "its settings are not JSON")
                continue
            yield from _entry(record.get("app_type", ""), record.get("name", ""), settings)


def _rows(text: str, place: int) -> Iterator[list[str]]:
    """Yield the rows of values from a place on; what is no list of literals ends them."""
    while place < len(text) and text[place] == "(":
        row: list[str] = []
        place += 1
        while value := _VALUE.match(text, place):
            literal, place = value[1], value.end()
            row.append(literal[1:-1].replace("''", "'") if literal.startswith("'") else "")
            if text[place : place + 1] != ",":
                break
            place += 1
        if text[place : place + 1] != ")":
            return
        yield row
        comma = re.compile(r"\)\s*,\s*").match(text, place)
        place = comma.end() if comma else len(text)


def _entry(app: str, name: str, settings: Any) -> Iterator[KeyEntry | SkippedEntry]:
    where = f"{app}, {name}"
    if not isinstance(settings, Mapping):
        yield SkippedEntry(where, "its settings are not an object")
        return
    env, auth, options = (_object(settings.get(part)) for part in ("env", "auth", "options"))
    if env.keys() & {"ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY"}:
        key = env.get("ANTHROPIC_API_KEY") or env.get("ANTHROPIC_AUTH_TOKEN")
        yield key_entry(where, "anthropic", key, env.get("ANTHROPIC_BASE_URL"), like="anthropic")
    elif env.get("GEMINI_API_KEY"):
        if env.get("GOOGLE_GEMINI_BASE_URL"):
            yield SkippedEntry(where, "Modeldeck has no provider that speaks Gemini to another base URL")
        else:
            yield key_entry(where, "gemini", env["GEMINI_API_KEY"])
    elif auth.get("OPENAI_API_KEY"):
        url = _codex_url(settings.get("config"))
        yield key_entry(where, COMPATIBLE if url else "openai", auth["OPENAI_API_KEY"], url)
    elif options:
        yield key_entry(where, name, options.get("apiKey"), options.get("baseURL"))
    else:
        yield SkippedEntry(where, "no API key is in it")


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _codex_url(config: Any) -> str:
    """Return the base URL of the provider that a Codex configuration uses; '' for OpenAI's own."""
    try:
        whole = tomllib.loads(config) if isinstance(config, str) else {}
    except (tomllib.TOMLDecodeError, RecursionError):
        return ""
    provider = _object(_object(whole.get("model_providers")).get(str(whole.get("model_provider", ""))))
    return str(provider.get("base_url", ""))
