"""`modeldeck audit`: the commands that read the audit log."""

from tui.cli.command import JSON, Command, Option

COMMANDS = (
    Command(
        ("audit", "show"),
        "audit.handlers:show",
        "show what was done to a tenant's settings, when and by whom",
        options=(
            Option(("--since",), "only newer entries: a date, a time, or an age such as 30m, 12h or 7d", "WHEN"),
            Option(("-n", "--number"), "the last N entries, 0 for all; default: 40, or all with --json", "N"),
            Option(("--operator",), "the operator's log: trials and removed tenants"),
            JSON,
        ),
        details="No entry holds a secret. Times are local; with --json they are UTC.",
        shape="[{n, at, by: {user?, login?, from?, terminal?, inside?}, done, about}]; ? marks what is "
        "missing where it is unknown",
        examples=("modeldeck audit show -t acme --since 7d",),
        secrets=False,
    ),
    Command(
        ("audit", "verify"),
        "audit.handlers:verify",
        "check that no entry of the audit log was changed or removed",
        options=(JSON,),
        details="Without -t, checks the log of every tenant and the operator's. The exit code is 1 if a log is not "
        "intact. An entry that a killed process left unfinished is reported, and does not count against the log.",
        shape="[{tenant, entries, whole, findings: [{sentence, harmless}]}]",
        examples=("modeldeck audit verify",),
        secrets=False,
    ),
)
