"""Model choice and progress notes, shared by chat, embed and transcribe."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from errno import ENOENT
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.cli.context import CommandContext
from tui.cli.inputs import new_file, read_bytes
from tui.cli.output import Output, bar, is_terminal
from tui.domain import KeySource, Model, ModelType
from tui.errors import UsageError
from tui.paths import paths
from tui.providers.client.limits import MIB
from tui.providers.events import Event, NoResponseYet, Notice, Retrying, UploadStarted
from tui.providers.requests import Call
from tui.sanitize import one_line
from tui.storage.user_file import unwritable, write
from tui.tenancy import models
from tui.tenancy.connections import provider_of
from tui.tenancy.last_used import touch
from tui.workspace.playground import key_source
from tui.workspace.playground.key_source import CallRoute
from tui.workspace.playground.speech.audio import MEGABYTE

if TYPE_CHECKING:
    from tui.providers.client.wire_log import WireLog
    from tui.workspace.playground.attachments.files import AttachedFile

_TRACE_SIZE = 64 * MIB
"""About how many characters of frames --trace saves."""


def answering_model(call: CommandContext, kind: ModelType) -> Model:
    """Return the model of -m, else the tenant's default model of the type."""
    named = call.args.one("model")
    if named:
        return models.find(call.tenant_session, named, kind)
    if chosen := models.defaults(call.tenant_session).get(kind):
        return models.find(call.tenant_session, chosen.ref, kind)
    # Only a tenant without a default waits for a suggestion.
    from tui.workspace.models import defaults

    row = next(row for row in defaults.rows(call.tenant_session) if row.type is kind)
    proposal = row.proposed.ref if row.proposed else "P/MODEL"
    raise UsageError(
        f"{call.tenant.name} has no default {kind.label} model.",
        f"Use -m P/MODEL, or set the default: modeldeck default set {kind} {proposal}",
    )


def answering_fallbacks(call: CommandContext, model: Model) -> tuple[str, ...]:
    """Return the models that answer where the default does not; none for a model that -m names."""
    from tui.workspace.playground.fallback import fallbacks_of

    return () if call.args.has("model") else fallbacks_of(call.tenant_session, model)


async def unlock_for_model(call: CommandContext, model: Model) -> None:
    """Unlock the tenant where a call of this model needs it: not for a trial, whose key is the operator's."""
    if key_source.source(call.tenant_session, model.provider) is KeySource.OWN:
        await call.unlock_for(model.provider)


async def unlock_for_call(call: CommandContext, model: Model) -> None:
    """Unlock the tenant if the model's provider needs an API key, and record that the tenant is used now.

    Warns before, as `warn_of_limits` does.
    """
    await unlock_for_model(call, model)
    key_source.route_call(call.tenant_session, model)
    warn_of_limits(call, [model])
    touch(call.tenant_session)
    _ = call.session.client  # so that its imports do not count as the provider's time


def warn_of_limits(call: CommandContext, models: Sequence[Model]) -> None:
    """Warn before requests: once a day when a trial is nearly used up, and when this month's spend nears the budget."""
    for provider_id in dict.fromkeys(model.provider for model in models):
        if remaining := key_source.last_calls(call.tenant_session, provider_id):
            count = f"{remaining:,} trial requests" if remaining > 1 else "1 trial request"
            label = provider_of(call.tenant_session, provider_id).label
            call.out.note(f"{count} of {label} left, including this one.")
    if call.session.config.budget:
        from tui.workspace.pricing.spend import budget_warning

        if warning := budget_warning(call.tenant_session):
            call.out.note(warning)


@contextmanager
def trace_option(call: CommandContext) -> Iterator["WireLog | None"]:
    """Yield the wire log that --trace asks for, None without it, and write it however the request ends."""
    if not call.args.has("trace"):
        yield None
        return
    from tui.providers.client.wire_log import WireLog

    path, log = trace_path(call), WireLog(size=_TRACE_SIZE)
    try:
        yield log
    finally:
        if log.exchanges:
            save_trace(call, path, log.as_json())
        elif log.muted:
            call.out.note("Nothing was saved: a request on a trial shows the operator's account.")


def trace_path(call: CommandContext) -> Path:
    """Return the file of --trace.

    Raises:
        UsageError: It exists and --force is missing, or it cannot be written.
    """
    where = call.args.one("trace")
    if where == "-":
        raise UsageError("--trace writes a file, not stdout.", "Name a file; ./- is one whose name is -.")
    path = new_file(where, call.args.has("force"))
    if not path.parent.is_dir():
        raise unwritable(path, FileNotFoundError(ENOENT, "No such folder"))
    return path


def save_trace(call: CommandContext, path: Path, trace: Mapping[str, Any]) -> None:
    """Write what was sent and received, and say where it is."""
    write(path, call.out.json_text(trace) + "\n")
    call.out.note(f"Saved the requests and responses in {one_line(str(path), 200)}.")


def attached_files(call: CommandContext) -> "tuple[AttachedFile, ...]":
    """Return the files of -a, in order; say what was removed of them."""
    from tui.workspace.playground.attachments import files as reader

    home, keep = paths(call.environ).home, call.args.has("keep-metadata")
    attached: list[AttachedFile] = []
    for name in call.args.many("attachment"):
        if name == "-":
            if is_terminal(sys.stdin):
                raise UsageError("A file cannot be typed.", "Pipe one: modeldeck chat -a - 'What is this?' <a.png")
            attached.append(reader.of_content(read_bytes("", reader.MAX_SIZE + 1), "stdin", keep_metadata=keep))
        else:
            attached.append(reader.read_file(name, home, keep_metadata=keep))
    for file in attached:
        if file.removed:
            call.out.note(f"{file.name}: metadata removed ({file.removed:,} bytes); --keep-metadata sends it.")
    return tuple(attached)


def print_request(call: CommandContext, route: CallRoute, request: Call) -> None:
    """Print a request in the form that --print names. Nothing is sent, and no key is read."""
    if call.args.has("trace"):
        raise UsageError("--print sends nothing, so --trace has nothing to save.", "Leave one of them out.")
    from tui.workspace.playground.copy_as import request_text

    text = request_text(route.access, request, call.args.one("print"), call.session.clock())
    call.out.line(text.removesuffix("\n"))


def print_progress(out: Output, event: Event) -> None:
    """Print notices, retries, silences and the progress of an upload on stderr; ignore other events."""
    match event:
        case Notice(text=text):
            out.note(text)
        case Retrying(reason=reason, seconds=seconds, attempt=attempt, of=of):
            when = f"in {ceil(seconds)} s" if seconds else "now"
            out.note(f"{(reason or 'no answer').capitalize()}: retrying {when}, {attempt} of {of}.")
        case NoResponseYet(seconds=seconds, limit=limit):
            out.note(f"No response for {seconds:.0f} s; giving up at {limit:.0f} s.")
        case UploadStarted(sent=sent, size=size) if sent < size:
            out.progress(f"Uploading {bar(sent, size)}  {sent / MEGABYTE:.1f} of {size / MEGABYTE:.1f} MB")
        case UploadStarted():
            out.end_progress()
        case _:
            pass
