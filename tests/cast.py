"""The people that every test with a database knows, made the same each time."""

from __future__ import annotations

from dataclasses import dataclass

from django.test import Client

from mlops_console.access import Role
from mlops_console.actor import Actor, person
from mlops_console.models import GLOBAL, Membership, User, Workspace
from mlops_console.queries import roles_of

PASSWORD = "correct horse battery staple"


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


def make_cast() -> Cast:
    """Store the cast; `global` comes with the migrations but is gone after a transactional test's flush."""
    everyone, _ = Workspace.objects.get_or_create(uid=GLOBAL, defaults={"display_name": "Global"})
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
