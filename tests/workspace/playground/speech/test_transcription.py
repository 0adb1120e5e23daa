"""Transcripts that are measured: what came until a failure, and the text that they are compared with."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tui.domain import Model, ModelType
from tui.errors import NetworkError, UsageError
from tui.providers.events import Event, TextDelta, Transcript, Usage
from tui.tenancy.session import Session
from tui.workspace.playground import calls
from tui.workspace.playground.speech import transcription
from tui.workspace.playground.speech.transcription import MeasuredTranscript, measure_transcript, read_reference

WHISPER = Model("openai", "whisper-1", ModelType.SPEECH2TEXT)


@pytest.mark.parametrize("breaks", [False, True])
async def test_a_partial_transcript_stays_and_is_not_measured_after_a_failure(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breaks: bool
) -> None:
    async def transcribe(*_: Any, **__: Any) -> AsyncIterator[Event]:
        yield TextDelta("good ")
        yield TextDelta("morning")
        if breaks:
            raise NetworkError("The connection was lost.")
        yield Transcript("good morning", duration=4.0)
        yield Usage(seconds=4.0)

    monkeypatch.setattr(calls, "transcribe", transcribe)
    (tmp_path / "call.mp3").write_bytes(b"ID3")
    result, events = MeasuredTranscript(WHISPER), list[Event]()
    await measure_transcript(
        session.tenant("acme"), result, tmp_path / "call.mp3", reference="good evening", on_event=events.append
    )
    assert result.text == "good morning" and len(events) == (2 if breaks else 4)
    if breaks:
        assert result.problem is not None and result.rates is None
    else:
        assert result.rates is not None and result.rates.words == 0.5 and result.duration == 4.0


def test_an_empty_reference_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "said.txt"
    path.write_text("good morning\n")
    assert read_reference(path) == "good morning\n"
    monkeypatch.setattr(transcription, "_MAX_REFERENCE_SIZE", 10)
    with pytest.raises(UsageError, match="is larger than"):
        read_reference(path)
    path.write_text(" \n")
    with pytest.raises(UsageError, match="is blank"):
        read_reference(path)
