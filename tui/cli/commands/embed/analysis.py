"""`modeldeck embed` beyond printing: nearest lines, a scatter, and two models on the same texts."""

from collections.abc import Sequence

from tui.cli.context import CommandContext
from tui.cli.inputs import whole_number
from tui.cli.model_call import print_progress, unlock_for_call
from tui.domain import Model
from tui.errors import UsageError
from tui.providers.events import Event, Vectors
from tui.storage.user_file import local_path
from tui.workspace.playground.embedding import projection, ranking
from tui.workspace.playground.embedding.documents import embed_all, read_lines
from tui.workspace.playground.embedding.vectors import MAX_TEXTS, Vector, matrix

_SCATTER = (72, 20)
"""Cells and rows of a scatter."""


async def vectors_of(
    call: CommandContext, model: Model, texts: Sequence[str], dimensions: int, query: bool = False
) -> list[Vector]:
    """Embed texts and return their vectors, with progress on a terminal."""
    count = 0

    def show(event: Event) -> None:
        nonlocal count
        if isinstance(event, Vectors):
            count += len(event.vectors)
            call.out.progress(f"Embedded {count:,} of {len(texts):,} texts")
        else:
            print_progress(call.out, event)

    vectors = await embed_all(call.tenant_session, model, texts, query=query, dimensions=dimensions, on_event=show)
    call.out.end_progress()
    return vectors


async def nearest(call: CommandContext, model: Model, queries: Sequence[str], dimensions: int) -> None:
    """Print the lines of a file that are nearest to each query."""
    count = whole_number("--top", call.args.one("top", "10"), 1)
    lines = read_lines(local_path(call.args.one("nearest")))
    await unlock_for_call(call, model)
    documents = await vectors_of(call, model, [line for _, line in lines], dimensions)
    for query, vector in zip(queries, await vectors_of(call, model, queries, dimensions, True), strict=True):
        matches = [(*lines[index], cosine) for index, cosine in ranking.nearest(vector, documents, count)]
        if call.out.as_json:
            near = [{"line": number, "text": text, "cosine": round(cosine, 6)} for number, text, cosine in matches]
            call.out.json({"query": query, "model": model.ref, "nearest": near})
            continue
        if len(queries) > 1:
            call.out.line(query)
        call.out.table(
            ("cosine", "line", "text"), [(f"{cosine:.3f}", str(number), text) for number, text, cosine in matches]
        )


async def scatter(call: CommandContext, model: Model, texts: Sequence[str], dimensions: int) -> None:
    """Print the texts as numbered dots in two dimensions."""
    _check_count(texts)
    await unlock_for_call(call, model)
    points = projection.principal_points(matrix(await vectors_of(call, model, texts, dimensions)))
    if call.out.as_json:
        places = [{"text": text, "point": point} for text, point in zip(texts, points, strict=True)]
        call.out.json({"model": model.ref, "points": places})
        return
    for row in projection.scatter(points, *_SCATTER):
        call.out.line(row)
    call.out.table(("number", "text"), [(str(number), text) for number, text in enumerate(texts, 1)])


async def agreement(call: CommandContext, two: Sequence[Model], texts: Sequence[str]) -> None:
    """Print how far two models agree on which texts are near each other."""
    _check_count(texts)
    if len(texts) < 3:
        raise UsageError("Two models are compared on three texts at least.")
    vectors = []
    for model in two:
        await unlock_for_call(call, model)
        vectors.append(await vectors_of(call, model, texts, 0))
    result = ranking.agreement(*vectors)
    shape = {
        "models": [{"model": model.ref, "dimensions": len(of[0])} for model, of in zip(two, vectors, strict=True)],
        "texts": len(texts),
        "rank_correlation": result.spearman,
        "shared_neighbours": {"share": result.neighbours, "of": result.count},
    }
    call.out.answer(shape, result.words)


def _check_count(texts: Sequence[str]) -> None:
    if len(texts) > MAX_TEXTS:
        raise UsageError(f"Up to {MAX_TEXTS} texts are compared, not {len(texts):,}.", "Leave some out.")
