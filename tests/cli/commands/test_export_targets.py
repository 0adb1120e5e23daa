"""`modeldeck export --format`: what other programs read, without keys, and what comes back by `modeldeck import`."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import KEY, Run, environ
from tests.doubles.openai_server import OpenAIServer
from tui.tenancy.session import open_session

AZURE, GPU = "https://acme.openai.azure.com", "http://127.0.0.1:9/v1"
OTHER = "test-not-a-real-key-77c1d0e2-ab"


@pytest.fixture
def stocked(ready: Run) -> Run:
    """acme with OpenAI, Azure with a deployment, and a connection gpu without a key."""
    azure = ("provider", "set", "azure_openai", f"endpoint={AZURE}", "api_key=-", "--no-verify")
    assert ready(*azure, stdin=OTHER + "\n").code == 0
    for ref, kind in (("azure_openai/gpt-east", "chat"), ("azure_openai/whisper-east", "speech2text")):
        added = ready("model", "add", *ref.split("/"), "--type", kind, "base_model=gpt-4o", "--no-verify")
        assert added.code == 0, added.err
    gpu = ("provider", "add", "gpu", "--like", "openai_compatible", f"base_url={GPU}", "--no-verify")
    assert ready(*gpu).code == 0
    for kind in ("chat", "embedding"):
        assert ready("model", "add", "gpu", "qwen", "--type", kind, "--no-verify").code == 0
    return ready


def models_of(text: str) -> dict[str, dict[str, Any]]:
    """The entries of a LiteLLM configuration, as its proxy reads them."""
    entries = yaml.safe_load(text)["model_list"]
    named = {entry["model_name"]: entry for entry in entries}
    assert len(named) == len(entries)
    return named


@pytest.mark.slow
def test_litellm_gets_every_model_and_no_key(stocked: Run, tmp_path: Path, server: OpenAIServer) -> None:
    path = tmp_path / "config.yaml"
    ran = stocked("export", "--format", "litellm", "-o", str(path))
    assert (ran.code, ran.out) == (0, f"Wrote {path}, without API keys.\n"), ran.err
    text = path.read_text()
    assert KEY not in text and OTHER not in text and path.stat().st_mode & 0o777 == 0o600
    start = shlex.join(["modeldeck", "exec", "-t", "acme", "--by-provider", "--", "litellm", "--config", str(path)])
    assert text.splitlines()[0].endswith(start)
    models = models_of(text)
    assert models["openai/gpt-5.4-mini"] == {
        "model_name": "openai/gpt-5.4-mini",
        "litellm_params": {
            "model": "openai/gpt-5.4-mini",
            "api_base": server.url,
            "api_key": "os.environ/OPENAI_API_KEY",
        },
        "model_info": {"mode": "chat"},
    }
    assert models["azure_openai/gpt-east"]["litellm_params"] == {
        "model": "azure/gpt-east",
        "api_base": AZURE,
        "api_key": "os.environ/AZURE_OPENAI_API_KEY",
        "api_version": "v1",
    }
    modes = {name: entry["model_info"]["mode"] for name, entry in models.items()}
    assert modes["openai/text-embedding-3-small"] == "embedding" and modes["openai/whisper-1"] == "audio_transcription"
    assert models["gpu/qwen"]["litellm_params"] == {"model": "openai/qwen", "api_base": GPU, "api_key": "none"}
    assert modes["gpu/qwen (embedding)"] == "embedding"
    assert models["azure_openai/gpt-east"]["model_info"]["base_model"] == "azure/gpt-4o"
    only = stocked("export", "--format", "litellm", "--provider", "gpu").out
    assert [*models_of(only)] == ["gpu/qwen", "gpu/qwen (embedding)"] and "--provider gpu --by-provider" in only


@pytest.mark.slow
def test_a_program_gets_the_variables_that_the_configuration_names(stocked: Run) -> None:
    names = {
        entry["litellm_params"]["api_key"].removeprefix("os.environ/")
        for entry in models_of(stocked("export", "--format", "litellm").out).values()
    }
    variables = json.loads(stocked("env", "--by-provider", "--json").out)
    assert names - {"none"} <= variables.keys() and variables["AZURE_OPENAI_API_KEY"] == OTHER
    assert variables["GPU_BASE_URL"] == GPU
    assert "GPU_BASE_URL" not in json.loads(stocked("env", "--json").out)


@pytest.mark.slow
def test_what_litellm_reads_comes_back_as_the_same_providers(
    stocked: Run, tmp_path: Path, server: OpenAIServer
) -> None:
    variables = json.loads(stocked("env", "--by-provider", "--json").out)
    content = yaml.safe_load(stocked("export", "--format", "litellm").out)
    content["environment_variables"] = {name: value for name, value in variables.items() if name.endswith("_API_KEY")}
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(content))
    ran = stocked("import", str(path), "-t", "copy", "--yes", "--no-verify", "--json")
    assert ran.code == 0, ran.err
    keys = {(key["provider"], *key["origins"]) for key in json.loads(ran.out)["keys"]}
    local = server.url.removesuffix("/v1")
    assert {("azure_openai", AZURE)} < keys and any(local in key for key in keys)
    assert (
        json.loads(stocked("env", "-t", "copy", "--provider", "azure_openai", "--json").out)["AZURE_OPENAI_API_KEY"]
        == OTHER
    )


@pytest.mark.slow
def test_an_environment_file_holds_keys_and_comes_back(stocked: Run, tmp_path: Path, server: OpenAIServer) -> None:
    path = tmp_path / ".env"
    refused = stocked("export", "--format", "dotenv", "-o", str(path))
    assert refused.code == 2 and not path.exists() and "holds the keys in clear" in refused.err
    assert stocked("export", "--format", "dotenv", "--reveal", "-o", str(path)).code == 0
    assert KEY in path.read_text() and path.stat().st_mode & 0o777 == 0o600
    again = stocked("import", str(path), "--yes", "--no-verify")
    assert again.code == 0 and "already matches the file" in again.out, again.out
    ran = stocked("import", str(path), "-t", "copy", "--yes", "--json")
    assert {(key["provider"], key["state"]) for key in json.loads(ran.out)["keys"]} == {
        ("openai", "ready"),
        ("azure_openai", "rejected"),
    }


@pytest.mark.slow
def test_dify_docker_and_systemd_get_no_key(stocked: Run, server: OpenAIServer) -> None:
    dify = stocked("export", "--format", "dify")
    assert "HOSTED_OPENAI_API_KEY=${OPENAI_API_KEY}\n" in dify.out and "gpu" in dify.err
    assert f"HOSTED_OPENAI_API_BASE={server.url.removesuffix('/v1')}\n" in dify.out
    assert f"HOSTED_AZURE_OPENAI_API_BASE={AZURE}\n" in dify.out
    compose = stocked("export", "--format", "compose").out
    listed = yaml.safe_load(compose)["services"]["app"]["environment"]
    assert {"OPENAI_API_KEY", "OPENAI_BASE_URL", "MODELDECK_CHAT_MODEL"} <= set(listed)
    unit = stocked("export", "--format", "systemd").out
    assert "modeldeck exec -t acme -- /path/to/program\n" in unit and "LoadCredentialEncrypted" not in unit
    assert KEY not in dify.out + compose + unit


def test_an_address_that_was_edited_is_written_nowhere(stocked: Run, home: Path, server: OpenAIServer) -> None:
    assert AZURE in stocked("export", "--format", "litellm").out
    evil = "https://evil.openai.azure.com"
    with open_session(environ(home)).store("acme").transaction() as tables:
        table = tables.table("credentials")
        table.update({"clear": {"endpoint": evil}, "origins": [evil]}, lambda one: one["provider"] == "azure_openai")
    ran = stocked("export", "--format", "litellm")
    assert (ran.code, ran.out) == (5, "") and AZURE in ran.err


@pytest.mark.slow
def test_a_model_id_is_no_address_and_no_setting_of_another_program(stocked: Run, home: Path) -> None:
    evil = (
        "x\nHOSTED_OPENAI_API_BASE=https://evil.test",
        "https://evil.test/v1",
        "${HOME}",
        "../evil",
        "a,b",
        "a\u200bb",
    )
    tenant = open_session(environ(home)).tenant("acme")
    with tenant.store.transaction() as tables:
        table = tables.table("models")
        for model_id in (*evil, "ft:gpt-4o:org::id"):
            table.insert({"provider": "openai", "id": model_id, "type": "chat", "completion": False})
    for target in ("dify", "litellm"):
        ran = stocked("export", "--format", target, "--provider", "openai")
        assert ran.code == 0 and "left out 6 model IDs that other programs could take for an address" in ran.err
        assert "ft:gpt-4o:org::id" in ran.out and "gpt-5.4-mini" in ran.out  # the control
        assert not any(word in ran.out for word in ("evil", "HOME}", "a,b", "\u200b", "U+200B")), ran.out
    assert stocked("default", "set", "chat", "openai/https://evil.test/v1").code == 0
    printed = stocked("env", "--provider", "openai", "--format", "json").out
    assert "evil" not in printed and KEY in printed
