"""The server by itself, as a program."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.doubles.openai_server import OpenAIServer, Request


@pytest.mark.slow
def test_it_runs_as_a_program() -> None:
    command = [sys.executable, str(Path(__file__).with_name("openai_server.py")), "0", "--pause", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{url}/models", timeout=10) as answer:
            assert json.load(answer)["object"] == "list"
        process.terminate()


def test_a_base64_vector_is_the_same_vector() -> None:
    import base64
    import struct

    server = OpenAIServer()
    ask = {"model": "text-embedding-3-small", "input": ["a cat"]}
    plain = server._embeddings(ask).body["data"][0]["embedding"]
    packed = server._embeddings(ask | {"encoding_format": "base64"}).body["data"][0]["embedding"]
    assert list(struct.unpack("<8f", base64.b64decode(packed))) == plain


def test_a_wrong_key_is_refused_with_the_documented_error() -> None:
    server = OpenAIServer(key="sk-test-right")
    refused = server._refused(Request("GET", "/v1/models", {"authorization": "Bearer sk-test-wrong"}, b""))
    assert refused and refused.status == 401 and refused.body["error"]["code"] == "invalid_api_key"
