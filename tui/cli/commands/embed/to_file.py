"""`modeldeck embed -o FILE`: many texts into a file, continued by the same command."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tui.cli.context import CommandContext
from tui.cli.model_call import print_progress, unlock_for_call
from tui.cli.output import count_noun
from tui.domain import Model
from tui.errors import Problem, UsageError
from tui.providers.events import Event, Vectors
from tui.workspace.playground.embedding.to_file import about, embed_rest, vector_line
from tui.workspace.playground.embedding.vectors_file import VectorsFile, head_of


async def embed_to_file(
    call: CommandContext, model: Model, texts: Sequence[str], dimensions: int, output: Path
) -> None:
    """Embed what the file does not have yet, batch by batch, then write the file.

    After a permanent failure, the vectors received so far stay in the partial file.
    """
    if output.exists():
        raise UsageError(f"{output.name} already exists.", "Choose another file, or delete it.")
    await unlock_for_call(call, model)
    query = call.args.has("query")
    with VectorsFile(output, head_of(about(model, query=query, dimensions=dimensions), texts)) as file:
        if file.done:
            call.out.note(f"{file.done:,} of {len(texts):,} are embedded already.")

        def show(event: Event) -> None:
            if isinstance(event, Vectors):
                call.out.progress(f"Embedded {file.done:,} of {len(texts):,} texts")
            else:
                print_progress(call.out, event)

        def on_retry(problem: Problem, seconds: float) -> None:
            call.out.note(f"{problem.message} Retrying in {seconds:.0f} s, at text {file.done + 1:,}.")

        try:
            await embed_rest(
                call.tenant_session,
                model,
                texts,
                file,
                query=query,
                dimensions=dimensions,
                on_event=show,
                on_retry=on_retry,
            )
        except BaseException:
            call.out.end_progress()
            if file.done:
                call.out.note(f"{file.done:,} of {len(texts):,} are in {file.part.name}; the same command continues.")
            raise
        call.out.end_progress()
        file.finish(partial(vector_line, model, texts))
        size = file.head.dimensions
    shape = {"output": str(output), "model": model.ref, "count": len(texts), "dimensions": size}
    verb = "is" if len(texts) == 1 else "are"
    call.out.result(shape, f"{count_noun(len(texts), 'vector')} of {size:,} dimensions {verb} in {output}.")
