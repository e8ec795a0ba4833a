"""What objects say of themselves that both halves of the engine ask; pure."""

from __future__ import annotations

from typing import Any

from lightkube.resources.core_v1 import Pod


def is_ending(live: Any) -> bool:
    """Whether an object, if there is one, is being deleted."""
    return live is not None and live.metadata is not None and live.metadata.deletionTimestamp is not None


def is_ready(pod: Pod) -> bool:
    """Whether a pod gets requests: it is ready and nobody has asked it to end."""
    conditions = (pod.status.conditions if pod.status else None) or ()
    return not is_ending(pod) and any(each.type == "Ready" and each.status == "True" for each in conditions)
