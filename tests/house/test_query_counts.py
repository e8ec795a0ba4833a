"""A list costs the same number of queries at 10 rows and at 10,000, and that number stands in query_counts.json.

A page that comes to cost more, or less, shows up in review as a changed number; `QUERY_COUNTS=write` rewrites the file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from deployments.models import Composition, Deployment, Event, Experiment, Lease, Rollout, RolloutStep
from mlops_console.models import AuditEntry, Membership, Token, User, Workspace
from runtimes.models import Runtime, RuntimeImage, Version
from runtimes.rules.versions import precedence
from tests.cast import Cast
from tests.factories import make_deployment, make_drift, make_image, make_model_type, make_runtime, make_version

pytestmark = pytest.mark.django_db
COUNTS = Path(__file__).with_name("query_counts.json")


def make_people(cast: Cast, start: int, end: int) -> None:
    User.objects.bulk_create(User(username=f"user{number:05}", password="!") for number in range(start, end))


def make_workspaces(cast: Cast, start: int, end: int) -> None:
    Workspace.objects.bulk_create(
        Workspace(uid=f"w{number:05}", display_name=f"Workspace {number}") for number in range(start, end)
    )


def make_members(cast: Cast, start: int, end: int) -> None:
    make_people(cast, start, end)
    crowd = User.objects.filter(username__startswith="user", memberships__isnull=True)
    Membership.objects.bulk_create(Membership(workspace=cast.workspace, user=user, role="VIEWER") for user in crowd)


def make_tokens(cast: Cast, start: int, end: int) -> None:
    Token.objects.bulk_create(
        Token(user=user, name=f"t{number}", digest=f"{user.username} {number}")
        for number in range(start, end)
        for user in (cast.admin, cast.owner)
    )


def make_entries(cast: Cast, start: int, end: int) -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(
            pk=4711 + number,
            actor_kind="person",
            actor="owner",
            verb="create",
            subject_kind="runtime",
            subject=f"workspaces/lab/runtimes/r-{number}",
            workspace="lab",
            after={"display_name": f"R {number}"},
        )
        for number in range(start, end)
    )


def make_images(cast: Cast, start: int, end: int) -> None:
    images = RuntimeImage.objects.bulk_create(
        RuntimeImage(workspace=cast.workspace, uid=f"i{number}", display_name=f"Image {number % 97}")
        for number in range(start, end)
    )
    Version.objects.bulk_create(
        Version(image=image, version=number, precedence=precedence(number), reference=f"h2oai/x:{number}")
        for image in images
        for number in ("v1.9.0", "v1.10.0")
    )


def make_versions(cast: Cast, start: int, end: int) -> None:
    image = RuntimeImage.objects.filter(uid="many").first() or make_image(cast.workspace, "many")
    Version.objects.bulk_create(
        Version(image=image, version=f"v1.{number}.0", precedence=precedence(f"v1.{number}.0"), reference=f"x:{number}")
        for number in range(start, end)
    )


def make_runtimes(cast: Cast, start: int, end: int) -> None:
    make_model_type()
    image = RuntimeImage.objects.filter(uid="shared").first() or make_image(cast.everyone, "shared", versions="v1.0.0")
    pinned = image.versions.get()
    Runtime.objects.bulk_create(
        Runtime(
            workspace=cast.workspace if number % 2 else cast.everyone,
            uid=f"r{number}",
            display_name=f"Runtime {number % 97}",
            model_type_id="h2o3_mojo",
            image=image,
            pinned_version=pinned if number % 4 < 2 else None,
        )
        for number in range(start, end)
    )


def make_rollouts(cast: Cast, start: int, end: int) -> None:
    deployment = live_deployment(cast)
    composition = deployment.compositions.get(position=0)
    rollouts = Rollout.objects.bulk_create(
        Rollout(deployment=deployment, number=number + 1, status="SUCCEEDED", started_by="owner")
        for number in range(start, end)
    )
    make_steps(composition.version, ((rollout, 0, composition) for rollout in rollouts))


def make_compositions(cast: Cast, start: int, end: int) -> None:
    """One deployment with many of them, and a rollout that moves them all."""
    deployment = live_deployment(cast)
    first = deployment.compositions.get(position=0)
    experiments = Experiment.objects.bulk_create(
        Experiment(workspace=cast.workspace, display_name=f"Experiment {number}") for number in range(start, end)
    )
    compositions = Composition.objects.bulk_create(
        Composition(
            deployment=deployment, position=number + 1, experiment=each, runtime=first.runtime, version=first.version
        )
        for number, each in enumerate(experiments, start=start)
    )
    rollout, _ = Rollout.objects.get_or_create(pk=4711, defaults={"deployment": deployment, "number": 1})
    make_steps(first.version, ((rollout, each.position, each) for each in compositions))


def make_deployments(cast: Cast, start: int, end: int) -> None:
    """Deployments with two compositions each, half of them with an upgrade available."""
    live = live_deployment(cast).compositions.get(position=0)
    newer = Version.objects.filter(version="v2.0.0").first() or make_version(live.version.image, "v2.0.0")
    deployments = Deployment.objects.bulk_create(
        Deployment(workspace=cast.workspace, display_name=f"Deployment {number % 97}", mode="SPLIT")
        for number in range(start, end)
    )
    Composition.objects.bulk_create(
        Composition(
            deployment=each,
            position=position,
            experiment=live.experiment,
            runtime=live.runtime,
            version=newer if each.pk % 2 else live.version,
        )
        for each in deployments
        for position in (0, 1)
    )


def make_experiments(cast: Cast, start: int, end: int) -> None:
    live_deployment(cast)
    Experiment.objects.bulk_create(
        Experiment(workspace=cast.workspace, display_name=f"Experiment {number % 97}", model_type_id="h2o3_mojo")
        for number in range(start, end)
    )


def make_happenings(cast: Cast, start: int, end: int) -> None:
    """What makes the history of one deployment long."""
    make_rollouts(cast, start, end)
    deployment = live_deployment(cast)
    Event.objects.bulk_create(
        Event(deployment=deployment, kind="created", sentence=f"Happening {number}") for number in range(start, end)
    )


def make_reachable(cast: Cast, start: int, end: int) -> None:
    """One deployment that has drifted, and versions that it may have drifted to."""
    deployment = live_deployment(cast)
    first = deployment.compositions.select_related("version__image").get(position=0)
    if not deployment.drift:
        make_drift(first, image="h2oai/live:0", replicas="3")
    Version.objects.bulk_create(
        Version(
            image=first.version.image,
            version=f"v0.{number}.0",
            precedence=precedence(f"v0.{number}.0"),
            reference=f"h2oai/live:{number}",
        )
        for number in range(start, end)
    )


def make_waiting(cast: Cast, start: int, end: int) -> None:
    """Deployments that wait for a worker, each with a rollout that nobody has begun, and what is over of others."""
    deployments = Deployment.objects.bulk_create(
        Deployment(workspace=cast.workspace, display_name=f"Deployment {number}", mode="SINGLE")
        for number in range(start, end)
    )
    Lease.objects.bulk_create(Lease(deployment=each) for each in deployments)
    Rollout.objects.bulk_create(Rollout(deployment=each, number=1, started_by="owner") for each in deployments)
    AuditEntry.objects.bulk_create(
        AuditEntry(verb="finish", subject_kind="rollout", subject=f"rollout {number}", after={"outcome": "SUCCEEDED"})
        for number in range(start, end)
    )


def live_deployment(cast: Cast) -> Deployment:
    found = Deployment.objects.filter(uid="live").first()
    return found or make_deployment(make_runtime(make_image(cast.workspace, "live", versions="v1.0.0")), uid="live")


def make_steps(version: Version, steps: Iterable[tuple[Rollout, int, Composition]]) -> None:
    RolloutStep.objects.bulk_create(
        RolloutStep(rollout=rollout, position=position, composition=composition, before=version, after=version)
        for rollout, position, composition in steps
    )


def cost(client: Client, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        response = client.get(path)
        assert response.status_code == 200
        if response.streaming:
            list(response.streaming_content)  # type: ignore[attr-defined]
    return len(queries)


PAGES: dict[str, Callable[[Cast, int, int], None]] = {
    "/": make_runtimes,
    "/people/": make_people,
    "/workspaces/": make_workspaces,
    "/workspaces/switch/?next=/workspaces/lab/runtimes/": make_workspaces,
    "/workspaces/lab/members/": make_members,
    "/tokens/": make_tokens,
    "/workspaces/lab/tokens/": make_tokens,
    "/workspaces/lab/audit/": make_entries,
    "/workspaces/lab/audit/?actor=owner": make_entries,
    "/workspaces/-/audit/": make_entries,
    "/workspaces/lab/audit/4711/": make_entries,
    "/workspaces/lab/audit/export.csv": make_entries,
    "/workspaces/lab/runtimes/": make_runtimes,
    "/workspaces/-/runtimes/": make_runtimes,
    "/workspaces/lab/runtimes/?q=run": make_runtimes,
    "/workspaces/lab/runtimes/count.html?q=run": make_runtimes,
    "/workspaces/lab/runtimes/?q=run&state=ACTIVE&model_type=h2o3_mojo&sort=-image": make_runtimes,
    "/workspaces/lab/runtimes/export.csv": make_runtimes,
    "/workspaces/lab/runtimes/new/": make_images,
    "/workspaces/lab/runtime-images/": make_images,
    "/workspaces/-/runtime-images/?sort=-current_version": make_images,
    "/workspaces/global/runtime-images/shared/": make_runtimes,
    "/model-types/": make_runtimes,
    "/workspaces/lab/deployments/": make_deployments,
    "/workspaces/-/deployments/?q=dep&mode=SPLIT&upgrade=yes&version=workspaces/lab/runtimeImages/live/versions/v1.0.0"
    "&sort=-upgrade": make_deployments,
    "/workspaces/lab/deployments/live/": make_happenings,
    "/workspaces/lab/deployments/live/?page=1": make_compositions,
    "/workspaces/lab/deployments/live/?drifted": make_reachable,
    "/workspaces/lab/deployments/live/adopt/": make_reachable,
    "/workspaces/lab/deployments/new/": make_runtimes,
    "/workspaces/lab/experiments/": make_experiments,
    "/workspaces/-/experiments/?q=exp&model_type=h2o3_mojo&sort=-deployments": make_experiments,
    "/workspaces/lab/runtime-images/live/": make_deployments,
    "/workspaces/lab/runtimes/mojo/": make_deployments,
    "/workspaces/lab/runtimes/mojo/disable/": make_deployments,
    "/workspaces/lab/rollouts/": make_rollouts,
    "/workspaces/-/rollouts/?status=SUCCEEDED&q=churn&sort=deployment": make_rollouts,
    "/workspaces/lab/rollouts/4711/": make_compositions,
    "/workspaces/lab/deployments/live/upgrade/": make_compositions,
    "/metrics": make_waiting,
}

LAB, ALL = "/api/runtime/v1/workspaces/lab", "/api/runtime/v1/workspaces/-"
DEPLOYER = "/api/deployer/v2"
# Several addresses for the same rows, as making those is what takes the time.
API: dict[Callable[[Cast, int, int], None], tuple[str, ...]] = {
    make_people: ("/api/authz/v1/users",),
    make_workspaces: ("/api/", "/api/authz/v1/workspaces", "/api/authz/v1/workspaces:count"),
    make_images: (f"{LAB}/runtimeImages", f"{ALL}/runtimeImages", f"{LAB}/runtimeImages:count"),
    make_versions: (f"{LAB}/runtimeImages/many/versions", f"{LAB}/runtimeImages/many/versions:count"),
    make_runtimes: (
        f"{LAB}/runtimes",
        f"{ALL}/runtimes",
        f"{LAB}/runtimes?filter=state = ACTIVE AND display_name:'run'&orderBy=state desc, create_time",
        f"{LAB}/runtimes:count",
        f"{LAB}/runtimes:count?filter=description != 'x'",
        "/api/deployer/v2/artifactCompositions",
    ),
    make_deployments: (
        f"{DEPLOYER}/workspaces/lab/deployments",
        f"{DEPLOYER}/workspaces/-/deployments?filter=deployment_type = AB_TEST&orderBy=creator, create_time desc",
        f"{DEPLOYER}/workspaces/lab/deployments:count",
    ),
    make_rollouts: (f"{DEPLOYER}/workspaces/lab/deployments/live/rollouts",),
}


@pytest.mark.parametrize("path", PAGES)
def test_more_rows_cost_no_more_queries(cast: Cast, path: str) -> None:
    # More than a page at either size: a list that fits on one is not counted.
    few, many = ({path: _sized(path, rows)} for rows in (25, 250))
    compare(cast, cast.client("admin"), PAGES[path], few, many)


def _sized(path: str, rows: int) -> str:
    return path if "export" in path else f"{path}{'&' if '?' in path else '?'}rows={rows}"


@pytest.mark.parametrize("make", API, ids=lambda make: str(make.__name__))
def test_more_rows_cost_programs_no_more_queries(cast: Cast, make: Callable[[Cast, int, int], None]) -> None:
    client = cast.api("admin").client
    # The first call notes that the token was used.
    client.get("/api/me")
    sized = {path: f"{path}{'&' if '?' in path else '?'}pageSize=1000" for path in API[make]}
    compare(cast, client, make, sized, sized)


def compare(
    cast: Cast,
    client: Client,
    make: Callable[[Cast, int, int], None],
    short: dict[str, str],
    long: dict[str, str],
) -> None:
    """Ask for lists when they are short and when they are long, and hold the costs against what is known."""
    make(cast, 0, 30)
    few = {path: cost(client, sized) for path, sized in short.items()}
    make(cast, 30, 10_000)
    with connection.cursor() as cursor:
        # As the server does by itself where rows are committed: without figures its plans are chance.
        cursor.execute("ANALYZE")
    assert {path: cost(client, sized) for path, sized in long.items()} == few
    if os.environ.get("QUERY_COUNTS") == "write":
        known = json.loads(COUNTS.read_text()) if COUNTS.exists() else {}
        COUNTS.write_text(json.dumps(known | few, indent=2, sort_keys=True) + "\n")
    known = json.loads(COUNTS.read_text())
    assert {path: known.get(path) for path in few} == few
