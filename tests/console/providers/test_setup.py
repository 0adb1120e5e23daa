"""The set-up form: what enter runes, asking and stopping, refusals, and that nothing typed is lost."""

import httpx
import pytest
from textual import events
from textual.pilot import Pilot

from tests.console.pilot import app_of, console, rows, screen_of, shown, until, until_shown
from tests.console.provider_forms import KEY, focused_field, forget, paste, session_answering
from tests.doubles.practice import practice_session
from tui.console.providers.setup import save_flow
from tui.console.providers.setup.screen import Setup
from tui.console.widgets.input import SecretField
from tui.domain import VerificationState
from tui.errors import SaveFailed
from tui.providers.spec import Provider
from tui.secret import Secret
from tui.tenancy import credentials
from tui.tenancy.session import Session
from tui.workspace.credentials import save
from tui.workspace.models import catalog

REFUSED = "sk-example0-0000-refused-made-up-key-0bad"


def stored(session: Session, provider_id: str = "openai", tenant: str = "acme") -> str:
    """The hint of the key in use, or ''."""
    credential = credentials.active(session.tenant(tenant), provider_id)
    return next(iter(credential.hints.values()), "no key") if credential else ""


async def open_form(pilot: Pilot[str]) -> None:
    """The form of the provider under the cursor, set up already."""
    await pilot.press("enter", "enter")
    await focused_field(pilot, "API key")


async def test_with_a_key_in_hand_four_keys_lead_to_a_default(session: Session) -> None:
    async with console(await forget(session, "openai", "openai_compatible")) as pilot:
        await pilot.press("enter")
        await focused_field(pilot, "API key")
        assert rows(pilot)[3] == " ▸ API key          [" + " " * 52 + "]"
        assert rows(pilot)[1].endswith(" not set up ──")
        assert rows(pilot)[0].rstrip() == " ▪ acme  PRACTICE"
        assert rows(pilot)[23] == " enter next  tab shift+tab move  esc back  f1 help"
        await paste(pilot, KEY)
        await pilot.press("enter")
        await focused_field(pilot, "Verify and save")
        assert stored(session) == ""
        await pilot.press("enter")
        await until_shown(pilot, "─ OpenAI is set up ─")
        await until_shown(pilot, "Imported 37 models in ")
        assert stored(session) == "5d1e"
        await pilot.press("enter")
        await until_shown(pilot, "[f5 Playground]")


async def test_two_enters_that_come_at_once_leave_the_field_and_press_the_button(session: Session) -> None:
    async with console(await forget(session, "openai", "openai_compatible")) as pilot:
        await pilot.press("enter")
        await focused_field(pilot, "API key")
        await paste(pilot, KEY)
        for _ in range(2):
            pilot.app.post_message(events.Key("enter", "\r"))
        await until_shown(pilot, "─ OpenAI is set up ─")


async def test_a_key_detected_in_the_environment_is_accepted_with_one_key() -> None:
    environ = {"OPENAI_API_KEY": "sk-example0-found-in-the-environment-1234"}
    session = await forget(practice_session(environ, pace=0.0), "openai")
    session.practice = False
    async with console(session) as pilot:
        await pilot.press("enter")
        await focused_field(pilot, "Use OPENAI_API_KEY from the environment, ends 1234")
        await until_shown(pilot, " enter press ")
        screen = rows(pilot)
        assert screen[3] == " ▸ [ Use OPENAI_API_KEY from the environment, ends 1234 ]"
        assert screen[4] == "   Asks api.openai.com whether it works, then encrypts and saves it."
        assert screen[6] == "   Or type a different one:"
        assert screen[7] == "   API key          [" + " " * 52 + "]"
        assert screen[8] == "                    Starts with sk-. Input is hidden."
        assert screen[9] == "                    Create one at https://platform.openai.com/api-keys"
        assert screen[11] == "   [ More: organization, project, base URL ]"
        assert screen[13] == "   [ Verify and save ]"
        assert screen[15] == "   The key goes to https://api.openai.com and nowhere else."
        assert screen[16] == "   All models of OpenAI are imported once it is verified."
        assert screen[23] == " enter press  tab next  esc back  ? help"
        await pilot.press("enter")
        await until(pilot, lambda: stored(session) == "1234")


async def test_tab_goes_round_and_more_unfolds(session: Session) -> None:
    async with console(session) as pilot:
        await open_form(pilot)
        await pilot.press("shift+tab")
        await focused_field(pilot, "Rotate: verify and save, keep the old key")
        await pilot.press("tab")
        await focused_field(pilot, "API key")
        await pilot.press("tab")
        await focused_field(pilot, "More: organization, project, base URL")
        await pilot.press("enter")
        await focused_field(pilot, "Organization")
        await pilot.press("enter")
        await focused_field(pilot, "Project")
        await pilot.press("enter", "enter")
        await focused_field(pilot, "Verify and save")


async def test_an_empty_secret_keeps_the_stored_one_and_is_never_prefilled(session: Session) -> None:
    async with console(session) as pilot:
        await open_form(pilot)
        await until_shown(pilot, "Leave blank to keep the stored key ending 3f2a.")
        assert all(not widget.value for widget in pilot.app.screen.query(SecretField))
        await pilot.press("enter", "enter")
        await until_shown(pilot, "OpenAI is saved.")
        assert stored(session) == "3f2a"


async def test_a_refused_key_leaves_the_stored_one_in_use(session: Session) -> None:
    async with console(session) as pilot:
        await open_form(pilot)
        await paste(pilot, REFUSED)
        await pilot.press("enter", "enter")
        await until_shown(pilot, "▲ OpenAI rejected this key.")
        await focused_field(pilot, "API key")
        screen = shown(pilot)
        assert "The stored key ending 3f2a stays in use until a new one is verified." in screen
        assert "[ Verify again ]\n   [ Save anyway, unverified ]" in screen
        assert rows(pilot)[1].endswith(" ▲ key refused ──")
        assert "   Answer of api.openai.com at " in screen and "req_practice401" in screen
        assert "0bad" not in screen and stored(session) == "3f2a"
        # The text is kept; one paste replaces it, and what was said about the other is gone.
        await pilot.press("ctrl+u")
        await paste(pilot, KEY)
        assert "Save anyway" not in shown(pilot)
        await pilot.press("enter", "enter")
        await until(pilot, lambda: stored(session) == "5d1e")


async def test_save_anyway_saves_what_was_refused_and_says_so_in_the_list(session: Session) -> None:
    async with console(await forget(session, "openai")) as pilot:
        await pilot.press("enter")
        await paste(pilot, REFUSED)
        await pilot.press("enter", "enter")
        await until_shown(pilot, "[ Save anyway, unverified ]")
        await pilot.press("enter")
        await focused_field(pilot, "Verify again")
        await pilot.press("tab", "enter")
        await until_shown(pilot, "▲ OpenAI               key refused")
        assert stored(session) == "0bad"


async def test_what_cannot_be_written_is_reported_and_saving_unverified_is_not_offered(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, **__: object) -> None:
        raise SaveFailed("The disk is full; nothing was changed.", "Free some space and try again.")

    async with console(session) as pilot:
        await open_form(pilot)
        await paste(pilot, REFUSED)
        await pilot.press("enter", "enter")
        await until_shown(pilot, "[ Save anyway, unverified ]")
        await pilot.press("ctrl+u")
        await paste(pilot, KEY)
        with monkeypatch.context() as patched:
            patched.setattr(save_flow, "apply_save", full)
            await pilot.press("enter", "enter")
            await until_shown(pilot, "▲ The disk is full; nothing was changed.")
            screen = shown(pilot)
            assert "Free some space and try again." in screen and "[ Verify and save ]" in screen
            assert "Save anyway" not in screen and "Answer of" not in screen
            await focused_field(pilot, "Verify and save")
        await pilot.press("enter")
        await until(pilot, lambda: stored(session) == "5d1e")


async def test_a_restricted_key_is_saved_on_the_operators_word(session: Session) -> None:
    async with console(session) as pilot:
        await open_form(pilot)
        await paste(pilot, "sk-example0-0000-restricted-made-up-key-0001")
        await pilot.press("enter", "enter")
        await until_shown(pilot, "▲ OpenAI accepted this key, but it may not list models.")
        await focused_field(pilot, "Save, and add models by hand")
        assert stored(session) == "3f2a"
        await pilot.press("enter")
        await until(pilot, lambda: stored(session) == "0001")
        credential = credentials.active(session.tenant("acme"), "openai")
        assert credential is not None and credential.check.state is VerificationState.RESTRICTED


async def test_escape_stops_the_asking_and_keeps_what_was_typed() -> None:
    session = practice_session(pace=50.0)
    async with console(session) as pilot:
        await open_form(pilot)
        await paste(pilot, KEY)
        await pilot.press("enter", "enter")
        await until_shown(pilot, " ▸ … asking api.openai.com")
        assert rows(pilot)[23] == " esc stop  ? help"
        await pilot.press("enter", "escape")
        await focused_field(pilot, "Verify and save")
        await until_shown(pilot, "Stopped. Nothing was saved")
        assert pilot.app.screen.query(SecretField).first().value == KEY and stored(session) == "3f2a"


async def test_leaving_with_something_typed_asks_first(session: Session) -> None:
    async with console(session) as pilot:
        await open_form(pilot)
        await pilot.press("x", "escape")
        await until_shown(pilot, "What you typed will be lost.")
        await focused_field(pilot, "Stay")
        await pilot.press("enter")
        await focused_field(pilot, "API key")
        assert pilot.app.screen.query(SecretField).first().value == "x"
        await pilot.press("escape")
        await focused_field(pilot, "Stay")
        await pilot.press("down", "enter")
        await until_shown(pilot, " ▸ API key        ••••••••3f2a")


async def test_leaving_an_untouched_form_asks_nothing(session: Session) -> None:
    async with console(session) as pilot:
        await open_form(pilot)
        await pilot.press("escape")
        await until_shown(pilot, " ▸ API key        ••••••••3f2a")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.ConnectError("[Errno -2] Name or service not known"), "The key was not sent."),
        (httpx.Response(200, text="<html><b>Welcome</b></html>", headers={"content-type": "text/html"}), "▲ "),
        (httpx.Response(404, text="<html>[/x] not found</html>"), "▲ "),
        (httpx.Response(302, headers={"location": "https://elsewhere.example/"}), "▲ "),
        (httpx.Response(503, json={"error": {"message": "busy"}}, headers={"retry-after": "0"}), "▲ "),
    ],
)
async def test_what_is_no_answer_is_reported_in_place_and_can_be_saved_unverified(
    answer: httpx.Response | Exception, words: str
) -> None:
    def network(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    session = session_answering(network)
    async with console(session) as pilot:
        await open_form(pilot)
        await paste(pilot, KEY)
        await pilot.press("enter", "enter")
        await until_shown(pilot, "[ Save anyway, unverified ]", 20)
        await until_shown(pilot, words)
        await until_shown(pilot, "[ Verify again ]")
        await focused_field(pilot, "Verify again")
        assert pilot.app.screen.query(SecretField).first().value == KEY and stored(session) == "3f2a"
        await pilot.press("tab", "enter")
        await until(pilot, lambda: stored(session) == "5d1e")


async def test_nothing_listens_on_that_port(session: Session, unused_tcp_port: int) -> None:
    from tui.providers.client.client import Client

    session.client_factory = lambda: Client({})
    async with console(await forget(session, "openai_compatible")) as pilot:
        await pilot.press("j", "enter", "tab")
        await focused_field(pilot, "Base URL")
        await paste(pilot, f"http://127.0.0.1:{unused_tcp_port}/v1")
        await until_shown(pilot, "Nothing leaves this machine")
        await pilot.press("enter")
        # The key is optional; typed text must not fall on a button.
        await focused_field(pilot, "API key")
        await pilot.press("enter", "enter")
        await until_shown(pilot, "▲ ", 20)
        await until_shown(pilot, f"127.0.0.1:{unused_tcp_port}")
        assert stored(session, "openai_compatible") == ""


async def test_a_missing_field_is_named_in_its_place(session: Session) -> None:
    async with console(await forget(session, "openai")) as pilot:
        await pilot.press("enter", "enter", "enter")
        await until_shown(pilot, "▲ API key is missing.")
        await focused_field(pilot, "API key")


async def test_a_value_that_does_not_fit_is_shown_under_its_field(session: Session) -> None:
    async with console(session) as pilot:
        await pilot.press("enter", "j", "enter")
        await focused_field(pilot, "Organization")
        await pilot.press(*"acme", "enter", "enter", "enter", "enter")
        await until_shown(pilot, "▲ An organization begins with org-.")
        await focused_field(pilot, "Organization")


async def test_servers_of_this_machine_are_probed_for_on_demand_and_used_with_one_key(session: Session) -> None:
    async with console(await forget(session, "openai_compatible")) as pilot:
        await pilot.press("j", "enter")
        await focused_field(pilot, "Look for servers on this machine")
        await until_shown(pilot, "Asks ports 11434, 8080, 8000 and 1234 of this machine.")
        await pilot.press("enter")
        await until_shown(pilot, "Answers on this machine")
        screen = rows(pilot)
        assert screen[2] == "   Answers on this machine"
        assert screen[3] == " ▸ [ Use http://localhost:11434/v1 ]   Ollama         3 models, no key"
        assert screen[4] == "   [ Use http://localhost:8080/v1  ]   llama.cpp      1 model, no key"
        assert screen[5] == "                                       8000 and 1234 do not answer"
        assert screen[7] == "   Or type its address:"
        assert "   [ Search again ]" in screen
        assert screen[21] == "   Ollama: gemma3:12b, nomic-embed-text, qwen3:32b. All are imported."
        assert screen[22] == "   Nothing leaves this machine. For a server elsewhere, use an https URL."
        assert screen[23] == " enter press  up down move  tab next  esc back  ? help"
        await pilot.press("enter")
        await until(pilot, lambda: stored(session, "openai_compatible") == "no key")
        assert len(catalog.listing(session.tenant("acme"), provider="openai_compatible")) == 3


async def test_opened_to_look_it_looks_at_once(session: Session) -> None:
    async with console(await forget(session, "openai_compatible")) as pilot:
        pilot.app.run_worker(app_of(pilot).navigator.set_up("openai_compatible", look=True))
        await until_shown(pilot, " ▸ [ Use http://localhost:11434/v1 ]")


async def test_no_server_answers() -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    async with console(await forget(session_answering(silent), "openai_compatible")) as pilot:
        await pilot.press("j", "enter", "enter")
        await until_shown(pilot, "▲ No model server answers on this machine.")
        await until_shown(pilot, "Asked: ports 11434, 8080, 8000 and 1234.")
        await until_shown(pilot, "Start one, or type its URL.")
        await focused_field(pilot, "Base URL")


async def test_a_server_that_lists_nothing_is_saved_on_the_operators_word_and_a_model_is_added() -> None:
    session = session_answering(lambda request: httpx.Response(200, json={"object": "list", "data": []}))
    async with console(await forget(session, "openai_compatible")) as pilot:
        await pilot.press("j", "enter")
        await focused_field(pilot, "Look for servers on this machine")
        await pilot.press("tab", *"localhost:1/v1", "enter", "enter", "enter")
        await until_shown(pilot, "▲ It answers, but lists no models.")
        await until_shown(pilot, "If the address is right, save and add models by name.")
        await until_shown(pilot, "Or type its address:")
        await pilot.press("enter")
        await until_shown(pilot, "── Models › add › OpenAI-compatible")
        await until_shown(pilot, "OpenAI-compatible is set up. It lists no models; add them by name.")


async def test_plain_http_to_another_machine_is_confirmed_once(session: Session) -> None:
    answering = session_answering(lambda request: httpx.Response(200, json={"data": [{"id": "qwen3:32b"}]}))
    async with console(answering) as pilot:
        await pilot.press("j", "enter", "enter")
        await focused_field(pilot, "Base URL")
        await pilot.press("ctrl+u")
        await paste(pilot, "http://192.0.2.7:8000/v1")
        await pilot.press("enter", "enter", "enter")
        await until_shown(pilot, "Unencrypted: anyone on the network can read your texts and the key.")
        await focused_field(pilot, "Go back")
        await pilot.press("enter")
        await focused_field(pilot, "Base URL")
        await pilot.press("enter", "enter", "enter")
        await focused_field(pilot, "Go back")
        await pilot.press("down", "enter")
        await until_shown(pilot, "▲ unencrypted http")
        credential = credentials.active(answering.tenant("acme"), "openai_compatible")
        assert credential is not None and credential.plain_http == ("http://192.0.2.7:8000",)
        await pilot.press("enter")
        await focused_field(pilot, "Base URL")
        await pilot.press("enter", "enter", "enter")
        await until_shown(pilot, "OpenAI-compatible is saved.")


async def test_another_sessions_save_is_not_overwritten_unasked(session: Session) -> None:
    async def save_elsewhere(end: str = "beef") -> None:
        await save.save(session.tenant("acme"), "openai", {"api_key": Secret(KEY[:-4] + end)})

    async with console(session) as pilot:
        await open_form(pilot)
        await save_elsewhere()
        screen_of(pilot, Setup).changed_elsewhere()
        await until_shown(pilot, "▲ changed elsewhere ──")
        await paste(pilot, KEY)
        await pilot.press("enter", "enter")
        await until_shown(pilot, "─ OpenAI was changed while this form was open ─")
        screen = shown(pilot)
        assert "  API key        now ends beef             here: a new one, ends 5d1e" in screen
        assert "Nothing in this form has been saved." in screen
        await focused_field(pilot, "Show theirs, keep my form open")
        await pilot.press("enter")
        await until_shown(pilot, "Theirs: API key ends beef")
        assert stored(session) == "beef" and pilot.app.screen.query(SecretField).first().value == KEY
        await save_elsewhere("cafe")
        await pilot.press("enter")
        await focused_field(pilot, "Show theirs, keep my form open")
        await pilot.press("down", "enter")
        await until(pilot, lambda: stored(session) == "5d1e")


async def test_a_locked_tenant_asks_for_the_passphrase_and_goes_on_by_itself(session: Session) -> None:
    async with console(session, "north-lab") as pilot:
        await open_form(pilot)
        await pilot.press("enter", "enter")
        await until_shown(pilot, "Next: verify OpenAI")
        await pilot.press(*"practice", "enter")
        await until_shown(pilot, "OpenAI is saved.")


async def test_a_key_that_cannot_be_opened_is_requested_and_replaced(session: Session) -> None:
    with session.store("acme").transaction() as tables:
        tables.table("credentials").update({"key_id": "deadbeef"}, lambda record: record["provider"] == "openai")
    async with console(session) as pilot:
        await open_form(pilot)
        await until_shown(pilot, "The stored one can't be decrypted; type it again.")
        await pilot.press("enter", "enter")
        await until_shown(pilot, "▲ API key is missing.")
        await paste(pilot, KEY)
        await pilot.press("enter", "enter")
        await until(pilot, lambda: stored(session) == "5d1e")
        await until_shown(pilot, "● ready ──")


async def test_a_stored_address_that_somebody_edited_is_entered_again_or_gets_no_key() -> None:
    urls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        urls.append(str(request.url))
        return httpx.Response(200, json={"data": []})

    session, address = session_answering(answer), "https://evil.example.test/v1"
    with session.store("acme").transaction() as tables:
        entries = {"clear": {"base_url": address}, "origins": ["https://evil.example.test"]}
        tables.table("credentials").update(entries, lambda record: record["provider"] == "openai")
    async with console(session, size=(80, 40)) as pilot:
        await open_form(pilot)
        await paste(pilot, KEY)
        await pilot.press("enter", "enter")
        await until_shown(pilot, "by Modeldeck.")
        await focused_field(pilot, "Base URL")
        assert not urls and not screen_of(pilot, Setup).form.entries["base_url"].value
        # The control: entered, it is a person's own act.
        await paste(pilot, address)
        await until_shown(pilot, "The key goes to https://evil.example.test")
        await pilot.press("enter", "enter")
        await until(pilot, lambda: bool(urls))
        assert urls[0].startswith(address)


async def test_auth_methods_come_from_the_declaration(session: Session, invented_provider: Provider) -> None:
    async with console(session) as pilot:
        await pilot.press("G", "enter")
        await focused_field(pilot, "APIPassword")
        await until(
            pilot, lambda: "   Sign in with     (•) APIPassword  ( ) APPID, APIKey and APISecret" in rows(pilot)
        )
        await until(pilot, lambda: "   Check with       (•) Lite  ( ) Max" in rows(pilot))
        assert "APPID            [" not in shown(pilot)
        await until_shown(pilot, "The key goes to made-up.example and emb.made-up.example.")
        await pilot.press(*"pass", "shift+tab", "right")
        await until_shown(pilot, "   APPID            [")
        assert "   APIPassword      [" not in shown(pilot)
        await pilot.press("tab", *"5f3c", "enter")
        await focused_field(pilot, "APIKey")
        await pilot.press(*"key", "enter")
        await focused_field(pilot, "APISecret")
        await pilot.press("enter")
        await focused_field(pilot, "Verify and save")
        await pilot.press("enter")
        await until_shown(pilot, "▲ APISecret is missing; this method needs all its fields.")
        await focused_field(pilot, "APISecret")
        assert "Nothing was sent" not in shown(pilot)
        # What was typed on the other side is still there.
        await pilot.press("shift+tab", "shift+tab", "shift+tab", "left")
        await until_shown(pilot, "   APIPassword      [••••")


@pytest.mark.all_providers
async def test_the_destination_of_keys_follows_the_auth_method_before_its_fields_are_filled(
    session: Session,
) -> None:
    async with console(await forget(session, "spark"), size=(80, 40)) as pilot:
        pilot.app.run_worker(app_of(pilot).navigator.set_up("spark"), exit_on_error=False)
        await focused_field(pilot, "APIPassword")
        await until_shown(pilot, "The key goes to https://spark-api-open.xf-yun.com and nowhere else.")
        await pilot.press("shift+tab", "right")
        await until_shown(pilot, "The keys go to spark-api.xf-yun.com, emb-cn-huabei-1.xf-yun.com and")
        assert "spark-api-open" not in shown(pilot)
        await pilot.press("left")
        await until_shown(pilot, "The key goes to https://spark-api-open.xf-yun.com and nowhere else.")


async def test_only_the_auth_method_that_is_shown_is_accepted(session: Session, invented_provider: Provider) -> None:
    async with console(session) as pilot:
        await pilot.press("G", "enter")
        await focused_field(pilot, "APIPassword")
        await pilot.press(*"pw", "shift+tab", "right", "tab", "5", "enter", "k", "enter", "s")
        values = screen_of(pilot, Setup).form.values()
        assert set(values) == {"app_id", "api_key", "api_secret", "version", "base_url"}
        assert values["version"] == "lite"
