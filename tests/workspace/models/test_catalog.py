"""Models: listed ones come and are marked when they go, added ones stay, and thousands of them are no burden."""

from dataclasses import replace

import pytest

from tui.domain import Model, ModelType, Origin
from tui.errors import CredentialRejected, Problem, UsageError
from tui.practice.tenants import LONG_NAME
from tui.providers.events import ModelsListed
from tui.storage.folder import DiskFolder
from tui.tenancy import model_sync, models
from tui.tenancy.serialization import to_record
from tui.tenancy.session import Session
from tui.workspace import tenants
from tui.workspace.credentials import save, status
from tui.workspace.models import catalog, defaults

CHAT, EMBEDDING, SPEECH = ModelType.CHAT, ModelType.EMBEDDING, ModelType.SPEECH2TEXT
TODAY = "2026-11-22"


def model(name: str, **named: object) -> Model:
    return replace(Model("openai", name, CHAT), **named)  # type: ignore[arg-type]


# --- taking in --------------------------------------------------------------------------------------------------------


def test_what_is_listed_comes_and_what_is_no_longer_is_marked_and_kept() -> None:
    stored = [model("a"), model("b"), model("c", gone="2026-11-01")]
    after, refreshed = model_sync.merge_listing(stored, [model("a"), model("d")], TODAY)
    assert after == [model("a"), model("d"), model("b", gone=TODAY), model("c", gone="2026-11-01")]
    assert refreshed == model_sync.SyncResult(added=("d",), gone=("b",), total=2)


def test_a_model_that_comes_back_is_listed_again() -> None:
    after, refreshed = model_sync.merge_listing([model("a", gone="2026-11-01")], [model("a")], TODAY)
    assert after == [model("a")] and refreshed.added == ("a",)


def test_an_added_model_outlives_every_listing_and_is_not_doubled_by_one() -> None:
    added = model("mine", origin=Origin.ADDED, fields={"version": "3"})
    for listed in ([], [model("a")], [model("mine")]):
        after, _ = model_sync.merge_listing([added], listed, TODAY)
        assert [model for model in after if model.id == "mine"] == [added]


def test_what_was_measured_outlives_a_listing_that_does_not_tell_it() -> None:
    after, _ = model_sync.merge_listing([model("a", dimensions=1536)], [model("a", context=8192)], TODAY)
    assert after == [model("a", dimensions=1536, context=8192)]


def test_one_id_of_two_types_is_two_models() -> None:
    both = [model("a"), model("a", type=EMBEDDING)]
    after, _ = model_sync.merge_listing(both, [model("a")], TODAY)
    assert after == [model("a"), model("a", type=EMBEDDING, gone=TODAY)]


async def test_a_refresh_marks_what_was_removed_and_changes_no_default(session: Session) -> None:
    with session.store("acme").transaction() as tables:
        tables.table("models").insert(to_record(model("gpt-of-old", ends="2026-01-01")))
    await defaults.set(session.tenant("acme"), CHAT, "openai/gpt-of-old")
    refreshed = await catalog.refresh(session.tenant("acme"), "openai")
    assert refreshed.gone == ("gpt-of-old",) and refreshed.total > 30
    row = next(row for row in catalog.rows(session.tenant("acme")) if row.model.id == "gpt-of-old")
    assert (row.state, row.default, row.usable) == ("gone", True, False) and row.model.gone == session.today()
    again = await catalog.refresh(session.tenant("acme"), "openai")
    assert (again.added, again.gone) == ((), ())


async def test_an_empty_listing_marks_all_and_loses_none(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object) -> object:
        yield ModelsListed(())

    before = len(catalog.listing(session.tenant("acme")))
    with monkeypatch.context() as patched:
        patched.setattr(session.client, "stream", nothing)
        refreshed = await catalog.refresh(session.tenant("acme"), "openai")
    assert refreshed.total == 0 and len(catalog.listing(session.tenant("acme"))) == before
    assert (await catalog.refresh(session.tenant("acme"), "openai")).gone == ()
    assert len([model for model in catalog.listing(session.tenant("acme"), provider="openai") if model.gone]) == 1


async def test_a_listed_id_with_hidden_text_is_left_out(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    async def listing(*_: object) -> object:
        yield ModelsListed((model("gpt-6"), model("gpt-7\u200e"), model("gpt-8\n")))

    monkeypatch.setattr(session.client, "stream", listing)
    assert (await catalog.refresh(session.tenant("acme"), "openai")).total == 1


async def test_a_refresh_of_what_is_not_set_up_or_refused_says_so(session: Session) -> None:
    with pytest.raises(Problem, match="not set up"):
        await catalog.refresh(session.tenant("tenant-2"), "openai")
    before = catalog.listing(session.tenant(LONG_NAME))
    with pytest.raises(CredentialRejected):
        await catalog.refresh(session.tenant(LONG_NAME), "openai")
    assert catalog.listing(session.tenant(LONG_NAME)) == before


# --- by hand ----------------------------------------------------------------------------------------------------------


async def test_a_model_is_added_after_a_call_to_it(session: Session) -> None:
    with pytest.raises(Problem):
        await catalog.add(session.tenant("acme"), "openai", "gpt-that-is-not", CHAT)
    listed = catalog.listing(session.tenant("acme"), provider="openai")
    assert not [model for model in listed if model.origin is Origin.ADDED]
    added = await catalog.add(session.tenant("acme"), "openai", " gpt-that-is-not ", CHAT, verify=False)
    assert added == model("gpt-that-is-not", origin=Origin.ADDED)
    assert status.row(session.tenant("acme"), "openai").added == 1
    assert models.find(session.tenant("acme"), "openai/gpt-that-is-not") == added
    await catalog.refresh(session.tenant("acme"), "openai")
    assert models.find(session.tenant("acme"), "openai/gpt-that-is-not") == added


@pytest.mark.parametrize("name", ["", "  ", "two words", "a\nb", "x" * 300, "\u202eid"])
async def test_an_id_that_no_provider_has_is_refused(session: Session, name: str) -> None:
    with pytest.raises(UsageError):
        await catalog.add(session.tenant("acme"), "openai", name, CHAT, verify=False)


async def test_a_model_is_not_added_twice_nor_with_fields_it_has_not(session: Session) -> None:
    with pytest.raises(UsageError, match="already exists, imported") as error:
        await catalog.add(session.tenant("acme"), "openai", "gpt-6-sol", CHAT, verify=False)
    assert error.value.remedy is None and "without adding it" in error.value.hint
    with pytest.raises(UsageError, match="no field version"):
        await catalog.add(session.tenant("acme"), "openai", "mine", CHAT, {"version": "1"}, verify=False)
    with pytest.raises(Problem, match="not set up"):
        await catalog.add(session.tenant("tenant-2"), "openai", "mine", CHAT, verify=False)
    added = await catalog.add(session.tenant("acme"), "openai", "mine", CHAT, verify=False)
    assert await catalog.edit(session.tenant("acme"), added, {}, verify=False) == added
    with pytest.raises(UsageError, match="imported"):
        await catalog.edit(session.tenant("acme"), models.find(session.tenant("acme"), "openai/gpt-6-sol"), {})


async def test_a_removed_model_takes_its_default_with_it_and_a_listed_one_stays(session: Session) -> None:
    added = await catalog.add(session.tenant("acme"), "openai", "mine", CHAT, verify=False)
    await defaults.set(session.tenant("acme"), CHAT, "openai/mine")
    await catalog.remove(session.tenant("acme"), added)
    assert CHAT not in models.defaults(session.tenant("acme"))
    with pytest.raises(UsageError, match="listed by its provider"):
        await catalog.remove(session.tenant("acme"), models.find(session.tenant("acme"), "openai/gpt-6-sol"))
    delisted = next(model for model in catalog.listing(session.tenant("acme")) if model.gone)
    await catalog.remove(session.tenant("acme"), delisted)
    assert delisted not in catalog.listing(session.tenant("acme"))


@pytest.mark.parametrize(
    ("ref", "says"),
    [
        ("openai/gpt-6-sol", "answered ("),
        ("openai/text-embedding-3-small", "returned a vector of 1,536 dimensions ("),
        ("openai/whisper-1", "answered in"),
        ("openai_compatible/nomic-embed-text", "returned a vector of"),
    ],
)
async def test_one_small_call_shows_that_a_model_answers(session: Session, ref: str, says: str) -> None:
    assert says in await catalog.test(session.tenant("acme"), models.find(session.tenant("acme"), ref))


async def test_the_length_of_vectors_that_a_call_showed_is_kept(session: Session) -> None:
    model = models.find(session.tenant("acme"), "openai_compatible/nomic-embed-text")
    await catalog.test(session.tenant("acme"), model)
    assert models.find(session.tenant("acme"), model.ref).dimensions > 0


# --- finding ----------------------------------------------------------------------------------------------------------


async def test_a_reference_splits_at_the_first_slash(session: Session) -> None:
    slashed = await catalog.add(session.tenant("acme"), "openai_compatible", "org/team/model", CHAT, verify=False)
    assert models.find(session.tenant("acme"), "openai_compatible/org/team/model") == slashed
    for ref, says in (
        ("gpt-6-sol", "is not a model reference"),
        ("openai/", "is not a model reference"),
        ("nobody/x", "Unknown provider nobody"),
    ):
        with pytest.raises(UsageError, match=says):
            models.find(session.tenant("acme"), ref)
    with pytest.raises(UsageError, match="no embedding model"):
        models.find(session.tenant("acme"), "openai/gpt-6-sol", EMBEDDING)


async def test_the_state_of_a_model_is_its_own_or_that_of_its_provider(session: Session) -> None:
    session.clock = lambda: 1_795_000_000.0  # 2026-11-18
    rows = {row.model.id: row for row in catalog.rows(session.tenant("acme"))}
    assert rows["gpt-6-sol"].word == "ready" and rows["gpt-6-sol"].default
    assert rows["whisper-1"].word == "ends 2027-02-26" and rows["whisper-1"].usable
    session.clock = lambda: 1_850_000_000.0  # 2028
    rows = {row.model.id: row for row in catalog.rows(session.tenant("acme"))}
    assert rows["whisper-1"].word == "ended 2027-02-26" and not rows["whisper-1"].usable
    refused = {row.model.id: row for row in catalog.rows(session.tenant(LONG_NAME))}
    assert refused["gpt-6-sol"].state == "provider not usable"


@pytest.mark.slow
async def test_twenty_thousand_models_are_read_from_disk_once(
    disk_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await tenants.create(disk_session, "acme")
    await save.save(disk_session.tenant(tenant.id), "openai_compatible", {"base_url": "http://localhost:11434/v1"})
    with disk_session.store(tenant.id).transaction() as tables:
        many = (Model("openai_compatible", f"org/model-{n}", CHAT) for n in range(20_000))
        tables.table("models").insert_multiple(to_record(model) for model in many)
    assert len(catalog.rows(disk_session.tenant(tenant.id))) == 20_000
    reads: list[str] = []
    read = DiskFolder.read

    def counted(folder: DiskFolder, name: str, last: int = 0) -> bytes | None:
        reads.append(name)
        return read(folder, name, last)

    monkeypatch.setattr(DiskFolder, "read", counted)
    assert len(catalog.rows(disk_session.tenant(tenant.id))) == 20_000
    assert status.row(disk_session.tenant(tenant.id), "openai_compatible").models == 20_000
    assert defaults.rows(disk_session.tenant(tenant.id))[0].proposed
    assert tenants.row(disk_session.tenant(tenant.id)).ready == 1
    assert "settings.json" not in reads


async def test_several_models_are_removed_in_one_change_or_none_is(session: Session) -> None:
    own = session.tenant("acme")
    with session.store("acme").transaction() as tables:
        tables.table("models").insert_multiple(to_record(model(name, origin=Origin.ADDED)) for name in ("x", "y"))
    await defaults.set(own, CHAT, "openai/x")
    before = session.store("acme").document().generation
    added = [entry for entry in catalog.listing(own) if entry.id in ("x", "y")]
    listed = next(entry for entry in catalog.listing(own) if not catalog.removable(entry))
    with pytest.raises(UsageError, match="would come back"):
        await catalog.remove(own, *added, listed)
    assert session.store("acme").document().generation == before
    await catalog.remove(own, *added)
    assert session.store("acme").document().generation == before + 1
    assert CHAT not in models.defaults(own) and not {"x", "y"} & {entry.id for entry in catalog.listing(own)}


async def test_adding_a_model_says_what_its_test_request_used(session: Session) -> None:
    notes: list[str] = []
    with session.store("acme").transaction() as tables:
        tables.table("models").remove(lambda record: record["id"] == "text-embedding-3-large")
    await catalog.add(
        session.tenant("acme"), "openai", "text-embedding-3-large", ModelType.EMBEDDING, notify=notes.append
    )
    assert [note for note in notes if note.startswith("The test request used ")] and "tokens in" in notes[-1]
