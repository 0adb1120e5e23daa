"""Writes `v_before/` with the version that is checked out, against a gateway on loopback; once, before a version goes.

python -m tests.compatibility.write_stored_files FOLDER
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.compatibility.kit import (
    BUNDLE_PASSPHRASE,
    MODELS,
    PASSPHRASE,
    PROTECTED,
    QUESTIONS,
    TENANTS,
    Gateway,
    Home,
    sums,
)

CONFIG = """\
theme = "textual-light"
glyphs = "ascii"
mouse = false
start = "playground"
auto_lock = 7
log = true
display = "whole"
line = 115200

[keymap]
"app.quit-everywhere" = "f9"
"providers.verify" = "f8"
"""


def key(name: str) -> str:
    """Return an API key that is plainly a fake."""
    return f"sk-fixture-0000000000-{name}"


def set_up(home: Home, tenant: str, gateway: Gateway, passphrase: str) -> None:
    """Save credentials of every kind, models and defaults."""

    def run(*words: str, stdin: str = "") -> None:
        home.run(*words, "-t", tenant, stdin=stdin, passphrase=passphrase)

    def sealed(provider: str, *fields: str, name: str = "", verify: bool = False, http: bool = False) -> None:
        """One credential; each secret field, marked by `=-`, gets a key that names its place."""
        more = [
            *(("--name", name) if name else ()),
            *(() if verify else ("--no-verify",)),
            *(("--allow-http",) if http else ()),
        ]
        marked = [field.removesuffix("=-") for field in fields if field.endswith("=-")]
        typed = "".join(key(f"{tenant}-{provider}-{name or 'default'}-{field}") + "\n" for field in marked)
        run("provider", "set", provider, *fields, *more, stdin=typed)

    sealed("openai_compatible", f"base_url={gateway.origin}/v1", "api_key=-", verify=True)
    sealed(
        "openai_compatible",
        "base_url=http://gateway.example/v1",
        "api_key=-",
        name="far-away",
        verify=True,
        http=True,
    )
    sealed("openai_compatible", "base_url=http://127.0.0.1:9/v1", name="no-key")
    sealed(
        "openai",
        f"base_url={gateway.origin}/v1",
        "organization=org-fixture",
        "project=proj_fixture",
        "api_key=-",
        verify=True,
    )
    sealed("azure_openai", "endpoint=https://fixture.openai.azure.com", "api_version=2024-10-21", "api_key=-")
    sealed("spark", "api_password=-", "app_id=00000000", "api_key=-", "api_secret=-")
    sealed("wenxin", "app_id=app-fixture", "api_key=-")
    if tenant == PROTECTED:
        more_auth_methods(sealed, run)
    run("model", "add", "azure_openai", "east", "base_model=gpt-5.4-mini", "--no-verify")
    run("model", "add", "azure_openai", "vectors", "base_model=text-embedding-3-small", "--no-verify")
    run("model", "add", "openai_compatible", "qwen3:32b", "--type", "chat", "--no-verify")
    run("model", "add", "openai", "ft:gpt-5.4-mini:文:1", "--type", "chat", "--no-verify")
    run("default", "set", "chat", "openai/gpt-5.4-mini")
    run("default", "set", "embedding", "openai/text-embedding-3-small")
    run("default", "set", "speech2text", "openai/gpt-transcribe")
    gateway.models = [model for model in MODELS if model != "gpt-6-sol"]
    run("model", "refresh", "openai")
    # Before the rotation, as a bundle with a kept key in it is not imported.
    handed = [*([passphrase] if passphrase else []), BUNDLE_PASSPHRASE]
    home.run("export", tenant, "--with-secrets", "-o", str(home.path / f"bundles/{tenant}.sealed"), handed=handed)
    run("credential", "rotate", "openai", stdin=key(f"{tenant}-openai-default-new") + "\n")
    gateway.models = MODELS


def more_auth_methods(sealed: Callable[..., None], run: Callable[..., None]) -> None:
    """Save credentials with the fields of the other auth methods, and a model with its own URL."""
    sealed(
        "azure_openai",
        "endpoint=https://fixture.openai.azure.com",
        "directory_id=00000000-fixture",
        "client_id=00000000-0000-0000-0000-000000000000",
        "client_secret=-",
        name="entra",
    )
    sealed("spark", "app_id=00000001", "api_key=-", "api_secret=-", name="socket")
    sealed("wenxin", "legacy_api_key=-", "legacy_secret_key=-", name="older")
    sealed("huggingface", "bill_to=fixture-org", "api_token=-")
    run(
        *("model", "add", "huggingface", "fixture/model", "endpoint_type=inference_endpoints"),
        *("task=text-generation", "endpoint_url=https://fixture.endpoints.huggingface.cloud"),
        *("--type", "chat", "--no-verify"),
    )


def write(home: Home, gateway: Gateway) -> None:
    """Write every stored file."""
    for name in ("config", "bundles"):
        (home.path / name).mkdir(mode=0o700)
    (home.path / "config/config.toml").write_text(CONFIG)
    home.run("tenant", "create", "acme")
    home.run("tenant", "create", "north-lab", passphrase="first-horse-fixture")
    home.run("tenant", "passphrase", "north-lab", handed=("first-horse-fixture", PASSPHRASE))
    home.run("tenant", "create", "Guest of the house", "--id", "guest")
    set_up(home, "acme", gateway, "")
    set_up(home, PROTECTED, gateway, PASSPHRASE)
    home.run("tenant", "rename", "acme", "Acme & Söhne 例")

    words: tuple[str, ...] = (
        "trial",
        "set",
        "openai",
        "base_url=http://gateway.example/v1",
        "api_key=-",
        "--allow-http",
    )
    home.run(*words, "--calls", "10", "--models", "gpt-5.4-mini", stdin=key("operator-trial-openai") + "\n")
    words = ("trial", "set", "wenxin", "api_key=-", "--no-verify")
    home.run(*words, "--calls", "50", "--models", "ernie-5.0", stdin=key("operator-trial-wenxin") + "\n")
    for _ in range(9):
        home.run("chat", "-t", "guest", "--no-stream", "-m", "openai/gpt-5.4-mini", "Why?")
    home.run("provider", "source", "openai", "trial", "-t", "acme")
    for _ in range(2):
        home.run("chat", "-t", "acme", "--no-stream", "Why?")
    home.run("vault", "rotate", "--operator")

    home.run("chat", "-t", PROTECTED, "--no-stream", "Why?", passphrase=PASSPHRASE)
    assert home.tried("chat", "-t", PROTECTED, "Why?", passphrase="wrong-horse-fixture").code == 5
    for tenant, passphrase in (("acme", ""), (PROTECTED, PASSPHRASE)):
        home.run("vault", "rotate", "-t", tenant, passphrase=passphrase)
    # While the tenant is locked: one credential is new, one takes the place of another.
    words = ("provider", "set", "openai_compatible", "base_url=http://127.0.0.1:9/v1", "api_key=-", "--no-verify")
    home.run(*words, "--name", "while-locked", "-t", PROTECTED, stdin=key("north-lab-while-locked") + "\n")
    words = ("provider", "set", "wenxin", "app_id=app-fixture", "api_key=-", "--no-verify")
    home.run(*words, "-t", PROTECTED, stdin=key("north-lab-wenxin-replaced-while-locked") + "\n")
    home.run("default", "clear", "speech2text", "-t", "acme")
    home.run("credential", "use", "openai_compatible", "far-away", "-t", "acme")

    for tenant in TENANTS:
        home.run("export", tenant, "-o", str(home.path / f"bundles/{tenant}.json"))


def answers(home: Home) -> dict[str, Any]:
    """Return what each command prints of the stored files. Each reads a copy, so that none changes them."""

    def copy() -> Home:
        there = Path(tempfile.mkdtemp(dir=home.path.parent))
        shutil.copytree(home.path, there, dirs_exist_ok=True)
        return Home(there, home.proxy)

    look = copy()
    answers = {name: look.query(*words) for name, words in QUESTIONS.items()}
    opened = copy().query("vault", "status", "-t", PROTECTED, passphrase=PASSPHRASE)
    confirming = copy()
    confirmed = confirming.query("vault", "confirm", "--yes", "-t", PROTECTED, passphrase=PASSPHRASE)
    earlier: dict[str, Any] = {}
    for tenant in ("acme", PROTECTED):
        for state in answers[f"{tenant}: vault restore"]:
            back, number = copy(), str(state["state"])
            passphrase = PASSPHRASE if tenant == PROTECTED else ""
            back.run("vault", "restore", tenant, "--state", number, "--yes", passphrase=passphrase)
            earlier[f"{tenant} {number}"] = back.state(tenant)
    bundles = home.path / "bundles"
    return {
        "answers": answers,
        "with the passphrase": {"vault status": opened, "vault confirm": confirmed},
        "secrets": {
            **{tenant: copy().secrets(tenant) for tenant in ("acme", PROTECTED)},
            f"{PROTECTED} when confirmed": confirming.secrets(PROTECTED),
            "trials": {"openai": key("operator-trial-openai"), "wenxin": key("operator-trial-wenxin")},
        },
        "earlier": earlier,
        "plans": {
            tenant: copy().query("import", str(bundles / f"{tenant}.json"), "--dry-run", "-t", "guest")
            for tenant in ("acme", PROTECTED)
        },
        "imports": {
            tenant: Home(Path(tempfile.mkdtemp(dir=home.path.parent))).imported(tenant, bundles / f"{tenant}.sealed")
            for tenant in ("acme", PROTECTED)
        },
    }


def lines(expected: dict[str, Any]) -> Iterator[str]:
    """Return the expected answers as JSON, one per line."""

    def text(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    yield "{"
    for place, (name, credential) in enumerate(expected.items(), 1):
        yield f"{text(name)}:{{"
        yield ",\n".join(f" {text(key)}:{text(value)}" for key, value in credential.items())
        yield "}" + ("," if place < len(expected) else "")
    yield "}"


def main() -> None:
    """Write everything to a temporary folder, and move it to its place when it is complete."""
    place = Path(sys.argv[1])
    if place.exists():
        sys.exit(f"{place} is there already; what an older version wrote is never written anew.")
    with tempfile.TemporaryDirectory() as temporary, Gateway() as gateway:
        home = Home(Path(temporary) / "workspace", gateway.origin)
        home.path.mkdir(mode=0o700)
        write(home, gateway)
        shutil.rmtree(home.path / "home")
        expected = answers(home)
        shutil.rmtree(home.path / "home", ignore_errors=True)
        # A lock file names the machine and its last process; who finds none makes one.
        shutil.copytree(home.path, place, ignore=shutil.ignore_patterns(".lock"))
        expected["files"] = sums(place)
        (place / "expected.json").write_text("\n".join(lines(expected)) + "\n")


if __name__ == "__main__":
    main()
