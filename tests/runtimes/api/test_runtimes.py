"""Runtimes by the API: made, found, listed and removed, secrets masked for those who may not change them."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_console.models import AuditEntry
from runtimes.models import Runtime
from runtimes.rules.environment import MASK
from tests.cast import Cast
from tests.factories import make_image, make_model_type, make_runtime

pytestmark = pytest.mark.django_db
LAB = "/api/runtime/v1/workspaces/lab"
RUNTIMES = f"{LAB}/runtimes"
SECRETS = {"API_KEY": "k", "db_password": "p", "OMP_NUM_THREADS": "4"}
MASKED = {"API_KEY": MASK, "db_password": MASK, "OMP_NUM_THREADS": "4"}

LEAST = {"displayName": "Scoring", "modelType": "h2o3_mojo", "runtimeImage": "workspaces/lab/runtimeImages/h2o3-mojo"}
FULL = LEAST | {
    "description": "For cards",
    "environmentVariables": {"JAVA_OPTS": "{if GPU_COUNT >= 1}-Xmx8g{else}-Xmx2g{/if}", "api_TOKEN": "t"},
    "dataVolumeReadOnly": False,
    "volumes": [
        {
            "id": "tmp",
            "type": "EMPTY_DIR",
            "readOnly": False,
            "mountPaths": ["/tmp"],
            "properties": {"medium": "Memory"},
        }
    ],
    "securityContext": {
        "allowPrivilegeEscalation": False,
        "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]},
        "runAsUser": "1000",
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
    "scoringEndpoint": "model/score",
    "selector": {"stage?absent=match": "production"},
}


@pytest.fixture
def world(cast: Cast) -> Cast:
    make_model_type()
    make_image(cast.workspace, versions="v1.0.0 v1.1.0")
    return cast


def test_what_was_sent_comes_back_and_is_found_again(world: Cast) -> None:
    program = world.api("operator")
    answer = program.post(RUNTIMES, FULL, runtimeId="cards")
    assert (answer.status, answer.headers["ETag"]) == (200, '"1"')
    made = answer.json["runtime"]
    assert made == FULL | {
        "name": "workspaces/lab/runtimes/cards",
        "state": "ACTIVE",
        "createTime": made["createTime"],
        "updateTime": made["createTime"],
        "managedByBootstrap": False,
    }
    assert made["createTime"].endswith("Z")
    found = program.get(f"{RUNTIMES}/cards")
    assert (found.json, found.headers["ETag"]) == (answer.json, '"1"')
    assert program.get(RUNTIMES).json["runtimes"] == [made]
    entry = AuditEntry.objects.get(verb="create", subject_kind="runtime")
    assert (entry.subject, entry.after["environment_variables"]["api_TOKEN"]) == (made["name"], MASK)


def test_the_least_will_do_and_the_server_makes_an_id(world: Cast) -> None:
    made = world.api("operator").post(RUNTIMES, LEAST).json["runtime"]
    assert made["name"].startswith("workspaces/lab/runtimes/r-")
    assert (made["environmentVariables"], made["volumes"], made["selector"]) == ({}, [], {})
    assert not {"dataVolumeReadOnly", "stateReason", "stateUpdateTime", "securityContext"} & set(made)


def test_null_is_as_good_as_absent_and_what_is_unknown_is_ignored_at_any_depth(world: Cast) -> None:
    program = world.api("operator")
    nulls = dict.fromkeys(FULL) | {"state": None}
    assert program.post(RUNTIMES, nulls | LEAST, runtimeId="a").status == 200
    odd: dict[str, Any] = FULL | {
        "state": "STATE_UNSPECIFIED",
        "managedByBootstrap": True,
        "nonsense": {"x": [1]},
        "volumes": [FULL["volumes"][0] | {"nonsense": 1, "readOnly": None}],  # type: ignore[index]
        "securityContext": {"nonsense": 1, "runAsUser": 1000, "seccompProfile": {"type": "Unconfined", "x": 1}},
    }
    made = program.post(RUNTIMES, odd, runtimeId="b").json["runtime"]
    assert (made["state"], made["managedByBootstrap"]) == ("ACTIVE", False)
    assert set(made["volumes"][0]) == {"id", "type", "mountPaths", "properties"}
    assert made["securityContext"] == {"runAsUser": "1000", "seccompProfile": {"type": "Unconfined"}}


@pytest.mark.parametrize(
    ("change", "query", "fields"),
    [
        pytest.param({"modelType": "cobol"}, {}, ["modelType"], id="model type"),
        pytest.param({"runtimeImage": "workspaces/lab/runtimeImages/x"}, {}, ["runtimeImage"], id="image"),
        pytest.param({"runtimeImage": "h2o3-mojo"}, {}, ["runtimeImage"], id="image by its bare id"),
        pytest.param({"runtimeImage": "workspaces/elsewhere/runtimeImages/x"}, {}, ["runtimeImage"], id="their image"),
        pytest.param({}, {"runtimeId": "Cards"}, ["runtimeId"], id="id"),
        pytest.param({"displayName": " "}, {}, ["displayName"], id="blank name"),
        pytest.param({"environmentVariables": {"1A": "x"}}, {}, ["environmentVariables.1A"], id="variable"),
        pytest.param({"environmentVariables": {"A": "{if"}}, {}, ["environmentVariables.A"], id="template"),
        pytest.param(
            {"volumes": [{"id": "V"}]},
            {},
            ["volumes.0.id", "volumes.0.type", "volumes.0.mountPaths"],
            id="all faults of a volume",
        ),
        pytest.param({"securityContext": {"runAsUser": "-1"}}, {}, ["securityContext.runAsUser"], id="user"),
        pytest.param({"selector": {"a?absent=x": "y"}}, {}, ["selector.a?absent=x"], id="selector"),
        pytest.param({"scoringEndpoint": "//evil"}, {}, ["scoringEndpoint"], id="endpoint"),
        pytest.param(dict.fromkeys(LEAST), {}, ["displayName", "modelType", "runtimeImage"], id="nothing"),
    ],
)
def test_what_is_wrong_is_refused_by_the_names_of_the_wire(
    world: Cast, change: dict[str, Any], query: dict[str, str], fields: list[str]
) -> None:
    answer = world.api("operator").post(RUNTIMES, LEAST | change, **query)
    answer.error(400, 3)
    assert [each["field"] for each in answer.json["details"][0]["fieldViolations"]] == fields
    assert not Runtime.objects.exists()


def test_an_id_is_taken_once(world: Cast) -> None:
    program = world.api("operator")
    assert program.post(RUNTIMES, LEAST, runtimeId="cards").status == 200
    answer = program.post(RUNTIMES, LEAST, runtimeId="cards")
    assert "cards" in answer.error(409, 6)
    assert answer.json["details"][0]["reason"] == "taken"


@pytest.mark.parametrize("version", ["v1.0.0", "1.0.0"])
def test_a_runtime_may_be_pinned_to_a_version(world: Cast, version: str) -> None:
    pinned = {"runtimeImage": f"workspaces/lab/runtimeImages/h2o3-mojo/versions/{version}"}
    made = world.api("operator").post(RUNTIMES, LEAST | pinned).json["runtime"]
    assert made["runtimeImage"] == "workspaces/lab/runtimeImages/h2o3-mojo/versions/v1.0.0"


def test_what_is_inherited_is_found_under_its_true_name_unless_it_is_covered(world: Cast) -> None:
    shared = make_image(world.everyone, "shared")
    make_runtime(shared, "both")
    make_runtime(shared, "only-global")
    make_runtime(shared, "both", workspace=world.workspace)
    program = world.api("viewer")
    for uid, name in (
        ("both", "workspaces/lab/runtimes/both"),
        ("only-global", "workspaces/global/runtimes/only-global"),
    ):
        assert program.get(f"{RUNTIMES}/{uid}").json["runtime"]["name"] == name
    names = [each["name"] for each in program.get(RUNTIMES).json["runtimes"]]
    assert names == [
        "workspaces/global/runtimes/both",
        "workspaces/lab/runtimes/both",
        "workspaces/global/runtimes/only-global",
    ]
    assert program.get(f"{RUNTIMES}:count").json == {"count": "3"}


def test_all_workspaces_together_show_each_row_once(world: Cast) -> None:
    for workspace in (world.workspace, world.other, world.everyone):
        make_runtime(make_image(workspace, "x"), f"in-{workspace.uid}")
    program = world.api("admin")
    answer = program.get("/api/runtime/v1/workspaces/-/runtimes", orderBy="display_name desc")
    assert [each["name"] for each in answer.json["runtimes"]] == [
        "workspaces/lab/runtimes/in-lab",
        "workspaces/global/runtimes/in-global",
        "workspaces/elsewhere/runtimes/in-elsewhere",
    ]
    assert program.get("/api/runtime/v1/workspaces/-/runtimes:count").json == {"count": "3"}


@pytest.mark.parametrize("workspace", ["lab", "-"])
@pytest.mark.parametrize(
    "order", ["", "display_name desc", "state desc, create_time", "create_time desc, description", "update_time"]
)
def test_a_list_is_the_same_page_by_page_as_behind_a_filter_that_lets_all_through(
    world: Cast, workspace: str, order: str
) -> None:
    for number in range(7):
        place = (world.workspace, world.everyone, world.other)[number % 3]
        state = ("ACTIVE", "DISABLED")[number % 2]
        make_runtime(make_image(place, f"i-{number}"), f"r-{number}", api_state=state, display_name=f"{number % 4}")

    def walked(text: str) -> list[list[str]]:
        pages: list[list[str]] = []
        token = ""
        while token or not pages:
            query = {"filter": text, "orderBy": order, "pageSize": "2", "pageToken": token}
            answer = world.api("admin").get(f"/api/runtime/v1/workspaces/{workspace}/runtimes", **query).json
            pages.append([each["name"] for each in answer["runtimes"]])
            token = answer["nextPageToken"]
        return pages

    found = walked("")
    assert found == walked("()")
    assert len({name for page in found for name in page}) == (7 if workspace == "-" else 5)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("model_type = 'python/mlflow'", ["b"]),
        ("state = V1RuntimeState.DISABLED", ["b"]),
        ("state in ['ACTIVE', 'DEPRECATED'] AND display_name:'A'", ["a"]),
        ("display_name = 'it's' OR description:'cards'", ["a"]),
        ("create_time >= timestamp('2000-01-01T00:00:00.000000Z')", ["a", "b"]),
        ("()", ["a", "b"]),
    ],
)
def test_lists_and_counts_are_filtered_alike(world: Cast, text: str, found: list[str]) -> None:
    image = make_image(world.workspace, "x")
    make_runtime(image, "a", description="For Cards")
    make_runtime(image, "b", model_type="python/mlflow", api_state="DISABLED")
    program = world.api("viewer")
    assert [each["name"][-1] for each in program.get(RUNTIMES, filter=text).json["runtimes"]] == found
    assert program.get(f"{RUNTIMES}:count", filter=text).json == {"count": str(len(found))}


@pytest.mark.parametrize(
    ("role", "read_only", "own", "inherited"),
    [
        pytest.param("admin", False, SECRETS, SECRETS, id="platform admin"),
        pytest.param("admin", True, MASKED, MASKED, id="platform admin who only reads"),
        pytest.param("operator", False, SECRETS, MASKED, id="operator"),
        pytest.param("operator", True, MASKED, MASKED, id="operator who only reads"),
        pytest.param("viewer", False, MASKED, MASKED, id="viewer"),
    ],
)
def test_secrets_are_masked_for_those_who_may_not_change_them(
    world: Cast, role: str, read_only: bool, own: dict[str, str], inherited: dict[str, str]
) -> None:
    make_runtime(make_image(world.workspace, "x"), "own", environment_variables=SECRETS)
    make_runtime(make_image(world.everyone, "x"), "inherited", environment_variables=SECRETS)
    program = world.api(role, read_only=read_only)
    expected = {"own": own, "inherited": inherited}
    for uid, variables in expected.items():
        assert program.get(f"{RUNTIMES}/{uid}").json["runtime"]["environmentVariables"] == variables
    listed = program.get(RUNTIMES).json["runtimes"]
    assert {each["name"].rpartition("/")[2]: each["environmentVariables"] for each in listed} == expected


def test_a_runtime_goes_and_the_answer_is_what_it_was(world: Cast) -> None:
    program = world.api("owner")
    made = program.post(RUNTIMES, FULL, runtimeId="cards").json
    assert "changed" in program.call("DELETE", f"{RUNTIMES}/cards", if_match='"2"').error(409, 10)
    assert program.call("DELETE", f"{RUNTIMES}/cards", if_match='"1"').json == made
    program.get(f"{RUNTIMES}/cards").error(404, 5)
    program.delete(f"{RUNTIMES}/cards").error(404, 5)


def test_what_comes_from_the_values_file_stays(world: Cast) -> None:
    make_runtime(make_image(world.everyone, "x"), "managed", platform_state="ACTIVE")
    program, path = world.api("admin"), "/api/runtime/v1/workspaces/global/runtimes/managed"
    for answer in (program.patch(path, {"description": "x"}), program.delete(path)):
        assert "config.deployer.composition.runtimes.managed" in answer.error(409, 10)
        assert answer.json["details"][0]["reason"] == "managed-by-bootstrap"
    assert program.get(path).json["runtime"]["managedByBootstrap"] is True
