"""How Inference Endpoints are listed, looked at and waited for (management API; /info and /health of the engines)."""

import json
from dataclasses import replace
from typing import Any

from tests.providers.facts import read
from tests.providers.huggingface.kit import (
    BASE,
    HOST,
    TEXT,
    TEXT2TEXT,
    VECTORS,
    WAIT_HEADERS,
    WAITED,
    chat,
    check,
    endpoint,
    hosted_model,
    line,
    who,
)
from tui.domain import Model
from tui.errors import Problem, ScopeMissing
from tui.providers.events import (
    ModelDetails,
    Notice,
    SearchResult,
    SearchResults,
)
from tui.providers.requests import ApiError, Call, Framing
from tui.providers.spec import Provider

# --- looking at an endpoint -------------------------------------------------------------------------------------------


def item(
    name: str = "bge", task: str = "sentence-embeddings", state: str = "running", url: str = HOST, **more: Any
) -> Any:
    repository = more.pop("repository", "BAAI/bge")
    status = {"state": state, "message": "the image could not be pulled", **({"url": url} if url else {})}
    model = {"repository": repository, "revision": "main", "task": task, "framework": "pytorch", "image": {}}
    return {"name": name, "type": "protected", "model": model, "status": status, **more}


LISTING = "https://api.endpoints.huggingface.cloud/v2/endpoint/acme"


@check
def the_endpoints_of_a_namespace_are_offered(p: Provider) -> None:
    offer = p.field_options["endpoint_url"]
    call = offer(BASE, {"namespace": "acme", "task": VECTORS})
    assert line(call) == ("GET", LISTING)
    items = [
        item(),
        item("e5", VECTORS, "paused", f"{HOST}/e5/", repository="intfloat/e5"),
        item("mini", "sentence-similarity", "scaledToZero", f"{HOST}/mini", repository="a/mini"),
        item("old", VECTORS, "failed", f"{HOST}/old"),
        item("chat", TEXT, "running", f"{HOST}/chat"),
        item("own", "custom", "updateFailed", f"{HOST}/own", repository=7),
        item("new", VECTORS, "initializing", ""),
        "odd",
    ]
    (result,) = read(call, {"items": items})
    filled = {"task": VECTORS, "namespace": "acme"}
    assert result.hits == (
        SearchResult(HOST, "running · BAAI/bge · feature-extraction", True, {**filled, "model": "BAAI/bge"}, "bge"),
        SearchResult(
            f"{HOST}/e5", "paused · intfloat/e5 · feature-extraction", False, {**filled, "model": "intfloat/e5"}, "e5"
        ),
        SearchResult(
            f"{HOST}/mini",
            "scaled to zero · a/mini · feature-extraction",
            True,
            {**filled, "model": "a/mini"},
            "mini",
        ),
        SearchResult(
            f"{HOST}/old", "failed · BAAI/bge · feature-extraction", False, {**filled, "model": "BAAI/bge"}, "old"
        ),
        SearchResult(f"{HOST}/own", "update failed · custom", False, {"namespace": "acme"}, "own"),
    )
    everything = read(offer(BASE, {"namespace": "acme"}), {"items": items})[0].hits
    assert [entry.label for entry in everything] == ["bge", "e5", "mini", "old", "chat", "own"]
    states = ("pending", "initializing", "updating", "unheard-of")
    entries = read(call, {"items": [item(state=state) for state in states]})[0].hits
    assert [entry.note.partition(" · ")[0] for entry in entries] == list(states)
    assert [entry.usable for entry in entries] == [True, True, True, False]
    assert read(call, {"items": [item(task="image-text-to-text")]})[0].hits == ()
    assert read(call, {})[0].code == read(call, [])[0].code == "malformed"
    assert read(call, {"items": [{"name": "x", "status": {"url": "a b"}}, {"status": None, "model": None}]}) == [
        SearchResults(())
    ]


@check
def without_a_namespace_the_accounts_own_is_used(p: Provider) -> None:
    call = p.field_options["endpoint_url"](BASE, {})
    assert line(call) == ("GET", "https://huggingface.co/api/whoami-v2")
    (step,) = read(call, who())
    assert line(step) == ("GET", LISTING)
    assert read(call, {})[0].code == "malformed"


def looking(p: Provider, model: Model) -> Call:
    assert p.inspect_model
    return p.inspect_model(BASE, model)


def details(p: Provider, results: list[Any], model: Model) -> str:
    (refused,) = results
    assert isinstance(refused, ApiError) and refused.status == 400
    codes = ("other_task", "wrong_model", "no_endpoint", "no_engine", "paused", "failed")
    problem = p.describe_error(refused, model.id)
    assert refused.code in codes and problem and type(problem) is Problem and problem.hint
    return problem.message


@check
def for_an_embedding_its_entry_is_inspected_first(p: Provider) -> None:
    model = endpoint("BAAI/bge", VECTORS, namespace="acme")
    assert line(looking(p, model)) == ("GET", LISTING)
    unnamed = endpoint("BAAI/bge", VECTORS)
    assert line(looking(p, unnamed)) == ("GET", "https://huggingface.co/api/whoami-v2")
    (step,) = read(looking(p, unnamed), who())
    assert line(step) == ("GET", LISTING)
    probe = read(step, {"items": [item("x", url=f"{HOST}/x"), item()]})[0]
    assert (line(probe), probe.headers, probe.framing) == (("GET", f"{HOST}/info"), WAIT_HEADERS, Framing.TEXT)
    # Without an address it is the only one of that model.
    alone = read(looking(p, endpoint("BAAI/bge", VECTORS, "", namespace="acme")), {"items": [item()]})[0]
    assert line(alone) == ("GET", f"{HOST}/info")
    # An endpoint for text may be called anything, and is not looked up unless its owner is named.
    assert line(looking(p, endpoint("any"))) == ("GET", f"{HOST}/info")
    assert line(looking(p, endpoint("any", namespace="acme"))) == ("GET", LISTING)
    assert read(looking(p, endpoint("any", namespace="acme")), {"items": [item(task=TEXT)]})[0].url == f"{HOST}/info"


@check
def what_is_wrong_with_an_entry_is_reported(p: Provider) -> None:
    model = endpoint("BAAI/bge", VECTORS, namespace="acme")

    def problem_of(*items: Any, request: Model = model) -> str:
        return details(p, read(looking(p, request), {"items": list(items)}), request)

    assert problem_of() == "acme has no endpoint at this address, or not exactly one of BAAI/bge."
    assert problem_of(item(url=f"{HOST}/other")) == problem_of()
    nowhere = endpoint("BAAI/bge", VECTORS, "", namespace="acme")
    assert problem_of(item(), item(), request=nowhere) == problem_of()
    assert problem_of(item(task=TEXT)) == "BAAI/bge does not serve the task that was chosen. It is for text generation."
    assert problem_of(item(repository="a/b")) == "This endpoint runs a/b, not BAAI/bge."
    assert problem_of(item(state="paused")) == (
        "The endpoint of BAAI/bge is paused; requests to it fail until it is resumed."
    )
    assert problem_of(item(state="failed")) == "The endpoint of BAAI/bge has failed to start."
    assert problem_of(item(url=""), request=nowhere) == "The endpoint of BAAI/bge has failed to start."
    (failed,) = read(looking(p, model), {"items": [item(state="failed")]})
    problem = p.describe_error(failed, "m")
    assert problem and problem.detail == "the image could not be pulled"


@check
def an_endpoint_that_starts_is_waited_for(p: Provider) -> None:
    model = endpoint("BAAI/bge", VECTORS, namespace="acme")
    for state in ("pending", "initializing", "updating"):
        notice, again = read(looking(p, model), {"items": [item(state=state)]})
        assert notice == Notice(WAITED)
        assert (line(again), again.wait) == (("GET", LISTING), 5.0)
        (once_more,) = read(again, {"items": [item(state=state)]})
        assert once_more.wait == 5.0
        (up,) = read(once_more, {"items": [item()]})
        assert (line(up), up.wait) == (("GET", f"{HOST}/info"), 0.0)
    asleep, probe = read(looking(p, model), {"items": [item(state="scaledToZero")]})
    assert "wakes it" in asleep.text
    assert line(probe) == ("GET", f"{HOST}/info")


@check
def a_token_that_may_not_list_can_be_used_all_the_same(p: Provider) -> None:
    model = endpoint("BAAI/bge", VECTORS, namespace="acme")
    call = looking(p, model)
    for status in (401, 403, 404):
        assert status in call.accepted_statuses
        notice, probe = read(call, ApiError(status))
        assert "may not list the endpoints of acme" in notice.text
        assert line(probe) == ("GET", f"{HOST}/info")
    nowhere = endpoint("BAAI/bge", VECTORS, "", namespace="acme")
    refused = ApiError(403, code="no_listing", param="acme")
    assert read(looking(p, nowhere), ApiError(403)) == [refused]
    offer = p.field_options["endpoint_url"](BASE, {"namespace": "acme"})
    assert offer.accepted_statuses == {401, 403, 404}
    assert read(offer, ApiError(401)) == [refused]
    problem = p.describe_error(refused, "")
    assert isinstance(problem, ScopeMissing)
    assert problem.message == "This token may not list the endpoints of acme."


def detected(results: list[Any]) -> dict[str, str]:
    (learned,) = results
    assert isinstance(learned, ModelDetails), results
    return dict(learned.model.fields)


TGI_INFO = {"model_id": "/repository", "max_total_tokens": 4096, "router": "text-generation-router"}
TEI_INFO = {"model_id": "/repository", "model_type": {"embedding": {"pooling": "cls"}}, "max_client_batch_size": 32}


@check
def what_runs_there_is_detected(p: Provider) -> None:
    text, vectors = endpoint("any"), endpoint("BAAI/bge", VECTORS)
    known = {"endpoint_type": "inference_endpoints", "endpoint_url": HOST}
    info = looking(p, text)
    body: Any
    for body in (TGI_INFO, {"router": "text-generation-router"}, {"max_total_tokens": 4096}):
        assert detected(read(info, json.dumps(body))) == {**known, "task": TEXT, "engine": "tgi"}
    assert read(info, json.dumps(TGI_INFO))[0].model.context == 4096
    assert detected(read(looking(p, endpoint("any", TEXT2TEXT)), json.dumps(TGI_INFO)))["engine"] == "tgi"
    listed = read(read(looking(p, vectors), who())[0], {"items": [item()]})[0]
    tei = detected(read(listed, json.dumps(TEI_INFO)))
    assert tei == {**known, "task": VECTORS, "engine": "tei", "namespace": "acme"}
    assert read(listed, json.dumps({**TEI_INFO, "max_input_length": 512}))[0].model.context == 512
    for absent in (400, 404, 405, 415, 422):
        assert absent in info.accepted_statuses
        (models,) = read(info, ApiError(absent))
        assert (line(models), models.framing) == (("GET", f"{HOST}/v1/models"), Framing.TEXT)
    for body in ("Not this", "[]", "{}"):
        assert line(read(info, body)[0]) == ("GET", f"{HOST}/v1/models")
    served = {"data": [{"id": "/repository", "owned_by": "vllm"}, {"id": 3}]}
    assert detected(read(models, json.dumps(served))) == {
        **known,
        "task": TEXT,
        "engine": "openai",
        "served_as": "/repository",
    }
    sized = {"data": [{"id": "other", "max_model_len": 1}, {"id": "any", "max_model_len": 32768}]}
    assert read(models, json.dumps(sized))[0].model.context == 32768
    by_name = {"data": [{"id": "other"}, {"id": "any"}]}
    assert detected(read(models, json.dumps(by_name))) == {**known, "task": TEXT, "engine": "openai"}
    assert "served_as" not in detected(read(models, '{"data": []}'))
    for answer in (ApiError(404), "{}", "[]"):
        (health,) = read(models, answer)
        assert (line(health), health.framing) == (("GET", f"{HOST}/health"), Framing.TEXT)
    assert detected(read(health, "Ok")) == {**known, "task": TEXT, "engine": "toolkit"}
    assert details(p, read(health, ApiError(404)), text) == "The server at this address is of an unknown kind."


@check
def an_address_of_another_task_is_named(p: Provider) -> None:
    text, vectors = endpoint("any"), endpoint("BAAI/bge", VECTORS, namespace="acme")
    unlisted = read(looking(p, vectors), ApiError(403))[1]
    assert details(p, read(looking(p, text), json.dumps(TEI_INFO)), text).endswith("It is for embedding.")
    assert details(p, read(unlisted, json.dumps(TGI_INFO)), vectors).endswith("It is for text generation.")
    reranker = json.dumps({"model_type": {"reranker": {}}})
    assert details(p, read(unlisted, reranker), vectors) == "BAAI/bge does not serve the task that was chosen."
    # Where it cannot be looked up, the server's own word for its model counts.
    other = json.dumps({**TEI_INFO, "model_id": "a/b"})
    assert details(p, read(unlisted, other), vectors) == "This endpoint runs a/b, not BAAI/bge."
    for name in ("BAAI/bge", "/repository", "/data/bge", "bge"):
        assert detected(read(unlisted, json.dumps({**TEI_INFO, "model_id": name})))["engine"] == "tei"


@check
def a_server_that_is_not_up_is_polled(p: Provider) -> None:
    info = looking(p, endpoint("any"))
    for status in (500, 502, 503, 504):
        assert status in info.accepted_statuses
        notice, again = read(info, ApiError(status))
        assert notice == Notice(WAITED)
        assert (line(again), again.wait, again.headers) == (("GET", f"{HOST}/info"), 5.0, WAIT_HEADERS)
        assert [line(event) for event in read(again, ApiError(status))] == [line(info)]
    paused = p.parse_error(400, {}, {"error": "Bad Request: Invalid state"})
    assert read(info, paused) == [paused]
    step: Any = info
    for _ in range(120):
        step = read(step, ApiError(503))[-1]
    assert read(step, ApiError(503)) == [ApiError(503)]


@check
def a_call_to_an_endpoint_that_sleeps_wakes_it(p: Provider) -> None:
    call = chat(p, endpoint("any", engine="tgi"))
    for status in (502, 503):
        amended = p.repair_request(call, ApiError(status))
        assert amended
        wake, sentence = amended
        assert sentence == WAITED
        assert (line(wake), wake.headers, wake.framing) == (("GET", f"{HOST}/health"), WAIT_HEADERS, Framing.TEXT)
        assert wake.accepted_statuses == {500, 502, 503, 504} and wake.wait == 0
        (again,) = read(wake, ApiError(503))
        assert (line(again), again.wait) == (line(wake), 5.0)
        (woken,) = read(again, "")
        assert woken == replace(call, headers={})
        # Once it is up, a refusal is one.
        assert p.repair_request(woken, ApiError(503)) is None
    step: Any = wake
    for _ in range(120):
        step = read(step, ApiError(503))[0]
    assert read(step, ApiError(503)) == [ApiError(503)]
    assert p.repair_request(chat(p, hosted_model("m")), ApiError(503)) is None
