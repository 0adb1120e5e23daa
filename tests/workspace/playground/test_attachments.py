"""Files of a question: known by their bytes, checked before anything is sent, without the metadata of a camera."""

import os
from pathlib import Path

import pytest

from tests.doubles import images
from tui.domain import Model, ModelType
from tui.errors import UsageError
from tui.providers import PROVIDERS
from tui.providers.requests import Attachment, Message
from tui.workspace.playground.attachments import files, limits
from tui.workspace.playground.attachments.files import of_content, read_file, user_message
from tui.workspace.playground.attachments.image_header import image_info
from tui.workspace.playground.conversation import Answer, Conversation, Turn


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (images.png(640, 480), "image/png"),
        (images.gif(640, 480), "image/gif"),
        (images.webp("VP8X", 640, 480), "image/webp"),
        (images.webp("VP8L", 640, 480), "image/webp"),
        (images.webp("VP8 ", 640, 480), "image/webp"),
        (images.jpeg(640, 480), "image/jpeg"),
    ],
)
def test_an_image_is_known_by_its_bytes_and_its_size_is_read(content: bytes, media: str) -> None:
    info = image_info(content)
    assert info is not None and (info.media, info.width, info.height) == (media, 640, 480)
    for cut in range(len(content)):
        image_info(content[:cut])  # no length makes it fail
    with pytest.raises(UsageError, match="damaged"):
        of_content(content[: 9 if media == "image/gif" else 13], "a.png")


@pytest.mark.parametrize("turn", [1, 6])
def test_a_jpeg_loses_its_metadata_and_nothing_of_its_picture(turn: int) -> None:
    content = images.jpeg(640, 480, turn)
    attached = of_content(content, "holiday.jpg")
    assert attached.file is not None
    sent = attached.file.content
    assert images.PLACE in content and images.PLACE not in sent
    clean = images.jpeg(640, 480, metadata=False)
    if turn == 1:
        assert sent == clean
    else:
        # The way up is kept, in EXIF that says only that.
        assert sent[2:].startswith(b"\xff\xe1") and sent.count(b"Exif") == 1
        assert sent.endswith(clean[2:]) and len(sent) - len(clean) == 36
    assert attached.removed == len(content) - len(sent) and "metadata removed" in attached.words
    again = of_content(sent, "holiday.jpg")
    assert again.file is not None and again.file.content == sent and not again.removed


def test_metadata_is_kept_on_request_and_a_jpeg_without_any_is_sent_unchanged() -> None:
    content = images.jpeg(turn=6)
    for attached in (
        of_content(content, "a.jpg", keep_metadata=True),
        of_content(images.jpeg(metadata=False), "a.jpg"),
    ):
        assert attached.file is not None and not attached.removed and not attached.file.pieces


def test_a_jpeg_that_hides_metadata_is_not_sent() -> None:
    clean = images.jpeg(metadata=False)
    place = clean.index(images.SCAN)
    broken = clean[:place] + b"\0\0" + images.exif(1) + clean[place:]
    with pytest.raises(UsageError, match="metadata cannot be removed"):
        of_content(broken, "a.jpg")
    assert of_content(broken, "a.jpg", keep_metadata=True).file is not None


def test_the_name_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "picture.txt"
    path.write_bytes(images.png(10, 20))
    attached = read_file(str(path), tmp_path)
    assert attached.words == "picture.txt, PNG, 10 × 20, 1 kB"
    assert attached.as_json() == {
        "name": "picture.txt",
        "kind": "PNG",
        "bytes": path.stat().st_size,
        "metadata_removed": 0,
        "width": 10,
        "height": 20,
    }


def test_a_text_file_becomes_a_fenced_block_with_its_name() -> None:
    text = of_content(b"\xef\xbb\xbfa = 1\r\n```\n", "code.py")
    picture = of_content(images.png(), "a.png")
    message = user_message("What is this?", (text, picture))
    assert message.text == "What is this?\n\ncode.py:\n\n````py\na = 1\n```\n````"
    assert message.attachments == (picture.file,)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\0\1\2\3", "is no image, PDF or text"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "is a HEIC image"),
        (b"II*\0rest", "is a TIFF image"),
        (b"caf\xe9", "is no image, PDF or text"),
        (b"a" * (files.MAX_TEXT_SIZE + 1), "is a text of 1 MB"),
        (b"%PDF-1.7" + bytes(files.MAX_SIZE), "is larger than 50 MB"),
    ],
)
def test_what_cannot_be_sent_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        of_content(content, "a.bin")


def test_a_pdf_is_known_by_its_bytes_and_a_path_is_not_blank(tmp_path: Path) -> None:
    attached = of_content(b"%PDF-1.7 rest", "a.bin")
    assert (attached.kind, attached.size) == ("PDF", 13)
    assert attached.file is not None and attached.file.media == "application/pdf"
    with pytest.raises(UsageError, match="path of the file is blank"):
        read_file(" '' ", tmp_path)


def test_only_a_regular_file_is_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    for path, words in (
        (pipe, "is not a regular file"),
        (tmp_path, "is a folder"),
        (Path("/dev/zero"), "not a regular"),
    ):
        with pytest.raises(UsageError, match=words):
            read_file(str(path), tmp_path)


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("/Users/ada/Desktop/a.png", "scp /Users/ada/Desktop/a.png "),
        (r"/Users/ada/Screen\ shot.png", "scp '/Users/ada/Screen shot.png' "),
        ("'/Users/ada/a b.png'", "scp '/Users/ada/a b.png' "),
        ("file:///Users/ada/a%20b.png", "scp '/Users/ada/a b.png' "),
        (r"C:\Users\ada\a.png", r"scp 'C:\Users\ada\a.png' "),
    ],
)
def test_a_pasted_path_of_another_machine_answers_with_the_line_to_copy_it(
    typed: str, command: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="looks like a path of another machine") as refused:
        read_file(typed, tmp_path)
    line = refused.value.hint.splitlines()[-1]
    assert line.startswith(command) and line.endswith(":") and "@" in line


def test_a_mistyped_path_is_named_and_one_in_the_home_folder_is_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"There is no file /nowhere/a.png\."):
        read_file("/nowhere/a.png", tmp_path)
    (tmp_path / "a b.png").write_bytes(images.png())
    for typed in ("~/a b.png", f"'{tmp_path}/a b.png'", f"{tmp_path}/a\\ b.png", f"file://{tmp_path}/a%20b.png"):
        assert read_file(typed, tmp_path).name == "a b.png"


def checked(provider: str, model: str, *attached: Attachment) -> list[str]:
    message = Message("user", "What is this?", attached)
    return limits.check(PROVIDERS[provider], Model(provider, model, ModelType.CHAT), (message,))[1]


def image(width: int = 100, height: int = 100, size: int = 100, media: str = "image/png") -> Attachment:
    return Attachment("a.png", media, bytes(size), width, height)


PAPER = Attachment("b.pdf", "application/pdf", b"%PDF-1.7")


@pytest.mark.parametrize(
    ("provider", "model", "attached", "words", "hint"),
    [
        ("openai", "gpt-3.5-turbo", (image(),), "takes no images", "OpenAI has "),
        ("minimax", "MiniMax-M2.5", (image(),), "takes no images", "MiniMax has MiniMax-M3"),
        ("tongyi", "qwen3-vl-plus", (PAPER,), "takes no PDFs", "Anthropic"),
        ("azure_openai", "gpt-4o", (PAPER,), "takes no PDFs", "OpenAI"),
        ("anthropic", "claude-sonnet-5-5", (image(9000),), "9000 × 100 pixels", "smaller"),
        ("anthropic", "claude-sonnet-5-5", (image(size=4_000_000),), "a.png is 3.8 MB", "smaller"),
        ("anthropic", "claude-sonnet-5-5", (image(),) * 21, "21 files", "new chat"),
        ("anthropic", "claude-sonnet-5-5", (image(size=3_900_000),) * 7, "files of the chat have 26 MB", "new chat"),
        ("tongyi", "qwen3-vl-plus", (image(5),), "needs 11 a side", "larger"),
        ("spark", "imagev3", (image(media="image/webp"),), "is image/webp", "It takes png jpeg"),
    ],
)
def test_the_limits_of_a_provider_are_checked_before_anything_is_sent(
    provider: str, model: str, attached: tuple[Attachment, ...], words: str, hint: str
) -> None:
    with pytest.raises(UsageError, match=words) as refused:
        checked(provider, model, *attached)
    assert hint in refused.value.hint


def test_an_image_for_an_unknown_model_is_tried_with_a_notice() -> None:
    assert checked("openai_compatible", "llama3", image()) == [
        "It is not known whether openai_compatible/llama3 takes images. It was tried."
    ]
    assert checked("openai_compatible", "llava", image()) == []


def test_a_saved_chat_goes_on_without_the_bytes_and_says_so() -> None:
    message = Message.from_json(Message("user", "And now?", (image(),)).as_json())
    model = Model("openai", "gpt-4o", ModelType.CHAT)
    sent, sentences = limits.check(PROVIDERS["openai"], model, (message,))
    assert sent == (Message("user", "And now?"),)
    assert sentences == ["a.png was not kept with the chat. The question is sent without it."]


def test_a_transcript_names_a_file_and_the_next_question_sends_it_again() -> None:
    picture = of_content(images.png(), "a.png")
    turn = Turn("What is this?", [Answer("A cat.", "openai/gpt-4o")], files=(picture,))
    conversation = Conversation([turn])
    assert "*Attached: a.png, PNG, 3 × 2, 1 kB.*" in conversation.as_markdown()
    assert "IHDR" not in conversation.as_markdown()
    messages = conversation.messages("And this?", (picture,))
    assert [message.attachments for message in messages] == [(picture.file,), (), (picture.file,)]
