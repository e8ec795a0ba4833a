"""How the console's things are called in a cluster, and the labels by which they are found again; pure.

Ids may hold `_`, which the names of objects may not: such a name ends in a few digits of the id's hash, so that two
ids never meet in one name.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

MANAGER: Final = "mlops-console"  # the field manager, and who manages by app.kubernetes.io/managed-by
PREFIX: Final = "mlops-console.dev"

# On every object: these select, so their values are ids, which are valid label values.
DEPLOYMENT: Final = f"{PREFIX}/deployment"
COMPOSITION: Final = f"{PREFIX}/composition"
KEY: Final = f"{PREFIX}/workload"  # on pod templates, and so on replica sets and pods
VERSION: Final = "app.kubernetes.io/version"

# Annotations.
EPOCH: Final = f"{PREFIX}/epoch"  # the fence: the highest epoch that has written
TITLE: Final = f"{PREFIX}/title"
WORKSPACE: Final = f"{PREFIX}/workspace"
TRAFFIC: Final = f"{PREFIX}/traffic"  # on the route: the mode, and the weight of each composition, whichever is ready
APPLIED: Final = f"{PREFIX}/applied"  # on what was applied: exactly what that was, so that drift has both sides
READY_WITHIN: Final = f"{PREFIX}/ready-within"  # on a K8s Deployment: the seconds that its workload was given

OURS: Final = {"app.kubernetes.io/managed-by": MANAGER}
CONTAINER: Final = "scorer"
PORT: Final = 8080  # where scorers answer
PORT_NAME: Final = "http"
LONGEST: Final = 63


def object_name(*ids: str) -> str:
    """The name of an object of a deployment, or of a part of it: at most 63 letters, digits and hyphens."""
    plain = "-".join(ids)
    name = plain.replace("_", "-")
    # A number in front is refused for a Service, and a hyphen between ids could stand in an id as well.
    if name == plain and len(ids) == 1 and len(name) <= LONGEST and name[0].isalpha():
        return name
    digest = sha256("/".join(ids).encode()).hexdigest()[:8]
    head = name if name[0].isalpha() else f"x{name}"
    return f"{head[: LONGEST - 9].rstrip('-')}-{digest}"


def labels(deployment: str, composition: str = "", **more: str) -> Mapping[str, str]:
    """The recommended labels, and those by which this engine finds what belongs to a deployment or a composition."""
    found = {
        **OURS,
        "app.kubernetes.io/name": "scorer",
        "app.kubernetes.io/instance": object_name(deployment),
        "app.kubernetes.io/component": "scorer" if composition else "deployment",
        "app.kubernetes.io/part-of": MANAGER,
        DEPLOYMENT: deployment,
    }
    return found | ({COMPOSITION: composition} if composition else {}) | more


def selector(deployment: str, composition: str) -> Mapping[str, str]:
    """What selects the pods of a composition, whatever their version."""
    return {DEPLOYMENT: deployment, COMPOSITION: composition}
