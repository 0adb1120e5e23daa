"""`modeldeck provider`: the providers of a tenant."""

from tui.cli.command import (
    ALLOW_HTTP,
    CREDENTIAL_NAME,
    DRY_RUN,
    FIELDS,
    JSON,
    NO_VERIFY,
    PROVIDER,
    TENANTS,
    YES,
    Argument,
    Command,
    Option,
)

COMMANDS = (
    Command(
        ("provider", "list"),
        "provider.handlers:list_all",
        "list the providers and their state",
        options=(JSON,),
        shape="[{id, label, supply, state, source, models, added, trial, credential, found, like?}]; like is there "
        "for a connection, the provider that it is like; credential is null or its name, trial null or {left, calls}, "
        "found the environment variable that holds an API key",
        examples=("modeldeck provider list -t acme",),
    ),
    Command(
        ("provider", "show"),
        "provider.handlers:show",
        "show a provider's fields, credentials and models",
        (PROVIDER,),
        (JSON,),
        shape="{id, label, supply, types, state, source, models, added, trial, like?, key_page, docs, fields: [{name, "
        "label, secret, required, way, default, help, env, value}], credentials}; the value of a secret is dots and "
        "its last four characters; credentials as in modeldeck credential list",
        examples=("modeldeck provider show openai",),
    ),
    Command(
        ("provider", "set"),
        "provider.set_up:set_up",
        "set up a provider: verify, encrypt and save its fields, import its models",
        (PROVIDER, FIELDS),
        (CREDENTIAL_NAME, NO_VERIFY, ALLOW_HTTP, DRY_RUN, JSON),
        "Fields that you leave out keep their value. Give a secret field as FIELD=- (a hidden prompt, or a line of "
        "stdin), FIELD=@FILE, or FIELD=env:NAME for a variable such as OPENAI_API_KEY; written out, it shows in the "
        "process list. Several FIELD=- read one line each. "
        "If the provider rejects the API key or cannot be reached, nothing is saved. The first credential becomes the "
        "active one; switch with modeldeck credential use.\n\n"
        "FIELD=ref:… leaves the secret where it is, and fetches it when a request needs it: ref:pass:PATH, "
        "ref:gopass:PATH, ref:op://VAULT/ITEM/FIELD, ref:bw:ITEM, ref:vault:PATH#FIELD, ref:bao:PATH#FIELD, "
        "ref:command:CMD ARG…, ref:file:/PATH, ref:credential:NAME (of systemd) or ref:env:NAME; the first line "
        "counts. Programs are run without a shell or a terminal and have 30 seconds; what they print as an error is "
        "not shown. A value is kept in memory for 5 minutes and stored nowhere, so a locked tenant can use it. A "
        "reference that was changed by another hand runs nothing until you confirm it: modeldeck vault confirm.",
        "{provider, credential, active, state, ms, models, proposed: [{type, model}]}; --dry-run: {provider, "
        "credential, saved, message}",
        (
            "modeldeck provider set openai api_key=-",
            "modeldeck provider set openai api_key=@key.txt --name team-b",
            "modeldeck provider set anthropic api_key=env:ANTHROPIC_API_KEY",
            "modeldeck provider set openai api_key=ref:pass:work/openai",
            "modeldeck provider set openai_compatible base_url=http://localhost:11434/v1",
        ),
    ),
    Command(
        ("provider", "add"),
        "provider.add:add",
        "add another connection, such as a second OpenAI-compatible server",
        (Argument("NAME", "lower-case letters, digits, - and _"), FIELDS),
        (
            Option(("--like",), "the provider that it is like, see modeldeck provider list", "P"),
            NO_VERIFY,
            ALLOW_HTTP,
            JSON,
        ),
        "A connection is an entry of its own in the list of providers, with its own credentials, models and state. Its "
        "models are NAME/MODEL, and defaults can use several connections at once. With fields, it is set up as by "
        "modeldeck provider set; if that fails, nothing is added. modeldeck provider remove NAME removes it.",
        "{provider, like, credential, active, state, ms, models, proposed: [{type, model}]}",
        (
            "modeldeck provider add gpu --like openai_compatible base_url=http://gpu/v1",
            "modeldeck provider add team-b --like openai api_key=-",
        ),
    ),
    Command(
        ("provider", "verify"),
        "provider.handlers:verify",
        "check that the stored API key works",
        (PROVIDER._replace(min_count=0),),
        (Option(("--all",), "verify every provider that is set up"), CREDENTIAL_NAME, JSON),
        "The exit code is that of the first provider that is not ready.",
        "[{provider, credential, state, ms, message, hint}]; ms is null if the key was not accepted",
        ("modeldeck provider verify openai", "modeldeck provider verify --all --json"),
    ),
    Command(
        ("health",),
        "provider.health:health",
        "verify every stored credential of a tenant, or of all tenants",
        (),
        (Option(("--all-tenants",), "for all tenants; locked ones are reported, nothing is asked"), TENANTS, JSON),
        "Each is verified as by modeldeck provider verify, at most two requests per host at once, and the outcome is "
        "stored; nothing is disabled or removed. Trials are listed and not verified. The exit code is 3 if a key is "
        "rejected, else 4 if a provider cannot be reached, else 5 if a tenant is locked.",
        "[{tenant, provider, credential, active, state, verified_at, ms, before_ms, median_ms, billed, age_days, "
        "expires, due_on, trial, message, hint}]; median_ms is that of the last ten checks; billed is true if a check "
        "is billed, for one token; state is ready, restricted, refused, failed, locked or trial; expires and due_on "
        "are dates or null; trial null or {left, calls}",
        ("modeldeck health", "modeldeck health --all-tenants --json"),
    ),
    Command(
        ("doctor",),
        "provider.doctor:doctor",
        "check the connection to a provider, or this machine",
        (PROVIDER._replace(min_count=0), Argument("CRED", "a credential's name; default: the active one", min_count=0)),
        (Option(("--spend",), "also ask a model for a word; the provider bills it"), JSON),
        "With a provider: its name, TCP, the proxy, TLS, this machine's clock, the API key and the list of models, "
        "each timed on the connection that real requests use. Nothing is stored, and without --spend nothing is "
        "billed. If no key can be used, everything but the key is checked. Without a provider: versions, terminal, "
        "locale, tmux, folders, disk, config.toml, proxies and certificates. The exit code is that of the first check "
        "that failed.",
        "{version: 1, provider, credential, checks: [{check, state, ms, message, hint, detail, facts}]}; state is ok, "
        "warning, failed or skipped, ms null where nothing is timed; facts depend on the check",
        ("modeldeck doctor openai", "modeldeck doctor openai team-b --spend --json", "modeldeck doctor"),
    ),
    Command(
        ("provider", "remove"),
        "provider.handlers:remove",
        "remove a provider's credentials and models from a tenant, or a connection",
        (PROVIDER,),
        (YES, DRY_RUN, JSON),
        shape="{provider, removed, message}",
        examples=("modeldeck provider remove openai --yes",),
    ),
    Command(
        ("provider", "source"),
        "provider.handlers:source",
        "use the operator's trial or your own key for a tenant's requests",
        (PROVIDER, Argument("SOURCE", "trial or own", choices=("trial", "own"))),
        (JSON,),
        shape="{provider, source}",
        details="Modeldeck never switches automatically, not even when a trial is used up.",
        examples=("modeldeck provider source openai own",),
    ),
)
