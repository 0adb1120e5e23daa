"""`modeldeck embed -o FILE`: many texts into a file, continued by the same command."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path

from tui.cli.context import CommandContext
from tui.cli.model_call import print_progress, unlock_for_call
from tui.cli.output import count_noun
from tui.domain import Model
from tui.errors import Problem, UsageError
from tui.providers.events import Vectors
from tui.workspace.playground import calls
from tui.workspace.playground.embedding.vectors_file import VectorsFile, head_of

LineOf = Callable[[int, Sequence[float]], str]
"""Makes the line of a vector from its index and itself."""

_ATTEMPTS = 5
_BACKOFF, _LONGEST = 1.0, 60.0


async def embed_to_file(
    call: CommandContext, model: Model, texts: Sequence[str], dimensions: int, output: Path, line_of: LineOf
) -> None:
    """Embed what the file does not have yet, batch by batch, then write the file.

    A failure that may pass is retried; after another one, the vectors that came stay in the part.
    """
    if output.exists():
        raise UsageError(f"{output.name} already exists.", "Choose another file, or delete it.")
    await unlock_for_call(call, model)
    query = call.args.has("query")
    about = f"{model.ref} {dimensions or ''}{' query' if query else ''}".strip()
    with VectorsFile(output, head_of(about, texts)) as file:
        if file.done:
            call.out.note(f"{file.done:,} of {len(texts):,} are embedded already.")
        attempt = 0
        try:
            while file.done < len(texts):
                before = file.done
                try:
                    await _continue_file(call, model, texts, dimensions, file)
                except Problem as problem:
                    attempt = 1 if file.done > before else attempt + 1
                    if not problem.transient or attempt >= _ATTEMPTS:
                        raise
                    wait = problem.retry_after or min(_LONGEST, _BACKOFF * 2**attempt)
                    call.out.note(f"{problem.message} Retrying in {wait:.0f} s, at text {file.done + 1:,}.")
                    await asyncio.sleep(wait)
        except BaseException:
            call.out.end_progress()
            if file.done:
                call.out.note(f"{file.done:,} of {len(texts):,} are in {file.part.name}; the same command continues.")
            raise
        call.out.end_progress()
        file.finish(line_of)
        size = file.head.dimensions
    shape = {"output": str(output), "model": model.ref, "count": len(texts), "dimensions": size}
    verb = "is" if len(texts) == 1 else "are"
    call.out.result(shape, f"{count_noun(len(texts), 'vector')} of {size:,} dimensions {verb} in {output}.")


async def _continue_file(
    call: CommandContext, model: Model, texts: Sequence[str], dimensions: int, file: VectorsFile
) -> None:
    first = file.done
    events = calls.embed(call.tenant_session, model, texts[first:], call.args.has("query"), dimensions=dimensions)
    async with aclosing(events) as running:
        async for event in running:
            if isinstance(event, Vectors):
                # Vectors come in the order of the texts, a batch at a time.
                file.append(event.vectors)
                call.out.progress(f"Embedded {file.done:,} of {len(texts):,} texts")
            else:
                print_progress(call.out, event)
