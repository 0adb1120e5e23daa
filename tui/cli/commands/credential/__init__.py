"""`modeldeck credential`: the named credentials of a provider."""

from tui.cli.command import ALLOW_HTTP, CREDENTIAL_NAME, DRY_RUN, FIELDS, JSON, PROVIDER, YES, Argument, Command, Option

_CREDENTIAL = Argument("CRED", "the credential's name")

COMMANDS = (
    Command(
        ("credential", "list"),
        "credential.handlers:list_all",
        "list the credentials of a provider",
        (PROVIDER,),
        (JSON,),
        shape="[{provider, name, active, state, clear, secrets: {FIELD: {hint, fingerprint}}, origins, plain_http, "
        "verified_at, ms, changed}]",
        examples=("modeldeck credential list openai",),
    ),
    Command(
        ("credential", "use"),
        "credential.handlers:use",
        "make a credential the active one of its provider",
        (PROVIDER, _CREDENTIAL),
        (JSON,),
        shape="{provider, credential, active}",
        examples=("modeldeck credential use openai team-b",),
    ),
    Command(
        ("credential", "rotate"),
        "credential.rotate:rotate",
        "replace an API key; the old one is kept until you confirm",
        (PROVIDER, FIELDS),
        (
            CREDENTIAL_NAME,
            Option(("--confirm",), "delete the old API key, from earlier states too"),
            Option(("--undo",), "switch back to the old API key; the new one is kept instead"),
            ALLOW_HTTP,
            JSON,
        ),
        "Without fields, asks for each stored secret, or reads one line of stdin each. Fields work as in modeldeck "
        "provider set. The new API key is verified first; if it is rejected, nothing changes. With fields and "
        "--confirm, the old API key is not kept.",
        "{provider, credential, active, state, ms, hint, kept}; hint is the end of the API key in use, kept that of "
        "the other one or null",
        (
            "modeldeck credential rotate openai",
            "modeldeck credential rotate openai --undo",
            "modeldeck credential rotate openai --confirm",
        ),
    ),
    Command(
        ("credential", "due"),
        "credential.due:due",
        "list API keys to replace: old, or read by a removed operator",
        (),
        (
            Option(("--days",), "the age from which a key is listed; default: 90", "N"),
            Option(("--all-tenants",), "of all tenants"),
            JSON,
        ),
        "The age counts from when the credential was last saved here. What a removed operator of a shared store could "
        "read is listed at any age, until its key is another one. Nothing is unlocked or sent. The exit code is 1 if "
        "any is listed.",
        "[{tenant, provider, credential, active, changed, age_days, read_by}], the oldest first; read_by is the login "
        "of a removed operator, or empty",
        ("modeldeck credential due", "modeldeck credential due --days 30 --all-tenants --json"),
    ),
    Command(
        ("credential", "remove"),
        "credential.handlers:remove",
        "delete a credential, from earlier states too",
        (PROVIDER, _CREDENTIAL),
        (YES, DRY_RUN, JSON),
        shape="{provider, credential, removed, message}",
        examples=("modeldeck credential remove openai team-b --yes",),
    ),
)
