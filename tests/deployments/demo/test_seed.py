"""What the demo deploys: all modes, all reasons to upgrade, and models that can be scored."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from deployments import storage
from deployments.actions.plans import planned
from deployments.demo.history import RELEASES, as_of
from deployments.demo.models import MODELS, artifact
from deployments.demo.seed import seed_deployments
from deployments.engines.local.scorer.artifact import load
from deployments.engines.local.scorer.frames import Frame
from deployments.models import Artifact, Composition, Deployment, Experiment
from deployments.planning.steps import Code
from deployments.planning.targets import Latest
from mlops_console.actor import ActorKind, system
from mlops_console.models import AuditEntry
from mlops_console.serving.demo import CATALOGUE
from runtimes.actions.bootstrap import apply_values
from runtimes.bootstrap import read_values
from runtimes.demo.seed import DemoWorld, seed_demo
from runtimes.models import RuntimeImage, Version
from runtimes.rules.lifecycle import State

pytestmark = pytest.mark.django_db
BOOTSTRAP = system(ActorKind.BOOTSTRAP, "test")


@pytest.fixture
def world(tmp_path: Path, settings: Settings) -> DemoWorld:
    """People and workspaces of the demo, and nothing deployed."""
    settings.DATA_DIR = tmp_path
    return seed_demo(password="long enough for anybody")


def seed(world: DemoWorld, catalogue: Path | None = CATALOGUE) -> None:
    """Deploy."""
    seed_deployments(catalogue, world.workspace, world.other_workspace)


def test_a_dozen_deployments_of_all_modes_over_both_workspaces(world: DemoWorld) -> None:
    seed(world)
    rows = Deployment.objects.select_related("workspace")
    assert rows.count() == 12
    assert {each.workspace.uid for each in rows} == {world.workspace, world.other_workspace}
    assert {each.mode for each in rows} == {"SINGLE", "SPLIT", "SHADOW"}
    assert [each.display_name for each in rows if each.paused] == ["Store visits"]
    makers = set(rows.values_list("workspace__uid", "creator__username"))
    assert makers == {(world.workspace, "operator"), (world.other_workspace, "stranger")}


def test_several_can_be_upgraded_one_is_on_target_and_one_runs_what_is_disabled_by_now(world: DemoWorld) -> None:
    seed(world)
    steps = {
        each.display_name: planned(each, {"*": Latest()}).steps
        for each in Deployment.objects.select_related("workspace")
    }
    movable = {name for name, found in steps.items() if all(step.kind.moves for step in found)}
    assert {"Collections priority", "Loan applications", "Default probability", "Churn", "Next best offer"} <= movable
    there = {name for name, found in steps.items() if {step.code for step in found} == {Code.ALREADY_ON_TARGET}}
    assert {"Early warning", "Credit limits"} <= there
    states = Composition.objects.filter(deployment__display_name="Collections priority").values_list("version__state")
    assert list(states) == [("DISABLED",)]


def test_the_catalogue_is_whole_afterwards_and_has_a_version_to_try_the_undo_with(world: DemoWorld) -> None:
    seed(world)
    diff = apply_values(
        actor=BOOTSTRAP, values=read_values(CATALOGUE.read_bytes()), source="again", now=timezone.now(), dry_run=True
    )
    assert not diff.changes
    bad = Version.objects.get(reference__contains="-neverready")
    assert (bad.state, bad.image.uid) == ("DEPRECATED", "h2oai-h2o3mojo-scorer")
    assert Composition.objects.filter(version__image=bad.image).exists()
    assert not Composition.objects.filter(version=bad).exists()


def test_a_second_start_changes_nothing(world: DemoWorld) -> None:
    seed(world)
    before = [model.objects.count() for model in (Deployment, Experiment, Artifact, AuditEntry)]
    seed(world)
    assert [model.objects.count() for model in (Deployment, Experiment, Artifact, AuditEntry)] == before


def test_with_a_catalogue_of_ones_own_only_what_needs_none_is_deployed(world: DemoWorld) -> None:
    seed(world, None)
    assert [each.display_name for each in Deployment.objects.all()] == ["Credit limits"]
    assert not RuntimeImage.objects.filter(workspace__uid="global").exists()


def test_a_catalogue_that_is_there_already_is_left_as_it_is(world: DemoWorld) -> None:
    apply_values(actor=BOOTSTRAP, values=read_values(CATALOGUE.read_bytes()), source="file", now=timezone.now())
    before = AuditEntry.objects.filter(verb__in=["disable", "bootstrap"]).count()
    seed(world)
    assert AuditEntry.objects.filter(verb__in=["disable", "bootstrap"]).count() == before
    assert Deployment.objects.count() == 12


def test_every_artifact_can_be_served(world: DemoWorld) -> None:
    seed(world)
    for file in Artifact.objects.all():
        model, _ = load(str(storage.path_of(file.uid)))
        assert len(model.outputs) in (1, 2)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_challenger_answers_a_little_differently(name: str, tmp_path: Path) -> None:
    scores = []
    for shift in (0.0, 0.25):
        path = tmp_path / f"{shift}.zip"
        path.write_bytes(artifact(name, shift))
        model, _ = load(str(path))
        scores.append(model.score(Frame([field for field, _ in model.inputs], [model.sample()]))["score"])
    assert scores[0] != scores[1]


def test_the_catalogue_only_grows_from_release_to_release() -> None:
    today = read_values(CATALOGUE.read_bytes())
    known: set[tuple[str, str]] = set()
    for newest in RELEASES:
        then = as_of(today, newest)
        assert {each.state for each in (*then.images, *then.runtimes)} == {State.ACTIVE}
        assert {each.state for image in then.images for each in image.versions} == {State.ACTIVE}
        found = {(image.uid, each.version) for image in then.images for each in image.versions}
        assert known < found
        assert {(image, version) for image, version in newest.items()} <= found
        known = found
    assert known < {(image.uid, each.version) for image in today.images for each in image.versions}
