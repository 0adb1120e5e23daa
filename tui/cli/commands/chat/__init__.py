"""`modeldeck chat`: ask a model."""

from tui.cli.command import (
    ATTACHMENTS,
    FORCE,
    JSON,
    MODEL_OPTION,
    PRINT,
    SAVED_PROMPT,
    SCHEMA,
    TRACE,
    Argument,
    Command,
    Option,
)
from tui.cli.commands.playground import COMPARISON

COMMANDS = (
    Command(
        ("attach",),
        "chat.attach:attach",
        "attach a file to the question in an open console",
        (Argument("FILE", "an image, PDF or text file; blank or - reads stdin", min_count=0),),
        (Option(("--name",), "what to call a file that is piped; default: piped", "NAME"), JSON),
        "The chat of the tenant's open console shows the file at its question; nothing is sent until you send it. It "
        "works from another machine: the file is piped through ssh. Metadata of JPEG files is removed.",
        "{tenant, file: {name, kind, bytes, metadata_removed, width, height}}",
        ("modeldeck attach screenshot.png", "ssh HOST modeldeck attach <screenshot.png"),
    ),
    Command(
        ("chat",),
        "chat.handlers:chat",
        "ask a chat model; the answer streams to stdout",
        (Argument("PROMPT", "the question; blank or - reads stdin", min_count=0),),
        (
            MODEL_OPTION,
            Option(("-s", "--system"), "the system prompt", "SYSTEM"),
            Option(("-p", "--parameter"), "a parameter of the model; repeat for several", "NAME=VALUE"),
            *ATTACHMENTS,
            Option(("--resume",), "go on with a recorded chat: its ID, or last", "ID"),
            Option(("--no-history",), "do not record this question and its answer", shown=False),
            SAVED_PROMPT,
            SCHEMA,
            Option(("--tools",), "a JSON file of tools that the model may ask for; none is executed", "FILE"),
            Option(
                ("--tool-result",),
                "the result of a tool call; the chat goes on with it; repeat",
                "NAME=FILE",
                shown=False,
            ),
            Option(("-r", "--repeat"), "with --schema: ask N times, and count the answers that fit", "N", shown=False),
            Option(("--thinking",), "show the model's reasoning on stderr", shown=False),
            Option(("--no-thinking",), "keep the model from thinking, if it can be", shown=False),
            Option(("--no-stream",), "request the answer in one piece", shown=False),
            Option(("-v", "--verbose"), "show tokens and times on stderr; default on a terminal", shown=False),
            PRINT,
            TRACE,
            FORCE,
            JSON,
        ),
        "If the connection is lost, the text received so far stays on stdout and the exit code is not 0. With --schema "
        "the exit code is 1 if the answer is not JSON that fits, and the message names the place of the first failure. "
        "With --tools, calls of tools are printed, and nothing is executed: a file or, with -, standard input is the "
        "result. --resume asks with the chat's model, parameters and system prompt, unless you name others.",
        "{model, fallback: {model, because}, text, thinking, thinking_state, "
        "finish, complete, "
        "attachments: [{name, kind, bytes, metadata_removed, width, height}], "
        "usage: {input, output, reasoning, cached, cache_write, "
        "cache_write_1h, audio, image, audio_output}, cost: {estimate, amount, currency, price_date, price_source}, "
        "timings: {first_token, total, tokens_per_second}, notices, schema: {valid, path, message}, "
        "tool_calls: [{id, name, arguments, result, schema: {valid, path, message}}], "
        "chat}; "
        "input and output are totals, the others parts of them; what the provider does not report, and a cost that is "
        "not known, are null; timings are in seconds; schema is null without --schema; fallback is the default that "
        "did not answer, or null; finish is stopped after ctrl+c; chat is the ID of the recorded chat, or null; "
        "--repeat: " + COMPARISON,
        (
            "modeldeck chat 'Why is the sky blue?'",
            "git diff | modeldeck chat -s 'Review this.' -p temperature=0",
            "modeldeck chat -a screenshot.png 'What is wrong here?'",
            "modeldeck chat --schema person.json 'Who wrote Faust?'",
            "modeldeck chat --tools tools.json --tool-result weather=oslo.json Coat?",
            "modeldeck chat --saved-prompt reviewer <change.diff",
        ),
    ),
)
