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
    figure ÷ baseline (`least` where more is better), or with `more` for figure − baseline.
    """

    name: str
    title: str
    figure: str
    baseline: str | float
    of: str
    most: float = 0.0
    least: float = 0.0
    more: bool = False

    @property
    def sessions(self) -> set[str]:
        """What is to be run for it."""
        named = (text for text in (self.figure, self.baseline) if isinstance(text, str))
        return {text.partition(".")[0] for text in named}

    def value(self, figures: Figures) -> float:
        """The row's own figure."""
        return figures[self.figure]

    def against(self, figures: Figures) -> float:
        """What it is held against."""
        return figures[self.baseline] if isinstance(self.baseline, str) else self.baseline

    def ratio(self, figures: Figures) -> float:
        """The figure in terms of its baseline."""
        value, against = self.value(figures), self.against(figures)
        return value - against if self.more else value / against if against else value


ROWS = (
    Row("paint", "first paint", "console.paint", "bare.paint", "the least Textual program", most=1.3),
    Row("whole", "first screen with its list", "console.whole", "bare.paint", "the least Textual program", most=1.8),
    Row("playground", "playground, first opening", "console.playground", 0.25, "0.25 s", most=1),
    Row("first-bytes", "bytes to the first screen", "console.first bytes", 10_000, "10,000", most=1),
    Row("switch-bytes", "bytes to switch screens", "console.switch bytes", 6_000, "6,000", most=1),
    Row("rest", "bytes at rest, 10 s", "console.rest bytes", "bare.rest bytes", "the least Textual program", most=0),
    Row("echo", "key to echo", "console.echo", "bare.echo", "the least Textual program", most=1.3),
    Row("echo-streaming", "the same while an answer streams", "typing.echo", "bare.echo", "the same", most=1.3),
    Row("key-bytes", "bytes for a typed character", "console.key bytes", 60, "60", most=1),
    Row("bytes", "bytes for one answer", "answer.bytes", TEXT, f"its text, {TEXT:,}", most=4),
    Row("markdown-bytes", "the same", "answer.bytes", "markdown.bytes", "Textual's MarkdownStream", most=1),
    Row("cpu", "CPU for one answer", "answer.cpu", "reading.cpu", "httpx alone, reading it", most=2),
    Row("markdown-cpu", "the same", "answer.cpu", "markdown.cpu", "Textual's MarkdownStream", most=0.2),
    Row("memory", "memory with an answer, MB", "answer.memory", 65, "65", most=1),
    Row("flat", "memory after 1,000 answers, MB", "answers.held 990", "answers.held 100", "after 100", most=1.1),
    Row("flat-cpu", "CPU for the 1,000th answer", "answers.cpu 990", "answers.cpu 10", "for the 10th", most=2),
    Row("flat-echo", "key to echo after 1,000", "answers.echo 990", "answers.echo 10", "after 10", most=1.3),
    Row("version", "modeldeck --version, CPU", "version.ours", "version.python", "python -c pass", most=3),
    Row("chat", "modeldeck chat, whole", "chat.all", "chat.curl all", "curl", most=0.25, more=True),
    Row("chat-first", "modeldeck chat, first byte", "chat.first", "chat.curl first", "curl", most=0.25, more=True),
    Row("save", "a save of 1,000 tenants, CPU", "saving.of 1000", "saving.of 1", "of one", most=1.1),
    Row("tenants", "1,000 tenants, opened", "tenants.open", 0.3, "0.3 s", most=1),
    Row("tenants-key", "1,000 tenants, slowest key", "tenants.key", 0.05, "0.05 s", most=1),
    Row("tenants-palette", "1,000 tenants, commands", "tenants.palette", 0.05, "0.05 s", most=1),
    Row("tenants-palette-key", "the same, slowest key", "tenants.palette key", 0.05, "0.05 s", most=1),
    Row("models", "20,000 models, opened", "models.open", 0.3, "0.3 s", most=1),
    Row("models-key", "20,000 models, slowest key", "models.key", 0.05, "0.05 s", most=1),
    Row("models-palette", "20,000 models, commands", "models.palette", 0.05, "0.05 s", most=1),
    Row("models-palette-key", "the same, slowest key", "models.palette key", 0.05, "0.05 s", most=1),
    Row("decode", "events decoded a second", "decoding.ours", "decoding.sdk", "openai SDK", least=3),
)

_HEAD = "| | here | baseline | ratio | goal |\n|---|---|---|---|---|"


def table(rows: Sequence[Row], runs: Sequence[Figures]) -> str:
    """The rows in Markdown, each figure the median of the runs and each ratio the median of their ratios."""
    return "\n".join([_HEAD, *(_line(row, runs) for row in rows)])


def _line(row: Row, runs: Sequence[Figures]) -> str:
    value, against, ratio = (median(take(figures) for figures in runs) for take in (row.value, row.against, row.ratio))
    goal = f"≥ {row.least:g}" if row.least else f"≤ {row.most:g}"
    met = ratio >= row.least if row.least else ratio <= row.most
    base = row.of if isinstance(row.baseline, float | int) else f"{_number(against)} ({row.of})"
    if isinstance(row.baseline, str) and not against and row.least:
        return f"| {row.title} | {_number(value)} | not installed ({row.of}) | – | {goal} |"
    sign = "+" if row.more else ""
    return f"| {row.title} | {_number(value)} | {base} | {sign}{ratio:.2f} | {goal}{'' if met else ' ✗'} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 or value == 0 else f"{value:.3f}" if value < 1 else f"{value:.2f}"
