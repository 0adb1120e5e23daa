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
        shape="[{provider, name, active, state, clear, secrets: {FIELD: {hint, fingerprint, reference}}, origins, "
        "plain_http, verified_at, ms, changed, expires, every_days, due_on}]; the last three null if not set",
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
            DRY_RUN,
            JSON,
        ),
        "Without fields, asks for each stored secret, or reads one line of stdin each. Fields work as in modeldeck "
        "provider set. The new API key is verified first; if it is rejected, nothing changes. With fields and "
        "--confirm, the old API key is not kept.",
        "{provider, credential, active, state, ms, hint, kept}; hint is the end of the API key in use, kept that of "
        "the other one or null; --dry-run: {provider, credential, saved, message}",
        (
            "modeldeck credential rotate openai",
            "modeldeck credential rotate openai --undo",
            "modeldeck credential rotate openai --confirm",
        ),
    ),
    Command(
        ("credential", "expire"),
        "credential.expire:expire",
        "set when an API key expires, or how often you replace it",
        (PROVIDER, _CREDENTIAL._replace(help="a credential's name; default: the active one", min_count=0)),
        (
            Option(("--on",), "the date on which this API key expires", "DATE"),
            Option(("--every",), "the age at which you replace an API key, such as 90d or 12w", "AGE"),
            Option(("--never",), "this API key is never due; removes its date and period"),
            JSON,
        ),
        "Reminds you in modeldeck credential due, vault unlock and health, and in the console; the key is used as "
        "before. When you replace the key, the period stays and the date is removed. Without an option, shows what is "
        "set. Nothing is unlocked or sent. A date that the provider tells (Hugging Face, OpenRouter) is set whenever "
        "the key is verified.",
        "{provider, credential, expires, every_days, due_on}; a date, days or null",
        (
            "modeldeck credential expire openai --on 2027-01-31",
            "modeldeck credential expire openai team-b --every 90d",
        ),
    ),
    Command(
        ("credential", "due"),
        "credential.due:due",
        "list API keys to replace: due, or read by a removed operator",
        (),
        (
            Option(("--days",), "the age at which a key without a date or period is due; default: 90", "N"),
            Option(("--all-tenants",), "of all tenants"),
            JSON,
        ),
        "A key is due 14 days before it expires, or once it is as old as its period; modeldeck credential expire sets "
        "both. The age counts from when the credential was last saved here. What a removed operator of a shared store "
        "could read is listed at any age, until its key is another one. Nothing is unlocked or sent. The exit code is "
        "1 if any is listed.",
        "[{tenant, provider, credential, active, changed, age_days, expires, every_days, due_on, read_by}], the oldest "
        "first; expires, every_days and due_on null where nothing was set; read_by is the login of a removed operator, "
        "or empty",
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
