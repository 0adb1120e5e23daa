"""`modeldeck embed`: turn texts into vectors."""

from tui.cli.command import FORCE, JSON, MODEL_OPTION, PRINT, TRACE, Argument, Command, Option

COMMANDS = (
    Command(
        ("embed",),
        "embed.handlers:embed",
        "turn texts into vectors, one per line",
        (Argument("TEXT", "one text each; blank or - reads stdin, one text per line", min_count=0, many=True),),
        (
            MODEL_OPTION,
            Option(("--query",), "the texts are search queries; some models embed them differently", shown=False),
            Option(("--from",), "start with text N, to continue after a failure", "N"),
            PRINT,
            TRACE,
            FORCE,
            Option(("-o", "--output"), "write .npy or .jsonl; the same command continues", "FILE", shown=False),
            Option(("--nearest",), "print the lines of FILE nearest to each TEXT", "FILE", shown=False),
            Option(("--top",), "how many nearest lines; default: 10", "N", shown=False),
            Option(("--scatter",), "draw the texts in two dimensions", shown=False),
            Option(("--dimensions",), "the length of the vectors, if the model takes one", "N", shown=False),
            JSON,
        ),
        "Each line of the output is the vector of one text, as a JSON list. Vectors are printed as they come; after a "
        "failure, the command says how to continue. With -m twice, two models are compared: how far they agree on "
        "which texts are near each other.",
        "one object per line: {index, text, model, vector}; --nearest: {query, model, nearest: [{line, text, "
        "cosine}]}; --scatter: {model, points: [{text, point}]}; -o: {output, model, count, dimensions}; two models: "
        "{models, texts, rank_correlation, shared_neighbours: {share, of}}",
        ("modeldeck embed 'a cat' 'a dog'", "modeldeck embed -m openai/text-embedding-3-small <texts.txt"),
    ),
)
