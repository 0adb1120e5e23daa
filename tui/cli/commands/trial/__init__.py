"""`modeldeck trial`: the operator's API keys, lent to every tenant."""

from tui.cli.command import ALLOW_HTTP, DRY_RUN, FIELDS, JSON, NO_VERIFY, PROVIDER, YES, Command, Option

COMMANDS = (
    Command(
        ("trial", "set"),
        "trial.handlers:set_trial",
        "lend an API key to every tenant, for a number of requests and some models",
        (PROVIDER, FIELDS),
        (
            Option(("--calls",), "requests per tenant; default: unchanged, or the suggested number", "N"),
            Option(("--models",), "the models it covers; default: unchanged, or the suggested ones", "ID,…"),
            NO_VERIFY,
            ALLOW_HTTP,
            DRY_RUN,
            JSON,
        ),
        "Fields work as in modeldeck provider set. The API key is encrypted for the operator's own key pair. Chat, "
        "embedding and speech-to-text requests count; verification and failed requests do not. Usage counts stay, "
        "whatever happens to a tenant's settings.",
        "{provider, calls, models: [id], state, ms}; --dry-run: {provider, credential, saved, message}",
        ("modeldeck trial set openai api_key=-", "modeldeck trial set openai --calls 1000 --models gpt-5.4-mini"),
    ),
    Command(
        ("trial", "show"),
        "trial.handlers:show",
        "show the trials, and what each tenant has left",
        options=(JSON,),
        shape="[{provider, label, calls, models: [id], state, secrets: {FIELD: {hint, fingerprint, reference}}, "
        "tenants: [{id, name, used, left}]}]",
        examples=("modeldeck trial show",),
    ),
    Command(
        ("trial", "remove"),
        "trial.handlers:remove",
        "end a trial and delete its API key; usage counts are kept",
        (PROVIDER,),
        (YES, DRY_RUN, JSON),
        shape="{provider, removed, message}",
        examples=("modeldeck trial remove openai --yes",),
    ),
)
