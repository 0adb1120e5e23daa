"""The commands that keep settings: what was done to them, moving them, bringing them back. Part of the table."""

from tui.cli.vocabulary import JSON, Command, Option

KEEPING = (
    # --- audit --------------------------------------------------------------------------------------------------------
    Command(
        ("audit", "show"),
        "audit:show",
        "what was done to a tenant's settings, when and by whom",
        options=(
            Option(("--since",), "only from then on: a date, a time, or how long ago as 30m, 12h, 7d", "WHEN"),
            Option(("-n", "--number"), "the last N entries, 0 for all; 40 unless given, with --json all", "N"),
            Option(("--operator",), "the operator's log: trials, and tenants that were removed"),
            JSON,
        ),
        details="No entry holds a secret. Times are in this machine's time zone, with --json in UTC.",
        shape="[{n, at, by: {user, login, from, terminal, inside}, done, about}]; of by and about what is known",
        examples=("modeldeck audit show -t acme --since 7d",),
        secrets=False,
    ),
    Command(
        ("audit", "verify"),
        "audit:verify",
        "whether entries of the audit log were changed or taken out",
        options=(JSON,),
        details="Without -t every tenant's log is looked at, and the operator's. Exit code 1 if one is not whole. What "
        "a killed session leaves is told, and counts as whole.",
        shape="[{tenant, entries, whole, findings: [{sentence, harmless}]}]",
        examples=("modeldeck audit verify",),
        secrets=False,
    ),
)
