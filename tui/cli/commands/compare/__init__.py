"""`modeldeck compare`: ask several models at once."""

from tui.cli.command import JSON, Argument, Command, Option

COMMANDS = (
    Command(
        ("compare",),
        "compare.handlers:compare",
        "ask two to four chat models at once, and measure their answers",
        (Argument("PROMPT", "the question; blank or - reads stdin", min_count=0),),
        (
            Option(("-m", "--model"), "a model; repeat for two to four", "P/MODEL", required=True),
            Option(("-r", "--repeat"), "ask each model N times, for medians", "N"),
            Option(("-s", "--system"), "the system prompt", "SYSTEM"),
            Option(("-p", "--parameter"), "a parameter of the models that take it; repeat for several", "NAME=VALUE"),
            Option(("-o", "--output"), "save as Markdown, or as JSON if FILE ends in .json", "FILE", shown=False),
            Option(("-f", "--force"), "overwrite FILE", shown=False),
            JSON,
        ),
        "Every line is printed behind the letter of its model, then a table. A model that fails or is slow does not "
        "affect the others. Speed is over the answer without thinking; ~ marks an estimate, * a request that opened "
        "its connection first. Stopped by ctrl+c, it keeps what came. The exit code is 0 if every answer is complete.",
        "{prompt, system, repeat, began, models: [{model, parameters, answers: [{text, thinking, state, finish, "
        "complete, problem, usage, answer_tokens: {count, reported}, timings: {first_token, first_answer_token, total, "
        "tokens_per_second}, fresh_connection, retries, notices}], summary: {NAME: {median, low, high, count}}}]}",
        ("modeldeck compare -m openai/gpt-4o -m openai/gpt-5.4-mini -r 5 'Why?'",),
    ),
)
