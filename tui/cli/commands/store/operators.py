"""`modeldeck operator`: share tenants of a shared store with other people."""

from tui.cli.command import DRY_RUN, JSON, YES, Argument, Command, Option

_LOGIN = Argument("LOGIN", "the operator's login in the database")

COMMANDS = (
    Command(
        ("operator", "request"),
        "store.operator_handlers:request",
        "create and publish your key pair, or receive the tenants that you may use",
        options=(
            Option(("--fingerprint",), "accept a tenant's new key pair that has this fingerprint", "HEX"),
            JSON,
        ),
        details="The first time, it creates a key pair on this machine, under a passphrase of your choice, and prints "
        "its fingerprint. Read it to an operator of the tenant, who admits you. Run it again then: the tenant's "
        "private key, sealed for yours, is written beside it, under the same passphrase. After a new key pair, it is "
        "received only with its fingerprint, which modeldeck operator list shows to the others: whoever can write to "
        "the database could have named another one.",
        shape="{login, fingerprint, created, received: [tenant], replaced: [tenant]}; replaced is what needs "
        "--fingerprint",
        examples=("modeldeck operator request",),
    ),
    Command(
        ("operator", "admit"),
        "store.operator_handlers:admit",
        "share a tenant with another operator",
        (_LOGIN,),
        (Option(("--fingerprint",), "the fingerprint that they read to you", "HEX", required=True), JSON),
        "Compare the fingerprint by telephone or in person: whoever can write to the database could have published "
        "another key. The tenant must be unlocked.",
        "{tenant, login, key_id}",
        ("modeldeck operator admit bob --fingerprint 'f3a1 …' -t acme",),
    ),
    Command(
        ("operator", "list"),
        "store.operator_handlers:list_operators",
        "show who shares a tenant, and what a removed operator could read",
        options=(JSON,),
        shape="{tenant, fingerprint, operators: [{login, key_id, fingerprint, added, planted}], exposed: [{operator, "
        "provider, credential, since, key_page}]}; planted is true if the private key does not vouch for the entry",
        examples=("modeldeck operator list -t acme",),
    ),
    Command(
        ("operator", "remove"),
        "store.operator_handlers:remove",
        "take a tenant from an operator, and replace its key pair",
        (_LOGIN,),
        (YES, DRY_RUN, JSON),
        "Encrypts every API key for a new key pair, shares that with the operators who stay, and deletes the API keys "
        "from earlier states. What the operator has read they can keep: replace the API keys that are listed, at their "
        "providers. Backups and logs of the database keep what they have. If it is interrupted, run it again.",
        "{tenant, login, removed, message, exposed: [{operator, provider, credential, since, key_page}]}",
        ("modeldeck operator remove bob -t acme --yes",),
    ),
)
