"""The Helm chart, rendered for tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
CHART: Final = ROOT / "charts" / "mlops-console"
VALUES: Final = Path(__file__).parent / "values"
RELEASE, NAMESPACE = "console", "mlops"
MINIMAL: Final = VALUES / "minimal.yaml"
CATALOGUE: Final = ROOT / "runtimes" / "demo" / "catalogue" / "values.yaml"
# What people install with; each is checked as a whole.
CASES: Final[Mapping[str, Sequence[Path]]] = {
    "minimal": [MINIMAL],
    "full": [VALUES / "full.yaml"],
    "one-namespace": [VALUES / "one-namespace.yaml"],
    "brought-along": [MINIMAL, VALUES / "brought-along.yaml"],
    "bare": [VALUES / "bare.yaml"],
}
KUBERNETES: Final = "1.36"  # what helm takes the cluster for where it is not asked

Manifest = dict[str, Any]


def at(path: Sequence[str], value: Any) -> Any:
    """Values in which this one stands at a path."""
    for key in reversed(path):
        value = {key: value}
    return value


def entry(*path: str, value: Any) -> Any:
    """Values with something in the catalogue, such as at `runtimes`, `a`, `state`."""
    return at(("config", "deployer", "composition", *path), value)


class Refused(Exception):
    """What helm said when it would not."""


@dataclass(frozen=True)
class Helm:
    """The program, working on the chart without a cluster."""

    program: str

    def lint(self, *files: Path) -> str:
        """What the linter says; raises Refused when it finds fault, warnings included."""
        return self._run("lint", "--strict", str(CHART), *_options(files))

    def render(
        self, *files: Path, given: Any = None, namespace: str = NAMESPACE, only: Sequence[str] = ()
    ) -> list[Manifest]:
        """The objects of a release, hooks included; `given` are values that win over those of the files."""
        shown = [f"--show-only=templates/{name}" for name in only]
        options = [*_options(files), *shown, f"--namespace={namespace}"]
        if given is not None:
            options.append("--values=-")
        return list(_documents(self._run("template", RELEASE, str(CHART), *options, given=yaml.safe_dump(given))))

    def _run(self, *arguments: str, given: str = "") -> str:
        done = subprocess.run([self.program, *arguments], input=given, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Refused(done.stdout + done.stderr)
        return done.stdout


def _options(files: Sequence[Path]) -> list[str]:
    return [f"--kube-version={KUBERNETES}", *(f"--values={file}" for file in files)]


def _documents(text: str) -> Iterator[Manifest]:
    return (document for document in yaml.safe_load_all(text) if document)


def one(manifests: Sequence[Manifest], kind: str, ending: str = "") -> Manifest:
    """The only object of a kind whose name ends so."""
    found = [each for each in manifests if each["kind"] == kind and each["metadata"]["name"].endswith(ending)]
    assert len(found) == 1, f"{len(found)} objects of kind {kind}"
    return found[0]


def pod_specs(manifests: Sequence[Manifest]) -> dict[str, Manifest]:
    """The pod of everything that makes pods, by the name of what makes it."""
    makers = [each for each in manifests if each["kind"] in {"Deployment", "Job"}]
    return {each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in makers}


def containers(pod: Manifest) -> list[Manifest]:
    """The containers of a pod, those that prepare it first."""
    return [*pod.get("initContainers", ()), *pod["containers"]]


def environment(container: Manifest) -> dict[str, Any]:
    """The variables of a container: a text, or where the value comes from."""
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}


def granted(manifests: Sequence[Manifest]) -> set[tuple[str, str]]:
    """What the worker's role lets it do: verbs with what they are for, such as `patch apps/deployments`."""
    rules = [rule for each in manifests if each["kind"] in {"Role", "ClusterRole"} for rule in each["rules"]]
    return {
        (verb, "/".join(filter(None, (group, resource))))
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
