"""What people mix up at a provider, called by its name by a command. Practice providers answer as documented."""

from dataclasses import dataclass

import pytest

import tui.tenancy.session
from tests.cli.conftest import Run
from tests.doubles.practice import practice_session

OF_VECTORS = "https://x7k2m9.eu-west-1.aws.endpoints.huggingface.cloud"
AZURE = ("provider", "set", "azure_openai", "endpoint=https://acme-east.openai.azure.com", "api_key=-")
PAIR = ("FAKE0example00secret0of0nobody00", "fa4e0000example00key0of0nobody00")
NEWEST = ("model", "add", "replicate", "nateraw/bge-large-en-v1.5", "--type", "embedding")


@dataclass(frozen=True)
class Mistake:
    """Commands that lead to it, the last of which makes it; what each reads, and part of what is said."""

    commands: tuple[tuple[str, ...], ...]
    says: tuple[str, ...]
    code: int = 1
    reads: tuple[str, ...] = ()


MISTAKES = {
    "Spark's key and secret swapped": Mistake(
        (("provider", "set", "spark", "app_id=fa4e0000", "api_key=-", "api_secret=-", "--name", "other"),),
        ("found no application with this APIKey", "whether APIKey and APISecret are swapped"),
        code=3,
        reads=PAIR,
    ),
    "a model's name in place of an Azure deployment": Mistake(
        (AZURE, ("model", "add", "azure_openai", "gpt-4.1", "base_model=gpt-4.1")),
        ("gpt-4.1 is the name of a model, and this resource has no deployment that is called so.",),
        reads=("FAKE-azure-key-of-nobody",),
    ),
    "a key of the other region": Mistake(
        (
            ("provider", "remove", "minimax", "--yes"),
            ("provider", "set", "minimax", "base_url=https://api.minimaxi.com/v1", "api_key=-"),
        ),
        ("mainland China rejected this key; international accepted it and is used.",),
        code=0,
        reads=("eyJFAKE-overseas.FAKE.FAKE3f2a",),
    ),
    "the endpoint of another task": Mistake(
        (
            (
                *("model", "add", "huggingface", "house", "endpoint_type=inference_endpoints"),
                *("task=text-generation", f"endpoint_url={OF_VECTORS}"),
            ),
        ),
        ("house does not serve the task that was chosen. It is for embedding.",),
    ),
    "a community model without its version": Mistake(
        (
            ("model", "remove", "replicate", NEWEST[3], "--yes"),
            (*NEWEST, "--no-verify"),
            ("embed", "Hello", "-m", f"replicate/{NEWEST[3]}"),
        ),
        ("a community model needs a version that it has", "so that its newest one is found"),
    ),
    "a version that nobody chose": Mistake(
        (("model", "remove", "replicate", NEWEST[3], "--yes"), NEWEST),
        ("Of this community model the newest version was taken",),
        code=0,
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_called_by_its_name(name: str, modeldeck: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    mistake, session = MISTAKES[name], practice_session(pace=0.0)
    monkeypatch.setattr(tui.tenancy.session, "open_session", lambda environ: session)
    lines = "".join(f"{read}\n" for read in mistake.reads)
    for command in mistake.commands:
        done = modeldeck(*command, "-t", "acme", stdin=lines if any(word.endswith("=-") for word in command) else "")
    assert done.code == mistake.code, done.err
    for part in mistake.says:
        assert part in done.out + done.err
    for secret in mistake.reads:
        assert secret not in done.out + done.err
