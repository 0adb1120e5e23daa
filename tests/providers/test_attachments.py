"""Images and documents with a question: on each wire as its documents show it, or a sentence before any request."""

import base64
from collections.abc import Mapping
from typing import Any

import pytest

from tests.providers.test_structured_output import AZURE, HF, LOCAL, of_endpoint
from tui.domain import Model, ModelType
from tui.errors import UsageError
from tui.providers import PROVIDERS
from tui.providers.client.upload import body_of, with_files
from tui.providers.client.wire_log import WireLog
from tui.providers.requests import Attachment, Call, ChatRequest, Message

PIXELS = b"\x89PNG of nobody"
DATA = base64.b64encode(PIXELS).decode()
URL = f"data:image/png;base64,{DATA}"
IMAGE = Attachment("a.png", "image/png", PIXELS, 3, 2)
PAPER = Attachment("b.pdf", "application/pdf", PIXELS)


def call_of(
    provider: str, model: str, clear: Mapping[str, str], *files: Attachment, before: int = 0, **added: Any
) -> Call:
    declared = PROVIDERS[provider]
    assert declared.chat
    filled = {field.name: field.default for field in declared.fields if field.default} | dict(clear)
    question = Message("user", "What is this?", files or (IMAGE,))
    earlier = (Message("user", "Hello"), Message("assistant", "Hello!")) * before
    request = ChatRequest(Model(provider, model, ModelType.CHAT, **added), (*earlier, question), {}, False)
    return declared.chat(filled, request)


async def sent(call: Call) -> Any:
    return await with_files(call.json)


@pytest.mark.parametrize(
    ("provider", "model", "fields"),
    [
        ("openai", "gpt-5.4-mini", {}),  # guide, images and vision
        ("azure_openai", "answers", AZURE),  # how to use vision-enabled chat models
        ("openai_compatible", "llava", LOCAL),  # vLLM, multimodal inputs
        ("tongyi", "qwen3-vl-plus", {}),  # Model Studio, visual understanding
        ("wenxin", "deepseek-vl2", {"api_key": "•"}),  # Qianfan V2, image understanding
        ("minimax", "MiniMax-M3", {}),  # API reference, text-chat-openai
        ("huggingface", "Qwen/Qwen3-VL-8B-Instruct", HF),  # Inference Providers, image-text-to-text
        ("chatglm", "glm-4v-9b", LOCAL | {"flavour": "vllm"}),  # GLM-4, glm4v_server.py
    ],
)
async def test_openai_s_wire_takes_an_image_as_a_data_url(provider: str, model: str, fields: Mapping[str, str]) -> None:
    messages = (await sent(call_of(provider, model, fields, before=1)))["messages"]
    assert messages[-1]["content"] == [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": URL}},
    ]
    assert messages[0]["content"] == "Hello"


async def test_openai_takes_a_pdf_as_a_file() -> None:
    content = (await sent(call_of("openai", "gpt-5.4-mini", {}, PAPER)))["messages"][0]["content"]
    data = f"data:application/pdf;base64,{DATA}"
    assert content[1] == {"type": "file", "file": {"filename": "b.pdf", "file_data": data}}


async def test_anthropic_takes_images_and_pdfs_as_blocks_before_the_text() -> None:
    # Guides, vision and PDF support.
    content = (await sent(call_of("anthropic", "claude-sonnet-5-5", {}, IMAGE, PAPER)))["messages"][0]["content"]
    assert content == [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": DATA}},
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": DATA}},
        {"type": "text", "text": "What is this?"},
    ]


async def test_spark_takes_one_image_before_the_turns() -> None:
    # xfyun.cn, image understanding: the image is the first entry, and there is one.
    fields = {"app_id": "a", "api_key": "•", "api_secret": "•", "api_password": "•"}
    call = call_of("spark", "imagev3", fields, before=1)
    assert call.url == "wss://spark-api.cn-huabei-1.xf-yun.com/v2.1/image"
    message = await with_files(call.sends[0])
    assert message["parameter"]["chat"]["domain"] == "imagev3"
    texts = message["payload"]["message"]["text"]
    assert texts[0] == {"role": "user", "content": DATA, "content_type": "image"}
    assert texts[-1] == {"role": "user", "content": "What is this?", "content_type": "text"}
    with pytest.raises(UsageError, match="exactly one image"):
        call_of("spark", "imagev3", fields, IMAGE, IMAGE)


def replicate(kind: str) -> dict[str, Any]:
    takes = f'{{"takes":[{{"name":"prompt","type":"string"}},{{"name":"image","type":"{kind}","file":true}}]'
    return {"fields": {"inputs": takes + ',"gives":"text"}'}}


async def test_replicate_takes_a_small_image_in_the_input_of_the_model_s_schema() -> None:
    # Topics, input files: a data URL of up to 256 kB.
    one = await sent(call_of("replicate", "owner/llava", {}, **replicate("string")))
    assert one["input"] == {"prompt": "What is this?", "image": URL}
    many = await sent(call_of("replicate", "owner/llava", {}, IMAGE, IMAGE, **replicate("")))
    assert many["input"]["image"] == [URL, URL]
    with pytest.raises(UsageError, match="takes one image"):
        call_of("replicate", "owner/llava", {}, IMAGE, IMAGE, **replicate("string"))


async def test_replicate_gets_a_large_image_as_an_upload() -> None:
    large = Attachment("a.png", "image/png", bytes(200_000))
    call = call_of("replicate", "owner/llava", {}, large, **replicate("string"))
    body = await body_of(call)
    assert call.url.endswith("/files") and body is not None
    assert b"".join([part async for part in body]).count(b"\0") == 200_000


@pytest.mark.parametrize(
    ("provider", "model", "fields", "added"),
    [
        ("spark", "4.0Ultra", {"api_password": "•"}, {}),
        ("spark", "4.0Ultra", {"app_id": "a", "api_key": "•", "api_secret": "•"}, {}),
        ("wenxin", "ERNIE-Bot", {"legacy_api_key": "•", "legacy_secret_key": "•"}, {}),
        ("chatglm", "chatglm3-6b", LOCAL | {"flavour": "openai-chatglm3"}, {}),
        ("huggingface", "llama", HF, {"fields": of_endpoint("toolkit")}),
        ("replicate", "owner/llama", {}, {}),
        ("openai", "gpt-3.5-turbo-instruct", {}, {"completion": True}),
    ],
)
def test_a_wire_without_images_says_so_before_any_request(
    provider: str, model: str, fields: Mapping[str, str], added: Mapping[str, Any]
) -> None:
    with pytest.raises(UsageError, match="takes no images"):
        call_of(provider, model, fields, **added)


@pytest.mark.parametrize(
    ("provider", "model", "known"),
    [
        ("openai", "gpt-4o-mini", True),
        ("openai", "gpt-3.5-turbo", None),
        ("openai", "o3-mini", None),
        ("anthropic", "claude-haiku-4-5", True),
        ("tongyi", "qwen3-vl-plus", True),
        ("tongyi", "qwen-plus", None),
        ("tongyi", "qwen3.8-max", False),
        ("wenxin", "ernie-4.5-turbo-vl-32k", True),
        ("wenxin", "ernie-4.0-8k", None),
        ("minimax", "MiniMax-M3", True),
        ("minimax", "MiniMax-M2.5", None),
        ("spark", "imagev3", True),
        ("spark", "lite", None),
        ("openai_compatible", "llava:13b", True),
        ("openai_compatible", "llama3", False),
        ("chatglm", "chatglm3-6b", None),
        ("replicate", "owner/llama", None),
    ],
)
def test_what_a_model_takes_is_declared_with_its_source(provider: str, model: str, known: bool | None) -> None:
    limits = PROVIDERS[provider].attachments(Model(provider, model, ModelType.CHAT))
    assert (limits.certain if limits else None) is known
    if limits:
        assert limits.source.startswith("https://") and "image/png" in limits.images


def test_a_listing_says_what_a_model_takes() -> None:
    declared = PROVIDERS["openai_compatible"].attachments
    blind = Model("openai_compatible", "llava", ModelType.CHAT, inputs=("text",))
    with_vision = Model("openai_compatible", "nameless", ModelType.CHAT, inputs=("text", "image"))
    limits = declared(with_vision)
    assert declared(blind) is None and limits is not None and limits.certain


def test_the_raw_view_names_the_file() -> None:
    log, call = WireLog(), call_of("openai", "gpt-5.4-mini", {})
    log.request(call, call)
    shown = log.exchanges[0].body["messages"][0]["content"][1]["image_url"]["url"]
    assert shown == "data:image/png;base64,(base64 of what was piped, 14 bytes)"


def test_a_saved_message_names_its_files_without_their_bytes() -> None:
    message = Message("user", "What is this?", (IMAGE, PAPER))
    saved = message.as_json()
    assert saved["attachments"] == [
        {"name": "a.png", "media": "image/png", "bytes": 14, "width": 3, "height": 2},
        {"name": "b.pdf", "media": "application/pdf", "bytes": 14},
    ]
    read = Message.from_json(saved)
    assert read.attachments[0].name == "a.png" and read.attachments[0].content == b""
    assert Message.from_json({"role": "user", "text": "Hi"}) == Message("user", "Hi")
