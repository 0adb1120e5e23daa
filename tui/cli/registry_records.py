"""The commands that keep settings: what was done to them, moving them, bringing them back. Part of the table."""

from tui.cli.command import JSON, Argument, Command, Option

_TENANT = Argument("TENANT", "a tenant's name or id; -t does as well", min_count=0)
_OPERATOR = Option(("--operator",), "the operator's key pair, under which the keys of trials are sealed")
_YES = Option(("--yes",), "do it; without this the command only says what it would do", required=True)

KEEPING = (
    # --- vault --------------------------------------------------------------------------------------------------------
    Command(
        ("vault", "status"),
        "vault:status",
        "who could read a tenant's keys, what waits for you, and what does not open",
        options=(_OPERATOR, JSON),
        details="Nothing is asked for: while the tenant is locked, what stands in its settings is shown as it stands.",
        shape="{tenant, name, passphrase, open, key_pair, key_file, key_file_present, settings, together, lock_after, "
        "manifest: {state, counter}, credentials: [{provider, name, state, words}], earlier_key_pairs: [id], loose: "
        "[sentence], readers}; together is the folder that holds both settings and key file, or ''; the state of the "
        "manifest is vouched for, not proved, changed from outside or older state put back",
        examples=("modeldeck vault status -t acme",),
    ),
    Command(
        ("vault", "confirm"),
        "vault:confirm",
        "accept credentials that came into the settings without the tenant's key",
        (
            Argument("P", "only those of this provider", min_count=0),
            Argument("CRED", "only the one of that name", min_count=0),
        ),
        (_YES, _OPERATOR, JSON),
        "A key can be saved while its tenant is locked, as sealing needs no passphrase; so could anybody who can write "
        "the settings. It is not used before somebody who has the passphrase confirms it. The same holds after a "
        "settings file was put back by hand. What is not yours: modeldeck credential remove P CRED.",
        "[{provider, name, change, words, about: [line]}], what was confirmed",
        ("modeldeck vault confirm -t acme", "modeldeck vault confirm openai default --yes"),
    ),
    Command(
        ("vault", "rotate"),
        "vault:rotate",
        "give a tenant a new key pair, and seal every credential anew for it",
        options=(
            Option(("--lost",), "start over, as the private key or its passphrase is lost"),
            _YES._replace(help="with --lost: do it", required=False),
            _OPERATOR,
            JSON,
        ),
        details="The passphrase stays. Killed at any point, nothing is lost. The old key file is deleted once no kept "
        "state of the settings needs it. At the providers nothing changes: a key that leaked is to be withdrawn there.",
        shape="{tenant, key_pair, sealed_anew, left}; left counts credentials that do not open and stay as they are",
        examples=("modeldeck vault rotate -t acme", "modeldeck vault rotate -t acme --lost --yes"),
    ),
    Command(
        ("vault", "restore"),
        "vault_restore:restore",
        "the earlier states of a tenant's settings that are kept, and one of them back in place",
        (_TENANT,),
        (
            Option(("--state",), "put this one back; 1 is the newest", "N"),
            Option(("--yes",), "do it; without this the command only says what the state lacks"),
            JSON,
        ),
        "The settings that were there become an earlier state; a damaged file is kept beside them.",
        "[{state, saved, providers, added, defaults, lacks: [sentence], problem}]; problem is null or a sentence",
        ("modeldeck vault restore acme", "modeldeck vault restore acme --state 1 --yes"),
    ),
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
    # --- moving -------------------------------------------------------------------------------------------------------
    Command(
        ("export",),
        "transfer:export",
        "write a tenant's settings to a file, without secrets or with them under a passphrase",
        (_TENANT,),
        (
            Option(("-o", "--output"), "the file, readable for you alone; else, or as -, stdout", "FILE"),
            Option(("--with-secrets",), "with the keys; the file is encrypted under a passphrase of its own"),
            Option(("--force",), "replace a file that is there", shown=False),
        ),
        "Without secrets the file is JSON to be read and compared: the same settings make the same file. With them it "
        "is scrypt and AES-256-GCM, its parameters in it. With --passphrase-fd the tenant's passphrase comes first, if "
        "it is locked, then the file's.",
        examples=("modeldeck export acme -o acme.json", "modeldeck export acme --with-secrets -o acme.sealed"),
    ),
    Command(
        ("import",),
        "transfer:import_file",
        "bring a file of modeldeck export into a tenant, all of it or nothing",
        (Argument("FILE", "the file; - is stdin"),),
        (
            Option(("--dry-run",), "only say what would change"),
            Option(("--yes",), "import it; without this the command only says what would change"),
            Option(("--allow-http",), "addresses in plain http beyond this machine, where others can read the key"),
            JSON,
        ),
        "-t names the tenant; one that is not there is made, with a key pair of its own. Without -t it is the tenant "
        "that the file came from. What is in the file wins, what is not in it stays, and the trials stay as they are. "
        "A stored key goes to no other address by a file. With --passphrase-fd the file's passphrase comes first, then "
        "the tenant's.",
        "{tenant, name, new, imported, changes: [{done, about}], lacks: [sentence]}",
        ("modeldeck import acme.json --dry-run", "modeldeck import acme.sealed -t new-name --yes"),
    ),
)
