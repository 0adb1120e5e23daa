"""The times of the last checks: ten of them, and none for another credential of the same name."""

from tui.storage.store import Tables
from tui.tenancy import credentials
from tui.tenancy.session import Session


def test_the_median_is_that_of_the_last_ten_times(session: Session) -> None:
    acme = session.tenant("acme")
    credential = credentials.active(acme, "openai")
    assert credential is not None
    entries = len(acme.log.last(0))
    for time in (0, 9_000, *range(100, 110)):
        with acme.store.transaction() as tables:
            credentials.add_latency(tables, credential, time)
    records = {(entry["provider"], entry["credential"]): entry["ms"] for entry in acme.store.read().table("latencies")}
    assert records["openai", credential.name] == list(range(100, 110))
    assert credentials.median_ms(acme, credential) == 104
    assert len(acme.log.last(0)) == entries


def test_what_is_no_time_is_left_out(session: Session) -> None:
    acme = session.tenant("acme")
    credential = credentials.active(acme, "openai")
    assert credential is not None

    def plant(tables: Tables) -> None:
        tables.table("latencies").truncate()
        record = {"provider": "openai", "credential": credential.name, "ms": ["x", True, -5, 7]}
        tables.table("latencies").insert(record)

    with acme.store.transaction() as tables:
        plant(tables)
    assert credentials.median_ms(acme, credential) == 7
