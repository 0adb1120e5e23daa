"""Azure OpenAI: deployments at the customer's resource. Facts as of 2026-11-22.

What is called a model here is a deployment: its name is free, and the base model behind it decides what it is for and
what it takes. No call with the resource's key lists deployments, so they are added by hand.
"""

from functools import partial

from tui.domain import ImportMode, Model, Supply
from tui.providers.azure_openai import api, errors, models
from tui.providers.dialects import attachments
from tui.providers.dialects.openai import parameters as openai_parameters
from tui.providers.dialects.openai import vision
from tui.providers.spec import DOT_SEGMENTS_HELP, NO_DOT_SEGMENTS, AttachmentLimits, Choice, Field, Parameter, Provider

_LABEL = "Azure OpenAI"
_KEY, _APPLICATION = "API key", "Entra ID application"


def parameters(model: Model) -> tuple[Parameter, ...]:
    """Return the parameters that the model behind a deployment takes."""
    return openai_parameters.parameters(model, api.base_of(model))


# Documents go with the Responses API alone.
_LIMITS = AttachmentLimits(
    source="https://learn.microsoft.com/en-us/azure/foundry/openai/how-to/gpt-with-vision",
    images=attachments.IMAGES,
    size=50 * attachments.MEGABYTE,
    count=10,
)


def attachment_limits(model: Model) -> AttachmentLimits | None:
    """Return the images that the model behind a deployment takes."""
    return vision.attachment_limits(model, api.base_of(model), _LIMITS)


PROVIDER = Provider(
    id="azure_openai",
    label=_LABEL,
    sort_order=20,
    supply=Supply.OWN,
    import_mode=ImportMode.ADDED,
    fields=(
        Field(
            "endpoint",
            "Endpoint",
            "From the portal: your resource, Keys and Endpoint. A whole target address may be pasted; it is taken"
            " apart.",
            required=True,
            env=("AZURE_OPENAI_ENDPOINT",),
            url=True,
            parse_pasted=api.split_address,
        ),
        Field(
            "api_key",
            "API key",
            "Key 1 or key 2, either works.",
            secret=True,
            required=True,
            env=("AZURE_OPENAI_API_KEY", "AZURE_API_KEY"),
            # Its keys have no beginning of their own, so one with another provider's is that provider's.
            prefixes=(Choice("", ""),),
            auth_method=_KEY,
        ),
        Field(
            "directory_id",
            "Directory ID",
            "Directory (tenant) ID, from the application's page.",
            required=True,
            pattern=r"[A-Za-z0-9][A-Za-z0-9.-]*",
            pattern_help="A directory ID has letters, digits and hyphens; a domain of the directory works as well.",
            env=("AZURE_TENANT_ID",),
            auth_method=_APPLICATION,
        ),
        Field(
            "client_id",
            "Application ID",
            "Application (client) ID, from its page in Entra ID.",
            required=True,
            pattern=r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
            pattern_help="An application ID looks like 00000000-0000-0000-0000-000000000000.",
            env=("AZURE_CLIENT_ID",),
            auth_method=_APPLICATION,
        ),
        Field(
            "client_secret",
            "Client secret",
            "Its value, not its ID, from Certificates & secrets.",
            secret=True,
            required=True,
            env=("AZURE_CLIENT_SECRET",),
            auth_method=_APPLICATION,
        ),
        Field(
            "api_version",
            "API version",
            f"Blank uses the current v1 API; a date such as {api.DATED} uses the dated API.",
            pattern=r"\d{4}-\d\d-\d\d(-preview)?|v1|preview",
            pattern_help=f"An API version is a date, such as {api.DATED}, perhaps with -preview.",
            env=("AZURE_OPENAI_API_VERSION", "OPENAI_API_VERSION"),
            advanced=True,
        ),
    ),
    model_id=Field(
        "model",
        "Deployment",
        "Its name, exactly as the portal lists it under Deployments.",
        pattern=NO_DOT_SEGMENTS,
        pattern_help=DOT_SEGMENTS_HELP,
    ),
    model_fields=(
        Field(
            "base_model",
            "Base model",
            "The model that was deployed, such as gpt-5.4-mini. It decides the type and the parameters.",
            required=True,
        ),
    ),
    sign=api.sign,
    origins=api.origins,
    token=api.token,
    verify=models.verify,
    parse_error=errors.parse_error,
    key_page="https://portal.azure.com",
    docs=(
        "https://learn.microsoft.com/en-us/azure/foundry/openai/api-version-lifecycle",
        "https://learn.microsoft.com/en-us/azure/foundry/openai/how-to/troubleshoot-errors",
    ),
    chat=api.chat,
    embed=api.embed,
    transcribe=api.transcribe,
    audio=api.audio,
    attachments=attachment_limits,
    describe_error=partial(errors.describe_error, _LABEL),
    repair_request=errors.repair_request,
    parameters=parameters,
    field_options={"base_model": models.deployable_models},
    infer_model_type=lambda deployment, fields: models.kind_of(fields.get("base_model", "") or deployment),
    inspect_model=models.check,
    after_saving="Azure can't list deployments. After saving, add each by name, with its base model.",
)
