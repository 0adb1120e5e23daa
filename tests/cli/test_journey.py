"""From an empty home to an answer, by commands alone, each a process of its own."""

import json
import struct
import wave
from base64 import b64encode
from pathlib import Path

import pytest

from tests.cli.conftest import KEY, run_process
from tests.doubles.openai_server import TRANSCRIPT, OpenAIServer, vector_of

pytestmark = pytest.mark.slow

ANSWER = "The sky is blue because of scattering."


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "call.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(struct.pack("<8000h", *range(8000)))
    return path


def test_an_operator_gets_from_nothing_to_answers(tmp_path: Path, server: OpenAIServer, recording: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    outputs: list[str] = []

    def modeldeck(*words: str, stdin: str = "") -> str:
        ran = run_process(home, *words, stdin=stdin)
        assert ran.code == 0, (words, ran.err)
        outputs.extend((ran.out, ran.err))
        return ran.out

    modeldeck("tenant", "create", "acme")
    result = modeldeck("provider", "set", "openai", f"base_url={server.url}", "api_key=-", stdin=KEY + "\n")
    assert "7 models imported." in result
    assert "modeldeck default set chat openai/gpt-6-sol" in result
    assert json.loads(modeldeck("default", "show", "--json"))[0]["model"] is None, "nothing is chosen silently"

    listed = {model["id"] for model in json.loads(modeldeck("model", "list", "--json"))}
    assert listed == {
        "gpt-5.4-mini",
        "gpt-4o",
        "gpt-6-sol",
        "text-embedding-3-small",
        "text-embedding-3-large",
        "whisper-1",
        "gpt-transcribe",
    }
    modeldeck("default", "set", "chat", "openai/gpt-5.4-mini")
    modeldeck("default", "set", "embedding", "openai/text-embedding-3-small")
    modeldeck("default", "set", "speech2text", "openai/whisper-1")

    assert modeldeck("chat", "Why is the sky blue?") == ANSWER + "\n"
    answer = json.loads(modeldeck("chat", "--json", stdin="Why is the sky blue?\n"))
    assert (answer["text"], answer["finish"], answer["complete"]) == (ANSWER, "stop", True)
    unreported = dict.fromkeys(("cache_write", "cache_write_1h", "audio", "image", "audio_output"))
    assert answer["usage"] == {"input": 9, "output": 14, "reasoning": 12, "cached": 0, **unreported}

    vectors = [json.loads(line) for line in modeldeck("embed", stdin="a cat\na dog\n").splitlines()]
    singles = [struct.pack("8f", *vector) for vector in vectors]
    assert singles == [struct.pack("8f", *vector_of(text, 8)) for text in ("a cat", "a dog")]

    assert modeldeck("transcribe", str(recording)) == TRANSCRIPT + "\n"
    assert "00:00:01,500 --> 00:00:03,250" in modeldeck("transcribe", str(recording), "--format", "srt")

    assert places_of(KEY, home, outputs) == []
    (home / "planted.txt").write_bytes(b64encode(KEY.encode()))
    outputs.append(f"the key is {KEY}")
    assert places_of(KEY, home, outputs) == ["planted.txt", "what was said"], "the scan can fail"


def places_of(key: str, home: Path, outputs: list[str]) -> list[str]:
    """Where the key stands in clear or as base64, in files and in what commands said."""
    forms = (key.encode(), b64encode(key.encode()).rstrip(b"="), key.encode().hex().encode())
    paths = [
        path.name for path in home.rglob("*") if path.is_file() and any(form in path.read_bytes() for form in forms)
    ]
    spoken = "".join(outputs).encode()
    return [*paths, "what was said"] if any(form in spoken for form in forms) else paths


def test_what_is_sent_is_what_the_documents_say(tmp_path: Path, home: Path, server: OpenAIServer) -> None:
    run_process(home, "provider", "set", "openai", f"base_url={server.url}", "api_key=-", stdin=KEY + "\n")
    run_process(home, "chat", "-m", "openai/gpt-5.4-mini", "-s", "Be brief.", "Why?")
    request = server.requests_to("/chat/completions")[0]
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/json"
    assert request.json["model"] == "gpt-5.4-mini"
    assert [message["content"] for message in request.json["messages"]] == ["Be brief.", "Why?"]
    assert request.json["stream"] is True and request.json["stream_options"]["include_usage"] is True
    assert not {"temperature", "top_p", "max_tokens"} & set(request.json), "nothing is sent that nobody set"
