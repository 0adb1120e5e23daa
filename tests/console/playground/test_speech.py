"""The speech tab: a file is found as in a shell, looked at, sent, and its text read, searched, copied and saved."""

import json
import os
import wave
from asyncio import Event as Signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot

from tests.console.pilot import console, rows, screen_of, shown, until, until_shown, windows
from tests.doubles.practice import practice_session
from tui.console.playground.compare.batch import BatchPage
from tui.console.playground.speech.form import duration
from tui.console.playground.speech.models import SpeechModels
from tui.console.playground.speech.result import TranscriptResult
from tui.console.playground.speech.tab import SpeechTab
from tui.console.widgets.form import Button
from tui.console.widgets.progress_bar import Progress
from tui.domain import ModelType
from tui.errors import Problem
from tui.providers.events import Segment, TextDelta, Transcript, UploadStarted
from tui.providers.requests import TimestampGranularity
from tui.tenancy import models
from tui.workspace.playground import calls

MB = 1024 * 1024


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with recordings."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    _wav(folder / "meeting-2026-11-18.wav", 2470)
    with (folder / "meeting-2026-11-19.wav").open("wb") as file:
        file.truncate(96 * MB)
    (folder / "notes.txt").write_text("x")
    return tmp_path


def _wav(path: Path, seconds: int) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8)
        sound.writeframes(bytes(8 * seconds))


async def open_speech(pilot: Pilot[str], typed: str = "", ref: str = "openai/whisper-1") -> SpeechTab:
    """The tab with a model and something typed into the path."""
    app: Any = pilot.app
    model = models.find(app.navigator.tenant_session, ref, ModelType.SPEECH2TEXT) if ref else None
    await app.navigator.open_playground(ModelType.SPEECH2TEXT, model)
    tab: SpeechTab = app.screen.query_one(SpeechTab)
    if typed:
        field = tab.form._path.field
        field.value = typed
        field.cursor_position = len(typed)
        await until(pilot, lambda: tab.form._path.offer.typed == typed)
    await pilot.pause()
    return tab


def at(home: Path) -> Any:
    """A console whose home folder that is."""
    return console(practice_session({"HOME": str(home)}, pace=0.0))


def answering(monkeypatch: pytest.MonkeyPatch, *parts: Any) -> list[Any]:
    """Have these events come instead of a call, which is noted; an exception is raised, a signal waited for."""
    requests: list[Any] = []

    def prepare(*options: Any) -> tuple[None, None]:
        requests.append(options)
        return None, None

    async def send(*_: Any) -> AsyncIterator[Any]:
        for part in parts:
            if isinstance(part, Exception):
                raise part
            if isinstance(part, Signal):
                await part.wait()
            else:
                yield part

    monkeypatch.setattr(calls, "transcribe_call", prepare)
    monkeypatch.setattr(calls, "send", send)
    return requests


async def transcribe(pilot: Pilot[str], ref: str = "openai/whisper-1") -> SpeechTab:
    """The tab with a result."""
    tab = await open_speech(pilot, "~/recordings/meeting-2026-11-18.wav", ref)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.focused, Button))
    await pilot.press("enter")
    await until(pilot, lambda: tab.view == "results")
    await pilot.pause()
    return tab


async def test_a_folder_below_the_one_in_use_is_shown_as_a_whole(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    async with at(home) as pilot:
        await open_speech(pilot, "tmp/meeting")
        await until_shown(pilot, "scp recording.m4a ")
        assert next(row for row in rows(pilot) if "scp recording.m4a" in row).endswith(":/tmp/")


async def test_the_form_as_drawn(home: Path) -> None:
    async with at(home) as pilot:
        await open_speech(pilot, "~/recordings/meeting-2026-11-1")
        lines = rows(pilot)
        assert lines[0].endswith("f2 Providers  f3 Models  f4 Defaults  [f5 Playground]")
        assert lines[1] == "── Chat  Embedding  [Speech-to-text]  Compare ─── openai/whisper-1 · your key ──"
        assert lines[3] == " ▸ File             [~/recordings/meeting-2026-11-1                      ]"
        assert lines[4].startswith("                      meeting-2026-11-18.wav       ")
        assert lines[5] == "                      meeting-2026-11-19.wav      96.0 MB   ▲ over 25 MB"
        assert lines[6] == "                    The file must be on this machine. From another one:"
        assert lines[7].startswith("                    scp recording.m4a ")
        assert lines[7].endswith(":recordings/")
        assert lines[9] == "   Language         [                ]   blank: auto-detect"
        assert lines[10] == "   Times            ( ) none  (•) per segment  ( ) per word"
        assert lines[12] == "   [ Transcribe ]"
        assert lines[-3] == "   whisper-1 takes flac mp3 mp4 mpeg mpga m4a ogg wav webm, up to 25 MB."
        assert lines[-2].startswith("   The provider retires it on 2027-02-26.")
        assert lines[-1] == " enter next  tab complete  down to list  esc commands  f1 help"


async def test_tab_completes_as_in_a_shell_and_then_moves_on(home: Path) -> None:
    async with at(home) as pilot:
        tab = await open_speech(pilot, "~/re")
        field = tab.form._path.field
        await pilot.press("tab")
        await until(pilot, lambda: field.value == "~/recordings/")
        await until(pilot, lambda: tab.form._path.offer.typed == field.value)
        await pilot.press("tab")
        await until(pilot, lambda: field.value == "~/recordings/meeting-2026-11-1")
        await pilot.press("8", "tab")
        await until(pilot, lambda: field.value == "~/recordings/meeting-2026-11-18.wav")
        await until_shown(pilot, "wav, 41 min 10 s, 19 kB.")
        await pilot.press("tab")
        await until(pilot, lambda: pilot.app.focused is tab.form._language.field)


async def test_down_goes_to_the_list_and_enter_takes_what_is_there(home: Path) -> None:
    async with at(home) as pilot:
        tab = await open_speech(pilot, "~/recordings/")
        await pilot.press("down")
        await until_shown(pilot, " ▸ meeting-2026-11-18.wav")
        assert rows(pilot)[-1] == " enter choose  up down move  i type  m model  B folder  t next type  ? help"
        await pilot.press("enter")
        await until_shown(pilot, "wav, 41 min 10 s")
        assert tab.form._path.value == "~/recordings/meeting-2026-11-18.wav"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.focused, Button))


async def test_what_is_too_large_is_shown_at_once_with_a_remedy(home: Path) -> None:
    async with at(home) as pilot:
        tab = await open_speech(pilot, "~/recordings/meeting-2026-11-19.wav")
        await until_shown(pilot, "▲ meeting-2026-11-19.wav is 96 MB; whisper-1 takes 25 MB.")
        await until_shown(pilot, "Make it smaller, for example a mono mp3, or ctrl+o")
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.focused is tab.form._path.field


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Which file?"),
        ("~/recordings/nowhere.wav", "There is no file "),
        ("~/recordings", " is a folder."),
        ("~/recordings/notes.txt", "notes.txt is not a format that whisper-1 accepts."),
        ("~/recordings/forty.mp3", "forty.mp3 is 40 MB; whisper-1 takes 25 MB."),
        ("~/recordings/secret.mp3", " cannot be read."),
        ("~/recordings/empty.mp3", "empty.mp3 is empty."),
    ],
)
async def test_a_file_that_cannot_be_sent_is_shown_in_place_and_nothing_is_lost(
    home: Path, monkeypatch: pytest.MonkeyPatch, typed: str, sentence: str
) -> None:
    requests = answering(monkeypatch, Transcript("never"))
    with (home / "recordings/forty.mp3").open("wb") as file:
        file.truncate(40 * MB)
    (home / "recordings/secret.mp3").write_bytes(b"x")
    (home / "recordings/empty.mp3").touch()
    may = os.access
    monkeypatch.setattr(os, "access", lambda path, *rest: "secret" not in str(path) and may(path, *rest))
    async with at(home) as pilot:
        tab = await open_speech(pilot, typed)
        tab.form._language.field.value = "de"
        await pilot.press("enter")
        await until_shown(pilot, "▲ ")
        await until_shown(pilot, sentence)
        assert pilot.app.focused is tab.form._path.field
        assert tab.form._path.value == typed
        assert tab.form._language.value == "de"
        tab.query_one(Button).focus()
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.focused is tab.form._path.field)
        assert requests == []


async def test_a_language_that_is_none_is_shown_in_its_place(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = answering(monkeypatch, Transcript("never"))
    async with at(home) as pilot:
        tab = await open_speech(pilot, "~/recordings/meeting-2026-11-18.wav")
        tab.form._language.field.value = "English, please"
        tab.query_one(Button).focus()
        await pilot.press("enter")
        await until_shown(pilot, "▲ A language is two letters, such as en or zh.")
        assert requests == []


async def test_only_times_that_the_model_gives_are_offered(home: Path) -> None:
    async with at(home) as pilot:
        tab = await open_speech(pilot, "~/recordings/meeting-2026-11-18.wav", "openai/gpt-transcribe")
        assert "Times" not in shown(pilot)
        assert tab.form.times is TimestampGranularity.NONE
        tab = await open_speech(pilot)
        await until_shown(pilot, "(•) per segment")
        assert tab.form.times is TimestampGranularity.SENTENCE


async def test_a_result_with_times_as_drawn(home: Path) -> None:
    async with at(home) as pilot:
        await transcribe(pilot)
        await until_shown(pilot, "── 1 – 6 ──")
        lines = rows(pilot)
        assert lines[0].endswith("1 Providers  2 Models  3 Defaults  [4 Playground]")
        assert lines[2].startswith(" meeting-2026-11-18.wav · 34 s · English · in ")
        assert lines[4] == " ▸ 00:00:00  Good morning, let us begin with the figures of last week."
        assert lines[7] == "   00:00:15  我们先看一下上周的数据。"
        assert lines[-5].startswith("── 6 segments ──")
        assert lines[-5].endswith("── 1 – 6 ── KEYS")
        assert lines[-4] == "   s: save as text, srt or vtt · c: copy"
        assert lines[-2] == " s save  c copy  r transcribe again  m model  = compare  n new  / find"
        assert lines[-1] == " t next type  ? help"


async def test_a_result_without_times_is_plain_text(home: Path) -> None:
    async with at(home) as pilot:
        tab = await transcribe(pilot, "openai/gpt-transcribe")
        assert "00:00" not in shown(pilot)
        await until_shown(pilot, "   Good morning, let us begin with the figures of last week.")
        assert tab.result.result is not None
        assert list(tab.result.result.formats) == ["txt", "json"]
        await until_shown(pilot, "s: save as text or JSON")


async def test_another_model_again_and_both_results_are_kept(home: Path) -> None:
    async with at(home) as pilot:
        tab = await transcribe(pilot)
        app: Any = pilot.app
        tab.set_model(models.find(app.navigator.tenant_session, "openai/gpt-transcribe", ModelType.SPEECH2TEXT))
        await pilot.press("r")
        await until(pilot, lambda: len(tab.result.all) == 2)
        await until_shown(pilot, "── gpt-transcribe, 2 of 2 ──")
        await until_shown(pilot, "left and right change between 2 results.")
        await pilot.press("left")
        await until_shown(pilot, "── 6 segments · whisper-1, 1 of 2 ──")
        await until_shown(pilot, "00:00:09")
        await pilot.press("right")
        await until_shown(pilot, "2 of 2")


async def test_the_upload_has_a_bar_that_moves_at_most_twice_a_second(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal = Signal()
    answering(monkeypatch, *(UploadStarted(n * MB, 20 * MB) for n in range(11)), signal)
    async with at(home) as pilot:
        tab = await open_speech(pilot, "~/recordings/meeting-2026-11-18.wav")
        drawn: list[str] = []
        sent: Any = tab.query_one("#sent")
        show = sent.show

        def recorded(text: str) -> None:
            drawn.append(text)
            show(text)

        sent.show = recorded
        tab.query_one(Button).focus()
        await pilot.press("enter")
        await until_shown(pilot, "── … uploading")
        lines = rows(pilot)
        assert lines[3] == "   ~/recordings/meeting-2026-11-18.wav"
        assert lines[4] == "   wav, 41 min 10 s, 19 kB"
        await until_shown(pilot, "Stopping now costs nothing. Once it is uploaded, the provider may charge.")
        assert lines[-1] == " esc stop  ? help"
        await until_shown(pilot, f"   uploading     {'━' * 20}{'─' * 20}   10.0 of 20 MB")
        assert len(drawn) == 2
        await pilot.press("escape")
        await until_shown(pilot, "── stopped after ")
        assert tab.form._path.value == "~/recordings/meeting-2026-11-18.wav"
        assert rows(pilot)[-1] == " i type  m model  = compare  B folder  t next type  ? help"


async def test_moving_the_bar_draws_only_the_cells_that_changed() -> None:
    async with console() as pilot:
        bar = Progress()
        await pilot.app.screen.mount(bar)
        await pilot.pause()
        drawn: list[Any] = []
        bar.refresh = lambda *regions, **_: drawn.append(regions)  # type: ignore[method-assign,assignment]
        bar.move(0.25)
        bar.move(0.251)
        bar.move(0.5)
        assert [(region.x, region.width) for (region,) in drawn] == [(0, 10), (10, 10)]


async def test_after_the_upload_no_bar_is_shown_and_it_can_be_stopped(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, UploadStarted(5, 5), Signal())
    async with at(home) as pilot:
        tab = await open_speech(pilot, "~/recordings/meeting-2026-11-18.wav")
        tab.query_one(Button).focus()
        await pilot.press("enter")
        await until_shown(pilot, "── … waiting for the text")
        assert "uploading" not in shown(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: tab.view == "form")
        assert tab.form._path.value == "~/recordings/meeting-2026-11-18.wav"


async def test_what_was_received_before_it_broke_is_kept_and_marked(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, TextDelta("Good "), TextDelta("morning"), Problem("The connection ended.", "r asks again."))
    async with at(home) as pilot:
        await transcribe(pilot)
        await until_shown(pilot, "   Good morning")
        await until_shown(pilot, " ■ connection lost, the text is incomplete")
        await until_shown(pilot, " ▲ The connection ended.")


async def test_a_refusal_stands_under_the_button_and_the_form_is_kept(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, Problem("OpenAI refused the key.", "f2 opens Providers.", "OpenAI says: [b]no[/b]"))
    async with at(home) as pilot:
        tab = await open_speech(pilot, "~/recordings/meeting-2026-11-18.wav")
        tab.query_one(Button).focus()
        await pilot.press("enter")
        await until_shown(pilot, "▲ OpenAI refused the key.")
        await until_shown(pilot, "OpenAI says: [b]no[/b]")
        assert not isinstance(pilot.app.focused, Button), "an impatient second enter must not send again"
        assert tab.form._path.value == "~/recordings/meeting-2026-11-18.wav"


async def test_silence_is_reported(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, Transcript(""))
    async with at(home) as pilot:
        await transcribe(pilot)
        await until_shown(pilot, "The model heard no speech in this file.")
        await until_shown(pilot, "Check that it plays, or set the language.")


async def test_it_is_searched_copied_and_saved(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    async with at(home) as pilot:
        tab = await transcribe(pilot)
        await pilot.press("slash", *"costs")
        await until_shown(pilot, " ▸ 00:00:26  The second is about what it costs.")
        await pilot.press("x")
        await until_shown(pilot, "not found")
        await pilot.press("escape", "c")
        await until(pilot, lambda: pilot.app.clipboard.startswith("Good morning"))
        assert tab.unsaved() == "The transcript of meeting-2026-11-18.wav is not saved. s saves it."
        await pilot.press("s")
        await until_shown(pilot, "(•) text  ( ) srt  ( ) vtt  ( ) JSON")
        await pilot.press("enter", "right", "enter", "enter")
        await until(pilot, lambda: (home / "meeting-2026-11-18.srt").exists())
        await until(pilot, lambda: pilot.app.screen is tab.screen)
        await until(pilot, lambda: not tab.unsaved())
        assert (
            (home / "meeting-2026-11-18.srt").read_text().startswith("1\n00:00:00,000 --> 00:00:04,200\nGood morning")
        )


async def test_a_pasted_path_of_three_lines_sends_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    requests = answering(monkeypatch, Transcript("never"))
    async with at(home) as pilot:
        tab = await open_speech(pilot)
        tab.form._path.field.post_message(events.Paste("~/recordings/\nmeeting\n\x1b[31m"))
        await until(pilot, lambda: tab.form._path.value)
        await pilot.pause()
        assert tab.form._path.value == "~/recordings/ meeting [31m"
        assert requests == []


async def test_hostile_file_names_are_drawn_as_text_and_can_be_chosen(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "a\x1b]0;x\x07[red]\u202eb\n.wav"
    _wav(home / name, 1)
    (home / os.fsdecode(b"\xff\xfe.wav")).write_bytes(b"RIFF")
    requests = answering(monkeypatch, Transcript("[b]text[/] \x1b[31m", (Segment(0.0, 1.0, "[b]text[/] \x1b[31m"),)))
    async with at(home) as pilot:
        tab = await open_speech(pilot, "~/a")
        assert "\x1b" not in shown(pilot)
        await pilot.press("tab")
        await until_shown(pilot, "wav, 1 s, 1 kB.")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.focused, Button))
        await pilot.press("enter")
        await until(pilot, lambda: tab.view == "results")
        await until_shown(pilot, "[b]text[/] [31m")
        assert requests[0][2] == home / name
        assert "\x1b" not in shown(pilot)
        assert "\u202e" not in shown(pilot)


async def test_digits_type_in_the_path_and_escape_leaves_it_for_keys(home: Path) -> None:
    async with at(home) as pilot:
        tab = await open_speech(pilot)
        await pilot.press("1", "m", "q", "escape")
        assert tab.form._path.value == "1mq"
        assert rows(pilot)[0].endswith("[4 Playground]")
        await pilot.press(*["escape"] * 5)
        await pilot.press("i")
        assert pilot.app.focused is tab.form._path.field


async def test_another_file_keeps_the_folder(home: Path) -> None:
    async with at(home) as pilot:
        tab = await transcribe(pilot)
        await pilot.press("n")
        await pilot.pause()
        assert tab.view == "form"
        assert tab.form._path.value == "~/recordings/"


async def test_a_locked_tenant_shows_no_text(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, Transcript("a secret plan"))
    async with console(practice_session({"HOME": str(home)}), tenant="north-lab") as pilot:
        tab = await open_speech(pilot, "~/recordings/meeting-2026-11-18.wav")
        tab.query_one(Button).focus()
        await pilot.press("enter")
        await until(pilot, lambda: type(pilot.app.screen).__name__ == "Unlock")
        await pilot.press(*"practice", "enter")
        await until_shown(pilot, "a secret plan")
        await pilot.press("L")
        await until_shown(pilot, "north-lab is locked.")
        assert "secret plan" not in shown(pilot)


async def test_no_row_is_wider_than_the_window(home: Path) -> None:
    from tui.console.widgets.truncate import width

    sizes = (40, 10), (80, 24), (120, 40)
    async with console(practice_session({"HOME": str(home)}, pace=0.0)) as pilot:
        await open_speech(pilot, "~/recordings/")
        async for columns, _ in windows(pilot, *sizes):
            assert all(width(line) <= columns for line in rows(pilot))
        await transcribe(pilot)
        async for columns, _ in windows(pilot, *sizes):
            assert all(width(line) <= columns for line in rows(pilot))
            await until_shown(pilot, "Good morning")


def test_lengths_and_titles_in_words() -> None:
    assert [duration(seconds) for seconds in (7.2, 2470, 3790)] == ["7 s", "41 min 10 s", "1 h 3 min"]
    result = TranscriptResult(Path("/x/meeting.m4a"), "openai/whisper-1", Transcript("a", (), "english", 2470.0), 48.0)
    assert result.title(80) == "meeting.m4a · 41 min 10 s · English · in 48 s, 51× real time"


async def test_models_are_compared_on_a_recording_and_a_folder_is_transcribed(home: Path) -> None:
    (home / "said.txt").write_text("Nothing that anybody would say in a meeting.")
    async with at(home) as pilot:
        tab = await open_speech(pilot, "~/recordings/meeting-2026-11-18.wav")
        await until(pilot, lambda: tab.form.info is not None)
        await pilot.press("escape", "=")
        await until_shown(pilot, "Speech-to-text › compare models")
        page = screen_of(pilot, SpeechModels)
        page._compare.focus()
        await pilot.press("enter")
        await until_shown(pilot, "Add a second model, or a reference text.")
        page._add.focus()
        await pilot.press("enter")
        await until_shown(pilot, "gpt-4o-transcribe")
        await pilot.press(*"4o-transcribe", "enter")
        await until_shown(pilot, "openai/whisper-1, openai/gpt-4o-transcribe")
        await until(pilot, lambda: page._compare.has_focus)
        await pilot.press("enter")
        await until_shown(pilot, "openai/whisper-1 and openai/gpt-4o-transcribe")
        await until_shown(pilot, "real time")
        page._path.field.value = "~/said.txt"
        page._compare.focus()
        await pilot.press("enter")
        await until_shown(pilot, "[-Nothing-]")
        assert all(result.rates is not None and result.rates.words > 0.5 for result in page.results)
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is tab.screen)
        (home / "recordings" / "meeting-2026-11-18.txt").write_text("Nothing that anybody would say.")
        (home / "recordings" / "meeting-2026-11-19.wav").unlink()
        await pilot.press("B")
        await until_shown(pilot, "Playground › batch")
        batch = screen_of(pilot, BatchPage)
        batch._path.field.value = "~/recordings"
        await until_shown(pilot, "1 recording.")
        batch._start.focus()
        await pilot.press("enter")
        await until_shown(pilot, "1 of 1 requests have their row")
        (row,) = map(json.loads, (home / "recordings.transcripts.jsonl").read_text().splitlines())
        assert row["prompt"] == "meeting-2026-11-18.wav" and row["text"] and row["error_rates"]["wer"] > 0.5
