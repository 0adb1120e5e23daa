"""The table: for each row the figure, the baseline that it is held against in the same run, and the goal."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.bench.server import ANSWER
from tests.bench.sessions import Figures

TEXT = len(ANSWER.encode())


@dataclass(frozen=True)
class Row:
    """One line of the table.

    `figure` and `baseline` are `session.figure`; a baseline that is a number stands for itself. `most` is the goal for
    figure ÷ baseline, `least` where more is better.
    """

    name: str
    title: str
    figure: str
    baseline: str | float
    of: str
    most: float = 0.0
    least: float = 0.0

    @property
    def sessions(self) -> set[str]:
        """What is to be run for it."""
        named = (text for text in (self.figure, self.baseline) if isinstance(text, str))
        return {text.partition(".")[0] for text in named}

    def is_measured(self, figures: Figures) -> bool:
        """Return True if the sessions gave what the row needs."""
        return self.figure in figures and (not isinstance(self.baseline, str) or self.baseline in figures)

    def value(self, figures: Figures) -> float:
        """The row's own figure."""
        return figures[self.figure]

    def against(self, figures: Figures) -> float:
        """What it is held against."""
        return figures[self.baseline] if isinstance(self.baseline, str) else self.baseline

    def ratio(self, figures: Figures) -> float:
        """The figure in terms of its baseline."""
        value, against = self.value(figures), self.against(figures)
        return value / against if against else value


def _delay(session: str, title: str) -> Sequence[Row]:
    """Return the rows of a line with a delay, whose own time is taken off both sides."""
    return (
        Row(f"{session}-paint", f"{title}: first paint", f"{session}.paint", f"{session}.bare paint", BARE, most=1.3),
        Row(f"{session}-echo", f"{title}: key to echo", f"{session}.echo", f"{session}.bare echo", BARE, most=1.3),
        Row(
            f"{session}-streaming",
            "the same while an answer streams",
            f"{session}.streaming",
            f"{session}.bare echo",
            BARE,
            most=1.3,
        ),
    )


BARE = "the least Textual program"
STOCK = "Textual's own list of as many names"

DELAYED = {
    "far_150": "150 ms round trip",
    "far_300": "300 ms round trip",
    "unsteady": "150 ms, 1 % of reads held back for 500 ms",
}

ROWS = (
    Row("paint", "first paint", "console.paint", "bare.paint", BARE, most=1.3),
    Row("whole", "first screen with its list", "console.whole", "bare.paint", BARE, most=1.8),
    Row("whole-cpu", "CPU until then", "console.cpu", "bare.cpu", BARE, most=1.8),
    Row("playground", "playground, first opening", "console.playground", "bare.paint", BARE, most=0.5),
    Row("first-bytes", "bytes to the first screen", "console.first bytes", 4_000, "4,000", most=1),
    Row("switch-bytes", "bytes to switch screens", "console.switch bytes", 3_000, "3,000", most=1),
    Row("rest", "bytes at rest, 10 s", "console.rest bytes", "bare.rest bytes", BARE, most=0),
    Row("echo", "key to echo", "console.echo", "bare.echo", BARE, most=1.3),
    Row("echo-streaming", "the same while an answer streams", "typing.echo", "bare.echo", BARE, most=1.3),
    Row("key-cpu", "CPU for a typed character", "console.key cpu", "bare.key cpu", BARE, most=2),
    Row("key-bytes", "bytes for a typed character", "console.key bytes", 30, "30", most=1),
    Row("bytes", "bytes for one answer", "answer.bytes", TEXT, f"its text, {TEXT:,}", most=4),
    Row("markdown-bytes", "the same", "answer.bytes", "markdown.bytes", "Textual's MarkdownStream", most=1),
    Row("cpu", "CPU for one answer", "answer.cpu", "reading.cpu", "httpx alone, reading it", most=2),
    Row("markdown-cpu", "the same", "answer.cpu", "markdown.cpu", "Textual's MarkdownStream", most=0.2),
    Row("compare-bytes", "bytes for four at once", "comparing.bytes", 4 * TEXT, f"their texts, {4 * TEXT:,}", most=4),
    Row(
        "compare-first",
        "first token of two of four",
        "comparing_first.first",
        "comparing_first.alone",
        "of one alone",
        most=1.2,
    ),
    Row("compare-cpu", "CPU for four at once", "comparing.cpu", "comparing.httpx cpu", "httpx, reading them", most=2.5),
    Row("memory", "memory with an answer, MB", "answer.memory", "stock_thousand.memory", STOCK, most=1.6),
    Row("flat", "memory after 1,000 answers, MB", "answers.held 990", "answers.held 100", "after 100", most=1.1),
    Row("flat-cpu", "CPU for the 1,000th answer", "answers.cpu 990", "answers.cpu 10", "for the 10th", most=2),
    Row("flat-echo", "key to echo after 1,000", "answers.echo 990", "answers.echo 10", "after 10", most=1.3),
    Row("version", "modeldeck --version, CPU", "version.ours", "version.python", "python -c pass", most=3),
    Row(
        "exec-agent",
        "modeldeck exec, open in the agent, CPU",
        "program.agent",
        "program.python",
        "python -c pass",
        most=12,
    ),
    Row(
        "exec-plain", "the same without a passphrase, CPU", "program.plain", "program.python", "python -c pass", most=20
    ),
    Row("chat", "modeldeck chat, whole", "chat.all", "chat.httpx all", "the least httpx program", most=1.15),
    Row("chat-first", "modeldeck chat, first byte", "chat.first", "chat.httpx first", "the same", most=1.15),
    Row("chat-cpu", "modeldeck chat, CPU", "chat.cpu", "chat.httpx cpu", "the same", most=1.15),
    Row("chat-llm", "modeldeck chat, whole", "chat.all", "chat.llm all", "llm", most=0.25),
    Row("save", "a save of 1,000 tenants, CPU", "saving.of 1000", "saving.of 1", "of one", most=1.1),
    Row("tenants", "1,000 tenants, opened", "tenants.open", "bare.paint", BARE, most=1),
    Row("tenants-key", "1,000 tenants, slowest key", "tenants.key", "stock_thousand.key", STOCK, most=1.2),
    Row("tenants-palette", "1,000 tenants, commands", "tenants.palette", "stock_thousand.key", STOCK, most=1.2),
    Row("tenants-palette-key", "the same, slowest key", "tenants.palette key", "stock_thousand.key", STOCK, most=1.2),
    Row("models", "20,000 models, opened", "models.open", "stock_twenty_thousand.open", STOCK, most=0.8),
    Row("models-key", "20,000 models, slowest key", "models.key", "stock_twenty_thousand.key", STOCK, most=1.2),
    Row("models-palette", "20,000 models, commands", "models.palette", "stock_twenty_thousand.key", STOCK, most=1.2),
    Row(
        "models-palette-key",
        "the same, slowest key",
        "models.palette key",
        "stock_twenty_thousand.key",
        STOCK,
        most=1.2,
    ),
    Row("models-playground", "playground with 20,000 models", "models.playground", "bare.paint", BARE, most=0.5),
    Row("audit", "audit log of 1,000,000, verified, CPU", "audit.verify", "audit.read", "reading the file", most=20),
    Row("audit-parse", "the same", "audit.verify", "audit.parse", "parsing its lines", most=2),
    Row("audit-tail", "the last 40 of 1,000,000 entries", "audit.tail", "audit.read", "reading the file", most=1),
    Row("audit-memory", "memory to verify 1,000,000, MiB", "audit.memory", 64, "64", most=1),
    Row("history-search", "search of 10,000 recorded chats, s", "recorded_chats.search", 1, "1 s", most=1),
    Row(
        "history-open",
        "opening 10,000 recorded chats",
        "recorded_chats.open",
        "recorded_chats.plain",
        "reading the same as JSON",
        most=20,
    ),
    Row("ahead", "keys typed ahead of the screen, busy machine", "ahead.right", "ahead.runs", "runs", least=1),
    Row("decode", "events decoded a second", "decoding.ours", "decoding.sdk", "openai SDK", least=3),
    *(row for session, title in DELAYED.items() for row in _delay(session, title)),
)

_HEAD = "| | here | baseline | ratio | goal |\n|---|---|---|---|---|"


def table(rows: Sequence[Row], runs: Sequence[Figures]) -> str:
    """The rows in Markdown, each figure the median of the runs and each ratio the median of their ratios."""
    return "\n".join([_HEAD, *(_line(row, runs) for row in rows)])


def ratio(row: Row, runs: Sequence[Figures]) -> float:
    """The median of a row's ratios."""
    return median(row.ratio(figures) for figures in runs)


def _line(row: Row, runs: Sequence[Figures]) -> str:
    goal = f"≥ {row.least:g}" if row.least else f"≤ {row.most:g}"
    runs = [figures for figures in runs if row.is_measured(figures)]
    if not runs:
        return f"| {row.title} | not measured | – | – | {goal} ✗ |"
    value, against = (median(take(figures) for figures in runs) for take in (row.value, row.against))
    result = ratio(row, runs)
    met = result >= row.least if row.least else result <= row.most
    base = row.of if isinstance(row.baseline, float | int) else f"{_number(against)} ({row.of})"
    if isinstance(row.baseline, str) and not against:
        return f"| {row.title} | {_number(value)} | not installed ({row.of}) | – | {goal} |"
    return f"| {row.title} | {_number(value)} | {base} | {result:.2f} | {goal}{'' if met else ' ✗'} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 or value == 0 else f"{value:.3f}" if value < 1 else f"{value:.2f}"
