"""The examples of the page on shared stores: they can be read, and say what the page says of them."""

import configparser
import re
from importlib import resources

import yaml

from tui.storage.postgres.address import parse

PAGE = (resources.files("tui.storage.postgres") / "README.md").read_text()


def block(language: str) -> str:
    match = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert match is not None
    return match[1]


def test_the_example_with_patroni_acknowledges_what_another_node_has() -> None:
    example = yaml.safe_load(block("yaml"))
    settings = example["bootstrap"]["dcs"]
    assert settings["synchronous_mode"] is settings["synchronous_mode_strict"] is True
    rules = example["postgresql"]["pg_hba"]
    assert all(rule.startswith(("local ", "hostssl ")) for rule in rules), "nothing in clear over the network"
    assert example["postgresql"]["parameters"]["ssl"] == "on"


def test_the_example_with_pgbouncer_logs_in_as_the_person() -> None:
    example = configparser.ConfigParser(interpolation=None)
    example.read_string(block("ini"))
    assert example["pgbouncer"]["pool_mode"] == "transaction" and "$1" in example["pgbouncer"]["auth_query"]
    assert "user=" not in example["databases"]["modeldeck"], "one login for everybody would see every tenant"


def test_every_address_on_the_page_is_accepted() -> None:
    addresses = re.findall(r'store = "(.*?)"', PAGE)
    assert len(addresses) >= 4
    for address in addresses:
        assert ("verify-full" in parse(address, {}).conninfo) is ("example.com" in address)
