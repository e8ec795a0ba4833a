"""Finding the console, proving who one is, and who else there is."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from django.conf import settings
from h2o_mlops.errors import MLOpsAuthError, MLOpsNotFoundError

from tests.client.published import connect
from tests.client.wire import Wire
from tests.mlops_console.serving.console import Console, environment

DISCOVERY = "/.ai.h2o.cloud.discovery/v1"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def test_discovery_tells_strangers_where_the_services_are(console: Console) -> None:
    nobody = Wire(console.port)
    environment = nobody.get(f"{DISCOVERY}/environment").json["environment"]
    assert set(environment) == {
        "h2oCloudEnvironment", "issuerUrl", "h2oCloudPlatformOauth2Scope", "h2oCloudVersion",
    }  # fmt: skip
    services = nobody.get(f"{DISCOVERY}/services").json["services"]
    assert {each["name"]: each["uri"] for each in services} == {
        "services/mlops-api": f"{console.url}/api",
        "services/authz-gateway": f"{console.url}/api/authz",
        "services/secure-store": f"{console.url}/secure-store",
    }
    assert all(each["displayName"] for each in services)


@pytest.mark.parametrize("kind", ["services", "clients", "links", "components"])
def test_discovery_lists_end_without_a_page_token(console: Console, kind: str) -> None:
    # The client reads on until the key is missing: an empty text would keep it reading for ever.
    assert set(Wire(console.port).get(f"{DISCOVERY}/{kind}").json) == {kind}


def test_discovery_names_the_host_that_was_asked(console: Console) -> None:
    reply = Wire(console.port).send("GET", f"{DISCOVERY}/services", headers={"Host": f"localhost:{console.port}"})
    assert reply.json["services"][0]["uri"] == f"http://localhost:{console.port}/api"


def test_the_secure_store_answers_the_probe(console: Console) -> None:
    reply = Wire(console.port).get("/version")
    assert reply.status == HTTPStatus.OK
    assert reply.json["version"]


def test_the_token_provider_is_asked_each_time_so_tokens_may_change(console: Console, tokens: dict[str, str]) -> None:
    now = {"role": "viewer"}
    changing = connect(console.url, lambda: tokens[now["role"]])
    assert changing.users.get_me().username == "viewer"
    now["role"] = "operator"
    assert changing.users.get_me().username == "operator"


@pytest.mark.parametrize("token", ["mlc_wrong", "a b"], ids=["unknown", "blank-inside"])
def test_a_token_that_opens_no_door_is_an_auth_error(console: Console, token: str) -> None:
    outside = connect(console.url, lambda: token)
    with pytest.raises(MLOpsAuthError) as caught:
        outside.workspaces.list()
    assert caught.value.status == HTTPStatus.UNAUTHORIZED
    assert "token" in caught.value.server_message


def test_the_command_makes_tokens_and_a_read_only_one_changes_nothing(console: Console) -> None:
    command = [sys.executable, "manage.py", "create_token", "operator", "--name", "reports", "--read-only"]
    said = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment(DATA_DIR=str(console.data_dir)), capture_output=True,
        text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    reader = connect(console.url, said.strip)
    runtime = reader.workspaces.get("credit-risk").runtimes.get("limits")
    with pytest.raises(MLOpsAuthError) as caught:
        runtime.disable(reason="No.")
    assert (caught.value.status, caught.value.server_message) == (403, "This token is read-only.")


def test_no_token_at_all_says_what_to_send(console: Console) -> None:
    reply = Wire(console.port).get("/api/me")
    assert reply.status == HTTPStatus.UNAUTHORIZED
    assert reply.headers["www-authenticate"].startswith("Bearer ")
    assert "Authorization: Bearer" in reply.message


def test_the_request_id_of_the_caller_comes_back(wire: Callable[[str], Wire]) -> None:
    reply = wire("viewer").send("GET", "/api/me", headers={"x-request-id": "0123456789abcdef" * 2})
    assert reply.headers["x-request-id"] == "0123456789abcdef" * 2
    assert wire("viewer").get("/api/me").headers["x-request-id"]


def test_an_error_carries_the_request_id_that_the_console_logs(admin: Any) -> None:
    with pytest.raises(MLOpsNotFoundError) as caught:
        admin.workspaces.get("nowhere")
    assert caught.value.request_id == caught.value.response_headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", caught.value.request_id)


@pytest.mark.parametrize(
    ("role", "name"),
    [
        pytest.param("admin", "Ada Admin", id="admin"),
        pytest.param("operator", "Omar Operator", id="operator"),
        pytest.param("viewer", "Vera Viewer", id="viewer"),
        pytest.param("stranger", "Stan Stranger", id="stranger"),
    ],
)
def test_get_me_is_who_the_token_acts_for(client: Callable[[str], Any], role: str, name: str) -> None:
    me = client(role).users.get_me()
    assert (me.username, me.name, me.email) == (role, name, None)
    assert UUID.fullmatch(me.uid)
    again = client(role).users.get(me.uid)
    assert (again.uid, again.username) == (me.uid, role)
    assert role in repr(me)
    assert name in str(me)


def test_the_id_of_the_caller_stands_in_a_header(wire: Callable[[str], Wire], client: Callable[[str], Any]) -> None:
    assert wire("viewer").get("/api/me").headers["x-user-id"] == client("viewer").users.get_me().uid


def test_a_platform_admin_lists_everybody(admin: Any) -> None:
    people = admin.users.list()
    assert [each.username for each in people] == ["admin", "operator", "stranger", "viewer"]
    assert len(people) == 4
    assert people[-1].username == "viewer"
    assert [each.name for each in admin.users.list(username="operator")] == ["Omar Operator"]


def test_a_member_lists_who_shares_a_workspace(client: Callable[[str], Any]) -> None:
    seen = {each.username for each in client("viewer").users.list()}
    assert {"viewer", "operator"} <= seen
    assert "stranger" not in seen


def test_the_last_page_of_users_has_no_token_at_all(wire: Callable[[str], Wire]) -> None:
    # h2o-mlops 1.5 reads users until the key is missing.
    assert set(wire("admin").get("/api/authz/v1/users").json) == {"users"}
    first = wire("admin").get("/api/authz/v1/users", pageSize=3).json
    rest = wire("admin").get("/api/authz/v1/users", pageSize=3, pageToken=first["nextPageToken"]).json
    assert (len(first["users"]), len(rest["users"]), "nextPageToken" in rest) == (3, 1, False)


@pytest.mark.parametrize("uid", ["nobody", "00000000-0000-4000-8000-000000000000"], ids=["no-uuid", "no-user"])
def test_an_unknown_user_is_not_found(admin: Any, uid: str) -> None:
    with pytest.raises(MLOpsNotFoundError) as caught:
        admin.users.get(uid)
    assert uid in caught.value.server_message


def test_somebody_of_another_workspace_is_not_found(client: Callable[[str], Any]) -> None:
    stranger = client("stranger").users.get_me().uid
    with pytest.raises(MLOpsNotFoundError):
        client("viewer").users.get(stranger)


def test_the_console_itself_is_a_user_for_what_it_made(admin: Any) -> None:
    assert admin.users.get("system").username == "system"
