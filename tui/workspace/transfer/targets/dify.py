"""Write the variables of Dify's hosted providers, for the `.env` beside its docker-compose.yaml.

The values of keys are `${NAME}`, which docker compose takes from the environment that it was started in.

Sources: Dify's api/configs/feature/hosted_service; Docker's documentation, interpolation in an .env file.
"""

from collections.abc import Iterable, Iterator

from tui.domain import ModelType
from tui.workspace.program_environment import own_variable
from tui.workspace.transfer.targets import DeployedProvider, Target

_NAMES = {"openai": "OPENAI", "azure_openai": "AZURE_OPENAI", "anthropic": "ANTHROPIC"}
_URLS = {"openai": "base_url", "azure_openai": "endpoint", "anthropic": "base_url"}
_SWITCHES = {"openai": "PAID_ENABLED", "azure_openai": "ENABLED", "anthropic": "PAID_ENABLED"}


def environment(providers: Iterable[DeployedProvider], start: str) -> Target:
    """Return the lines. `start` is the command that starts Dify with the keys."""
    lines = [f"# For docker/.env of Dify; the keys are not in it. Start Dify with them: {start}"]
    omissions: list[str] = []
    for deployed in providers:
        if deployed.provider.id in _NAMES and "api_key" in deployed.secrets:
            lines += _lines(deployed)
            omissions += deployed.omissions
        else:
            omissions.append(
                f"{deployed.provider.label}: Dify has no variables for it. Enter it in Dify, or use LiteLLM."
            )
    return Target("\n".join(lines) + "\n", tuple(omissions))


def _lines(deployed: DeployedProvider) -> Iterator[str]:
    provider, fields = deployed.provider, deployed.fields
    prefix = f"HOSTED_{_NAMES[provider.id]}"
    yield f"{prefix}_API_KEY=${{{own_variable(provider.id, 'api_key')}}}"
    url = fields.get(_URLS[provider.id], "")
    if url and url != provider.field(_URLS[provider.id]).default:
        yield f"{prefix}_API_BASE={url.removesuffix('/v1') if provider.id == 'openai' else url}"
    if provider.id == "openai" and fields.get("organization"):
        yield f"{prefix}_API_ORGANIZATION={fields['organization']}"
    yield f"{prefix}_{_SWITCHES[provider.id]}=true"
    if provider.id == "openai":
        chat = sorted(model.id for model in deployed.models if model.type is ModelType.CHAT)
        yield f"{prefix}_PAID_MODELS={','.join(chat)}"
