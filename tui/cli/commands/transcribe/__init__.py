"""`modeldeck transcribe`: speech to text."""

from tui.cli.command import FORCE, JSON, MODEL_OPTION, PRINT, TRACE, Argument, Command, Option

_FORMATS = ("text", "srt", "vtt", "json")

COMMANDS = (
    Command(
        ("transcribe",),
        "transcribe.handlers:transcribe",
        "transcribe the speech in an audio file",
        (Argument("FILE", "a file on this machine; - reads stdin"),),
        (
            MODEL_OPTION,
            Option(("--format",), "text, srt, vtt or json; default: text", "FORMAT", _FORMATS),
            Option(("--language",), "the language spoken, such as en or zh; default: auto-detect", "CODE"),
            PRINT,
            TRACE,
            FORCE,
            Option(("--reference",), "measure the transcript against the text in FILE", "FILE", shown=False),
            JSON._replace(help="the same as --format json"),
        ),
        "Subtitles (srt, vtt) need a model that returns timestamps. With -m several times, or a reference text, the "
        "transcripts are compared: seconds, seconds per second of audio, word and character error rate, "
        "differences.",
        "{model, fallback: {model, because}, text, complete, language, duration, segments: [{start, end, text}]}; "
        "times in seconds; duration is null if the provider does not report it; fallback is the default that did not "
        "answer, or null; compared: {file, models: [{model, text, problem, timings: {total}, duration, "
        "real_time_factor, error_rates: {wer, cer, reference_words}, usage}], differences}",
        ("modeldeck transcribe call.mp3", "modeldeck transcribe talk.wav --format srt >talk.srt"),
    ),
)
