"""What config.toml does to commands: what is unknown is ignored with a warning, what cannot be meant stops them."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def config(home: Path) -> Path:
    """The place of the file."""
    path = home / ".config/modeldeck/config.toml"
    path.parent.mkdir(parents=True)
    return path


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('future = "x"\n', "~/.config/modeldeck/config.toml, line 1: unknown setting future, which is ignored."),
        (
            'mouse = false\ntheme = "nrod"\n',
            "~/.config/modeldeck/config.toml, line 2: unknown theme nrod, which is ignored. Did you mean nord?",
        ),
    ],
)
def test_a_setting_of_a_newer_version_stops_no_command(modeldeck: Run, config: Path, text: str, says: str) -> None:
    listed = modeldeck("tenant", "list")
    config.write_text(text)
    ran = modeldeck("tenant", "list")
    assert (ran.code, ran.out) == (0, listed.out)
    assert ran.err.startswith(says) and ran.err.count("\n") == 1
    assert modeldeck("tenant", "list", "-q").err == ""


def test_a_value_that_a_setting_cannot_have_stops_a_command(modeldeck: Run, config: Path) -> None:
    config.write_text("\nstream_timeout = -1\n")
    ran = modeldeck("tenant", "list")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("~/.config/modeldeck/config.toml, line 2: stream_timeout is 1 to ")
