"""`modeldeck audit show | verify`."""

from datetime import datetime

from tui.cli.context import CommandContext
from tui.cli.inputs import since_time, whole_number
from tui.cli.output import count_noun
from tui.errors import Exit
from tui.storage.audit_log import Entry
from tui.tenancy.session import OPERATOR
from tui.workspace import audit

_DEFAULT_COUNT = 40


def show(call: CommandContext) -> None:
    """Print the entries, oldest first; on a terminal the last ones."""
    owner = OPERATOR if call.args.has("operator") else call.tenant_id
    since = since_time(call.args.one("since"))
    number = _number(call.args.one("number"), 0 if call.out.as_json else _DEFAULT_COUNT)
    entries = audit.listing(call.session.tenant(owner), since, number)
    if call.out.as_json:
        call.out.json([_shape(entry) for entry in entries])
        return
    call.out.table(
        ("", "when", "who", "what"),
        [(str(entry.n), _local(entry.at), audit.by_whom(entry.by), audit.words(entry)) for entry in entries],
    )
    if call.out.decorated and not entries:
        call.out.note("The log is empty.")
    elif call.out.decorated and not since and number and (before := entries[0].n - 1):
        call.out.note(f"{count_noun(before, 'entry', 'entries')} before these; -n 0 shows all.")


def _shape(entry: Entry) -> dict[str, object]:
    return {"n": entry.n, "at": entry.at, "by": entry.by, "done": entry.done, "about": entry.about}


def _number(text: str, default: int) -> int:
    return whole_number("--number", text) if text else default


def _local(stamp: str) -> str:
    try:
        return f"{datetime.fromisoformat(stamp).astimezone():%Y-%m-%d %H:%M:%S}"
    except (ValueError, OverflowError):
        return stamp


def verify(call: CommandContext) -> int:
    """Check the logs; return exit code 1 if one is not intact."""
    one = call.args.one("tenant") or call.environ.get("MODELDECK_TENANT", "")
    owners = [call.tenant_id] if one else audit.owners(call.session)
    checked = [audit.check(call.session.tenant(owner)) for owner in owners]
    if call.out.as_json:
        call.out.json(
            [
                {
                    "tenant": entry.owner,
                    "entries": entry.count,
                    "whole": entry.whole,
                    "findings": [{"sentence": one.sentence, "harmless": one.harmless} for one in entry.findings],
                }
                for entry in checked
            ]
        )
    else:
        for entry in checked:
            count = count_noun(entry.count, "entry", "entries")
            call.out.line(f"{entry.owner}: {count}, {'whole' if entry.whole else 'not whole'}.")
            for finding in entry.findings:
                call.out.line(f"  {finding.sentence}")
    return Exit.DONE if all(entry.whole for entry in checked) else Exit.FAILED
