"""`modeldeck store`: where the settings are, and the database that operators share."""

from tui.cli.command import DRY_RUN, JSON, Argument, Command, Option

_DSN = Option(("--dsn",), "the database, as its administrator: postgresql://HOST/DATABASE", "DSN", required=True)
_TENANTS = Argument("TENANT", "IDs of tenants; default: all", min_count=0, many=True)

COMMANDS = (
    Command(
        ("store", "status"),
        "store.handlers:status",
        "show where the settings are, and whether the shared store can be used",
        options=(JSON,),
        details='A shared store is a PostgreSQL database: store = "postgresql://…" in config.toml, or '
        "MODELDECK_STORE. If it cannot be reached, the exit code is 4; files on this machine never take its place.",
        shape="{engine, store, server?, login?, role?, schema?, latest?, store_id?, tenants, connections?, "
        "max_connections?, clock_offset?}; engine is files or postgresql, where what is marked ? is there as well",
        examples=("modeldeck store status",),
        secrets=False,
    ),
    Command(
        ("store", "init"),
        "store.handlers:initialize",
        "set a PostgreSQL database up as a shared store",
        options=(_DSN, Option(("--operator",), "a login to create and make an operator", "LOGIN"), JSON),
        details="Run it as an administrator of the database, who may create roles. It creates roles, schema and "
        "login, and can be run again. Passwords are the administrator's to set; on a socket none is needed.",
        shape="{schema, operators: [login]}",
        examples=("modeldeck store init --dsn postgresql:///modeldeck --operator ada",),
        secrets=False,
    ),
    Command(
        ("store", "migrate"),
        "store.handlers:migrate",
        "bring the schema of a shared store up to this version",
        options=(_DSN, JSON),
        details="Each step is one transaction and cannot be undone. The previous version keeps working.",
        shape="{schema}",
        examples=("modeldeck store migrate --dsn postgresql:///modeldeck?user=postgres",),
        secrets=False,
    ),
    Command(
        ("store", "grants"),
        "store.handlers:grants",
        "print the SQL of roles and grants, or compare a database with it",
        options=(Option(("--dsn",), "the database to compare, as its administrator", "DSN"), JSON),
        details="With --dsn, the exit code is 1 if something differs.",
        shape="{sql} or {differences: [sentence]}",
        examples=("modeldeck store grants", "modeldeck store grants --dsn postgresql:///modeldeck?user=postgres"),
        secrets=False,
    ),
    Command(
        ("store", "push"),
        "store.handlers:push",
        "copy tenants from files on this machine to the shared store",
        (_TENANTS,),
        (DRY_RUN, JSON),
        "Copies settings, earlier states and audit log in one transaction for each tenant, and compares them "
        "afterwards. The files and private keys stay where they are. A tenant that is in the store is not replaced.",
        "[{tenant, states}]",
        ("modeldeck store push acme",),
        secrets=False,
    ),
    Command(
        ("store", "pull"),
        "store.handlers:pull",
        "copy tenants from the shared store to files on this machine",
        (_TENANTS,),
        (DRY_RUN, JSON),
        "Copies the same as push. The store keeps its copy; existing files are not replaced.",
        "[{tenant, states}]",
        ("modeldeck store pull acme",),
        secrets=False,
    ),
)
