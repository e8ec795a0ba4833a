"""What keeps a workload from being ready, read from what its cluster shows, as a sentence for people; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from lightkube.models.core_v1 import ContainerStateTerminated, ContainerStatus
from lightkube.resources.core_v1 import Pod

from deployments.engines.kubernetes import names
from deployments.engines.kubernetes.pictures import Composed
from deployments.engines.kubernetes.runs import Run

LONGEST_WORDS: Final = 300
_ON_ITS_WAY: Final = ("ContainerCreating", "PodInitializing")
_PULLING: Final = (
    "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError",
    "RegistryUnavailable", "SignatureValidationFailed",
)  # fmt: skip
_MEANINGS: Final = {
    126: "not executable", 127: "no such program", 134: "aborted", 137: "killed", 139: "segmentation fault",
    143: "asked to end",
}  # fmt: skip
# What runtimes and kubelets put before the reason proper.
_BEFORE_THE_REASON: Final = re.compile(
    r'(Back-off pulling image "[^"]*"(: )?|\w*ErrImage\w*: |rpc error: code = \w+ desc = |Error: '
    r'|failed to pull and unpack image "[^"]*": |failed to (resolve|copy)( reference| image)?( "[^"]*")?: )+'
)
_REFUSED: Final = re.compile(r'(Internal error occurred: )?(pods "[^"]*" is forbidden|error looking up [^:]*): ')
_PROBE: Final = re.compile(
    r"(?P<probe>Readiness|Startup|Liveness) probe (failed|errored)[^:]*: (?P<answer>.*)", re.DOTALL
)
_STATUS: Final = re.compile(r"HTTP probe failed with statuscode: (\d+)")
_NO_ANSWER: Final = re.compile(r'Get "[a-z]+://[^/"]*(?P<path>/[^"]*)?": (?P<reason>.*)', re.DOTALL)
_TOO_LATE: Final = re.compile(r"context deadline exceeded|Client\.Timeout|i/o timeout")


def in_the_way(composed: Composed, run: Run, said: Mapping[str, str]) -> str:
    """What keeps a workload's pods from being ready or from being made, `""` where nothing is known to.

    `said` is what events say about pods that are silent themselves, by the pods' names.
    """
    found = (of_a_pod(pod, said.get(pod.metadata.name or "", "") if pod.metadata else "") for pod in run.active)
    if trouble := next(filter(None, found), ""):
        return trouble
    return _refused(composed, run) or _paused(composed) or (_evicted(run.ended[-1]) if run.ended else "")


def not_ready(seconds: float, trouble: str) -> str:
    """Why a workload counts as failed whose time is over."""
    return f"The scorer was not ready within {seconds:g} s. {trouble or 'Nothing in the cluster says why.'}"


def of_a_pod(pod: Pod, said: str = "") -> str:
    """What keeps a pod from being ready, `""` where nothing is known to."""
    status = pod.status
    if status is None:
        return ""
    conditions = {each.type: each for each in status.conditions or ()}
    scheduled, ready = conditions.get("PodScheduled"), conditions.get("Ready")
    if scheduled is not None and scheduled.status == "False":
        return _sentence("No node fits" if scheduled.reason == "Unschedulable" else "No node", scheduled.message)
    for each in status.initContainerStatuses or ():
        if trouble := _halted(each, "init container"):
            return trouble
    containers = status.containerStatuses or ()
    if trouble := next(filter(None, (_halted(each, "container") for each in containers)), ""):
        return trouble
    if said or ready is None or ready.status == "True":
        return said
    if trouble := next((_crashed(each, "container") for each in containers if not each.ready and _last(each)), ""):
        return trouble
    # The containers are well, and still the cluster does not count on the pod.
    if containers and all(each.ready for each in containers):
        node = pod.spec.nodeName if pod.spec else ""
        return _sentence("It is not ready", ready.message) if ready.message else f"Its node {node} does not answer."
    return ""


def of_an_event(reason: str, message: str, path: str = "") -> str:
    """What an event about a pod means; `path` is where its readiness is asked for."""
    if not (probe := _PROBE.match(message)):
        return _sentence(_spaced(reason), message)
    answer = probe["answer"].strip()
    if status := _STATUS.search(answer):
        return f"{path or 'The readiness path'} answered {status[1]}."
    if silence := _NO_ANSWER.match(answer):
        path = silence["path"] or path
        if _TOO_LATE.search(silence["reason"]):
            return f"{path} did not answer in time."
        return _sentence(f"{path} does not answer", silence["reason"].rpartition(": ")[2])
    return _sentence(f"The {probe['probe'].lower()} probe failed", answer)


def _halted(status: ContainerStatus, kind: str) -> str:
    """What keeps a container from running."""
    state = status.state
    if state is None:
        return ""
    if state.terminated is not None:
        return "" if kind == "init container" and state.terminated.exitCode == 0 else _crashed(status, kind)
    if state.waiting is None or (reason := state.waiting.reason or "") in ("", *_ON_ITS_WAY):
        return ""
    message = state.waiting.message or ""
    if reason == "CrashLoopBackOff":
        return _crashed(status, kind)
    if reason in _PULLING:
        why = _BEFORE_THE_REASON.sub("", message).removeprefix(f"{status.image}: ")
        return _sentence(f"The image {status.image} cannot be pulled", why)
    return _sentence(f"{_subject(status, kind)} cannot be started", message or reason)


def _crashed(status: ContainerStatus, kind: str) -> str:
    """How often and how a container ended."""
    is_running = status.state is not None and status.state.running is not None
    times = status.restartCount + (0 if is_running else 1)
    last = _last(status)
    often = f" {times} times" if times > 1 else ""
    if last is None:
        return f"{_subject(status, kind)} crashed{often}."
    how = "crashed" if last.exitCode else "ended by itself"
    meaning = "out of memory" if last.reason == "OOMKilled" else _MEANINGS.get(last.exitCode, "")
    code = f"exit code {last.exitCode}" + (f" ({meaning})" if meaning else "")
    told = f"{_subject(status, kind)} {how}{often}{', last' if often else ''} with {code}"
    words = " ".join((last.message or "").split())
    if len(words) > LONGEST_WORDS:
        words = f"…{words[1 - LONGEST_WORDS :]}"
    return _sentence(f"{told}; its last words", words) if words else f"{told}."


def _last(status: ContainerStatus) -> ContainerStateTerminated | None:
    """How a container ended last."""
    if status.state is not None and status.state.terminated is not None:
        return status.state.terminated
    return status.lastState.terminated if status.lastState is not None else None


def _refused(composed: Composed, run: Run) -> str:
    """Why the cluster makes no pods, as where a quota is used up."""
    holders: list[Any] = [*run.sets] or [composed.deployment]
    conditions = (each for one in holders if one and one.status for each in one.status.conditions or ())
    refusal = next((each for each in conditions if each.type == "ReplicaFailure" and each.status == "True"), None)
    if refusal is None:
        return ""
    return _sentence("The cluster refuses to make its pods", _REFUSED.sub("", refusal.message or ""))


def _paused(composed: Composed) -> str:
    spec = composed.deployment.spec if composed.deployment else None
    return "Somebody has paused the K8s Deployment." if spec is not None and spec.paused else ""


def _evicted(pod: Pod) -> str:
    """Why a pod was ended by its node."""
    reason, message = (pod.status.reason or "", pod.status.message or "") if pod.status else ("", "")
    return _sentence(f"The last pod is over ({_spaced(reason)})", message) if reason else ""


def _subject(status: ContainerStatus, kind: str) -> str:
    return "The container" if status.name == names.CONTAINER else f"The {kind} {status.name}"


def _spaced(reason: str) -> str:
    """A reason such as FailedMount in words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", reason).capitalize()


def _sentence(head: str, detail: str | None) -> str:
    detail = " ".join((detail or "").split()).rstrip(".")
    if len(detail) > LONGEST_WORDS:
        return f"{head}: {detail[:LONGEST_WORDS]}…"
    return f"{head}: {detail}." if detail else f"{head}."
