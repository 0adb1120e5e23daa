"""What every provider must keep, whoever it is: its declaration, and its answers in practice. No provider is named."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.providers.double import run, text_of
from tui.domain import Model, ModelType
from tui.errors import Problem, Refused, Usage
from tui.practice import transport
from tui.practice.transport import folders
from tui.providers import PROVIDERS, provider
from tui.providers.calls import ChatAsk, EmbedAsk, Message, TranscribeAsk
from tui.providers.events import Accepted, Finish, Listed, TextDelta, Transcript, Uploading, Vectors
from tui.providers.origins import clean_url, is_private
from tui.providers.spec import Provider
from tui.providers.wire import Access, Limits, Wire
from tui.secret import Secret

pytestmark = pytest.mark.parametrize("declared", PROVIDERS.values(), ids=lambda each: each.id)
QUICK = Limits(backoff=0.001, backoff_most=0.001)


def access_to(declared: Provider, **changed: str) -> Access:
    """Access with what the practice folder of the provider fills in."""
    filled = {each.name: each.default for each in declared.fields if each.default}
    filled |= folders()[declared.id].FIELDS | changed
    secret = {each.name for each in declared.fields if each.secret}
    fields = {name: value for name, value in filled.items() if name not in secret}
    boxes = {name: Secret(value) for name, value in filled.items() if name in secret}
    return Access(declared, fields, declared.origins(fields), secrets=lambda: boxes)


def wire() -> Wire:
    return Wire({}, transport(0), QUICK)


async def models_of(declared: Provider, kind: ModelType) -> list[Model]:
    if declared.list_models is None:
        return [each for each in declared.catalogue if each.type is kind]
    access = access_to(declared)
    events, problem = await run(wire(), access, declared.list_models(access.fields))
    assert problem is None
    listed = [model for event in events if isinstance(event, Listed) for model in event.models]
    return [each for each in listed if each.type is kind]


def test_the_declaration(declared):
    assert provider(declared.id) is declared
    assert re.fullmatch(r"[a-z][a-z0-9_]*", declared.id)
    assert declared.label == declared.label.strip() != ""
    assert declared.types
    names = [each.name for each in declared.fields]
    assert len(set(names)) == len(names)
    for each in declared.fields:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", each.name)
        assert each.label
        assert not each.pattern or (re.compile(each.pattern) and each.pattern_help)
        assert not (each.secret and each.default)
        assert not (each.required and (each.more or each.default))
        if each.url and each.default:
            assert clean_url(each.default, each.clears) == each.default
            assert each.default.startswith("https://")
        lengths = [len(choice.value) for choice in each.prefixes]
        assert lengths == sorted(lengths, reverse=True)
    # Required fields come first, folded ones last.
    order = [(not each.required, each.more) for each in declared.fields]
    assert order == sorted(order)
    assert not declared.key_page or declared.key_page.startswith("https://")
    assert not declared.catalogue or re.fullmatch(r"\d{4}-\d\d-\d\d", declared.catalogue_as_of)


def test_the_catalogue_and_what_is_proposed(declared):
    known = {(each.id, each.type) for each in declared.catalogue}
    assert len(known) == len(declared.catalogue)
    for each in declared.catalogue:
        assert each.provider == declared.id
        assert each.type in declared.types
        assert not each.ends or re.fullmatch(r"\d{4}-\d\d-\d\d", each.ends)
    for kind, names in declared.proposed.items():
        assert kind in declared.types
        assert all((name, kind) in known for name in names)


def test_parameters_are_in_range(declared):
    for model in declared.catalogue:
        names = [each.name for each in declared.parameters(model)]
        assert len(set(names)) == len(names)
        for each in declared.parameters(model):
            assert each.label
            assert each.low is None or each.high is None or each.low <= each.high
            assert (each.kind == "choice") == bool(each.choices)


def test_origins_are_private_and_calls_keep_to_them(declared):
    access = access_to(declared)
    assert access.origins
    assert all(is_private(each) for each in access.origins)


def test_no_call_holds_a_secret_before_it_is_signed(declared):
    access = access_to(declared)
    for call in filter(
        None, (declared.verify(access.fields), declared.list_models and declared.list_models(access.fields))
    ):
        for box in access.secrets().values():
            assert box.reveal() not in repr(call)


def test_a_signed_call_shows_no_secret(declared):
    access = access_to(declared)
    signed = declared.sign(declared.verify(access.fields), access.fields, access.secrets(), 1_795_300_000.0)
    for box in access.secrets().values():
        assert box.reveal() not in repr(signed)


async def test_a_credential_is_verified(declared):
    access = access_to(declared)
    events, problem = await run(wire(), access, declared.verify(access.fields))
    assert problem is None
    assert Accepted() in events


async def test_a_refused_credential_is_named(declared):
    secret = next((each.name for each in declared.fields if each.secret), "")
    if not secret:
        return
    access = access_to(declared, **{secret: "FAKE-refused-key-of-nobody-0000"})
    _, problem = await run(wire(), access, declared.verify(access.fields))
    assert isinstance(problem, Refused)
    assert problem.message
    assert problem.hint
    assert "FAKE-refused" not in problem.message + problem.hint + problem.detail


async def test_a_host_that_is_not_found(declared):
    secret = next((each.name for each in declared.fields if each.secret), "")
    if not secret:
        return
    access = access_to(declared, **{secret: "FAKE-nowhere-key-of-nobody-0000"})
    _, problem = await run(wire(), access, declared.verify(access.fields))
    assert problem and "The key was not sent." in problem.message


async def test_a_chat(declared):
    if declared.chat is None:
        return
    model = (await models_of(declared, ModelType.CHAT))[0]
    access = replace(access_to(declared), model=model.id)
    texts = []
    for stream in (True, False):
        ask = ChatAsk(model, (Message("user", "Why is the sky blue?"),), {}, stream)
        events, problem = await run(wire(), access, declared.chat(access.fields, ask))
        assert problem is None
        assert isinstance(events[-1], Finish)
        assert events[-1].complete
        texts.append(text_of(events))
        assert not stream or len([each for each in events if isinstance(each, TextDelta)]) > 10
    assert len(texts[0]) > 100
    assert texts[0] == texts[1]


@pytest.mark.parametrize("wish", ["please break", "please error"])
async def test_a_chat_that_breaks_keeps_its_beginning(declared, wish):
    if declared.chat is None:
        return
    model = (await models_of(declared, ModelType.CHAT))[0]
    access = access_to(declared)
    ask = ChatAsk(model, (Message("user", f"Why is the sky blue? {wish}"),))
    events, problem = await run(wire(), access, declared.chat(access.fields, ask))
    assert text_of(events)
    assert isinstance(problem, Problem) or not events[-1].complete


async def test_vectors(declared):
    if declared.embed is None:
        return
    model = (await models_of(declared, ModelType.EMBEDDING))[0]
    access = access_to(declared)
    texts = ("The sky is blue.", "Why is the sky blue?", "我在哪里可以找到发票？")
    events, problem = await run(wire(), access, declared.embed(access.fields, EmbedAsk(model, texts)))
    assert problem is None
    vectors = [vector for each in events if isinstance(each, Vectors) for vector in each.vectors]
    assert len(vectors) == 3
    assert len({len(each) for each in vectors}) == 1
    assert isinstance(events[-1], Finish)


async def test_a_transcript(declared, tmp_path):
    if declared.transcribe is None or declared.audio is None:
        return
    models = await models_of(declared, ModelType.SPEECH2TEXT)
    models = models or [Model(declared.id, "whisper-1", ModelType.SPEECH2TEXT)]
    path = tmp_path / "talk.wav"
    path.write_bytes(b"RIFF" * 1000)
    access = access_to(declared)
    for times in declared.audio(models[0]).times:
        ask = TranscribeAsk(models[0], path, "audio/wav", 4000, "en", times)
        events, problem = await run(wire(), access, declared.transcribe(access.fields, ask))
        if isinstance(problem, Problem):
            # A practice server may have no model for speech, and says so.
            assert models[0] not in await models_of(declared, ModelType.SPEECH2TEXT)
            return
        transcript = next(each for each in events if isinstance(each, Transcript))
        assert transcript.text
        assert bool(transcript.segments) == bool(times)
        assert Uploading(4000, 4000) in events


def test_the_list_of_providers_needs_no_network_library(declared):
    code = (
        "import sys, tui.providers; "
        f"assert {declared.id!r} in tui.providers.PROVIDERS; "
        "print(sorted({'httpx', 'httpcore', 'ssl', 'asyncio', 'textual', 'Crypto'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_provider_is_answered_with_the_known_ones(declared):
    with pytest.raises(Usage) as raised:
        provider("nobody")
    assert declared.id in raised.value.hint
