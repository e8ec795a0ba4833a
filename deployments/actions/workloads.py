"""What the keys of workloads stand for: written down as a key is made, so that no later edit reaches what runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from deployments.models import Artifact, Composition, Deployment, WorkloadSpec
from deployments.rollouts.contents import content_of
from runtimes.models import Version


@dataclass(frozen=True)
class Birth:
    """A new key of a composition, and the version that it stands for."""

    composition: Composition
    key: str
    version: Version


def keep_workloads(births: Sequence[Birth]) -> None:
    """Write down what new keys stand for as of now; deployment and runtime should have been read with compositions."""
    artifacts = _artifacts(each.composition for each in births)
    WorkloadSpec.objects.bulk_create(
        WorkloadSpec(
            composition=each.composition,
            key=each.key,
            content=_content(each.composition, each.version, artifacts.get(each.composition.experiment_id, "")),
        )
        for each in births
    )


def repeat_workloads(deployment: Deployment, keys: Mapping[str, str]) -> None:
    """Let keys stand for what others of a deployment do, by the new key with the other one."""
    rows = WorkloadSpec.objects.filter(composition__deployment=deployment, key__in=set(keys.values()))
    specs = {each.key: each for each in rows}
    WorkloadSpec.objects.bulk_create(
        WorkloadSpec(composition_id=specs[old].composition_id, key=new, content=specs[old].content)
        for new, old in keys.items()
    )


def restart_workloads(deployment: Deployment, mark: str) -> None:
    """Give each composition a new key, so that it starts anew with the settings of now."""
    compositions = list(deployment.compositions.select_related("deployment", "runtime", "version"))
    for each in compositions:
        each.workload = f"{each.uid}-{mark}"
    Composition.objects.bulk_update(compositions, ["workload"])
    WorkloadSpec.objects.unused(deployment).delete()
    keep_workloads([Birth(each, each.workload, each.version) for each in compositions])


def _content(composition: Composition, version: Version, artifact: str) -> dict[str, Any]:
    runtime, deployment = composition.runtime, composition.deployment
    return content_of(
        version=version.version,
        image=version.reference,
        variables={**runtime.environment_variables, **deployment.environment_variables},
        readiness_path=version.readiness_probe_path,
        architectures=version.architectures,
        options=composition.options,
        artifact=artifact,
        ready_within_seconds=settings.READY_SECONDS,
        selector=runtime.selector,
        volumes=runtime.volumes,
        security_context=runtime.security_context,
        data_read_only=bool(runtime.data_volume_read_only),
    )


def _artifacts(compositions: Iterable[Composition]) -> dict[int, str]:
    """The newest whole file of each experiment."""
    keys = {each.experiment_id for each in compositions}
    rows = Artifact.objects.filter(experiment__in=keys, uploaded_at__isnull=False).order_by("uploaded_at", "pk")
    return dict(rows.values_list("experiment_id", "uid"))
