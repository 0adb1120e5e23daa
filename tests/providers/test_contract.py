"""What every provider must keep, whoever it is: its declaration, and its answers in practice. No provider is named."""

import re
import subprocess
import sys
import wave
from dataclasses import replace
from pathlib import Path

import pytest

from tests.providers import calls
from tests.providers.http_server import run, text_of
from tests.providers.surfaces import access_of, added_to, calls_of, fill
from tui.domain import Model, ModelType
from tui.errors import CredentialRejected, Problem, UsageError
from tui.practice import transport
from tui.practice.transport import folders
from tui.providers import PROVIDERS, provider
from tui.providers.client.access import Access
from tui.providers.client.client import Client
from tui.providers.client.limits import Limits
from tui.providers.events import Accepted, Finish, ModelsListed, TextDelta, Transcript, UploadStarted, Vectors
from tui.providers.origins import clean_url, is_private, origin_of
from tui.providers.requests import ChatRequest, EmbeddingRequest, Framing, Message, TranscriptionRequest
from tui.providers.spec import Provider

pytestmark = pytest.mark.parametrize("declared", PROVIDERS.values(), ids=lambda value: value.id)
IN_ONE_PIECE = (Framing.JSON, Framing.TEXT)
NOW = 1_795_300_000.0
QUICK = Limits(backoff=0.001, max_backoff=0.001)


def access_to(declared: Provider, **changed: str) -> Access:
    """Access with what the practice folder of the provider fills in."""
    return access_of(declared, fill(declared) | changed)


def secret_of(declared: Provider) -> str:
    """A secret field that the practice folder fills in, or else any; '' where there is none."""
    names = [form_field.name for form_field in declared.fields if form_field.secret]
    filled = folders()[declared.id].FIELDS
    return next((name for name in names if name in filled), next(iter(names), ""))


def wire() -> Client:
    return Client({}, transport(0), QUICK)


async def models_of(declared: Provider, kind: ModelType) -> list[Model]:
    """The models of a type: those added by hand first, then those that are listed or known."""
    listed = list(declared.catalogue)
    if declared.list_models is not None:
        access = access_to(declared)
        events, problem = await run(wire(), access, declared.list_models(access.fields))
        assert problem is None
        listed = [model for event in events if isinstance(event, ModelsListed) for model in event.models]
    return [item for item in (*added_to(declared), *listed) if item.type is kind]


def test_the_declaration(declared: Provider) -> None:
    assert provider(declared.id) is declared
    assert re.fullmatch(r"[a-z][a-z0-9_]*", declared.id)
    assert declared.label == declared.label.strip() != ""
    assert declared.types
    names = [form_field.name for form_field in declared.fields]
    assert len(set(names)) == len(names)
    for item in declared.fields:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", item.name)
        assert item.label
        assert not item.pattern or (re.compile(item.pattern) and item.pattern_help)
        assert not (item.secret and item.default)
        assert not (item.required and (item.advanced or item.default))
        if item.url and item.default:
            assert clean_url(item.default, item.strip_suffixes) == item.default
            assert item.default.startswith("https://")
        lengths = [len(choice.value) for choice in item.prefixes]
        assert lengths == sorted(lengths, reverse=True)
    # Required fields come first, folded ones last.
    order = [(not form_field.required, form_field.advanced) for form_field in declared.fields]
    assert order == sorted(order)
    assert not declared.key_page or declared.key_page.startswith("https://")
    assert not declared.catalogue or re.fullmatch(r"\d{4}-\d\d-\d\d", declared.catalogue_as_of)


def test_the_catalogue_and_what_is_proposed(declared: Provider) -> None:
    known = {(model.id, model.type) for model in declared.catalogue}
    assert len(known) == len(declared.catalogue)
    for item in declared.catalogue:
        assert item.provider == declared.id
        assert item.type in declared.types
        assert not item.ends or re.fullmatch(r"\d{4}-\d\d-\d\d", item.ends)
    for kind, names in declared.proposed.items():
        assert kind in declared.types
        assert all((name, kind) in known for name in names)


def test_parameters_are_in_range(declared: Provider) -> None:
    for model in declared.catalogue:
        names = [parameter.name for parameter in declared.parameters(model)]
        assert len(set(names)) == len(names)
        for item in declared.parameters(model):
            assert item.label
            assert item.low is None or item.high is None or item.low <= item.high
            assert (item.kind == "choice") == bool(item.choices)


def test_origins_are_private_and_calls_keep_to_them(declared: Provider) -> None:
    access = access_to(declared)
    assert access.origins
    assert all(is_private(origin) for origin in access.origins)
    for call in calls_of(declared, access.fields).values():
        assert origin_of(call.url) in access.origins
        assert not call.url.partition("://")[2].count("//")
        signed = declared.sign(call, access.fields, access.secrets(), NOW)
        assert origin_of(signed.url) in access.origins


def test_no_call_holds_a_secret_before_it_is_signed_nor_shows_one_after(declared: Provider) -> None:
    access = access_to(declared)
    for call in calls_of(declared, access.fields).values():
        signed = declared.sign(call, access.fields, access.secrets(), NOW)
        for box in access.secrets().values():
            assert box.reveal() not in repr(call)
            assert box.reveal() not in repr(signed)


def test_signing_is_pure(declared: Provider) -> None:
    access = access_to(declared)
    for call in calls_of(declared, access.fields).values():
        before = repr(call)
        first, second = (declared.sign(call, access.fields, access.secrets(), NOW) for _ in range(2))
        assert (repr(call), repr(first)) == (before, repr(second))


def test_other_regions_are_declared_and_answer_in_practice(declared: Provider) -> None:
    defaults = {form_field.name: form_field.default for form_field in declared.fields if form_field.default}
    offered = {choice.value for form_field in declared.fields if form_field.url for choice in form_field.choices}
    for fields in declared.regions(defaults):
        assert set(fields) == set(defaults)
        assert {value for name, value in fields.items() if value != defaults[name]} <= offered
        assert all(
            is_private(origin) and origin in folders()[declared.id].ORIGINS for origin in declared.origins(fields)
        )
        assert declared.origins(fields) != declared.origins(defaults)


async def test_a_credential_is_verified(declared: Provider) -> None:
    access = access_to(declared)
    events, problem = await run(wire(), access, declared.verify(access.fields))
    assert problem is None
    assert Accepted() in events


async def test_a_refused_credential_is_named(declared: Provider) -> None:
    if not (secret := secret_of(declared)):
        return
    access = access_to(declared, **{secret: "FAKE-refused-key-of-nobody-0000"})
    _, problem = await run(wire(), access, declared.verify(access.fields))
    assert isinstance(problem, CredentialRejected)
    assert problem.message
    assert problem.hint
    assert "FAKE-refused" not in problem.message + problem.hint + problem.detail


async def test_a_host_that_does_not_resolve(declared: Provider) -> None:
    if not (secret := secret_of(declared)):
        return
    access = access_to(declared, **{secret: "FAKE-nowhere-key-of-nobody-0000"})
    _, problem = await run(wire(), access, declared.verify(access.fields))
    assert problem and "The key was not sent." in problem.message


@pytest.mark.slow
async def test_a_chat(declared: Provider) -> None:
    if declared.chat is None:
        return
    model = (await models_of(declared, ModelType.CHAT))[0]
    access = replace(access_to(declared), model=model.id)
    texts = []
    for stream in (True, False):
        call = declared.chat(access.fields, ChatRequest(model, (Message("user", "Why is the sky blue?"),), {}, stream))
        events, problem = await run(wire(), access, call)
        assert problem is None
        assert isinstance(events[-1], Finish)
        assert calls.finish(events).complete
        texts.append(text_of(events))
        assert call.framing in IN_ONE_PIECE or len([event for event in events if isinstance(event, TextDelta)]) > 10
    assert len(texts[0]) > 100
    assert texts[0] == texts[1]


@pytest.mark.parametrize("instruction", ["please break", "please error"])
async def test_a_chat_that_breaks_keeps_its_beginning(declared: Provider, instruction: str) -> None:
    if declared.chat is None:
        return
    model = (await models_of(declared, ModelType.CHAT))[0]
    access = access_to(declared)
    call = declared.chat(access.fields, ChatRequest(model, (Message("user", f"Why is the sky blue? {instruction}"),)))
    events, problem = await run(wire(), access, call)
    assert text_of(events) or call.framing in IN_ONE_PIECE
    assert isinstance(problem, Problem) or not calls.finish(events).complete


@pytest.mark.slow
async def test_vectors(declared: Provider) -> None:
    if declared.embed is None:
        return
    model = (await models_of(declared, ModelType.EMBEDDING))[0]
    access = access_to(declared)
    texts = ("The sky is blue.", "Why is the sky blue?", "我在哪里可以找到发票？")
    events, problem = await run(wire(), access, declared.embed(access.fields, EmbeddingRequest(model, texts)))
    assert problem is None
    vectors = [vector for event in events if isinstance(event, Vectors) for vector in event.vectors]
    assert len(vectors) == 3
    assert len({len(vector) for vector in vectors}) == 1
    assert isinstance(events[-1], Finish)


@pytest.mark.slow
async def test_a_transcript(declared: Provider, tmp_path: Path) -> None:
    if declared.transcribe is None or declared.audio is None:
        return
    models = await models_of(declared, ModelType.SPEECH2TEXT)
    models = models or [Model(declared.id, "whisper-1", ModelType.SPEECH2TEXT)]
    path = tmp_path / "talk.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 16_000, 0, "NONE", ""))
        sound.writeframes(bytes(32_000))
    size = path.stat().st_size
    access = access_to(declared)
    for times in declared.audio(models[0]).times:
        call = declared.transcribe(access.fields, TranscriptionRequest(models[0], path, "audio/wav", size, "en", times))
        events, problem = await run(wire(), access, call)
        if isinstance(problem, Problem):
            # A practice server may have no model for speech, and says so.
            assert models[0] not in await models_of(declared, ModelType.SPEECH2TEXT)
            return
        transcript = next(event for event in events if isinstance(event, Transcript))
        assert transcript.text
        assert bool(transcript.segments) == bool(times)
        assert call.upload is None or UploadStarted(size, size) in events


@pytest.mark.slow
def test_the_list_of_providers_needs_no_network_library(declared: Provider) -> None:
    code = (
        "import sys, tui.providers; "
        f"assert {declared.id!r} in tui.providers.PROVIDERS; "
        "print(sorted({'httpx', 'httpcore', 'ssl', 'asyncio', 'textual', 'Crypto'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_provider_is_answered_with_the_known_ones(declared: Provider) -> None:
    with pytest.raises(UsageError) as raised:
        provider("nobody")
    assert declared.id in raised.value.hint
