"""A database filled by COPY is one that the console itself could have written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from bench.load import Sizes, fill
from bench.loading.copying import bare, copy
from bench.loading.deployments import LARGE, SMALL
from deployments.models import Composition, Deployment, Event, Experiment, Lease, WorkloadSpec
from deployments.planning.matching import match_one
from deployments.planning.modes import Mode, mode_fault
from deployments.snapshots import candidates_of
from mlops_console.actor import ActorKind, system
from mlops_console.models import GLOBAL, AuditEntry, Membership, User, Workspace
from runtimes.actions.runtimes import create_runtime, normalised, spec_of
from runtimes.models import Runtime, RuntimeImage, Version
from runtimes.models.layered import Layered
from runtimes.rules import names
from runtimes.rules.lifecycle import check_reason
from runtimes.rules.runtime import RuntimeSpec, faults
from runtimes.rules.versions import parse_reference, precedence, version_for

pytestmark = pytest.mark.django_db
SIZES = Sizes(runtimes=1_200, deployments=60, compositions=160, large=40, audit=500)
SEED = 7
TABLES: tuple[type[Model], ...] = (
    User,
    Workspace,
    Membership,
    RuntimeImage,
    Version,
    Runtime,
    Experiment,
    Deployment,
    Composition,
    WorkloadSpec,
    Lease,
    Event,
    AuditEntry,
)
# Forms may not leave these empty; the console itself does.
BLANK: dict[type[Model], tuple[str, ...]] = {
    AuditEntry: ("before", "after"),
    Workspace: ("creator", "updater"),
}
PLACE = "/workspaces/retail-risk"
PAGES = (
    "/",
    "/workspaces/",
    "/workspaces/-/runtimes/",
    f"{PLACE}/runtimes/?q=credit",
    "/workspaces/-/runtime-images/",
    "/workspaces/global/runtime-images/",
    "/workspaces/-/deployments/",
    f"{PLACE}/experiments/",
    "/workspaces/-/rollouts/",
    "/workspaces/-/audit/",
    f"{PLACE}/members/",
    "/people/",
    f"{PLACE}/deployments/{LARGE}/",
    f"{PLACE}/deployments/{SMALL}/upgrade/",
)
_SCHEMA = """
    SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class c ON c.oid = indrelid
    WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT conrelid::regclass || conname || pg_get_constraintdef(oid) || convalidated FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    ORDER BY 1
"""


def asked(statement: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [str(row[0]) for row in cursor.fetchall()]


def digest(model: type[Model]) -> str:
    table = model._meta.db_table
    rows = asked(f"SELECT md5(string_agg(t::text, '\n' ORDER BY t::text)) FROM {table} t")  # noqa: S608 - our own table
    return rows[0]


def sample(model: type[Model], count: int = 40) -> Iterator[Model]:
    keys = list(model._default_manager.order_by("pk").values_list("pk", flat=True))
    yield from model._default_manager.filter(pk__in=keys[:: max(1, len(keys) // count)])


def test_the_rows_are_as_many_as_were_asked_for_and_every_constraint_is_back() -> None:
    before = asked(_SCHEMA)
    fill(SIZES, SEED)
    assert asked(_SCHEMA) == before
    assert Runtime.objects.count() == SIZES.runtimes
    assert Deployment.objects.count() == SIZES.deployments
    assert Lease.objects.count() == SIZES.deployments
    assert Composition.objects.count() == WorkloadSpec.objects.count() == SIZES.compositions
    assert Deployment.objects.get(uid=LARGE).compositions.count() == SIZES.large
    assert Deployment.objects.get(uid=SMALL).compositions.count() == 2
    assert AuditEntry.objects.count() == SIZES.audit
    assert Workspace.objects.count() == 200
    used = Runtime.objects.order_by().values_list("workspace", "model_type", "state", "platform_state")
    workspaces, model_types, states, platform_states = (set(column) for column in zip(*used, strict=True))
    assert (len(workspaces), len(model_types), len(states), len(platform_states)) == (200, 20, 3, 4)


def test_the_same_seed_writes_the_same_rows() -> None:
    def filled(seed: int) -> dict[str, str]:
        with transaction.atomic():
            fill(SIZES, seed)
            found = {model.__name__: digest(model) for model in TABLES}
            transaction.set_rollback(True)
        return found

    once = filled(SEED)
    assert filled(SEED) == once
    assert filled(SEED + 1)["Runtime"] != once["Runtime"]


def test_rows_pass_the_checks_of_their_models() -> None:
    fill(SIZES, SEED)
    for model in TABLES:
        for row in sample(model):
            row.full_clean(exclude=BLANK.get(model))


def test_rows_keep_the_rules_of_the_actions() -> None:
    fill(SIZES, SEED)
    everyone = Workspace.objects.get(uid=GLOBAL)
    for runtime in Runtime.objects.select_related("workspace", "image", "pinned_version"):
        names.check_uid(runtime.uid)
        spec = spec_of(runtime)
        assert faults(spec) == {}
        assert normalised(spec) == {name: getattr(runtime, name) for name in normalised(spec)}
        assert runtime.image.workspace_id in (runtime.workspace_id, everyone.pk)
        assert runtime.pinned_version is None or runtime.pinned_version.image_id == runtime.image_id
        assert runtime.created_at <= runtime.updated_at
        keeps_layers(runtime, managed=runtime.workspace_id == everyone.pk)
    for image in RuntimeImage.objects.select_related("workspace"):
        names.check_uid(image.uid)
        keeps_layers(image, managed=image.workspace_id == everyone.pk)
    for version in Version.objects.select_related("image"):
        assert version_for(parse_reference(version.reference)) == version.version
        assert precedence(version.version) == version.precedence
        keeps_layers(version, managed=version.image.workspace_id == everyone.pk)


def keeps_layers(row: Layered, *, managed: bool) -> None:
    assert row.managed_by_bootstrap is managed
    assert row.state == row.layers.effective
    assert (
        bool(row.api_reason) is bool(row.api_state_by) is (row.api_state_at is not None) is (row.api_state != "ACTIVE")
    )
    for reason in filter(None, (row.api_reason, row.platform_reason)):
        check_reason(reason)


def test_deployments_keep_the_rules_of_the_actions() -> None:
    fill(SIZES, SEED)
    for deployment in Deployment.objects.exclude(uid=LARGE):
        compositions = list(
            deployment.compositions.select_related("experiment", "runtime", "version").order_by("position")
        )
        assert mode_fault(Mode(deployment.mode), [each.weight for each in compositions]) == ""
        assert deployment.paused is (deployment.health == "STOPPED")
        candidates, world = candidates_of(Runtime.objects.filter(compositions__in=compositions).distinct())
        by_name = {each.runtime.name: each for each in candidates}
        for composition in compositions:
            experiment = composition.experiment
            answer = match_one(
                by_name[composition.runtime.name], world, experiment.model_type_id or "", experiment.metadata
            )
            assert answer.ok, answer.why_not
            assert experiment.workspace_id == deployment.workspace_id
            assert composition.runtime.workspace.uid in (GLOBAL, deployment.workspace.uid)
            assert composition.is_mirror is (deployment.mode == "SHADOW" and composition.position > 0)


def test_pages_show_what_was_loaded() -> None:
    fill(SIZES, SEED)
    client = Client()
    admin = User.objects.create_user("reader", is_platform_admin=True)
    client.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
    assert {path: client.get(path).status_code for path in PAGES} == dict.fromkeys(PAGES, 200)


def test_programs_read_what_was_loaded_and_write_behind_it() -> None:
    fill(SIZES, SEED)
    actor = system(ActorKind.COMMAND, "test")
    workspace, image = Workspace.objects.get(uid="retail-risk"), RuntimeImage.objects.filter(workspace__uid=GLOBAL)[0]
    made = create_runtime(
        actor=actor,
        workspace=workspace,
        model_type="onnx",
        runtime_image=f"workspaces/global/runtimeImages/{image.uid}",
        spec=RuntimeSpec(display_name="One more"),
        now=timezone.now(),
    )
    assert made.pk == SIZES.runtimes + 1
    assert AuditEntry.objects.order_by("-pk")[0].pk == SIZES.audit + 1


def test_a_row_that_breaks_a_constraint_is_refused() -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), bare([Membership]):
        copy(Membership, ("workspace_id", "user_id", "role"), [(4711, 4711, "VIEWER")])
