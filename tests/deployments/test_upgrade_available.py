"""Whether an upgrade is available is asked of the database for thousands and of the plan for one: they must agree."""

from __future__ import annotations

from typing import Any

import pytest

from deployments.lists import DeploymentFilter, deployment_list, deployment_rows
from deployments.models import Composition, Deployment
from deployments.planning import upgrade_available
from deployments.queries import moved_by_latest, with_latest
from deployments.snapshots import deployment_facts
from mlops_console.keyset import queryset_of
from mlops_console.queries import scope_for
from tests.cast import Cast
from tests.factories import make_deployment, make_image, make_runtime, make_version

pytestmark = pytest.mark.django_db
DISABLED, DEPRECATED = {"api_state": "DISABLED"}, {"api_state": "DEPRECATED"}

# versions with their states, what runs, pin, fields of runtime and image, the version that Latest leads to
CASES = [
    pytest.param({"v1.0.0": {}}, "v1.0.0", "", {}, {}, "v1.0.0", id="runs the current version"),
    pytest.param({"v1.0.0": {}, "v1.1.0": {}}, "v1.0.0", "", {}, {}, "v1.1.0", id="a higher one is current"),
    pytest.param({"v1.9.0": {}, "v1.10.0": {}}, "v1.9.0", "", {}, {}, "v1.10.0", id="numbers are no texts"),
    pytest.param({"v1.0.0": {}, "v1.1.0": DISABLED}, "v1.0.0", "", {}, {}, "v1.0.0", id="the higher one is disabled"),
    pytest.param(
        {"v1.0.0": {}, "v1.1.0": DISABLED}, "v1.1.0", "", {}, {}, "v1.0.0", id="what runs is disabled: downwards"
    ),
    pytest.param(
        {"v1.0.0": {}, "v1.1.0": DEPRECATED}, "v1.1.0", "", {}, {}, "v1.0.0", id="what runs is deprecated: downwards"
    ),
    pytest.param(
        {"v1.0.0": DEPRECATED, "v1.1.0": DEPRECATED}, "v1.0.0", "", {}, {}, "v1.1.0", id="only deprecated ones"
    ),
    pytest.param({"v1.0.0": DISABLED}, "v1.0.0", "", {}, {}, None, id="none is usable"),
    pytest.param({"v1.0.0": {}, "v1.1.0-rc.1": {}}, "v1.0.0", "", {}, {}, "v1.1.0-rc.1", id="a pre-release"),
    pytest.param({"v1.0.0": {}, "v1.1.0": {}}, "v1.0.0", "", DISABLED, {}, None, id="the runtime is disabled"),
    pytest.param({"v1.0.0": {}, "v1.1.0": {}}, "v1.0.0", "", DEPRECATED, {}, "v1.1.0", id="the runtime is deprecated"),
    pytest.param({"v1.0.0": {}, "v1.1.0": {}}, "v1.0.0", "", {}, DISABLED, None, id="the image is disabled"),
    pytest.param({"v1.0.0": {}, "v1.1.0": {}}, "v1.0.0", "v1.0.0", {}, {}, "v1.0.0", id="pinned to what runs"),
    pytest.param({"v1.0.0": {}, "v1.1.0": {}}, "v1.1.0", "v1.0.0", {}, {}, "v1.0.0", id="pinned lower: downwards"),
    pytest.param({"v1.0.0": {}, "v1.1.0": {}}, "v1.0.0", "v1.1.0", {}, {}, "v1.1.0", id="pinned higher"),
    pytest.param(
        {"v1.0.0": {}, "v1.1.0": DISABLED}, "v1.0.0", "v1.1.0", {}, {}, None, id="pinned to a disabled version"
    ),
    pytest.param(
        {"v1.0.0": {}, "v1.1.0": {}}, "v1.0.0", "v1.1.0", {}, DISABLED, None, id="pinned, the image is disabled"
    ),
    pytest.param(
        {"v1.0.0": {}, "v1.1.0": {}}, "v1.0.0", "v1.1.0", DISABLED, {}, None, id="pinned, the runtime is disabled"
    ),
]


@pytest.mark.parametrize(("versions", "runs", "pin", "runtime", "image", "latest"), CASES)
def test_the_database_and_the_plan_agree(
    cast: Cast,
    versions: dict[str, dict[str, str]],
    runs: str,
    pin: str,
    runtime: dict[str, Any],
    image: dict[str, Any],
    latest: str | None,
) -> None:
    family = make_image(cast.workspace, **image)
    made = {number: make_version(family, number, **fields) for number, fields in versions.items()}
    row = make_runtime(family, pinned_version=made[pin] if pin else None, **runtime)
    deployment = make_deployment(row, version=made[runs])
    expected = latest not in (None, runs)

    facts, world = deployment_facts([deployment])
    assert upgrade_available(facts[0].compositions[0], world) is expected
    found = with_latest(Composition.objects.all()).get()
    assert found.latest_id == (made[latest].pk if latest else None)
    assert moved_by_latest(Composition.objects.all()).exists() is expected
    assert [row.upgrade_available for row in deployment_rows([deployment.pk])] == [expected]
    scope = scope_for(cast.actor("viewer"), "lab")
    for asked in (True, False):
        listed = deployment_list(scope, DeploymentFilter(upgrade_available=asked))
        assert list(queryset_of(listed)) == ([deployment] if asked is expected else [])


def test_a_version_of_another_image_leads_back_to_the_runtime_s_own(cast: Cast) -> None:
    other = make_image(cast.workspace, "other", versions="v9.0.0")
    own = make_image(cast.workspace, versions="v1.0.0")
    deployment = make_deployment(make_runtime(own), version=other.versions.get())
    assert with_latest(Composition.objects.all()).get().latest_id == own.versions.get().pk
    facts, world = deployment_facts([deployment])
    assert upgrade_available(facts[0].compositions[0], world)


def test_one_composition_to_move_is_enough_and_what_is_deleted_does_not_count(cast: Cast) -> None:
    image = make_image(cast.workspace, versions="v1.0.0 v1.1.0")
    old, new = image.versions.get(version="v1.0.0"), image.versions.get(version="v1.1.0")
    runtime = make_runtime(image)
    half = make_deployment(runtime, name="half", version=new)
    half.compositions.create(
        position=1, experiment=half.compositions.get().experiment, runtime=runtime, version=old, workload="x"
    )
    gone = make_deployment(runtime, name="gone", version=old)
    Deployment.objects.filter(pk=gone.pk).update(deleted_at=gone.created_at)
    scope = scope_for(cast.actor("viewer"), "lab")
    assert list(queryset_of(deployment_list(scope, DeploymentFilter(upgrade_available=True)))) == [half]


def test_what_another_workspace_pins_says_nothing_about_this_one(cast: Cast) -> None:
    image = make_image(cast.everyone, versions="v1.0.0 v1.1.0")
    old = image.versions.get(version="v1.0.0")
    follows = make_deployment(make_runtime(image, workspace=cast.workspace), name="follows", version=old)
    pinned = make_runtime(image, "pinned", workspace=cast.other, pinned_version=old)
    held = make_deployment(pinned, name="held", version=old)
    everywhere = scope_for(cast.actor("admin"), "-")
    assert list(queryset_of(deployment_list(everywhere, DeploymentFilter(upgrade_available=True)))) == [follows]
    assert list(queryset_of(deployment_list(everywhere, DeploymentFilter(upgrade_available=False)))) == [held]
