"""Several connections of every kind that a person runs or rents more than one of, side by side in one tenant."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tui.domain import DefaultState, ModelType
from tui.practice.transport import folders
from tui.providers.events import TextDelta
from tui.providers.requests import Message
from tui.secret import Secret
from tui.tenancy import models
from tui.tenancy.connections import provider_of
from tui.tenancy.session import Session
from tui.workspace import connections
from tui.workspace.credentials import save, verify
from tui.workspace.models import add, catalog, defaults
from tui.workspace.playground import calls
from tui.workspace.transfer import export, import_plan


@pytest.mark.parametrize("kind", ["azure_openai", "chatglm", "huggingface"])
async def test_two_connections_of_a_kind_answer_under_their_names(session: Session, kind: str) -> None:
    acme, folder, names = session.tenant("acme"), folders()[kind], ("east", "west")
    for name in names:
        provider = await connections.add(acme, name, kind)
        secret = {field.name for field in provider.fields if field.secret}
        values: dict[str, Any] = {key: Secret(v) if key in secret else v for key, v in folder.FIELDS.items()}
        verified = await verify.verify(acme, name, values)
        await save.save(acme, name, values, check=verified.check, listed=verified.listed)
        for model in getattr(folder, "MODELS", ())[:1]:
            here = replace(model, provider=name)
            add.keep(acme, here, add.access_to(acme, here, here.fields))
    for name in names:
        model = catalog.listing(acme, ModelType.CHAT, name)[0]
        assert model.ref == f"{name}/{model.id}" and provider_of(acme, name).kind == kind
        events = [event async for event in calls.chat(acme, model, (Message("user", "Hello"),), {}, stream=False)]
        assert any(isinstance(event, TextDelta) and event.text for event in events)
        await defaults.set(acme, ModelType.CHAT, model.ref)
        assert models.defaults(acme)[ModelType.CHAT].provider == name
        assert next(row for row in defaults.rows(acme) if row.type is ModelType.CHAT).state is DefaultState.READY
    file = (await export.export(acme)).text
    assert {name: json.loads(file)["providers"][name]["like"] for name in names} == dict.fromkeys(names, kind)
    bundle = await import_plan.open_bundle(file.encode())
    plan = await import_plan.plan_new(session, bundle, "copy")
    assert {"connection added"} <= {event.done for event in plan.events}
