"""Set up a provider: verify what a plan would save, save it with the models it lists, and propose default models."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tui.domain import Credential, ImportMode, Model, ModelType, VerificationResult
from tui.tenancy import models, verification
from tui.tenancy.model_sync import OnEvent
from tui.workspace.credentials.save import apply_save
from tui.workspace.credentials.save_plan import SavePlan, renew
from tui.workspace.credentials.verify import verify_plan
from tui.workspace.models.proposals import proposed_defaults


@dataclass(frozen=True)
class SetUpResult:
    """A credential that was stored.

    Attributes:
        models: How many models its provider listed; None where it lists none. Those of a credential that is not
            active are imported once it is.
        new_origins: Origins that its key can be sent to now, and could not before.
        note: What a person must know of the verification, '' for nothing.
        unconfirmed: Why it is not used before it is confirmed, '' if it is.
        needs_models: Whether the provider can list models and none is stored.
        proposed: Models for the types that have no default.
    """

    credential: Credential
    models: int | None = None
    new_origins: tuple[str, ...] = ()
    note: str = ""
    unconfirmed: str = ""
    needs_models: bool = False
    proposed: Mapping[ModelType, Model] = field(default_factory=dict)


async def set_up_provider(plan: SavePlan, on_event: OnEvent | None) -> SetUpResult:
    """Store the credential of a plan; with `on_event`, which hears of the requests, only if the provider accepts it.

    Raises:
        CredentialRejected: The provider does not accept the credential.
        NetworkError: The provider could not be reached.
        Problem: Something that the plan needs was not settled, or another session changed it meanwhile.
    """
    check, listed, note = VerificationResult(), None, ""
    if on_event is not None:
        verified = await verify_plan(plan, on_event)
        check, listed, note = verified.check, verified.listed, verified.note
        plan = await renew(plan, verified.region_fields)
    saved = await apply_save(plan, check, listed)
    session, provider = plan.session, plan.provider
    change = verification.integrity_status(session).of(saved)
    return SetUpResult(
        saved,
        None if listed is None else len(listed),
        plan.new_origins,
        note,
        verification.words(session, change) if change else "",
        provider.import_mode is not ImportMode.ADDED and not models.has_stored(session, provider.id),
        proposed_defaults(session) if saved.active else {},
    )
