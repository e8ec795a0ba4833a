"""What the keys that are there stand for, as the worker made it out anew at each turn until now."""

from collections.abc import Iterator
from typing import Any

from django.apps.registry import Apps
from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from runtimes.rules.environment import resolve

ACTIVE = ("PENDING", "RUNNING", "PAUSED", "UNDOING")
AT_ONCE = 500


def fill(apps: Apps, _: BaseDatabaseSchemaEditor) -> None:
    spec = apps.get_model("deployments", "WorkloadSpec")
    files = apps.get_model("deployments", "Artifact").objects.filter(uploaded_at__isnull=False)
    artifacts = dict(files.order_by("uploaded_at", "pk").values_list("experiment_id", "uid"))
    rows = apps.get_model("deployments", "Composition").objects.select_related("deployment", "runtime", "version")
    steps = apps.get_model("deployments", "RolloutStep").objects.filter(rollout__status__in=ACTIVE)
    steps = {each.composition_id: each for each in steps.select_related("before", "after")}
    for each in rows.iterator(chunk_size=AT_ONCE):
        artifact = artifacts.get(each.experiment_id, "")
        spec.objects.bulk_create(
            spec(composition=each, key=key, content=_content(each, version, variables, artifact))
            for key, version, variables in _keys(each, steps.get(each.pk))
        )


def _keys(row: Any, step: Any) -> Iterator[tuple[str, Any, dict[str, str]]]:
    """Each key of a composition with its version and variables, templates as they stand."""
    now = {**row.runtime.environment_variables, **row.deployment.environment_variables}
    started_with = now if row.started_with is None else row.started_with
    yield row.workload, row.version, started_with
    if step is None:
        return
    for key, version, variables in (
        (step.old_workload, step.before, started_with),
        (step.new_workload, step.after, now),
        (step.again_workload, step.before, started_with),
    ):
        if key != row.workload:
            yield key, version, variables


def _content(row: Any, version: Any, variables: dict[str, str], artifact: str) -> dict[str, Any]:
    spec = row.options.get("kubernetesResourceSpec") or {}
    resources = spec.get("kubernetesResourceRequirements") or {}
    gpus = str((resources.get("limits") or {}).get("nvidia.com/gpu", "0"))
    return {
        "version": version.version,
        "image": version.reference,
        "environment": {name: resolve(value, int(gpus) if gpus.isdigit() else 0) for name, value in variables.items()},
        "readiness_path": version.readiness_probe_path or "/readyz",
        "replicas": int(spec.get("replicas", 1)),
        "artifact": artifact,
        "ready_within_seconds": settings.READY_SECONDS,
        "resources": {kind: each for kind, each in resources.items() if each},
        "architectures": version.architectures,
        "selector": row.runtime.selector,
        "volumes": row.runtime.volumes,
        "security_context": row.runtime.security_context or None,
        "data_read_only": bool(row.runtime.data_volume_read_only),
    }


class Migration(migrations.Migration):
    dependencies = [("deployments", "0002_workload_specs")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
