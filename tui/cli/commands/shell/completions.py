"""`modeldeck completions bash | zsh | fish | install`."""

import os
import shlex
from importlib.resources import files
from pathlib import Path

from tui.cli.commands.shell import SHELLS
from tui.cli.context import CommandContext
from tui.errors import SaveFailed, UsageError
from tui.paths import paths


def script(call: CommandContext) -> None:
    """Print the script of the shell that the command names."""
    call.out.piece(_script(call.args.command.words[-1]))


def install(call: CommandContext) -> None:
    """Write the script below the home folder; say what else the shell needs."""
    shell = call.args.one("SHELL") or _login_shell(call)
    file, line = _destination(call, shell)
    dry = call.args.has("dry-run")
    if not dry:
        _write(file, _script(shell))
    home = paths(call.environ)
    sentence = f"{'Would write' if dry else 'Wrote'} {home.short(file)}. It works in the next {shell} that you start"
    then = f"{sentence}, if this line is in your start-up file: {line}" if line else f"{sentence}."
    show = call.out.answer if dry else call.out.result
    show({"shell": shell, "file": str(file), "written": not dry, "next": line}, then)


def _script(shell: str) -> str:
    return (files("tui.cli.completion") / f"modeldeck.{shell}").read_text(encoding="utf-8")


def _login_shell(call: CommandContext) -> str:
    shell = os.path.basename(call.environ.get("SHELL", ""))
    if shell not in SHELLS:
        raise UsageError("Missing SHELL: your login shell is none of bash, zsh and fish.", "Name one of them.")
    return shell


def _destination(call: CommandContext, shell: str) -> tuple[Path, str]:
    """Return where a shell's script belongs, and the line that its start-up file needs, '' for none.

    Sources: README of bash-completion 2 (user directory); zshcompsys(1) (fpath); fish documentation, `complete`.
    """
    home = paths(call.environ).home

    def root(variable: str, fallback: str) -> Path:
        value = Path(call.environ.get(variable, ""))
        return value if value.is_absolute() else home / fallback

    if shell == "fish":
        return root("XDG_CONFIG_HOME", ".config") / "fish" / "completions" / "modeldeck.fish", ""
    data = root("XDG_DATA_HOME", ".local/share")
    if shell == "bash":
        file = data / "bash-completion" / "completions" / "modeldeck"
        loader = Path("/usr/share/bash-completion/bash_completion").exists()
        return file, "" if loader else f"source {shlex.quote(str(file))}"
    file = data / "zsh" / "site-functions" / "_modeldeck"
    return file, f"fpath=({shlex.quote(str(file.parent))} $fpath); autoload -Uz compinit && compinit"


def _write(file: Path, text: str) -> None:
    """Replace the file in one step; a symbolic link in its place is replaced, not followed."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        with open(temporary, "x", encoding="utf-8") as stream:
            stream.write(text)
        temporary.chmod(0o644)
        temporary.replace(file)
    except OSError as error:
        raise SaveFailed(f"{file} cannot be written: {os.strerror(error.errno or 0).lower()}.") from None
