"""States changed by the API: the verbs of runtimes, images and versions, tried out first or at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Model

from mlops_console.models import AuditEntry
from runtimes.models import Runtime, RuntimeImage, Version
from runtimes.models.layered import Layered
from tests.cast import Answer, Cast, Program
from tests.factories import make_image, make_runtime, make_version

pytestmark = pytest.mark.django_db
LAB = "/api/runtime/v1/workspaces/lab"
PATHS = {
    "runtime": f"{LAB}/runtimes/mojo",
    "image": f"{LAB}/runtimeImages/h2o3-mojo",
    "version": f"{LAB}/runtimeImages/h2o3-mojo/versions/1.0.0",
}
KEYS = {"runtime": "runtime", "image": "runtimeImage", "version": "runtimeImageVersion"}
MODELS: dict[str, type[Layered]] = {"runtime": Runtime, "image": RuntimeImage, "version": Version}
VERBS = {
    "runtime": {"deprecate": "DEPRECATED", "disable": "DISABLED", "enable": "ACTIVE"},
    "image": {"deprecate": "DEPRECATED", "disable": "DISABLED", "enable": "ACTIVE"},
    "version": {"deprecate": "DEPRECATED", "disable": "DISABLED", "activate": "ACTIVE"},
}
EVERY_VERB = [(kind, verb, state) for kind, verbs in VERBS.items() for verb, state in verbs.items()]
REASON = {"reason": "CVE-2026-1"}


@pytest.fixture
def world(cast: Cast) -> Cast:
    make_runtime(make_image(cast.workspace, versions="v1.0.0"))
    return cast


def hold(kind: str, **columns: Any) -> None:
    """Put the row of a kind into a state."""
    MODELS[kind]._default_manager.update(**columns)


def everything() -> list[Any]:
    """All that a change of state writes."""
    models: list[type[Model]] = [*MODELS.values(), AuditEntry]
    return [list(model._default_manager.order_by("pk").values()) for model in models]


def change(program: Program, kind: str, verb: str, body: Any = REASON, *, if_match: str = "", **query: str) -> Answer:
    return program.call("POST", f"{PATHS[kind]}:{verb}", body, if_match=if_match, **query)


@pytest.mark.parametrize(("kind", "verb", "state"), EVERY_VERB)
def test_a_verb_sets_the_state_its_reason_and_its_time(world: Cast, kind: str, verb: str, state: str) -> None:
    hold(kind, api_state="DISABLED" if state != "DISABLED" else "DEPRECATED", api_reason="old")
    program = world.api("operator")
    answer = change(program, kind, verb)
    assert (answer.status, answer.headers["ETag"], list(answer.json)) == (200, '"2"', [KEYS[kind]])
    row = answer.json[KEYS[kind]]
    assert (row["state"], row["stateUpdateTime"]) == (state, row["updateTime"])
    # Back in order there is nothing left to explain.
    assert row.get("stateReason") == (None if state == "ACTIVE" else "CVE-2026-1")
    assert program.get(PATHS[kind]).json == answer.json
    entry = AuditEntry.objects.get(verb=verb)
    assert (entry.reason, entry.actor, entry.after["state"]) == ("CVE-2026-1", "operator (token ci-0)", state)


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize("body", [None, {}, {"reason": None}, {"reason": ""}, {"nonsense": 1}])
def test_no_reason_need_be_given_and_none_is_shown(world: Cast, kind: str, body: Any) -> None:
    row = change(world.api("operator"), kind, "disable", body).json[KEYS[kind]]
    assert row["state"] == "DISABLED"
    assert "stateReason" not in row


@pytest.mark.parametrize(("kind", "verb", "state"), EVERY_VERB)
def test_a_state_that_is_there_already_is_accepted_and_recorded_as_nothing(
    world: Cast, kind: str, verb: str, state: str
) -> None:
    hold(kind, api_state=state, api_reason="old")
    program = world.api("operator")
    before = everything()
    answer = change(program, kind, verb)
    assert (answer.status, answer.json[KEYS[kind]]["state"], answer.headers["ETag"]) == (200, state, '"1"')
    assert everything() == before


@pytest.mark.parametrize(("kind", "verb", "state"), EVERY_VERB)
@pytest.mark.parametrize("held", ["ACTIVE", "DEPRECATED", "DISABLED"])
@pytest.mark.parametrize("platform", [None, "DEPRECATED"])
def test_a_dry_run_changes_nothing_and_tells_what_the_call_then_does(
    world: Cast, kind: str, verb: str, state: str, held: str, platform: str | None
) -> None:
    hold(kind, api_state=held, platform_state=platform)
    program = world.api("operator")
    before, was = everything(), program.get(PATHS[kind]).json[KEYS[kind]]["state"]
    tried = change(program, kind, verb, dryRun="true")
    assert everything() == before
    done = change(program, kind, verb)
    assert tried.status == done.status
    if done.status == 200:
        told = tried.json["dryRun"]
        assert (told["stateBefore"], told["stateAfter"]) == (was, done.json[KEYS[kind]]["state"])
        assert told["changed"] == (everything() != before)
    else:
        assert (tried.status, tried.json) == (409, done.json)


@pytest.mark.parametrize(
    ("role", "kind", "body", "if_match", "status"),
    [
        pytest.param("viewer", "runtime", REASON, "", 403, id="viewer"),
        pytest.param("stranger", "runtime", REASON, "", 404, id="stranger"),
        pytest.param("stranger", "runtime", [], "", 404, id="stranger's body"),
        pytest.param("stranger", "runtime", REASON, "2", 404, id="stranger's condition"),
        pytest.param("operator", "image", {"reason": "x" * 1001}, "", 400, id="long reason"),
        pytest.param("operator", "version", {"reason": " "}, "", 400, id="blank reason"),
        pytest.param("operator", "version", {"reason": 5}, "", 400, id="no text"),
        pytest.param("operator", "runtime", [], "", 400, id="no object"),
        pytest.param("operator", "runtime", REASON, '"2"', 409, id="stale runtime"),
        pytest.param("operator", "image", REASON, '"2"', 409, id="stale image"),
        pytest.param("operator", "version", REASON, '"2"', 409, id="stale version"),
        pytest.param("operator", "version", REASON, "2", 400, id="no ETag"),
        pytest.param("operator", "version", REASON, '"1"', 200, id="fresh version"),
        pytest.param("operator", "image", REASON, "*", 200, id="any"),
    ],
)
def test_a_dry_run_refuses_whatever_the_call_refuses(
    world: Cast, role: str, kind: str, body: Any, if_match: str, status: int
) -> None:
    program = world.api(role)
    before = everything()
    tried = change(program, kind, "disable", body, if_match=if_match, dryRun="true")
    assert everything() == before
    done = change(program, kind, "disable", body, if_match=if_match)
    assert tried.status == done.status == status
    if status != 200:
        assert tried.json == done.json
        assert everything() == before


@pytest.mark.parametrize("kind", PATHS)
def test_a_dry_run_is_not_for_read_only_tokens(world: Cast, kind: str) -> None:
    change(world.api("admin", read_only=True), kind, "disable", dryRun="true").error(403, 7)


@pytest.mark.parametrize("given", ["1", "yes", "True", "x" * 100])
def test_a_dry_run_is_asked_for_in_one_way_only(world: Cast, given: str) -> None:
    assert change(world.api("operator"), "runtime", "disable", dryRun=given).error(400, 3).startswith("dryRun: ")
    assert change(world.api("operator"), "runtime", "disable", dryRun="false").json["runtime"]["state"] == "DISABLED"


def test_a_dry_run_tells_whom_it_affects_as_far_as_the_caller_may_know(world: Cast) -> None:
    shared = make_image(world.everyone, "shared", versions="v1.0.0 v1.1.0")
    first, second = shared.versions.order_by("version")
    make_runtime(shared, "pinned", pinned_version=first)
    make_runtime(shared, "follows", workspace=world.workspace)
    make_runtime(shared, "theirs", workspace=world.other, pinned_version=second)
    program, path = world.api("admin"), "/api/runtime/v1/workspaces/global/runtimeImages/shared"
    told = program.post(f"{path}:disable", dryRun="true").json["dryRun"]["affected"]
    assert told["runtimeCount"] == "3"
    assert set(told["runtimes"]) == {
        "workspaces/global/runtimes/pinned",
        "workspaces/lab/runtimes/follows",
        "workspaces/elsewhere/runtimes/theirs",
    }
    told = program.post(f"{path}/versions/1.0.0:disable", dryRun="true").json["dryRun"]["affected"]
    assert (told["runtimes"], told["runtimeCount"]) == (["workspaces/global/runtimes/pinned"], "1")
    told = program.post(f"{path}/versions/1.1.0:disable", dryRun="true").json["dryRun"]["affected"]
    assert set(told["runtimes"]) == {"workspaces/lab/runtimes/follows", "workspaces/elsewhere/runtimes/theirs"}
    told = program.post(f"{LAB}/runtimes/mojo:disable", dryRun="true").json["dryRun"]["affected"]
    assert (told["runtimes"], told["runtimeCount"]) == (["workspaces/lab/runtimes/mojo"], "1")


@pytest.mark.parametrize(
    ("states", "version", "verb"),
    [
        (("ACTIVE", "ACTIVE"), "v1.1.0", "disable"),
        (("DISABLED", "ACTIVE"), "v1.1.0", "disable"),
        (("ACTIVE", "DISABLED"), "v1.1.0", "activate"),
        (("ACTIVE", "ACTIVE"), "v1.0.0", "disable"),
        (("DISABLED", "DISABLED"), "v1.0.0", "deprecate"),
    ],
)
def test_a_dry_run_of_a_version_tells_what_will_be_current(
    world: Cast, states: tuple[str, str], version: str, verb: str
) -> None:
    image = make_image(world.workspace, "x")
    for number, state in zip(("v1.0.0", "v1.1.0"), states, strict=True):
        make_version(image, number, api_state=state)
    program, path = world.api("operator"), f"{LAB}/runtimeImages/x"

    def current() -> str:
        return str(program.get(path).json["runtimeImage"]["currentVersion"].rpartition("/")[2])

    told = program.post(f"{path}/versions/{version}:{verb}", dryRun="true").json["dryRun"]["affected"]
    assert told["currentVersionBefore"] == current()
    assert program.post(f"{path}/versions/{version}:{verb}").status == 200
    assert told["currentVersionAfter"] == current()


@pytest.mark.parametrize("kind", PATHS)
def test_a_person_goes_below_the_platforms_state_and_back_but_not_past_it(world: Cast, kind: str) -> None:
    hold(kind, platform_state="DEPRECATED", platform_reason="end of life in May")
    program = world.api("operator")
    up = "activate" if kind == "version" else "enable"
    answer = change(program, kind, up)
    message = answer.error(409, 10)
    for part in ("DEPRECATED", "end of life in May", "config.deployer.composition.runtime"):
        assert part in message
    assert answer.json["details"][0]["reason"] == "ceiling"
    row = program.get(PATHS[kind]).json[KEYS[kind]]
    assert (row["state"], row["stateReason"]) == ("DEPRECATED", "end of life in May")
    assert change(program, kind, "disable").json[KEYS[kind]]["state"] == "DISABLED"
    change(program, kind, up).error(409, 10)
    assert change(program, kind, "deprecate").json[KEYS[kind]]["state"] == "DEPRECATED"


@pytest.mark.parametrize(
    ("kind", "verb"), [("runtime", "activate"), ("image", "activate"), ("version", "enable"), ("runtime", "explode")]
)
def test_a_verb_that_the_kind_does_not_know_is_nowhere(world: Cast, kind: str, verb: str) -> None:
    change(world.api("admin"), kind, verb).error(404, 5)
