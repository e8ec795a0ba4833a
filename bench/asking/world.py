"""What there is to ask of one database: whom to be, which rows to look at, where the middle of a list is.

`python -m bench.asking.world`, with the settings of that console in its environment, prints it as JSON.
"""

from __future__ import annotations

import json
import secrets
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from runtimes.models import Runtime

NAME: Final = "bench"
MADE: Final = "Made by a measurement"
CHANGED: Final = 32  # runtimes that writes go round


@dataclass(frozen=True)
class Place:
    """A list of runtimes: the page tokens of its middle and end, and after which row the floor is to go on there."""

    uid: str
    key: int
    runtimes: int
    middle: str
    last: str
    after: str
    api_middle: str
    api_after: str


@dataclass(frozen=True)
class World:
    """What one database has to be asked about."""

    password: str
    token: str
    runtimes: int
    audit: int
    workspace: Place
    everywhere: Place
    small_workspace: str
    global_key: int
    model_type: str
    rare_word: str
    runtime: str
    changed: list[str]
    image: str
    small: str
    large: str
    compositions: int
    audit_middle: str
    audit_key: int
    subject: str
    actor: str
    versions: dict[str, str]


def main() -> None:
    """Print the world of the database of the settings, for which somebody may sign in from then on."""
    import django

    django.setup()
    from django.core.management import call_command

    from bench.asking import tidy

    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    tidy.clear()
    sys.stdout.write(json.dumps(asdict(look())))


def look() -> World:
    """What is there, and a fresh login and token."""
    from django.db import connection
    from django.db.models import Count

    from bench.loading.deployments import LARGE, SMALL
    from deployments.models import Composition, Deployment
    from mlops_console.models import GLOBAL, AuditEntry, Workspace
    from runtimes.models import Runtime, RuntimeImage

    if not Deployment.objects.filter(uid=LARGE).exists():
        raise SystemExit("This database was not filled by bench.load; measuring writes to it.")
    password, token = _login()
    counted = Runtime.objects.exclude(workspace__uid=GLOBAL).order_by().values("workspace").annotate(n=Count("pk"))
    workspace = Workspace.objects.get(pk=counted.order_by("-n", "workspace").values("workspace")[:1])
    others = counted.order_by("n", "workspace").values_list("workspace__uid", flat=True)
    own = Runtime.objects.filter(workspace=workspace)
    types = own.order_by().values("model_type").annotate(n=Count("pk")).order_by("-n", "model_type")
    middle = own.order_by("display_name", "pk").values_list("uid", flat=True)[own.count() // 2]
    # The end of a late id is a word that begins no other; with a letter in front it might begin an English one.
    rare = own.exclude(display_name=MADE).filter(uid__regex="-[0-9][0-9a-f]{2,}$").order_by("-pk")
    active = own.filter(api_state="ACTIVE", platform_state=None).order_by("pk")[:CHANGED]
    entries = AuditEntry.objects.order_by("-pk")
    total = entries.count()
    entry = entries.get(pk=entries.values_list("pk", flat=True)[total // 2]) if total else AuditEntry(pk=0)
    about = entries.filter(subject__startswith="workspaces/", actor_kind="person").first() or entry
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (server,) = cursor.fetchone()
    return World(
        password=password,
        token=token,
        runtimes=Runtime.objects.count(),
        audit=total,
        workspace=_place(workspace.uid),
        everywhere=_place("-"),
        small_workspace=others[len(others) // 2],
        global_key=Workspace.objects.get(uid=GLOBAL).pk,
        model_type=types[0]["model_type"],
        rare_word=rare[0].uid.rpartition("-")[2],
        runtime=middle,
        changed=[each.uid for each in active],
        image=RuntimeImage.objects.filter(workspace__uid=GLOBAL, state="ACTIVE").order_by("pk")[0].name,
        small=SMALL,
        large=LARGE,
        compositions=Composition.objects.filter(deployment__uid=LARGE).count(),
        audit_middle=_audit_token(entry),
        audit_key=entry.pk,
        subject=about.subject,
        actor=about.actor,
        versions={"PostgreSQL": server, "Django": version("django"), "gunicorn": version("gunicorn")},
    )


def _login() -> tuple[str, str]:
    """The password and a token of a platform admin."""
    from django.utils import timezone

    from mlops_console.actions.people import create_person, update_person
    from mlops_console.actions.tokens import issue_token
    from mlops_console.actor import ActorKind, system
    from mlops_console.models import User

    actor, now, password = system(ActorKind.COMMAND, NAME), timezone.now(), secrets.token_urlsafe(16)
    if User.objects.filter(username=NAME).exists():
        user = update_person(actor=actor, username=NAME, changes={}, password=password, now=now)
    else:
        user = create_person(actor=actor, username=NAME, password=password, is_platform_admin=True, now=now)
    _, token = issue_token(actor=actor, user=user, name=f"{NAME}-{secrets.token_hex(4)}", now=now)
    return password, token


def _place(uid: str) -> Place:
    from mlops_console.actor import ActorKind, system
    from mlops_console.keyset import Order, page
    from mlops_console.queries import scope_for
    from runtimes.api.fields import BY_NAME
    from runtimes.orders import RUNTIME_ORDERS
    from runtimes.queries import RuntimeFilter, runtime_source

    scope = scope_for(system(ActorKind.COMMAND, NAME), uid)
    source = runtime_source(scope)
    rows = source.queryset
    half = rows.order_by("display_name", "pk").values_list("display_name", flat=True)[rows.count() // 2]
    # A token is bound to its list and its order, not to what else narrows the rows it was cut from.
    behind = rows.filter(display_name__gte=half)
    by_name = Order(RUNTIME_ORDERS["name"])
    binding = f"runtimes {scope.uid} {RuntimeFilter()}"
    cut = page(behind, order=by_name, size=50, binding=binding, parts=source.parts)
    path = f"/api/runtime/v1/workspaces/{uid}/runtimes"
    programs = page(behind, order=BY_NAME, size=50, binding=f"{path}?", parts=source.parts)
    return Place(
        uid=uid,
        key=scope.workspace.pk if scope.workspace else 0,
        runtimes=rows.count(),
        middle=cut.next,
        last=cut.last,
        after=_after(cut.rows[-1], "display_name"),
        api_middle=programs.next,
        api_after=_after(programs.rows[-1], "display_name", "uid"),
    )


def _after(row: Runtime, *columns: str) -> str:
    return quote("|".join(str(getattr(row, column)) for column in (*columns, "pk")))


def _audit_token(entry: Any) -> str:
    from mlops_console.keyset import Order, page
    from mlops_console.models import AuditEntry
    from mlops_console.queries import AuditFilter

    before = AuditEntry.objects.filter(pk__lte=entry.pk)
    return page(before, order=Order((), descending=True), size=1, binding=f"audit:-:{AuditFilter()}").next


if __name__ == "__main__":
    main()
