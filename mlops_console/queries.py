"""Reading people, workspaces, tokens and the audit trail; the same for pages and API."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Value, When

from mlops_console.access import Right, Role
from mlops_console.actor import Actor
from mlops_console.errors import Missing, NotAllowed
from mlops_console.models import GLOBAL, AuditEntry, Membership, Token, TokenState, User, Workspace
from mlops_console.models.tokens import ACTS_AS
from mlops_console.sources import Source
from mlops_console.statements import Instances, Statement

ALL: Final = "-"
_APART_MAX: Final = 10  # actors whose entries are read in order; to plan more takes longer than to sort what they did
_COLUMNS: Final = [each.attname for each in Workspace._meta.concrete_fields]
_WITH_GLOBAL: Final = Statement(
    lambda uid: Workspace.objects.order_by().filter(Q(uid=uid) | Q(uid=GLOBAL)).values_list(*_COLUMNS)
)
_TOKEN: Final = Instances[Token](lambda digest: Token.objects.filter(digest=digest).select_related("user").order_by())
# Each is looked for in the index on actors, to no avail if it never acted.
_ACTED: Final = Statement(
    lambda name: (
        Token.objects.filter(user__username=name)
        .annotate(acting_as=ACTS_AS)
        .filter(Exists(AuditEntry.objects.filter(actor=OuterRef("acting_as"))))
        .order_by()
        .values_list("acting_as")
        .distinct()
    )
)


@dataclass(frozen=True)
class Scope:
    """What a list covers: one workspace with what it inherits from `global`, or (`-`) all of them."""

    uid: str
    workspace: Workspace | None
    inherited: Workspace | None = None

    @property
    def label(self) -> str:
        """The scope in words."""
        return self.workspace.display_name if self.workspace else "All workspaces"

    @property
    def is_all(self) -> bool:
        """Whether the scope is `-`."""
        return self.workspace is None

    def inherits(self, uid: str) -> bool:
        """Whether what is in a workspace is seen from here as something that all workspaces are offered."""
        return uid == GLOBAL and self.uid != GLOBAL

    def one(self) -> Workspace:
        """The workspace of a page that shows or makes things in just one; raises Missing for `-`."""
        if self.workspace is None:
            raise Missing("Name one workspace: - stands for all of them.")
        return self.workspace

    def rows(self, path: str = "workspace") -> Q:
        """The condition that a row lies in the scope; `path` leads from the row to its workspace."""
        if self.workspace is None:
            return Q()
        return Q(**{f"{path}__in": sorted(each.pk for each in self._workspaces())})

    def places(self) -> tuple[int, ...] | None:
        """The keys of its workspaces, as a source takes them."""
        return None if self.workspace is None else tuple(each.pk for each in self._workspaces())

    def _workspaces(self) -> list[Workspace]:
        return [each for each in (self.workspace, self.inherited) if each is not None]


def scope_for(actor: Actor, uid: str) -> Scope:
    """The scope of a list; raises Missing for strangers and NotAllowed for `-` by others than platform admins."""
    if "\x00" in uid:
        raise Missing("No workspace has NUL in its ID.")
    if uid == ALL:
        if not actor.is_platform_admin:
            raise NotAllowed("Only platform admins see all workspaces at once.")
        return Scope(ALL, None)
    rows = (Workspace.from_db(DEFAULT_DB_ALIAS, _COLUMNS, row) for row in _WITH_GLOBAL.rows(uid=uid))
    found = {each.uid: each for each in rows}
    workspace = found.get(uid)
    if workspace is None or not actor.may(Right.VIEW, workspace):
        raise Missing(f"There is no workspace {uid}, or you are not a member of it.")
    return Scope(uid, workspace, None if workspace.is_global else found.get(GLOBAL))


def workspace_names(actor: Actor, limit: int) -> Iterable[tuple[Any, ...]]:
    """The IDs and names of the first workspaces by name that an actor may see, `global` included."""
    if actor.is_platform_admin:
        return _first_names(limit).rows()
    return workspaces_of(actor).values_list("uid", "display_name")[:limit]


def workspaces_of(actor: Actor) -> QuerySet[Workspace]:
    """The workspaces that an actor may see, `global` included."""
    if actor.is_platform_admin:
        return Workspace.objects.all()
    return Workspace.objects.filter(Q(pk__in=list(actor.roles)) | Q(uid=GLOBAL))


@cache
def _first_names(limit: int) -> Statement:
    return Statement(lambda: Workspace.objects.values_list("uid", "display_name")[:limit])


def roles_of(user: User) -> dict[int, Role]:
    """The roles of a person by workspace key; none are looked up for platform admins, who are admins everywhere."""
    if user.is_platform_admin:
        return {}
    return {key: Role(role) for key, role in user.memberships.order_by().values_list("workspace_id", "role")}


def memberships_in(workspace: Workspace) -> QuerySet[Membership]:
    """The members of a workspace by user name."""
    return Membership.objects.filter(workspace=workspace).select_related("user")


def people() -> QuerySet[User]:
    """Everyone, with the number of their workspaces."""
    return User.objects.annotate(workspace_count=Count("memberships"))


def people_seen_by(actor: Actor) -> QuerySet[User]:
    """Everyone for platform admins; for others themselves, who shares a workspace, and who made one they see."""
    if actor.is_platform_admin:
        return User.objects.all()
    mine = list(actor.roles)
    seen = Q(pk=actor.user.pk) if actor.user else Q()
    for path in ("creator", "updater"):
        seen |= Q(pk__in=workspaces_of(actor).order_by().values(path))
    return User.objects.filter(seen | Q(pk__in=Membership.objects.filter(workspace__in=mine).values("user")))


def token_of(digest: str) -> Token | None:
    """The token whose secret has a digest, with its owner, whether it still opens the door or not."""
    return next(iter(_TOKEN.found(digest=digest)), None)


def live_tokens(*, now: datetime) -> QuerySet[Token]:
    """Tokens that still open the door."""
    return Token.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=now), revoked_at__isnull=True, user__is_active=True
    ).select_related("user")


def tokens_of(user: User, *, now: datetime) -> QuerySet[Token]:
    """The tokens of a person, each with its `state`."""
    return _with_state(Token.objects.filter(user=user), now)


def tokens_of_members(workspace: Workspace, *, now: datetime) -> QuerySet[Token]:
    """The tokens of the members of a workspace, each with its `state` and its owner.

    Everyone reads what is in `global`: there they are the tokens of everyone.
    """
    tokens = Token.objects.select_related("user")
    if not workspace.is_global:
        tokens = tokens.filter(user__memberships__workspace=workspace)
    return _with_state(tokens, now)


def _with_state(tokens: QuerySet[Token], now: datetime) -> QuerySet[Token]:
    return tokens.annotate(
        state=Case(
            When(revoked_at__isnull=False, then=Value(TokenState.REVOKED)),
            When(expires_at__lte=now, then=Value(TokenState.EXPIRED)),
            default=Value(TokenState.ACTIVE),
            output_field=CharField(),
        )
    )


@dataclass(frozen=True)
class AuditFilter:
    """What the audit page narrows by; an empty value does not narrow."""

    actor: str = ""
    verb: str = ""
    subject: str = ""
    workspace: str = ""
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class _Compared:
    """What entries are compared with, the actor aside: the scope, and what they are narrowed by."""

    within: str = ""
    verb: str = ""
    workspace: str = ""
    subject: str = ""
    below: str = ""
    part: str = ""
    since: datetime | None = None
    until: datetime | None = None


def audit_source(scope: Scope, narrow: AuditFilter = AuditFilter()) -> Source[AuditEntry]:
    """The audit entries of a scope as lists are cut from them; days are UTC.

    `actor` is a whole name; that of a person stands for what their tokens did as well.
    `subject` is a whole resource name, which stands for what lies below it as well, or any part of one.
    """
    subject = narrow.subject
    named = {"subject": subject, "below": f"{subject}/"} if subject.startswith("workspaces/") else {"part": subject}
    compared = _Compared(
        within=scope.workspace.uid if scope.workspace else "",
        verb=narrow.verb,
        workspace=narrow.workspace,
        since=datetime.combine(narrow.since, time.min, tzinfo=UTC) if narrow.since else None,
        until=datetime.combine(narrow.until, time.max, tzinfo=UTC) if narrow.until else None,
        **named,
    )
    actors = _acting_as(narrow.actor) if narrow.actor else None
    return Source(_entries, compared, path="actor", places=actors, apart=len(actors or ()) <= _APART_MAX)


def audit_in(scope: Scope, narrow: AuditFilter = AuditFilter()) -> QuerySet[AuditEntry]:
    """The audit entries of a scope."""
    return audit_source(scope, narrow).queryset


def _entries(narrow: _Compared) -> QuerySet[AuditEntry]:
    entries = AuditEntry.objects.all()
    if narrow.within:
        entries = entries.filter(workspace=narrow.within)
    if narrow.verb:
        entries = entries.filter(verb=narrow.verb)
    if narrow.workspace:
        entries = entries.filter(workspace=narrow.workspace)
    if narrow.subject:
        entries = entries.filter(Q(subject=narrow.subject) | Q(subject__startswith=narrow.below))
    if narrow.part:
        entries = entries.filter(subject__icontains=narrow.part)
    if narrow.since:
        entries = entries.filter(at__gte=narrow.since)
    if narrow.until:
        entries = entries.filter(at__lte=narrow.until)
    return entries


def find_entry(scope: Scope, number: int) -> AuditEntry:
    """An audit entry of a scope; raises Missing."""
    found = audit_in(scope).filter(pk=number).first()
    if found is None:
        raise Missing(f"There is no audit entry {number} in {scope.label}.")
    return found


def _acting_as(name: str) -> tuple[str, ...]:
    """The name of an actor, and if it is a person's, those under which their tokens act."""
    return (name, *(each for (each,) in _ACTED.rows(name=name)))


def history_of(*subjects: str, limit: int = 20) -> QuerySet[AuditEntry]:
    """The latest entries about some resource names."""
    entries = AuditEntry.objects.filter(subject__in=subjects)
    if len(subjects) > 1:
        # The index on subjects holds each in order, but not several; for those the plan would walk the whole trail
        # from its end until enough are found, unless what it is sorted by is in no index.
        entries = entries.order_by((F("id") + 0).desc())
    return entries[:limit]
