"""`modeldeck model`: the models of a tenant."""

from tui.cli.command import (
    ALLOW_HTTP,
    DRY_RUN,
    FIELDS,
    JSON,
    NO_VERIFY,
    PROVIDER,
    TYPE,
    YES,
    Argument,
    Command,
    Option,
)

_MODEL = Argument("MODEL", "the model ID, exactly as the provider lists it")
_ROW = "{provider, id, type, origin, state, default, context, dimensions, ends, gone, fields}"
_UNKNOWN = "0 and '' mean unknown"

COMMANDS = (
    Command(
        ("model", "list"),
        "model.handlers:list_all",
        "list the models of a tenant",
        options=(TYPE, Option(("--provider",), "only models of this provider", "P"), JSON),
        shape=f"[{_ROW}]; {_UNKNOWN}",
        examples=("modeldeck model list --type embedding",),
    ),
    Command(
        ("model", "refresh"),
        "model.handlers:refresh",
        "update the list of a provider's models; models it no longer lists are marked",
        (PROVIDER,),
        (JSON,),
        shape="{provider, added: [id], gone: [id], total}",
        examples=("modeldeck model refresh openai",),
    ),
    Command(
        ("model", "search"),
        "model.handlers:search",
        "search a model host for models to add",
        (PROVIDER, Argument("WORD", "part of a model's name, or words about it", many=True)),
        (TYPE._replace(help=f"{TYPE.help}; default: chat"), JSON),
        "A result that is not usable as it is can be added with the fields shown beside it.",
        "[{id, note, usable, fields}]; fields as modeldeck model add takes them",
        ("modeldeck model search huggingface qwen3 embedding --type embedding",),
    ),
    Command(
        ("model", "add"),
        "model.handlers:add",
        "add a model by its ID",
        (PROVIDER, _MODEL, FIELDS),
        (TYPE._replace(help=f"{TYPE.help}; default: inferred"), NO_VERIFY, ALLOW_HTTP, JSON),
        "Looks the model up at the provider, then sends a short test request (billed by the provider). If you give a "
        "URL as a field, your API key may be sent to it.",
        f"{_ROW}; {_UNKNOWN}",
        ("modeldeck model add openai_compatible qwen3:32b --type chat",),
    ),
    Command(
        ("model", "edit"),
        "model.handlers:edit",
        "change the fields of an added model",
        (PROVIDER, _MODEL, FIELDS._replace(min_count=1)),
        (TYPE, NO_VERIFY, ALLOW_HTTP, JSON),
        "Use --type if one ID was added for several types.",
        f"{_ROW}; {_UNKNOWN}",
        ("modeldeck model edit azure_openai gpt-east base_model=gpt-6-sol",),
    ),
    Command(
        ("model", "test"),
        "model.handlers:test",
        "send a short test request to a model (billed by the provider)",
        (PROVIDER, _MODEL),
        (TYPE, JSON),
        shape="{provider, id, type, message}",
        examples=("modeldeck model test openai gpt-6-sol",),
    ),
    Command(
        ("model", "remove"),
        "model.handlers:remove",
        "remove an added model",
        (PROVIDER, _MODEL),
        (
            TYPE,
            YES._replace(help="remove it even if it is a default model, which is then cleared", required=False),
            DRY_RUN,
            JSON,
        ),
        shape="{provider, id, type, removed, message}",
        examples=("modeldeck model remove openai_compatible qwen3:32b",),
    ),
)
