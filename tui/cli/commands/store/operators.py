"""`modeldeck operator`: share tenants of a shared store with other people."""

from tui.cli.command import DRY_RUN, JSON, YES, Argument, Command, Option

_LOGIN = Argument("LOGIN", "the operator's login in the database")
_TRIALS = Option(("--trials",), "the API keys of trials, in place of a tenant")

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
        (Option(("--fingerprint",), "the fingerprint that they read to you", "HEX", required=True), _TRIALS, JSON),
        "Compare the fingerprint by telephone or in person: whoever can write to the database could have published "
        "another key. The tenant must be unlocked. With --trials, they can use the trials in their own tenants, and "
        "change them: the database counts every tenant's requests, but whoever has an API key can use it.",
        "{tenant, login, key_id}",
        (
            "modeldeck operator admit bob --fingerprint 'f3a1 …' -t acme",
            "modeldeck operator admit bob --fingerprint 'f3a1 …' --trials",
        ),
    ),
    Command(
        ("operator", "list"),
        "store.operator_handlers:list_operators",
        "show who shares a tenant, and what a removed operator could read",
        options=(_TRIALS, JSON),
        shape="{tenant, fingerprint, operators: [{login, key_id, fingerprint, added, planted, tested}], unlisted: "
        "[login], exposed: [{operator, provider, credential, since, key_page}]}; planted is true if the private key "
        "does not vouch for the entry; tested is the date on which the recovery text was tested; unlisted can read the "
        "tenant's rows in the database, and has no key",
        examples=("modeldeck operator list -t acme",),
    ),
    Command(
        ("operator", "recover"),
        "store.recovery_handlers:recover",
        "recover a tenant's private key with its recovery text",
        options=(
            Option(("--create",), "print a recovery text, once: it is stored nowhere"),
            Option(("--test",), "test the text, and record the date"),
            Option(("--fingerprint",), "of the tenant's key pair, printed with the text", "HEX"),
            Option(("--text-file",), "read the text from FILE; default: it is asked for", "FILE"),
            JSON,
        ),
        details="For when no operator has the private key any more. While you have it, print a recovery "
        "text and keep the paper in a safe: with it and a login that may see the tenant, anybody can open every API "
        "key. Later, on a new machine with your login, recover writes the tenant's private key beside your own key "
        "pair, under the same passphrase, and makes you an operator. When the tenant's key pair is replaced, the text "
        "still works; note the new fingerprint, which operator list shows. To withdraw a text: modeldeck operator "
        "remove @recovery.",
        shape="{tenant, login, key_id}; --create: {tenant, fingerprint, tenant_fingerprint, text: [line]}; --test: "
        "{tenant, tested}",
        examples=(
            "modeldeck operator recover --create -t acme",
            "modeldeck operator recover --test -t acme",
            "modeldeck operator recover --fingerprint '3b7c …' -t acme",
        ),
    ),
    Command(
        ("operator", "remove"),
        "store.operator_handlers:remove",
        "take a tenant from an operator, and replace its key pair",
        (_LOGIN,),
        (_TRIALS, YES, DRY_RUN, JSON),
        "Encrypts every API key for a new key pair, shares that with the operators who stay, and deletes the API keys "
        "from earlier states. What the operator has read they can keep: replace the API keys that are listed, at their "
        "providers. Backups and logs of the database keep what they have. If it is interrupted, run it again.",
        "{tenant, login, removed, message, exposed: [{operator, provider, credential, since, key_page}]}",
        ("modeldeck operator remove bob -t acme --yes",),
    ),
)
