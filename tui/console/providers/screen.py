"""The area of the providers: what can be done with the one under the cursor, and with all."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ClassVar

from textual.binding import BindingType

from tui.console.actions import bind, hint
from tui.console.providers.checks import Work
from tui.console.providers.list import ProviderList
from tui.console.providers.summary import removal_lines, strip_of_problem, use_lines
from tui.console.trial_status import has_choice, switch
from tui.console.widgets.row_list import Rows
from tui.domain import Credential, ProviderState, previous_of
from tui.errors import Problem
from tui.workspace.credentials import status
from tui.workspace.credentials import verify as verification
from tui.workspace.credentials.status import ProviderRow
from tui.workspace.models import catalog


class Providers(ProviderList):
    """The list and, in its place or beside it, the details of the provider under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("providers.verify", "verify"),
        bind("providers.verify-all", "verify_all"),
        bind("providers.add", "add"),
        bind("providers.refresh", "refresh"),
        bind("providers.source", "source"),
        bind("providers.new", "new"),
        bind("providers.use", "use"),
        bind("providers.remove", "remove"),
    ]

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        row = self.row
        if row is None:
            return
        if event.rows is self.listed and row.credential is not None and not self.wide:
            self.action_details()
        else:
            wanted = {"name": row.credential.name} if row.credential else {}
            if event.rows is self.details:
                kind, _, name = self.details.key.partition(":")
                if kind == "credential" and previous_of(name):
                    self.say(
                        "A key that is kept is not changed.",
                        hint("{providers.use} goes back to it; {providers.remove} forgets it."),
                    )
                    return
                wanted["name" if kind == "credential" else "field"] = name
            self._set_up(row, **wanted)

    def _work(self, work: Coroutine[Any, Any, None], group: str) -> None:
        async def guarded() -> None:
            try:
                await work
            except Problem as problem:
                self.say(*strip_of_problem(problem))

        self.run_worker(guarded(), group=group, exclusive=group != "checks", exit_on_error=False)

    def _set_up(self, row: ProviderRow, **wanted: Any) -> None:
        async def form() -> None:
            await self.app.set_up(row.provider.id, **wanted)
            self.checks.problems.pop(row.provider.id, None)
            self.reload()

        self._work(form(), "form")

    def action_verify(self) -> None:
        row, held = self.row, self.credential
        if row is None or held is None:
            self.say("There is no key to verify yet.", hint("{list.choose} sets it up."))
        elif status.standing(self.app.session.tenant(self.tenant_id), held).state is ProviderState.UNCONFIRMED:
            self._work(self._confirm(), "form")
        else:
            self._work(self._check([(row, held)]), "checks")

    async def _confirm(self) -> None:
        if await self.app.ensure_unlocked(again=True):
            self.reload()

    def action_verify_all(self) -> None:
        self._work(self._check([(each, each.credential) for each in self.rows if each.credential]), "checks")

    async def _check(self, wanted: list[tuple[ProviderRow, Credential]]) -> None:
        waiting = f"the check of {wanted[0][0].provider.label}." if len(wanted) == 1 else "the check of all providers."
        if not await self._opened(wanted, waiting, "It is made as soon as the tenant is open."):
            return

        def verifying(row: ProviderRow, held: Credential) -> Callable[[], Awaitable[None]]:
            async def verify() -> None:
                await verification.verify_stored(self.app.session.tenant(self.tenant_id), row.provider.id, held.name)
                self.reload()

            return verify

        works: list[Work] = [(row.provider.id, "checking", verifying(row, held)) for row, held in wanted]
        self._said = ("", "", "")
        await self.checks.run(works)

    async def _opened(self, wanted: list[tuple[ProviderRow, Credential]], waiting: str, then: str) -> bool:
        """Whether what is wanted can be opened; the passphrase is asked where one of them holds a key."""
        sealed = any(held.envelope for _, held in wanted)
        return not sealed or await self.app.ensure_unlocked(waiting, then)

    def action_refresh(self) -> None:
        row = self.row
        if row is None or row.credential is None:
            self.say("It is not set up, so it lists no models.", hint("{list.choose} sets it up."))
        else:
            self._work(self._refresh(row, row.credential), "checks")

    async def _refresh(self, row: ProviderRow, held: Credential) -> None:
        label = row.provider.label
        waiting = f"the models of {label}."
        if not await self._opened([(row, held)], waiting, "They are listed as soon as the tenant is open."):
            return

        async def refresh() -> None:
            came = await catalog.refresh(self.app.session.tenant(self.tenant_id), row.provider.id)
            self.reload()
            self.app.toast(f"{label}: {came.total:,} models, {len(came.added)} new, {len(came.gone)} gone.")

        await self.checks.run([(row.provider.id, "listing", refresh)])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "source":
            return True if self.row is not None and has_choice(self.row) else None
        return super().check_action(action, parameters)

    def action_source(self) -> None:
        if (row := self.row) is not None:
            self._work(self._switch(row), "form")

    async def _switch(self, row: ProviderRow) -> None:
        said = await switch(self.app.session.tenant(self.tenant_id), row)
        self._said = ("", "", "")
        self.reload()
        self.app.toast(said)

    def action_add(self) -> None:
        row = self.row
        if row is None or row.credential is None:
            self.say("A model can be added once the provider is set up.", hint("{list.choose} sets it up."))
        else:
            self._work(self._add(row), "form")

    async def _add(self, row: ProviderRow) -> None:
        await self.app.add_model(row.provider.id)
        self.reload()

    def action_new(self) -> None:
        if (row := self.row) is not None:
            self._set_up(row, **({"name": ""} if row.credential else {}))

    def action_use(self) -> None:
        row, then = self.row, self.credential
        if row is None or row.credential is None:
            return
        if then is None or not self.on_other:
            self.say(
                f"{row.credential.name} is in use.",
                hint("{providers.use} on another credential in the details uses that one."),
            )
        else:
            self._work(self._use(row, row.credential, then), "form")

    async def _use(self, row: ProviderRow, now: Credential, then: Credential) -> None:
        choices = {"keep": f"Keep {now.name}", "use": f"Use {then.name}"}
        title = f"Use {then.name} instead of {now.name}"
        if kept := previous_of(then.name):
            choices = {"keep": "Keep the new key", "use": "Go back to the old key"}
            title = f"Go back to the key that {kept} had"
            waiting = f"the old key of {row.provider.label}."
            if not self.unlocked and not await self.app.ensure_unlocked(
                waiting, "It is used as soon as the tenant is open."
            ):
                return
        if await self.app.ask(title, use_lines(row, now, then), choices) == "use":
            await status.use(self.app.session.tenant(self.tenant_id), row.provider.id, then.name)
            self.reload()
            self.app.toast(f"{row.provider.label} uses {kept or then.name} now.")

    def action_remove(self) -> None:
        row, held = self.row, self.credential
        if row is None or not (row.credential or row.models or row.added):
            self.say("There is nothing to remove.", "")
            return
        self._work(self._remove(row, held.name if held and self.on_other else ""), "form")

    async def _remove(self, row: ProviderRow, name: str) -> None:
        session, label = self.app.session, row.provider.label
        verb = "Forget" if row.state is ProviderState.UNDECRYPTABLE and not name else "Remove"
        what = f"{name} of {label}" if name else label
        lines = removal_lines(session.tenant(self.tenant_id), row, name)
        if await self.app.ask(f"{verb} {what}", lines, {"keep": "Keep", "remove": verb}) != "remove":
            return
        if name:
            await status.remove(session.tenant(self.tenant_id), row.provider.id, name)
        else:
            await status.remove_provider(session.tenant(self.tenant_id), row.provider.id)
            self.action_list()
        self.checks.problems.pop(row.provider.id, None)
        self.reload()
        self.app.toast(f"{what} is removed.")
