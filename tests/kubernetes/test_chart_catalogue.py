"""The runtimes and runtime images of a values file, on their way through the chart to the bootstrap."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from runtimes.bootstrap import ValuesFaults, WantedImage, WantedRuntime, read_values
from tests.kubernetes.chart import (
    CATALOGUE,
    MINIMAL,
    VALUES,
    Helm,
    Manifest,
    Refused,
    containers,
    entry,
    one,
    pod_specs,
)

pytestmark = pytest.mark.kubernetes
BROUGHT_ALONG = VALUES / "brought-along.yaml"


def _sorted(text: bytes | str) -> tuple[list[WantedImage], list[WantedRuntime]]:
    values = read_values(text)
    return sorted(values.images, key=lambda each: each.uid), sorted(values.runtimes, key=lambda each: each.uid)


def _catalogue(rendered: list[Manifest]) -> str:
    told: str = one(rendered, "ConfigMap")["data"]["values.yaml"]
    return told


@pytest.mark.parametrize("file", [BROUGHT_ALONG, CATALOGUE], ids=["brought-along", "demo"])
def test_the_catalogue_arrives_as_it_was_given(helm: Helm, file: Path) -> None:
    # Helm sorts keys, which have no order.
    given, told = (_sorted(text) for text in (file.read_bytes(), _catalogue(helm.render(MINIMAL, file))))
    assert told == given


@pytest.mark.parametrize("file", [BROUGHT_ALONG, CATALOGUE], ids=["brought-along", "demo"])
@pytest.mark.django_db
def test_the_bootstrap_takes_it(helm: Helm, tmp_path: Path, file: Path) -> None:
    applied = tmp_path / "values.yaml"
    applied.write_text(_catalogue(helm.render(MINIMAL, file)))
    said = StringIO()
    call_command("bootstrap_runtimes", applied, "--dry-run", stdout=said)
    assert re.search(r"^[1-9][0-9]* would change, 0 unchanged, 0 held by people$", said.getvalue(), re.MULTILINE)


def test_only_our_keys_of_it_go_along(helm: Helm) -> None:
    told = json.loads(_catalogue(helm.render(MINIMAL, BROUGHT_ALONG)))
    assert set(told) == {"image", "config"}
    assert told["image"] == {"registry": "mirror.example.org"}
    assert set(told["config"]) == {"deployer"}
    assert set(told["config"]["deployer"]) == {"composition"}
    others = {key: value for key, value in told["config"]["deployer"]["composition"].items() if "runtime" not in key}
    assert others == {"storageSize": None, "credentials": None}


def test_without_sections_there_is_no_catalogue(helm: Helm) -> None:
    rendered = helm.render(MINIMAL, given={"config": {"deployer": {"composition": {"storageSize": "1Gi"}}}})
    job = one(rendered, "Job")["spec"]["template"]["spec"]
    assert "ConfigMap" not in {each["kind"] for each in rendered}
    assert [container["name"] for container in containers(job)] == ["migrate"]


def test_empty_sections_are_a_catalogue_without_entries(helm: Helm) -> None:
    told = read_values(_catalogue(helm.render(VALUES / "bare.yaml")))
    assert (told.images, told.runtimes) == ((), ())


@pytest.mark.parametrize("section", ["runtims", "runtimesImage", "runTimes"])
def test_a_misspelt_section_does_not_pass_for_a_removed_one(helm: Helm, section: str) -> None:
    """Everything in it would be disabled as removed from the file."""
    kept = "runtimes" if "mage" in section else "runtimeImages"
    try:
        told = _catalogue(helm.render(MINIMAL, given=entry(value={kept: {}, section: {}})))
    except Refused as refusal:
        assert "value must be one of 'runtimeImages', 'runtimes'" in str(refusal)  # noqa: PT017
        return
    with pytest.raises(ValuesFaults, match="This key is not known"):
        read_values(told)


def test_migrations_come_before_the_catalogue_and_both_before_the_release(helm: Helm) -> None:
    rendered = helm.render(MINIMAL, CATALOGUE)
    hooks = [one(rendered, kind)["metadata"]["annotations"] for kind in ("ConfigMap", "Job")]
    assert {each["helm.sh/hook"] for each in hooks} == {"pre-install,pre-upgrade,pre-rollback"}
    assert int(hooks[0]["helm.sh/hook-weight"]) < int(hooks[1]["helm.sh/hook-weight"])
    pod = pod_specs(rendered)["console-mlops-console-prepare"]
    assert [each["args"][2] for each in pod["initContainers"]] == ["migrate"]
    assert [each["args"][2] for each in pod["containers"]] == ["bootstrap_runtimes"]


def test_the_checksum_changes_with_the_catalogue_alone(helm: Helm) -> None:
    def checksums(given: Any = None) -> set[str]:
        rendered = helm.render(MINIMAL, CATALOGUE, given=given)
        job, web = one(rendered, "Job"), one(rendered, "Deployment", "-web")
        places = [job["spec"]["template"]["metadata"], one(rendered, "ConfigMap")["metadata"], web["metadata"]]
        assert "checksum/runtimes" not in web["spec"]["template"]["metadata"].get("annotations", {})
        return {place["annotations"]["checksum/runtimes"] for place in places}

    before = checksums()
    assert len(before) == 1
    assert checksums({"web": {"replicas": 3}, "logLevel": "DEBUG"}) == before
    reason = {"state": "DISABLED", "stateReason": "CVE-2026-0001"}
    after = checksums(entry("runtimeImages", "h2oai-mojo-scorer", value=reason))
    assert len(after) == 1
    assert after != before
    assert checksums({"image": {"registry": "mirror.example.org"}}) not in (before, after)


@pytest.mark.django_db
def test_a_fault_in_the_catalogue_ends_the_job_at_once(helm: Helm, tmp_path: Path) -> None:
    """What the schema cannot know, the bootstrap tells; its exit code is the one on which the Job gives up."""
    rendered = helm.render(MINIMAL, given=entry("runtimes", "a", value={"modelType": "m", "runtimeImage": "nowhere"}))
    applied = tmp_path / "values.yaml"
    applied.write_text(_catalogue(rendered))
    with pytest.raises(CommandError, match="This file has no runtime image") as fault:
        call_command("bootstrap_runtimes", applied)
    rule = one(rendered, "Job")["spec"]["podFailurePolicy"]["rules"][0]
    assert rule["onExitCodes"] == {"containerName": "bootstrap", "operator": "In", "values": [fault.value.returncode]}
