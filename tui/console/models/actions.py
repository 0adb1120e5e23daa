"""What can be done with models: used as a default, tried, listed anew, added, edited, removed."""

import asyncio
from collections.abc import Awaitable

from tui.console.actions import hint
from tui.console.busy import BusyIndicator
from tui.console.models.rows import ModelList, called, name_of
from tui.console.remedies import problem_hint
from tui.console.screen import AreaScreen
from tui.console.widgets.static_text import Words, line
from tui.console.widgets.symbols import ATTENTION, WARNING
from tui.console.widgets.truncate import clip_middle
from tui.domain import ImportMode, Model, Origin, Supply
from tui.errors import Problem
from tui.providers.spec import Provider
from tui.sanitize import one_line
from tui.tenancy import models
from tui.tenancy.model_sync import Refreshed
from tui.workspace.credentials import status
from tui.workspace.models import catalog, defaults
from tui.workspace.models.catalog import ModelRow


class ModelActions(AreaScreen):
    """The actions of the list of models. What it shows, and how, is in `models.Models`."""

    def __init__(self) -> None:
        super().__init__()
        self._tenant = ""
        self._list = ModelList((), {})
        self.said: tuple[str, Words, Words] = ("", "", "")
        self.working = BusyIndicator(self)

    @property
    def row(self) -> ModelRow | None:
        """The model under the cursor."""
        return self._list.by_key.get(self.shown_key)

    @property
    def shown_key(self) -> str:
        """The key of the row under the cursor."""
        raise NotImplementedError

    async def read(self) -> None:
        """Read the models anew, without holding up the screen."""
        raise NotImplementedError

    def show_all(self, key: str | None) -> None:
        """Show all models, the cursor on that one."""
        raise NotImplementedError

    def action_list(self) -> None:
        """Go back to the list."""
        raise NotImplementedError

    def _say(self, first: Words, second: Words = "") -> None:
        """Show that in the strip until the cursor moves."""
        self.said = (self.shown_key, first, second)
        self.refresh_chrome()

    def _say_problem(self, problem: Problem) -> None:
        self._say(line((f"{WARNING} ", ATTENTION), problem.message), problem_hint(problem) or problem.detail)

    def _work(self, work: Awaitable[None], group: str) -> None:
        async def guarded() -> None:
            try:
                await work
            except Problem as problem:
                self._say_problem(problem)

        self.run_worker(guarded(), group=group, exclusive=True, exit_on_error=False)

    def action_use(self) -> None:
        if (row := self.row) is not None:
            if row.usable:
                self._work(self._use(row.model), "use")
            else:
                self._say(f"{name_of(row.model)} cannot be a default: {row.word}.", "Choose one that is ready.")

    async def _use(self, model: Model) -> None:
        before = models.defaults(self.app.session.tenant(self._tenant)).get(model.type)
        await defaults.set(self.app.session.tenant(self._tenant), model.type, model.ref)
        await self.read()
        was = f" It was {clip_middle(one_line(before.model), 60)}." if before and before.model != model.id else ""
        self.app.toast(f"{called(model)} is the default for {model.type.label} now.{was}")

    def action_verify(self) -> None:
        # One call at a time: each is charged.
        if not self.working and (row := self.row) is not None:
            self._work(self._verify(row), "verify")

    async def _verify(self, row: ModelRow) -> None:
        ref = row.model.ref
        if not await self.app.ensure_unlocked(f"one small call to {ref}.", "It is made as soon as the tenant is open."):
            return
        self._say("One small call is made, charged like any other.", hint("{area.escape} stops waiting for it."))
        try:
            with self.working.on(f"calling {clip_middle(name_of(row.model), 30)}"):
                said = await catalog.test(self.app.session.tenant(self._tenant), row.model)
        except asyncio.CancelledError:
            self._say("Stopped. The call may have been charged all the same.")
            raise
        await self.read()
        self._say(said, f"One small call, charged by {row.provider_label} like any other.")

    def action_refresh(self) -> None:
        if not self.working:
            self._work(self._refresh(), "refresh")

    async def _refresh(self) -> None:
        rows = status.rows(self.app.session.tenant(self._tenant))
        wanted = [each.provider for each in rows if each.usable and each.provider.import_mode is not ImportMode.ADDED]
        if not wanted:
            self._say("No provider that lists its models can be used yet.", hint("{area.providers} sets one up."))
        elif await self.app.ensure_unlocked("a new list of models.", "It is made as soon as the tenant is open."):
            done = [each for each in await asyncio.gather(*map(self._refresh_one, wanted)) if each]
            if done:
                total, came = sum(each.total for each in done), sum(len(each.added) for each in done)
                self.app.toast(f"{total:,} models listed: {came} new, {sum(len(each.gone) for each in done)} gone.")

    async def _refresh_one(self, provider: Provider) -> Refreshed | None:
        with self.working.on(f"listing {provider.label}"):
            try:
                refreshed = await catalog.refresh(self.app.session.tenant(self._tenant), provider.id)
                await self.read()
            except Problem as problem:
                self._say_problem(problem)
                return None
        return refreshed

    def action_add(self) -> None:
        row = self.row
        provider = self._list.providers.get(row.model.provider) if row else None
        hosting = provider is not None and provider.usable and provider.provider.supply is Supply.HOSTING
        self._work(self._add(provider.provider.id if provider and hosting else ""), "add")

    async def _add(self, provider_id: str) -> None:
        known = set(self._list.by_key)
        if await self.app.add_model(provider_id):
            await self.read()
            self.show_all(next((key for key in self._list.by_key if key not in known), None))

    def editable(self, model: Model) -> bool:
        """Whether the model was added by hand with fields of its own."""
        provider = self._list.providers.get(model.provider)
        return model.origin is Origin.ADDED and provider is not None and bool(provider.provider.model_fields)

    def action_edit(self) -> None:
        row = self.row
        if row is not None and self.editable(row.model):
            self._work(self._edit(row.model), "edit")
        elif row is not None:
            self._say("Only models added by hand have fields to edit.", "This one is as its provider has it.")

    async def _edit(self, model: Model) -> None:
        if await self.app.add_model(model.provider, model):
            await self.read()

    def action_remove(self) -> None:
        row = self.row
        if row is not None and catalog.removable(row.model):
            self._work(self._remove(row), "remove")
        elif row is not None:
            self._say(
                f"{row.provider_label} lists this model, so it would come back.",
                hint("{models.remove} removes added models only."),
            )

    async def _remove(self, row: ModelRow) -> None:
        name = name_of(row.model)
        lines: list[Words] = [f"{name} of {row.provider_label} goes from the list of this tenant."]
        if row.default:
            lines.append(f"It is the default for {row.model.type.label}; that becomes empty.")
        lines.append("At the provider nothing changes.")
        answer = await self.app.ask(f"Remove {clip_middle(name, 50)}", lines, {"keep": "Keep", "remove": "Remove"})
        if answer == "remove":
            await catalog.remove(self.app.session.tenant(self._tenant), row.model)
            await self.read()
            self.action_list()
            self.app.toast(f"{called(row.model)} is removed.")
