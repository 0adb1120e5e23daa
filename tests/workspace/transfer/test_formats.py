"""Files of other programs, written from their documentation: each key is read, the rest is named, nothing is run."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tui.errors import Problem, UsageError
from tui.secret import Secret
from tui.workspace.transfer.formats import is_bundle, read_keys
from tui.workspace.transfer.formats.dotenv import variables
from tui.workspace.transfer.formats.entries import KeyFile

OPENAI = "sk-FAKE-71f0c2a9-4b8e"
OTHER = "sk-FAKE-90ab77d1-2c3f"

LLM = {"// Note": "This file stores secret API credentials. Do not share!", "openai": OPENAI, "personal": OTHER}
OTERM = {
    "theme": "textual-dark",
    "openaiCompatible": {
        "vllm": {"base_url": "http://localhost:8000/v1"},
        "openrouter": {"base_url": "https://openrouter.ai/api/v1", "api_key": "${OPENROUTER_API_KEY}"},
        "gateway": {"base_url": "https://llm.example.test/v1", "api_key": OTHER},
    },
}
OPENCODE_AUTH = {
    "anthropic": {"type": "oauth", "refresh": "FAKE", "access": "FAKE", "expires": 0},
    "openai": {"type": "api", "key": OPENAI},
    "zhipuai": {"type": "api", "key": OTHER},
}
OPENCODE = {
    "$schema": "https://opencode.ai/config.json",
    "provider": {
        "my-api": {
            "npm": "@ai-sdk/openai-compatible",
            "options": {"baseURL": "https://llm.example.test/v1", "apiKey": OTHER},
        },
        "anthropic": {"options": {"apiKey": "{file:~/.secrets/anthropic}"}},
        "google": {"models": {}},
    },
}
CRUSH = {
    "$schema": "https://charm.land/crush.json",
    "providers": {
        "deepseek": {"type": "openai", "base_url": "https://api.deepseek.com/v1", "api_key": OTHER},
        "custom-anthropic": {"type": "anthropic", "base_url": "https://claude.example.test", "api_key": OPENAI},
        "shell": {"type": "openai", "base_url": "https://x.example.test/v1", "api_key": "$(touch /tmp/never)"},
        "bedrock": {"type": "bedrock"},
    },
}
CC_SWITCH = {
    "version": 2,
    "claude": {
        "current": "a",
        "providers": {
            "a": {
                "name": "Relay",
                "settingsConfig": {
                    "env": {"ANTHROPIC_BASE_URL": "https://relay.example.test", "ANTHROPIC_AUTH_TOKEN": OTHER}
                },
            }
        },
    },
    "codex": {"providers": {"b": {"name": "OpenAI", "settingsConfig": {"auth": {"OPENAI_API_KEY": OPENAI}}}}},
}
AICHAT = f"""
model: openai:gpt-4o
document_loaders:
  pdf: 'pdftotext $1 -'
clients:
  - type: openai
    api_key: {OPENAI}
    organization_id: org-x
  - type: openai-compatible
    name: local
    api_base: http://localhost:8080/v1
  - type: openai-compatible
    name: mistral
    api_base: https://api.mistral.ai/v1
    api_key: {OTHER}
  - type: azure-openai
    api_base: https://acme.openai.azure.com
    api_key: {OTHER}
  - type: ollama
    api_base: http://localhost:11434
  - type: ernie
    api_key: FAKE-ak-1a2b3c
    secret_key: FAKE-sk-4d5e6f
  - type: bedrock
    access_key_id: FAKE
"""
LITELLM = f"""
include: [more.yaml]
model_list:
  - model_name: gpt-4o
    litellm_params: {{model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY}}
  - model_name: gpt-4o-mini
    litellm_params: {{model: gpt-4o-mini, api_key: os.environ/OPENAI_API_KEY}}
  - model_name: east
    litellm_params:
      model: azure/gpt-east
      api_base: https://acme.openai.azure.com
      api_version: 2024-10-21
      api_key: {OTHER}
  - model_name: own
    litellm_params: {{model: openai/qwen, api_base: "https://llm.example.test/v1", api_key: {OTHER}}}
  - model_name: claude
    litellm_params: {{model: anthropic/claude-opus-4-8, api_key: os.environ/ANTHROPIC_API_KEY}}
  - model_name: nova
    litellm_params: {{model: bedrock/nova, aws_region_name: eu-west-1}}
environment_variables:
  OPENAI_API_KEY: {OPENAI}
litellm_settings:
  drop_params: true
"""
CODEX = """
model_provider = "r"
[model_providers.r]
base_url = "https://o.example.test/v1"
"""


def row(name: str, app: str, title: str, settings: object) -> str:
    """A row of values as cc-switch writes them."""
    quoted = [text.replace("'", "''") for text in (name, app, title, json.dumps(settings))]
    return f"({', '.join(literal(text) for text in quoted)}, NULL, 3)"


def literal(text: str) -> str:
    return f"'{text}'"


ROWS = ",\n".join(
    (
        row(
            "a",
            "claude",
            "It's mine",
            {"env": {"ANTHROPIC_AUTH_TOKEN": OTHER, "ANTHROPIC_BASE_URL": "https://r.example.test"}},
        ),
        row("b", "codex", "Relay", {"auth": {"OPENAI_API_KEY": OPENAI}, "config": CODEX}),
        row("c", "gemini", "Google Official", {"env": {}, "config": {}}),
    )
)
COLUMNS = '("id", "app_type", "name", "settings_config", "meta", "sort") '
SQL = (
    "-- CC Switch SQLite 导出\nPRAGMA user_version=11;\nBEGIN TRANSACTION;\n"
    f'INSERT INTO "providers" {COLUMNS}VALUES {ROWS};\nCOMMIT;\n'
)


def entries(keys: KeyFile) -> list[tuple[str, dict[str, str]]]:
    """The keys of a file: kind, and fields in clear."""
    return [
        (key.kind, {name: v.reveal() if isinstance(v, Secret) else v for name, v in sorted(key.values.items())})
        for key in keys.keys
    ]


def read(content: object) -> tuple[str, KeyFile]:
    text = content if isinstance(content, str) else json.dumps(content)
    assert not is_bundle(text.encode())
    return read_keys(text.encode())


def unread(keys: KeyFile) -> dict[str, str]:
    return {entry.where: entry.reason for entry in keys.unread}


VARIABLE, FILE, COMMAND = (
    "it refers to a variable, which is not looked up",
    "it refers to another file, which is not read",
    "it is a command, which is not run",
)
NO_PROVIDER = "Modeldeck has no such provider, and no base URL is named"


def test_keys_of_llm_are_those_with_a_providers_name() -> None:
    kind, keys = read(LLM)
    assert (kind, entries(keys)) == ("llm", [("openai", {"api_key": OPENAI})])
    assert unread(keys) == {"personal": NO_PROVIDER} and keys.has_more
    assert not read({"// Note": "…", "openai": OPENAI})[1].has_more


def test_servers_of_oterm_become_connections_at_their_address() -> None:
    kind, keys = read(OTERM)
    assert kind == "oterm" and unread(keys) == {"openaiCompatible, openrouter": VARIABLE}
    assert entries(keys) == [
        ("vllm", {"base_url": "http://localhost:8000/v1"}),
        ("openai_compatible", {"api_key": OTHER, "base_url": "https://llm.example.test/v1"}),
    ]


def test_opencode_has_keys_in_two_files() -> None:
    kind, keys = read(OPENCODE_AUTH)
    assert (kind, entries(keys)) == ("opencode", [("openai", {"api_key": OPENAI}), ("zhipu", {"api_key": OTHER})])
    assert unread(keys) == {"anthropic": "it is a log-in, not an API key"}
    kind, keys = read(OPENCODE)
    assert (kind, entries(keys)) == (
        "opencode",
        [("openai_compatible", {"api_key": OTHER, "base_url": "https://llm.example.test/v1"})],
    )
    assert unread(keys) == {"provider, anthropic": FILE, "provider, google": "no key and no base URL is named"}


def test_opencode_takes_comments_and_a_last_comma() -> None:
    text = json.dumps(OPENCODE).replace('{"', '{ // "a" /*\n"', 1).removesuffix("}") + ', /* b\n"c" */ }'
    assert "https://" in text and read(text) == read(OPENCODE)
    with pytest.raises(UsageError, match="it is not JSON"):
        read_keys(b'{ // a comment\n "openai": }')


def test_a_value_that_could_not_be_saved_is_named_and_the_others_are_read() -> None:
    urls = ("https://somebody:FAKE@llm.example.test/v1", "ftp://llm.example.test", "https://llm.example.test/v1")
    servers = {f"s{number}": {"base_url": url, "api_key": OTHER} for number, url in enumerate(urls)}
    keys = read({"openaiCompatible": servers})[1]
    assert [values["base_url"] for _, values in entries(keys)] == ["https://llm.example.test/v1"]
    assert unread(keys) == dict.fromkeys(
        ("openaiCompatible, s0", "openaiCompatible, s1"), "its base URL cannot be used"
    )
    two = read(f"export OPENAI_API_KEY={OPENAI}; export GROQ_API_KEY={OTHER}\n")[1]
    assert unread(two) == {"line 1, OPENAI_API_KEY": "it holds a character that no key has"}


def test_a_command_in_a_file_of_crush_is_named_and_not_run() -> None:
    kind, keys = read(CRUSH)
    assert (kind, entries(keys)) == (
        "crush",
        [
            ("deepseek", {"api_key": OTHER}),
            ("anthropic", {"api_key": OPENAI, "base_url": "https://claude.example.test"}),
        ],
    )
    assert unread(keys) == {
        "providers, shell": COMMAND,
        "providers, bedrock": "Modeldeck has no provider of its type",
    }
    assert not Path("/tmp/never").exists()


def test_aichat_has_a_list_of_clients() -> None:
    kind, keys = read(AICHAT)
    assert (kind, entries(keys)) == (
        "aichat",
        [
            ("openai", {"api_key": OPENAI, "organization": "org-x"}),
            ("openai_compatible", {"base_url": "http://localhost:8080/v1"}),
            ("mistral", {"api_key": OTHER}),
            ("azure_openai", {"api_key": OTHER, "endpoint": "https://acme.openai.azure.com"}),
            ("ollama", {"base_url": "http://localhost:11434/v1"}),
            ("wenxin", {"legacy_api_key": "FAKE-ak-1a2b3c", "legacy_secret_key": "FAKE-sk-4d5e6f"}),
        ],
    )
    assert unread(keys) == {"client 7, bedrock": "Modeldeck has no provider of its type"}


def test_litellm_takes_variables_from_its_own_file_only() -> None:
    kind, keys = read(LITELLM)
    azure = {"api_key": OTHER, "api_version": "2024-10-21", "endpoint": "https://acme.openai.azure.com"}
    assert (kind, entries(keys)) == (
        "litellm",
        [
            ("openai", {"api_key": OPENAI}),
            ("azure_openai", azure),
            ("openai_compatible", {"api_key": OTHER, "base_url": "https://llm.example.test/v1"}),
        ],
    )
    assert unread(keys) == {
        "include": "other files are not read",
        "model 5, claude": VARIABLE,
        "model 6, nova": NO_PROVIDER,
    }


def test_an_export_of_cc_switch_is_read_as_text_and_not_run() -> None:
    for content in (SQL, SQL.replace(COLUMNS, "")):
        kind, keys = read(content)
        assert (kind, entries(keys)) == (
            "cc-switch",
            [
                ("anthropic", {"api_key": OTHER, "base_url": "https://r.example.test"}),
                ("openai_compatible", {"api_key": OPENAI, "base_url": "https://o.example.test/v1"}),
            ],
        )
        assert [key.where for key in keys.keys] == ["claude, It's mine", "codex, Relay"]
        assert unread(keys) == {"gemini, Google Official": "no API key is in it"}
    kind, keys = read(CC_SWITCH)
    assert (kind, entries(keys)) == (
        "cc-switch",
        [
            ("anthropic", {"api_key": OTHER, "base_url": "https://relay.example.test"}),
            ("openai", {"api_key": OPENAI}),
        ],
    )


GRAMMAR = r"""# a comment
export OPENAI_API_KEY = one # a comment
A='as $is \n' # a comment
B="a \"b\" \\ \$c\td"
C=a#b
D=
E=$OPENAI_API_KEY
F="$(id)"
G="no end
H='$(id)'
OPENAI_API_KEY=two
no variable
"""


def test_an_environment_file_follows_the_stated_grammar() -> None:
    lines = [(line.line, line.name, line.value, line.problem) for line in variables("\ufeff" + GRAMMAR)]
    assert lines == [
        (2, "OPENAI_API_KEY", "one", ""),
        (3, "A", r"as $is \n", ""),
        (4, "B", 'a "b" \\ $c\td', ""),
        (5, "C", "a#b", ""),
        (6, "D", "", ""),
        (7, "E", "", VARIABLE),
        (8, "F", "", COMMAND),
        (9, "G", "", "its quotes do not end on its line"),
        (10, "H", "$(id)", ""),
        (11, "OPENAI_API_KEY", "two", ""),
        (12, "", "", "it is no variable"),
    ]
    assert lines == [
        (line.line, line.name, line.value, line.problem) for line in variables(GRAMMAR.replace("\n", "\r\n"))
    ]


def test_an_environment_file_fills_the_fields_of_the_providers() -> None:
    text = f"""
OPENAI_API_KEY={OPENAI}
OPENAI_BASE_URL=https://proxy.example.test/v1
AZURE_OPENAI_API_KEY={OTHER}
DEEPSEEK_API_KEY="{OTHER}"
GROQ_API_KEY=$OTHER
ACME_API_KEY={OTHER}
DATABASE_URL=postgres://db
"""
    kind, keys = read(text)
    assert (kind, entries(keys)) == (
        "env",
        [
            ("openai", {"api_key": OPENAI, "base_url": "https://proxy.example.test/v1"}),
            ("deepseek", {"api_key": OTHER}),
        ],
    )
    assert keys.has_more and unread(keys) == {
        "line 4, AZURE_OPENAI_API_KEY": "its endpoint is not in the file",
        "line 6, GROQ_API_KEY": VARIABLE,
        "line 7, ACME_API_KEY": "no provider reads it",
    }
    assert not read(f"OPENAI_API_KEY={OPENAI}\n")[1].has_more


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"hello",
        b'{"a": 1}',
        b"clients: [",
        b"clients: " + b"[" * 30_000,
        b"model_list: !!python/object/apply:os.system [id]",
        b'clients: "\\x00"\x07',
        b"model_list:\n" + b"# a comment\n" * 120_000,
        b"x" * (4 * 1024 * 1024 + 1),
    ],
)
def test_what_is_no_such_file_is_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(UsageError):
        read_keys(content)


def sql(app: str, settings: str) -> str:
    """Return an export of cc-switch with one provider."""
    quoted = settings.replace("'", "''")
    return f"-- CC Switch SQLite 导出\nINSERT INTO providers VALUES ('a', '{app}', 'Relay', '{quoted}');\n"


@pytest.mark.parametrize(
    ("content", "where", "reason"),
    [
        (sql("claude", "{"), "provider Relay", "its settings are not JSON"),
        (sql("claude", "[" * 30_000), "provider Relay", "its settings are not JSON"),
        (sql("claude", "[]"), "claude, Relay", "its settings are not an object"),
        (
            sql("gemini", json.dumps({"env": {"GEMINI_API_KEY": OTHER, "GOOGLE_GEMINI_BASE_URL": "https://g.test"}})),
            "gemini, Relay",
            "Modeldeck has no provider that speaks Gemini to another base URL",
        ),
        (CRUSH | {"providers": {"x": {"type": "openai-compat"}}}, "providers, x", "no key and no base URL is named"),
        (OTERM | {"openaiCompatible": {"x": {}}}, "openaiCompatible, x", "it has no base_url"),
        (
            "model_list:\n  - litellm_params: {}\n",
            "model 1",
            "it has no litellm_params with a model",
        ),
        (f"clients:\n  - type: openai\n    api_key: [{OPENAI}]\n", "client 1, openai", "its key is not text"),
        (
            "clients:\n  - type: openai-compatible\n    name: x\n    api_base: nowhere at all\n",
            "client 1, x",
            "its base URL is not an address",
        ),
        ("clients:\n  - type: openai\n", "client 1, openai", "no key is in the file"),
        (
            f"clients:\n  - type: openai\n    api_key: '{OPENAI}§'\n",
            "client 1, openai",
            "its key holds a character that no key has",
        ),
    ],
)
def test_entries_that_are_not_credentials_are_named_with_the_reason(
    content: str | dict[str, Any], where: str, reason: str
) -> None:
    keys = read(content)[1]
    assert keys.keys == () and unread(keys) == {where: reason}
    assert [str(entry) for entry in keys.unread] == [f"Not read: {where}, as {reason}."]


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (sql("gemini", json.dumps({"env": {"GEMINI_API_KEY": OTHER}})), ("gemini", {"api_key": OTHER})),
        (
            sql("opencode", json.dumps({"options": {"apiKey": OTHER, "baseURL": "https://o.example.test/v1"}})),
            ("openai_compatible", {"api_key": OTHER, "base_url": "https://o.example.test/v1"}),
        ),
        (
            sql("codex", json.dumps({"auth": {"OPENAI_API_KEY": OPENAI}, "config": "not toml ["})),
            ("openai", {"api_key": OPENAI}),
        ),
        (
            CRUSH | {"providers": {"a": {"type": "azure", "api_key": OTHER, "base_url": "https://a.openai.azure.com"}}},
            ("azure_openai", {"api_key": OTHER, "endpoint": "https://a.openai.azure.com"}),
        ),
        (f"clients:\n  - type: ernie\n    api_key: {OTHER}\n", ("wenxin", {"api_key": OTHER})),
        (
            f"model_list: []\nenvironment_variables:\n  OPENAI_API_KEY: {OPENAI}\n",
            ("openai", {"api_key": OPENAI}),
        ),
    ],
)
def test_every_program_finds_the_key_of_its_provider(
    content: str | dict[str, Any], key: tuple[str, dict[str, str]]
) -> None:
    assert entries(read(content)[1]) == [key]


def test_names_for_names_in_yaml_cost_nothing() -> None:
    levels = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    assert read(f"a0: &a0 x\n{levels}clients: [*a11]")[1].keys == ()


def test_a_name_in_a_file_is_shown_without_control_characters() -> None:
    (where,) = unread(read({"\x1b]0;x\x07name": OPENAI})[1])
    assert "\x1b" not in where and "\x07" not in where


def test_without_its_library_yaml_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(Problem) as refused:
        read_keys(AICHAT.encode())
    assert refused.value.hint == "Install modeldeck[yaml]."
    assert read(LLM)[0] == "llm"
