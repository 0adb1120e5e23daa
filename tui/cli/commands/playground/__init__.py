"""`modeldeck compare | batch`: several models, or many prompts."""

from tui.cli.command import ATTACHMENTS, JSON, SAVED_PROMPT, SCHEMA, TRACE, Argument, Command, Option

COMPARISON = (
    "{prompt, system, attachments: [{name, kind, bytes, metadata_removed, width, height}], schema, repeat, began, "
    "models: [{model, parameters, answers: [{text, thinking, state, finish, complete, problem, usage, cost, "
    "answer_tokens: {count, reported}, timings: {first_token, first_answer_token, total, tokens_per_second}, "
    "fresh_connection, retries, notices, schema: {valid, path, message}, correction}], schema_fits: {valid, of}, "
    "summary: {NAME: {median, low, high, count}}}]}"
)
"""What compare prints with --json, and chat that repeats a request."""

COMMANDS = (
    Command(
        ("compare",),
        "playground.compare:compare",
        "ask two to four chat models at once, and measure their answers",
        (Argument("PROMPT", "the question; blank or - reads stdin", min_count=0),),
        (
            Option(("-m", "--model"), "a model; repeat for two to four", "P/MODEL", required=True),
            Option(("-r", "--repeat"), "ask each model N times, for medians", "N"),
            Option(("-s", "--system"), "the system prompt", "SYSTEM"),
            Option(("-p", "--parameter"), "a parameter of the models that take it; repeat for several", "NAME=VALUE"),
            SAVED_PROMPT,
            SCHEMA,
            *ATTACHMENTS,
            Option(("-o", "--output"), "save as Markdown, or as JSON if FILE ends in .json", "FILE", shown=False),
            TRACE,
            Option(("-f", "--force"), "overwrite FILE", shown=False),
            JSON,
        ),
        "Every line starts with the letter of its model; a table follows. A model that fails or is slow does not "
        "affect the others. Speed is over the answer without thinking; ~ marks an estimate, * a request that opened "
        "its connection first. After ctrl+c, partial answers are kept. With --schema, "
        "answers are checked, and the exit code is 0 if every answer is complete and fits.",
        COMPARISON,
        ("modeldeck compare -m openai/gpt-4o -m openai/gpt-5.4-mini -r 5 'Why?'",),
    ),
    Command(
        ("batch",),
        "playground.batch:batch",
        "ask models every prompt of a file; the same command continues",
        (Argument("PROMPTS", "a .txt (one prompt per line), .jsonl or .csv file; or a folder of audio"),),
        (
            Option(("-m", "--model"), "a model; repeat for several", "P/MODEL", required=True),
            Option(("-o", "--output"), "the file of rows, .jsonl", "OUT", required=True),
            Option(("-c", "--concurrency"), "the most requests in flight; default: 4", "N"),
            Option(("--max-cost",), "send nothing more once this much is spent (estimated)", "AMOUNT", shown=False),
            Option(("-r", "--repeat"), "ask every prompt N times", "N", shown=False),
            Option(("-s", "--system"), "the system prompt", "SYSTEM", shown=False),
            Option(("-p", "--parameter"), "a parameter of the models that take it", "NAME=VALUE", shown=False),
            SAVED_PROMPT,
            SCHEMA,
            JSON,
        ),
        "Every answer is one row, synced to disk at once. After ctrl+c, a crash or a failure, the same command sends "
        "what has no answer yet; a row is known by its prompt, model, parameters, repeat and schema. When a host asks "
        "to wait, its requests wait. At the end the rows are put in the order of the prompts. The exit code is 0 if "
        "every prompt is answered. With --schema, each row and the summary say what fits.",
        "{output, total, answered, failed, left, max_in_flight, models: [{model, total, answered, failed, left, usage: "
        "{input, output}, cost, unpriced, schema_fits: {valid, of}, seconds: {p50, p95}}], problems}; a row of OUT is "
        "{id, index, prompt, model, parameters, repeat, at, text, thinking, finish, complete, problem, usage, timings, "
        "notices, schema, cost}",
        ("modeldeck batch prompts.jsonl -m openai/gpt-4o -o out.jsonl -c 8",),
    ),
)
