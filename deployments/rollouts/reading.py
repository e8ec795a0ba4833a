"""From rows to the snapshot that a turn decides from."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from deployments import storage
from deployments.engines.contract import Workload
from deployments.models import Artifact, Composition, Deployment, Rollout, RolloutStep
from deployments.planning.modes import Mode
from deployments.rollouts.snapshot import Composed, Health, Intent, Phase, Snapshot, Status
from deployments.rollouts.snapshot import Rollout as RolloutFact
from deployments.rollouts.snapshot import Step as StepFact
from runtimes.models import Version
from runtimes.rules.environment import resolve

_READYZ = "/readyz"


def snapshot_of(key: int) -> tuple[Snapshot, Rollout | None] | None:
    """A deployment with its active rollout's row; None where it is gone."""
    deployment = Deployment.objects.select_related("workspace").filter(pk=key).first()
    if deployment is None:
        return None
    compositions = list(
        Composition.objects.filter(deployment=deployment)
        .select_related("experiment", "runtime", "version")
        .order_by("position")
    )
    artifacts = _artifacts(compositions)
    by_key = {each.pk: each for each in compositions}
    rollout = Rollout.objects.active().filter(deployment=deployment).first()
    fact = None
    if rollout is not None:
        steps = RolloutStep.objects.filter(rollout=rollout).select_related("before", "after").order_by("position")
        fact = RolloutFact(
            number=rollout.number,
            status=Status(rollout.status),
            intent=Intent(rollout.intent),
            intent_by=rollout.intent_by,
            intent_reason=rollout.intent_reason,
            cause=rollout.cause,
            steps=tuple(_step(deployment, by_key[each.composition_id], each, artifacts) for each in steps),
        )
    return Snapshot(
        name=deployment.uid,
        mode=Mode(deployment.mode),
        compositions=tuple(
            Composed(
                uid=each.uid,
                experiment=each.experiment.display_name,
                workload=_workload(deployment, each, each.version, each.workload, artifacts),
                weight=each.weight,
                is_mirror=each.is_mirror,
            )
            for each in compositions
        ),
        paused=deployment.paused,
        deleted=deployment.deleted_at is not None,
        health=Health(deployment.health),
        health_message=deployment.health_message,
        health_at=deployment.health_at,
        rollout=fact,
    ), rollout


def gpu_count(options: dict[str, Any]) -> int:
    """How many GPUs a composition asks for in its Kubernetes resources."""
    spec = options.get("kubernetesResourceSpec") or {}
    limits = (spec.get("kubernetesResourceRequirements") or {}).get("limits") or {}
    asked = str(limits.get("nvidia.com/gpu", "0"))
    return int(asked) if asked.isdigit() else 0


def _step(
    deployment: Deployment, composition: Composition, step: RolloutStep, artifacts: dict[int, Artifact]
) -> StepFact:
    def workload(version: Version, key: str) -> Workload:
        return _workload(deployment, composition, version, key, artifacts)

    return StepFact(
        position=step.position,
        composition=composition.uid,
        experiment=composition.experiment.display_name,
        phase=Phase(step.phase),
        phase_at=step.phase_at,
        old=workload(step.before, step.old_workload),
        new=workload(step.after, step.new_workload),
        again=workload(step.before, step.again_workload),
        undo_key=step.undo_workload,
    )


def _workload(
    deployment: Deployment, composition: Composition, version: Version, key: str, artifacts: dict[int, Artifact]
) -> Workload:
    runtime = composition.runtime
    gpus = gpu_count(composition.options)
    variables = {**runtime.environment_variables, **deployment.environment_variables}
    artifact = artifacts.get(composition.experiment_id)
    spec = composition.options.get("kubernetesResourceSpec") or {}
    return Workload(
        key=key,
        composition=composition.uid,
        version=version.version,
        image=version.reference,
        environment={name: resolve(value, gpus) for name, value in variables.items()},
        readiness_path=version.readiness_probe_path or _READYZ,
        replicas=int(spec.get("replicas", 1)),
        artifact=str(storage.path_of(artifact.uid)) if artifact else "",
        ready_within_seconds=settings.READY_SECONDS,
        selector=runtime.selector,
        volumes=runtime.volumes,
        security_context=runtime.security_context or None,
    )


def _artifacts(compositions: list[Composition]) -> dict[int, Artifact]:
    """The newest whole file of each experiment."""
    keys = [each.experiment_id for each in compositions]
    rows = Artifact.objects.filter(experiment__in=keys, uploaded_at__isnull=False).order_by("uploaded_at", "pk")
    return {each.experiment_id: each for each in rows if each.experiment_id is not None}
