"""The control plane that other tests rely on: its controllers, the images that kwok plays, its own life."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kubernetes.control_plane import ControlPlane
from tests.mlops_console.machine import eventually, needs_proc, processes_naming

pytestmark = pytest.mark.kubernetes
ROOT = Path(__file__).parents[2]
IMAGE = "registry.example.org:5000/h2oai/scorer{}:1.0.0"
ANOTHER = """
import sys
from tests.kubernetes.binaries import find
from tests.kubernetes.control_plane import ControlPlane
plane = ControlPlane(find())
plane.start()
print(plane.folder, flush=True)
sys.stdin.readline()
plane.close()
"""
Make = Callable[..., "Workload"]


class Workload:
    """A deployment called `scorer` in a namespace."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self.plane, self.namespace = plane, namespace

    def wait(self, condition: str) -> None:
        self.plane.kubectl(
            "wait", "deployment/scorer", "-n", self.namespace, f"--for=condition={condition}", "--timeout=60s"
        )

    def pods(self) -> list[dict[str, Any]]:
        return list(self.plane.get("pods", "-n", self.namespace)["items"])

    def shows(self, what: Callable[[dict[str, Any]], object]) -> bool:
        """Whether every pod there is comes to show something."""
        return eventually(lambda: (pods := self.pods()) and all(map(what, pods)), seconds=60)

    def events(self) -> set[tuple[str, str]]:
        return {(one["reason"], one["message"]) for one in self.plane.get("events", "-n", self.namespace)["items"]}


@pytest.fixture
def make(control_plane: ControlPlane, namespace: str) -> Make:
    """Makes the deployment, of an image that behaves so."""

    def deployment(kind: str = "", replicas: int = 1, container: dict[str, Any] | None = None, **pod: Any) -> Workload:
        labels = {"app": "scorer"}
        spec = {"containers": [{"name": "scorer", "image": IMAGE.format(kind), **(container or {})}], **pod}
        manifest = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "scorer", "namespace": namespace},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": spec},
            },
        }
        control_plane.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))
        return Workload(control_plane, namespace)

    return deployment


def condition(pod: dict[str, Any], kind: str) -> dict[str, Any]:
    return next((one for one in pod["status"].get("conditions", ()) if one["type"] == kind), {})


def container(pod: dict[str, Any]) -> dict[str, Any]:
    statuses: list[dict[str, Any]] = pod["status"].get("containerStatuses", [])
    return statuses[0] if statuses else {"state": {}, "restartCount": 0}


def waits_for(reason: str) -> Callable[[dict[str, Any]], bool]:
    return lambda pod: container(pod)["state"].get("waiting", {}).get("reason") == reason


def test_it_is_of_a_real_version(control_plane: ControlPlane) -> None:
    said = json.loads(control_plane.kubectl("get", "--raw=/version"))
    assert re.fullmatch(r"v1\.\d+\.\d+", said["gitVersion"])


def test_two_replicas_become_available_and_are_addressed(
    control_plane: ControlPlane, namespace: str, make: Make
) -> None:
    work = make(replicas=2)
    control_plane.kubectl("expose", "deployment", "scorer", "-n", namespace, "--port=8080")
    control_plane.kubectl("create", "pdb", "scorer", "-n", namespace, "--selector=app=scorer", "--min-available=1")
    work.wait("Available")

    assert work.shows(lambda pod: condition(pod, "Ready")["status"] == "True")
    addresses = {pod["status"]["podIP"] for pod in work.pods()}
    assert len(addresses) == 2

    def addressed() -> set[str]:
        slices = control_plane.get("endpointslices", "-n", namespace)["items"]
        ends = [end for one in slices for end in one["endpoints"] or () if end["conditions"]["ready"]]
        return {address for end in ends for address in end["addresses"]}

    assert eventually(lambda: addressed() == addresses, seconds=60)
    wanted = "--for=jsonpath={.status.disruptionsAllowed}=1"
    control_plane.kubectl("wait", "pdb/scorer", "-n", namespace, wanted, "--timeout=60s")


def test_an_upgrade_replaces_the_pods(control_plane: ControlPlane, namespace: str, make: Make) -> None:
    work = make(replicas=2)
    work.wait("Available")
    control_plane.kubectl("set", "image", "deployment/scorer", "-n", namespace, f"scorer={IMAGE.format('-slow-1')}")
    control_plane.kubectl("rollout", "status", "deployment/scorer", "-n", namespace, "--timeout=60s")

    assert work.shows(lambda pod: container(pod).get("image") == IMAGE.format("-slow-1"))
    assert len(work.pods()) == 2


def test_a_pod_goes_where_its_architecture_is(make: Make) -> None:
    work = make(nodeSelector={"kubernetes.io/arch": "arm64"})
    assert work.shows(lambda pod: pod["spec"].get("nodeName", "").startswith("arm64-"))


def test_a_pod_that_fits_nowhere_is_unschedulable(make: Make) -> None:
    work = make(container={"resources": {"requests": {"cpu": "1000"}}})
    assert work.shows(lambda pod: condition(pod, "PodScheduled").get("reason") == "Unschedulable")


def test_a_quota_stops_the_replica_set(control_plane: ControlPlane, namespace: str, make: Make) -> None:
    control_plane.kubectl("create", "quota", "none", "-n", namespace, "--hard=pods=0")
    make().wait("ReplicaFailure")


def test_a_slow_image_is_not_ready_at_once(make: Make) -> None:
    work = make("-slow-4")
    assert work.shows(lambda pod: condition(pod, "Ready").get("reason") == "ContainersNotReady")
    work.wait("Available")


@pytest.mark.parametrize(("probe", "said"), [("readinessProbe", "Readiness"), ("startupProbe", "Startup")])
def test_an_image_that_is_never_ready_says_why(make: Make, probe: str, said: str) -> None:
    work = make("-neverready", container={probe: {"httpGet": {"path": "/readyz", "port": 8080}}})
    message = f"{said} probe failed: HTTP probe failed with statuscode: 503"

    assert eventually(lambda: ("Unhealthy", message) in work.events(), seconds=60)
    [pod] = work.pods()
    assert pod["status"]["phase"] == "Running"
    assert condition(pod, "Ready")["status"] == "False"
    assert container(pod)["started"] is (probe == "readinessProbe")


def test_an_image_that_cannot_be_pulled_says_so(make: Make) -> None:
    work = make("-badimage")

    assert work.shows(waits_for("ImagePullBackOff"))
    [pod] = work.pods()
    assert pod["status"]["phase"] == "Pending"
    assert f'Back-off pulling image "{IMAGE.format("-badimage")}"' in container(pod)["state"]["waiting"]["message"]
    assert eventually(lambda: ("Failed", "Error: ErrImagePull") in work.events(), seconds=60)


def test_an_image_that_crashes_is_started_again_and_then_backs_off(make: Make) -> None:
    work = make("-crash-1")
    work.wait("Available")

    assert work.shows(waits_for("CrashLoopBackOff"))
    [pod] = work.pods()
    assert container(pod)["restartCount"] >= 1
    assert container(pod)["lastState"]["terminated"]["exitCode"] == 3
    assert ("BackOff", "Back-off restarting failed container") in work.events()
    # It is tried again, and comes to the same end.
    assert work.shows(lambda pod: container(pod)["restartCount"] >= 2)


def test_a_job_is_done(control_plane: ControlPlane, namespace: str) -> None:
    control_plane.kubectl("create", "job", "migrate", "-n", namespace, f"--image={IMAGE.format('')}")
    control_plane.kubectl("wait", "job/migrate", "-n", namespace, "--for=condition=Complete", "--timeout=60s")


def test_what_is_deleted_takes_its_dependents_along(control_plane: ControlPlane, namespace: str, make: Make) -> None:
    work = make(replicas=2)
    work.wait("Available")
    control_plane.kubectl("delete", "deployment", "scorer", "-n", namespace)
    assert eventually(lambda: not control_plane.get("replicasets,pods", "-n", namespace)["items"], seconds=60)


def test_the_gateway_api_is_known(control_plane: ControlPlane, namespace: str) -> None:
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "scorer", "namespace": namespace},
        "spec": {"rules": [{"backendRefs": [{"name": "scorer", "port": 8080, "weight": 30}]}]},
    }
    control_plane.kubectl("apply", "-f", "-", stdin=json.dumps(route))
    route["spec"] = {"rules": [{"backendRefs": [{"name": "scorer", "port": 8080, "weight": -1}]}]}
    with pytest.raises(subprocess.CalledProcessError):
        control_plane.kubectl("apply", "-f", "-", stdin=json.dumps(route))


def test_a_restart_of_the_api_server_loses_nothing(control_plane: ControlPlane, namespace: str, make: Make) -> None:
    work = make(replicas=2)
    address = control_plane.url
    with control_plane.without_api_server(), pytest.raises(subprocess.CalledProcessError):
        control_plane.kubectl("get", "namespaces")

    assert control_plane.url == address
    work.wait("Available")
    control_plane.kubectl("scale", "deployment", "scorer", "-n", namespace, "--replicas=4")
    control_plane.kubectl("rollout", "status", "deployment/scorer", "-n", namespace, "--timeout=60s")


def test_a_service_account_may_do_what_it_was_given(control_plane: ControlPlane, namespace: str) -> None:
    account = control_plane.kubeconfig_for(namespace, "default")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        control_plane.get("pods", kubeconfig=account)
    assert "Forbidden" in refused.value.stderr

    control_plane.kubectl("create", "role", "reader", "-n", namespace, "--verb=list", "--resource=pods")
    given = ("--role=reader", f"--serviceaccount={namespace}:default")
    control_plane.kubectl("create", "rolebinding", "reader", "-n", namespace, *given)
    assert eventually(lambda: _may_list_pods(control_plane, account), seconds=60)


def _may_list_pods(plane: ControlPlane, account: Path) -> bool:
    try:
        plane.get("pods", kubeconfig=account)
    except subprocess.CalledProcessError:
        return False
    return True


def test_requests_are_counted_by_who_asked(control_plane: ControlPlane, namespace: str) -> None:
    user = f"system:serviceaccount:{namespace}:default"
    account = control_plane.kubeconfig_for(namespace, "default")
    assert control_plane.requests_served(user=user) == 0

    for _ in range(3):
        with pytest.raises(subprocess.CalledProcessError):
            control_plane.kubectl("get", "--raw", f"/api/v1/namespaces/{namespace}/pods/one", kubeconfig=account)
    assert eventually(lambda: control_plane.requests_served(user=user) == 3)
    assert {str(one) for one in control_plane.requests(user=user)} == {f"get {namespace}/pods/one 403"}
    assert control_plane.requests_served(user=user, user_agent="kubectl") == 3
    assert control_plane.requests_served(user=user, user_agent="another") == 0


def test_a_watch_is_one_request(control_plane: ControlPlane, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/pods?watch=true&timeoutSeconds=1"
    control_plane.kubectl("get", "--raw", path)

    def watches() -> list[str]:
        ours = [one for one in control_plane.requests(user="admin") if one.namespace == namespace]
        return [str(one) for one in ours if one.verb == "watch"]

    assert eventually(lambda: watches() == [f"watch {namespace}/pods 200"])


@needs_proc
@pytest.mark.parametrize("killed", [False, True])
def test_it_leaves_no_process_when_closed_nor_when_killed(control_plane: ControlPlane, killed: bool) -> None:
    command = [sys.executable, "-c", ANOTHER]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin
        assert other.stdout
        folder = Path(other.stdout.readline().strip())
        assert len(processes_naming(folder)) == 5
        if killed:
            other.kill()
        else:
            other.stdin.close()
    assert eventually(lambda: not processes_naming(folder))
    assert folder.exists() == killed
    shutil.rmtree(folder, ignore_errors=True)
    assert control_plane.get("namespaces")["items"]
