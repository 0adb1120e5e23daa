"""The format as FORMAT.md has it: two programs agree on every vector and on what a session writes; openssl reads it."""

import ast
import asyncio
import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests import syntax
from tests.vault import opener
from tui.errors import Problem
from tui.secret import Secret
from tui.storage import audit_log
from tui.tenancy.session import Session
from tui.vault import encrypted_file, envelope, key_pair
from tui.workspace import connections, tenants
from tui.workspace.credentials import rotation as credential_rotation
from tui.workspace.credentials import save
from tui.workspace.key_pairs import rotation
from tui.workspace.transfer import export, file_format

HERE = Path(__file__).parent
FORMAT = HERE.parent.parent / "tui" / "vault" / "FORMAT.md"
VECTORS: dict[str, Any] = json.loads((HERE / "vectors.json").read_text())
KEY = "sk-FAKE-key-of-a-format-0001"
PASSPHRASE = "a FAKE passphrase"


load_as_opener, load_as_modeldeck = cache(opener.private_key), cache(key_pair.load)
"""The vectors share their private keys, and loading one takes longer than the rest of a test."""


def vectors(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", VECTORS[name], ids=[vector["what"] for vector in VECTORS[name]])


def test_the_opener_knows_nothing_of_modeldeck() -> None:
    tree = syntax.parse((HERE / "opener.py").read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in names if name.split(".")[0] in ("tui", "tests", "Crypto")]


@pytest.mark.slow
def test_both_read_the_key_files() -> None:
    for name, passphrase in (("private_key", ""), ("protected_key", VECTORS["passphrase"])):
        pem = VECTORS[name].encode()
        opened, modeldeck = opener.private_key(pem, passphrase), key_pair.load(pem, Secret(passphrase))
        assert opener.key_id(opened) == modeldeck.key_id == VECTORS["key_id"]
        assert opener.public_pem(opened).split() == modeldeck.public_pem.split() == VECTORS["public_key"].split()


@pytest.mark.slow
@vectors("envelopes")
def test_both_open_or_refuse_an_envelope(vector: dict[str, Any]) -> None:
    pem, tenant, record = VECTORS[vector.get("key", "private_key")], vector.get("tenant", "acme"), vector["record"]
    try:
        by_opener = opener.secrets(load_as_opener(pem.encode()), tenant, record)
    except opener.Refused:
        by_opener = None
    names = ("provider", "name", "key_id", "origins", "clear", "plain_http")
    provider, name, key_id, origins, clear, plain_http = (record[field] for field in names)
    binding = envelope.Binding(tenant, provider, name, key_id, tuple(origins), clear, tuple(plain_http))
    try:
        opened = envelope.unseal(load_as_modeldeck(pem.encode()), record["envelope"], binding)
        modeldeck = {field: secret.reveal() for field, secret in opened.items()}
    except Problem:
        modeldeck = None
    assert by_opener == modeldeck == vector["secrets"]


@vectors("logs")
def test_both_check_a_log(vector: dict[str, Any]) -> None:
    lines, mac_key = [line.encode() for line in vector["lines"]], bytes.fromhex(vector["mac_key"])
    try:
        opened = opener.check_log(lines, vector["tenant"], vector["head"], mac_key) == len(lines)
    except opener.Refused:
        opened = False
    content = b"".join(line + b"\n" for line in lines)
    head = audit_log.Head(**vector["head"])
    assert (
        opened is (not audit_log.verify(content, head, audit_log.start(vector["tenant"]), mac_key)) is vector["whole"]
    )


@vectors("exports")
def test_both_open_or_refuse_an_exported_file(vector: dict[str, Any]) -> None:
    passphrase = vector.get("passphrase", VECTORS["passphrase"])
    try:
        opened = opener.open_export(vector["file"], passphrase)
    except opener.Refused:
        opened = None
    try:
        modeldeck = json.loads(encrypted_file.unprotect(vector["file"], Secret(passphrase)))
    except Problem:
        modeldeck = None
    assert opened == modeldeck == vector["content"]


async def written(session: Session, passphrase: str) -> str:
    """Let a session write all that the format describes; return the tenant's id."""
    secret = Secret(passphrase) if passphrase else None
    tenant = session.tenant((await tenants.create(session, "acme", secret)).id)
    await save.save(tenant, "openai", {"api_key": Secret(KEY)})
    values: dict[str, str | Secret] = {"base_url": "https://one.example/v1", "api_key": Secret(f"{KEY}-other")}
    await save.save(tenant, "openai_compatible", values, name="far-away")
    await connections.add(tenant, "gpu", "openai_compatible")
    await save.save(tenant, "gpu", {"base_url": "https://two.example/v1", "api_key": Secret(f"{KEY}-gpu")})
    await save.save(tenant, "openai_compatible", {"base_url": "http://localhost:8000/v1"})
    await save.save(tenant, "spark", {"api_password": Secret("FAKE"), "base_url": "https://one.example"})
    await rotate_and_go_back(session, tenant.tenant_id)
    await rotation.rotate(tenant, secret)
    return tenant.tenant_id


async def rotate_and_go_back(session: Session, tenant_id: str) -> None:
    """Rotate a key and go back, so that a previous one is stored."""
    tenant = session.tenant(tenant_id)
    await save.apply_save(await credential_rotation.plan_rotation(tenant, "openai", {"api_key": Secret(f"{KEY}-new")}))
    await credential_rotation.restore_previous(tenant, "openai", "default")


@pytest.mark.slow
@pytest.mark.parametrize("passphrase", ["", PASSPHRASE])
async def test_all_that_a_session_writes_opens(disk_session: Session, passphrase: str) -> None:
    tenant_id = await written(disk_session, passphrase)
    settings, keys = disk_session.store(tenant_id).folder.path, disk_session.keys.folder(tenant_id).path
    assert settings and keys
    data = json.loads((settings / "settings.json").read_text())["data"]
    (meta,) = data["meta"].values()
    private = opener.private_key((keys / f"{meta['key_id']}.pem").read_bytes(), passphrase)
    assert opener.public_pem(private).split() == (keys / f"{meta['key_id']}.pub").read_text().split()
    assert meta["public_key"].split() == opener.public_pem(private).split()
    sealed = [record for record in data["credentials"].values() if record["envelope"]]
    opened = [opener.secrets(private, tenant_id, record) for record in sealed]
    assert {"api_key": KEY} in opened and {"api_key": f"{KEY}-gpu"} in opened and len(opened) == 5
    opener.check_manifest(private, tenant_id, data)
    (proof,) = data["proof"].values()
    assert proof["counter"] == int((keys / "counter").read_text())
    lines = (settings / "audit.log").read_bytes().splitlines()
    head, mac_key = (
        json.loads((keys / "audit" / "head.json").read_text()),
        bytes.fromhex((keys / "audit" / "mac.key").read_text()),
    )
    assert opener.check_log(lines, tenant_id, head, mac_key) > 5
    file = (await export.export(disk_session.tenant(tenant_id), Secret("of the file"))).text
    assert opener.open_export(json.loads(file), "of the file")["modeldeck"] == file_format.KIND


@pytest.mark.slow
async def test_a_manifest_that_was_changed_is_refused(disk_session: Session) -> None:
    tenant_id = await written(disk_session, "")
    settings, keys = disk_session.store(tenant_id).folder.path, disk_session.keys.folder(tenant_id).path
    assert settings and keys
    data = json.loads((settings / "settings.json").read_text())["data"]
    (meta,) = data["meta"].values()
    private = opener.private_key((keys / f"{meta['key_id']}.pem").read_bytes())
    opener.check_manifest(private, tenant_id, data)
    for table in ("manifest", "credentials"):
        changed = json.loads(json.dumps(data))
        next(iter(changed[table].values()))["origins"] = ["https://evil.example"]
        with pytest.raises(opener.Refused):
            opener.check_manifest(private, tenant_id, changed)


@pytest.mark.slow
@pytest.mark.skipif(
    not (shutil.which("openssl") and shutil.which("jq")) and not os.environ.get("MODELDECK_WHOLE_GATE"),
    reason="not on this machine: openssl or jq",
)
async def test_the_commands_of_the_page_show_every_key(disk_session: Session, tmp_path: Path) -> None:
    tenant_id = await written(disk_session, PASSPHRASE)
    settings, keys = disk_session.store(tenant_id).folder.path, disk_session.keys.folder(tenant_id).path
    assert settings and keys
    (key_file,), plain = keys.glob("*.pem"), tmp_path / "plain.pem"
    unlock, show = re.findall(r"```sh\n(.*?)```", FORMAT.read_text(), re.DOTALL)
    environ = {"PATH": os.environ["PATH"], "SETTINGS": str(settings / "settings.json"), "KEY": str(plain)}
    locked = {**environ, "LOCKED": str(key_file), "PASSPHRASE": PASSPHRASE}
    for script, variables in ((unlock, locked), (show, environ)):
        ran = await asyncio.to_thread(
            subprocess.run, ["sh", "-c", script], env=variables, capture_output=True, text=True, check=True, timeout=60
        )
    shown = {tuple(line.split(" ", 2)[:2]): line.split(" ", 2)[2] for line in ran.stdout.splitlines()}
    assert json.loads(shown["openai_compatible", "far-away"]) == {"api_key": f"{KEY}-other"}
    assert json.loads(shown["openai", "default"]) == {"api_key": KEY}
    assert json.loads(shown["spark", "default"]) == {"api_password": "FAKE"}
