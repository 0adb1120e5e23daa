"""Homes to measure in, made by the commands that a person would use."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from tests.terminal import environ
from tui.storage.settings_file import decode, encode

MODELDECK = (sys.executable, "-m", "tui")


def modeldeck(home: Path, *words: str) -> None:
    """Run a command in a home."""
    subprocess.run([*MODELDECK, *words], env=environ(home), check=True, stdout=subprocess.DEVNULL)


def one_tenant(home: Path, base_url: str, config: str = "", model: str = "paced") -> Mapping[str, str]:
    """A home with the tenant acme, whose default is a model of that server; the environment to run in."""
    home.mkdir()
    preferences = home / ".config/modeldeck/config.toml"
    preferences.parent.mkdir(parents=True)
    preferences.write_text(config)
    modeldeck(home, "tenant", "create", "acme")
    modeldeck(home, "provider", "set", "openai_compatible", f"base_url={base_url}")
    modeldeck(home, "default", "set", "chat", f"openai_compatible/{model}")
    return environ(home)


def many_tenants(home: Path, base_url: str, count: int) -> Mapping[str, str]:
    """The same with that many tenants in all. The others are copies of its folder, each with a name of its own."""
    there = one_tenant(home, base_url)
    tenants = home / ".local/share/modeldeck/tenants"
    keys = home / ".local/state/modeldeck/keys"
    settings = decode((tenants / "acme/settings.json").read_bytes())
    for number in range(1, count):
        name = f"tenant-{number:04}"
        for folder in (tenants, keys):
            shutil.copytree(folder / "acme", folder / name)
        data = json.loads(json.dumps(settings.data).replace('"acme"', f'"{name}"'))
        (tenants / name / "settings.json").write_bytes(encode(replace(settings, data=data)))
    return there
