"""What `modeldeck export --format` wrote is started as it says, and the children that get the keys call the server.

`docker` and `litellm` are small programs that read the file as the real ones do; no daemon is needed.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, Run, environ
from tests.doubles.openai_server import OpenAIServer

pytestmark = pytest.mark.slow

CALL = """
import json, os, sys, urllib.request
def call(url, key):
    request = urllib.request.Request(url + "/models", headers={"Authorization": "Bearer " + key})
    print(len(json.load(urllib.request.urlopen(request))["data"]))
"""
DOCKER = """
import subprocess, yaml
assert sys.argv[1:] == ["compose", "up"], sys.argv
service = yaml.safe_load(open("compose.yaml"))["services"]["app"]
passed = {name: os.environ[name] for name in service["environment"] if name in os.environ}
assert "=" not in "".join(service["environment"]), "a value is in the file"
subprocess.run([os.path.join(os.path.dirname(__file__), "app")], env=passed, check=True)
"""
LITELLM = """
import yaml
assert sys.argv[1] == "--config", sys.argv
for entry in yaml.safe_load(open(sys.argv[2]))["model_list"]:
    params = entry["litellm_params"]
    call(params["api_base"], os.environ[params["api_key"].removeprefix("os.environ/")])
    break
"""
APP = 'call(os.environ["OPENAI_BASE_URL"], os.environ["OPENAI_API_KEY"])'


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with the programs, and `modeldeck` itself."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, body in (("docker", DOCKER), ("litellm", LITELLM), ("app", APP)):
        (folder / name).write_text(f"#!{sys.executable}{CALL}\n{body}\n")
    (folder / "modeldeck").write_text(f'#!/bin/sh\nexec {sys.executable} -m tui "$@"\n')
    for path in folder.iterdir():
        path.chmod(0o755)
    return folder


def started(command: str, home: Path, programs: Path) -> subprocess.CompletedProcess[str]:
    variables = environ(home) | {"PATH": f"{programs}:{os.environ['PATH']}"}
    return subprocess.run(shlex.split(command), env=variables, cwd=home, capture_output=True, text=True)


@pytest.mark.parametrize(("kind", "file"), [("compose", "compose.yaml"), ("litellm", "config.yaml")])
def test_the_first_line_starts_the_program_with_the_keys(
    ready: Run, home: Path, programs: Path, server: OpenAIServer, kind: str, file: str
) -> None:
    assert ready("export", "--format", kind, "-o", str(home / file)).code == 0
    text = (home / file).read_text()
    command = text.splitlines()[0].partition("not in this file: ")[2]
    server.requests.clear()
    assert KEY not in text
    done = started(command, home, programs)
    assert (done.returncode, done.stdout.strip().isdigit()) == (0, True), done.stderr
    assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    alone = started(command.partition(" -- ")[2], home, programs)
    assert alone.returncode != 0 and len(server.requests) == 1, "the control: without exec there is no key"


def test_a_unit_starts_its_program_with_the_keys(ready: Run, home: Path, programs: Path, server: OpenAIServer) -> None:
    unit = ready("export", "--format", "systemd", PATH=f"{programs}:{os.environ['PATH']}").out
    (command,) = (line.partition("=")[2] for line in unit.splitlines() if line.startswith("ExecStart="))
    assert shlex.split(command)[0] == str(programs / "modeldeck"), "a unit needs the whole path"
    server.requests.clear()
    done = started(command.replace("/path/to/program", str(programs / "app")), home, programs)
    assert done.returncode == 0 and len(server.requests) == 1, done.stderr
    assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"
