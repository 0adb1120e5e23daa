"""`modeldeck transcribe`: speech to text."""

from tui.cli.command import JSON, MODEL_OPTION, PRINT, Argument, Command, Option

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
            JSON._replace(help="the same as --format json"),
        ),
        "Subtitles (srt, vtt) need a model that returns timestamps.",
        "{model, text, language, duration, segments: [{start, end, text}]}; times in seconds",
        ("modeldeck transcribe call.mp3", "modeldeck transcribe talk.wav --format srt >talk.srt"),
    ),
)
