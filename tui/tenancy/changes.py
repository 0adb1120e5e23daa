"""Compare two states of the settings as audit events."""

from collections.abc import Iterator, Mapping
from typing import Any

from tui.domain import previous_of
from tui.storage.audit_log import AuditEvent
from tui.storage.settings_file import Content, Document, same
from tui.storage.store import EDITED

_BOOKKEEPING = frozenset(("used", "reservations", "told", "refused", "latencies"))
"""Tables that requests change."""

_MANIFEST_TABLES = frozenset(("manifest", "proof"))
"""Tables that change with the credentials; alone, when a person confirms some."""

_MAX_NAMES = 5
Record = Mapping[str, Any]


def digest(document: Document) -> str:
    """Return 16 hex digits of the settings, without bookkeeping."""
    return document.digest(_without_bookkeeping(document.data))[:16]


def describe_changes(before: Content | None, after: Content, restored: str = "") -> list[AuditEvent]:
    """Compare two states of the settings as audit events, the most important first.

    Return none if only bookkeeping changed.
    """
    if restored == EDITED:
        return [AuditEvent("edit accepted")]
    if restored:
        return [AuditEvent("state restored", {"state": restored})]
    if before is None:
        (tenant,) = after["meta"].values()
        event = AuditEvent("tenant created", {"id": tenant.get("id", ""), "name": tenant.get("name", "")})
        return [event, *describe_changes({"meta": after["meta"]}, after)]
    if same(_without_bookkeeping(before), _without_bookkeeping(after)):
        return []
    trials_changed = before.get("trials") != after.get("trials")
    events = [
        act
        for table, tell in _EVENTS.items()
        if not (trials_changed and table == "models")  # a trial tells its own
        for act in tell(*_changed_records(before, after, table))
    ]
    # A change that has no words of its own still has an entry.
    others = sorted(
        name
        for name in {*before, *after}
        if _without_bookkeeping(before).get(name) != _without_bookkeeping(after).get(name)
    )
    if not events and set(others) <= _MANIFEST_TABLES:
        return [AuditEvent("credentials confirmed", {"credentials": _changed_entries(before, after)})]
    return events or [AuditEvent("settings changed", {"tables": others})]


def _changed_entries(before: Content, after: Content) -> list[str]:
    """Return the credentials whose manifest entry changed."""
    old, new = _changed_records(before, after, "manifest")
    return [" ".join(entry) for entry in _wrapped_keys(old, new) if old.get(entry) != new.get(entry)]


def _without_bookkeeping(content: Content) -> Content:
    return {name: table for name, table in content.items() if name not in _BOOKKEEPING and table}


def _changed_records(before: Content, after: Content, table: str) -> tuple["Records", "Records"]:
    """Return the records of a table before and after by the fields that name them, without those that are the same."""
    old, new = before.get(table, {}), after.get(table, {})
    # What did not change is the same object most often, which is quicker found than that it is equal.
    gone = {key: record for key, record in old.items() if (now := new.get(key)) is not record and now != record}
    added = {key: record for key, record in new.items() if (was := old.get(key)) is not record and was != record}
    if table == "credentials" and any(previous_of(str(record.get("name"))) for record in (gone | added).values()):
        gone, added = old, new  # a previous key is told by the current one beside it
    return records_by_key({table: gone}, table), records_by_key({table: added}, table)


def records_by_key(content: Content, table: str) -> dict[tuple[str, ...], Record]:
    """Return the records of a table by the fields that name them for people."""
    return {
        tuple(str(entry.get(name, "")) for name in _KEYS[table]): entry for entry in content.get(table, {}).values()
    }


_KEYS = {
    "meta": (),
    "credentials": ("provider", "name"),
    "manifest": ("provider", "name"),
    "models": ("provider", "id", "type"),
    "defaults": ("type",),
    "sources": ("provider",),
    "connections": ("id",),
    "trials": ("provider",),
    "listings": ("provider", "credential"),
    "operators": ("login",),
    "lifetimes": ("provider", "credential"),
    "prompts": ("name",),
    "history": (),
}
Records = Mapping[tuple[str, ...], Record]


def _tenant(before: Records, after: Records) -> Iterator[AuditEvent]:
    old, new = before.get((), {}), after.get((), {})
    if old.get("name") != new.get("name"):
        yield AuditEvent("tenant renamed", {"from": old.get("name", ""), "to": new.get("name", "")})
    if old.get("key_id") != new.get("key_id"):
        yield AuditEvent("key pair changed", {"from": old.get("key_id", ""), "to": new.get("key_id", "")})
    if bool(old.get("protected")) != bool(new.get("protected")):
        yield AuditEvent("passphrase set" if new.get("protected") else "passphrase removed")
    if old.get("fingerprint_key") and new and not new.get("fingerprint_key"):
        yield AuditEvent("fingerprint key moved")


def _credentials(before: Records, after: Records) -> Iterator[AuditEvent]:
    for key in _wrapped_keys(before, after):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        about: dict[str, Any] = {"provider": key[0], "credential": key[1]}
        if previous_of(key[1]) and (key[0], previous_of(key[1])) in after:
            yield from _rotation(about | {"credential": previous_of(key[1])}, old, new)
            continue
        if new is None:
            yield AuditEvent("credential removed", about)
            continue
        if old is None or _differ(old, new, "clear", "fingerprints", "hints", "references", "origins", "plain_http"):
            yield AuditEvent("credential changed" if old else "credential saved", about | _fields(old or {}, new))
        elif _differ(old, new, "envelope"):
            yield AuditEvent("credential sealed again", about)
        if new.get("active") and not (old or {"active": True}).get("active"):
            yield AuditEvent("credential used", about)
        check = new.get("check", {})
        if check.get("at") and (old is None or _differ(old, new, "check")):
            yield AuditEvent("credential verified", about | {"outcome": check.get("state", "")})


def _rotation(about: dict[str, Any], old: Record | None, new: Record | None) -> Iterator[AuditEvent]:
    """Yield the event of a previous key that was kept, restored or removed."""
    if old is None:
        yield AuditEvent("credential rotated", about)
    elif new is None:
        yield AuditEvent("kept key forgotten", about)
    elif _differ(old, new, "fingerprints"):
        yield AuditEvent("kept key put back", about)


def _fields(old: Record, new: Record) -> dict[str, Any]:
    """Return the names of the fields that changed, and the origins of the secrets."""
    names = [
        name
        for part in ("clear", "fingerprints")
        for name in _wrapped_keys(old.get(part, {}), new.get(part, {}))
        if old.get(part, {}).get(name) != new.get(part, {}).get(name)
    ]
    return {"fields": names} | ({"origins": new.get("origins", [])} if _differ(old, new, "origins") else {})


def _models(before: Records, after: Records) -> Iterator[AuditEvent]:
    by_hand: dict[tuple[str, str], list[str]] = {}
    listed: dict[str, dict[str, int]] = {}
    for key in _wrapped_keys(before, after):
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        provider, model, kind = key
        what = "added" if old is None else "removed" if new is None else "changed"
        if "added" in (entry.get("origin") for entry in (old, new) if entry):
            by_hand.setdefault((f"model {what}", provider), []).append(f"{model} ({kind}{_address(new or old or {})})")
        else:
            what = "gone" if what == "changed" and (new or {}).get("gone") and not (old or {}).get("gone") else what
            counts = listed.setdefault(provider, {})
            counts[what] = counts.get(what, 0) + 1
    for (done, provider), models in by_hand.items():
        yield AuditEvent(done, {"provider": provider, "models": models[:_MAX_NAMES], "count": len(models)})
    for provider, counts in listed.items():
        yield AuditEvent("models imported", {"provider": provider} | counts)


def _address(model: Record) -> str:
    """Return where an added model is, if it has an address of its own."""
    return next((f" at {text}" for text in model.get("fields", {}).values() if "://" in str(text)), "")


def _defaults(before: Records, after: Records) -> Iterator[AuditEvent]:
    for key in _wrapped_keys(before, after):
        old, new = before.get(key), after.get(key)
        if new is None:
            yield AuditEvent("default cleared", {"type": key[0]})
        elif old is None or _differ(old, new, "provider", "model", "fallbacks"):
            about = {"type": key[0], "model": f"{new.get('provider', '')}/{new.get('model', '')}"}
            fallbacks = {"fallbacks": new["fallbacks"]} if new.get("fallbacks") else {}
            yield AuditEvent("default set", about | fallbacks)


def _sources(before: Records, after: Records) -> Iterator[AuditEvent]:
    for key in _wrapped_keys(before, after):
        new = after.get(key, {}).get("source", "own")
        if before.get(key, {}).get("source", "own") != new:
            yield AuditEvent("source chosen", {"provider": key[0], "source": new})


def _connections(before: Records, after: Records) -> Iterator[AuditEvent]:
    for key in _wrapped_keys(before, after):
        old, new = before.get(key), after.get(key)
        if new is None:
            yield AuditEvent("connection removed", {"connection": key[0]})
        elif old is None or _differ(old, new, "kind"):
            what = "connection changed" if old else "connection added"
            yield AuditEvent(what, {"connection": key[0], "provider": new.get("kind", "")})


def _trials(before: Records, after: Records) -> Iterator[AuditEvent]:
    for key in _wrapped_keys(before, after):
        old, new = before.get(key), after.get(key)
        if new is None:
            yield AuditEvent("trial removed", {"provider": key[0]})
        elif old is None or _differ(old, new, "calls", "models"):
            models = new.get("models", [])
            yield AuditEvent("trial set", {"provider": key[0], "calls": new.get("calls", 0), "models": models})


def _operators(before: Records, after: Records) -> Iterator[AuditEvent]:
    for key in _wrapped_keys(before, after):
        old, new = before.get(key), after.get(key)
        if old != new:
            done = "operator removed" if new is None else "operator admitted"
            if old and new and not _differ(old, new, "key_id", "public_key"):
                done = "recovery tested"
            yield AuditEvent(done, {"operator": key[0], "key_id": str({**before, **after}[key].get("key_id"))})


def _lifetimes(before: Records, after: Records) -> Iterator[AuditEvent]:
    for key, new in after.items():
        if before.get(key) != new:
            expires, every = new.get("expires"), new.get("every")
            terms = [f"expires on {expires}"] * bool(expires) + [f"rotated every {every} days"] * bool(every)
            about = {"provider": key[0], "credential": key[1], "lifetime": ", ".join(terms) or "never due"}
            yield AuditEvent("key expiry reported" if new.get("reported") is True else "key lifetime set", about)


def _prompts(before: Records, after: Records) -> Iterator[AuditEvent]:
    for key in _wrapped_keys(before, after):
        if before.get(key) != after.get(key):
            yield AuditEvent("prompt saved" if key in after else "prompt removed", {"prompt": key[0]})


def _history(before: Records, after: Records) -> Iterator[AuditEvent]:
    old, new = before.get((), {}), after.get((), {})
    if old != new:
        retention = f"{new['days']} days" if new.get("days") else "until removed"
        done = {"sealed": "history switched on", "off": "history switched off"}.get(str(new.get("mode")))
        yield AuditEvent(done, {"kept": retention}) if done else AuditEvent("history left to config")


_EVENTS = {
    "history": _history,
    "meta": _tenant,
    "operators": _operators,
    "connections": _connections,
    "credentials": _credentials,
    "models": _models,
    "defaults": _defaults,
    "sources": _sources,
    "trials": _trials,
    "lifetimes": _lifetimes,
    "prompts": _prompts,
}


def _differ(old: Record, new: Record, *names: str) -> bool:
    return any(old.get(name) != new.get(name) for name in names)


def _wrapped_keys(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> list[Any]:
    return list(dict.fromkeys((*before, *after)))
