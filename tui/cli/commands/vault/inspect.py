"""`modeldeck vault inspect`: what an envelope says, without opening it."""

from tui.cli.context import CommandContext
from tui.domain import DEFAULT_NAME
from tui.vault.envelope import VERSION
from tui.workspace.key_pairs.inspection import inspect


def inspect_envelope(call: CommandContext) -> None:
    """Print the parts of a credential's envelope, and what it is bound to."""
    entry = inspect(call.tenant_session, call.args.one("P"), call.args.one("CRED") or DEFAULT_NAME)
    parts = entry.parts
    if call.out.as_json:
        call.out.json(
            {
                "provider": entry.credential.provider,
                "name": entry.credential.name,
                "version": VERSION,
                "key_id": parts.key_id,
                "key_file": entry.key_file,
                "wrapped_bytes": len(parts.wrapped),
                "nonce": parts.nonce.hex(),
                "ciphertext_bytes": len(parts.ciphertext),
                "tag": parts.tag.hex(),
                "bound": dict(entry.bound),
            }
        )
        return
    lines = [
        ("Version", VERSION),
        ("Key pair", parts.key_id),
        ("Key file", entry.key_file or "not there: nothing opens this envelope"),
        ("Wrapped key", f"{len(parts.wrapped)} bytes, RSA-OAEP with SHA-256"),
        ("Nonce", parts.nonce.hex()),
        ("Ciphertext", f"{len(parts.ciphertext)} bytes, AES-256-GCM"),
        ("Tag", parts.tag.hex()),
        *((f"Bound to {name}", value or "–") for name, value in entry.bound),
    ]
    for name, value in lines:
        call.out.line(f"{name:<20} {value}")
