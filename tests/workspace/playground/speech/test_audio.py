"""Which recordings are sent, and under which name: endings of one format stand for each other."""

from pathlib import Path

import pytest

from tui.domain import Model, ModelType
from tui.errors import UsageError
from tui.providers import PROVIDERS
from tui.workspace.playground.speech.audio import MEDIA, accepted_endings, audio_info

SPEECH = {
    provider.id: provider.audio(Model(provider.id, "whisper-1", ModelType.SPEECH2TEXT))
    for provider in PROVIDERS.values()
    if provider.audio and ModelType.SPEECH2TEXT in provider.types
}


@pytest.mark.parametrize("provider_id", SPEECH)
@pytest.mark.parametrize("ending", ["oga", "opus", "mpga", "m4a"])
def test_another_ending_of_a_format_is_sent_under_one_that_the_model_names(
    tmp_path: Path, provider_id: str, ending: str
) -> None:
    limits = SPEECH[provider_id]
    path = tmp_path / f"voice note.{ending.upper()}"
    path.write_bytes(b"OggS")
    if MEDIA[ending] not in {MEDIA[named] for named in limits.endings}:
        with pytest.raises(UsageError, match="not a format"):
            audio_info(path, limits)
        return
    info = audio_info(path, limits)
    assert info.media == MEDIA[ending]
    assert Path(info.name).stem == "voice note"
    assert Path(info.name).suffix.lower()[1:] in limits.endings


@pytest.mark.parametrize("provider_id", SPEECH)
def test_every_ending_that_a_model_names_is_accepted_under_its_own_name(tmp_path: Path, provider_id: str) -> None:
    for ending in SPEECH[provider_id].endings:
        path = tmp_path / f"talk.{ending}"
        path.write_bytes(b"x")
        assert audio_info(path, SPEECH[provider_id]).name == path.name
        assert ending in accepted_endings(SPEECH[provider_id])


def test_control_another_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "talk.txt").write_text("hello")
    with pytest.raises(UsageError, match="not a format"):
        audio_info(tmp_path / "talk.txt", SPEECH["openai"])


@pytest.mark.parametrize(
    ("name", "media"),
    [
        ("note.amr", "audio/amr"),
        ("note.WMA", "audio/x-ms-wma"),
        ("note.aiff", "audio/aiff"),
        ("note.3gp", "audio/3gpp"),
        ("note.xyz", "application/octet-stream"),
        ("note", "application/octet-stream"),
    ],
)
def test_a_server_of_your_own_says_itself_which_formats_it_takes(tmp_path: Path, name: str, media: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"x")
    info = audio_info(path, SPEECH["openai_compatible"])
    assert (info.media, info.name) == (media, name)
    with pytest.raises(UsageError):
        audio_info(path, SPEECH["openai"])
