"""`modeldeck embed`: turn texts into vectors."""

from tui.cli.command import JSON, MODEL_OPTION, PRINT, Argument, Command, Option

COMMANDS = (
    Command(
        ("embed",),
        "embed.handlers:embed",
        "turn texts into vectors, one a line",
        (Argument("TEXT", "one text each; blank or - reads stdin, one text per line", min_count=0, many=True),),
        (
            MODEL_OPTION,
            Option(("--query",), "the texts are search queries; some models embed them differently", shown=False),
            Option(("--from",), "start with text N, to continue after a failure", "N"),
            PRINT,
            JSON,
        ),
        "Each line of the output is the vector of one text, as a JSON list. Vectors are printed as they come; after a "
        "failure, the command says how to continue.",
        "one object a line: {index, text, model, vector}",
        ("modeldeck embed 'a cat' 'a dog'", "modeldeck embed -m openai/text-embedding-3-small <texts.txt"),
    ),
)
