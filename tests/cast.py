"""The people that every test with a database knows, and their programs, made the same each time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.test import Client
from django.utils import timezone

from mlops_console.access import Role
from mlops_console.actions.tokens import issue_token
from mlops_console.actor import Actor, person
from mlops_console.models import GLOBAL, Membership, Token, User, Workspace
from mlops_console.queries import roles_of

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Answer:
    """What the API said."""

    status: int
    json: Any
    headers: Mapping[str, str]

    def error(self, status: int, code: int) -> str:
        """The message of an error body, after a look at its status, code and shape."""
        assert (self.status, self.json["code"]) == (status, code)
        assert set(self.json) == {"code", "message", "details"}
        message = self.json["message"]
        assert isinstance(message, str)
        assert message
        return message


class Program:
    """A program that calls the API with a bearer token, or as nobody without one."""

    def __init__(self, token: str = "") -> None:
        self.token = token
        self.client = Client(headers={"Authorization": f"Bearer {token}"} if token else None)

    def call(self, method: str, path: str, body: object = None, *, if_match: str = "", **query: str) -> Answer:
        """Send JSON, or a text as it is, and read the answer."""
        content = body if isinstance(body, str | bytes) else "" if body is None else json.dumps(body)
        headers = {"If-Match": if_match} if if_match else None
        response = self.client.generic(method, path, content, "application/json", headers=headers, query_params=query)
        is_json = response.headers["Content-Type"] == "application/json"
        said = json.loads(response.content) if is_json else response.content.decode()
        return Answer(response.status_code, said, response.headers)

    def get(self, path: str, **query: str) -> Answer:
        """Call with GET."""
        return self.call("GET", path, **query)

    def post(self, path: str, body: object = None, **query: str) -> Answer:
        """Call with POST."""
        return self.call("POST", path, body if body is not None else {}, **query)

    def patch(self, path: str, body: object, **query: str) -> Answer:
        """Call with PATCH."""
        return self.call("PATCH", path, body, **query)

    def delete(self, path: str, **query: str) -> Answer:
        """Call with DELETE."""
        return self.call("DELETE", path, **query)


@dataclass(frozen=True)
class Cast:
    """A platform admin, three members of `workspace` with one role each, and a stranger who only has `other`."""

    admin: User
    owner: User
    operator: User
    viewer: User
    stranger: User
    workspace: Workspace
    other: Workspace
    everyone: Workspace

    def user(self, role: str) -> User:
        """The person who plays a role: `admin`, `owner`, `operator`, `viewer` or `stranger`."""
        found = getattr(self, role)
        assert isinstance(found, User)
        return found

    def actor(self, role: str) -> Actor:
        """The same person, acting."""
        user = self.user(role)
        return person(user, roles=roles_of(user), request_id="test")

    def client(self, role: str) -> Client:
        """A browser in which that person is signed in."""
        client = Client()
        client.force_login(self.user(role), backend="django.contrib.auth.backends.ModelBackend")
        return client

    def api(self, role: str, *, read_only: bool = False) -> Program:
        """A program with a new token of that person; `nobody` has none."""
        if role == "nobody":
            return Program()
        user = self.user(role)
        name = f"ci-{Token.objects.count()}"
        _, secret = issue_token(actor=self.actor(role), user=user, name=name, read_only=read_only, now=timezone.now())
        return Program(secret)


def make_cast() -> Cast:
    """Store the cast."""
    everyone = Workspace.objects.get(uid=GLOBAL)
    workspace = Workspace.objects.create(uid="lab", display_name="Lab")
    other = Workspace.objects.create(uid="elsewhere", display_name="Elsewhere")
    people = {role: User.objects.create_user(role, PASSWORD) for role in ("owner", "operator", "viewer", "stranger")}
    admin = User.objects.create_user("admin", PASSWORD, is_platform_admin=True)
    for role, where, what in (
        ("owner", workspace, Role.ADMIN),
        ("operator", workspace, Role.OPERATOR),
        ("viewer", workspace, Role.VIEWER),
        ("stranger", other, Role.ADMIN),
    ):
        Membership.objects.create(workspace=where, user=people[role], role=what)
    return Cast(admin=admin, workspace=workspace, other=other, everyone=everyone, **people)
