"""Addresses: origins, this machine, and base URLs as people paste them."""

import pytest

from tui.errors import UsageError
from tui.providers import PROVIDERS
from tui.providers.origins import clean_url, host_of, is_loopback, is_private, origin_of

ENDINGS = PROVIDERS["openai"].field("base_url").strip_suffixes


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com"),
        ("HTTPS://API.OpenAI.com", "https://api.openai.com"),
        ("https://api.openai.com:443/v1", "https://api.openai.com"),
        ("https://api.openai.com:8443/v1", "https://api.openai.com:8443"),
        ("http://localhost:80/", "http://localhost"),
        ("http://localhost:11434/v1?x=1#y", "http://localhost:11434"),
        ("http://[::1]:8080/v1", "http://[::1]:8080"),
        ("https://me:word@host.test/v1", "https://host.test"),
        ("https://xn--bcher-kva.test/v1", "https://xn--bcher-kva.test"),
        ("http://my_service:8000/v1", "http://my_service:8000"),
        ("wss://spark.test/v1", "https://spark.test"),
        ("ws://localhost:9", "http://localhost:9"),
    ],
)
def test_origin(url: str, origin: str) -> None:
    assert origin_of(url) == origin
    assert origin_of(origin) == origin


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host",
        "/v1",
        "https://",
        "https:///v1",
        "http://h:x",
        "http://h:0",
        "http://h:70000",
        "http://a b",
        "http://h\n",
        "http://[::1",
        "https://api.openai.com\u3002evil.test",
        "https://api.openai.com\uff0eevil.test",
        "https://evil.test\\.replicate.com",
        "https://evil.test%2f.replicate.com",
        "https://evil.test^.replicate.com",
        "https://b\u00fccher.test/v1",
        "https://a..test",
        "https://.test",
        "http://[v1.x]",
    ],
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(UsageError, match="is not an address"):
        origin_of(url)


def test_host() -> None:
    assert host_of("https://api.openai.com/v1") == "api.openai.com"
    assert host_of("http://localhost:11434/v1") == "localhost:11434"


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "localhost.", "a.localhost", "127.0.0.1", "127.8.9.1", "[::1]"]
)
def test_this_machine(host: str) -> None:
    assert is_loopback(origin_of(f"http://{host}:8080"))
    assert is_private(origin_of(f"http://{host}:8080"))


@pytest.mark.parametrize(
    "host", ["localhost.test", "notlocalhost", "128.0.0.1", "10.0.0.1", "0.0.0.0", "[::2]", "127.0.0.1.test"]
)
def test_other_machines(host: str) -> None:
    assert not is_loopback(f"http://{host}")
    assert not is_private(f"http://{host}")
    assert is_private(f"https://{host}")


@pytest.mark.parametrize(
    ("pasted", "clean"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
        (" https://API.openai.com:443/v1/chat/completions ", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/completions", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/models/", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/audio/transcriptions", "https://api.openai.com/v1"),
        ("http://localhost.:11434/v1", "http://localhost:11434/v1"),
        ("https://host.test/Path/V1#x", "https://host.test/Path/V1"),
        ("localhost:11434/v1", "http://localhost:11434/v1"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("models.test/v1", "https://models.test/v1"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
    ],
)
def test_clean(pasted: str, clean: str) -> None:
    assert clean_url(pasted, ENDINGS) == clean
    assert clean_url(clean, ENDINGS) == clean


@pytest.mark.parametrize(
    "pasted",
    [
        "",
        "ftp://host/v1",
        "wss://host/v1",
        "file:///etc/passwd",
        "http://",
        "http:/host/v1",
        "https://host/v1?api-version=1",
        "not an address",
        "\x1b[2J",
    ],
)
def test_what_is_not_accepted(pasted: str) -> None:
    with pytest.raises(UsageError) as raised:
        clean_url(pasted)
    assert "\x1b" not in raised.value.message


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError) as raised:
        clean_url("https://me:hush-hush@host.test/v1")
    assert "hush" not in raised.value.message + raised.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "https://me:hush-hush@host。test/v1",
        "https://me:hush/hush@ho st/v1",
        "https://host.test/v1?key=hush-hush",
        "https://host .test/v1?key=hush-hush",
        "ftp://me:hush-hush@host.test",
        "sk-hush-0123456789-in-the-wrong-field",
    ],
)
def test_nothing_that_may_be_a_secret_is_repeated_of_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        clean_url(text)
    assert "hush" not in raised.value.message + raised.value.hint


def test_a_long_name_of_a_host_is_an_address_if_it_is_written_as_one() -> None:
    assert clean_url("https://inference-server-number-2/v1") == "https://inference-server-number-2/v1"
    assert clean_url("inference-server-number-2:8000/v1") == "https://inference-server-number-2:8000/v1"


@pytest.mark.parametrize("path", ["/v1/..", "/./v1", "/v1/%2e%2e/admin", "/v1/%2E/"])
def test_an_address_that_leads_to_another_path_is_refused_where_it_is_entered(path: str) -> None:
    with pytest.raises(UsageError, match="leads to another path"):
        clean_url(f"https://host{path}")


@pytest.mark.parametrize("pasted", ["http:/host/v1", "https:/host", "HTTP:/host", "http//host", "https//host/v1"])
def test_a_scheme_without_its_two_slashes_is_no_host_of_that_name(pasted: str) -> None:
    with pytest.raises(UsageError, match="needs two slashes after http:"):
        clean_url(pasted)
