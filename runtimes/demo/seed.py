"""People, workspaces and a few rows of their own, made by the same actions that people use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from mlops_console.access import Role
from mlops_console.actions.members import set_role
from mlops_console.actions.people import create_person, update_person
from mlops_console.actions.tokens import digest, issue_token, revoke_token
from mlops_console.actions.workspaces import create_workspace
from mlops_console.actor import Actor, ActorKind, person, system
from mlops_console.models import Token, User, Workspace
from mlops_console.queries import live_tokens, roles_of
from runtimes.actions.images import add_version, create_image
from runtimes.actions.runtimes import create_runtime
from runtimes.actions.states import change_runtime_state, change_version_state
from runtimes.rules.lifecycle import StateVerb
from runtimes.rules.runtime import RuntimeSpec

WORKSPACE: Final = "credit-risk"
OTHER_WORKSPACE: Final = "customer-insights"
TOKEN_NAME: Final = "demo"  # noqa: S105 a name, no secret
_PEOPLE: Final = {
    "admin": "Ada Admin",
    "operator": "Omar Operator",
    "viewer": "Vera Viewer",
    "stranger": "Stan Stranger",
}
_WORKSPACES: Final = {
    WORKSPACE: ("Credit risk", "Scoring of loan applications and limits."),
    OTHER_WORKSPACE: ("Customer insights", "Churn and next best action."),
}
_MEMBERS: Final = (
    (WORKSPACE, "operator", Role.OPERATOR),
    (WORKSPACE, "viewer", Role.VIEWER),
    (OTHER_WORKSPACE, "stranger", Role.OPERATOR),
)


@dataclass(frozen=True)
class DemoWorld:
    """What a person or script needs to know to use the demo."""

    workspace: str
    other_workspace: str
    tokens: dict[str, str]


@transaction.atomic
def seed_demo(*, password: str, tokens: dict[str, str] | None = None) -> DemoWorld:
    """Make the demo's world, or what is missing of it; secrets of an earlier start stay valid."""
    now = timezone.now()
    actor = system(ActorKind.BOOTSTRAP, "demo")
    people = {name: _person(actor, name, password, now) for name in _PEOPLE}
    new = [uid for uid in _WORKSPACES if not Workspace.objects.filter(uid=uid).exists()]
    for uid in new:
        name, description = _WORKSPACES[uid]
        create_workspace(
            actor=person(people["admin"], roles={}),
            uid=uid,
            display_name=name,
            description=description,
            now=now,
        )
    for uid, username, role in _MEMBERS:
        set_role(actor=actor, workspace=Workspace.objects.get(uid=uid), username=username, role=role, now=now)
    if WORKSPACE in new:
        _rows_of_their_own(person(people["operator"], roles=roles_of(people["operator"])), now)
    known = tokens or {}
    return DemoWorld(
        workspace=WORKSPACE,
        other_workspace=OTHER_WORKSPACE,
        tokens={name: _token(actor, user, known.get(name, ""), now) for name, user in people.items()},
    )


def _person(actor: Actor, name: str, password: str, now: datetime) -> User:
    user = User.objects.filter(username=name).first()
    if user is None:
        return create_person(
            actor=actor,
            username=name,
            password=password,
            display_name=_PEOPLE[name],
            is_platform_admin=name == "admin",
            now=now,
        )
    if not user.check_password(password):
        return update_person(actor=actor, username=name, changes={}, password=password, now=now)
    return user


def _token(actor: Actor, user: User, secret: str, now: datetime) -> str:
    """The secret that is known already, or a fresh one in place of what was lost."""
    if secret and live_tokens(now=now).filter(user=user, digest=digest(secret)).exists():
        return secret
    for lost in Token.objects.filter(user=user, name=TOKEN_NAME, revoked_at__isnull=True):
        revoke_token(actor=actor, token_id=lost.pk, now=now)
    _, fresh = issue_token(actor=actor, user=user, name=TOKEN_NAME, now=now)
    return fresh


def _rows_of_their_own(operator: Actor, now: datetime) -> None:
    """What the team of the workspace has set up beside what it inherits."""
    workspace = Workspace.objects.get(uid=WORKSPACE)
    image = create_image(
        actor=operator,
        workspace=workspace,
        uid="limit-scorer",
        display_name="Limit scorer",
        description="Our own fork of the MOJO scorer, with the bank's rounding rules.",
        reference="registry.bank.example:5000/risk/limit-scorer:0.9.2",
        now=now,
    )
    for number in ("0.10.0", "1.0.0-rc.1"):
        add_version(
            actor=operator,
            workspace=WORKSPACE,
            image=image.uid,
            reference=f"registry.bank.example:5000/risk/limit-scorer:{number}",
            now=now,
        )
    change_version_state(
        actor=operator,
        workspace=WORKSPACE,
        image=image.uid,
        version="v1.0.0-rc.1",
        verb=StateVerb.DISABLE,
        reason="A candidate; waiting for model risk to sign it off.",
        now=now,
    )
    for uid, name, environment, selector in (
        ("limits", "Credit limits", {"ROUNDING": "bankers", "LICENSE_KEY": "demo-only"}, {}),
        ("limits-shadow", "Credit limits, shadow", {"ROUNDING": "half-up"}, {"stage?absent=match": "shadow"}),
    ):
        create_runtime(
            actor=operator,
            workspace=workspace,
            uid=uid,
            model_type="h2o3_mojo",
            runtime_image=image.name,
            spec=RuntimeSpec(display_name=name, environment_variables=environment, selector=selector),
            now=now,
        )
    change_runtime_state(
        actor=operator,
        workspace=WORKSPACE,
        uid="limits-shadow",
        verb=StateVerb.DEPRECATE,
        reason="The shadow phase ended; use Credit limits.",
        now=now,
    )
