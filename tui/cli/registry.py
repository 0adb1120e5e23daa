"""The table of commands: what each is called, takes and answers.

`runs` names the module of `tui.cli` and the function in it; the module is imported when the command runs. `shape` is
what `--json` prints; keys are not renamed or dropped once released.
"""

from tui.cli.command import JSON, TYPES, Argument, Command, Option
from tui.cli.registry_records import KEEPING

_YES = Option(("--yes",), "do it; without this the command only says what would go", required=True)
_TYPE = Option(("--type",), "the model type: chat, embedding or speech2text", "TYPE", TYPES)
_MODEL_OPTION = Option(("-m", "--model"), "the model as P/MODEL; else the default model of the type", "P/MODEL")
_NO_VERIFY = Option(("--no-verify",), "save without asking the provider")
_ALLOW_HTTP = Option(("--allow-http",), "send texts and the key readable for others on the way, beyond this machine")
_NAME = Option(("--name",), "the credential's name, `default` unless named", "CRED")

_NAME_ARGUMENT = Argument("NAME", "a tenant's name or id")
_PROVIDER = Argument("P", "a provider's id, as in modeldeck provider list")
_MODEL = Argument("MODEL", "a model's id, as the provider writes it")
_TYPE_ARGUMENT = Argument("TYPE", "chat, embedding or speech2text", choices=TYPES)
_FIELDS = Argument("FIELD=VALUE", "fields by name, as in modeldeck provider show P", min_count=0, many=True)

_MODEL_SHAPE = (
    "{provider, id, type, origin, state, default, context, dimensions, ends, gone, fields}; 0 and '' where not known"
)

CONSOLE = Command((), "console:console", "the console: every screen, by keyboard")

COMMANDS = (
    CONSOLE,
    Command(
        ("practice",), "console:practice", "the console on practice providers: no key, no network, nothing written"
    ),
    Command(
        ("paths",),
        "paths:paths",
        "where things are",
        options=(JSON,),
        shape="{settings, keys, config, log, shared}; shared maps settings and keys to the kind of file system where "
        "other machines may write to it, too",
        secrets=False,
    ),
    # --- tenants ------------------------------------------------------------------------------------------------------
    Command(
        ("tenant", "list"),
        "tenant:list_all",
        "the tenants, with their state",
        options=(JSON,),
        shape="[{id, name, open, protected, ready, defaults, last_used, problem}]; problem is null or a sentence",
        examples=("modeldeck tenant list",),
    ),
    Command(
        ("tenant", "create"),
        "tenant:create",
        "make a tenant and its key pair",
        (Argument("NAME", "up to 60 characters"),),
        (Option(("--id",), "its id, fixed from then on; else made from the name", "ID"), JSON),
        "On a terminal a passphrase is asked for, which may be left empty. Without a terminal the tenant has one only "
        "where it is handed over. Without a passphrase, whoever can read your files on this machine can open the keys.",
        "{id, name, key_id, protected}",
        ("modeldeck tenant create acme", "modeldeck tenant create north-lab --passphrase-fd 3 3<passphrase.txt"),
    ),
    Command(
        ("tenant", "rename"),
        "tenant:rename",
        "change a tenant's name; its id stays",
        (Argument("OLD", "its name or id"), Argument("NEW", "its new name")),
        examples=("modeldeck tenant rename acme 'Acme Ltd'",),
    ),
    Command(
        ("tenant", "passphrase"),
        "tenant:passphrase",
        "set, change or remove the passphrase of a tenant's key",
        (_NAME_ARGUMENT,),
        details="With --passphrase-fd or --passphrase-file the first line is the passphrase of now, if there is one, "
        "the next the new one; "
        "an empty line as the new one removes it.",
        examples=("modeldeck tenant passphrase acme",),
    ),
    Command(
        ("tenant", "remove"),
        "tenant:remove",
        "remove a tenant with its settings and its key, for good",
        (_NAME_ARGUMENT,),
        (_YES,),
        examples=("modeldeck tenant remove acme --yes",),
    ),
    Command(
        ("tenant", "accept"),
        "tenant:accept",
        "take settings as they are after their file was edited by hand",
        (_NAME_ARGUMENT,),
        (_YES,),
        "A settings file holds a checksum, so that an edit by hand and a bad disk are noticed alike. What is accepted "
        "is noted in the audit log.",
        examples=("modeldeck tenant accept acme --yes",),
    ),
    # --- providers ----------------------------------------------------------------------------------------------------
    Command(
        ("provider", "list"),
        "provider:list_all",
        "the providers, with their state",
        options=(JSON,),
        shape="[{id, label, supply, state, source, models, added, trial, credential, found}]; credential is null or "
        "its name, trial null or {left, calls}, found the environment variable that holds a key",
        examples=("modeldeck provider list -t acme",),
    ),
    Command(
        ("provider", "show"),
        "provider:show",
        "one provider: its fields, credentials and models",
        (_PROVIDER,),
        (JSON,),
        shape="{id, label, supply, types, state, source, models, added, trial, key_page, docs, fields: [{name, label, "
        "secret, required, default, help, env, value}], credentials}; value of a secret is dots and its last four "
        "characters; credentials as in modeldeck credential list",
        examples=("modeldeck provider show openai",),
    ),
    Command(
        ("provider", "set"),
        "provider_set:set_up",
        "set up a provider: verify, seal and save its fields, import its models",
        (_PROVIDER, _FIELDS),
        (
            _NAME,
            _NO_VERIFY,
            _ALLOW_HTTP,
            JSON,
        ),
        "Fields that are not named keep their value. A secret field is given as FIELD=- (a hidden prompt, or a line of "
        "stdin) or FIELD=@FILE, never by itself: the list of processes would show it. Several FIELD=- take successive "
        "lines. If the provider refuses or cannot be reached, nothing is saved. The first credential becomes the "
        "active one, a later one by modeldeck credential use.",
        "{provider, credential, active, state, ms, models, proposed: [{type, model}]}",
        (
            "modeldeck provider set openai api_key=-",
            "modeldeck provider set openai api_key=@key.txt --name team-b",
            "modeldeck provider set openai_compatible base_url=http://localhost:11434/v1",
        ),
    ),
    Command(
        ("provider", "verify"),
        "provider:verify",
        "ask a provider whether the stored key works",
        (_PROVIDER._replace(min_count=0),),
        (Option(("--all",), "every provider that is set up"), _NAME, JSON),
        "The exit code is that of the first provider that is not ready.",
        "[{provider, credential, state, ms, message, hint}]",
        ("modeldeck provider verify openai", "modeldeck provider verify --all --json"),
    ),
    Command(
        ("provider", "remove"),
        "provider:remove",
        "remove a provider's credentials and models from a tenant",
        (_PROVIDER,),
        (_YES,),
        examples=("modeldeck provider remove openai --yes",),
    ),
    Command(
        ("provider", "source"),
        "provider:source",
        "use the operator's trial or the own key for a tenant's calls",
        (_PROVIDER, Argument("SOURCE", "trial or own", choices=("trial", "own"))),
        details="One never takes the place of the other by itself, not even when a trial is used up.",
        examples=("modeldeck provider source openai own",),
    ),
    # --- credentials --------------------------------------------------------------------------------------------------
    Command(
        ("credential", "list"),
        "credential:list_all",
        "the credentials of a provider",
        (_PROVIDER,),
        (JSON,),
        shape="[{provider, name, active, state, clear, secrets: {FIELD: {hint, fingerprint}}, origins, plain_http, "
        "verified_at, ms, changed}]",
        examples=("modeldeck credential list openai",),
    ),
    Command(
        ("credential", "use"),
        "credential:use",
        "make a credential the active one of its provider",
        (_PROVIDER, Argument("CRED", "the credential's name")),
        examples=("modeldeck credential use openai team-b",),
    ),
    Command(
        ("credential", "rotate"),
        "credential_rotate:rotate",
        "put a new key in an old one's place, which is kept until you confirm",
        (_PROVIDER, _FIELDS),
        (
            _NAME,
            Option(("--confirm",), "the new key works: forget the one that is kept, in earlier states too"),
            Option(("--undo",), "go back to the key that is kept; the new one is kept instead"),
            _ALLOW_HTTP,
            JSON,
        ),
        "Without fields the stored secrets are asked for, or read from stdin a line each; fields are given as in "
        "modeldeck provider set. The new key is verified first, and one that is refused changes nothing. With fields "
        "and --confirm nothing is kept.",
        "{provider, credential, active, state, ms, hint, kept}; hint is the end of the key in use, kept that of the "
        "other, null for none",
        (
            "modeldeck credential rotate openai",
            "modeldeck credential rotate openai --undo",
            "modeldeck credential rotate openai --confirm",
        ),
    ),
    Command(
        ("credential", "remove"),
        "credential:remove",
        "remove a credential, out of the kept generations too",
        (_PROVIDER, Argument("CRED", "the credential's name")),
        (_YES,),
        examples=("modeldeck credential remove openai team-b --yes",),
    ),
    # --- trials -------------------------------------------------------------------------------------------------------
    Command(
        ("trial", "set"),
        "trial:set_trial",
        "lend a key to every tenant, for some calls each and some models",
        (_PROVIDER, _FIELDS),
        (
            Option(("--calls",), "how many calls each tenant has; else as before, or as proposed", "N"),
            Option(("--models",), "the models that it is for; else as before, or those proposed", "ID,…"),
            _NO_VERIFY,
            _ALLOW_HTTP,
            JSON,
        ),
        "Fields are given as in modeldeck provider set. The key is sealed under the operator's own key pair. Chat, "
        "embedding and transcription count, verification does not; a call that fails is given back. What a tenant has "
        "used stays counted whatever becomes of its settings.",
        "{provider, calls, models: [id], state, ms}",
        ("modeldeck trial set openai api_key=-", "modeldeck trial set openai --calls 1000 --models gpt-5.4-mini"),
    ),
    Command(
        ("trial", "show"),
        "trial:show",
        "the trials, and what each tenant has left",
        options=(JSON,),
        shape="[{provider, label, calls, models: [id], state, secrets: {FIELD: {hint, fingerprint}}, tenants: [{id, "
        "name, used, left}]}]",
        examples=("modeldeck trial show",),
    ),
    Command(
        ("trial", "remove"),
        "trial:remove",
        "take a trial back and forget its key; what was used of it is remembered",
        (_PROVIDER,),
        (_YES,),
        examples=("modeldeck trial remove openai --yes",),
    ),
    # --- models -------------------------------------------------------------------------------------------------------
    Command(
        ("model", "list"),
        "model:list_all",
        "the models of a tenant",
        options=(_TYPE, Option(("--provider",), "only those of this provider", "P"), JSON),
        shape=f"[{_MODEL_SHAPE[: _MODEL_SHAPE.index(';')]}]; 0 and '' where not known",
        examples=("modeldeck model list --type embedding",),
    ),
    Command(
        ("model", "refresh"),
        "model:refresh",
        "list a provider's models again; those no longer listed are marked",
        (_PROVIDER,),
        (JSON,),
        shape="{provider, added: [id], gone: [id], total}",
        examples=("modeldeck model refresh openai",),
    ),
    Command(
        ("model", "search"),
        "model:search",
        "find models of a hosting provider that can be added",
        (_PROVIDER, Argument("WORD", "part of a model's name, or words about it", many=True)),
        (_TYPE._replace(help="what the model is for: chat, embedding or speech2text; chat unless given"), JSON),
        "One that is not usable can be added with the fields that are named beside it.",
        "[{id, note, usable, fields}]; fields as modeldeck model add takes them",
        ("modeldeck model search huggingface qwen3 embedding --type embedding",),
    ),
    Command(
        ("model", "add"),
        "model:add",
        "add a model by hand",
        (_PROVIDER, _MODEL, _FIELDS),
        (_TYPE._replace(help=f"{_TYPE.help}; else what its fields tell"), _NO_VERIFY, _ALLOW_HTTP, JSON),
        "Its provider is asked about it, then one small call is made, which is charged as any other. An address among "
        "its fields is one that the stored key may go to from then on.",
        _MODEL_SHAPE,
        ("modeldeck model add openai_compatible qwen3:32b --type chat",),
    ),
    Command(
        ("model", "edit"),
        "model:edit",
        "change the fields of an added model",
        (_PROVIDER, _MODEL, _FIELDS._replace(min_count=1)),
        (_TYPE, _NO_VERIFY, _ALLOW_HTTP, JSON),
        "--type says which is meant where one id was added for several types.",
        _MODEL_SHAPE,
        ("modeldeck model edit azure_openai gpt-east base_model=gpt-6-sol",),
    ),
    Command(
        ("model", "test"),
        "model:test",
        "make one small call to a model, which is charged as any other",
        (_PROVIDER, _MODEL),
        (_TYPE, JSON),
        shape="{provider, id, type, message}",
        examples=("modeldeck model test openai gpt-6-sol",),
    ),
    Command(
        ("model", "remove"),
        "model:remove",
        "remove an added model",
        (_PROVIDER, _MODEL),
        (_TYPE, Option(("--yes",), "do it although it is a default, which becomes empty")),
        examples=("modeldeck model remove openai_compatible qwen3:32b",),
    ),
    # --- defaults -----------------------------------------------------------------------------------------------------
    Command(
        ("default", "show"),
        "default:show",
        "the default model of each type, and what is proposed",
        options=(JSON,),
        shape="[{type, model, state, sentence, set_at, nearest, proposed}]; models as P/MODEL or null",
        examples=("modeldeck default show",),
    ),
    Command(
        ("default", "set"),
        "default:choose",
        "make a model the default of its type",
        (_TYPE_ARGUMENT, Argument("P/MODEL", "provider and model, split at the first slash")),
        examples=("modeldeck default set chat openai/gpt-6-sol",),
    ),
    Command(
        ("default", "clear"),
        "default:clear",
        "leave a type without a default model",
        (_TYPE_ARGUMENT,),
        examples=("modeldeck default clear embedding",),
    ),
    *KEEPING,
    # --- answers ------------------------------------------------------------------------------------------------------
    Command(
        ("chat",),
        "chat:chat",
        "ask a model; the answer streams to stdout",
        (Argument("PROMPT", "the question; without it stdin is read", min_count=0),),
        (
            _MODEL_OPTION,
            Option(("-s", "--system"), "the system prompt", "SYSTEM"),
            Option(("-p", "--parameter"), "a parameter that the model takes; may be repeated", "NAME=VALUE"),
            Option(("--thinking",), "show the model's reasoning on stderr", shown=False),
            Option(("--no-stream",), "ask for the answer in one piece", shown=False),
            Option(("-v", "--verbose"), "tokens and times on stderr, as on a terminal", shown=False),
            JSON,
        ),
        "A broken answer stays on stdout as far as it came, and the exit code is not 0.",
        "{model, text, thinking, finish, complete, usage: {input, output, reasoning}, timings: {first_token, total, "
        "tokens_per_second}, notices}; usage is null where the provider does not tell, timings are in seconds",
        ("modeldeck chat 'Why is the sky blue?'", "git diff | modeldeck chat -s 'Review this.' -p temperature=0"),
    ),
    Command(
        ("embed",),
        "embed:embed",
        "turn texts into vectors, one a line",
        (Argument("TEXT", "a text each; without any, one a line of stdin", min_count=0, many=True),),
        (
            _MODEL_OPTION,
            Option(("--query",), "the texts are questions to search with; some models tell them apart", shown=False),
            JSON,
        ),
        "Each line of the answer is the vector of one text as a JSON list.",
        "one object a line: {index, text, model, vector}",
        ("modeldeck embed 'a cat' 'a dog'", "modeldeck embed -m openai/text-embedding-3-small <texts.txt"),
    ),
    Command(
        ("transcribe",),
        "transcribe:transcribe",
        "write down the speech in an audio file",
        (Argument("FILE", "a file on the machine where modeldeck runs"),),
        (
            _MODEL_OPTION,
            Option(
                ("--format",), "text, srt, vtt or json; text unless given", "FORMAT", ("text", "srt", "vtt", "json")
            ),
            Option(("--language",), "the language spoken, as en or zh; else the model finds out", "CODE"),
            JSON._replace(help="the same as --format json"),
        ),
        "Subtitles need a model that gives times.",
        "{model, text, language, duration, segments: [{start, end, text}]}; times in seconds",
        ("modeldeck transcribe call.mp3", "modeldeck transcribe talk.wav --format srt >talk.srt"),
    ),
)
