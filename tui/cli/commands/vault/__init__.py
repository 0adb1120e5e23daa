"""`modeldeck vault`: key pairs, and what they can decrypt."""

from tui.cli.command import DRY_RUN, JSON, TENANT, YES, Argument, Command, Option

_OPERATOR = Option(("--operator",), "the operator's key pair, which encrypts the API keys of trials")

COMMANDS = (
    Command(
        ("vault", "status"),
        "vault.handlers:status",
        "show who can read a tenant's API keys, and what needs your attention",
        options=(_OPERATOR, JSON),
        details="Asks for no passphrase: while the tenant is locked, its settings are shown as stored.",
        shape="{tenant, name, passphrase, open, agent, key_pair, key_file, key_file_present, settings, together, "
        "lock_after, manifest: {state, counter}, credentials: [{provider, name, state, words}], earlier_key_pairs: "
        "[id], history: {on, days, available, chats}, loose: [sentence], exposed: [{operator, provider, credential, "
        "since}], readers}; agent says that the agent keeps it open, together is the folder that holds both settings "
        "and key file, or ''; exposed is what a removed operator could read; the state of the manifest is vouched "
        "for, not proved, changed from outside or older state put back",
        examples=("modeldeck vault status -t acme",),
    ),
    Command(
        ("vault", "inspect"),
        "vault.inspect:inspect_envelope",
        "show the parts of an encrypted API key, without decrypting it",
        (Argument("P", "the provider"), Argument("CRED", "its name; default if left out", min_count=0)),
        (JSON,),
        "Asks for no passphrase. tui/vault/FORMAT.md describes every part, and how to decrypt your API keys with "
        "OpenSSL instead of Modeldeck.",
        "{provider, name, version, key_id, key_file, wrapped_bytes, nonce, ciphertext_bytes, tag, bound: {NAME: "
        "text}}; key_file is '' if no key file decrypts it",
        ("modeldeck vault inspect openai",),
    ),
    Command(
        ("vault", "unlock"),
        "vault.handlers:unlock",
        "check that a passphrase unlocks the tenant",
        options=(_OPERATOR, JSON),
        details="Nothing stays unlocked afterwards, unless the agent runs, which keeps the tenant open. The exit code "
        "is 0 if the passphrase is right, 5 if it is wrong. Changes that were made while the tenant was locked are "
        "named, and API keys that are due to be replaced.",
        shape="{tenant, passphrase, open, agent, to_confirm, due: [{provider, credential, due_on}]}; agent says that "
        "the agent keeps it open, passphrase is false if the tenant has none, to_confirm counts the credentials to "
        "confirm, due lists the API keys that are due to be replaced",
        examples=("modeldeck vault unlock -t acme", "modeldeck --passphrase-file FILE vault unlock -t acme"),
    ),
    Command(
        ("vault", "confirm"),
        "vault.handlers:confirm",
        "accept credentials that were saved without the tenant's private key",
        (
            Argument("P", "only those of this provider", min_count=0),
            Argument("CRED", "only the one of that name", min_count=0),
        ),
        (YES, DRY_RUN, _OPERATOR, JSON),
        "You can save an API key while its tenant is locked, as encrypting needs no passphrase; so could anyone who "
        "can write the settings. Such a key is not used until someone who has the passphrase confirms it. The same "
        "holds after a settings file was restored by hand. To delete what is not yours: modeldeck credential remove P "
        "CRED.",
        "[{provider, name, change, words, about: [line]}], what was confirmed, or would be",
        ("modeldeck vault confirm -t acme", "modeldeck vault confirm openai default --yes"),
    ),
    Command(
        ("vault", "rotate"),
        "vault.handlers:rotate",
        "create a new key pair and re-encrypt every credential for it",
        options=(
            Option(("--lost",), "start over, if the private key or its passphrase is lost"),
            YES._replace(help="with --lost: do it", required=False),
            DRY_RUN,
            _OPERATOR,
            JSON,
        ),
        details="The passphrase stays. If the command is interrupted, nothing is lost. The old key file is deleted "
        "once no saved state of the settings needs it. Nothing changes at the providers: revoke leaked API keys there.",
        shape="{tenant, key_pair, sealed_anew, left}; left counts credentials that cannot be decrypted and stay as "
        "they are; --dry-run: {tenant, rotated, message}",
        examples=("modeldeck vault rotate -t acme", "modeldeck vault rotate -t acme --lost --yes"),
    ),
    Command(
        ("vault", "restore"),
        "vault.restore:restore",
        "list the earlier states of a tenant's settings, or restore one",
        (TENANT,),
        (
            Option(("--state",), "restore this state; 1 is the newest", "N"),
            YES._replace(help="restore it; without this, only show what that state lacks", required=False),
            DRY_RUN,
            JSON,
        ),
        "The current settings become an earlier state; a damaged file is kept beside them.",
        "[{state, saved, providers, added, defaults, lacks: [sentence], problem}]; problem is null or a sentence",
        ("modeldeck vault restore acme", "modeldeck vault restore acme --state 1 --yes"),
    ),
)
