"""Write a docker compose file and a systemd unit for a program that is started with a tenant's keys.

Sources: Docker's documentation, `environment` without a value is passed on; systemd.service(5) and systemd.exec(5).
"""

import json
from collections.abc import Iterable

from tui.workspace.transfer.targets import Target


def compose(variables: Iterable[str], start: str) -> Target:
    """Return a compose file that passes these variables on; `start` is the command that starts it with the keys."""
    lines = [
        f"# Start it with the keys, which are not in this file: {start}",
        "services:",
        "  app:",
        "    image: your-image",
        "    environment:  # passed on from the environment of docker compose",
        *(f"      - {json.dumps(name)}" for name in variables),
    ]
    return Target("\n".join(lines) + "\n")


def unit(tenant_id: str, protected: bool, command: str) -> Target:
    """Return a unit for one user's service manager; `command` starts the program with the keys."""
    unlock = [
        "# The tenant's passphrase, encrypted for this machine:",
        f"#   systemd-ask-password -n | systemd-creds encrypt --user --name=modeldeck-{tenant_id} - "
        f"~/.config/modeldeck-{tenant_id}.cred",
        f"LoadCredentialEncrypted=modeldeck-{tenant_id}:%h/.config/modeldeck-{tenant_id}.cred",
    ]
    lines = [
        "# ~/.config/systemd/user/app.service; the keys are not in it. systemctl --user enable --now app",
        "[Unit]",
        f"Description=Your program with the API keys of {tenant_id}",
        "",
        "[Service]",
        f"ExecStart={command}",
        *(unlock if protected else []),
        "Restart=on-failure",
        "",
        "[Install]",
        "WantedBy=default.target",
    ]
    return Target("\n".join(lines) + "\n")
