"""The check at the end of a test sees a difference between the two programs."""

from pathlib import Path

import pytest

from tests.vault import opener
from tests.vault.agreement import require_agreement
from tui.secret import Secret
from tui.tenancy.session import Session
from tui.workspace import tenants
from tui.workspace.credentials import save


@pytest.mark.parametrize("function", ["secrets", "check_manifest", "check_log"])
async def test_what_the_opener_would_refuse_is_noticed(
    disk_session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    tenant = disk_session.tenant((await tenants.create(disk_session, "Acme")).id)
    await save.save(tenant, "openai", {"api_key": Secret(f"sk-FAKE-key-for-{function}-0001")})

    def refuse(*_: object) -> None:
        raise opener.Refused("made to refuse")

    with monkeypatch.context() as patched:
        patched.setattr(opener, function, refuse)
        with pytest.raises((AssertionError, opener.Refused)):
            require_agreement(tmp_path / "data", tmp_path / "keys")
